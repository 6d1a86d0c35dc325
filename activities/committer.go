package activities

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// committer gathers what the lanes of this process have to write: while one transaction is under way, the
// writes of others wait together for the next. The zero value is ready.
type committer struct {
	mu    sync.Mutex
	queue []*waiting
	busy  bool
	lanes int // that are at work and may have something to write soon
}

type waiting struct {
	write breach.Write
	err   error
	done  chan struct{}
}

// commitTime is how long one transaction may take.
const commitTime = 10 * time.Second

// commit waits until a write is carried out. It is not given up when ctx ends: what was sent is a fact.
func (c *committer) commit(ctx context.Context, ledger Sending, w breach.Write) error {
	mine := &waiting{write: w, done: make(chan struct{})}
	c.mu.Lock()
	c.queue = append(c.queue, mine)
	lead := !c.busy
	c.busy = true
	c.mu.Unlock()
	if lead {
		go c.work(context.WithoutCancel(ctx), ledger)
	}
	<-mine.done
	return mine.err
}

// A transaction costs nearly the same for one lane as for all, so it waits a moment for those that are at work.
const (
	gathering  = 3 * time.Millisecond
	gatherStep = 300 * time.Microsecond
)

// join counts a lane in; leave counts it out.
func (c *committer) join() (leave func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lanes++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.lanes--
	}
}

func (c *committer) gather() {
	for waited := time.Duration(0); waited < gathering; waited += gatherStep {
		c.mu.Lock()
		all := len(c.queue) == 0 || len(c.queue) >= c.lanes
		c.mu.Unlock()
		if all {
			return
		}
		time.Sleep(gatherStep)
	}
}

// work writes until nobody waits.
func (c *committer) work(ctx context.Context, ledger Sending) {
	for {
		c.gather()
		c.mu.Lock()
		batch := c.queue
		c.queue = nil
		c.busy = len(batch) > 0
		c.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		writes := make([]breach.Write, len(batch))
		for i, w := range batch {
			writes[i] = w.write
		}
		limited, cancel := context.WithTimeout(ctx, commitTime)
		errs := ledger.Commit(limited, writes)
		cancel()
		for i, w := range batch {
			w.err = errs[i]
			close(w.done)
		}
	}
}

// inFlight counts messages of this process that are intended and have no outcome yet. Lanes that wait for room get
// it in the order in which they came, so that many busy lanes do not keep a quiet one out. The zero value is ready.
type inFlight struct {
	mu    sync.Mutex
	n     int
	line  []int64       // lanes that wait, the first one first
	freed chan struct{} // closed when some landed, or when the line moved
}

// take adds n for a lane unless that is more than limit, or others wait; somebody must always get on, so the first
// one may.
func (f *inFlight) take(lane int64, n, limit int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.line) > 0 && f.line[0] != lane || f.n > 0 && f.n+n > limit {
		return false
	}
	f.leave(lane)
	f.n += n
	return true
}

func (f *inFlight) land(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n -= n
	f.wake()
}

// giveUp takes a lane out of the line.
func (f *inFlight) giveUp(lane int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.leave(lane)
}

func (f *inFlight) leave(lane int64) {
	if i := slices.Index(f.line, lane); i >= 0 {
		f.line = slices.Delete(f.line, i, i+1)
		f.wake()
	}
}

func (f *inFlight) wake() {
	if f.freed != nil {
		close(f.freed)
		f.freed = nil
	}
}

// wait ends when it is worth trying again. A lane that waited takes, or gives up.
func (f *inFlight) wait(ctx context.Context, lane int64, n, limit int) {
	f.mu.Lock()
	if !slices.Contains(f.line, lane) {
		f.line = append(f.line, lane)
	}
	if f.line[0] == lane && (f.n == 0 || f.n+n <= limit) {
		f.mu.Unlock()
		return
	}
	if f.freed == nil {
		f.freed = make(chan struct{})
	}
	freed := f.freed
	f.mu.Unlock()
	select {
	case <-freed:
	case <-ctx.Done():
	}
}
