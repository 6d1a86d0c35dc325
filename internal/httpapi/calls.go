package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// CallDesk is what people who call others ask for. Roles are checked behind it too.
type CallDesk interface {
	CallQueue(ctx context.Context, by breach.Actor) (breach.CallQueue, error)
	// TakeCall is nil when no call waits that may be made now.
	TakeCall(ctx context.Context, w breach.CallWish, by breach.Actor) (*breach.QueuedCall, error)
	// CallNumber puts the look on record; breach.ErrConflict for a call that by does not have, like EndCall.
	CallNumber(ctx context.Context, call string, by breach.Actor) (string, error)
	EndCall(ctx context.Context, call string, r breach.CallResult, by breach.Actor) error
	LeaveCall(ctx context.Context, call string, by breach.Actor) error
}

type takeCallInput struct {
	Body *struct {
		Incident string `json:"incident,omitempty" maxLength:"64" doc:"Only calls of this incident."`
		Language string `json:"language,omitempty" maxLength:"35" doc:"Only calls in this language, as the queue names it."`
	}
}

// OfCall is the call that an address names.
type OfCall struct {
	Call string `path:"id" doc:"Id of the call."`
}

// Resolve implements huma.Resolver.
func (a *OfCall) Resolve(huma.Context) []error {
	if plainID(a.Call) {
		return nil
	}
	return []error{breach.Errorf(breach.ErrNotFound, "there is no call with this id")}
}

type callOutcomeInput struct {
	OfCall
	Body struct {
		Outcome string     `json:"outcome" maxLength:"40" doc:"One of the queue's outcomes."`
		Back    *time.Time `json:"call_back_at,omitempty" doc:"For call_back: not before then, within thirty days; without it as soon as somebody can."`
	}
}

type takenCall struct {
	Call *breach.QueuedCall `json:"call" doc:"null when no call waits that may be made now."`
}

type calledNumber struct {
	Number string `json:"number" doc:"E.164."`
}

// calls are those that people make, one after the other.
func (s *server) calls() {
	add(s, route{
		method: http.MethodGet, path: "/v1/calls", id: "callQueue", tag: "calls", roles: readers,
		summary: "Calls that wait for people to make them, by incident and language",
		text:    "Counts, the outcomes that may be written down, and the call that whoever asks has.",
	}, func(ctx context.Context, _ *struct{}) (*answer[breach.CallQueue], error) {
		return reply(s.cfg.Desk.CallQueue(ctx, actorOf(ctx)))
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/calls/take", id: "takeCall", tag: "calls", roles: handlers, body: command,
		summary: "Take the next call",
		text: "The call that waits longest, with its script in the person's language, within the hours of the policy. For fifteen minutes nobody else is given it, nor another call to the same number; " +
			"taking it again makes that longer. It is put on record. The number is masked.",
	}, func(ctx context.Context, in *takeCallInput) (*answer[takenCall], error) {
		var w breach.CallWish
		if in.Body != nil {
			w = breach.CallWish{Incident: in.Body.Incident, Locale: in.Body.Language}
		}
		call, err := s.cfg.Desk.TakeCall(ctx, w, actorOf(ctx))
		return reply(takenCall{call}, err)
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/calls/{id}/number", id: "callNumber", tag: "calls", roles: handlers,
		summary: "The whole number of a call that you have", text: "Every look is put on record.",
	}, func(ctx context.Context, in *OfCall) (*answer[calledNumber], error) {
		number, err := s.cfg.Desk.CallNumber(ctx, in.Call, actorOf(ctx))
		return reply(calledNumber{number}, err)
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/calls/{id}/outcome", id: "endCall", tag: "calls", roles: handlers, body: command,
		summary: "Write down what became of a call", text: "It counts like the receipt of a provider: reached is proof, a wrong number goes on to the next channel, nobody answering is tried again as the policy says.",
	}, func(ctx context.Context, in *callOutcomeInput) (*answer[done], error) {
		r := breach.CallResult{Outcome: in.Body.Outcome}
		if in.Body.Back != nil {
			r.Back = in.Body.Back.UTC()
		}
		return did(s.cfg.Desk.EndCall(ctx, in.Call, r, actorOf(ctx)))
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/calls/{id}/leave", id: "leaveCall", tag: "calls", roles: handlers,
		summary: "Give a call back without having made it",
	}, func(ctx context.Context, in *OfCall) (*answer[done], error) {
		return did(s.cfg.Desk.LeaveCall(ctx, in.Call, actorOf(ctx)))
	})
}
