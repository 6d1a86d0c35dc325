// Package portalsim is a regulator's filing portal. Reports come as JSON over
// HTTP or, for addresses at authority.simulator.test, by email; each gets an
// acknowledgement number.
//
//	POST /filings        Bearer token, Idempotency-Key, any JSON object
//	                     -> 201 {"acknowledgement":"CAC-2026-000001","received_at":"..."}
//	GET  /filings/{ack}  -> 200 with the report as it was received
//	GET  /               page with what was filed (no token: it is for people)
//
// A mailbox answers by mail, as the registry of a real authority does: see Answer.
//
// The letters of the number are the object's "authority" (else "addressee",
// else PORTAL). The same key with the same body gives the same answer, with
// another body a 409. Errors are application/problem+json.
//
// Imports of ours: outbox and faults, beside it in the simulator.
package portalsim

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// Provider is the name under which filings stand in the outbox.
const Provider = "portal"

// EmailDomain is where authorities of the simulator receive reports by mail.
const EmailDomain = "authority.simulator.test"

// Filing is one report as the authority holds it. ReceivedAt is UTC.
type Filing struct {
	Acknowledgement string    `json:"acknowledgement"`
	ReceivedAt      time.Time `json:"received_at"`
	Authority       string    `json:"authority"`
	// Via is "portal" or "email".
	Via    string `json:"via"`
	SHA256 string `json:"sha256"` // of the bytes that were received
	// Report is the JSON that was filed; null for email.
	Report json.RawMessage `json:"report"`

	boxID string
}

// Service is the portal and what was filed with it.
type Service struct {
	token string
	box   *outbox.Box

	mu    sync.Mutex
	all   []*Filing
	byKey map[string]*Filing
	byAck map[string]*Filing
	later func(life func(ctx context.Context)) // nil: mail is not answered
}

// New makes the portal with the filings that the outbox holds from earlier runs.
func New(token string, box *outbox.Box) (*Service, error) {
	s := &Service{token: token, box: box, byKey: map[string]*Filing{}, byAck: map[string]*Filing{}}
	err := box.Each(outbox.Query{Provider: Provider}, func(m outbox.Message) error {
		s.keep(m)
		return nil
	})
	return s, err
}

// keep files a recorded message. Callers hold the lock or are alone.
func (s *Service) keep(m outbox.Message) *Filing {
	sum := sha256.Sum256(m.Raw)
	f := &Filing{Acknowledgement: m.MessageID, ReceivedAt: m.ReceivedAt, Authority: m.Recipient, Via: m.Transport,
		SHA256: hex.EncodeToString(sum[:]), boxID: m.ID}
	if m.Transport == viaPortal {
		f.Report = m.Raw
	}
	s.all = append(s.all, f)
	s.byKey[m.Transport+"/"+m.AttemptID] = f
	s.byAck[f.Acknowledgement] = f
	return f
}

const (
	viaPortal = "portal"
	viaEmail  = "email"
)

var errKeyReused = errors.New("portalsim: the key was used for another report")

// file records a report once per key.
func (s *Service) file(via, key, authority, subject, text string, raw []byte) (*Filing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.byKey[via+"/"+key]; known != nil {
		if sum := sha256.Sum256(raw); known.SHA256 != hex.EncodeToString(sum[:]) && via == viaPortal {
			return nil, errKeyReused
		}
		return known, nil
	}
	stored, err := s.box.Append(outbox.Message{
		Channel: outbox.ChannelFiling, Provider: Provider, Recipient: authority, Subject: subject, Text: text,
		Outcome: "received", Taken: true, Transport: via, AttemptID: key, Raw: raw,
		MessageID: fmt.Sprintf("%s-%d-%06d", authority, time.Now().UTC().Year(), len(s.all)+1),
	})
	if err != nil {
		return nil, err
	}
	f := s.keep(stored)
	if via == viaEmail {
		s.answer(f)
	}
	return f, nil
}

// TakeEmail files an email to an authority; other emails are left alone. A
// repeat of a Message-ID is the same filing.
func (s *Service) TakeEmail(m outbox.Message) error {
	local, domain, _ := strings.Cut(strings.ToLower(m.Recipient), "@")
	if domain != EmailDomain {
		return nil
	}
	key := m.MessageID
	if key == "" {
		key = m.ID
	}
	mail := outbox.ParseEmail(m.Raw)
	_, err := s.file(viaEmail, key+" "+local, authorityCode(local), m.Subject, mail.Text, m.Raw)
	return err
}

// Handler serves the portal below its own root.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /filings", s.signedIn(s.post))
	mux.HandleFunc("GET /filings/{ack}", s.signedIn(s.get))
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusNotFound, "There is nothing at this address.")
	})
	return mux
}

func (s *Service) signedIn(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || subtle.ConstantTimeCompare([]byte(token), []byte(s.token)) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			problem(w, http.StatusUnauthorized, "A valid bearer token is needed.")
			return
		}
		next(w, r)
	}
}

func (s *Service) post(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Idempotency-Key")
	if key == "" || len(key) > 255 {
		problem(w, http.StatusBadRequest, "The header Idempotency-Key is needed, with 1 to 255 characters.")
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		problem(w, http.StatusRequestEntityTooLarge, "The report is too large.")
		return
	}
	authority, subject, err := readReport(body)
	if err != nil {
		problem(w, http.StatusBadRequest, "The report is not a JSON object.")
		return
	}
	f, err := s.file(viaPortal, key, authority, subject, "", body)
	switch {
	case errors.Is(err, errKeyReused):
		problem(w, http.StatusConflict, "This Idempotency-Key was used for another report.")
	case err != nil:
		problem(w, http.StatusInternalServerError, "The report cannot be stored; try again.")
	default:
		w.Header().Set("Location", "filings/"+f.Acknowledgement)
		writeJSON(w, "application/json", http.StatusCreated, map[string]any{
			"acknowledgement": f.Acknowledgement, "received_at": f.ReceivedAt,
		})
	}
}

func (s *Service) get(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	f := s.byAck[r.PathValue("ack")]
	s.mu.Unlock()
	if f == nil {
		problem(w, http.StatusNotFound, "No filing has this acknowledgement number.")
		return
	}
	writeJSON(w, "application/json", http.StatusOK, f)
}

// readReport takes a JSON object of any shape; two texts of it are used.
func readReport(body []byte) (authority, subject string, err error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil || fields == nil {
		return "", "", errors.New("portalsim: not a JSON object")
	}
	text := func(name string) string {
		var s string
		if json.Unmarshal(fields[name], &s) != nil {
			return ""
		}
		return s
	}
	authority = "PORTAL"
	for _, name := range []string{"authority", "addressee"} {
		if code := authorityCode(text(name)); code != "PORTAL" {
			authority = code
			break
		}
	}
	for _, name := range []string{"title", "subject", "obligation"} {
		if subject = text(name); subject != "" {
			break
		}
	}
	return authority, subject, nil
}

// authorityCode keeps the letters, digits and dashes of a name, in capitals:
// it becomes part of a number that people type and that stands in URLs.
func authorityCode(name string) string {
	var b strings.Builder
	for _, r := range strings.ToUpper(name) {
		if (r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-') && b.Len() < 24 {
			b.WriteRune(r)
		}
	}
	if code := strings.Trim(b.String(), "-"); code != "" {
		return code
	}
	return "PORTAL"
}

func problem(w http.ResponseWriter, status int, detail string) {
	writeJSON(w, "application/problem+json", status, map[string]any{
		"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail,
	})
}

func writeJSON(w http.ResponseWriter, kind string, status int, v any) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the peer is gone if this fails
}
