package activitiestest

import (
	"context"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// Crowds puts everybody in a crowd of their own.
func (l *Ledger) Crowds(ctx context.Context, _ string, wave int) (out []breach.Crowd, err error) {
	err = l.do(ctx, "Crowds", false, func() error {
		for _, p := range l.people {
			if p.wave != wave {
				continue
			}
			c := breach.Crowd{Locale: p.who.Locale, First: p.id, Last: p.id, People: 1}
			for _, ch := range breach.Channels {
				if policy.ContactOf(p.who, breach.ToSelf, ch) != "" {
					c.Channels = append(c.Channels, ch)
				}
			}
			out = append(out, c)
		}
		return nil
	})
	return out, err
}

// SetStage notes where the sending to a list stands.
func (l *Ledger) SetStage(ctx context.Context, _ string, st breach.Stage) error {
	return l.do(ctx, "SetStage", true, func() error {
		if n := len(l.stages); n == 0 || l.stages[n-1].Name != st.Name || l.stages[n-1].People != st.People || l.stages[n-1].Wave != st.Wave {
			l.stages = append(l.stages, st)
		}
		return nil
	})
}

// Stages lists where the sending to each list stands.
func (l *Ledger) Stages(ctx context.Context, _ string) (out []breach.Stage, err error) {
	err = l.do(ctx, "Stages", false, func() error {
		for i, st := range l.stages {
			if !slices.ContainsFunc(l.stages[i+1:], func(later breach.Stage) bool { return later.Wave == st.Wave }) {
				out = append(out, st)
			}
		}
		return nil
	})
	return out, err
}

// StageNames lists the stages as they were entered.
func (l *Ledger) StageNames() (out []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, st := range l.stages {
		out = append(out, st.Name)
	}
	return out
}

// AddHealth adds up.
func (l *Ledger) AddHealth(ctx context.Context, _, _ string, add []breach.Health, _ int64) (sums []breach.Health, err error) {
	err = l.do(ctx, "AddHealth", true, func() error {
		for _, h := range add {
			i := slices.IndexFunc(l.health, func(o breach.Health) bool {
				return o.Channel == h.Channel && o.Provider == h.Provider && o.Domain == h.Domain
			})
			if i < 0 {
				l.health = append(l.health, breach.Health{Channel: h.Channel, Provider: h.Provider, Domain: h.Domain, Failed: map[string]int64{}})
				i = len(l.health) - 1
			}
			l.health[i].Out += h.Out
			for r, n := range h.Failed {
				l.health[i].Failed[r] += n
			}
		}
		sums = slices.Clone(l.health)
		return nil
	})
	return sums, err
}

// Brakes lists those that nobody lifted.
func (l *Ledger) Brakes(ctx context.Context, _ string) (out breach.Brakes, err error) {
	err = l.do(ctx, "Brakes", false, func() error { out = slices.Clone(l.brakes); return nil })
	return out, err
}

// SetBrake sets one.
func (l *Ledger) SetBrake(ctx context.Context, _ string, b breach.Brake) error {
	return l.do(ctx, "SetBrake", true, func() error {
		same := func(o breach.Brake) bool {
			return o.Kind == b.Kind && o.Wave == b.Wave && o.Stage == b.Stage && o.Channel == b.Channel && o.Provider == b.Provider && o.Domain == b.Domain
		}
		if slices.ContainsFunc(l.brakes, same) || b.Stage != "" && slices.ContainsFunc(l.lifted, same) {
			return nil
		}
		b.ID = int64(len(l.brakes) + len(l.lifted) + 1)
		l.brakes = append(l.brakes, b)
		return nil
	})
}

// Lift lifts all brakes, as a person does.
func (l *Ledger) Lift(time.Time) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n = len(l.brakes)
	l.lifted, l.brakes, l.health = append(l.lifted, l.brakes...), nil, nil
	return n
}
