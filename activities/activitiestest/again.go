package activitiestest

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

type retry struct {
	breach.Retry
	by string
}

// DecideAgain records a decision to try people again, as the engine does before it tells the story.
func (l *Ledger) DecideAgain(d breach.Retry, by breach.Actor) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.ContainsFunc(l.retries, func(r retry) bool { return r.ID == d.ID }) {
		l.retries = append(l.retries, retry{d, by.ID})
	}
}

// AskAnnouncement records a lead's decision to tell the public now, as the engine does before it tells the story.
func (l *Ledger) AskAnnouncement(a breach.AnnounceNow) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = &a
}

// OpenRetries answers activities.Retries.
func (l *Ledger) OpenRetries(ctx context.Context, _ string) (out []string, err error) {
	err = l.do(ctx, "OpenRetries", false, func() error {
		for _, r := range l.retries {
			if !slices.ContainsFunc(l.notes, func(n Note) bool { return n.Key == "again/"+r.ID }) {
				out = append(out, r.ID)
			}
		}
		return nil
	})
	return out, err
}

// Retry answers activities.Retries.
func (l *Ledger) Retry(ctx context.Context, _, id string) (d breach.Retry, by string, err error) {
	err = l.do(ctx, "Retry", false, func() error {
		for _, r := range l.retries {
			if r.ID == id {
				d, by = r.Retry, r.by
				return nil
			}
		}
		return breach.Errorf(breach.ErrNotFound, "there is no such decision")
	})
	return d, by, err
}

// StartAfresh answers activities.Retries.
func (l *Ledger) StartAfresh(ctx context.Context, _, decision, by string, list []breach.FreshStart, at time.Time) error {
	return l.do(ctx, "StartAfresh", true, func() error {
		if l.stopped || l.head.State == breach.IncidentClosed {
			return breach.Errorf(breach.ErrConflict, "the incident is closed, or sending was stopped for good")
		}
		for _, f := range list {
			p := l.byID(f.Person)
			if _, done := p.afresh[decision]; done || (p.outcome != breach.Unreachable && p.outcome != breach.Covered) {
				continue
			}
			if p.afresh == nil {
				p.afresh = map[string][]breach.TriedWay{}
			}
			p.afresh[decision] = f.Ways
			p.move(breach.Pending, breach.TriedAgain, by, at)
			if to := p.derive(l.rules, at); to != p.outcome {
				p.move(to, "attempts", "tocsin", at)
			}
		}
		return nil
	})
}

// Restarted answers activities.Retries.
func (l *Ledger) Restarted(ctx context.Context, _, decision string) (people, covered int64, waves []int, err error) {
	err = l.do(ctx, "Restarted", false, func() error {
		for _, p := range l.people {
			if _, done := p.afresh[decision]; !done {
				continue
			}
			people++
			if !slices.Contains(waves, p.wave) {
				waves = append(waves, p.wave)
			}
		}
		return nil
	})
	return people, covered, waves, err
}

// marked says of attempts that a person decided after them to try again.
func (p *person) marked(list []breach.Attempt) []breach.Attempt {
	for i := range list {
		for _, ways := range p.afresh {
			for _, w := range ways {
				a := &list[i]
				a.Past = a.Past || (a.Addressee == w.Addressee && a.Channel == w.Channel && a.Try <= w.Try)
			}
		}
	}
	return list
}

// AskedAnnouncement answers activities.Announcements.
func (l *Ledger) AskedAnnouncement(ctx context.Context, _ string) (a *breach.AnnounceNow, err error) {
	err = l.do(ctx, "AskedAnnouncement", false, func() error {
		if len(l.published) == 0 {
			a = l.asked
		}
		return nil
	})
	return a, err
}

// Spread answers activities.Paces: nobody shares anything.
func (l *Ledger) Spread(ctx context.Context, _ string) (s breach.Spread, err error) {
	err = l.do(ctx, "Spread", false, func() error { s.People = int64(len(l.people)); return nil })
	return s, err
}

// Pace answers activities.Paces: of all that was ever handed over.
func (l *Ledger) Pace(ctx context.Context, _ string) (p breach.Pace, err error) {
	err = l.do(ctx, "Pace", false, func() error {
		for _, who := range l.people {
			for _, a := range who.attempts(true) {
				if a.State == breach.FailedTemporary {
					continue
				}
				if p.Messages++; p.First.IsZero() || a.IntendedAt.Before(p.First) {
					p.First = a.IntendedAt
				}
				if a.At.After(p.Last) {
					p.Last = a.At
				}
			}
		}
		return nil
	})
	return p, err
}

// Because is what stands behind the decision of the announcement that was published; empty without one.
func (l *Ledger) Because() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var d struct{ Because []string }
	if len(l.published) > 0 {
		_ = json.Unmarshal(l.published[len(l.published)-1].Decision, &d) // what does not fit is empty
	}
	return d.Because
}
