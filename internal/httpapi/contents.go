package httpapi

import (
	"context"
	"net/http"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

type waiveInput struct {
	OfIncident
	Body struct {
		Wave   int       `json:"wave,omitempty" minimum:"0" doc:"Number of the list of people; 0 is the newest."`
		Gaps   []gapName `json:"gaps" minItems:"1" maxItems:"200" doc:"What is let go."`
		Reason string    `json:"reason" minLength:"10" maxLength:"2000" doc:"Why; it stands on the record, in the plan and in the evidence, and names no person."`
	}
}

type gapName struct {
	Obligation string `json:"obligation" minLength:"1" maxLength:"200" doc:"Id of the duty."`
	Field      string `json:"field" minLength:"1" maxLength:"60" doc:"The field, as the check names it."`
}

type waived struct {
	Waived []breach.Waiver `json:"waived" doc:"As recorded."`
}

type numberInput struct {
	OfIncident
	Body struct {
		Field  string `json:"field" minLength:"1" maxLength:"60" doc:"For example people.total or people.by_country.CN."`
		Value  int64  `json:"value" minimum:"0" doc:"What is held to be true."`
		Reason string `json:"reason" minLength:"10" maxLength:"2000" doc:"Why; it stands on the record and names no person."`
	}
}

// contents are the routes about what texts hold and which numbers drive.
func (s *server) contents() {
	add(s, route{
		method: http.MethodGet, path: "/v1/incidents/{id}/plan/check", id: "checkPlan", tag: "plans", roles: readers,
		summary: "What would keep a plan from being approved", text: "Every gap with its regime, field, source and what to do. Kinds: missing and forbidden fields, conflict of two regimes, title and headings that are prescribed, font_size, remedy (what must be offered, such as months of credit monitoring), posting_days, call_centre, and list for doubts about the people. It changes nothing.",
	}, func(ctx context.Context, in *planInput) (*answer[breach.PlanCheck], error) {
		return reply(s.cfg.Desk.CheckPlan(ctx, in.ID, in.Wave))
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/plan/waive", id: "waiveContents", tag: "plans", roles: handlers, body: command,
		summary: "Let gaps of the texts go, by name and with a reason", text: "They stand in the plan that another person approves.",
	}, func(ctx context.Context, in *waiveInput) (*answer[waived], error) {
		list := make([]breach.Waiver, len(in.Body.Gaps))
		for i, g := range in.Body.Gaps {
			list[i] = breach.Waiver{Obligation: g.Obligation, Field: g.Field}
		}
		done, err := s.cfg.Desk.WaiveContents(ctx, in.ID, in.Body.Wave, list, in.Body.Reason, actorOf(ctx))
		return reply(waived{done}, err)
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/numbers", id: "decideNumber", tag: "incidents", roles: handlers, body: command,
		summary: "Decide about a number on which facts and lists disagree", text: "Until then the higher one drives the duties.",
	}, func(ctx context.Context, in *numberInput) (*answer[breach.Amended], error) {
		d := breach.NumberDecision{Field: in.Body.Field, Value: in.Body.Value, Reason: in.Body.Reason}
		return reply(s.cfg.Desk.DecideNumber(ctx, in.ID, d, actorOf(ctx)))
	})
}
