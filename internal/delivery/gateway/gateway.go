// Package gateway sends text messages and pushes through any provider that speaks a small signed HTTP protocol. It is
// the domestic provider for people whose data may not leave their country, and the way to an aggregator of pushes for
// phones without Google's services.
//
//	POST {base}/messages       -> 2xx {"id","status"}
//	  {"id","channel":"sms","to","text","callback_url"}
//	  {"id","channel":"push","to","platform","title","text","link","collapse","ttl","callback_url"}
//	GET  {base}/messages/{id}  -> 200 {"id","status","reason"}, 404 when it never had it
//
// A push holds title, one line and the address of the public page, never the facts. "to" is the device's token,
// "platform" the system that gave it (left out when nobody said), "ttl" the seconds for which it may wait; a later push
// with the same "collapse" takes the place of the first on the device. A token that is gone is refused, or reported,
// with the code token_gone, and is not used again.
//
// Requests and callbacks are signed as Standard Webhooks has it. The id is the attempt id, and the provider
// takes one id once: the same request again is the same message.
//
// Imports of ours: breach, delivery.
package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Sender hands messages to one gateway. It is safe for many goroutines.
type Sender struct {
	config  Config
	secrets [][]byte // the one in use first
	http    *http.Client
	now     func() time.Time // signatures are made and checked with it
}

var (
	_ delivery.Sender   = (*Sender)(nil)
	_ delivery.Asker    = (*Sender)(nil)
	_ delivery.Reporter = (*Sender)(nil)
)

// New makes a sender; it opens no connection yet. The error lists everything that is wrong with the
// settings.
func New(c Config) (*Sender, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	secrets, err := c.secrets()
	if err != nil {
		return nil, err
	}
	return &Sender{config: c, secrets: secrets, http: delivery.NewHTTPClient(c.Timeout, c.Connections), now: time.Now}, nil
}

// NewForPush is New for kind ForPush.
func NewForPush(c Config) (*Sender, error) {
	c.Kind = ForPush
	return New(c)
}

// Close ends connections that nobody uses.
func (s *Sender) Close() error {
	s.http.CloseIdleConnections()
	return nil
}

// answer is what the gateway says, in errors and successes.
type answer struct {
	ID      string `json:"id"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Send hands a message over. Errors are *delivery.Failure. The receipt is handed_over.
func (s *Sender) Send(ctx context.Context, m delivery.Message) (delivery.Receipt, error) {
	if ctx.Err() != nil {
		return delivery.Receipt{}, delivery.Temporary(delivery.ReasonProviderDown, "sending was called off before anything was handed over", 0)
	}
	order, f := s.order(&m)
	if f != nil {
		return delivery.Receipt{}, f
	}
	body, err := json.Marshal(order)
	if err != nil {
		return delivery.Receipt{}, delivery.Refused("the text cannot be encoded")
	}
	ctx, watch := delivery.Watched(ctx)
	got, err := s.call(ctx, http.MethodPost, "/messages", m.AttemptID, body)
	switch {
	case got == nil:
		return delivery.Receipt{}, watch.Broken(err)
	case got.status/100 != 2:
		return delivery.Receipt{}, s.judge(got, m)
	case err != nil, got.ID != m.AttemptID:
		return delivery.Receipt{}, delivery.NoAnswer("the gateway said yes without naming the message")
	}
	return handedOver(m.AttemptID), nil
}

// order is a message as the gateway takes it.
type order struct {
	ID          string `json:"id"`
	Channel     string `json:"channel"`
	To          string `json:"to"`
	Platform    string `json:"platform,omitempty"`
	Title       string `json:"title,omitempty"`
	Text        string `json:"text"`
	Link        string `json:"link,omitempty"`
	Collapse    string `json:"collapse,omitempty"`
	TTL         int64  `json:"ttl,omitempty"` // seconds
	CallbackURL string `json:"callback_url"`
}

func (s *Sender) order(m *delivery.Message) (order, *delivery.Failure) {
	o := order{ID: m.AttemptID, Channel: string(m.Channel), To: m.To, Text: m.Text, CallbackURL: s.CallbackURL(m.AttemptID)}
	switch m.Channel {
	case breach.SMS:
		return o, m.CheckSMS()
	case breach.Push:
		o.Platform, o.Title, o.Link, o.Collapse, o.TTL = m.Platform, m.Title, m.Link, m.DeliveryID, int64(s.config.TTL/time.Second)
		return o, m.CheckPush()
	}
	return o, delivery.Refused("a gateway carries text messages and pushes only")
}

// ErrCannotAsk says that the gateway gave no usable answer now. What it may have is still unknown.
var ErrCannotAsk = errors.New("gateway: the message could not be looked up now; ask again later")

// Ask looks an attempt up by its id. Only a signed question that the gateway answers with 404 and its own
// code for it counts as "certainly not": a 404 of something in between does not.
func (s *Sender) Ask(ctx context.Context, m delivery.Message) (delivery.Receipt, bool, error) {
	if !delivery.PlainID(m.AttemptID) {
		return delivery.Receipt{}, false, errors.New("gateway: to ask, an attempt id is needed")
	}
	got, err := s.call(ctx, http.MethodGet, "/messages/"+m.AttemptID, m.AttemptID, nil)
	switch {
	case got == nil, err != nil:
		return delivery.Receipt{}, false, ErrCannotAsk
	case got.status == http.StatusNotFound && got.Code == "not_found":
		return delivery.Receipt{}, false, nil
	case got.status != http.StatusOK || got.ID != m.AttemptID:
		return delivery.Receipt{}, false, ErrCannotAsk
	}
	receipt, known := receiptOf(got.answer)
	if !known {
		return delivery.Receipt{}, false, ErrCannotAsk
	}
	return receipt, true, nil
}

// replied is an answer with what HTTP says of it.
type replied struct {
	status int
	header http.Header
	answer
}

// call sends one signed request. The reply is nil when none came; err is then the transport's error, else
// says that the reply was not JSON.
func (s *Sender) call(ctx context.Context, method, path, id string, body []byte) (*replied, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.config.BaseURL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	s.sign(req.Header, id, body)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	got := &replied{status: resp.StatusCode, header: resp.Header}
	err = json.NewDecoder(resp.Body).Decode(&got.answer)
	return got, err
}

// CallbackURL is where the gateway reports on an attempt.
func (s *Sender) CallbackURL(attemptID string) string {
	return s.config.PublicBaseURL + "/callbacks/" + s.config.Kind + "/" + attemptID
}
