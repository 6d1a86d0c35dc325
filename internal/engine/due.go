package engine

import (
	"context"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// How long a list that stays due is left alone after its story was told: every word is kept in the workflow's
// history, and what did not help at once hardly helps a moment later.
const (
	firstRest = time.Minute
	longRest  = 6 * time.Hour
)

// dueLists remembers which lists the stories were told of. The zero value is ready.
type dueLists struct {
	mu   sync.Mutex
	told map[breach.DueList]rest
}

type rest struct {
	until time.Time
	wait  time.Duration
}

// pick takes those of which the stories are to be told now, and forgets the lists that are not due any more.
func (d *dueLists) pick(due []breach.DueList, now time.Time) []breach.DueList {
	d.mu.Lock()
	defer d.mu.Unlock()
	told := map[breach.DueList]rest{}
	var out []breach.DueList
	for _, l := range due {
		r, before := d.told[l]
		if !before || !now.Before(r.until) {
			r.wait = min(max(firstRest, 2*r.wait), longRest)
			r.until = now.Add(r.wait)
			out = append(out, l)
		}
		told[l] = r
	}
	d.told = told
	return out
}

// tellDue tells the stories of people who are to be told again. A story that delivers the list already takes no
// notice.
func (e *Engine) tellDue(ctx context.Context) (n int, failed error) {
	due, err := e.Ledger.DueLists(ctx)
	if err != nil {
		return 0, err
	}
	for _, l := range e.due.pick(due, e.Now()) {
		if err := e.signal(ctx, l.Incident, protocol.SignalPeopleDue, map[string]int{"wave": l.Wave}); err != nil {
			failed = err
			continue
		}
		n++
	}
	return n, failed
}
