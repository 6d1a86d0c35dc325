package voice

import (
	"context"
	"net/http"

	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/twilioapi"
)

// Erase has the vendor delete a call with what was recorded of it: nothing is by us, but an account may be set to. What
// the vendor does not know (any more) is deleted. A call that goes on cannot be deleted yet; that is temporary.
func (s *Sender) Erase(ctx context.Context, ref string) error {
	if !delivery.PlainID(ref) {
		return &delivery.Failure{Reason: delivery.ReasonBadInput, Detail: "that is no id of a call"}
	}
	for {
		var list struct {
			Recordings []struct {
				SID string `json:"sid"`
			} `json:"recordings"`
		}
		err := s.request(ctx, http.MethodGet, "/Calls/"+ref+"/Recordings.json?PageSize="+pageSize, nil, &list)
		if err := twilioapi.Erased(err); err != nil {
			return err
		}
		for _, r := range list.Recordings {
			if !delivery.PlainID(r.SID) {
				return twilioapi.Erased(errUnreadable)
			}
			if err := twilioapi.Erased(s.request(ctx, http.MethodDelete, "/Recordings/"+r.SID+".json", nil, nil)); err != nil {
				return err
			}
		}
		if len(list.Recordings) == 0 || ctx.Err() != nil {
			break
		}
	}
	return twilioapi.Erased(s.request(ctx, http.MethodDelete, "/Calls/"+ref+".json", nil, nil))
}
