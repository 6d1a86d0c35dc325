package worker

import (
	"context"
	"net/http"
	"time"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/store"
)

// Receipts takes providers' words on messages. The adapter of a provider checks that a word is the provider's.
type Receipts struct {
	Senders  activities.Senders
	Profiles activities.Profiles
	Ledger   ReceiptLedger
	Now      func() time.Time
}

// ReceiptLedger keeps receipts.
type ReceiptLedger interface {
	// SentBy says by which provider of which policy an attempt goes out; empty for an attempt that is not known.
	SentBy(ctx context.Context, attempt string) (provider, policy string, err error)
	// RecordReceipt takes a word of a provider once; known is false for an attempt that it was not given.
	RecordReceipt(ctx context.Context, provider, attempt string, r store.Receipt, at time.Time) (known bool, err error)
}

// Take records what a callback to a kind of provider says, under the name by which the policy knows the provider;
// breach.ErrForbidden for one that is not the provider's, breach.ErrNotFound for a provider that is not configured.
func (r *Receipts) Take(ctx context.Context, kind, attempt string, req *http.Request) error {
	sender, _ := r.Senders.Sender(kind)
	from, tells := sender.(delivery.Reporter)
	if !tells {
		return breach.Errorf(breach.ErrNotFound, "no such provider is configured")
	}
	word, err := from.TakeReport(attempt, req)
	if err != nil {
		return err
	}
	provider, err := r.provider(ctx, kind, attempt)
	if err != nil {
		return err
	}
	_, err = r.Ledger.RecordReceipt(ctx, provider, attempt, store.Receipt{
		State: word.State, ProviderRef: word.ProviderRef, Reason: word.Reason, Detail: word.Detail,
	}, r.Now().UTC())
	return err
}

// nobody is whom a word on somebody else's message is kept under: no policy can name a provider like this, so that it
// never counts.
func nobody(kind string) string { return kind + "?" }

// provider is the policy's name of the one that an attempt was given to, when that is of the kind that speaks.
func (r *Receipts) provider(ctx context.Context, kind, attempt string) (string, error) {
	id, by, err := r.Ledger.SentBy(ctx, attempt)
	if err != nil || id == "" {
		return nobody(kind), err
	}
	p, err := r.Profiles.Profile(by)
	if err != nil {
		return "", err // it is told again, and the policy may be back
	}
	if v, _ := p.Provider(id); v.Kind != kind {
		return nobody(kind), nil
	}
	return id, nil
}
