package activitiestest

import (
	"context"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// chunk is a block in one round of one channel.
type chunk struct {
	wave, round int
	channel     breach.Channel
	block       int64
	owner       string
	epoch       int
	until       time.Time
	done        bool
	intents     []breach.Intent
	mine        map[string]bool // attempt ids that the present lease intended
}

// OpenChunks answers activities.Sending.
func (l *Ledger) OpenChunks(ctx context.Context, _ string, wave, round int, c breach.Channel, blocks []int64) error {
	return l.do(ctx, "OpenChunks", true, func() error {
		for _, no := range blocks {
			if l.chunk(wave, round, c, no) == nil {
				l.chunks = append(l.chunks, &chunk{wave: wave, round: round, channel: c, block: no})
			}
		}
		return nil
	})
}

func (l *Ledger) chunk(wave, round int, c breach.Channel, no int64) *chunk {
	for _, k := range l.chunks {
		if k.wave == wave && k.round == round && k.channel == c && k.block == no {
			return k
		}
	}
	return nil
}

// Lease answers activities.Sending.
func (l *Ledger) Lease(ctx context.Context, incident string, wave, round int, c breach.Channel, owner string, d time.Duration) (lease *breach.Lease, open int, err error) {
	err = l.do(ctx, "Lease", true, func() error {
		lease, open = nil, 0
		for _, k := range l.chunks {
			if k.wave != wave || k.round != round || k.channel != c || k.done {
				continue
			}
			open++
			if lease != nil || (k.epoch > 0 && !k.until.Before(l.Now())) {
				continue
			}
			i := slices.IndexFunc(l.blocks, func(b *block) bool { return b.No == k.block })
			l.interrupted(k)
			k.owner, k.until, k.mine = owner, l.Now().Add(d), map[string]bool{}
			k.epoch++
			lease = &breach.Lease{Incident: incident, Wave: wave, Round: round, Channel: c, Block: l.blocks[i].Block, Owner: owner, Epoch: k.epoch, Until: k.until}
		}
		return nil
	})
	return lease, open, err
}

// interrupted records what a former owner left open as unknown.
func (l *Ledger) interrupted(k *chunk) {
	for _, in := range k.intents {
		if p := l.byID(in.Person); !p.eventful(in) {
			l.take(breach.AttemptEvent{
				Person: in.Person, Addressee: in.Addressee, Channel: in.Channel, Try: in.Try, State: breach.Unknown,
				Reason: delivery.ReasonCrash, Provider: in.Provider, Epoch: k.epoch, At: l.Now(),
			})
		}
	}
}

func (p *person) eventful(in breach.Intent) bool {
	return slices.ContainsFunc(p.events, func(e breach.AttemptEvent) bool {
		return e.Addressee == in.Addressee && e.Channel == in.Channel && e.Try == in.Try
	})
}

func (l *Ledger) own(lease *breach.Lease) *chunk {
	k := l.chunk(lease.Wave, lease.Round, lease.Channel, lease.Block.No)
	if k == nil || k.done || k.owner != lease.Owner || k.epoch != lease.Epoch {
		return nil
	}
	return k
}

// Renew answers activities.Sending.
func (l *Ledger) Renew(ctx context.Context, lease *breach.Lease, d time.Duration) (ok bool, err error) {
	err = l.do(ctx, "Renew", true, func() error {
		k := l.own(lease)
		if ok = k != nil; ok {
			k.until = l.Now().Add(d)
			lease.Until = k.until
		}
		return nil
	})
	return ok, err
}

// Steal gives every chunk that is leased to somebody else.
func (l *Ledger) Steal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range l.chunks {
		if !k.done && k.epoch > 0 {
			l.interrupted(k)
			k.owner, k.until = "thief", l.Now().Add(time.Minute)
			k.epoch++
		}
	}
}

// Expire ends all leases, as time does when their owners are gone.
func (l *Ledger) Expire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range l.chunks {
		k.until = time.Time{}
	}
}

// Intend is the part of Commit that stands before the wire.
func (l *Ledger) Intend(ctx context.Context, lease *breach.Lease, intents []breach.Intent) error {
	return l.do(ctx, "Intend", true, func() error {
		k := l.own(lease)
		if k == nil || !k.until.After(l.Now()) {
			return breach.Errorf(breach.ErrConflict, "the lease on block %d is lost: nothing may be sent under it", lease.Block.No)
		}
		for _, in := range intents {
			p := l.byID(in.Person)
			if k.mine[in.AttemptID] {
				continue // the same lease says it again
			}
			if slices.ContainsFunc(p.intents, func(have breach.Intent) bool { return have.AttemptID == in.AttemptID }) {
				return breach.Errorf(breach.ErrConflict, "an attempt of block %d was intended before: it may have been sent", lease.Block.No)
			}
			k.mine[in.AttemptID] = true
			p.intents = append(p.intents, in)
			k.intents = append(k.intents, in)
		}
		return nil
	})
}

