package email

import (
	"strconv"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// result is what became of one message on one connection.
type result struct {
	receipt delivery.Receipt
	failure *delivery.Failure
	alive   bool // the connection may carry the next message
	busy    bool // the server closed with 421: it is not to be dialled again at once
	// again: nothing but the envelope left, on a connection that had carried messages before, as happens
	// to one that was idle for too long. It says nothing about the message: a fresh one will tell.
	again bool
}

// cannotCarry is about what the server did not offer.
func (c *conn) cannotCarry(l *letter) *delivery.Failure {
	if l.utf8 && !c.has("SMTPUTF8") {
		return delivery.Refused("the address needs SMTPUTF8, which the mail server does not offer")
	}
	if c.sizeLimit > 0 && int64(l.size()) > c.sizeLimit {
		return &delivery.Failure{Reason: delivery.ReasonRejected, Detail: "the message is larger than the mail server takes"}
	}
	return nil
}

var envelopeStages = [...]stage{stageSender, stageRecipient, stageContent}

func appendCommand(w []byte, at stage, l *letter) []byte {
	switch at {
	case stageSender:
		w = append(append(append(w, "MAIL FROM:<"...), l.from...), '>')
		if l.utf8 {
			w = append(w, " SMTPUTF8"...)
		}
	case stageRecipient:
		w = append(append(append(w, "RCPT TO:<"...), l.to...), '>')
	default:
		w = append(w, "DATA"...)
	}
	return append(w, "\r\n"...)
}

func appendEnvelope(w []byte, l *letter) []byte {
	for _, at := range envelopeStages {
		w = appendCommand(w, at, l)
	}
	return w
}

// envelope says MAIL, RCPT and DATA: in one write where the server offers PIPELINING, else one by one.
// Afterwards the server waits for the content, or there is a failure.
func (c *conn) envelope(j *job) result {
	if c.reader.Buffered() > 0 {
		return c.lost(stageSender, errReplyFormat) // it speaks without being asked
	}
	if c.pipelining {
		c.out = appendEnvelope(c.out[:0], &j.letter)
		if err := c.flush(c.life); err != nil {
			return c.lost(stageSender, err)
		}
		return c.envelopeAnswers(j)
	}
	for _, at := range envelopeStages {
		c.out = appendCommand(c.out[:0], at, &j.letter)
		if err := c.flush(c.life); err != nil {
			return c.lost(at, err)
		}
		r, err := c.readBrief(c.config.CommandTimeout)
		if err != nil {
			return c.lost(at, err)
		}
		if out, ok := c.answered(at, r, j); !ok {
			if out.alive {
				return c.reset(out)
			}
			return out
		}
	}
	return result{}
}

// lost is the result when the connection broke, or makes no sense any more, before any content.
func (c *conn) lost(at stage, err error) result {
	return result{failure: broken(at, err), again: c.used}
}

// answered judges one answer to the envelope. ok says that it is the one that was hoped for; else alive
// says that the server can go on after a RSET.
func (c *conn) answered(at stage, r reply, j *job) (out result, ok bool) {
	switch {
	case at == stageContent && r.code == 354, at != stageContent && r.code/10 == 25:
		return result{}, true
	case r.code < 400: // an answer to another question; nobody knows what this server will do next
		return c.lost(at, errReplyFormat), false
	}
	closes := r.code == 421
	return result{failure: judge(at, r, j.message), alive: !closes, busy: closes, again: closes && c.used && at == stageSender}, false
}

// envelopeAnswers reads the three answers to a pipelined envelope.
func (c *conn) envelopeAnswers(j *job) result {
	var refused result // by the first answer that was not hoped for
	recipient := 0
	for _, at := range envelopeStages {
		r, err := c.readBrief(c.config.CommandTimeout)
		if err != nil {
			if refused.failure != nil {
				refused.alive = false
				return refused
			}
			return c.lost(at, err)
		}
		if at == stageRecipient {
			recipient = r.code
		}
		out, ok := c.answered(at, r, j)
		switch {
		case !ok && !out.alive && refused.failure == nil:
			return out
		case !ok && !out.alive:
			refused.alive, refused.busy = false, out.busy
			return refused
		case !ok && refused.failure == nil:
			refused = out
		case ok && refused.failure != nil && at == stageContent:
			return c.abandon(refused, recipient)
		}
	}
	if refused.failure != nil {
		return c.reset(refused)
	}
	return result{}
}

// abandon is for a server that answered 354 to DATA although it refused the recipient. It then gets an
// empty message, which it has nobody to deliver to (RFC 2920 section 3.1); one that did take the recipient
// would deliver that, so that the connection is given up.
func (c *conn) abandon(refused result, recipient int) result {
	refused.alive = false
	if recipient < 400 {
		return refused
	}
	c.out = append(c.out[:0], finalDot...)
	if err := c.flush(c.life); err != nil {
		return refused
	}
	if r, err := c.readBrief(c.config.CommandTimeout); err != nil || r.code == 421 {
		return refused
	}
	return c.reset(refused)
}

// reset clears a refused envelope with RSET.
func (c *conn) reset(refused result) result {
	r, f := c.command(c.life, stageConnect, "RSET")
	refused.alive = f == nil && r.code == 250
	c.used = c.used || refused.alive
	return refused
}

// content sends a message whose envelope was taken, with the envelope of the next one behind it if there is
// one, and waits for the answer to the message. Until the last byte of the final dot is written, the server
// cannot have it; from then on, until it answers, nobody can know.
func (c *conn) content(j, next *job) result {
	wire := j.letter.wire
	end := len(wire)
	if next != nil {
		wire = appendEnvelope(wire, &next.letter)
		j.letter.wire = wire[:end]
	}
	c.deadline(c.life, c.config.CommandTimeout)
	n, err := c.net.Write(wire)
	if err != nil && n < end {
		return c.cutShort(j, err)
	}
	whole := err == nil
	r, err := c.read(c.life, c.config.AnswerTimeout)
	if err != nil {
		return result{failure: delivery.NoAnswer(cause(err) + " after the whole message was sent")}
	}
	c.used, c.answeredAt = true, time.Now()
	if next == nil && c.reader.Buffered() > 0 {
		whole = false // more answers than questions
	}
	switch {
	case r.code/10 == 25:
		return result{receipt: taken(r), alive: whole}
	case r.code == 421:
		return result{failure: judge(stageContent, r, j.message), busy: true}
	case r.code >= 400:
		return result{failure: judge(stageContent, r, j.message), alive: whole}
	}
	return result{failure: delivery.NoAnswer("the mail server answered " + strconv.Itoa(r.code) + " to the whole message")}
}

// lastWord bounds the wait for what a server that stopped reading may have said before.
const lastWord = time.Second

// cutShort is the result when the content could not be written to its end: the message is not sent. The
// server may have said why.
func (c *conn) cutShort(j *job, failed error) result {
	r, err := c.read(c.life, min(lastWord, c.config.CommandTimeout))
	switch {
	case err != nil:
		return result{failure: broken(stageContent, failed)}
	case r.code >= 400:
		return result{failure: judge(stageContent, r, j.message), busy: r.code == 421}
	}
	return result{failure: delivery.NoAnswer("the mail server answered " + strconv.Itoa(r.code) + " before the whole message was sent")}
}
