package activities

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/flow"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// What a lane does when nothing of its chunk may begin.
const (
	leastWait = 50 * time.Millisecond  // tokens are gathered for so long, so that a commit is worth its cost
	mostWait  = 250 * time.Millisecond // pauses, stops and newcomers are looked for this often
	longWait  = 5 * time.Second        // for longer, a chunk is given back
	standing  = 250 * time.Millisecond // after so long in vain, what is left of a chunk is left to a later round
)

// pick takes up to n messages that may begin now. Tokens are taken here, before anything is intended, so that
// nothing waits while it is intended; what may not begin yet is passed over, and at is when it is worth looking
// again. A provider that is down is passed over for the next that the policy permits.
func (c *chunk) pick(now time.Time, n int) (picked []job, at time.Time) {
	if c.unhindered(now) {
		picked, c.jobs = c.jobs[:n], c.jobs[n:]
		return picked, now
	}
	picked = make([]job, 0, n)
	rest := c.jobs[:0] // nobody else holds what is left of the chunk
	c.single = true
	for i := range c.jobs {
		if len(picked) == n {
			rest = append(rest, c.jobs[i:]...)
			break
		}
		j := c.jobs[i]
		again, whole := c.begin(now, &j)
		if again.IsZero() {
			picked = append(picked, j)
			continue
		}
		rest = append(rest, c.jobs[i])
		c.single = c.single && whole
		if at.IsZero() || again.Before(at) {
			at = again
		}
	}
	c.jobs = rest
	return picked, at
}

// unhindered says that nothing limits the channel's providers and none is down, which costs nothing to say.
func (c *chunk) unhindered(now time.Time) bool {
	for _, x := range c.exits {
		down, until := x.breaker.Down(now)
		if state, _, _ := x.breaker.Status(); x.limits || !x.there || down || until.After(now) || state != flow.Closed {
			return false
		}
	}
	return true
}

// begin takes what a message needs, or says when it is worth asking again; whole says that the limit of the only
// provider that people of this chunk go to is in the way.
func (c *chunk) begin(now time.Time, j *job) (again time.Time, whole bool) {
	x, again := c.exit(now, j)
	if x == nil || !x.there { // one that is not configured is found out by sending
		return again, false
	}
	if c.via == nil {
		c.via = x
	}
	c.mixed = c.mixed || c.via != x
	if x.limits {
		a := x.valve.Take(now, flow.Asker{Incident: c.in.Incident, Lane: c.id}, flow.Goal{
			Domain:  domainOf(j.sub.Person, j.step),
			Country: c.scope.profile.Range(x.Provider, j.sub.Person, policy.ContactOf(j.sub.Person, j.step.Addressee, j.step.Channel)),
		})
		if !a.OK {
			return a.At, a.Whole && !c.mixed
		}
	}
	pass := x.breaker.Admit(now)
	j.probe = pass.Probe
	return pass.At, false
}

// exit finds the provider that a message goes to now: the one that was chosen for it, or else the next that is there
// and works. It is nil, with the instant to look again, when there is none.
func (c *chunk) exit(now time.Time, j *job) (x *exit, again time.Time) {
	x = c.exits[j.step.Provider]
	if x == nil {
		return nil, now.Add(longWait)
	}
	if x.there {
		down, until := x.breaker.Down(now)
		switch {
		case down:
			again = until
		case until.After(now): // it asked to be left alone for a moment
			return nil, until
		default:
			return x, time.Time{}
		}
	}
	next, exception := c.scope.profile.Without(j.sub.Person, j.step.Channel, func(v policy.Provider) bool {
		other := c.exits[v.ID]
		if other == nil || !other.there || c.brakedAt(v.ID, j.sub.Person, j.step) {
			return true
		}
		down, until := other.breaker.Down(now)
		if until.After(now) && (again.IsZero() || until.Before(again)) {
			again = until
		}
		return down || until.After(now)
	})
	switch {
	case next != "":
		j.step.Provider, j.step.Exception = next, exception
		return c.exits[next], time.Time{}
	case again.IsZero(): // none is configured: that is recorded, and the person goes on to another channel
		return x, time.Time{}
	}
	return nil, again
}

// brakedAt says that a brake keeps a message from a provider.
func (l *lane) brakedAt(provider string, who breach.Person, st policy.Step) bool {
	brakes := l.guard.brakes(l.in.Incident)
	return len(brakes) > 0 && brakes.Hold(l.in.Wave, st.Channel, provider, domainOf(who, st))
}

