package httpapi

import (
	"context"
	"mime"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func (s *server) evidence() {
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/evidence", id: "sealEvidence", tag: "evidence", roles: handlers,
		summary: "Seal an evidence pack of the incident as it stands now",
	}, func(ctx context.Context, in *OfIncident) (*answer[breach.Sealed], error) {
		return reply(s.cfg.Desk.SealEvidence(ctx, in.ID, actorOf(ctx)))
	})
	add(s, route{
		method: http.MethodGet, path: "/v1/incidents/{id}/evidence", id: "downloadEvidence", tag: "evidence", roles: handlers,
		summary: "The newest evidence pack", text: "A ZIP that `tocsin evidence verify` checks without this server.",
	}, s.download)
}

func (s *server) download(ctx context.Context, in *OfIncident) (*huma.StreamResponse, error) {
	name, content, err := s.cfg.Desk.EvidenceFile(ctx, in.ID, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		defer content.Close()
		r, w := humago.Unwrap(ctx)
		w.Header().Set("Content-Type", "application/zip")
		w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
		http.ServeContent(w, r, "", time.Time{}, content)
	}}, nil
}
