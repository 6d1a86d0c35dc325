package activities

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// chunk sends what is due to the people of one leased block, in batches that overlap: while one is on the
// wire, the outcomes of the one before and the intents of the next are committed together.
type chunk struct {
	*lane
	lease *breach.Lease
	keeper
	jobs []job // not begun yet

	hands  hands
	flying *batch // on the wire
	landed *batch // its outcomes are not committed yet
	sent   int
	shut   bool // nothing more is begun
	done   bool // everybody of the chunk was tried, or is left to a later round

	others int           // chunks of the round besides this one that are not done
	via    *exit         // the first provider that somebody went to
	mixed  bool          // others go to another one
	single bool          // nothing but the limit of the only provider was in the way of the last pick
	stood  time.Duration // was waited for tokens
	again  time.Time     // when it is worth looking again, if that is what stopped it
	parked bool          // nobody looks at it before that
}

// batch is what is committed and sent at once.
type batch struct {
	jobs   []job
	events []breach.AttemptEvent
	begun  time.Time
	done   chan struct{}

	next, busy atomic.Int64 // the message that is sent next, and how many hands are at it
}

// A batch is as large as a provider takes in about this time, so that a pause takes effect soon.
const (
	shortBatch = 100 * time.Millisecond
	longBatch  = 600 * time.Millisecond
	firstBatch = 20
)

func (l *lane) chunk(ctx context.Context, lease *breach.Lease, asked time.Time, others int) (*chunk, error) {
	c := &chunk{lane: l, lease: lease, others: others}
	if lease.Block.Digest != l.digests[lease.Block.No] {
		return c, breach.Errorf(breach.ErrTampered, "block %d differs from the one that was approved", lease.Block.No)
	}
	subjects, err := l.People.Subjects(ctx, l.in.Incident, lease.Block)
	if err != nil {
		return c, err
	}
	brakes, err := l.Brakes.Brakes(ctx, l.in.Incident)
	if err != nil {
		return c, err
	}
	waits, err := l.Holds.Waits(ctx, l.in.Incident, l.Now().UTC())
	if err != nil {
		return c, err
	}
	l.guard.brake(l.in.Incident, brakes, waits)
	c.jobs = l.due(subjects)
	defer c.hands.leave()
	defer c.giveBack(ctx)
	release := c.keep(ctx, asked)
	defer release()
	leave := l.writes.join()
	defer leave()
	return c, c.work(ctx)
}

