package activities

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// guard watches what becomes of messages that this process hands over, tells the ledger several times a second, and
// has brakes set where too many fail. The zero value is ready.
type guard struct {
	mu    sync.Mutex
	cases map[string]*watched
}

// watched is one incident that lanes of this process work on.
type watched struct {
	lanes  int
	end    func()                   // of the watch, while there are lanes
	counts map[place]*breach.Health // since they were told to the ledger
	single map[place]*breach.Health // of domains that are not known to be shared by many; counted without their name
	crowd  int64                    // messages that make a domain shared by many
	brakes breach.Brakes
	waits  breach.Waits
	told   time.Time
}

type place struct {
	channel          breach.Channel
	provider, domain string
}

const (
	// domains bounds the memory for those that are not shared by many.
	domains = 20_000
	// watchedCases bounds the memory for incidents.
	watchedCases = 64
	// tellEvery is how often what was counted is told, readEvery how often brakes are read when nothing was.
	tellEvery = 200 * time.Millisecond
	readEvery = time.Second
	tellTime  = 5 * time.Second
	// windows is how many times the least number of messages the guard remembers.
	windows = 5
)

// enter takes a lane of an incident in; begin is called when it is the only one and returns what ends the watch. What
// is known of an incident is kept for its next lane, for a while.
func (g *guard) enter(incident string, crowd int64, begin func() (end func())) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cases == nil {
		g.cases = map[string]*watched{}
	}
	w := g.cases[incident]
	if w == nil {
		g.makeRoom()
		w = &watched{counts: map[place]*breach.Health{}, single: map[place]*breach.Health{}, crowd: crowd}
		g.cases[incident] = w
	}
	if w.lanes++; w.lanes == 1 {
		w.end = begin()
	}
}

// leave takes a lane out again; with the last one it gives what ends the watch.
func (g *guard) leave(incident string) (end func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w := g.cases[incident]
	if w.lanes--; w.lanes > 0 {
		return func() {}
	}
	return w.end
}

// makeRoom forgets the incident that was told of longest ago and that no lane works on.
func (g *guard) makeRoom() {
	if len(g.cases) < watchedCases {
		return
	}
	var oldest string
	for id, w := range g.cases {
		if w.lanes == 0 && (oldest == "" || w.told.Before(g.cases[oldest].told)) {
			oldest = id
		}
	}
	delete(g.cases, oldest)
}

// brake notes the brakes that were read, and what else keeps people from being told.
func (g *guard) brake(incident string, brakes breach.Brakes, waits breach.Waits) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w := g.cases[incident]; w != nil {
		w.brakes, w.waits = brakes, waits
	}
}

// waits are those in force as they were read last.
func (g *guard) waits(incident string) breach.Waits {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w := g.cases[incident]; w != nil {
		return w.waits
	}
	return nil
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

// take takes what was counted; tell says that there is something to tell, or that brakes were not read for long.
func (g *guard) take(incident string, now time.Time) (add []breach.Health, tell bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w := g.cases[incident]
	if w == nil || len(w.counts) == 0 && now.Sub(w.told) < readEvery {
		return nil, false
	}
	w.told = now
	for _, h := range w.counts {
		add = append(add, *h)
	}
	clear(w.counts)
	return add, true
}

// attend watches an incident while lanes work on it: what was counted is told to the ledger several times a second,
// whatever becomes of single chunks, and once more at the end.
func (d *Deliver) attend(ctx context.Context, incident string, rules policy.Guard) (leave func()) {
	d.guard.enter(incident, rules.Crowd(), func() func() {
		watching, stop := context.WithCancel(context.WithoutCancel(ctx))
		var wg sync.WaitGroup
		wg.Go(func() {
			tick := time.NewTicker(tellEvery)
			defer tick.Stop()
			for {
				select {
				case <-watching.Done():
					d.tell(watching, incident, rules)
					return
				case <-tick.C:
					d.tell(watching, incident, rules)
				}
			}
		})
		return func() { stop(); wg.Wait() }
	})
	return func() { d.guard.leave(incident)() }
}

// tell gives the ledger what was counted, has brakes set, and reads those in force. What could not be told is not
// counted: the guard is a watch, the record is in the ledger.
func (d *Deliver) tell(ctx context.Context, incident string, rules policy.Guard) {
	add, tell := d.guard.take(incident, time.Now())
	if !tell {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTime)
	defer cancel()
	sums, err := d.Brakes.AddHealth(ctx, incident, d.Owner, add, windows*rules.From)
	if err != nil {
		return
	}
	for _, b := range rules.Running(sums) {
		b.At = d.Now().UTC()
		if d.Brakes.SetBrake(ctx, incident, b) != nil {
			return
		}
	}
	brakes, err := d.Brakes.Brakes(ctx, incident)
	if err != nil {
		return
	}
	if waits, err := d.Holds.Waits(ctx, incident, d.Now().UTC()); err == nil {
		d.guard.brake(incident, brakes, waits)
	}
}

// unbraked leaves out who is held back, and whom the channel must not disturb at this hour: they stay due in the
// ledger, and a later survey finds them.
func (l *lane) unbraked(jobs []job) []job {
	brakes, waits := l.guard.brakes(l.in.Incident), l.guard.waits(l.in.Incident)
	if len(brakes)+len(waits) == 0 && !l.scope.profile.Timed() {
		return jobs
	}
	now := l.Now()
	return slices.DeleteFunc(jobs, func(j job) bool {
		_, wait := waits.On(j.sub.Person, j.step.Channel, now)
		return wait || l.scope.profile.OpensAt(j.sub.Person, j.step.Channel, now).After(now) ||
			brakes.Hold(l.in.Wave, j.step.Channel, j.step.Provider, domainOf(j.sub.Person, j.step))
	})
}
