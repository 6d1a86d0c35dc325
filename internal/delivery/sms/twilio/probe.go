package twilio

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/twilioapi"
)

// Probe asks the vendor about the account, and about the sender where that is a number. Nothing is sent.
func (s *Sender) Probe(ctx context.Context) (twilioapi.Account, error) {
	number := s.config.From
	if !delivery.IsNumber(number) {
		number = ""
	}
	return twilioapi.Probe(ctx, number, func(ctx context.Context, path string, into any) error {
		resp, err := (&call{ctx: ctx, sender: s}).SendRequest(http.MethodGet, "/2010-04-01/Accounts/"+s.config.AccountSID+path, nil, nil)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		return json.NewDecoder(resp.Body).Decode(into)
	})
}
