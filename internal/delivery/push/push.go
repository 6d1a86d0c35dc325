// Package push sends push messages through FCM HTTP v1 (Android, and Apple devices behind it).
//
// A push is a pointer: title, one line and the address of the public page, never the facts. No provider of
// push offers a look-up, so what is unknown stays so; a repeated push replaces the first on the device,
// because its collapse id depends on the delivery and not on the try.
//
// Imports of ours: breach, delivery.
package push

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	fcm "google.golang.org/api/fcm/v1"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// maxCollapse is what Apple allows for a collapse id, in bytes.
const maxCollapse = 64

// Sender hands messages to one project. It is safe for many goroutines.
type Sender struct {
	config  Config
	http    *http.Client
	tokens  *tokens
	service *fcm.Service
	now     func() time.Time
}

var _ delivery.Sender = (*Sender)(nil)

// New makes a sender; it opens no connection yet. The error lists everything that is wrong with the
// settings.
func New(c Config) (*Sender, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	jwtConfig, err := c.jwtConfig()
	if err != nil {
		return nil, err
	}
	client := delivery.NewHTTPClient(c.Timeout, c.Connections)
	// With a client of our own the library adds neither credentials nor retries. (Its send call has no
	// retries today; a test holds it to that.)
	service, err := fcm.NewService(context.Background(), option.WithHTTPClient(client), option.WithEndpoint(c.Endpoint))
	if err != nil {
		return nil, errors.New("fcm: the API client cannot be made")
	}
	return &Sender{config: c, http: client, tokens: newTokens(jwtConfig, client), service: service, now: time.Now}, nil
}

// Close ends connections that nobody uses.
func (s *Sender) Close() error {
	s.http.CloseIdleConnections()
	return nil
}

// Send hands a push over. Errors are *delivery.Failure. The receipt is accepted: the vendor tells no more.
func (s *Sender) Send(ctx context.Context, m delivery.Message) (delivery.Receipt, error) {
	if ctx.Err() != nil {
		return delivery.Receipt{}, cancelled()
	}
	if f := m.CheckPush(); f != nil {
		return delivery.Receipt{}, f
	}
	token, f := s.tokens.get(ctx)
	if f != nil {
		return delivery.Receipt{}, f
	}
	ctx, watch := delivery.Watched(ctx)
	call := s.service.Projects.Messages.Send("projects/"+s.config.ProjectID, &fcm.SendMessageRequest{Message: s.payload(m)}).Context(ctx)
	token.SetAuthHeader(&http.Request{Header: call.Header()})
	sent, err := call.Do()
	var refused *googleapi.Error
	switch {
	case err == nil && sent.Name != "":
		return delivery.Receipt{State: breach.Accepted, ProviderRef: reference(sent.Name)}, nil
	case err == nil:
		return delivery.Receipt{}, delivery.NoAnswer("the API said yes without naming a message")
	case errors.As(err, &refused):
		if refused.Code == http.StatusUnauthorized {
			s.tokens.forget(token)
		}
		return delivery.Receipt{}, judge(refused, m, s.now())
	}
	return delivery.Receipt{}, watch.Broken(err)
}

// payload holds title, line and link, and how long and as what the vendor keeps them.
func (s *Sender) payload(m delivery.Message) *fcm.Message {
	collapse := m.DeliveryID
	if len(collapse) > maxCollapse {
		sum := sha256.Sum256([]byte(collapse))
		collapse = hex.EncodeToString(sum[:])
	}
	out := &fcm.Message{
		Token:        m.To,
		Notification: &fcm.Notification{Title: m.Title, Body: m.Text},
		Android: &fcm.AndroidConfig{
			CollapseKey: collapse, Priority: "HIGH", Ttl: strconv.FormatInt(int64(s.config.TTL/time.Second), 10) + "s",
			Notification: &fcm.AndroidNotification{Tag: collapse},
		},
		Apns: &fcm.ApnsConfig{Headers: map[string]string{
			"apns-collapse-id": collapse, "apns-priority": "10",
			"apns-expiration": strconv.FormatInt(s.now().Add(s.config.TTL).Unix(), 10),
		}},
	}
	if m.Link != "" {
		out.Data = map[string]string{"link": m.Link}
	}
	return out
}

// reference is the last part of projects/<project>/messages/<id>, if it is fit to be kept.
func reference(name string) string {
	id := name[strings.LastIndexByte(name, '/')+1:]
	if len(id) > 128 || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return id
}
