package flow

import (
	"sync"
	"time"
)

// Limits are messages a second that a provider takes, as a whole, for each domain of recipients, and for each
// country or range of numbers. 0 is no limit.
type Limits struct {
	Whole           float64
	Domain, Country Table
}

// Table holds a limit by name; Default is that of every other name, each for itself.
type Table struct {
	Default float64
	By      map[string]float64
}

func (t Table) of(name string) float64 {
	if n, ok := t.By[name]; ok {
		return n
	}
	return t.Default
}

// None says that nothing is limited.
func (l Limits) None() bool {
	return l.Whole == 0 && l.Domain.Default == 0 && l.Country.Default == 0 && len(l.Domain.By) == 0 && len(l.Country.By) == 0
}

// Goal is where a message goes; an empty name is in nobody's way.
type Goal struct{ Domain, Country string }

// Answer says whether a message may begin. When it may not, At is when it is worth asking again, and Whole says
// that the provider's own limit is in the way, so that no other message may begin either.
type Answer struct {
	OK    bool
	At    time.Time
	Whole bool
}

// Valve holds all limits of one provider in this process. It is safe for many goroutines. The limits hold for
// all processes together as long as their shares add up to no more than 1.
type Valve struct {
	mu      sync.Mutex
	limits  map[string]Limits // by who named them
	share   float64
	whole   *bucket // nil: no limit
	domain  map[string]*bucket
	country map[string]*bucket
	swept   int
}

// NewValve makes a valve that lets nothing with a limit through until it has a share.
func NewValve() *Valve {
	return &Valve{limits: map[string]Limits{}, domain: map[string]*bucket{}, country: map[string]*bucket{}}
}

// SetLimits takes the limits of one policy. Where several name limits for one provider, the strictest holds.
func (v *Valve) SetLimits(now time.Time, policy string, l Limits) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.limits[policy] = l
	v.adjust(now)
}

// SetShare says which part of the limits this process may use, from 0 to 1.
func (v *Valve) SetShare(now time.Time, share float64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	share = min(max(share, 0), 1)
	if share != v.share {
		v.share = share
		v.adjust(now)
	}
}

// Share is what SetShare said last.
func (v *Valve) Share() float64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.share
}

// Limit is what all processes together may hand to the provider a second; 0 is no limit.
func (v *Valve) Limit() float64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.wholeLimit()
}

func (v *Valve) wholeLimit() float64 { return v.strictest(func(l Limits) float64 { return l.Whole }) }

func (v *Valve) strictest(of func(Limits) float64) float64 {
	n := 0.0
	for _, l := range v.limits {
		if x := of(l); x > 0 && (n == 0 || x < n) {
			n = x
		}
	}
	return n
}

func (v *Valve) domainLimit(name string) float64 {
	return v.strictest(func(l Limits) float64 { return l.Domain.of(name) })
}

func (v *Valve) countryLimit(name string) float64 {
	return v.strictest(func(l Limits) float64 { return l.Country.of(name) })
}

// adjust brings all buckets to what limits and share say now.
func (v *Valve) adjust(now time.Time) {
	switch n := v.wholeLimit(); {
	case n == 0:
		v.whole = nil
	case v.whole == nil:
		v.whole = newBucket(now, n*v.share)
	default:
		v.whole.setRate(now, n*v.share)
	}
	all := func(buckets map[string]*bucket, limit func(string) float64) {
		for name, b := range buckets {
			if n := limit(name); n == 0 {
				delete(buckets, name)
			} else {
				b.setRate(now, n*v.share)
			}
		}
	}
	all(v.domain, v.domainLimit)
	all(v.country, v.countryLimit)
}

// Take takes what one message needs, all of it or nothing.
func (v *Valve) Take(now time.Time, who Asker, to Goal) Answer {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.whole != nil && !v.whole.may(now, who) {
		return Answer{At: v.whole.refuse(now, who), Whole: true}
	}
	a := Answer{OK: true}
	needs := [...]*bucket{v.whole, v.find(now, v.domain, to.Domain, v.domainLimit), v.find(now, v.country, to.Country, v.countryLimit)}
	for _, b := range needs[1:] {
		if b == nil || b.may(now, who) {
			continue
		}
		a.OK = false
		if at := b.refuse(now, who); at.After(a.At) {
			a.At = at
		}
	}
	if !a.OK {
		return a
	}
	for _, b := range needs {
		if b != nil {
			b.take(now, who)
		}
	}
	return a
}

// find gives the bucket of a name, or nil when it has no limit.
func (v *Valve) find(now time.Time, in map[string]*bucket, name string, limit func(string) float64) *bucket {
	if name == "" {
		return nil
	}
	if b := in[name]; b != nil {
		return b
	}
	n := limit(name)
	if n == 0 {
		return nil
	}
	v.sweep(now)
	b := newBucket(now, n*v.share)
	in[name] = b
	return b
}

// kept is how many buckets are never too many.
const kept = 4096

// sweep forgets buckets that nobody uses, once there are twice as many as were left the last time.
func (v *Valve) sweep(now time.Time) {
	if len(v.domain)+len(v.country) < 2*max(v.swept, kept) {
		return
	}
	for _, in := range []map[string]*bucket{v.domain, v.country} {
		for name, b := range in {
			if b.idle(now) {
				delete(in, name)
			}
		}
	}
	v.swept = len(v.domain) + len(v.country)
}
