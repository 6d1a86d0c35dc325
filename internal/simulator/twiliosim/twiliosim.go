// Package twiliosim stands in for Twilio's Messages API: create, list, fetch,
// redact and delete over form-encoded HTTP with basic authentication, answers
// in Twilio's JSON, and status callbacks with X-Twilio-Signature.
//
// Magic recipients, by the last five digits (first = only on the first attempt
// per recipient):
//
//	00001  HTTP 400, code 21211      00005  recorded, then no answer (first); receipts still come
//	00002  undelivered, code 30003   00006  delivered after 3 s
//	00003  undelivered, code 30005   00007  never a receipt
//	00004  HTTP 400, code 21610      00008  HTTP 429, code 20429 (first)
//	                                 00009  HTTP 500, code 20500 (first)
//
// Everything else is sent, then delivered within about 100 ms.
//
// Calls (create, list, fetch, events, recordings, delete) fetch their TwiML and carry it out as the
// one who is called behaves, by the last five digits of the number:
//
//	00011  busy                      00016  presses 1, then 2
//	00012  nobody answers            00017  hangs up in the first sentence
//	00013  failed, SIP 404           00018  a fax answers
//	00014  an answering machine      00019  canceled
//	00015  listens, presses no key   00020  failed, SIP 608
//	                                 00021  presses 2; the account recorded it, twice
//	                                 00022  nobody can tell who answered
//
// 00001, 00005, 00008 and 00009 are refused or dropped as messages are. Everybody
// else presses 2.
//
// Imports of ours: outbox, faults and receipts, beside it in the simulator.
package twiliosim

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
	"github.com/tocsin-engine/tocsin/internal/simulator/receipts"
)

// Provider is the name under which messages stand in the outbox.
const Provider = "twilio"

const apiVersion = "2010-04-01"

// Config holds the account that requests must sign in with.
type Config struct {
	AccountSID string
	AuthToken  string
}

// Service is the API and the messages that it holds.
type Service struct {
	config Config
	box    *outbox.Box
	poster *receipts.Poster

	mu    sync.Mutex
	all   []*message // oldest first; deleted ones are taken out
	bySID map[string]*message
	calls []*phoneCall // oldest first
}

// message is one Message resource. Its fields are guarded by Service.mu.
type message struct {
	boxID     string
	sid       string
	to        string
	from      string
	service   string
	body      string
	callback  string
	segments  int
	status    string
	errorCode int
	created   time.Time
	sent      time.Time
	updated   time.Time
}

// New makes the service with the messages that the outbox holds from earlier
// runs; what had no final status yet goes on its way again.
func New(config Config, box *outbox.Box, poster *receipts.Poster) (*Service, error) {
	s := &Service{config: config, box: box, poster: poster, bySID: map[string]*message{}}
	if err := box.Each(outbox.Query{Provider: Provider}, s.restore); err != nil {
		return nil, err
	}
	if err := box.Each(outbox.Query{Provider: VoiceProvider}, s.restoreCall); err != nil {
		return nil, err
	}
	for _, m := range s.all {
		if m.status == "queued" || m.status == "sent" {
			s.start(m)
		}
	}
	return s, nil
}

func (s *Service) restore(stored outbox.Message) error {
	form, err := url.ParseQuery(string(stored.Raw))
	if err != nil {
		return err
	}
	m := newMessage(form, stored.MessageID, stored.ReceivedAt)
	m.boxID, m.status = stored.ID, stored.Status
	for _, e := range stored.Events {
		m.updated = e.At
		switch {
		case e.Kind == "deleted":
			return nil
		case e.Kind == "redacted":
			m.body = ""
		case e.Status == "sent":
			m.sent = e.At
		case e.Status == "undelivered":
			m.errorCode = fateOf(m.to).errorCode
		}
	}
	s.keep(m)
	return nil
}

func newMessage(form url.Values, sid string, now time.Time) *message {
	return &message{
		sid: sid, to: form.Get("To"), from: form.Get("From"), service: form.Get("MessagingServiceSid"),
		body: form.Get("Body"), callback: form.Get("StatusCallback"), segments: segments(form.Get("Body")),
		status: "queued", created: now, updated: now,
	}
}

// keep files a message. Callers hold the lock or are alone.
func (s *Service) keep(m *message) {
	s.all = append(s.all, m)
	s.bySID[m.sid] = m
}

