package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// visit is what is known of one request while it is answered.
type visit struct {
	reference string
	base      string
	actor     breach.Actor
	failure   error // what the answer's problem was made of, for the log
}

type visitKey struct{}

// visitOf finds the visit of a request; outside of one it is an empty visit.
func visitOf(ctx context.Context) *visit {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok {
		return v
	}
	return &visit{}
}

// newReference is short enough to be read over the phone.
func newReference() string {
	var b [10]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic("no randomness: " + err.Error())
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

// outer is around everything: reference numbers, security headers, log, metrics, and a calm answer to a
// panic.
func (s *server) outer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := s.cfg.Now()
		v := &visit{reference: newReference(), base: s.base}
		r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
		seen := &watched{ResponseWriter: w, streams: s.cfg.Streams}
		s.secure(w.Header(), v)
		s.withDeadline(w, r)
		defer func() {
			abort := s.recovered(recover(), seen, r)
			if seen.stream {
				s.cfg.Streams(-1)
			}
			s.note(r, seen, v, began)
			if abort {
				panic(http.ErrAbortHandler) // the rest of a broken answer must not look like a whole one
			}
		}()
		next.ServeHTTP(seen, r)
	})
}

func (s *server) secure(h http.Header, v *visit) {
	h.Set("Request-Id", v.reference)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("Cache-Control", "no-store")
	if strings.HasPrefix(s.base, "https://") {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// recovered answers after a panic. It reports whether the connection must be cut because a part of the
// answer has left already.
func (s *server) recovered(cause any, w *watched, r *http.Request) (abort bool) {
	if cause == nil {
		return false
	}
	if cause == http.ErrAbortHandler { //nolint:errorlint // it is compared as net/http does
		return true
	}
	what := fmt.Sprintf("%T", cause) // a panic's value may hold what was sent
	if e, ok := cause.(runtime.Error); ok {
		what = e.Error()
	}
	s.cfg.Log.ErrorContext(r.Context(), "request panicked", "reference", visitOf(r.Context()).reference, "what", what, "stack", string(debug.Stack()))
	if w.status != 0 {
		return true
	}
	writeProblem(w, r, breach.Errorf(breach.ErrInternal, "panic: %s", what))
	return false
}

// note writes the access log and counts. Neither sees paths, query strings, bodies, headers or addresses.
func (s *server) note(r *http.Request, w *watched, v *visit, began time.Time) {
	took := s.cfg.Now().Sub(began)
	route := routeOf(r)
	status := w.status
	if status == 0 {
		status = http.StatusOK
	}
	s.cfg.Observe(Seen{Method: knownMethod(r.Method), Route: route, Status: status, Took: took, Stream: w.stream})
	level, attrs := slog.LevelInfo, []any{
		"method", knownMethod(r.Method), "route", route, "status", status, "bytes", w.bytes,
		"took_ms", took.Milliseconds(), "reference", v.reference, "role", string(v.actor.Role),
	}
	if v.failure != nil {
		code, _ := codeOf(v.failure)
		attrs = append(attrs, "code", string(code))
		if status >= 500 && !errors.Is(r.Context().Err(), context.Canceled) {
			level, attrs = slog.LevelError, append(attrs, "error", v.failure)
		}
	}
	if route == "GET /healthz" || route == "GET /readyz" || route == "GET /metrics" {
		level = min(level, slog.LevelDebug)
		if status >= 500 {
			level = slog.LevelWarn
		}
	}
	s.cfg.Log.Log(r.Context(), level, "request", attrs...)
}

// routeOf is the pattern that answered, as "GET /v1/incidents/{id}".
func routeOf(r *http.Request) string {
	switch {
	case r.Pattern == "":
		return "none"
	case !strings.Contains(r.Pattern, " "):
		return knownMethod(r.Method) + " " + r.Pattern
	}
	return r.Pattern
}

// knownMethod keeps labels from being made by clients.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

// watched remembers what was answered.
type watched struct {
	http.ResponseWriter
	streams func(change int)
	status  int
	bytes   int64
	stream  bool // an event stream: it lasts as long as its reader stays
}

func (w *watched) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.begin(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.begin(http.StatusOK)
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

func (w *watched) begin(status int) {
	w.status = status
	if media, _, _ := mime.ParseMediaType(w.Header().Get("Content-Type")); media == "text/event-stream" {
		w.stream = true
		w.streams(1)
	}
}

// Unwrap lets http.ResponseController reach deadlines and flushing.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }
