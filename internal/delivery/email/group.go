package email

import (
	"bytes"
	"context"
	"net"
	"strconv"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Where the server offers CHUNKING (RFC 3030) beside PIPELINING, the length of a content is said before it, so
// that nothing has to be waited for between one message and the next: a group of messages leaves in one write,
// whole, and is answered in order. All these answers look alike, so a server that answers something twice would
// have one message's answer taken for another's. Each group therefore ends with EHLO, whose answer has many lines
// and looks like no other: only when it comes in its place is what was answered before it believed.

const (
	maxGroup      = 16        // messages: as many may be unknown when a connection breaks
	maxGroupBytes = 128 << 10 // of letters, with which a write ends within a moment
	// liveFor is how long a connection is trusted after it answered. On one that was idle for longer, the first
	// content leaves only when the envelope was answered: a server that has closed it does not have the message.
	liveFor = 2 * time.Second
)

// member is a message of a group, and what became of it.
type member struct {
	job  *job
	head int // end of what leaves before its content, without contents
	end  int // of its content in the write
	out  result
}

// ending is how an exchange ended.
type ending int

const (
	confirmed ending = iota
	inPeace          // the server closed, with a word
	brokenOff        // nobody knows what became of some messages
)

// groups says that messages may leave whole on this connection, now.
func (c *conn) groups() bool { return c.chunking && time.Since(c.answeredAt) < liveFor }

// offerGroups finds out whether groups can be sent: a server may offer CHUNKING and not care for a second EHLO.
func (c *conn) offerGroups(ctx context.Context) *delivery.Failure {
	if !c.pipelining || !c.has("CHUNKING") {
		return nil
	}
	r, f := c.command(ctx, stageConnect, "EHLO "+c.config.HeloName)
	c.chunking = f == nil && isHello(r)
	return f
}

func isHello(r reply) bool { return r.code == 250 && len(r.lines) > 1 }

// wholeStages are the answers to a message that left whole. RSET comes first, because a server that kept the
// transaction of a message that it refused would send the next one to that one's recipient as well.
var wholeStages = [...]stage{stageConnect, stageSender, stageRecipient, stageContent}

// appendHead appends what leaves before the content of a message that leaves whole.
func appendHead(w []byte, l *letter) []byte {
	w = append(w, "RSET\r\n"...)
	w = appendCommand(w, stageSender, l)
	w = appendCommand(w, stageRecipient, l)
	return append(strconv.AppendInt(append(w, "BDAT "...), int64(l.size()), 10), " LAST\r\n"...)
}

// writeGroup writes a group in one call. TCP gathers the contents from where they are; TLS wants one piece.
func (c *conn) writeGroup(group []member) (written int, err error) {
	c.out = c.out[:0]
	for i := range group {
		c.out = appendHead(c.out, &group[i].job.letter)
		group[i].head = len(c.out)
	}
	c.out = append(append(append(c.out, "EHLO "...), c.config.HeloName...), "\r\n"...)
	c.parts = c.parts[:0]
	begin, end := 0, 0
	for i := range group {
		m := &group[i]
		content := m.job.letter.wire[:m.job.letter.size()]
		end += m.head - begin + len(content)
		c.parts, m.end, begin = append(c.parts, c.out[begin:m.head], content), end, m.head
	}
	c.parts = append(c.parts, c.out[begin:])
	if _, gathers := c.net.(*net.TCPConn); gathers {
		parts := c.parts // WriteTo takes from the front
		n, err := parts.WriteTo(c.net)
		return int(n), err
	}
	return c.net.Write(bytes.Join(c.parts, nil))
}

// exchange writes a group and says of each message what became of it. Until the last octet of one is written,
// the server cannot have it; from then on, until all is answered, nobody can know. Unless it was confirmed, the
// connection is of no more use.
func (c *conn) exchange(group []member) ending {
	c.deadline(c.life, c.config.CommandTimeout)
	written, failed := c.writeGroup(group)
	if failed != nil {
		unsure(group, written, cause(failed))
		return brokenOff
	}
	for i := range group {
		r, at, err := c.wholeAnswers(&group[i])
		switch {
		case err != nil:
			unsure(group, written, cause(err))
			return brokenOff
		case r.code == 421:
			closed(group, i, at, r)
			return inPeace
		}
	}
	if r, err := c.read(c.life, c.config.AnswerTimeout); err != nil || !isHello(r) || c.reader.Buffered() > 0 {
		unsure(group, written, "the answers do not add up")
		return brokenOff
	}
	c.used, c.answeredAt = true, time.Now()
	return confirmed
}

// wholeAnswers reads the answers to one message. It ends early with an answer of 421, with which the server closes.
func (c *conn) wholeAnswers(m *member) (r reply, at stage, err error) {
	m.out = result{alive: true}
	for _, at = range wholeStages {
		if at == stageContent { // a yes to it names the message
			r, err = c.read(c.life, c.config.AnswerTimeout)
		} else {
			r, err = c.readBrief(c.config.AnswerTimeout)
		}
		switch {
		case err != nil, r.code == 421:
			return r, at, err
		case r.code >= 400 && m.out.failure == nil:
			m.out.failure = judge(at, r, m.job.message)
		case r.code >= 400:
		case r.code/10 != 25, at == stageContent && m.out.failure != nil: // no answer to this; or it took what it had refused
			return r, at, errReplyFormat
		case at == stageContent:
			m.out.receipt = taken(r)
		}
	}
	return r, at, nil
}

// unsure is about a group whose answers cannot be relied on. Of a message that was not written to its end, the
// server has nothing to keep.
func unsure(group []member, written int, why string) {
	for i := range group {
		m := &group[i]
		if m.end > written {
			m.out = result{failure: delivery.Temporary(delivery.ReasonProviderDown, why+" before the whole message was sent", 0)}
			continue
		}
		m.out = result{failure: delivery.NoAnswer(why + " after the whole message was sent")}
	}
}

// closed is about a group at whose message n the server closed the connection with 421: what it answered before
// stands, and it does not look at what comes behind.
func closed(group []member, n int, at stage, r reply) {
	refused := &group[n]
	refused.out = result{failure: judge(at, r, refused.job.message), busy: true, again: at == stageConnect || at == stageSender}
	for i := range group[n+1:] {
		group[n+1+i].out = result{again: true}
	}
}

// together carries a message, and those that wait behind it, in one write. It gives the message to carry next.
func (w *worker) together(first *job) *job {
	w.cur = nil
	w.group = w.sender.desk.share(append(w.group[:0], member{job: first}), w.conn)
	switch w.conn.exchange(w.group) {
	case confirmed:
		w.sender.overlap.saw(true)
	case inPeace:
		w.sender.overlap.saw(false)
	case brokenOff:
		w.sender.overlap.pause() // one by one, a message alone is unknown when this happens again
	}
	known := w.group
	for n := len(known); n > 0 && known[n-1].out.again; n-- {
		known = known[:n-1]
	}
	if again := w.group[len(known):]; len(again) > 0 {
		w.tell(known)
		w.drop()
		w.sender.desk.back(again)
		w.group = w.group[:0]
		next, _ := w.sender.desk.nextOrLeave(w, false)
		return next
	}
	last := known[len(known)-1]
	w.tell(known[:len(known)-1])
	w.cur, w.group = last.job, w.group[:0]
	return w.settle(last.out)
}

// tell ends messages.
func (w *worker) tell(known []member) {
	for i := range known {
		w.note(known[i].out)
		j := known[i].job
		known[i].job = nil
		j.finish(known[i].out)
	}
}
