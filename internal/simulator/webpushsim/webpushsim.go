// Package webpushsim stands in for a push service of a browser maker and for the browsers behind it: it checks who sends
// (VAPID), and decrypts what arrives as the browser would.
//
//	POST /push/{browser} -> 201 with a Location
//
// Magic browsers, by prefix (first = only on the first attempt per browser):
//
//	gone-   410        quota-   429 with Retry-After (first)
//	never-  404        server-  503 (first)
//	large-  413        drop-    recorded, then no answer (first)
//	key-    403        login-  401 (first)
//
// Imports of ours: outbox and faults, beside it in the simulator.
package webpushsim

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// Provider is the name under which messages stand in the outbox.
const Provider = "webpush"

// maxBody is what every push service takes, in bytes (RFC 8030 section 7.2).
const maxBody = 4096

// Config says who may send, and with what browsers decrypt.
type Config struct {
	// Public is the key that pages subscribed with.
	Public *ecdsa.PublicKey
	// Browser and Auth are the same for all browsers here.
	Browser *ecdh.PrivateKey
	Auth    []byte
	// Origin is where the service is reached: scheme and host.
	Origin string
}

// Service is the push service.
type Service struct {
	config Config
	public string
	box    *outbox.Box
}

// New makes the service.
func New(config Config, box *outbox.Box) (*Service, error) {
	public, err := config.Public.Bytes()
	if err != nil {
		return nil, err
	}
	return &Service{config, base64.RawURLEncoding.EncodeToString(public), box}, nil
}

// Subscription is what a browser of that name would give, as JSON; base is where Handler stands.
func (c Config) Subscription(base, browser string) string {
	out, _ := json.Marshal(map[string]any{"endpoint": base + "/push/" + browser, "expirationTime": nil, "keys": map[string]string{
		"p256dh": base64.RawURLEncoding.EncodeToString(c.Browser.PublicKey().Bytes()), "auth": base64.RawURLEncoding.EncodeToString(c.Auth),
	}}) // strings always encode
	return string(out)
}

// Handler serves below its own root.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /push/{browser}", s.send)
	return mux
}

// fault is what a magic browser brings about.
type fault struct {
	prefix string
	status int // 0: no answer
	once   bool
}

var magicBrowsers = []fault{
	{"gone-", http.StatusGone, false}, {"never-", http.StatusNotFound, false}, {"large-", http.StatusRequestEntityTooLarge, false},
	{"key-", http.StatusForbidden, false}, {"quota-", http.StatusTooManyRequests, true}, {"server-", http.StatusServiceUnavailable, true},
	{"login-", http.StatusUnauthorized, true}, {"drop-", 0, true},
}

func (s *Service) faultFor(browser string) (f fault, key string, ok bool) {
	for _, f := range magicBrowsers {
		if strings.HasPrefix(browser, f.prefix) {
			if !f.once {
				return f, "", true
			}
			key := "webpush/" + f.prefix + "/" + browser
			return f, key, s.box.First(key)
		}
	}
	return fault{}, "", false
}

func (s *Service) send(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		http.Error(w, "the body is too large", http.StatusRequestEntityTooLarge)
		return
	}
	if status, what := s.judge(r, time.Now()); status != 0 {
		http.Error(w, what, status)
		return
	}
	plain, err := decrypt(body, s.config.Browser, s.config.Auth)
	if err != nil { // a real service would not notice; the browser would drop it without a word
		http.Error(w, "the browser cannot decrypt it", http.StatusBadRequest)
		return
	}
	browser := r.PathValue("browser")
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails, by its documentation
	record := record(r, browser, plain)
	record.MessageID = base64.RawURLEncoding.EncodeToString(id[:])
	f, key, faulty := s.faultFor(browser)
	if faulty {
		record.FaultKey, record.Outcome, record.Taken = key, "refused "+strconv.Itoa(f.status), false
		if f.status == 0 {
			record.Outcome, record.Taken = "accepted, connection dropped", true
		}
	}
	if _, err := s.box.Append(record); err != nil {
		http.Error(w, "cannot be recorded", http.StatusInternalServerError)
		return
	}
	switch {
	case faulty && f.status == 0:
		faults.Drop()
	case faulty:
		if f.status == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "1")
		}
		http.Error(w, http.StatusText(f.status), f.status)
	default:
		w.Header().Set("Location", "/message/"+record.MessageID)
		w.WriteHeader(http.StatusCreated)
	}
}

// judge gives what is wrong with a request.
func (s *Service) judge(r *http.Request, now time.Time) (status int, what string) {
	ttl, err := strconv.ParseUint(r.Header.Get("Ttl"), 10, 31)
	topic := r.Header.Get("Topic")
	switch {
	case err != nil || ttl > 28*24*3600:
		return http.StatusBadRequest, "TTL is missing or wrong"
	case r.Header.Get("Content-Encoding") != "aes128gcm":
		return http.StatusUnsupportedMediaType, "the content coding is not aes128gcm"
	case len(topic) > 32 || strings.Trim(topic, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "":
		return http.StatusBadRequest, "the topic is not 32 characters of base64url"
	case !s.knows(r.Header.Get("Authorization"), now):
		return http.StatusForbidden, "the credentials are not those of the subscription"
	}
	return 0, ""
}

// knows verifies VAPID credentials by hand: it shares nothing with what it judges.
func (s *Service) knows(authorization string, now time.Time) bool {
	var token, key string
	rest, ok := strings.CutPrefix(authorization, "vapid ")
	for _, part := range strings.Split(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			token = value
		case "k":
			key = value
		}
	}
	parts := strings.Split(token, ".")
	var header struct{ Alg string }
	var claims struct {
		Aud, Sub string
		Exp      int64
	}
	if !ok || key != s.public || len(parts) != 3 || !decode(parts[0], &header) || !decode(parts[1], &claims) {
		return false
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	left := time.Unix(claims.Exp, 0).Sub(now)
	return err == nil && len(signature) == 64 && header.Alg == "ES256" && claims.Aud == s.config.Origin && claims.Sub != "" &&
		left > 0 && left <= 24*time.Hour &&
		ecdsa.Verify(s.config.Public, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
}

func decode(part string, into any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(raw, into) == nil
}

func record(r *http.Request, browser string, plain []byte) outbox.Message {
	m := outbox.Message{Channel: outbox.ChannelPush, Provider: Provider, Transport: "http", Raw: plain, Recipient: browser, Taken: true, Outcome: "accepted"}
	var payload struct {
		Notification struct{ Title, Body, Navigate string }
	}
	if json.Unmarshal(plain, &payload) == nil {
		m.Subject, m.Text = payload.Notification.Title, payload.Notification.Body
		m.Headers = append(m.Headers, outbox.Header{Name: "link", Value: payload.Notification.Navigate})
	}
	m.Headers = append(m.Headers, outbox.Header{Name: "collapse", Value: r.Header.Get("Topic")})
	return m
}
