package voice

import (
	"context"
	"net/http"

	"github.com/tocsin-engine/tocsin/internal/delivery/twilioapi"
)

// Probe asks the vendor about the account and the number that calls. Nobody is called.
func (s *Sender) Probe(ctx context.Context) (twilioapi.Account, error) {
	return twilioapi.Probe(ctx, s.config.From, func(ctx context.Context, path string, into any) error {
		return s.request(ctx, http.MethodGet, path, nil, into)
	})
}
