package httpapi

import (
	"context"
	"net/http"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

type unreachedInput struct {
	OfIncident
	Outcome  breach.Outcome `query:"outcome" enum:"pending,attempted,unreachable,covered_by_announcement,exempt,held,withdrawn" doc:"Only people of this outcome; everybody who is not reached without it."`
	Reason   string         `query:"reason" maxLength:"40" pattern:"^[a-z_]*$" doc:"Only people with this reason."`
	After    string         `query:"after" maxLength:"13" pattern:"^[0-9a-z]*$" doc:"What the page before gave as next."`
	Limit    int            `query:"limit" minimum:"1" maximum:"1000" default:"500" doc:"At most so many people."`
	Contacts bool           `query:"contacts" doc:"Show which contacts they have, masked; every such page is put on record."`
}

type retryInput struct {
	OfIncident
	Reason  string         `query:"reason" maxLength:"40" pattern:"^[a-z_]*$" doc:"Only people whose outcome has this reason."`
	Channel breach.Channel `query:"channel" enum:"email,sms,push,voice,letter" doc:"Only by this channel."`
}

type tryAgainInput struct {
	OfIncident
	Body struct {
		Reason  string         `json:"reason,omitempty" maxLength:"40" pattern:"^[a-z_]*$" doc:"Only people whose outcome has this reason, such as failed_everywhere."`
		Channel breach.Channel `json:"channel,omitempty" enum:"email,sms,push,voice,letter" doc:"Only by this channel."`
		Why     string         `json:"why" minLength:"10" maxLength:"2000" doc:"Why; it stands on the record and names no person."`
	}
}

type announceInput struct {
	OfIncident
	Body struct {
		Why string `json:"why" minLength:"10" maxLength:"2000" doc:"Why the public is told now; it stands on the record and names no person."`
	}
}

// unreached is the list of those who are not reached, and what can be done for them.
func (s *server) unreached() {
	add(s, route{
		method: http.MethodGet, path: "/v1/incidents/{id}/unreached", id: "listUnreached", tag: "people", roles: handlers,
		summary: "Everybody who is not reached, and why", text: "Page by page; a page may be short and still have a next one. No contact is shown in clear.",
	}, func(ctx context.Context, in *unreachedInput) (*answer[breach.UnreachedPage], error) {
		q := breach.UnreachedQuery{Outcome: in.Outcome, Reason: in.Reason, After: in.After, Limit: in.Limit, Contacts: in.Contacts}
		return reply(s.cfg.Desk.Unreached(ctx, in.ID, q, actorOf(ctx)))
	})
	add(s, route{
		method: http.MethodGet, path: "/v1/incidents/{id}/send/again", id: "wouldTryAgain", tag: "sending", roles: handlers,
		summary: "What trying people again would come to", text: "Changes nothing.",
	}, func(ctx context.Context, in *retryInput) (*answer[breach.Retried], error) {
		return reply(s.cfg.Desk.WouldTryAgain(ctx, in.ID, breach.Retry{Reason: in.Reason, Channel: in.Channel}, actorOf(ctx)))
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/send/again", id: "tryAgain", tag: "sending", roles: handlers, body: command,
		summary: "Try those again whom no channel reached",
		text:    "They get a new set of tries. Whom a message may have reached is never sent another one for it, and who has no contact or is not allowed stays; the answer counts them.",
	}, func(ctx context.Context, in *tryAgainInput) (*answer[breach.Retried], error) {
		return reply(s.cfg.Desk.TryAgain(ctx, in.ID, breach.Retry{Reason: in.Body.Reason, Channel: in.Body.Channel, Why: in.Body.Why}, actorOf(ctx)))
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/announce", id: "announceNow", tag: "sending", roles: leads, body: command,
		summary: "Publish the approved announcement now", text: "While people go on being told one by one. An approved plan must hold it.",
	}, func(ctx context.Context, in *announceInput) (*answer[breach.AnnounceNow], error) {
		return reply(s.cfg.Desk.AnnounceNow(ctx, in.ID, in.Body.Why, actorOf(ctx)))
	})
}
