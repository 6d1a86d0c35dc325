package activities

import (
	"context"
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
