// Package apnssim stands in for the Apple Push Notification service: HTTP/2, provider tokens signed with ES256, and its
// answers.
//
//	POST /3/device/{token} -> 200, or an error {"reason"}
//
// Magic device tokens, by their first four digits (first = only on the first attempt per token):
//
//	0001  410 Unregistered            0005  recorded, then no answer (first)
//	0002  400 BadDeviceToken          0006  403 ExpiredProviderToken (first)
//	0003  400 DeviceTokenNotForTopic  0008  503 ServiceUnavailable (first)
//	0004  429 TooManyRequests (first) 0009  500 InternalServerError (first)
//	000a  410 ExpiredToken            000b  503 Shutdown (first)
//	000c  429 TooManyProviderTokenUpdates (first)
//
// Imports of ours: outbox and faults, beside it in the simulator.
package apnssim

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// Provider is the name under which messages stand in the outbox.
const Provider = "apns"

// tokenLife is how old a provider token may be.
const tokenLife = time.Hour

// maxPayload is what the vendor takes of an alert, in bytes.
const maxPayload = 4096

// Config holds the app that may send.
type Config struct {
	KeyID, TeamID, Topic string
	Key                  *ecdsa.PublicKey
}

// Service is the API.
type Service struct {
	config Config
	box    *outbox.Box
}

// New makes the service.
func New(config Config, box *outbox.Box) *Service { return &Service{config, box} }

// Handler serves the API below its own root.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /3/device/{token}", s.send)
	mux.HandleFunc("/3/device/{token}", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed")
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "BadPath") })
	return mux
}

// fault is what a magic token brings about.
type fault struct {
	prefix string
	status int // 0: no answer
	reason string
	once   bool
}

var magicTokens = []fault{
	{"0001", http.StatusGone, "Unregistered", false},
	{"0002", http.StatusBadRequest, "BadDeviceToken", false},
	{"0003", http.StatusBadRequest, "DeviceTokenNotForTopic", false},
	{"0004", http.StatusTooManyRequests, "TooManyRequests", true},
	{"0005", 0, "", true},
	{"0006", http.StatusForbidden, "ExpiredProviderToken", true},
	{"0008", http.StatusServiceUnavailable, "ServiceUnavailable", true},
	{"0009", http.StatusInternalServerError, "InternalServerError", true},
	{"000a", http.StatusGone, "ExpiredToken", false},
	{"000b", http.StatusServiceUnavailable, "Shutdown", true},
	{"000c", http.StatusTooManyRequests, "TooManyProviderTokenUpdates", true},
}

func (s *Service) faultFor(token string) (f fault, key string, ok bool) {
	for _, f := range magicTokens {
		if strings.HasPrefix(token, f.prefix) {
			if !f.once {
				return f, "", true
			}
			key := "apns/" + f.prefix + "/" + token
			return f, key, s.box.First(key)
		}
	}
	return fault{}, "", false
}

var (
	uuid   = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	device = regexp.MustCompile(`^[0-9a-fA-F]{32,400}$`)
)

func (s *Service) send(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || len(body) > maxPayload {
		refuse(w, http.StatusRequestEntityTooLarge, "PayloadTooLarge")
		return
	}
	if id := r.Header.Get("Apns-Id"); uuid.MatchString(id) {
		w.Header().Set("Apns-Id", id)
	}
	token := r.PathValue("token")
	if status, reason := s.judge(r, token, body); reason != "" {
		refuse(w, status, reason)
		return
	}
	record := record(r, token, body)
	f, key, faulty := s.faultFor(token)
	if faulty {
		record.FaultKey, record.Outcome, record.Taken = key, "refused "+f.reason, false
		if f.status == 0 {
			record.Outcome, record.Taken = "accepted, connection dropped", true
		}
	}
	if _, err := s.box.Append(record); err != nil {
		refuse(w, http.StatusInternalServerError, "InternalServerError")
		return
	}
	switch {
	case faulty && f.status == 0:
		faults.Drop()
	case faulty:
		if f.status == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "1")
		}
		refuse(w, f.status, f.reason)
	default:
		w.WriteHeader(http.StatusOK)
	}
}

