package httpapi

import (
	"context"
	"net/http"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// ReturnDesk counts what came back.
type ReturnDesk interface {
	Returns(ctx context.Context, incident string) ([]breach.ReturnCount, error)
}

type returnsAnswer struct {
	Returns []breach.ReturnCount `json:"returns"`
}

func (s *server) returns() {
	add(s, route{
		method: http.MethodGet, path: "/v1/incidents/{id}/returns", id: "listReturns", tag: "sending", roles: readers,
		summary: "What came back for the emails of an incident", text: "Bounces by reason, complaints and delays, counted by provider and by the domain of the server that reported. Nobody is named. " +
			"A report to an authority that came back says so at the incident's reports.",
	}, func(ctx context.Context, in *OfIncident) (*answer[returnsAnswer], error) {
		list, err := s.cfg.Desk.Returns(ctx, in.ID)
		return reply(returnsAnswer{list}, err)
	})
}
