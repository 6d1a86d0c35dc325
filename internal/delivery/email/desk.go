package email

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// job is one message on its way. It belongs to the Send that made it until desk.bring, then to the worker
// that takes it, and to that Send again once done says so.
type job struct {
	message delivery.Message
	letter  letter
	out     result
	done    chan struct{} // one element: out is there
	held    atomic.Int32

	before, after *job // neighbours at the desk, guarded by desk.mu
	waiting       bool // guarded by desk.mu
}

// What held says: who may still decide that the message is not sent.
const (
	revocable int32 = iota // nothing but its envelope can have left
	begun                  // its content is being written, or was
	revoked                // its Send has gone; the content must not be written
	forsaken               // its Send has gone and has said unknown; it must not be written again
)

// begin asks for leave to write the content. After it, the server may have the message.
func (j *job) begin() bool { return j.held.CompareAndSwap(revocable, begun) }

// revoke takes the message back, if its content has not begun. Afterwards the job is the worker's alone.
func (j *job) revoke() bool { return j.held.CompareAndSwap(revocable, revoked) }

// forsake gives a message up whose content has begun.
func (j *job) forsake() bool { return j.held.CompareAndSwap(begun, forsaken) }

// unbegin is for a message whose content was written to a server that certainly did not take it. It is false
// when its Send has gone.
func (j *job) unbegin() bool { return j.held.CompareAndSwap(begun, revocable) }

// finish hands the job back to its Send; the worker must not touch it afterwards.
func (j *job) finish(out result) {
	j.out = out
	j.done <- struct{}{}
}

// desk is where messages wait for connections, first come first served, and connections for messages: the
// one that was used last is used next, so that those too many fall idle.
type desk struct {
	most int // connections
	crew sync.WaitGroup

	mu          sync.Mutex
	first, last *job
	waiting     int
	parked      []*worker // newest last
	workers     int
	closed      bool
}

// bring gives a job to a parked worker, or to one that start makes, or has it wait. It is false when the
// desk is closed.
func (d *desk) bring(j *job, start func() *worker) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch n := len(d.parked); {
	case d.closed:
		return false
	case n > 0:
		w := d.parked[n-1]
		d.parked = d.parked[:n-1]
		w.wake <- j
	case d.workers < d.most:
		d.workers++
		w := start()
		d.crew.Go(func() { w.run(j) })
	default:
		j.before, j.after, j.waiting = d.last, nil, true
		if d.last == nil {
			d.first = j
		} else {
			d.last.after = j
		}
		d.last = j
		d.waiting++
	}
	return true
}

// share adds to a group what waits and can travel with it, in order, no more than this connection's part of it.
func (d *desk) share(group []member, c *conn) []member {
	d.mu.Lock()
	defer d.mu.Unlock()
	size := group[0].job.letter.size()
	for part := min(maxGroup-1, (d.waiting+d.most-1)/d.most); part > 0 && d.first != nil; part-- {
		j := d.first
		if size += j.letter.size(); size > maxGroupBytes || !j.letter.whole || c.cannotCarry(&j.letter) != nil {
			break
		}
		d.remove(j)
		if j.begin() { // else its Send has just gone
			group = append(group, member{job: j})
		}
	}
	return group
}

// back puts messages that nobody has taken before all others. Whose Send has gone is left alone.
func (d *desk) back(group []member) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, m := range slices.Backward(group) {
		j := m.job
		switch {
		case !j.unbegin():
		case d.closed:
			j.finish(result{failure: shutDown()})
		default:
			j.before, j.after, j.waiting = nil, d.first, true
			if d.first == nil {
				d.last = j
			} else {
				d.first.before = j
			}
			d.first = j
			d.waiting++
		}
	}
}

// remove takes a job out of the line. The caller holds mu.
func (d *desk) remove(j *job) {
	if j.before == nil {
		d.first = j.after
	} else {
		j.before.after = j.after
	}
	if j.after == nil {
		d.last = j.before
	} else {
		j.after.before = j.before
	}
	j.before, j.after, j.waiting = nil, nil, false
	d.waiting--
}

// withdraw takes back a job that no worker has. Afterwards it is its Send's alone.
func (d *desk) withdraw(j *job) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !j.waiting {
		return false
	}
	d.remove(j)
	return true
}

// next is the job that waits longest; nil when none does.
func (d *desk) next() *job {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.take()
}

func (d *desk) take() *job {
	j := d.first
	if j != nil {
		d.remove(j)
	}
	return j
}

// nextOrLeave is next for a worker that has nothing under way. When no job waits, a worker with a
// connection is parked and will be woken with one, or with nil when it is to end; one without a connection
// has left.
func (d *desk) nextOrLeave(w *worker, connected bool) (j *job, parked bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if j := d.take(); j != nil {
		return j, false
	}
	if connected && !d.closed {
		d.parked = append(d.parked, w)
		return nil, true
	}
	d.workers--
	return nil, false
}

// leave is for a worker that was parked for too long. It is false when somebody woke it just now.
func (d *desk) leave(w *worker) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, other := range d.parked {
		if other == w {
			d.parked = append(d.parked[:i], d.parked[i+1:]...)
			d.workers--
			return true
		}
	}
	return false
}

// lose is for a worker that broke down.
func (d *desk) lose() {
	d.mu.Lock()
	d.workers--
	d.mu.Unlock()
}

// close refuses further jobs, hands back those that wait, ends parked workers, and waits for the others to
// finish what they have.
func (d *desk) close(f *delivery.Failure) {
	d.mu.Lock()
	d.closed = true
	for j := d.take(); j != nil; j = d.take() {
		j.finish(result{failure: f})
	}
	for _, w := range d.parked {
		d.workers--
		w.wake <- nil
	}
	d.parked = nil
	d.mu.Unlock()
	d.crew.Wait()
}
