package activitiestest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// SaveTexts answers activities.Plans.
func (l *Ledger) SaveTexts(ctx context.Context, _ string, texts []breach.Text) error {
	return l.do(ctx, "SaveTexts", true, func() error {
		for _, t := range texts {
			if _, there := l.texts[t.Ref.SHA256]; !there {
				l.texts[t.Ref.SHA256] = t
			}
		}
		return nil
	})
}

// Text answers activities.Plans.
func (l *Ledger) Text(ctx context.Context, _, sum string) (t breach.Text, err error) {
	err = l.do(ctx, "Text", false, func() error {
		var ok bool
		if t, ok = l.texts[sum]; !ok {
			return breach.Errorf(breach.ErrNotFound, "there is no text with this SHA-256")
		}
		_, err := t.Open()
		return err
	})
	return t, err
}

// Waivers answers activities.Plans.
func (l *Ledger) Waivers(ctx context.Context, _ string) (out []breach.Waiver, err error) {
	err = l.do(ctx, "Waivers", false, func() error {
		out = slices.Clone(l.waivers)
		return nil
	})
	return out, err
}

// Waive lets gaps go.
func (l *Ledger) Waive(list ...breach.Waiver) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waivers = append(l.waivers, list...)
}

// SavePlan answers activities.Plans.
func (l *Ledger) SavePlan(ctx context.Context, p breach.Plan, author string, at time.Time) error {
	return l.do(ctx, "SavePlan", true, func() error {
		if slices.ContainsFunc(l.plans, func(r breach.PlanRecord) bool { return r.Hash == p.Hash() }) {
			return nil
		}
		if slices.ContainsFunc(l.plans, func(r breach.PlanRecord) bool { return r.Plan.Wave == p.Wave && r.Plan.Revision == p.Revision }) {
			return breach.Errorf(breach.ErrConflict, "revision %d of the plan of list %d is there already with another content", p.Revision, p.Wave)
		}
		l.void(p.Wave, at)
		l.plans = append(l.plans, breach.PlanRecord{Plan: p, Hash: p.Hash(), State: breach.PlanAwaiting, Author: author, CreatedAt: at})
		return nil
	})
}

func (l *Ledger) void(wave int, at time.Time) (n int) {
	for i := range l.plans {
		if p := &l.plans[i]; p.State == breach.PlanAwaiting && (wave == 0 || p.Plan.Wave == wave) {
			p.State, p.DecidedAt = breach.PlanVoid, &at
			n++
		}
	}
	return n
}

// VoidPlans answers activities.Plans.
func (l *Ledger) VoidPlans(ctx context.Context, _, _ string, at time.Time) (n int, err error) {
	err = l.do(ctx, "VoidPlans", true, func() error {
		n = l.void(0, at)
		return nil
	})
	return n, err
}

// Plan answers activities.Plans.
func (l *Ledger) Plan(ctx context.Context, _ string, wave int) (r breach.PlanRecord, err error) {
	err = l.do(ctx, "Plan", false, func() error {
		p := l.newest(wave)
		if p == nil {
			return breach.Errorf(breach.ErrNotFound, "there is no plan for list %d", wave)
		}
		r = *p
		return nil
	})
	return r, err
}

func (l *Ledger) newest(wave int) *breach.PlanRecord {
	for i := len(l.plans) - 1; i >= 0; i-- {
		if l.plans[i].Plan.Wave == wave {
			return &l.plans[i]
		}
	}
	return nil
}

// Decide approves or returns the newest plan of a wave as the store does: a lead, the present hash, still
// waiting, not the author.
func (l *Ledger) Decide(wave int, hash string, by breach.Actor, approve bool, at time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.newest(wave)
	switch {
	case p == nil || p.Hash != hash:
		return breach.Errorf(breach.ErrOldHash, "the newest plan of list %d has another hash", wave)
	case p.State != breach.PlanAwaiting:
		return breach.Errorf(breach.ErrAlreadyDecided, "the plan of list %d is %s already", wave, p.State)
	case by.Role != breach.RoleLead:
		return breach.Errorf(breach.ErrForbidden, "only a lead can decide")
	case approve && by.ID == p.Author:
		return breach.Errorf(breach.ErrSelfApproval, "whoever submitted a plan cannot approve it")
	}
	p.State, p.DecidedBy, p.DecidedAt = breach.PlanReturned, by.ID, &at
	if approve {
		p.State = breach.PlanApproved
		a := breach.Approval{Incident: l.id, Wave: wave, PlanHash: hash, Author: p.Author, Approver: by.ID, At: at}
		a.Signature = signature(a)
		l.approvals = append(l.approvals, a)
	}
	return nil
}

