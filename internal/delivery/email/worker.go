package email

import (
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// worker is one connection and the loop that keeps it busy. As long as messages wait, the end of one and
// the envelope of the next leave in one write: one round trip a message.
type worker struct {
	sender *Sender
	conn   *conn     // nil when there is none
	wake   chan *job // one element
	timer  *time.Timer

	probing bool // everybody else waits for what this worker's first message finds

	cur   *job     // the message under way
	ahead *job     // the one after it, whose envelope left with cur's content
	group []member // those that are under way together
}

func (w *worker) run(j *job) {
	defer func() {
		if recover() != nil { // what it says may quote the person
			w.breakDown()
		}
	}()
	for j != nil {
		j = w.carry(j)
	}
	if w.conn != nil {
		w.conn.quit()
	}
}

// carry brings one message, and those that follow it without a pause, to an end. It gives the message to
// carry next, on this connection or on a fresh one; nil when the worker is to end.
func (w *worker) carry(j *job) *job {
	w.cur = j
	if j.held.Load() == revoked {
		return w.settle(result{alive: true})
	}
	if w.conn == nil {
		if f := w.connect(); f != nil {
			return w.settle(result{failure: f})
		}
	}
	if f := w.conn.cannotCarry(&j.letter); f != nil {
		return w.settle(result{failure: f, alive: true})
	}
	if j.letter.whole && w.conn.groups() && w.sender.overlap.good() {
		if !j.begin() {
			return w.settle(result{alive: true})
		}
		return w.together(j)
	}
	out := w.conn.envelope(j)
	for out.failure == nil {
		if !w.cur.begin() {
			return w.settle(result{}) // only a lost connection ends DATA without a message
		}
		w.ahead = w.follower()
		out = w.conn.content(w.cur, w.ahead)
		if w.ahead == nil {
			return w.settle(out)
		}
		w.finish(out)
		if w.conn == nil {
			return w.cur
		}
		out = w.conn.envelopeAnswers(w.cur)
		w.sender.overlap.saw(!out.again)
	}
	if out.again {
		w.drop()
		return w.cur
	}
	return w.settle(out)
}

// follower is the message whose envelope may travel with the content of the current one.
func (w *worker) follower() *job {
	if !w.conn.pipelining || w.conn.chunking || !w.sender.overlap.good() {
		return nil
	}
	for {
		j := w.sender.desk.next()
		if j == nil {
			return nil
		}
		f := w.conn.cannotCarry(&j.letter)
		if f == nil {
			return j
		}
		j.finish(result{failure: f})
	}
}

// finish ends the current message; the one behind it becomes the current one. Of that one nothing but the
// envelope has left, so that it starts anew when the connection is lost here.
func (w *worker) finish(out result) {
	w.note(out)
	j := w.cur
	w.cur, w.ahead = w.ahead, nil
	j.finish(out)
}

// settle ends the current message when none is behind it. The worker is ready for the next one before the
// result is known, so that whoever sends one message after the other stays on one connection.
func (w *worker) settle(out result) *job {
	w.note(out)
	next, parked := w.sender.desk.nextOrLeave(w, w.conn != nil)
	j := w.cur
	w.cur = nil
	j.finish(out)
	if parked {
		return w.wait()
	}
	return next
}

// note learns about connection and server from what became of a message. A connection that breaks before it
// has carried anything is no better than one that was refused.
func (w *worker) note(out result) {
	gate, fruitless := &w.sender.gate, false
	if !out.alive {
		fruitless = w.conn != nil && !w.conn.used && out.failure != nil
		w.drop()
	}
	switch {
	case out.busy, fruitless:
		gate.refused(forOthers(out.failure), w.probing)
	case w.probing && out.alive:
		gate.opened()
	case w.probing:
		gate.leave()
	}
	w.probing = false
	if out.failure == nil && out.receipt.State != "" {
		gate.worked()
	}
}

// forOthers is what one message's failure means for those that wait: they are certainly not sent.
func forOthers(f *delivery.Failure) *delivery.Failure {
	if f.Retryable {
		return f
	}
	return delivery.Temporary(delivery.ReasonProviderDown, "the mail server breaks connections off", 0)
}

// wait parks until the next message, or until the connection was idle for too long.
func (w *worker) wait() *job {
	idle := w.sender.config.IdleTimeout
	if w.timer == nil {
		w.timer = time.NewTimer(idle)
	} else {
		w.timer.Reset(idle)
	}
	defer w.timer.Stop()
	select {
	case j := <-w.wake:
		return j
	case <-w.timer.C:
		if w.sender.desk.leave(w) {
			return nil
		}
		return <-w.wake
	}
}

// connect dials when the gate lets it.
func (w *worker) connect() *delivery.Failure {
	s := w.sender
	probing, f := s.gate.pass(s.life)
	if f != nil {
		return f
	}
	c, f := dial(s.life, s.late, &s.config, s.tls)
	switch {
	case f == nil:
		w.conn, w.probing = c, probing
	case s.life.Err() != nil:
		if probing {
			s.gate.leave()
		}
	default:
		s.gate.refused(f, probing)
	}
	return f
}

func (w *worker) drop() {
	if w.conn != nil {
		w.conn.close()
		w.conn = nil
	}
}

// breakDown keeps a worker that panics from taking the process with it. What it had under way may have been
// sent.
func (w *worker) breakDown() {
	w.drop()
	if w.probing {
		w.sender.gate.leave()
	}
	w.sender.desk.lose()
	left := []*job{w.cur, w.ahead}
	for _, m := range w.group {
		left = append(left, m.job)
	}
	for _, j := range left {
		if j != nil {
			j.finish(result{failure: delivery.NoAnswer("the mail adapter broke down while sending")})
		}
	}
}
