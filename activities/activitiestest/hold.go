package activitiestest

import (
	"context"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// PlaceHold checks and places a hold, as the engine does before it tells the story.
func (l *Ledger) PlaceHold(h breach.Hold, by breach.Actor, at time.Time) (breach.Hold, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	placed, err := l.judged().CheckHold(h, l.holds, at)
	if err == nil {
		placed.By, placed.At = by.ID, at.UTC()
		l.holds = append(l.holds, placed)
	}
	return placed, err
}

// ReleaseHold ends one before its time.
func (l *Ledger) ReleaseHold(id string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holds = slices.Clone(l.holds)
	for i := range l.holds {
		if l.holds[i].ID == id {
			l.holds[i].ReleasedAt = &at
		}
	}
}

// ExplainDelay puts on record why a duty is late.
func (l *Ledger) ExplainDelay(d breach.Delay) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delays = append(l.delays, d)
}

// ExplainAll says of every duty that was judged why it is late, should it be.
func (l *Ledger) ExplainAll() {
	for _, o := range l.judgedNow().Obligations {
		l.ExplainDelay(breach.Delay{Obligation: o.ID, Reason: "the incident was found late"})
	}
}

func (l *Ledger) judgedNow() breach.Judgement {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.judged()
}

func (l *Ledger) judged() breach.Judgement {
	newest := 0
	for r := range l.judgements {
		newest = max(newest, r)
	}
	return l.judgements[newest]
}

// Holds answers activities.Holds.
func (l *Ledger) Holds(ctx context.Context, _ string) (out breach.Holds, err error) {
	err = l.do(ctx, "Holds", false, func() error { out = slices.Clone(l.holds); return nil })
	return out, err
}

// Waits answers activities.Holds.
func (l *Ledger) Waits(ctx context.Context, _ string, now time.Time) (out breach.Waits, err error) {
	err = l.do(ctx, "Waits", false, func() error {
		var filed []string
		for o := range l.filings {
			filed = append(filed, o)
		}
		out = append(l.holds.Waits(now), l.judged().Orders().Unfiled(filed)...)
		return nil
	})
	return out, err
}

// Delays answers activities.Duties.
func (l *Ledger) Delays(ctx context.Context, _ string) (out []breach.Delay, err error) {
	err = l.do(ctx, "Delays", false, func() error { out = slices.Clone(l.delays); return nil })
	return out, err
}

// Filings gives what was handed to authorities, by obligation.
func (l *Ledger) Filings() map[string]breach.Filing {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]breach.Filing{}
	for o, f := range l.filings {
		out[o] = f
	}
	return out
}