// signature stands for the key that lives outside the ledger.
func signature(a breach.Approval) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "key|%s|%d|%s|%s|%s", a.Incident, a.Wave, a.PlanHash, a.Author, a.Approver))
	return sum[:]
}

// Approval answers activities.Plans: row, signature, plan, texts and people are as they were approved.
func (l *Ledger) Approval(ctx context.Context, _ string, wave int, hash string) (a breach.Approval, p breach.Plan, err error) {
	err = l.do(ctx, "Approval", false, func() error {
		i := slices.IndexFunc(l.approvals, func(a breach.Approval) bool { return a.PlanHash == hash && a.Wave == wave })
		if i < 0 {
			return breach.Errorf(breach.ErrNoApproval, "nobody has approved this plan of list %d", wave)
		}
		a = l.approvals[i]
		if a.Approver == a.Author || !slices.Equal(a.Signature, signature(a)) {
			return breach.Errorf(breach.ErrTampered, "the approval of the plan of list %d was not signed by this ledger's key", wave)
		}
		i = slices.IndexFunc(l.plans, func(r breach.PlanRecord) bool { return r.Hash == hash })
		if i < 0 || l.plans[i].Plan.Hash() != hash || l.plans[i].Author != a.Author {
			return breach.Errorf(breach.ErrTampered, "the approved plan of list %d was changed", wave)
		}
		p = l.plans[i].Plan
		return l.asApproved(p)
	})
	return a, p, err
}

func (l *Ledger) asApproved(p breach.Plan) error {
	for _, ref := range slices.Concat(p.Notices, p.Announcement, p.Reports) {
		t, ok := l.texts[ref.SHA256]
		if !ok {
			return breach.Errorf(breach.ErrTampered, "the %s text for %s of the plan is not in the ledger", ref.Kind, ref.Channel)
		}
		if _, err := t.Open(); err != nil {
			return err
		}
	}
	if breach.DigestOfBlocks(l.blocksOf(p.Wave)) != p.People.Digest {
		return breach.Errorf(breach.ErrTampered, "the list of people differs from the one in the plan")
	}
	return nil
}

// Plans lists all plans in the order in which they were submitted.
func (l *Ledger) Plans() []breach.PlanRecord {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.plans)
}

// Snapshot answers activities.Plans.
func (l *Ledger) Snapshot(ctx context.Context, _ string, wave int) (s breach.PeopleSnapshot, err error) {
	err = l.do(ctx, "Snapshot", false, func() error {
		s = breach.PeopleSnapshot{Reachable: map[breach.Channel]int64{}, ByLocale: map[string]int64{}}
		blocks := l.blocksOf(wave)
		s.Blocks, s.Digest = len(blocks), breach.DigestOfBlocks(blocks)
		for _, p := range l.people {
			if p.wave == wave {
				s.Total++
				s.ByLocale[p.who.Locale]++
			}
		}
		return nil
	})
	return s, err
}

// Tamper changes what is stored behind everybody's back.
func (l *Ledger) Tamper(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch what {
	case "text":
		for sum, t := range l.texts {
			if t.Ref.Kind == breach.KindNotice {
				t.Body = append(slices.Clone(t.Body), ' ')
				l.texts[sum] = t
			}
		}
	case "plan":
		l.plans[len(l.plans)-1].Plan.People.Total++
	case "people": // a row was changed
		l.people[0].who.Email = "stranger@elsewhere.example"
	case "list": // somebody was slipped in, digest and all
		b := l.blocks[0]
		sum := sha256.Sum256([]byte("another list"))
		b.Digest = hex.EncodeToString(sum[:])
	case "approval":
		l.approvals[len(l.approvals)-1].Approver = "somebody.else"
	default:
		panic("no such tampering: " + what)
	}
}
