package smtpsim

import (
	"errors"
	"io"
	"time"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// Outcomes of a storm in the outbox.
const (
	OutcomeStorm421 = "refused 421 4.3.2 at random"
	OutcomeStorm451 = "refused 451 4.3.0 at random"
	OutcomeStorm552 = "refused 552 5.2.2 at random"
	OutcomeLost     = "not taken, connection lost at random"
	OutcomeUnsaid   = "accepted, answer lost at random"
)

const (
	say421 = "421 4.3.2 Not now, closing"
	say451 = "451 4.3.0 Not now"
	say552 = "552 5.2.2 Over quota"
)

// errHang ends a session for good without ending its connection: nothing is said any more until the peer
// gives up.
var errHang = errors.New("smtpsim: hang")

// greeting is what may happen before the first word.
func (s *session) greeting() error {
	switch s.server.panel.Strikes(faults.GreetHang, faults.GreetDrop, faults.Greet421) {
	case faults.GreetHang:
		return errHang
	case faults.GreetDrop:
		return errDrop
	case faults.Greet421:
		s.reply(say421)
		return errClose
	}
	return nil
}

// hangOn holds a connection that hangs.
func (s *session) hangOn() {
	if s.conn.SetReadDeadline(time.Now().Add(idleTimeout)) == nil {
		_, _ = io.Copy(io.Discard, s.in)
	}
}

// strikeMail is what may happen to MAIL; done says that it was answered.
func (s *session) strikeMail() (done bool, err error) {
	switch s.server.panel.Strikes(faults.Mail421, faults.Mail451) {
	case faults.Mail421:
		s.reply(say421)
		return true, errClose
	case faults.Mail451:
		s.reply(say451)
		return true, nil
	}
	return false, nil
}

// strikeRcpt is what may happen to RCPT; done says that it was answered, or never will be.
func (s *session) strikeRcpt(address string) (done bool, err error) {
	switch s.server.panel.Strikes(faults.RcptHang, faults.Rcpt451, faults.Rcpt552) {
	case faults.RcptHang:
		return true, errHang
	case faults.Rcpt451:
		return true, s.refuse(refusal{text: say451, outcome: OutcomeStorm451}, address)
	case faults.Rcpt552:
		return true, s.refuse(refusal{text: say552, outcome: OutcomeStorm552}, address)
	}
	return false, nil
}

// strikeData hangs up in the middle of the content.
func (s *session) strikeData() error {
	if s.server.panel.Strikes(faults.DataDrop) == "" {
		return nil
	}
	if err := s.flush(); err != nil {
		return err
	}
	_ = s.conn.SetReadDeadline(time.Now().Add(idleTimeout))
	_, _ = io.CopyN(io.Discard, s.in, 700)
	return errDrop
}

// strikeDot is what may happen to a message that came whole. done says that nothing is left to do for it;
// else it is recorded as taken, and ending is what comes instead of the usual answer.
func (s *session) strikeDot(message *outbox.Message) (done bool, ending error, err error) {
	refused := func(outcome string) error {
		message.Outcome, message.Taken = outcome, false
		return s.record(*message)
	}
	switch s.server.panel.Strikes(faults.DotHang, faults.DotHangTaken, faults.DotDrop, faults.DotDropTaken,
		faults.Dot421, faults.Dot451, faults.Dot552, faults.DotTwice) {
	case faults.DotHang:
		return true, errHang, refused(OutcomeLost)
	case faults.DotDrop:
		return true, errDrop, refused(OutcomeLost)
	case faults.DotHangTaken:
		message.Outcome = OutcomeUnsaid
		return false, errHang, nil
	case faults.DotDropTaken:
		message.Outcome = OutcomeUnsaid
		return false, errDrop, nil
	case faults.Dot421:
		s.reply(say421)
		return true, errClose, refused(OutcomeStorm421)
	case faults.Dot451:
		s.reply(say451)
		return true, nil, refused(OutcomeStorm451)
	case faults.Dot552:
		s.reply(say552)
		return true, nil, refused(OutcomeStorm552)
	case faults.DotTwice:
		s.reply("250 2.0.0 Ok: queued")
	}
	return false, nil, nil
}
