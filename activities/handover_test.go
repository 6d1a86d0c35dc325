package activities

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// counted is a provider that takes everything.
type counted struct{ sent *int }

func (c counted) Sender(string) (delivery.Sender, bool) { return c, true }

func (c counted) Send(context.Context, delivery.Message) (delivery.Receipt, error) {
	*c.sent++
	return delivery.Receipt{State: breach.HandedOver}, nil
}

// The policy is asked once more right before the wire: a step that names a provider that this person's data
// may not go to hands nothing over, wherever the step came from.
func TestLastLock(t *testing.T) {
	t.Parallel()
	at := breach.Person{Name: "n", Phone: "+8613800000000", Email: "n@mail.example", Country: "CN", Locale: "zh-Hans"}
	objects := at
	objects.Objections = []breach.Channel{breach.SMS}
	for name, c := range map[string]struct {
		policy, provider string
		channel          breach.Channel
		who              breach.Person
		reason           string
	}{
		"abroad":        {"mooc", "twilio", breach.SMS, at, policy.RefusedAbroad},
		"objection":     {"mooc", "gateway", breach.SMS, objects, policy.RefusedObjection},
		"third party":   {"chinesepod", "twilio", breach.SMS, at, policy.RefusedThirdParty},
		"nobody's":      {"mooc", "somebody else", breach.SMS, at, policy.RefusedNotOperated},
		"wrong channel": {"mooc", "smtp", breach.SMS, at, policy.RefusedNotOperated},
		"permitted":     {"mooc", "gateway", breach.SMS, at, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := policy.Builtin(c.policy)
			require.NoError(t, err)
			sent := 0
			l := &lane{Deliver: &Deliver{Senders: counted{&sent}, Words: plainWords{}, Now: time.Now}, scope: scope{profile: p}}
			l.exits = l.Deliver.exits(p, c.channel)
			ev := l.send(t.Context(), 1, job{
				sub: &breach.Subject{ID: 7, Person: c.who}, text: &breach.Text{},
				step: policy.Step{Kind: policy.StepSend, Addressee: breach.ToSelf, Channel: c.channel, Provider: c.provider, Try: 1},
			})
			require.False(t, ev.At.IsZero())
			if c.reason == "" {
				require.Equal(t, breach.HandedOver, ev.State)
				require.Equal(t, 1, sent)
				return
			}
			require.Equal(t, breach.FailedPermanent, ev.State)
			require.Equal(t, c.reason, ev.Reason)
			require.Zero(t, sent)
		})
	}
}

// plainWords renders anybody.
type plainWords struct{ Words }

func (plainWords) Message(breach.Text, breach.Person, breach.Addressee, string) (delivery.Message, error) {
	return delivery.Message{To: "somebody"}, nil
}
