// Package twilio sends text messages through Twilio's Messages API, and asks it what it has.
//
// The vendor offers no idempotency key: a message whose result is unknown is looked for (Ask) and never
// sent again blindly. Receipts come as signed callbacks whose address names the attempt.
//
// Imports of ours: breach, delivery, twilioapi.
package twilio

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/twilioapi"
)

// Sender hands messages to one account. It is safe for many goroutines.
type Sender struct {
	config Config
	stops  Stops
	http   *http.Client
	now    func() time.Time
}

var (
	_ delivery.Sender   = (*Sender)(nil)
	_ delivery.Asker    = (*Sender)(nil)
	_ delivery.Reporter = (*Sender)(nil)
	_ delivery.Looker   = (*Sender)(nil)
	_ delivery.Eraser   = (*Sender)(nil)
	_ delivery.Redactor = (*Sender)(nil)
	_ delivery.Door     = (*Sender)(nil)
)

// New makes a sender; it opens no connection yet. The error lists everything that is wrong with the
// settings.
func New(c Config, stops Stops) (*Sender, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	return &Sender{config: c, stops: stops, http: delivery.NewHTTPClient(c.Timeout, c.Connections), now: time.Now}, nil
}

// Close ends connections that nobody uses.
func (s *Sender) Close() error {
	s.http.CloseIdleConnections()
	return nil
}

// service is the vendor's generated code over one call of ours. Built by hand: its constructor reads
// environment variables that change the host.
func (s *Sender) service(ctx context.Context) *api.ApiService {
	return api.NewApiService(&client.RequestHandler{Client: &call{ctx: ctx, sender: s}})
}

// Send creates a message. Errors are *delivery.Failure. The receipt is handed_over: the vendor queues.
func (s *Sender) Send(ctx context.Context, m delivery.Message) (delivery.Receipt, error) {
	if ctx.Err() != nil {
		return delivery.Receipt{}, delivery.Temporary(delivery.ReasonProviderDown, "sending was called off before anything was handed over", 0)
	}
	if f := m.CheckSMS(); f != nil {
		return delivery.Receipt{}, f
	}
	params := &api.CreateMessageParams{}
	params.SetTo(m.To).SetBody(m.Text).SetValidityPeriod(int(s.config.Validity / time.Second))
	if !s.config.Poll {
		params.SetStatusCallback(s.CallbackURL(m.AttemptID))
	}
	if s.config.From != "" {
		params.SetFrom(s.config.From)
	} else {
		params.SetMessagingServiceSid(s.config.MessagingServiceSID)
	}
	ctx, watch := delivery.Watched(ctx)
	created, err := s.service(ctx).CreateMessage(params)
	var refused *twilioapi.Refusal
	switch {
	case errors.As(err, &refused):
		return delivery.Receipt{}, refused.Judge(m, says)
	case err != nil:
		return delivery.Receipt{}, watch.Broken(err)
	}
	receipt, known := receiptOf(deref(created.Status), deref(created.ErrorCode), plainRef(created.Sid))
	if !known || receipt.ProviderRef == "" {
		return delivery.Receipt{}, delivery.NoAnswer("the API said yes without naming a message")
	}
	if receipt.State == breach.FailedPermanent || receipt.State == breach.FailedTemporary {
		return delivery.Receipt{}, &delivery.Failure{Reason: receipt.Reason, Retryable: receipt.State == breach.FailedTemporary, Detail: receipt.Detail}
	}
	receipt.State = breach.HandedOver
	return receipt, nil
}

// CallbackURL is where the vendor reports on an attempt.
func (s *Sender) CallbackURL(attemptID string) string {
	return s.config.PublicBaseURL + "/callbacks/" + Provider + "/" + attemptID
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// plainRef keeps a message SID if it looks like one.
func plainRef(sid *string) string {
	if sid == nil || !delivery.PlainID(*sid) {
		return ""
	}
	return *sid
}
