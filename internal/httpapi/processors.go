package httpapi

import (
	"context"
	"net/http"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

type requestedInput struct {
	OfIncident
	Body struct {
		Provider  string `json:"provider" maxLength:"40" pattern:"^[a-z][a-z0-9-]*$" doc:"By its name in the policy."`
		Reference string `json:"reference" minLength:"1" maxLength:"200" doc:"Under which it was asked: a letter, a ticket. It names no person."`
	}
}

// processors are who carries messages, what they got, and what they are told to delete.
func (s *server) processors() {
	add(s, route{
		method: http.MethodGet, path: "/v1/incidents/{id}/processors", id: "listProcessors", tag: "sending", roles: readers,
		summary: "Who carried messages: location, contract, what they got, what was kept from them, what they deleted",
		text:    "Counts by country; nobody is named. Where the way abroad rests on an exception of the policy, it is named with its article.",
	}, func(ctx context.Context, in *OfIncident) (*answer[breach.Register], error) {
		return reply(s.cfg.Desk.Processors(ctx, in.ID))
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/processors/erase", id: "eraseAtProcessors", tag: "sending", roles: leads,
		summary: "Tell the processors of a closed incident to delete now",
		text:    "By itself that happens at the end of the policy's retention. It goes on until each has answered; what cannot be deleted is listed.",
	}, func(ctx context.Context, in *OfIncident) (*answer[breach.Register], error) {
		return reply(s.cfg.Desk.Erase(ctx, in.ID, actorOf(ctx)))
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/processors/requested", id: "requestedErasure", tag: "sending", roles: handlers, body: command,
		summary: "Note that a processor without an interface for it was asked to delete",
	}, func(ctx context.Context, in *requestedInput) (*answer[done], error) {
		return did(s.cfg.Desk.RequestedErasure(ctx, in.ID, in.Body.Provider, in.Body.Reference, actorOf(ctx)))
	})
}
