package httpapi

import (
	"bytes"
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

var incidentFile = &bodyRule{
	types: []string{"application/json", "application/yaml", "application/x-yaml", "text/yaml"},
	max:   maxIncidentBytes,
}

var incidentPatch = &bodyRule{
	types: append([]string{"application/merge-patch+json"}, incidentFile.types...),
	max:   maxIncidentBytes,
}

type openInput struct {
	From    string `query:"from" enum:"tocsin,veris,hibp" default:"tocsin" doc:"The form of the file: an incident file, a VERIS incident, or a breach record of Have I Been Pwned."`
	RawBody []byte
}

type amendInput struct {
	OfIncident
	RawBody []byte
}

type incidentList struct {
	Incidents []breach.Incident `json:"incidents"`
}

type entryList struct {
	Entries []breach.AuditEntry `json:"entries"`
}

type timelineInput struct {
	OfIncident
	After int64 `query:"after" minimum:"0" doc:"Only entries after this number."`
	Limit int   `query:"limit" minimum:"1" maximum:"1000" default:"500" doc:"At most so many entries."`
}

func (s *server) incidents() {
	file := s.schema(reflect.TypeFor[breach.IncidentFile]())
	facts := s.schema(reflect.TypeFor[breach.Facts]())
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents", id: "openIncident", tag: "incidents", roles: handlers, body: incidentFile, status: http.StatusCreated,
		summary: "Open an incident", text: "Takes an incident file, as JSON or YAML, or a VERIS incident. Absent and null mean unknown. What is missing is listed and blocks approval, not opening.",
		content: map[string]*huma.MediaType{"application/json": {Schema: file}, "application/yaml": {Schema: file}},
	}, s.open)
	add(s, route{
		method: http.MethodGet, path: "/v1/incidents", id: "listIncidents", tag: "incidents", roles: readers, summary: "List all incidents",
	}, func(ctx context.Context, _ *struct{}) (*answer[incidentList], error) {
		list, err := s.cfg.Desk.Incidents(ctx)
		if list == nil {
			list = []breach.Incident{}
		}
		return reply(incidentList{list}, err)
	})
	add(s, route{
		method: http.MethodGet, path: "/v1/incidents/{id}", id: "incidentStatus", tag: "incidents", roles: readers,
		summary: "Status of an incident", text: "Clocks, duties, people by outcome, what waits for whom.",
	}, func(ctx context.Context, in *OfIncident) (*answer[breach.Overview], error) {
		return reply(s.cfg.Desk.Overview(ctx, in.ID))
	})
	add(s, route{
		method: http.MethodPatch, path: "/v1/incidents/{id}", id: "amendIncident", tag: "incidents", roles: handlers, body: incidentPatch,
		summary: "Amend an incident", text: "A merge patch (RFC 7396) of the facts, or of the whole file when it has a key facts, narrative, contact, contents or offers. null makes a fact unknown again; lists are replaced, but for answers to questions (determinations), which are added.",
		content: map[string]*huma.MediaType{"application/merge-patch+json": {Schema: facts}, "application/json": {Schema: facts}, "application/yaml": {Schema: facts}},
	}, func(ctx context.Context, in *amendInput) (*answer[breach.Amended], error) {
		out, err := s.cfg.Desk.Amend(ctx, in.ID, bytes.Clone(in.RawBody), actorOf(ctx))
		return reply(out, ownNames(err))
	})
	add(s, route{
		method: http.MethodGet, path: "/v1/incidents/{id}/timeline", id: "incidentTimeline", tag: "incidents", roles: readers,
		summary: "Timeline of an incident", text: "The audit chain, oldest entry first.",
	}, func(ctx context.Context, in *timelineInput) (*answer[entryList], error) {
		list, err := s.cfg.Desk.Timeline(ctx, in.ID, in.After, in.Limit)
		if list == nil {
			list = []breach.AuditEntry{}
		}
		return reply(entryList{list}, err)
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/close", id: "closeIncident", tag: "incidents", roles: leads, body: command,
		summary: "Close an incident whose people are all accounted for", text: "While a duty of whatever kind that applies, or of which nobody can tell, was not done, it takes a reason: the refusal names each. The body may be left out.",
	}, s.closeIncident)
	s.verb("/v1/incidents/{id}/reopen", "reopenIncident", "incidents", "Go on with a closed incident", leads, s.cfg.Desk.Reopen)
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/send/lift", id: "liftBrake", tag: "sending", roles: handlers, body: command,
		summary: "Let go on what a brake holds back", text: "brake is its number in the overview; without one, all are lifted. What failed there before counts no more.",
	}, func(ctx context.Context, in *liftInput) (*answer[done], error) {
		var brake int64
		if in.Body != nil {
			brake = in.Body.Brake
		}
		return did(s.cfg.Desk.Lift(ctx, in.ID, brake, actorOf(ctx)))
	})
	s.verb("/v1/incidents/{id}/send/pause", "pauseSending", "sending", "Hand over nothing more until sending is resumed", handlers, s.cfg.Desk.Pause)
	s.verb("/v1/incidents/{id}/send/resume", "resumeSending", "sending", "Go on with a paused delivery", handlers, s.cfg.Desk.Resume)
	s.verb("/v1/incidents/{id}/send/stop", "stopSending", "sending", "End a delivery for good", handlers, s.cfg.Desk.Stop)
}

// verb is a POST without a body that only succeeds or fails.
func (s *server) verb(path, id, tag, summary string, roles []breach.Role, do func(context.Context, string, breach.Actor) error) {
	add(s, route{method: http.MethodPost, path: path, id: id, tag: tag, summary: summary, roles: roles},
		func(ctx context.Context, in *OfIncident) (*answer[done], error) {
			return did(do(ctx, in.ID, actorOf(ctx)))
		})
}

type liftInput struct {
	OfIncident
	Body *struct {
		Brake int64 `json:"brake,omitempty" minimum:"0" doc:"Number of the brake; 0 or none is all."`
	}
}

type closeInput struct {
	OfIncident
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"2000" doc:"Why duties that apply, or of which nobody can tell, are left undone; it stands on the record and names no person."`
	}
}

func (s *server) closeIncident(ctx context.Context, in *closeInput) (*answer[done], error) {
	if in.Body == nil || in.Body.Reason == "" {
		return did(s.cfg.Desk.Close(ctx, in.ID, actorOf(ctx)))
	}
	return did(s.cfg.Desk.CloseLeaving(ctx, in.ID, in.Body.Reason, actorOf(ctx)))
}

func (s *server) open(ctx context.Context, in *openInput) (*answer[breach.Opened], error) {
	body := bytes.Clone(in.RawBody) // the framework uses its buffer again
	var opened breach.Opened
	if in.From != "" && in.From != "tocsin" {
		file, notes, err := s.cfg.ParseDraft(in.From, body)
		if err == nil {
			opened, err = s.cfg.Desk.OpenDraft(ctx, file, notes, actorOf(ctx))
		}
		return openReply(opened, err)
	}
	file, err := breach.ParseNewIncident(body)
	if err == nil {
		opened, err = s.cfg.Desk.Open(ctx, file, actorOf(ctx))
	}
	return openReply(opened, ownNames(err))
}

func openReply(o breach.Opened, err error) (*answer[breach.Opened], error) {
	if o.Missing == nil {
		o.Missing = []string{}
	}
	return reply(o, err)
}
