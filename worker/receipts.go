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
	Senders activities.Senders
	Ledger  *store.Store
	Now     func() time.Time
}

// Take records what a callback to a kind of provider says; breach.ErrForbidden for one that is not the provider's,
// breach.ErrNotFound for a provider that is not configured.
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
	_, err = r.Ledger.RecordReceipt(ctx, kind, attempt, store.Receipt{
		State: word.State, ProviderRef: word.ProviderRef, Reason: word.Reason, Detail: word.Detail,
	}, r.Now().UTC())
	return err
}
