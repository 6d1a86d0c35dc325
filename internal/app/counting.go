package app

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/store"
)

const (
	// freshFor is how long something that was counted is good enough for another look.
	freshFor = time.Second
	// quickly is how long a walk may take that everybody who looks waits for. One that takes longer is made beside
	// those who look, who get the one before, and fills at most one part in seldom of the time.
	quickly = 100 * time.Millisecond
	seldom  = 10
)

// counts is what of an overview is summed up, from the ledger's tallies and from rows that stand for many attempts.
type counts struct {
	people   breach.Tally
	channels map[breach.Channel]breach.ChannelCounts
	failures []breach.FailureCount
	times    store.SendTimes
	pace     breach.Pace
	inApp    int64
}

// own is a copy that its reader may sort and change.
func (n counts) own() counts {
	n.people, n.channels, n.failures = maps.Clone(n.people), maps.Clone(n.channels), slices.Clone(n.failures)
	return n
}

// walked is what takes a walk over all people of an incident.
type walked struct {
	at        time.Time // UTC, when the walk began
	balanced  bool
	countries []breach.CountryTally
}

func (w walked) own() walked {
	w.countries = slices.Clone(w.countries)
	return w
}

// owned are values that give a copy to each reader.
type owned[T any] interface{ own() T }

// counting counts once for all who look at an incident within a moment. Whatever anybody decides or loads adds an
// entry to the incident's record: what get gives was not counted before the newest entry, on no server. The zero value
// is ready.
type counting[T owned[T]] struct {
	mu sync.Mutex
	of map[string]*counted[T]
}

// counted is held by whoever has its token.
type counted[T owned[T]] struct {
	token    chan struct{}
	revision int64 // of the record, read before it was counted; it only grows
	at       time.Time
	took     time.Duration
	again    bool // somebody counts beside those who look
	value    T
}

// get gives what was counted for this revision of the record within the last second, or counts.
func (c *counting[T]) get(ctx context.Context, incident string, revision int64, count func(context.Context) (T, error)) (T, error) {
	return c.look(ctx, incident, revision, count, false)
}

// glance is get, but where counting takes long it gives what was counted last, and has it counted again beside.
func (c *counting[T]) glance(ctx context.Context, incident string, revision int64, count func(context.Context) (T, error)) (T, error) {
	return c.look(ctx, incident, revision, count, true)
}

func (c *counting[T]) look(ctx context.Context, incident string, revision int64, count func(context.Context) (T, error), old bool) (v T, err error) {
	x := c.entry(incident)
	select {
	case x.token <- struct{}{}:
		defer func() { <-x.token }()
	case <-ctx.Done():
		return v, ctx.Err()
	}
	switch {
	case !x.at.IsZero() && x.revision >= revision && time.Since(x.at) < freshFor:
	case old && !x.at.IsZero() && x.took >= quickly:
		if !x.again && time.Since(x.at) >= seldom*x.took {
			x.again = true
			go x.beside(context.WithoutCancel(ctx), revision, count)
		}
	default:
		if err := x.count(ctx, revision, count); err != nil {
			return v, err
		}
	}
	return x.value.own(), nil
}

func (x *counted[T]) count(ctx context.Context, revision int64, count func(context.Context) (T, error)) error {
	begun := time.Now()
	v, err := count(ctx)
	if err == nil {
		x.value, x.revision, x.at, x.took = v, revision, time.Now(), time.Since(begun)
	}
	return err
}

// longestWalk ends a count beside that does not come to an end.
const longestWalk = 5 * time.Minute

func (x *counted[T]) beside(ctx context.Context, revision int64, count func(context.Context) (T, error)) {
	ctx, cancel := context.WithTimeout(ctx, longestWalk)
	defer cancel()
	var fresh counted[T]
	err := fresh.count(ctx, revision, count)
	x.token <- struct{}{}
	defer func() { <-x.token }()
	x.again = false
	if err == nil { // else the next who looks tries again
		x.value, x.revision, x.at, x.took = fresh.value, fresh.revision, fresh.at, fresh.took
	}
}

const maxCounted = 1000 // incidents that are remembered at once

func (c *counting[T]) entry(incident string) *counted[T] {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.of) >= maxCounted {
		clear(c.of) // whoever counts now goes on; the rest is counted again
	}
	x := c.of[incident]
	if x == nil {
		x = &counted[T]{token: make(chan struct{}, 1)}
		if c.of == nil {
			c.of = map[string]*counted[T]{}
		}
		c.of[incident] = x
	}
	return x
}
