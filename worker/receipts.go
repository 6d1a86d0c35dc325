package worker

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/sms/gateway"
	"github.com/tocsin-engine/tocsin/internal/delivery/sms/twilio"
	"github.com/tocsin-engine/tocsin/internal/store"
)

// Receipts takes providers' words on messages, after checking that they come from the provider.
type Receipts struct {
	Twilio  *twilio.Sender
	Gateway *gateway.Sender
	Ledger  *store.Store
	Now     func() time.Time
}

const maxReceipt = 64 << 10

// Take checks a callback's signature and records what it says; breach.ErrForbidden for a wrong one,
// breach.ErrNotFound for a provider that is not configured.
func (r *Receipts) Take(ctx context.Context, provider, attempt string, req *http.Request) error {
	var word delivery.Receipt
	var err error
	switch {
	case provider == twilio.Provider && r.Twilio != nil:
		word, err = r.twilio(attempt, req)
	case provider == gateway.Provider && r.Gateway != nil:
		word, err = r.gateway(attempt, req)
	default:
		return breach.Errorf(breach.ErrNotFound, "no such provider is configured")
	}
	if err != nil {
		return err
	}
	_, err = r.Ledger.RecordReceipt(ctx, provider, attempt, store.Receipt{
		State: word.State, ProviderRef: word.ProviderRef, Reason: word.Reason, Detail: word.Detail,
	}, r.Now().UTC())
	return err
}

func (r *Receipts) twilio(attempt string, req *http.Request) (delivery.Receipt, error) {
	req.Body = http.MaxBytesReader(nil, req.Body, maxReceipt)
	if err := req.ParseForm(); err != nil {
		return delivery.Receipt{}, breach.Errorf(breach.ErrInvalid, "the receipt is not a form")
	}
	// The address that was signed is the public one, which a proxy may have rewritten on the way.
	if !r.Twilio.VerifyCallback(r.Twilio.CallbackURL(attempt), req.PostForm, req.Header.Get("X-Twilio-Signature")) {
		return delivery.Receipt{}, breach.Errorf(breach.ErrForbidden, "the receipt's signature does not hold")
	}
	word, err := r.Twilio.ParseCallback(req.PostForm)
	if err != nil {
		return word, breach.Errorf(breach.ErrInvalid, "the receipt cannot be read")
	}
	return word, nil
}

func (r *Receipts) gateway(attempt string, req *http.Request) (delivery.Receipt, error) {
	body, err := io.ReadAll(io.LimitReader(req.Body, maxReceipt))
	if err != nil {
		return delivery.Receipt{}, breach.Errorf(breach.ErrInvalid, "the receipt could not be read")
	}
	if err := r.Gateway.VerifyCallback(req.Header, body); err != nil {
		return delivery.Receipt{}, breach.Errorf(breach.ErrForbidden, "the receipt's signature does not hold")
	}
	id, word, err := r.Gateway.ParseCallback(body)
	if err != nil {
		return word, breach.Errorf(breach.ErrInvalid, "the receipt cannot be read")
	}
	if id != attempt {
		return word, breach.Errorf(breach.ErrForbidden, "the receipt is about another message")
	}
	return word, nil
}
