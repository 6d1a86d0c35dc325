package twilio

import (
	"context"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/twilioapi"
)

// Erase has the vendor delete a message. One that the vendor does not know (any more) is deleted. A message that is still
// on its way cannot be deleted yet; that is temporary.
func (s *Sender) Erase(ctx context.Context, ref string) error {
	if plainRef(&ref) == "" {
		return noMessage()
	}
	return twilioapi.Erased(s.service(ctx).DeleteMessage(ref, &api.DeleteMessageParams{}))
}

// Redact has the vendor remove a message's text; the rest as Erase.
func (s *Sender) Redact(ctx context.Context, ref string) error {
	if plainRef(&ref) == "" {
		return noMessage()
	}
	_, err := s.service(ctx).UpdateMessage(ref, (&api.UpdateMessageParams{}).SetBody(""))
	return twilioapi.Erased(err)
}

func noMessage() error {
	return &delivery.Failure{Reason: delivery.ReasonBadInput, Detail: "that is no id of a message"}
}
