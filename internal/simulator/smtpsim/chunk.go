package smtpsim

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

var errNoSize = errors.New("smtpsim: BDAT without a size")

// chunk takes a piece of a message by its length (RFC 3030), the whole of it as a rule. What follows BDAT is
// read whatever becomes of it, because nobody could tell it from commands.
func (s *session) chunk(arg string) error {
	octets, last, _ := strings.Cut(arg, " ")
	n, err := strconv.ParseUint(octets, 10, 31)
	if err != nil || last != "" && !strings.EqualFold(last, "LAST") {
		s.reply("501 5.5.4 Expected BDAT octets [LAST]")
		return errors.Join(errClose, errNoSize)
	}
	if err := s.strikeData(); err != nil {
		return err
	}
	if !s.pieces {
		s.body = s.body[:0]
	}
	taken := s.mail.open && len(s.mail.to) > 0 && len(s.body)+int(n) <= maxMessage
	if err := s.piece(int64(n), taken); err != nil {
		return err
	}
	switch {
	case !s.mail.open:
		return s.fail("503 5.5.1 MAIL comes first")
	case len(s.mail.to) == 0:
		return s.fail("554 5.5.1 No valid recipients")
	case !taken:
		s.mail, s.pieces = envelope{}, false
		return s.fail("552 5.3.4 Message too big")
	case last == "":
		s.pieces = true
		s.reply("250 2.0.0 " + octets + " octets received")
		return nil
	}
	s.pieces = false
	return s.complete(problemOf(s.body))
}

// piece reads octets into s.body, or away.
func (s *session) piece(n int64, keep bool) error {
	if err := s.conn.SetReadDeadline(time.Now().Add(idleTimeout)); err != nil {
		return err
	}
	if s.in.Buffered() < int(n) { // the peer may wait for what it is owed
		if err := s.flush(); err != nil {
			return err
		}
	}
	if !keep {
		_, err := io.CopyN(io.Discard, s.in, n)
		return err
	}
	start := len(s.body)
	s.body = append(s.body, make([]byte, n)...)
	_, err := io.ReadFull(s.in, s.body[start:])
	return err
}

// problemOf judges the lines of a message that came by its length.
func problemOf(body []byte) string {
	for line := range bytes.SplitAfterSeq(body, []byte("\r\n")) {
		switch text := bytes.TrimSuffix(line, []byte("\r\n")); {
		case bytes.ContainsAny(text, "\r\n"):
			return "550 5.6.0 Bare CR or LF in the message"
		case len(text) > 998:
			return "550 5.6.0 A line is longer than 998 octets"
		}
	}
	return ""
}
