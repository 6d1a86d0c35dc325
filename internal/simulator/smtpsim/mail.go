package smtpsim

import (
	"bufio"
	"bytes"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

func (s *session) mailFrom(arg string) error {
	switch {
	case !s.hello:
		return s.fail("503 5.5.1 Say EHLO first")
	case s.mail.open:
		return s.fail("503 5.5.1 A transaction is open")
	case !s.server.config.OpenRelay && !s.secure:
		return s.fail("530 5.7.0 Must issue a STARTTLS command first")
	case !s.server.config.OpenRelay && !s.signed:
		return s.fail("530 5.7.0 Authentication required")
	}
	address, params, ok := splitPath(arg, "FROM:")
	if !ok {
		return s.fail("501 5.5.4 Expected MAIL FROM:<address>")
	}
	mail := envelope{open: true, from: address}
	for _, param := range params {
		if problem := mail.param(param); problem != "" {
			return s.fail(problem)
		}
	}
	if problem := mail.problem(address, true); problem != "" {
		return s.fail(problem)
	}
	if done, err := s.strikeMail(); done {
		return err
	}
	s.mail = mail
	s.reply("250 2.1.0 Ok")
	return nil
}

// param takes up one ESMTP parameter of MAIL.
func (m *envelope) param(param string) (problem string) {
	name, value, _ := strings.Cut(param, "=")
	switch strings.ToUpper(name) {
	case "SIZE":
		size, err := strconv.ParseUint(value, 10, 63)
		if err != nil {
			return "501 5.5.4 SIZE is not a number"
		}
		if size > maxMessage {
			return "552 5.3.4 Message too big"
		}
	case "BODY":
		if !strings.EqualFold(value, "7BIT") && !strings.EqualFold(value, "8BITMIME") {
			return "501 5.5.4 BODY must be 7BIT or 8BITMIME"
		}
	case "SMTPUTF8":
		m.utf8 = true
	case "AUTH":
	default:
		return "555 5.5.4 Unknown parameter"
	}
	return ""
}

// problem judges an address for this transaction; the empty reverse path is
// good for a sender.
func (m *envelope) problem(address string, sender bool) string {
	if address == "" && sender {
		return ""
	}
	if _, ok := mailbox(address); !ok {
		if sender {
			return "501 5.1.7 Bad sender address syntax"
		}
		return "501 5.1.3 Bad recipient address syntax"
	}
	if !m.utf8 && !isASCII(address) {
		return "553 5.6.7 Non-ASCII address without SMTPUTF8"
	}
	return ""
}

func (s *session) rcptTo(arg string) error {
	switch {
	case !s.mail.open:
		return s.fail("503 5.5.1 MAIL comes first")
	case len(s.mail.to) >= maxRecipients:
		s.reply("452 4.5.3 Too many recipients")
		return nil
	}
	address, params, ok := splitPath(arg, "TO:")
	if !ok {
		return s.fail("501 5.5.4 Expected RCPT TO:<address>")
	}
	if len(params) > 0 {
		return s.fail("555 5.5.4 Unknown parameter")
	}
	if problem := s.mail.problem(address, false); problem != "" {
		return s.fail(problem)
	}
	if refusal, ok := s.server.refuseAtRcpt(address); ok {
		return s.refuse(refusal, address)
	}
	if done, err := s.strikeRcpt(address); done {
		return err
	}
	s.mail.to = append(s.mail.to, address)
	s.reply("250 2.1.5 Ok")
	return nil
}

// refuse records an attempt that a magic recipient refused.
func (s *session) refuse(r refusal, recipient string) error {
	if _, err := s.server.box.Append(outbox.Message{
		Channel: outbox.ChannelEmail, Provider: Provider, Sender: s.mail.from, Recipient: recipient,
		Outcome: r.outcome, FaultKey: r.key, Transport: s.transport(),
	}); err != nil {
		return errDrop
	}
	s.reply(r.text)
	if r.hangUp {
		return errClose
	}
	return nil
}

// transport says how the sender came in, for the record.
func (s *session) transport() string {
	switch {
	case s.secure && s.signed:
		return "tls+auth"
	case s.secure:
		return "tls"
	default:
		return "plain"
	}
}

func (s *session) data(arg string) error {
	switch {
	case arg != "":
		return s.fail("501 5.5.4 DATA takes no parameter")
	case !s.mail.open:
		return s.fail("503 5.5.1 MAIL comes first")
	case len(s.mail.to) == 0:
		return s.fail("554 5.5.1 No valid recipients")
	case s.pieces:
		return s.fail("503 5.5.1 BDAT has begun this message")
	}
	s.reply("354 End with <CRLF>.<CRLF>")
	if s.in.Buffered() == 0 {
		if err := s.flush(); err != nil {
			return err
		}
	}
	if err := s.strikeData(); err != nil {
		return err
	}
	problem, err := s.content()
	if err != nil {
		return err
	}
	return s.complete(problem)
}

// complete answers a message that came whole.
func (s *session) complete(problem string) error {
	if err := s.failing(); err != nil {
		return err
	}
	if problem != "" {
		s.mail = envelope{}
		return s.fail(problem)
	}
	err := s.deliver()
	s.mail = envelope{}
	return err
}

// content reads up to the final dot into s.body, undoing dot stuffing. Only
// CRLF . CRLF ends it: a bare line feed around the dot is how one message is
// smuggled into another.
func (s *session) content() (problem string, err error) {
	if err := s.conn.SetReadDeadline(time.Now().Add(idleTimeout)); err != nil {
		return "", err
	}
	s.body = s.body[:0]
	whole := true // the last piece ended a line properly
	for {
		piece, err := s.in.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return "", err
		}
		if whole && string(piece) == ".\r\n" {
			return problem, nil
		}
		if whole && piece[0] == '.' {
			piece = piece[1:]
		}
		ended := bytes.HasSuffix(piece, []byte("\r\n"))
		switch {
		case !ended && err == nil, bytes.IndexByte(bytes.TrimSuffix(piece, []byte("\r\n")), '\r') >= 0:
			problem = "550 5.6.0 Bare CR or LF in the message"
		case len(piece) > 1000:
			problem = "550 5.6.0 A line is longer than 998 octets"
		case len(s.body)+len(piece) > maxMessage:
			problem = "552 5.3.4 Message too big"
		}
		if problem == "" {
			s.body = append(s.body, piece...)
		}
		whole = ended
	}
}
