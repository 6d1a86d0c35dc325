package email

import (
	"bytes"
	"context"
	"strconv"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// maxSpare is the most memory for commands and content that a connection keeps between messages, bytes.
const maxSpare = 64 << 10

// result is what became of one message on one connection.
type result struct {
	receipt delivery.Receipt
	failure *delivery.Failure
	alive   bool // the connection may carry the next message
	// stale: before the server answered anything to this message, the connection broke or was closed with
	// 421, as happens to one that was idle for too long. It says nothing about the message.
	stale bool
}

// transact hands one message over: envelope, then content. The two are separate steps so that the next
// message's envelope can travel in the write of this one's content later on.
func (c *conn) transact(ctx context.Context, l letter, m delivery.Message) result {
	if f := c.cannotCarry(l); f != nil {
		return result{failure: f, alive: true}
	}
	stop := context.AfterFunc(ctx, c.interrupt)
	out := c.envelope(ctx, l, m)
	if out.failure == nil {
		out = c.content(ctx, l, m)
	}
	c.used = true
	if !stop() {
		out.alive = false // the interruption may still be on its way, and would hit the next message
	}
	return out
}

// cannotCarry is about what the server did not offer.
func (c *conn) cannotCarry(l letter) *delivery.Failure {
	if l.utf8 && !c.has("SMTPUTF8") {
		return delivery.Refused("the address needs SMTPUTF8, which the mail server does not offer")
	}
	if limit, err := strconv.ParseInt(c.extensions["SIZE"], 10, 64); err == nil && limit > 0 && int64(len(l.raw)) > limit {
		return &delivery.Failure{Reason: delivery.ReasonRejected, Detail: "the message is larger than the mail server takes"}
	}
	return nil
}

// envelope says MAIL, RCPT and DATA: in one write where the server offers PIPELINING, else one by one.
// Afterwards the server waits for the content, or there is a failure and the connection is ready again.
func (c *conn) envelope(ctx context.Context, l letter, m delivery.Message) result {
	mail := "MAIL FROM:<" + l.from + ">"
	if l.utf8 {
		mail += " SMTPUTF8"
	}
	lines := [...]string{mail, "RCPT TO:<" + l.to + ">", "DATA"}
	stages := [...]stage{stageSender, stageRecipient, stageContent}
	pipelined := c.has("PIPELINING")
	var refused *delivery.Failure
	for i, line := range lines {
		if !pipelined || i == 0 {
			c.out = append(append(c.out[:0], line...), "\r\n"...)
			if pipelined {
				c.out = append(append(append(append(c.out, lines[1]...), "\r\n"...), lines[2]...), "\r\n"...)
			}
			if err := c.flush(ctx); err != nil {
				return result{failure: broken(stages[i], err), stale: i == 0 && c.used}
			}
		}
		r, err := c.read(ctx, c.config.CommandTimeout)
		if err != nil && refused == nil {
			return result{failure: broken(stages[i], err), stale: i == 0 && c.used}
		}
		if err != nil {
			return result{failure: refused} // the first answer counts, the connection is gone
		}
		f := c.answered(stages[i], r, m)
		if f != nil && refused == nil {
			refused = f
		}
		switch {
		case r.code == 421:
			return result{failure: refused, stale: i == 0 && c.used}
		case f != nil && r.code < 400:
			return result{failure: refused} // nobody knows what this server will do next
		case refused != nil && !pipelined:
			return c.reset(ctx, refused)
		case refused != nil && stages[i] == stageContent:
			return c.abandon(ctx, r, refused)
		}
	}
	return result{}
}

// answered judges one answer to the envelope.
func (c *conn) answered(at stage, r reply, m delivery.Message) *delivery.Failure {
	switch {
	case at == stageContent && r.code == 354:
		return nil
	case at != stageContent && r.code/10 == 25:
		return nil
	case r.code < 400:
		return broken(at, errReplyFormat) // an answer to another question
	}
	return judge(at, r, m)
}

// abandon ends a refused pipelined envelope. A server may answer 354 to DATA although it took no
// recipient; it then gets an empty message, which it has nobody to deliver to (RFC 2920 section 3.1).
func (c *conn) abandon(ctx context.Context, data reply, refused *delivery.Failure) result {
	if data.code == 354 {
		c.out = append(c.out[:0], ".\r\n"...)
		if err := c.flush(ctx); err != nil {
			return result{failure: refused}
		}
		if r, err := c.read(ctx, c.config.CommandTimeout); err != nil || r.code == 421 {
			return result{failure: refused}
		}
	}
	return c.reset(ctx, refused)
}

// reset clears a refused envelope with RSET.
func (c *conn) reset(ctx context.Context, refused *delivery.Failure) result {
	r, f := c.command(ctx, stageConnect, "RSET")
	return result{failure: refused, alive: f == nil && r.code == 250}
}

// content sends the message and waits for the answer to it. Until the last byte of the final dot is
// written, the server cannot have the message; from then on, until it answers, nobody can know.
func (c *conn) content(ctx context.Context, l letter, m delivery.Message) result {
	c.out = appendStuffed(c.out[:0], l.raw)
	err := c.flush(ctx)
	if cap(c.out) > maxSpare {
		c.out = nil
	}
	if err != nil {
		return result{failure: broken(stageContent, err)}
	}
	r, err := c.read(ctx, c.config.AnswerTimeout)
	if err != nil {
		return result{failure: delivery.NoAnswer(cause(err) + " after the whole message was sent")}
	}
	switch r.code / 100 {
	case 2:
		return result{receipt: taken(r), alive: true}
	case 4, 5:
		return result{failure: judge(stageContent, r, m), alive: r.code != 421}
	}
	return result{failure: delivery.NoAnswer("the mail server answered " + strconv.Itoa(r.code) + " to the whole message")}
}

// appendStuffed appends a message with its dots doubled at line starts, and the final dot. raw has CRLF
// line ends and ends in one.
func appendStuffed(w, raw []byte) []byte {
	if len(raw) > 0 && raw[0] == '.' {
		w = append(w, '.')
	}
	for {
		i := bytes.Index(raw, []byte("\n."))
		if i < 0 {
			break
		}
		w = append(append(w, raw[:i+2]...), '.')
		raw = raw[i+2:]
	}
	return append(append(w, raw...), ".\r\n"...)
}