// giveBack frees a chunk that is not done, so that a delivery that goes on after a pause finds it at once. With an
// intent left open, the chunk's next lease finds that.
func (c *chunk) giveBack(ctx context.Context) {
	if c.done {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if wait := time.Until(c.again); c.parked && wait > 0 {
		_, _ = c.Sending.Renew(ctx, c.lease, wait) // nothing of it may begin before; lanes go on with others
		return
	}
	_ = c.Sending.Release(ctx, c.lease) // else it is free when its time is over
}

// work goes on until everybody was tried, or until nothing more may be begun and all is recorded. A lease that
// is lost is no error: another lane has the chunk.
func (c *chunk) work(ctx context.Context) error {
	var failed error
	for {
		jobs, err := c.next(ctx)
		if err != nil {
			failed, c.shut = err, true
		}
		var next *batch
		if len(jobs) > 0 {
			next = &batch{jobs: jobs, done: make(chan struct{})}
		}
		if next == nil && c.flying == nil && c.landed == nil && (c.shut || len(c.jobs) > 0) {
			return failed
		}
		finish := next == nil && c.flying == nil && !c.shut && len(c.jobs) == 0
		if next != nil || c.landed != nil || finish {
			err := c.commit(ctx, next, finish)
			if finish {
				c.done = err == nil
				return unlost(err)
			}
			if err != nil {
				next, c.shut = nil, true
				if !lost(err) {
					failed = err
				}
			}
		}
		c.land()
		if next != nil {
			c.fly(next)
		}
		beat(ctx)
	}
}

// next takes the next batch if it may be begun: the worker does not stop, enough of the lease and of the
// activity's own time is left, not too much is in flight already, and providers take it. Under a closed gate the
// ledger takes no intents.
func (c *chunk) next(ctx context.Context) ([]job, error) {
	for !c.shut {
		if c.jobs = c.unbraked(c.jobs); len(c.jobs) == 0 {
			return nil, nil
		}
		if ctx.Err() != nil || stopping(ctx) || !c.enough(ctx) || c.over() {
			c.shut = true
			return nil, ctx.Err()
		}
		n, ok := c.room(ctx)
		if !ok {
			return nil, ctx.Err()
		}
		now := time.Now()
		c.wanted(now, c.exits)
		jobs, again := c.pick(now, n)
		c.Deliver.flying.land(c.holder(), n-len(jobs))
		switch {
		case len(jobs) > 0, c.flying != nil, c.landed != nil: // what landed is written down before anything is waited for
			return jobs, nil
		case !c.stand(ctx, again):
			c.shut = len(c.jobs) > 0
			return nil, ctx.Err()
		}
	}
	return nil, nil
}

// room takes room for the next batch among what is in flight, and says how much.
func (c *chunk) room(ctx context.Context) (n int, ok bool) {
	n = min(c.size, len(c.jobs))
	if c.in.Channel == breach.Push { // nobody can be asked about one that was intended and not begun
		n = min(n, max(1, c.Limits.Parallel))
	}
	limit := max(c.Limits.InFlight, 3*c.Limits.Batch)
	for {
		if got := c.Deliver.flying.take(c.id, c.holder(), n, limit); got > 0 {
			return got, true
		}
		if c.flying != nil || c.landed != nil {
			return 0, false // these must land first: others may wait for them
		}
		c.Deliver.flying.wait(ctx, c.id, c.holder(), n, limit)
		if ctx.Err() != nil || !c.enough(ctx) {
			c.Deliver.flying.giveUp(c.id)
			c.shut = true
			return 0, false
		}
	}
}

func (l *lane) holder() holder { return holder{l.in.Incident, l.in.Channel} }

// enough fences: what is begun must come to its end while the lease and the activity last. The lease is
// measured by this machine's clock alone: the database's may differ.
func (c *chunk) enough(ctx context.Context) bool {
	if end, limited := ctx.Deadline(); limited && time.Until(end) < c.Limits.Reserve {
		return false
	}
	return c.left() > c.Limits.Margin || (c.Limits.Lease <= c.Limits.Margin && c.left() > 0)
}

// commit writes the intents of the next batch and the outcomes of the one that landed.
func (c *chunk) commit(ctx context.Context, next *batch, finish bool) error {
	w := breach.Write{Incident: c.in.Incident, Lease: c.lease, Finish: finish}
	if next != nil {
		w.Intents = c.intents(next)
	}
	if c.landed != nil {
		w.Events = c.landed.events
	}
	err := c.writes.commit(ctx, c.Sending, w)
	if away(err) {
		c.offer(ctx, w, next)
	}
	if c.landed != nil {
		c.Deliver.flying.land(c.holder(), len(c.landed.jobs))
		c.landed = nil
	}
	if err != nil && next != nil {
		c.Deliver.flying.land(c.holder(), len(next.jobs))
		c.dropped(next.jobs...)
	}
	return err
}

// offer gives what is known to a ledger that did not answer, again and again: what was sent is a fact, and of what
// was about to be sent it is known that it was not, whatever became of its intents.
func (c *chunk) offer(ctx context.Context, w breach.Write, next *batch) {
	w.Intents, w.Finish = nil, false
	if next != nil {
		for _, j := range next.jobs {
			w.Events = append(w.Events, c.unsent(j))
		}
	}
	wait := 100 * time.Millisecond
	for end := time.Now().Add(c.Limits.Patience); time.Now().Before(end) && !c.ending(ctx); wait = min(2*wait, 2*time.Second) {
		beat(ctx)
		time.Sleep(wait)
		if err := c.writes.commit(ctx, c.Sending, w); !away(err) {
			return
		}
	}
}

// unsent says of what was intended that it was not begun.
func (c *chunk) unsent(j job) breach.AttemptEvent {
	return breach.AttemptEvent{
		Person: j.sub.ID, Addressee: j.step.Addressee, Channel: j.step.Channel, Try: j.step.Try, State: breach.FailedTemporary,
		Reason: delivery.ReasonCrash, Provider: j.step.Provider, Epoch: c.lease.Epoch, At: c.Now().UTC(),
	}
}

// ending says that the activity has no time left.
func (c *chunk) ending(ctx context.Context) bool {
	end, limited := ctx.Deadline()
	return ctx.Err() != nil || (limited && time.Until(end) < 5*time.Second)
}

// away says that the ledger could not be reached, or that nobody knows what it did.
func away(err error) bool {
	code := breach.CodeOf(err)
	return err != nil && (code == breach.ErrUnavailable || code == breach.ErrInternal)
}

// lost says that the ledger refused a write because the lease is somebody else's by now, or an intent is open
// which the chunk's next lease finds.
func lost(err error) bool { return err != nil && breach.CodeOf(err) == breach.ErrConflict }

func unlost(err error) error {
	if lost(err) {
		return nil
	}
	return err
}

func (c *chunk) intents(b *batch) []breach.Intent {
	at := c.Now().UTC()
	out := make([]breach.Intent, len(b.jobs))
	for i := range b.jobs {
		j := &b.jobs[i]
		out[i] = breach.Intent{
			Person: j.sub.ID, Addressee: j.step.Addressee, Channel: j.step.Channel, Try: j.step.Try,
			AttemptID: j.attempt, Provider: j.step.Provider, Text: j.text.Ref.SHA256, At: at,
		}
	}
	return out
}

// fly hands a batch over, its messages side by side.
func (c *chunk) fly(b *batch) {
	b.begun, b.events = time.Now(), make([]breach.AttemptEvent, len(b.jobs))
	c.flying = b
	side := max(1, c.Limits.Parallel)
	if c.in.Channel == breach.Email {
		side = max(side, c.Limits.Mail)
	}
	c.hands.work(b, side, c.hand)
}

// hand sends one message of a batch.
func (c *chunk) hand(b *batch, i int) {
	if j := &b.jobs[i]; c.open(c.held) && c.works(j) {
		b.events[i] = c.send(c.held, c.lease.Epoch, *j)
	} else {
		b.events[i] = c.unsent(*j)
		c.dropped(*j)
	}
}

// land waits for the batch on the wire and measures how large the next one may be.
func (c *chunk) land() {
	b := c.flying
	if b == nil {
		return
	}
	<-b.done
	c.flying, c.landed = nil, b
	c.guard.count(c.in.Incident, b.jobs, b.events)
	c.sent += len(b.jobs)
	switch took := time.Since(b.begun); {
	case took < shortBatch:
		c.size = min(2*c.size, c.Limits.Batch)
	case took > longBatch:
		c.size = max(1, len(b.jobs)/2)
	}
}

// keeper renews a lease, looks at the gate, and says that the lane is alive while a slow provider takes its time. held ends when
// the lease is lost.
type keeper struct {
	held  context.Context
	until atomic.Int64 // by this machine's clock
	gate  atomic.Int32
	// closed is when the gate was first seen paused, by this machine's clock.
	closed atomic.Int64
	// told are people who need no further message, as they were looked up last; nil while the chunk is young.
	told atomic.Pointer[[]int64]
}

func (k *keeper) left() time.Duration { return time.Until(time.UnixMicro(k.until.Load())) }

// keep begins to renew; the lease counts from asked, before it was asked for. release waits for the keeper.
func (c *chunk) keep(ctx context.Context, asked time.Time) (release func()) {
	held, cancel := context.WithCancel(ctx)
	c.held = held
	c.until.Store(asked.Add(c.Limits.Lease).UnixMicro())
	lease := *c.lease // the ledger writes into it
	var wg sync.WaitGroup
	wg.Go(func() {
		tick, look := time.NewTicker(c.Limits.Lease/5), time.NewTicker(gateLook)
		defer tick.Stop()
		defer look.Stop()
		for {
			select {
			case <-held.Done():
				return
			case <-look.C:
				c.lookAtGate(held)
				c.wanted(time.Now(), c.exits)
				continue
			case <-tick.C:
			}
			beat(ctx)
			c.lookForTold(held)
			asked := time.Now()
			ok, err := c.Sending.Renew(held, &lease, c.Limits.Lease)
			switch {
			case err == nil && ok:
				c.until.Store(asked.Add(c.Limits.Lease).UnixMicro())
			case err == nil || c.left() <= 0: // lost, or run out unanswered
				c.until.Store(0)
				cancel()
			}
		}
	})
	return func() { cancel(); wg.Wait() }
}
