package twilio

import (
	"context"
	"errors"
	"net/http"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Erase has the vendor delete a message, or only its text. One that the vendor does not know (any more) is deleted. A
// message that is still on its way cannot be deleted yet; that is temporary.
func (s *Sender) Erase(ctx context.Context, ref string, textAlone bool) error {
	if plainRef(&ref) == "" {
		return permanent(delivery.ReasonBadInput, "that is no id of a message")
	}
	var err error
	if textAlone {
		_, err = s.service(ctx).UpdateMessage(ref, (&api.UpdateMessageParams{}).SetBody(""))
	} else {
		err = s.service(ctx).DeleteMessage(ref, &api.DeleteMessageParams{})
	}
	var refused *answerError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &refused):
		return delivery.Temporary(delivery.ReasonProviderDown, "the provider did not answer; deleting again does no harm", 0)
	case refused.status == http.StatusNotFound:
		return nil
	case refused.status == http.StatusTooManyRequests, refused.status >= http.StatusInternalServerError,
		refused.status == http.StatusUnauthorized, refused.status == http.StatusConflict, refused.code == messageInProgress:
		return delivery.Temporary(delivery.ReasonProviderBusy, "the provider could not delete it now", refused.after)
	}
	return permanent(delivery.ReasonRejected, "the provider refused to delete it")
}

// messageInProgress is the vendor's code for a message that has no final status yet.
const messageInProgress = 20009

func permanent(reason, detail string) *delivery.Failure {
	return &delivery.Failure{Reason: reason, Detail: detail}
}
