package activitiestest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

type block struct {
	breach.Block
	wave int
}

// person is one affected human with everything that happened.
type person struct {
	id      int64
	wave    int
	ref     string
	who     breach.Person
	minor   bool
	outcome breach.Outcome
	since   time.Time
	reason  string
	intents []breach.Intent
	events  []breach.AttemptEvent
	history []breach.PersonEvent
	refused map[breach.Channel]string
	refusal map[breach.Refusal]bool
	afresh  map[string][]breach.TriedWay // by decision
}

// Load adds a list of people as a new wave.
func (l *Ledger) Load(people ...breach.Person) (wave int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range l.blocks {
		wave = max(wave, b.wave)
	}
	for _, p := range l.plans {
		wave = max(wave, p.Plan.Wave)
	}
	wave++
	no := int64(len(l.blocks))
	for i, who := range people {
		if int64(i)%l.BlockSize == 0 {
			no++
			l.blocks = append(l.blocks, &block{Block: breach.Block{No: no, Lo: (no-1)*l.BlockSize + 1}, wave: wave})
		}
		b := l.blocks[len(l.blocks)-1]
		b.Hi = max(b.Lo, b.Hi+1)
		l.people = append(l.people, &person{
			id: b.Hi, wave: wave, ref: fmt.Sprintf("REF-%04d", b.Hi), who: who, minor: who.IsChild(l.childAge, l.head.AgesOn()),
			outcome: breach.Pending, refused: map[breach.Channel]string{}, refusal: map[breach.Refusal]bool{},
		})
	}
	for _, b := range l.blocks {
		if b.wave == wave {
			b.Digest = l.digest(b)
		}
	}
	return wave
}