// Record answers activities.Sending.
func (l *Ledger) Record(ctx context.Context, _ string, events []breach.AttemptEvent) error {
	return l.do(ctx, "Record", true, func() error {
		for _, e := range events {
			if e.State == "" || e.State == breach.Intended || (e.State == breach.Reconciled) != (e.Settlement != "") || e.Try < 1 || l.byID(e.Person) == nil {
				return breach.Errorf(breach.ErrInvalid, "an event names no attempt or no state that can happen to one")
			}
			l.take(e)
		}
		return nil
	})
}

func (l *Ledger) take(e breach.AttemptEvent) {
	p := l.byID(e.Person)
	if slices.ContainsFunc(p.events, func(h breach.AttemptEvent) bool {
		return h.Addressee == e.Addressee && h.Channel == e.Channel && h.Try == e.Try && h.State == e.State && h.Settlement == e.Settlement
	}) {
		return
	}
	p.events = append(p.events, e)
	failed := e.State == breach.FailedPermanent || e.State == breach.FailedTemporary
	at := e.At
	if at.Before(p.since) {
		at = p.since
	}
	to := p.derive(l.rules, at)
	if to == p.outcome || (p.outcome == breach.Reached && !failed) {
		return
	}
	p.move(to, string(e.Channel)+"/"+string(e.State), "tocsin", at)
}

// Finish is the part of Commit that ends a chunk.
func (l *Ledger) Finish(ctx context.Context, lease *breach.Lease) error {
	return l.do(ctx, "Finish", true, func() error {
		k := l.own(lease)
		if k == nil {
			return nil
		}
		for _, in := range k.intents {
			if !l.byID(in.Person).eventful(in) {
				return breach.Errorf(breach.ErrConflict, "attempts of block %d were intended and have no outcome: record them first", lease.Block.No)
			}
		}
		k.done = true
		return nil
	})
}

// Unsettled answers activities.Sending.
func (l *Ledger) Unsettled(ctx context.Context, _ string, wave int) (out []breach.UnsettledAttempt, err error) {
	err = l.do(ctx, "Unsettled", false, func() error {
		for _, p := range l.people {
			if p.wave != wave {
				continue
			}
			for _, a := range p.attempts(true) {
				if a.State == breach.Unknown {
					out = append(out, p.unsettled(a))
				}
			}
		}
		return nil
	})
	return out, err
}

func (p *person) unsettled(a breach.Attempt) breach.UnsettledAttempt {
	u := breach.UnsettledAttempt{Subject: p.subject(), Attempt: a}
	for _, in := range p.intents {
		if in.Addressee == a.Addressee && in.Channel == a.Channel && in.Try == a.Try {
			u.AttemptID, u.Text = in.AttemptID, in.Text
		}
	}
	return u
}

// Commit answers activities.Sending, one write after the other.
func (l *Ledger) Commit(ctx context.Context, writes []breach.Write) []error {
	errs := make([]error, len(writes))
	for i, w := range writes {
		if len(w.Events) > 0 {
			errs[i] = l.Record(ctx, w.Incident, w.Events)
		}
		if errs[i] == nil && len(w.Intents) > 0 {
			if errs[i] = l.open(); errs[i] == nil {
				errs[i] = l.Intend(ctx, w.Lease, w.Intents)
			}
		}
		if errs[i] == nil && w.Finish {
			errs[i] = l.Finish(ctx, w.Lease)
		}
	}
	return errs
}

// open refuses under a closed gate.
func (l *Ledger) open() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.paused || l.stopped {
		return breach.Errorf(breach.ErrConflict, "sending is paused or stopped: nothing more may be sent")
	}
	return nil
}

// Release answers activities.Sending.
func (l *Ledger) Release(ctx context.Context, lease *breach.Lease) error {
	return l.do(ctx, "Release", true, func() error {
		if k := l.own(lease); k != nil {
			k.until = time.Time{}
		}
		return nil
	})
}

// Rounds answers activities.Sending.
func (l *Ledger) Rounds(ctx context.Context, _ string, wave int) (n int, err error) {
	err = l.do(ctx, "Rounds", false, func() error {
		for _, k := range l.chunks {
			if k.wave == wave {
				n = max(n, k.round)
			}
		}
		return nil
	})
	return n, err
}

// Handed answers activities.Costs.
func (l *Ledger) Handed(ctx context.Context, _ string) (out []breach.Handed, err error) {
	err = l.do(ctx, "Handed", false, func() error {
		for _, p := range l.people {
			for _, in := range p.intents {
				out = append(out, breach.Handed{Channel: in.Channel, Provider: in.Provider, Country: p.who.Country, Messages: 1})
			}
		}
		return nil
	})
	return out, err
}
