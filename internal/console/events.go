package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const (
	signEvery  = 5 * time.Second // a page that hears nothing for three of these says that it is not live
	writeLimit = 10 * time.Second
	checkEvery = time.Minute // how often it is checked that the reader is still welcome
)

// events tells a page what changed, and from time to time that nothing did. Events carry names of parts,
// versions and times; what a part shows is fetched, with permission checked again.
func (s *server) events(v *visit) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	if _, err := s.hub.overview(v.r.Context(), id); err != nil {
		return err
	}
	news, leave, err := s.hub.join(id)
	if err != nil {
		return err
	}
	defer leave()
	stream := &stream{w: v.w, c: http.NewResponseController(v.w)}
	h := v.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	v.w.WriteHeader(http.StatusOK)
	stream.text("retry: 2000\n\n")
	s.follow(v, stream, news)
	return nil
}

func (s *server) follow(v *visit, out *stream, news <-chan change) {
	check := time.NewTicker(checkEvery)
	defer check.Stop()
	var before map[string]string
	var said time.Time
	for out.err == nil {
		select {
		case <-v.r.Context().Done():
			return
		case <-s.Done:
			return
		case <-check.C:
			if !s.stillWelcome(v) {
				return
			}
		case c := <-news:
			c.Clock = c.At.In(s.Zone).Format("15:04")
			if !maps.Equal(before, c.Parts) {
				out.event("change", c)
				before, said = c.Parts, time.Now()
			} else if time.Since(said) >= signEvery {
				out.event("sign", change{Revision: c.Revision, At: c.At, Clock: c.Clock})
				said = time.Now()
			}
		}
	}
}

func (s *server) stillWelcome(v *visit) bool {
	if s.sessions.of(v.r) != v.session {
		return false
	}
	actor, err := s.Desk.Authenticate(v.r.Context(), v.session.token)
	if err == nil {
		return welcome(actor.Role)
	}
	code := breach.CodeOf(err)
	return code != breach.ErrUnauthorized && code != breach.ErrNotFound // a ledger that is down signs nobody out
}

// stream writes events; after the first failure nothing more.
type stream struct {
	w   http.ResponseWriter
	c   *http.ResponseController
	err error
}

func (s *stream) event(name string, data any) {
	b, err := json.Marshal(data)
	if err != nil {
		s.err = err
		return
	}
	s.text(fmt.Sprintf("event: %s\ndata: %s\n\n", name, b))
}

func (s *stream) text(text string) {
	if s.err != nil {
		return
	}
	if err := s.c.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		s.err = err
		return
	}
	if _, s.err = s.w.Write([]byte(text)); s.err == nil {
		s.err = s.c.Flush()
	}
}