// judge gives what is wrong with a request, as the vendor names it.
func (s *Service) judge(r *http.Request, token string, body []byte) (status int, reason string) {
	var payload struct {
		APS struct {
			Alert json.RawMessage `json:"alert"`
		} `json:"aps"`
	}
	expires, err := strconv.ParseInt(r.Header.Get("Apns-Expiration"), 10, 64)
	switch {
	case r.ProtoMajor != 2:
		return http.StatusBadRequest, "IdleTimeout" // the vendor closes the connection
	case r.Header.Get("Authorization") == "":
		return http.StatusForbidden, "MissingProviderToken"
	}
	if reason := s.checkToken(r.Header.Get("Authorization"), time.Now()); reason != "" {
		return http.StatusForbidden, reason
	}
	switch {
	case r.Header.Get("Apns-Topic") == "":
		return http.StatusBadRequest, "MissingTopic"
	case r.Header.Get("Apns-Topic") != s.config.Topic:
		return http.StatusBadRequest, "TopicDisallowed"
	case !device.MatchString(token):
		return http.StatusBadRequest, "BadDeviceToken"
	case r.Header.Get("Apns-Id") != "" && !uuid.MatchString(r.Header.Get("Apns-Id")):
		return http.StatusBadRequest, "BadMessageId"
	case len(r.Header.Get("Apns-Collapse-Id")) > 64:
		return http.StatusBadRequest, "BadCollapseId"
	case r.Header.Get("Apns-Push-Type") != "alert":
		return http.StatusBadRequest, "InvalidPushType"
	case err != nil || expires < 0:
		return http.StatusBadRequest, "BadExpirationDate"
	case json.Unmarshal(body, &payload) != nil || len(payload.APS.Alert) == 0:
		return http.StatusBadRequest, "PayloadEmpty"
	}
	return 0, ""
}

// checkToken verifies a JSON Web Token by hand: it shares nothing with what it judges.
func (s *Service) checkToken(authorization string, now time.Time) (reason string) {
	parts := strings.Split(strings.TrimPrefix(authorization, "bearer "), ".")
	var header struct{ Alg, Kid string }
	var claims struct {
		Iss string
		Iat int64
	}
	if len(parts) != 3 || !decode(parts[0], &header) || !decode(parts[1], &claims) || header.Alg != "ES256" || claims.Iss != s.config.TeamID {
		return "InvalidProviderToken"
	}
	if header.Kid != s.config.KeyID {
		return "UnrelatedKeyIdInToken"
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || len(signature) != 64 ||
		!ecdsa.Verify(s.config.Key, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return "InvalidProviderToken"
	}
	if age := now.Sub(time.Unix(claims.Iat, 0)); age > tokenLife || age < -time.Minute {
		return "ExpiredProviderToken"
	}
	return ""
}

func decode(part string, into any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(raw, into) == nil
}

func record(r *http.Request, token string, body []byte) outbox.Message {
	m := outbox.Message{Channel: outbox.ChannelPush, Provider: Provider, Transport: "http", Raw: body, Recipient: token, MessageID: r.Header.Get("Apns-Id"),
		Taken: true, Outcome: "accepted"}
	var payload struct {
		APS struct{ Alert struct{ Title, Body string } }
	}
	if json.Unmarshal(body, &payload) == nil {
		m.Subject, m.Text = payload.APS.Alert.Title, payload.APS.Alert.Body
	}
	m.Headers = append(m.Headers, outbox.Header{Name: "collapse", Value: r.Header.Get("Apns-Collapse-Id")})
	return m
}

func refuse(w http.ResponseWriter, status int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"reason": reason}) // the peer is gone if this fails
}
