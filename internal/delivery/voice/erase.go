package voice

import (
	"context"
	"errors"
	"net/http"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Erase has the vendor delete a call with what was recorded of it: nothing is by us, but an account may be set to. What
// the vendor does not know (any more) is deleted. A call that goes on cannot be deleted yet; that is temporary. The
// vendor cannot remove the words of a call and keep the rest.
func (s *Sender) Erase(ctx context.Context, ref string, textAlone bool) error {
	if !delivery.PlainID(ref) {
		return &delivery.Failure{Reason: delivery.ReasonBadInput, Detail: "that is no id of a call"}
	}
	if textAlone {
		return &delivery.Failure{Reason: delivery.ReasonRejected, Detail: "the provider deletes calls as a whole only; the policy must say delete"}
	}
	for {
		var list struct {
			Recordings []struct {
				SID string `json:"sid"`
			} `json:"recordings"`
		}
		err := s.request(ctx, http.MethodGet, "/Calls/"+ref+"/Recordings.json?PageSize="+pageSize, nil, &list)
		if err != nil && !gone(err) {
			return notErased(err)
		}
		for _, r := range list.Recordings {
			if !delivery.PlainID(r.SID) {
				return notErased(errUnreadable)
			}
			if err := s.request(ctx, http.MethodDelete, "/Recordings/"+r.SID+".json", nil, nil); err != nil && !gone(err) {
				return notErased(err)
			}
		}
		if len(list.Recordings) == 0 || ctx.Err() != nil {
			break
		}
	}
	if err := s.request(ctx, http.MethodDelete, "/Calls/"+ref+".json", nil, nil); err != nil && !gone(err) {
		return notErased(err)
	}
	return nil
}

func gone(err error) bool {
	var refused *answerError
	return errors.As(err, &refused) && refused.status == http.StatusNotFound
}

// stillThere is the vendor's code for what is in use and cannot be deleted yet.
const stillThere = 20009

func notErased(err error) *delivery.Failure {
	var refused *answerError
	switch {
	case !errors.As(err, &refused):
		return delivery.Temporary(delivery.ReasonProviderDown, "the provider did not answer; deleting again does no harm", 0)
	case refused.status == http.StatusTooManyRequests, refused.status >= http.StatusInternalServerError,
		refused.status == http.StatusUnauthorized, refused.status == http.StatusConflict, refused.code == stillThere:
		return delivery.Temporary(delivery.ReasonProviderBusy, "the provider could not delete it now", refused.after)
	}
	return &delivery.Failure{Reason: delivery.ReasonRejected, Detail: "the provider refused to delete it"}
}
