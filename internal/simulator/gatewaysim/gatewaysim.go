// Package gatewaysim is a domestic gateway for text messages and an aggregator
// of pushes: the stand-in for providers in mainland China. It takes JSON over
// HTTP, signed as the Standard Webhooks specification has it, in both directions.
//
//	POST /messages       -> 202 {"id","status":"accepted"}
//	  {"id","channel":"sms","to","text","callback_url"}, the channel may be left out
//	  {"id","channel":"push","to","platform","title","text","link","collapse","ttl","callback_url"}
//	GET  /messages/{id}  -> 200 {"id","to","status","reason","received_at","updated_at"}, 404 if never received
//
// Status is accepted, sent, delivered or undelivered. Errors are
// {"code","message"}. The id is the sender's attempt id: the same id again with
// the same content is the same message and the same answer, with other content
// a 409. Receipts go to callback_url as {"id","status","reason"}, status
// delivered or undelivered, reason "" or why not.
//
// Magic recipients, by the last five digits (first = only on the first attempt
// per recipient):
//
//	00001  422 invalid_number        00005  recorded, then no answer (first); the receipt still comes
//	00002  undelivered: unreachable  00006  delivered after 3 s
//	00003  undelivered: unknown_subscriber  00007  never a receipt
//	00004  422 opted_out             00008  429 rate_limited (first)
//	                                 00009  500 server_error (first)
//
// Magic device tokens, by prefix:
//
//	gone-     422 token_gone         drop-    recorded, then no answer (first); the receipt still comes
//	invalid-  422 bad_request        late-    delivered after 3 s
//	removed-  undelivered: token_gone  silent-  never a receipt
//	off-      undelivered: expired   quota-   429 rate_limited (first)
//	optout-   422 opted_out          server-  500 server_error (first)
//
// Imports of ours: outbox, faults and receipts, beside it in the simulator.
package gatewaysim

import (
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
	"github.com/tocsin-engine/tocsin/internal/simulator/receipts"
)

// Provider is the name under which messages stand in the outbox.
const Provider = "gateway"

// Service is the gateway and the messages that it holds.
type Service struct {
	signer Signer
	box    *outbox.Box
	poster *receipts.Poster

	mu   sync.Mutex
	byID map[string]*message
}

// message is guarded by Service.mu.
type message struct {
	request  request
	boxID    string
	status   string
	reason   string
	received time.Time
	updated  time.Time
}

// New makes the gateway with the messages that the outbox holds from earlier
// runs; what had no final status yet goes on its way again.
func New(signer Signer, box *outbox.Box, poster *receipts.Poster) (*Service, error) {
	s := &Service{signer: signer, box: box, poster: poster, byID: map[string]*message{}}
	err := box.Each(outbox.Query{Provider: Provider}, func(stored outbox.Message) error {
		r, err := parseRequest(stored.Raw)
		if err != nil {
			return err
		}
		m := &message{request: r, boxID: stored.ID, status: stored.Status, received: stored.ReceivedAt, updated: stored.ReceivedAt}
		for _, e := range stored.Events {
			m.updated = e.At
		}
		if m.status == "undelivered" {
			m.reason = r.fate().reason
		}
		s.byID[r.ID] = m
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, m := range s.byID {
		if m.status == "accepted" || m.status == "sent" {
			s.start(m)
		}
	}
	return s, nil
}

// Handler serves the API below its own root.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /messages", s.signed(s.submit))
	mux.HandleFunc("GET /messages/{id}", s.signed(s.status))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, apiError{http.StatusNotFound, "not_found", "there is nothing at this address"})
	})
	return mux
}

// signed checks the signature over the body before anything reads it.
func (s *Service) signed(next func(http.ResponseWriter, *http.Request, []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			writeError(w, apiError{http.StatusRequestEntityTooLarge, "too_large", "the body is too large"})
			return
		}
		if err := s.signer.Verify(r.Header, body, time.Now()); err != nil {
			writeError(w, apiError{http.StatusUnauthorized, "bad_signature", err.Error()})
			return
		}
		next(w, r, body)
	}
}

func (s *Service) submit(w http.ResponseWriter, _ *http.Request, body []byte) {
	r, err := parseRequest(body)
	if err != nil {
		writeError(w, apiError{http.StatusBadRequest, "bad_request", err.Error()})
		return
	}
	answer, drop := s.take(r, body)
	if drop {
		faults.Drop()
	}
	if answer.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	if answer.code != "" {
		writeError(w, answer)
		return
	}
	writeJSON(w, answer.status, map[string]string{"id": r.ID, "status": "accepted"})
}

var accepted = apiError{status: http.StatusAccepted}

// take decides on a request. It holds the lock over recording, so that the
// same id from two connections at once is one message.
func (s *Service) take(r request, body []byte) (answer apiError, drop bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.byID[r.ID]; known != nil {
		if !known.request.same(r) {
			return apiError{http.StatusConflict, "id_reused", "this id was used for another message"}, false
		}
		return accepted, false
	}
	f := r.fate()
	key := "gateway/" + f.outcome + "/" + r.To
	record := outbox.Message{
		Channel: r.channel(), Provider: Provider, Recipient: r.To, Subject: r.Title, Text: r.Text, AttemptID: r.ID, MessageID: r.ID,
		Transport: "http", Raw: body, Outcome: f.outcome, Status: "accepted", Taken: true,
	}
	for _, h := range []outbox.Header{{Name: "callback_url", Value: r.CallbackURL}, {Name: "link", Value: r.Link}, {Name: "platform", Value: r.Platform}, {Name: "collapse", Value: r.Collapse}} {
		if h.Value != "" {
			record.Headers = append(record.Headers, h)
		}
	}
	refused := f.refuse != nil && (!f.once || s.box.First(key))
	drop = f.drop && s.box.First(key)
	switch {
	case refused:
		record.Taken, record.Status = false, ""
		if f.once {
			record.FaultKey = key
		}
	case drop:
		record.FaultKey = key
	case f.refuse != nil || f.drop:
		record.Outcome = delivered.outcome
	}
	stored, err := s.box.Append(record)
	if err != nil {
		return serverError, false
	}
	if refused {
		return *f.refuse, false
	}
	m := &message{request: r, boxID: stored.ID, status: "accepted", received: stored.ReceivedAt, updated: stored.ReceivedAt}
	s.byID[r.ID] = m
	s.start(m)
	return accepted, drop
}

func (s *Service) status(w http.ResponseWriter, r *http.Request, _ []byte) {
	s.mu.Lock()
	m := s.byID[r.PathValue("id")]
	var answer map[string]any
	if m != nil {
		answer = map[string]any{"id": m.request.ID, "to": m.request.To, "status": m.status, "reason": m.reason,
			"received_at": m.received, "updated_at": m.updated}
	}
	s.mu.Unlock()
	if answer == nil {
		writeError(w, apiError{http.StatusNotFound, "not_found", "no message with this id was received"})
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// apiError is an answer that is not a success.
type apiError struct {
	status  int
	code    string
	message string
}

var serverError = apiError{http.StatusInternalServerError, "server_error", "the gateway has a problem; try again"}

func writeError(w http.ResponseWriter, e apiError) {
	writeJSON(w, e.status, map[string]string{"code": e.code, "message": e.message})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the peer is gone if this fails
}
