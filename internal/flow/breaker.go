package flow

import (
	"math/rand/v2"
	"sync"
	"time"
)

// State is what a breaker does with messages.
type State string

const (
	Closed   State = "closed"    // the provider works: messages go to it
	Open     State = "open"      // it is down: none goes to it before the pause is over
	HalfOpen State = "half_open" // one message is on its way to find out
)

// Rules say when a breaker opens and for how long. Failures are those of the provider, not of a message.
type Rules struct {
	Row    int           // failures in a row that open it
	Share  float64       // or this share of the results of a window, from 0 to 1,
	Least  int           // when there are at least so many
	Window time.Duration // how long a result counts, between one and two of these
	Pause  time.Duration // how long it stays open the first time; every time in vain twice as long
	Most   time.Duration // longest pause
	Lost   time.Duration // a probe without a result is given up after this
}

// DefaultRules fit any provider.
var DefaultRules = Rules{
	Row: 10, Share: 0.5, Least: 40, Window: 5 * time.Second, Pause: 2 * time.Second, Most: 2 * time.Minute, Lost: 5 * time.Minute,
}

// Breaker watches one provider in this process. It is safe for many goroutines.
type Breaker struct {
	rules  Rules
	jitter func() float64 // from 0 to 1

	mu      sync.Mutex
	state   State
	since   time.Time // when it left the closed state, or came back to it
	reason  string    // of the failure that opened it last
	row     int
	now     tally // results of this window
	before  tally // and of the one before
	until   time.Time
	pause   time.Duration // the last one; 0 when the provider worked for long
	probeAt time.Time
}

type tally struct {
	at          time.Time
	all, failed int
}

// NewBreaker makes a closed breaker.
func NewBreaker(r Rules) *Breaker { return &Breaker{rules: r, jitter: rand.Float64, state: Closed} }

// Pass says whether a message may begin.
type Pass struct {
	OK    bool
	Probe bool      // it is the one message that finds out; its result, or that it was not sent, must be told
	At    time.Time // else: when it is worth asking again
}

// probeLook is how often those who wait for a probe's result look again.
const probeLook = 250 * time.Millisecond

// Admit asks for one message. Of an open breaker whose pause is over, exactly one gets through.
func (b *Breaker) Admit(now time.Time) Pass {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.state == Closed && !now.Before(b.until):
		return Pass{OK: true}
	case b.state == HalfOpen && now.Before(b.probeAt.Add(b.rules.Lost)):
		return Pass{At: now.Add(probeLook)}
	case b.state != HalfOpen && now.Before(b.until):
		return Pass{At: b.until}
	}
	b.state, b.probeAt = HalfOpen, now
	return Pass{OK: true, Probe: true}
}

// Down says whether messages had better go elsewhere, without asking for one; at is when that may change.
func (b *Breaker) Down(now time.Time) (down bool, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.state == Closed:
		return false, time.Time{}
	case b.state == HalfOpen && now.Before(b.probeAt.Add(b.rules.Lost)):
		return true, now.Add(probeLook)
	}
	return now.Before(b.until), b.until
}

// Worked tells that the provider took a message, or refused it for the message's own sake.
func (b *Breaker) Worked(now time.Time, probe bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.state == Closed:
		b.row = 0
		b.count(now, false)
		if now.Sub(b.since) >= b.pause {
			b.pause = 0
		}
	case b.state == HalfOpen && probe:
		b.state, b.since, b.reason = Closed, now, ""
		b.row, b.now, b.before, b.until = 0, tally{}, tally{}, time.Time{}
	}
}

// Failed tells that the provider failed. After is how long it asked to be left alone, 0 when it did not.
func (b *Breaker) Failed(now time.Time, probe bool, reason string, after time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	after = min(after, b.rules.Most)
	switch {
	case b.state == HalfOpen && probe:
		b.open(now, reason, after)
	case b.state == Closed:
		b.row++
		b.count(now, true)
		all, failed := b.now.all+b.before.all, b.now.failed+b.before.failed
		if b.row >= b.rules.Row || (all >= b.rules.Least && float64(failed) >= b.rules.Share*float64(all)) {
			b.open(now, reason, after)
			return
		}
		b.hold(now.Add(after))
	case b.state == Open:
		b.hold(now.Add(after))
	}
}

// Abandon tells that a probe was not sent: the next one to ask is the probe.
func (b *Breaker) Abandon() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == HalfOpen {
		b.state = Open // its pause is over
	}
}

// Status is how the provider stands: since when, and why it is not closed.
func (b *Breaker) Status() (s State, since time.Time, reason string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state, b.since, b.reason
}

// hold keeps messages back until an instant.
func (b *Breaker) hold(until time.Time) {
	if until.After(b.until) {
		b.until = until
	}
}

// open begins a pause: twice the last one, shortened by up to half so that many do not come back at once.
func (b *Breaker) open(now time.Time, reason string, after time.Duration) {
	if b.state == Closed {
		b.since = now
	}
	b.state, b.reason = Open, reason
	b.pause = min(max(2*b.pause, b.rules.Pause), b.rules.Most)
	wait := time.Duration(float64(b.pause) * (1 - b.jitter()/2))
	b.until = now.Add(max(wait, after))
}

func (b *Breaker) count(now time.Time, failed bool) {
	if age := now.Sub(b.now.at); age >= b.rules.Window {
		b.before = tally{}
		if age < 2*b.rules.Window {
			b.before = b.now
		}
		b.now = tally{at: now}
	}
	b.now.all++
	if failed {
		b.now.failed++
	}
}
