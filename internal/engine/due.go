package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.temporal.io/api/serviceerror"

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

// How soon a delivery that rests is told again that somebody of its list is to be told. It looks at the whole list
// each time, so that a trickle of failures is gathered: first those of seconds, then those of minutes.
const (
	firstGathering = 5 * time.Second
	longGathering  = 15 * time.Minute
)

// resting remembers with how many pending people, and of how many who had answered STOP, a delivery was woken. The zero
// value is ready.
type resting struct {
	mu   sync.Mutex
	told map[breach.DueList]woken
}

type woken struct {
	pending, stopped int64
	rest
}

// pick takes those whose deliveries are to be woken now: another number of people is pending, or has answered STOP, since,
// and they were left alone long enough.
func (d *resting) pick(lists []breach.WaitingList, now time.Time) []breach.DueList {
	d.mu.Lock()
	defer d.mu.Unlock()
	told := map[breach.DueList]woken{}
	var out []breach.DueList
	for _, l := range lists {
		w, before := d.told[l.DueList]
		switch {
		case !before || (w.pending != l.Pending || w.stopped != l.Stopped) && !now.Before(w.until):
			w.wait = min(max(firstGathering, 2*w.wait), longGathering)
			if before && now.Sub(w.until) > 2*w.wait { // it was quiet for a while
				w.wait = firstGathering
			}
			w.pending, w.stopped, w.until = l.Pending, l.Stopped, now.Add(w.wait)
			out = append(out, l.DueList)
		}
		told[l.DueList] = w
	}
	d.told = told
	return out
}

// wake lets deliveries look anew that wait for time to pass, when somebody of theirs failed meanwhile.
func (e *Engine) wake(ctx context.Context) (n int, failed error) {
	lists, err := e.Ledger.WaitingLists(ctx)
	if err != nil {
		return 0, err
	}
	for _, l := range e.resting.pick(lists, e.Now()) {
		if err := e.signalTo(ctx, protocol.DeliverID(l.Incident, l.Wave), protocol.SignalDeliverControl, protocol.Control{Do: protocol.DoLook}); err != nil {
			var over *serviceerror.NotFound
			if errors.As(err, &over) { // its delivery has ended, while another list of the incident is being delivered
				err = e.signal(ctx, l.Incident, protocol.SignalPeopleDue, map[string]int{"wave": l.Wave})
			}
			if err != nil {
				failed = e.explain(ctx, l.Incident, err)
				continue
			}
		}
		n++
	}
	return n, failed
}
