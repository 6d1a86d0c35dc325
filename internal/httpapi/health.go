package httpapi

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

type alive struct {
	OK      bool   `json:"ok"`
	Version string `json:"version"`
}

type ready struct {
	Ready  bool              `json:"ready"`
	Checks map[string]string `json:"checks" doc:"Per part: ok, or does not answer."`
}

type readyAnswer struct {
	Status int
	Body   ready
}

const maxCheckTime = 3 * time.Second

func (s *server) health() {
	add(s, route{
		method: http.MethodGet, path: "/healthz", id: "alive", tag: "operation", roles: anybody, summary: "Is the process alive?",
	}, func(context.Context, *struct{}) (*answer[alive], error) {
		return reply(alive{true, s.cfg.Version}, nil)
	})
	add(s, route{
		method: http.MethodGet, path: "/readyz", id: "ready", tag: "operation", roles: anybody, summary: "Does everything answer that this server needs?",
	}, s.ready)
	if s.cfg.Metrics == nil {
		return
	}
	add(s, route{
		method: http.MethodGet, path: "/metrics", id: "metrics", tag: "operation", roles: anybody, summary: "Metrics in Prometheus' format",
	}, func(context.Context, *struct{}) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(ctx huma.Context) {
			r, w := humago.Unwrap(ctx)
			s.cfg.Metrics.ServeHTTP(w, r)
		}}, nil
	})
}

// ready asks all parts at once. Why one does not answer is for the log.
func (s *server) ready(ctx context.Context, _ *struct{}) (*readyAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, maxCheckTime)
	defer cancel()
	errs := make([]error, len(s.cfg.Ready))
	var wg sync.WaitGroup
	for i, c := range s.cfg.Ready {
		wg.Go(func() { errs[i] = c.Ready(ctx) })
	}
	wg.Wait()
	out := &readyAnswer{Status: http.StatusOK, Body: ready{Ready: true, Checks: map[string]string{}}}
	for i, c := range s.cfg.Ready {
		out.Body.Checks[c.Name] = "ok"
		if errs[i] != nil {
			out.Status, out.Body.Ready, out.Body.Checks[c.Name] = http.StatusServiceUnavailable, false, "does not answer"
			s.cfg.Log.WarnContext(ctx, "not ready", "check", c.Name, "error", errs[i])
		}
	}
	return out, nil
}
