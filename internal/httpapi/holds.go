package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

type holdInput struct {
	OfIncident
	Body struct {
		Kind        breach.HoldKind  `json:"kind" enum:"law_enforcement,channel" doc:"law_enforcement stops the clocks of the duties that are named, and nobody in their jurisdictions is told; channel keeps channels from being used and stops no clock."`
		Form        string           `json:"form,omitempty" enum:"written,oral" doc:"How the office asked; of law_enforcement alone."`
		AskedBy     string           `json:"asked_by" minLength:"2" maxLength:"200" doc:"The office that asked; it names no person."`
		Reference   string           `json:"reference" minLength:"1" maxLength:"200" doc:"Its file number, or the house's own."`
		Reason      string           `json:"reason" minLength:"10" maxLength:"2000" doc:"Why; it stands on the record and names no person."`
		Until       time.Time        `json:"until" doc:"When it ends by itself."`
		Obligations []string         `json:"obligations,omitempty" maxItems:"200" doc:"Ids of the duties whose law knows such a delay."`
		Channels    []breach.Channel `json:"channels,omitempty" maxItems:"5" doc:"That are not used; of channel alone."`
	}
}

type releaseInput struct {
	OfIncident
	Body struct {
		Hold string `json:"hold" minLength:"1" maxLength:"64" doc:"Id of the hold."`
		Why  string `json:"why" minLength:"10" maxLength:"2000" doc:"Why; it stands on the record and names no person."`
	}
}

type delayInput struct {
	OfIncident
	Body struct {
		Obligations []string `json:"obligations" minItems:"1" maxItems:"200" doc:"Ids of the duties that are late."`
		Why         string   `json:"why" minLength:"10" maxLength:"2000" doc:"Why they are late; it stands on the record, goes into the reports that ask for it, and names no person."`
	}
}

type doneInput struct {
	OfIncident
	Body struct {
		Obligation string    `json:"obligation" minLength:"3" maxLength:"200" doc:"Id of the duty."`
		Said       string    `json:"said" minLength:"10" maxLength:"2000" doc:"What was done and how, for example what was published where; it stands on the record and names no person."`
		DoneAt     time.Time `json:"done_at,omitzero" doc:"When it was done; now, if it is left out."`
	}
}

type answerInput struct {
	OfIncident
	Body struct {
		Question string `json:"question" minLength:"3" maxLength:"200" doc:"Id of the question, as a duty's questions name it."`
		Answer   bool   `json:"answer" doc:"Yes is true."`
		Why      string `json:"why" minLength:"10" maxLength:"2000" doc:"Why; it stands with the facts and names no person."`
	}
}

type revisionList struct {
	Revisions []breach.Revision `json:"revisions"`
}

type dutyTextInput struct {
	OfIncident
	Obligation string `query:"obligation" required:"true" minLength:"1" maxLength:"200" doc:"Id of the duty, for example us-fl/other/consumer_reporting_agencies."`
}

// running is what changes while an incident runs: what must wait, why something is late, what amendments changed.
func (s *server) running() {
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/holds", id: "placeHold", tag: "holds", roles: handlers, body: command, status: http.StatusCreated,
		summary: "Have people told later, at somebody's request",
		text:    "A delay for law enforcement is placed by a lead, only where the law of each duty knows it; others are refused with what to do. It ends by itself.",
	}, func(ctx context.Context, in *holdInput) (*answer[breach.Hold], error) {
		b := in.Body
		return reply(s.cfg.Desk.Hold(ctx, in.ID, breach.Hold{
			Kind: b.Kind, Form: b.Form, AskedBy: b.AskedBy, Reference: b.Reference, Reason: b.Reason, Until: b.Until, Obligations: b.Obligations, Channels: b.Channels,
		}, actorOf(ctx)))
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/holds/release", id: "releaseHold", tag: "holds", roles: leads, body: command,
		summary: "End a hold before its time", text: "Who was held is told, and clocks that stood still run on with the time that was left.",
	}, func(ctx context.Context, in *releaseInput) (*answer[done], error) {
		return did(s.cfg.Desk.ReleaseHold(ctx, in.ID, in.Body.Hold, in.Body.Why, actorOf(ctx)))
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/delays", id: "explainDelay", tag: "reports", roles: handlers, body: command,
		summary: "Say why duties are late", text: "Without that nothing is submitted, filed or met late.",
	}, func(ctx context.Context, in *delayInput) (*answer[done], error) {
		return did(s.cfg.Desk.ExplainDelay(ctx, in.ID, in.Body.Obligations, in.Body.Why, actorOf(ctx)))
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/done", id: "stateDone", tag: "reports", roles: leads, body: command,
		summary: "State that a duty was carried out outside Tocsin",
		text:    "A follow-up report, a notice to the media or to somebody else. The instant enters the facts, so that what follows it counts from there. The duty to tell people is not stated: they are counted one by one.",
	}, func(ctx context.Context, in *doneInput) (*answer[breach.Filing], error) {
		return reply(s.cfg.Desk.Done(ctx, in.ID, in.Body.Obligation, in.Body.Said, in.Body.DoneAt, actorOf(ctx)))
	})
	add(s, route{
		method: http.MethodGet, path: "/v1/incidents/{id}/text", id: "dutyText", tag: "reports", roles: handlers,
		summary: "The text of a duty that a person carries out",
		text:    "A follow-up report, or word to somebody whom a law names beside authorities and people, with what that law asks for. It is written from the incident as it is now, and nothing is sent.",
	}, func(ctx context.Context, in *dutyTextInput) (*answer[breach.DutyText], error) {
		return reply(s.cfg.Desk.DutyText(ctx, in.ID, in.Obligation))
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/answers", id: "answerQuestion", tag: "incidents", roles: handlers, body: command,
		summary: "Answer a question that no fact can answer", text: "With a reason; it is an amendment of the facts, and says which duties changed.",
	}, func(ctx context.Context, in *answerInput) (*answer[breach.Amended], error) {
		return reply(s.cfg.Desk.Answer(ctx, in.ID, in.Body.Question, in.Body.Answer, in.Body.Why, actorOf(ctx)))
	})
	add(s, route{
		method: http.MethodGet, path: "/v1/incidents/{id}/revisions", id: "listRevisions", tag: "incidents", roles: readers,
		summary: "Every revision of the facts, and what it changed", text: "Who amended which facts and when; which verdicts, deadlines, contents and reasons are others since, the oldest first.",
	}, func(ctx context.Context, in *OfIncident) (*answer[revisionList], error) {
		list, err := s.cfg.Desk.Revisions(ctx, in.ID)
		if list == nil {
			list = []breach.Revision{}
		}
		return reply(revisionList{list}, err)
	})
}
