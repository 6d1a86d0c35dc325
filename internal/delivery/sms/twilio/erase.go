package twilio

import (
	"context"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/twilioapi"
)

// Erase has the vendor delete a message, or only its text. One that the vendor does not know (any more) is deleted. A
// message that is still on its way cannot be deleted yet; that is temporary.
func (s *Sender) Erase(ctx context.Context, ref string, textAlone bool) error {
	if plainRef(&ref) == "" {
		return &delivery.Failure{Reason: delivery.ReasonBadInput, Detail: "that is no id of a message"}
	}
	var err error
	if textAlone {
		_, err = s.service(ctx).UpdateMessage(ref, (&api.UpdateMessageParams{}).SetBody(""))
	} else {
		err = s.service(ctx).DeleteMessage(ref, &api.DeleteMessageParams{})
	}
	return twilioapi.Erased(err)
}
