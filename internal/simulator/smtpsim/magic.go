package smtpsim

import (
	"strings"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// Provider is the name under which messages stand in the outbox.
const Provider = "smtp"

// Outcomes of this simulator in the outbox.
const (
	OutcomeAccepted = "accepted"
	OutcomeDropped  = "accepted, connection dropped"
	OutcomeSlow     = "accepted slowly"
	OutcomeBounced  = "refused 550 5.1.1"
	OutcomeFull     = "refused 452 4.2.2"
	OutcomeGreylist = "refused 451 4.7.1"
	OutcomeSpam     = "refused 550 5.7.1"
	OutcomeBusy     = "refused 421 4.3.2"
	OutcomeNoRelay  = "refused 554 5.7.1"
)

const magicSuffix = ".simulator.test"

// magic gives the first label of a magic domain, or "".
func magic(recipient string) string {
	domain, ok := mailbox(recipient)
	if !ok {
		return ""
	}
	label, ok := strings.CutSuffix(domain, magicSuffix)
	if !ok || strings.Contains(label, ".") {
		return ""
	}
	return label
}

// refusal is an answer to RCPT that takes nothing.
type refusal struct {
	text    string
	outcome string
	key     string
	hangUp  bool
}

func (s *Server) refuseAtRcpt(recipient string) (refusal, bool) {
	label := magic(recipient)
	key := "smtp/" + label + "/" + strings.ToLower(recipient)
	switch label {
	case "bounce":
		return refusal{text: "550 5.1.1 No such mailbox", outcome: OutcomeBounced}, true
	case "relay":
		return refusal{text: "554 5.7.1 Relay access denied", outcome: OutcomeNoRelay}, true
	case "full":
		return refusal{text: "452 4.2.2 Mailbox full", outcome: OutcomeFull}, true
	case "greylist":
		return refusal{text: "451 4.7.1 Greylisted, try again", outcome: OutcomeGreylist, key: key}, s.box.First(key)
	case "busy":
		return refusal{text: "421 4.3.2 Too busy, closing", outcome: OutcomeBusy, key: key, hangUp: true}, s.box.First(key)
	}
	return refusal{}, false
}

// deliver records the message for each recipient and answers it.
func (s *session) deliver() error {
	if err := s.server.panel.AcceptEmail(s.server.ctx); err != nil {
		return errDrop
	}
	subject, messageID := outbox.EnvelopeHeaders(s.body)
	message := outbox.Message{
		Channel: outbox.ChannelEmail, Provider: Provider, Sender: s.mail.from, Subject: subject,
		MessageID: messageID, Transport: s.transport(), Raw: s.body, Outcome: OutcomeAccepted, Taken: true,
	}
	labels := map[string]bool{}
	for _, to := range s.mail.to {
		if label := magic(to); label != "" {
			labels[label] = true
		}
	}
	drop := false
	switch {
	case labels["spam"]:
		message.Outcome, message.Taken = OutcomeSpam, false
	case labels["drop"]:
		key := "smtp/drop/" + messageID
		if drop = s.server.box.First(key); drop {
			message.Outcome, message.FaultKey = OutcomeDropped, key
		}
	case labels["slow"]:
		message.Outcome = OutcomeSlow
	}
	if s.server.config.Envelopes {
		message.Raw = nil
	}
	done, ending, err := s.strikeDot(&message)
	if !done && err == nil {
		err = s.record(message)
	}
	if err != nil {
		s.reply("452 4.3.1 The outbox cannot be written")
		return nil //nolint:nilerr // the client is told; the session goes on
	}
	if done || ending != nil {
		return ending
	}
	switch {
	case !message.Taken:
		s.reply("550 5.7.1 Looks like spam")
		return nil
	case drop:
		return errDrop
	case labels["slow"]:
		// What is owed for earlier commands goes out first.
		if err := s.flush(); err != nil {
			return err
		}
		faults.Sleep(s.server.ctx, slowAnswer)
	}
	s.reply("250 2.0.0 Ok: queued")
	return nil
}

// record writes a message to the outbox once for each recipient.
func (s *session) record(message outbox.Message) error {
	for _, to := range s.mail.to {
		message.Recipient = to
		recorded, err := s.server.box.Append(message)
		if err == nil && recorded.Taken {
			err = s.server.taken(recorded)
		}
		if err != nil {
			return err
		}
		if recorded.Taken {
			s.server.writeBack(recorded)
		}
	}
	return nil
}
