package email

import (
	"strings"
	"testing"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/deliverytest"
)

var canary = delivery.Message{
	Channel: breach.Email, To: "zsuzsanna.kanarienvogel@example.com", Locale: "en", Subject: "Notice",
	Text: "Dear " + deliverytest.Name + ",\n.hidden dot\nwhat happened", HTML: "<p>Dear " + deliverytest.Name + "</p>",
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, extensions := range map[string][]string{
		"pipelined":  nil,
		"one by one": {"8BITMIME"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			deliverytest.Run(t, deliverytest.Case{
				Message:         canary,
				Start:           func(t *testing.T, b deliverytest.Behaviour) deliverytest.Provider { return startFor(t, b, extensions) },
				Unreachable:     unreachable,
				Accepted:        breach.Accepted,
				PermanentReason: delivery.ReasonNoMailbox,
				TemporaryReason: delivery.ReasonMailboxFull,
				RepeatKey:       deliverytest.ByDelivery,
			})
		})
	}
}

func startFor(t *testing.T, b deliverytest.Behaviour, extensions []string) deliverytest.Provider {
	echo := " <" + canary.To + "> " + deliverytest.Name + ": " + canary.To + " unknown; " + canary.Text[:10]
	s := startServer(t, &server{ehlo: extensions, answer: func(_ int, line string) string {
		switch {
		case b == deliverytest.Permanent && strings.HasPrefix(line, "RCPT"):
			return "550 5.1.1" + echo
		case b == deliverytest.Temporary && strings.HasPrefix(line, "RCPT"):
			return "452 4.2.2" + echo
		case b == deliverytest.Drop && line == "CONTENT":
			return "DROP"
		case b == deliverytest.Hang && line == "CONTENT":
			return "HANG"
		}
		return ""
	}})
	return deliverytest.Provider{Sender: newSender(t, testConfig(s.Addr)), Taken: s.taken, Contacted: s.contacted}
}

func unreachable(t *testing.T) delivery.Sender {
	return newSender(t, testConfig(deliverytest.ClosedPort(t)))
}
