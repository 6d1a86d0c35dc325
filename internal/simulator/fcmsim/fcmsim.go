// Package fcmsim stands in for Firebase Cloud Messaging: the OAuth token
// endpoint for service accounts (JWT bearer grant, RS256) and FCM HTTP v1
// messages:send with its error details.
//
// Magic device tokens, by prefix (first = only on the first attempt per token):
//
//	gone-     404 UNREGISTERED
//	invalid-  400 INVALID_ARGUMENT
//	quota-    429 QUOTA_EXCEEDED with Retry-After (first)
//	server-   503 UNAVAILABLE (first)
//	drop-     recorded, then no answer (first)
//
// Imports of ours: outbox and faults, beside it in the simulator.
package fcmsim

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// Provider is the name under which messages stand in the outbox.
const Provider = "fcm"

// TokenLife is how long an access token is good: shorter than Google's hour,
// so that refreshing is exercised.
const TokenLife = 5 * time.Minute

// Config holds the service account that may send.
type Config struct {
	ProjectID   string
	ClientEmail string
	KeyID       string
	// Key is the public half of the service account's key.
	Key *rsa.PublicKey
	// TokenURI is the audience that assertions must name.
	TokenURI string
	// Secret signs access tokens. They carry no state here, so one that was
	// given out before a restart stays good.
	Secret []byte
}

// Service is the token endpoint and the sending API.
type Service struct {
	config Config
	box    *outbox.Box
}

// New makes the service.
func New(config Config, box *outbox.Box) *Service { return &Service{config: config, box: box} }

// Handler serves the API below its own root: /v1/projects/{project}/messages:send.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/projects/{project}/messages:send", s.send)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, apiError{http.StatusNotFound, "NOT_FOUND", "", "The requested URL was not found on this server."})
	})
	return mux
}

// fault is what a magic token brings about.
type fault struct {
	prefix  string
	outcome string
	once    bool
	refuse  *apiError
}

var magicTokens = []fault{
	{"gone-", "refused UNREGISTERED", false, &apiError{http.StatusNotFound, "NOT_FOUND", "UNREGISTERED", "Requested entity was not found."}},
	{"invalid-", "refused INVALID_ARGUMENT", false, &apiError{http.StatusBadRequest, "INVALID_ARGUMENT", "INVALID_ARGUMENT", "The registration token is not a valid FCM registration token"}},
	{"quota-", "refused QUOTA_EXCEEDED", true, &apiError{http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "Quota exceeded for quota metric 'Requests'."}},
	{"server-", "refused UNAVAILABLE", true, &apiError{http.StatusServiceUnavailable, "UNAVAILABLE", "UNAVAILABLE", "The service is currently unavailable."}},
	{"drop-", "accepted, connection dropped", true, nil},
}

// faultFor gives the fault that applies to this attempt, or none.
func (s *Service) faultFor(token string) (f fault, key string, ok bool) {
	for _, f := range magicTokens {
		if strings.HasPrefix(token, f.prefix) {
			key := "fcm/" + f.prefix + "/" + token
			if !f.once {
				return f, "", true
			}
			return f, key, s.box.First(key)
		}
	}
	return fault{}, "", false
}

func (s *Service) send(w http.ResponseWriter, r *http.Request) {
	if err := s.checkBearer(r.Header.Get("Authorization"), time.Now()); err != nil {
		w.Header().Set("WWW-Authenticate", `Bearer realm="https://accounts.google.com/", error="invalid_token"`)
		writeError(w, apiError{http.StatusUnauthorized, "UNAUTHENTICATED", "", "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential."})
		return
	}
	if r.PathValue("project") != s.config.ProjectID {
		writeError(w, apiError{http.StatusForbidden, "PERMISSION_DENIED", "SENDER_ID_MISMATCH", "SenderId mismatch"})
		return
	}
	request, raw, err := readRequest(r.Body)
	if err != nil {
		writeError(w, apiError{http.StatusBadRequest, "INVALID_ARGUMENT", "INVALID_ARGUMENT", err.Error()})
		return
	}
	name := s.messageName()
	record := request.record(raw)
	record.MessageID, record.Taken, record.Outcome = name, true, "accepted"
	f, key, faulty := s.faultFor(request.Message.Token)
	if faulty {
		record.Outcome, record.FaultKey = f.outcome, key
		if f.refuse != nil {
			record.Taken, record.MessageID = false, ""
		}
	}
	if !request.ValidateOnly {
		if _, err := s.box.Append(record); err != nil {
			writeError(w, apiError{http.StatusInternalServerError, "INTERNAL", "INTERNAL", "Internal error encountered."})
			return
		}
	}
	switch {
	case faulty && f.refuse != nil:
		if f.refuse.code == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "1")
		}
		writeError(w, *f.refuse)
	case faulty:
		faults.Drop()
	default:
		writeJSON(w, http.StatusOK, map[string]string{"name": name})
	}
}

// messageName has the shape of FCM's own: microseconds and a random tail.
func (s *Service) messageName() string {
	var tail [8]byte
	_, _ = rand.Read(tail[:]) // never fails, by its documentation
	return fmt.Sprintf("projects/%s/messages/0:%d%%%s", s.config.ProjectID, time.Now().UnixMicro(), hex.EncodeToString(tail[:]))
}

// apiError is an error in Google's terms; detail is FCM's own code.
type apiError struct {
	code    int
	status  string
	detail  string
	message string
}

func writeError(w http.ResponseWriter, e apiError) {
	body := map[string]any{"code": e.code, "message": e.message, "status": e.status}
	if e.detail != "" {
		body["details"] = []any{map[string]string{
			"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": e.detail,
		}}
	}
	writeJSON(w, e.code, map[string]any{"error": body})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the peer is gone if this fails
}

var errToken = errors.New("fcmsim: the token is not good")
