// Package apns sends push messages to Apple devices through the Apple Push Notification service, over HTTP/2, signed with
// a token.
//
// A push is a pointer: title, one line and the address of the public page, never the facts. The vendor knows a message by
// an id that depends on the attempt, and offers no look-up, so what is unknown stays so; a repeated push replaces the
// first on the device, because its collapse id depends on the delivery and not on the try.
//
// Imports of ours: breach, delivery.
package apns

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// What the vendor allows, in bytes.
const (
	maxCollapse = 64
	maxPayload  = 4096
	maxAnswer   = 64 << 10
)

// deviceToken is one in hexadecimal digits; the vendor says that their number may change.
var deviceToken = regexp.MustCompile(`^[0-9a-fA-F]{32,400}$`)

// Sender hands messages to one app. It is safe for many goroutines.
type Sender struct {
	config Config
	http   *http.Client
	signer *signer
	room   chan struct{} // a place for each call under way
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
	client, err := newClient(c)
	if err != nil {
		return nil, err
	}
	return &Sender{config: c, http: client, signer: &signer{key: key, keyID: c.KeyID, team: c.TeamID}, room: make(chan struct{}, c.Connections), now: time.Now}, nil
}

// newClient speaks HTTP/2 alone, which the vendor wants, without TLS on loopback only. It follows no redirects. Its
// transport sends a request again only after the other side said that it did not begin with it; the body cannot be read
// twice, so that nothing else is repeated.
func newClient(c Config) (*http.Client, error) {
	roots, err := c.roots()
	if err != nil {
		return nil, err
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true) // http:// is refused beyond loopback
	return &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: min(c.Timeout, 10*time.Second)}).DialContext,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
			TLSHandshakeTimeout: min(c.Timeout, 10*time.Second),
			IdleConnTimeout:     5 * time.Minute,
			HTTP2:               &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
			Protocols:           protocols,
		},
		Timeout:       c.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// Close ends connections that nobody uses.
func (s *Sender) Close() error {
	s.http.CloseIdleConnections()
	return nil
}

// Send hands a push over. Errors are *delivery.Failure. The receipt is accepted: the vendor tells no more.
func (s *Sender) Send(ctx context.Context, m delivery.Message) (delivery.Receipt, error) {
	select {
	case s.room <- struct{}{}:
		defer func() { <-s.room }()
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return delivery.Receipt{}, delivery.Temporary(delivery.ReasonProviderDown, "sending was called off before anything was handed over", 0)
	}
	r, token, f := s.request(m)
	if f != nil {
		return delivery.Receipt{}, f
	}
	ctx, watch := delivery.Watched(ctx)
	said, err := s.http.Do(r.WithContext(ctx))
	if err != nil {
		return delivery.Receipt{}, watch.Broken(err)
	}
	defer said.Body.Close()
	body, err := io.ReadAll(io.LimitReader(said.Body, maxAnswer))
	if said.StatusCode == http.StatusOK {
		return delivery.Receipt{State: breach.Accepted, ProviderRef: attemptID(m.AttemptID)}, nil
	}
	if err != nil {
		return delivery.Receipt{}, watch.Broken(err)
	}
	a := readAnswer(said.StatusCode, said.Header, body)
	if a.status == http.StatusForbidden {
		s.signer.forget(token, s.now())
	}
	return delivery.Receipt{}, a.failure(s.now())
}

// request is the whole call, and the token that signs it. Nothing of it was sent when it fails.
func (s *Sender) request(m delivery.Message) (*http.Request, string, *delivery.Failure) {
	if f := m.CheckPush(); f != nil {
		return nil, "", f
	}
	if !deviceToken.MatchString(m.To) {
		return nil, "", delivery.Refused("the push token is no device token of Apple's: hexadecimal digits")
	}
	body, err := payload(m)
	if err != nil || len(body) > maxPayload {
		return nil, "", delivery.Refused(fmt.Sprintf("the push is longer than %d bytes", maxPayload))
	}
	token, err := s.signer.token(s.now())
	if err != nil {
		return nil, "", delivery.Temporary(delivery.ReasonAuth, "the token of the sender cannot be signed", 0)
	}
	r, err := http.NewRequest(http.MethodPost, s.config.Endpoint+"/3/device/"+m.To, bytes.NewReader(body)) //nolint:noctx // the caller adds it
	if err != nil {
		return nil, "", delivery.Refused("the push token is not one")
	}
	r.GetBody = nil // never sent a second time by the transport
	for name, value := range map[string]string{
		"Authorization": "bearer " + token, "Content-Type": "application/json", "Apns-Id": attemptID(m.AttemptID), "Apns-Topic": s.config.Topic,
		"Apns-Push-Type": "alert", "Apns-Priority": "10", "Apns-Collapse-Id": collapseID(m.DeliveryID),
		"Apns-Expiration": strconv.FormatInt(s.now().Add(s.config.TTL).Unix(), 10),
	} {
		r.Header.Set(name, value)
	}
	return r, token, nil
}

// payload holds title, line and link.
func payload(m delivery.Message) ([]byte, error) {
	type alert struct {
		Title string `json:"title,omitempty"`
		Body  string `json:"body,omitempty"`
	}
	type aps struct {
		Alert alert  `json:"alert"`
		Sound string `json:"sound"`
	}
	return json.Marshal(struct {
		APS  aps    `json:"aps"`
		Link string `json:"link,omitempty"`
	}{aps{alert{m.Title, m.Text}, "default"}, m.Link})
}

// attemptID is the attempt's id in the form that the vendor wants, a UUID (RFC 9562 version 8: of our own making).
func attemptID(id string) string {
	b := sha256.Sum256([]byte(id))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

func collapseID(id string) string {
	if len(id) <= maxCollapse {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}