// Handler serves the API below its own root: /2010-04-01/Accounts/...
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	const list = "/" + apiVersion + "/Accounts/{account}/Messages.json"
	const one = "/" + apiVersion + "/Accounts/{account}/Messages/{name}"
	mux.HandleFunc("POST "+list, s.create)
	mux.HandleFunc("GET "+list, s.list)
	mux.HandleFunc("GET "+one, s.one(s.fetch))
	mux.HandleFunc("POST "+one, s.one(s.redact))
	mux.HandleFunc("DELETE "+one, s.one(s.remove))
	const calls = "/" + apiVersion + "/Accounts/{account}/Calls"
	mux.HandleFunc("POST "+calls+".json", s.createCall)
	mux.HandleFunc("GET "+calls+".json", s.listCalls)
	mux.HandleFunc("GET "+calls+"/{name}", s.oneCall)
	mux.HandleFunc("DELETE "+calls+"/{name}", s.removeCall)
	mux.HandleFunc("GET "+calls+"/{name}/Events.json", s.callEvents)
	mux.HandleFunc("GET "+calls+"/{name}/Recordings.json", s.recordings)
	mux.HandleFunc("DELETE /"+apiVersion+"/Accounts/{account}/Recordings/{name}", s.removeRecording)
	mux.HandleFunc("GET /"+apiVersion+"/Accounts/{name}", s.account)
	mux.HandleFunc("GET /"+apiVersion+"/Accounts/{account}/IncomingPhoneNumbers.json", s.numbers)
	mux.HandleFunc("/", notFound)
	return s.signedIn(mux)
}

func (s *Service) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		sameUser := subtle.ConstantTimeCompare([]byte(user), []byte(s.config.AccountSID))
		samePassword := subtle.ConstantTimeCompare([]byte(password), []byte(s.config.AuthToken))
		if sameUser&samePassword != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="Twilio API"`)
			writeError(w, apiError{http.StatusUnauthorized, 20003, "Authenticate"})
			return
		}
		if account, ok := strings.CutPrefix(r.URL.Path, "/"+apiVersion+"/Accounts/"); ok {
			if account, _, _ = strings.Cut(account, "/"); strings.TrimSuffix(account, ".json") != s.config.AccountSID {
				notFound(w, r)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func notFound(w http.ResponseWriter, r *http.Request) {
	writeError(w, apiError{http.StatusNotFound, 20404, "The requested resource " + r.URL.Path + " was not found"})
}

// one finds the message of a request.
func (s *Service) one(do func(http.ResponseWriter, *http.Request, *message)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		sid, isJSON := strings.CutSuffix(r.PathValue("name"), ".json")
		s.mu.Lock()
		m := s.bySID[sid]
		s.mu.Unlock()
		if !isJSON || m == nil {
			notFound(w, r)
			return
		}
		do(w, r, m)
	}
}

func (s *Service) fetch(w http.ResponseWriter, _ *http.Request, m *message) {
	writeJSON(w, http.StatusOK, s.resource(m))
}

// redact is an update with an empty body, as Twilio has it.
func (s *Service) redact(w http.ResponseWriter, r *http.Request, m *message) {
	if err := r.ParseForm(); err != nil {
		writeError(w, apiError{http.StatusBadRequest, 20001, "The form cannot be read"})
		return
	}
	body, given := r.PostForm["Body"]
	if !given || body[0] != "" {
		writeError(w, apiError{http.StatusBadRequest, 20001, "Body must be empty: a message can only be redacted"})
		return
	}
	if err := s.box.Note(m.boxID, outbox.Event{Kind: "redacted"}); err != nil {
		writeError(w, internalError)
		return
	}
	s.mu.Lock()
	m.body, m.updated = "", time.Now().UTC()
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, s.resource(m))
}

func (s *Service) remove(w http.ResponseWriter, _ *http.Request, m *message) {
	if err := s.box.Note(m.boxID, outbox.Event{Kind: "deleted"}); err != nil {
		writeError(w, internalError)
		return
	}
	s.mu.Lock()
	delete(s.bySID, m.sid)
	for i, other := range s.all {
		if other == m {
			s.all = append(s.all[:i], s.all[i+1:]...)
			break
		}
	}
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}
