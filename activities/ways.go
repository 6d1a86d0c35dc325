package activities

import (
	"context"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/flow"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// Shares is where processes agree on their parts of what providers take.
type Shares interface {
	// ShareProviders says this process's word on providers and returns which part of each one's limits it may use
	// until it asks again: 0 while others may not know of it yet. No parts add up to more than 1.
	ShareProviders(ctx context.Context, owner string, words []breach.SenderWord) (map[string]float64, error)
}

// ways are the ways out of this process, by the kind of provider: each adapter is one. The zero value is ready.
type ways struct {
	mu     sync.Mutex
	of     map[string]*way
	shared bool      // other processes may send too
	told   time.Time // when the others were told last
	busy   bool      // they are being told
}

// way is what this process knows of one provider.
type way struct {
	valve   *flow.Valve
	breaker *flow.Breaker
	limited bool      // under ways.mu, like the rest
	asked   time.Time // when messages waited for it last
}

const (
	shareEvery   = time.Second            // how often others are told, and at the same time asked
	newcomerAsks = 250 * time.Millisecond // the same for one that has no part yet
	shareKept    = 2500 * time.Millisecond
	demandLasts  = 3 * time.Second
	shareTime    = 2 * time.Second
)

func (w *ways) way(kind string) *way {
	if w.of == nil {
		w.of = map[string]*way{}
	}
	x := w.of[kind]
	if x == nil {
		x = &way{valve: flow.NewValve(), breaker: flow.NewBreaker(flow.DefaultRules)}
		if !w.shared {
			x.valve.SetShare(time.Now(), 1)
		}
		w.of[kind] = x
	}
	return x
}

// exit is a provider of a lane's policy with the way that leads to it.
type exit struct {
	policy.Provider
	*way
	limits bool // some limit holds, of this policy or of another
	there  bool // it is configured on this worker
	sender delivery.Sender
}

// exits finds the ways that a policy has for a channel.
func (d *Deliver) exits(p policy.Profile, c breach.Channel) map[string]*exit {
	w := &d.ways
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shared = d.Shares != nil
	out := map[string]*exit{}
	for _, v := range p.Providers {
		if v.Channel != c {
			continue
		}
		x := w.way(v.Kind)
		limits := flowLimits(v.Limits)
		if !limits.None() || x.limited {
			x.limited = true
			x.valve.SetLimits(time.Now(), p.Name+"/"+v.ID, limits)
		}
		sender, there := d.Senders.Sender(v.Kind)
		out[v.ID] = &exit{Provider: v, way: x, limits: x.limited, there: there, sender: sender}
	}
	return out
}

func flowLimits(l *policy.Limits) flow.Limits {
	if l == nil {
		return flow.Limits{}
	}
	out := flow.Limits{Whole: l.PerSecond}
	if t := l.PerDomain; t != nil {
		out.Domain = flow.Table{Default: t.Default, By: t.By}
	}
	if t := l.PerCountry; t != nil {
		out.Country = flow.Table{Default: t.Default, By: t.By}
	}
	return out
}

// wanted notes that messages wait for some ways, and tells others of this process when it is time. It does not wait
// for the ledger: until that answers, the last part holds, and while it does not answer nothing can be begun anyway.
func (d *Deliver) wanted(now time.Time, exits map[string]*exit) {
	w := &d.ways
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, x := range exits {
		x.asked = now
	}
	if d.Shares == nil || w.busy {
		return
	}
	newcomer := now.Sub(w.told) > shareKept // the others may have thought it gone
	every := shareEvery
	for _, x := range w.of {
		if newcomer {
			x.valve.SetShare(now, 0)
		}
		if x.limited && x.valve.Share() == 0 {
			every = newcomerAsks
		}
	}
	if now.Sub(w.told) < every {
		return
	}
	w.busy, w.told = true, now
	go d.share(w.words(now))
}

func (d *Deliver) share(words []breach.SenderWord) {
	ctx, cancel := context.WithTimeout(context.Background(), shareTime)
	defer cancel()
	parts, err := d.Shares.ShareProviders(ctx, d.Owner, words)
	w := &d.ways
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy = false
	if err != nil {
		return
	}
	for kind, part := range parts {
		w.way(kind).valve.SetShare(time.Now(), part)
	}
}

// words says of each way that is wanted or down how it stands.
func (w *ways) words(now time.Time) []breach.SenderWord {
	var out []breach.SenderWord
	for kind, x := range w.of {
		state, since, reason := x.breaker.Status()
		demand := now.Sub(x.asked) < demandLasts
		if !demand && state == flow.Closed {
			continue
		}
		out = append(out, breach.SenderWord{
			Provider: kind, Demand: demand, PerSecond: x.valve.Limit(), State: string(state), Since: since.UTC(), Reason: reason,
		})
	}
	return out
}

// providersFault tells a failure of the provider from one of a message: only the former says that others would
// fail too.
func providersFault(reason string) bool {
	switch reason {
	case delivery.ReasonProviderDown, delivery.ReasonProviderBusy, delivery.ReasonAuth, delivery.ReasonTLS, delivery.ReasonNoAnswer:
		return true
	}
	return false
}

// probeTime is how long a probe may take.
const probeTime = 15 * time.Second

// heard tells the breaker what became of a message. One that was called off says nothing about the provider.
func (l *lane) heard(ctx context.Context, j job, ev breach.AttemptEvent, after time.Duration) {
	x := l.exits[j.step.Provider]
	if x == nil || !x.there {
		return
	}
	failed := ev.State == breach.FailedTemporary || ev.State == breach.FailedPermanent || ev.State == breach.Unknown
	switch {
	case failed && (ctx.Err() != nil || stopping(ctx)):
		l.dropped(j)
	case failed && providersFault(ev.Reason):
		x.breaker.Failed(time.Now(), j.probe, ev.Reason, after)
	default:
		x.breaker.Worked(time.Now(), j.probe)
	}
}

// dropped gives back what messages hold that were not sent after all.
func (l *lane) dropped(jobs ...job) {
	for i := range jobs {
		if x := l.exits[jobs[i].step.Provider]; x != nil && jobs[i].probe {
			x.breaker.Abandon()
		}
	}
}