// elsewhere turns a message that a provider failed to take to another one, if the policy permits one and no brake
// holds it: whom the survey found due must have a way out here too, or a round without end would begin.
func (l *lane) elsewhere(sub *breach.Subject, st policy.Step) policy.Step {
	for _, a := range sub.Attempts {
		if a.Addressee != st.Addressee || a.Channel != st.Channel || a.Try != st.Try-1 || a.Provider != st.Provider ||
			a.State != breach.FailedTemporary || !providersFault(a.Reason) {
			continue
		}
		next, exception := l.scope.profile.Without(sub.Person, st.Channel, func(v policy.Provider) bool {
			return v.ID == a.Provider || l.exits[v.ID] == nil || !l.exits[v.ID].there || l.brakedAt(v.ID, sub.Person, st)
		})
		if next != "" {
			st.Provider, st.Exception = next, exception
		}
	}
	return st
}

// blocked says that every provider of the channel that is configured is down, and until when.
func (l *lane) blocked(now time.Time) (until time.Time, yes bool) {
	for _, x := range l.exits {
		if !x.there {
			continue
		}
		down, at := x.breaker.Down(now)
		if !down {
			return time.Time{}, false
		}
		if until.IsZero() || at.Before(until) {
			until = at
		}
	}
	return until, !until.IsZero()
}

// stand waits until it is worth picking again, and says whether to do so. A chunk of which nothing may begin for long
// is put by until then. One of which more was begun than is left, while others wait to be worked on, is left as it is:
// a later round finds who was passed over, and one slow domain does not hold up all the others.
func (c *chunk) stand(ctx context.Context, at time.Time) bool {
	now := time.Now()
	c.again = at
	switch wait := at.Sub(now); {
	case c.gate.Load() != gateOpen, ctx.Err() != nil, stopping(ctx), !c.enough(ctx), c.over():
		return false
	case !c.single && c.stood >= standing && c.others > 0 && c.sent >= len(c.jobs):
		c.jobs = nil
		return false
	case wait > longWait:
		c.parked = true
		return false
	default:
		wait = min(max(wait, leastWait), mostWait)
		c.stood += wait
		time.Sleep(wait)
		return true
	}
}

// over says that the lane's time is over, or that other incidents may wait for its place.
func (l *lane) over() bool {
	now := l.Now()
	return now.After(l.end) || (l.turns.crowded(l.in.Channel, l.Limits.Lanes) && now.Sub(l.began) > l.Limits.Turn)
}

// lookForTold looks who of a chunk that takes long was told meanwhile, by a receipt that came late. Where all channels
// are used at once, nobody is left out for that.
func (c *chunk) lookForTold(ctx context.Context) {
	if c.scope.profile.Strategy == policy.Blast {
		return
	}
	if told, err := c.People.ToldInBlock(ctx, c.in.Incident, c.lease.Block.No); err == nil && len(told) > 0 {
		slices.Sort(told)
		c.told.Store(&told)
	}
}

// enoughTold says that the person was told since the chunk was read. What goes to a child beside the
// guardian hangs on no such outcome.
func (c *chunk) enoughTold(j *job) bool {
	told := c.told.Load()
	if told == nil || j.step.Reason == policy.WhyChildToo {
		return false
	}
	_, found := slices.BinarySearch(*told, j.sub.ID)
	return found
}

// works says whether a message that was intended may still be begun: nobody asked to hold it since, the person was not
// told by a late receipt, and its provider was not found down.
func (c *chunk) works(j *job) bool {
	if c.enoughTold(j) {
		return false
	}
	if waits := c.guard.waits(c.in.Incident); len(waits) > 0 {
		if _, wait := waits.On(j.sub.Person, j.step.Channel, c.Now()); wait {
			return false
		}
	}
	x := c.exits[j.step.Provider]
	if x == nil || j.probe {
		return true
	}
	down, _ := x.breaker.Down(time.Now())
	return !down
}

// turns counts the lanes of this process that run. The zero value is ready.
type turns struct {
	mu      sync.Mutex
	last    int64
	running map[breach.Channel]int
}

// enter counts a lane in and gives it a number; leave counts it out.
func (t *turns) enter(c breach.Channel) (id int64, leave func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running == nil {
		t.running = map[breach.Channel]int{}
	}
	t.running[c]++
	t.last++
	return t.last, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.running[c]--
	}
}

// crowded says that every place is taken, so that somebody may wait for one.
func (t *turns) crowded(c breach.Channel, places int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return places > 0 && t.running[c] >= places
}
