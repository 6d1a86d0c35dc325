package app

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// freshFor is how long people who were counted are good enough for another look.
const freshFor = time.Second

// counts is what of an overview takes a walk over all people of an incident.
type counts struct {
	people    breach.Tally
	total     int64
	balanced  bool
	channels  map[breach.Channel]breach.ChannelCounts
	countries []breach.CountryTally
	failures  []breach.FailureCount
	pace      breach.Pace
}

// counting counts once for all who look at an incident within a moment. Whatever anybody decides or loads
// adds an entry to the incident's record: what was counted before the newest entry is never shown after it,
// on no server. The zero value is ready.
type counting struct {
	mu sync.Mutex
	of map[string]*counted
}

// counted is held by whoever has its token.
type counted struct {
	token    chan struct{}
	revision int64 // of the record, read before it was counted; it only grows
	at       time.Time
	counts   counts
}

// get gives what was counted for this revision of the record within the last second, or counts.
func (c *counting) get(ctx context.Context, incident string, revision int64, count func(context.Context) (counts, error)) (counts, error) {
	x := c.entry(incident)
	select {
	case x.token <- struct{}{}:
		defer func() { <-x.token }()
	case <-ctx.Done():
		return counts{}, ctx.Err()
	}
	if x.at.IsZero() || x.revision < revision || time.Since(x.at) >= freshFor {
		n, err := count(ctx)
		if err != nil {
			return counts{}, err
		}
		x.counts, x.revision, x.at = n, revision, time.Now()
	}
	return x.counts.own(), nil
}

const maxCounted = 1000 // incidents that are remembered at once

func (c *counting) entry(incident string) *counted {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.of) >= maxCounted {
		clear(c.of) // whoever counts now goes on; the rest is counted again
	}
	x := c.of[incident]
	if x == nil {
		x = &counted{token: make(chan struct{}, 1)}
		if c.of == nil {
			c.of = map[string]*counted{}
		}
		c.of[incident] = x
	}
	return x
}

// own is a copy that its reader may sort and change.
func (n counts) own() counts {
	n.people, n.channels = maps.Clone(n.people), maps.Clone(n.channels)
	n.countries, n.failures = slices.Clone(n.countries), slices.Clone(n.failures)
	return n
}
