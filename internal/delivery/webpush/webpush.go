// Package webpush sends pushes to browsers (RFC 8030), encrypted for each of them (RFC 8291) and signed by their sender
// (VAPID, RFC 8292).
//
// A push is a pointer: title, one line and the address of the public page, never the facts. What is pushed is JSON that
// a browser can show by itself (Declarative Web Push) and a service worker can read. No push service offers a look-up,
// so what is unknown stays so; a repeated push replaces the first one while it waits, because its topic depends on the
// delivery and not on the try.
//
// Imports of ours: breach, delivery.
package webpush

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// maxTopic is what RFC 8030 section 5.4 allows.
const maxTopic = 32

// Sender hands messages to the push services that subscriptions name. It is safe for many goroutines.
type Sender struct {
	config Config
	http   *http.Client
	id     *identity
	now    func() time.Time
}

var _ delivery.Sender = (*Sender)(nil)

// New makes a sender; it opens no connection yet. The error lists everything that is wrong with the settings.
func New(c Config) (*Sender, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	key, err := c.key()
	if err != nil {
		return nil, err
	}
	id, err := newIdentity(key, c.Subject)
	if err != nil {
		return nil, errors.New("webpush: key: cannot be used")
	}
	return &Sender{config: c, http: delivery.NewGuardedClient(c.Timeout, c.Connections, c.guarded), id: id, now: time.Now}, nil
}

// Close ends connections that nobody uses.
func (s *Sender) Close() error {
	s.http.CloseIdleConnections()
	return nil
}

// Send hands a push over. Errors are *delivery.Failure. The receipt is accepted: push services tell no more. What one
// says in words is not kept, because it may repeat the address of the subscription.
func (s *Sender) Send(ctx context.Context, m delivery.Message) (delivery.Receipt, error) {
	if ctx.Err() != nil {
		return delivery.Receipt{}, delivery.Temporary(delivery.ReasonProviderDown, "sending was called off before anything was handed over", 0)
	}
	r, origin, f := s.request(m)
	if f != nil {
		return delivery.Receipt{}, f
	}
	ctx, watch := delivery.Watched(ctx)
	answer, err := s.http.Do(r.WithContext(ctx))
	if errors.Is(err, delivery.ErrNotPublic) {
		return delivery.Receipt{}, delivery.Temporary(delivery.ReasonProviderDown, "the push service's name leads to an address that is not public; one of your own is named in webpush.private_hosts", 0)
	}
	if err != nil {
		return delivery.Receipt{}, watch.Broken(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body) // so that the connection can be used again
	if answer.StatusCode/100 == 2 {
		return delivery.Receipt{State: breach.Accepted}, nil
	}
	if answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden {
		s.id.forget(origin)
	}
	return delivery.Receipt{}, judge(answer, s.now())
}

// request is the whole call. Nothing of it was sent when it fails.
func (s *Sender) request(m delivery.Message) (*http.Request, string, *delivery.Failure) {
	if f := m.CheckPush(); f != nil {
		return nil, "", f
	}
	to, f := readSubscription(m.To)
	if f != nil {
		return nil, "", f
	}
	origin, f := s.config.origin(to.Endpoint)
	if f != nil {
		return nil, "", f
	}
	topic := topicOf(m.DeliveryID)
	plain, err := payload(m, topic)
	if err != nil || len(plain) > maxPlain {
		return nil, "", delivery.Refused(fmt.Sprintf("the push is longer than %d bytes", maxPlain))
	}
	body, err := seal(to, plain)
	if err != nil {
		return nil, "", badSubscription("nothing can be encrypted for its key")
	}
	authorization, err := s.id.authorization(origin, s.now())
	if err != nil {
		return nil, "", delivery.Temporary(delivery.ReasonAuth, "the token of the sender cannot be signed", 0)
	}
	r, err := http.NewRequest(http.MethodPost, to.Endpoint, bytes.NewReader(body)) //nolint:noctx // the caller adds it
	if err != nil {
		return nil, "", badSubscription("its endpoint is no URL")
	}
	r.GetBody = nil // never sent a second time by the transport
	for name, value := range map[string]string{
		"Authorization": authorization, "Content-Encoding": "aes128gcm", "Content-Type": "application/octet-stream",
		"Ttl": strconv.FormatInt(int64(s.config.TTL/time.Second), 10), "Urgency": "high", "Topic": topic,
	} {
		r.Header.Set(name, value)
	}
	return r, origin, nil
}

func seal(to subscription, plain []byte) ([]byte, error) {
	own, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails, by its documentation
	return to.encrypt(plain, own, salt)
}

// payload is what the browser gets. With web_push it shows the notification without a service worker; that needs a link
// (w3.org/TR/push-api, declarative push messages).
func payload(m delivery.Message, tag string) ([]byte, error) {
	type notification struct {
		Title    string `json:"title"`
		Body     string `json:"body,omitempty"`
		Navigate string `json:"navigate,omitempty"`
		Tag      string `json:"tag"`
		Lang     string `json:"lang,omitempty"`
	}
	out := struct {
		WebPush      int          `json:"web_push,omitempty"`
		Notification notification `json:"notification"`
	}{Notification: notification{m.Title, m.Text, m.Link, tag, m.Locale}}
	if m.Link != "" {
		out.WebPush = 8030
	}
	return json.Marshal(out)
}

// topicOf is the same for every try of a delivery.
func topicOf(id string) string {
	if len(id) <= maxTopic && delivery.PlainID(id) && !bytes.ContainsRune([]byte(id), '.') {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return base64.RawURLEncoding.EncodeToString(sum[:24])
}

// judge turns a refusing answer into a failure (RFC 8030 sections 5 and 8.4, RFC 8292 section 4.2).
func judge(answer *http.Response, now time.Time) *delivery.Failure {
	detail, after := fmt.Sprintf("HTTP %d", answer.StatusCode), delivery.RetryAfter(answer.Header, now)
	switch answer.StatusCode {
	case http.StatusNotFound, http.StatusGone:
		return &delivery.Failure{Reason: delivery.ReasonTokenGone, Detail: detail}
	case http.StatusTooManyRequests:
		return delivery.Temporary(delivery.ReasonProviderBusy, detail, after)
	case http.StatusServiceUnavailable:
		return delivery.Temporary(delivery.ReasonProviderDown, detail, after)
	case http.StatusUnauthorized, http.StatusForbidden:
		// The key is not the one that the page subscribed with, or the token is wrong; that says nothing about the person.
		return delivery.Temporary(delivery.ReasonAuth, detail, after)
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		return &delivery.Failure{Reason: delivery.ReasonBadInput, Detail: detail}
	}
	if answer.StatusCode/100 == 4 && answer.StatusCode != http.StatusRequestTimeout {
		return &delivery.Failure{Reason: delivery.ReasonRejected, Detail: detail}
	}
	return delivery.NoAnswer(detail)
}
