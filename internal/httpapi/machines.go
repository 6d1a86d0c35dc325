package httpapi

import (
	"bytes"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

var detection = &bodyRule{types: []string{"application/cloudevents+json", "application/json"}, max: maxDetectionBytes}

// Signatures of callbacks cover the bytes as sent: nothing is read or converted before the adapter does.
var callback = &bodyRule{
	types: []string{"application/json", "application/x-www-form-urlencoded"}, max: maxCallbackBytes, stream: true,
}

type detectionInput struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	RawBody     []byte
}

// returned is mail that came back, as it came.
var returned = &bodyRule{types: []string{"message/rfc822"}, max: maxReturnedBytes}

type returnedInput struct {
	RawBody []byte `contentType:"message/rfc822"`
	To      string `header:"Envelope-To" maxLength:"254" doc:"Address that it came to, when its headers do not say."`
}

type callbackInput struct {
	Provider string `path:"provider" doc:"Id of the provider."`
	Attempt  string `path:"attempt" doc:"Opaque id of the attempt that this is about."`
	request  *http.Request
}

// Resolve implements huma.Resolver; it takes the request as it is.
func (c *callbackInput) Resolve(ctx huma.Context) []error {
	c.request, _ = humago.Unwrap(ctx)
	if plainID(c.Provider) && plainID(c.Attempt) {
		return nil
	}
	return []error{breach.Errorf(breach.ErrNotFound, "there is no such callback")}
}

type nothing struct{}

func (s *server) machines() {
	event := &huma.Schema{
		Type: "object", Description: "CloudEvents 1.0 in structured mode.", AdditionalProperties: true,
		Properties: map[string]*huma.Schema{
			"specversion": {Type: "string"}, "id": {Type: "string"}, "source": {Type: "string"},
			"type": {Type: "string"}, "subject": {Type: "string"}, "time": {Type: "string", Format: "date-time"}, "data": {},
		},
		Required: []string{"specversion", "id", "source", "type"},
	}
	add(s, route{
		method: http.MethodPost, path: "/v1/detections", id: "postDetection", tag: "detections", roles: detectors, body: detection, status: http.StatusAccepted,
		summary: "Report a finding", text: "The same finding again is the same incident with the same clock.",
		content: map[string]*huma.MediaType{"application/cloudevents+json": {Schema: event}},
	}, func(ctx context.Context, in *detectionInput) (*answer[breach.Detected], error) {
		d, err := s.cfg.ParseDetection(in.ContentType, bytes.Clone(in.RawBody), s.cfg.Now().UTC())
		if err != nil {
			return nil, ownNames(err)
		}
		return reply(s.cfg.Desk.Detect(ctx, d))
	})
	if s.cfg.Bounces != nil {
		s.bounces()
	}
	add(s, route{
		method: http.MethodPost, path: "/callbacks/{provider}/{attempt}", id: "takeCallback", tag: "callbacks", roles: anybody, body: callback, status: http.StatusNoContent,
		summary: "A provider's word on a delivery", text: "In the provider's own form, with the provider's own signature.",
		content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{}}, "application/x-www-form-urlencoded": {Schema: &huma.Schema{}}},
	}, func(ctx context.Context, in *callbackInput) (*nothing, error) {
		if err := s.cfg.Callbacks.Take(ctx, in.Provider, in.Attempt, in.request); err != nil {
			return nil, err
		}
		return nil, nil //nolint:nilnil // the framework's word for an answer without a body
	})
}

func (s *server) bounces() {
	add(s, route{
		method: http.MethodPost, path: "/v1/bounces", id: "postBounce", tag: "callbacks", roles: detectors, body: returned, status: http.StatusOK,
		summary: "Hand in mail that came back", text: "A delivery report, complaint or absence note as it came. The same again changes nothing; what names no message of ours is dropped.",
		content: map[string]*huma.MediaType{"message/rfc822": {Schema: &huma.Schema{Type: "string"}}},
	}, func(ctx context.Context, in *returnedInput) (*answer[breach.ReturnTaken], error) {
		var to []string
		if in.To != "" {
			to = []string{in.To}
		}
		return reply(s.cfg.Bounces.TakeBounce(ctx, in.RawBody, to))
	})
}
