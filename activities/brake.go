package activities

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// guard watches what becomes of messages that this process hands over, tells the ledger about once a second, and
// has brakes set where too many fail. The zero value is ready.
type guard struct {
	mu    sync.Mutex
	cases map[string]*watched
}

// watched is one incident that lanes of this process work on.
type watched struct {
	lanes  int
	counts map[place]*breach.Health // since they were told to the ledger
	single map[place]*breach.Health // of domains that are not known to be shared by many; counted without their name
	crowd  int64                    // messages that make a domain shared by many
	brakes breach.Brakes
	told   time.Time
	busy   bool
}

type place struct {
	channel          breach.Channel
	provider, domain string
}

const (
	// domains bounds the memory for those that are not shared by many.
	domains = 20_000
	// tellEvery is how often what was counted is told.
	tellEvery = time.Second
)

// watch takes an incident in; the returned function takes it out again when its last lane has left.
func (g *guard) watch(incident string, crowd int64, brakes breach.Brakes) (leave func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cases == nil {
		g.cases = map[string]*watched{}
	}
	w := g.cases[incident]
	if w == nil {
		w = &watched{counts: map[place]*breach.Health{}, single: map[place]*breach.Health{}, crowd: crowd}
		g.cases[incident] = w
	}
	w.lanes++
	w.brakes = brakes
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if w.lanes--; w.lanes == 0 && len(w.counts) == 0 {
			delete(g.cases, incident)
		}
	}
}

// brakes are those in force as they were read last.
func (g *guard) brakes(incident string) breach.Brakes {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w := g.cases[incident]; w != nil {
		return w.brakes
	}
	return nil
}

// count notes what became of a batch.
func (g *guard) count(incident string, jobs []job, events []breach.AttemptEvent) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w := g.cases[incident]
	if w == nil {
		return
	}
	for i := range events {
		e := &events[i]
		var failed bool
		switch e.State {
		case breach.FailedTemporary, breach.Intended:
			continue // it is tried again
		case breach.FailedPermanent, breach.Unknown:
			failed = true
		}
		w.count(place{e.Channel, e.Provider, domainOf(jobs[i].sub.Person, jobs[i].step)}, e.Reason, failed)
	}
}

// count adds one message; a domain gets its name, with all that was counted before, once many share it.
func (w *watched) count(p place, reason string, failed bool) {
	nameless := place{p.channel, p.provider, ""}
	if p.domain == "" || w.single[p] == nil && w.counts[p] == nil && len(w.single) >= domains {
		p = nameless
	}
	one := breach.Health{Out: 1}
	if failed {
		one.Failed = map[string]int64{reason: 1}
	}
	if p == nameless || w.named(p) {
		w.at(w.counts, p).Add(one, 1)
		return
	}
	h := w.at(w.single, p)
	h.Add(one, 1)
	w.at(w.counts, nameless).Add(one, 1)
	if h.Out >= w.crowd {
		w.at(w.counts, nameless).Add(*h, -1)
		w.at(w.counts, p).Add(*h, 1)
	}
}

// named says that many share the domain; what is kept of it stays, so that it is known.
func (w *watched) named(p place) bool { return w.single[p] != nil && w.single[p].Out >= w.crowd }

func (w *watched) at(m map[place]*breach.Health, p place) *breach.Health {
	h := m[p]
	if h == nil {
		h = &breach.Health{Channel: p.channel, Provider: p.provider, Domain: p.domain, Failed: map[string]int64{}}
		m[p] = h
	}
	return h
}

// domainOf is the recipient domain of an email, in small letters; empty for other channels.
func domainOf(p breach.Person, st policy.Step) string {
	if st.Channel != breach.Email {
		return ""
	}
	to := policy.ContactOf(p, st.Addressee, st.Channel)
	return strings.ToLower(to[strings.LastIndexByte(to, '@')+1:])
}

// due says whether it is time to tell, and takes what was counted.
func (g *guard) due(incident string, now time.Time, last bool) (add []breach.Health, tell bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w := g.cases[incident]
	if w == nil || w.busy || (!last && now.Sub(w.told) < tellEvery) {
		return nil, false
	}
	w.busy, w.told = true, now
	for _, p := range slices.SortedFunc(maps.Keys(w.counts), func(a, b place) int { return strings.Compare(a.domain, b.domain) }) {
		add = append(add, *w.counts[p])
	}
	clear(w.counts)
	return add, true
}

func (g *guard) heard(incident string, brakes breach.Brakes, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w := g.cases[incident]; w != nil {
		if w.busy = false; err == nil {
			w.brakes = brakes
		}
	}
}

// tell gives the ledger what was counted, has brakes set, and reads those in force. What could not be told is not
// counted: the guard is a watch, the record is in the ledger.
func (d *Deliver) tell(ctx context.Context, incident string, rules policy.Guard, last bool) {
	add, tell := d.guard.due(incident, time.Now(), last)
	if !tell {
		return
	}
	brakes, err := d.brake(ctx, incident, rules, add)
	d.guard.heard(incident, brakes, err)
}

func (d *Deliver) brake(ctx context.Context, incident string, rules policy.Guard, add []breach.Health) (breach.Brakes, error) {
	sums, err := d.Brakes.AddHealth(ctx, incident, d.Owner, add)
	if err != nil {
		return nil, err
	}
	for _, b := range rules.Running(sums) {
		b.At = d.Now().UTC()
		if err := d.Brakes.SetBrake(ctx, incident, b); err != nil {
			return nil, err
		}
	}
	return d.Brakes.Brakes(ctx, incident)
}

// unbraked leaves out who is held back: they stay due in the ledger, and a later survey finds them.
func (l *lane) unbraked(jobs []job) []job {
	brakes := l.guard.brakes(l.in.Incident)
	if len(brakes) == 0 {
		return jobs
	}
	return slices.DeleteFunc(jobs, func(j job) bool {
		return brakes.Hold(l.in.Wave, j.step.Channel, j.step.Provider, domainOf(j.sub.Person, j.step))
	})
}