func (l *Ledger) digest(b *block) string {
	h := sha256.New()
	for _, p := range l.in(b.Block) {
		raw, err := json.Marshal(p.who)
		if err != nil {
			panic("a person of plain values cannot fail to encode: " + err.Error())
		}
		fmt.Fprintf(h, "%d|%s|%s\n", p.id, p.ref, raw)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (l *Ledger) in(b breach.Block) []*person {
	var out []*person
	for _, p := range l.people {
		if p.id >= b.Lo && p.id <= b.Hi {
			out = append(out, p)
		}
	}
	return out
}

func (l *Ledger) byID(id int64) *person {
	for _, p := range l.people {
		if p.id == id {
			return p
		}
	}
	return nil
}

func (l *Ledger) blocksOf(wave int) []breach.Block {
	var out []breach.Block
	for _, b := range l.blocks {
		if wave == 0 || b.wave == wave {
			out = append(out, b.Block)
		}
	}
	return out
}

// WaveNumbers answers activities.Waves.
func (l *Ledger) WaveNumbers(ctx context.Context, _ string) (out []int, err error) {
	err = l.do(ctx, "WaveNumbers", false, func() error {
		for _, b := range l.blocks {
			if !slices.Contains(out, b.wave) {
				out = append(out, b.wave)
			}
		}
		for _, p := range l.plans { // of reports alone
			if !slices.Contains(out, p.Plan.Wave) {
				out = append(out, p.Plan.Wave)
			}
		}
		slices.Sort(out)
		return nil
	})
	return out, err
}

// Blocks answers activities.People.
func (l *Ledger) Blocks(ctx context.Context, _ string, wave int) (out []breach.Block, err error) {
	err = l.do(ctx, "Blocks", false, func() error {
		out = l.blocksOf(wave)
		return nil
	})
	return out, err
}

// BlocksWith answers activities.People.
func (l *Ledger) BlocksWith(ctx context.Context, _ string, wave int, guardians bool, outcomes ...breach.Outcome) (out []breach.Block, err error) {
	err = l.do(ctx, "Blocks", false, func() error {
		for _, b := range l.blocksOf(wave) {
			if slices.ContainsFunc(l.in(b), func(p *person) bool {
				return slices.Contains(outcomes, p.outcome) || (guardians && p.who.Guardian != nil)
			}) {
				out = append(out, b)
			}
		}
		return nil
	})
	return out, err
}

// Subjects answers activities.People.
func (l *Ledger) Subjects(ctx context.Context, _ string, b breach.Block) (out []breach.Subject, err error) {
	err = l.do(ctx, "Subjects", false, func() error {
		i := slices.IndexFunc(l.blocks, func(k *block) bool { return k.No == b.No })
		if i < 0 || l.digest(l.blocks[i]) != b.Digest {
			return breach.Errorf(breach.ErrTampered, "the people of block %d were changed after they were loaded", b.No)
		}
		for _, p := range l.in(b) {
			out = append(out, p.subject())
		}
		return nil
	})
	return out, err
}

func (p *person) subject() breach.Subject {
	return breach.Subject{ID: p.id, Ref: p.ref, Person: p.who, Outcome: p.outcome, Reason: p.reason, Attempts: p.marked(p.attempts(false)), Refused: maps.Clone(p.refused)}
}

// attempts folds intents and events. eventful leaves out what was only intended.
func (p *person) attempts(eventful bool) []breach.Attempt {
	type key struct {
		to  breach.Addressee
		c   breach.Channel
		try int
	}
	found := map[key]*breach.Attempt{}
	moved := map[key]bool{}
	for _, in := range p.intents {
		found[key{in.Addressee, in.Channel, in.Try}] = &breach.Attempt{
			Person: p.id, Addressee: in.Addressee, Channel: in.Channel, Try: in.Try, State: breach.Intended, Provider: in.Provider, At: in.At, IntendedAt: in.At,
		}
	}
	for _, e := range p.events {
		k := key{e.Addressee, e.Channel, e.Try}
		a := found[k]
		if a == nil {
			a = &breach.Attempt{Person: p.id, Addressee: e.Addressee, Channel: e.Channel, Try: e.Try, State: breach.Intended, IntendedAt: e.At}
			found[k] = a
		}
		if breach.AttemptMachine.Allows(string(a.State), string(e.State)) {
			a.State, a.Settlement, a.Reason, a.At, a.Provider = e.State, e.Settlement, e.Reason, e.At, cmp.Or(e.Provider, a.Provider)
			moved[k] = true
		}
	}
	var out []breach.Attempt
	for k, a := range found {
		if !eventful || moved[k] {
			out = append(out, *a)
		}
	}
	slices.SortFunc(out, func(a, b breach.Attempt) int {
		return cmp.Or(a.IntendedAt.Compare(b.IntendedAt), cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Addressee, b.Addressee), cmp.Compare(a.Try, b.Try))
	})
	return out
}

// proven is the outcome that the attempts to whom it counts give.
func (p *person) proven(rules breach.Sufficiency, now time.Time) breach.Outcome {
	want := breach.ToSelf
	if p.minor {
		want = breach.ToGuardian
	}
	counting := slices.DeleteFunc(p.attempts(true), func(a breach.Attempt) bool { return a.Addressee != want })
	return breach.OutcomeOf(counting, rules, now)
}

func (p *person) derive(rules breach.Sufficiency, now time.Time) breach.Outcome {
	to := p.proven(rules, now)
	switch p.outcome {
	case breach.Exempt, breach.Held, breach.Withdrawn, breach.Unreachable, breach.Covered:
		if to != breach.Reached {
			return p.outcome
		}
	}
	if to == p.outcome || !breach.PersonMachine.Allows(string(p.outcome), string(to)) {
		return p.outcome
	}
	return to
}

func (p *person) move(to breach.Outcome, reason, by string, at time.Time) {
	if at.Before(p.since) {
		at = p.since
	}
	p.outcome, p.since, p.reason = to, at, reason
	p.history = append(p.history, breach.PersonEvent{Person: p.id, Outcome: to, Reason: reason, By: by, At: at})
}

// SetOutcomes answers activities.People.
func (l *Ledger) SetOutcomes(ctx context.Context, _ string, events []breach.PersonEvent) error {
	return l.do(ctx, "SetOutcomes", true, func() error {
		for _, e := range events {
			p := l.byID(e.Person)
			if p == nil {
				return breach.Errorf(breach.ErrInvalid, "person %d is on no list", e.Person)
			}
			if e.Outcome == p.outcome || !breach.PersonMachine.Allows(string(p.outcome), string(e.Outcome)) {
				continue
			}
			if (e.Outcome == breach.Unreachable || e.Outcome == breach.Covered) && p.proven(l.rules, e.At) == breach.Reached {
				continue
			}
			p.move(e.Outcome, e.Reason, e.By, e.At)
		}
		return nil
	})
}

// Refuse answers activities.People.
func (l *Ledger) Refuse(ctx context.Context, _ string, rs []breach.Refusal) error {
	return l.do(ctx, "Refuse", true, func() error {
		for _, r := range rs {
			p := l.byID(r.Person)
			p.refused[r.Channel] = r.Reason
			r.At = time.Time{}
			p.refusal[r] = true
		}
		return nil
	})
}

// Settle answers activities.People.
func (l *Ledger) Settle(ctx context.Context, _ string, wave int, now time.Time) error {
	return l.do(ctx, "Settle", true, func() error {
		for _, p := range l.people {
			if p.wave != wave || p.outcome == breach.Pending || p.outcome == breach.Reached {
				continue
			}
			if to := p.derive(l.rules, now); to != p.outcome {
				p.move(to, "settled", "tocsin", now)
			}
		}
		return nil
	})
}

// ToldInBlock answers activities.People.
func (l *Ledger) ToldInBlock(ctx context.Context, _ string, block int64) (out []int64, err error) {
	err = l.do(ctx, "ToldInBlock", false, func() error {
		for _, b := range l.blocks {
			if b.No != block {
				continue
			}
			for _, p := range l.in(b.Block) {
				if p.outcome == breach.Reached || p.outcome == breach.Exempt || p.outcome == breach.Withdrawn || p.outcome == breach.Held {
					out = append(out, p.id)
				}
			}
		}
		return nil
	})
	return out, err
}

// Tally answers activities.People.
func (l *Ledger) Tally(ctx context.Context, _ string, wave int) (t breach.Tally, err error) {
	err = l.do(ctx, "Tally", false, func() error {
		t = l.tally(wave)
		return nil
	})
	return t, err
}

func (l *Ledger) tally(wave int) breach.Tally {
	t := breach.Tally{}
	for _, p := range l.people {
		if wave == 0 || p.wave == wave {
			t[p.outcome]++
		}
	}
	return t
}
