package worker

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/internal/store"
)

type teller struct{ delivery.Sender }

func (teller) TakeReport(_ string, r *http.Request) (delivery.Receipt, error) {
	if r.Header.Get("Signed") == "" {
		return delivery.Receipt{}, breach.Errorf(breach.ErrForbidden, "not signed")
	}
	return delivery.Receipt{State: breach.Delivered, ProviderRef: "r1"}, nil
}

type ways map[string]delivery.Sender

func (w ways) Sender(kind string) (delivery.Sender, bool) { s, ok := w[kind]; return s, ok }

// book holds who sends which attempt, and writes down who is said to have spoken.
type book struct {
	by   map[string][2]string
	said map[string]string
}

func (b *book) SentBy(_ context.Context, attempt string) (string, string, error) {
	return b.by[attempt][0], b.by[attempt][1], nil
}

func (b *book) RecordReceipt(_ context.Context, provider, attempt string, r store.Receipt, _ time.Time) (bool, error) {
	b.said[attempt] = provider + " " + string(r.State)
	return true, nil
}

// A receipt is recorded under the name that the policy has for the provider, and counts for messages alone that a
// provider of this kind was given.
func TestReceiptsAreTheProvidersOfThePolicy(t *testing.T) {
	t.Parallel()
	own, err := policy.Builtin("mooc")
	require.NoError(t, err)
	own.Name, own.Providers = "own", append([]policy.Provider(nil), own.Providers...)
	for i := range own.Providers {
		if own.Providers[i].Kind == "twilio" {
			own.Providers[i].ID = "abroad"
		}
	}
	policies := &Policies{}
	policies.Add(own)
	ledger := &book{said: map[string]string{}, by: map[string][2]string{
		"a1": {"abroad", "own"}, "a2": {"gateway", "own"}, "a3": {"twilio", "mooc"}, "a4": {"gone", "own"}, "a5": {"twilio", "no-such-policy"},
	}}
	r := &Receipts{Senders: ways{"twilio": teller{}, "fcm": struct{ delivery.Sender }{}}, Profiles: policies, Ledger: ledger, Now: time.Now}
	take := func(kind, attempt, signed string) error {
		req := httptest.NewRequest(http.MethodPost, "/callbacks/"+kind+"/"+attempt, nil)
		req.Header.Set("Signed", signed)
		return r.Take(t.Context(), kind, attempt, req)
	}
	for _, attempt := range []string{"a1", "a2", "a3", "a4", "a6"} {
		require.NoError(t, take("twilio", attempt, "yes"))
	}
	require.Equal(t, map[string]string{
		"a1": "abroad delivered", "a2": "twilio? delivered", "a3": "twilio delivered", "a4": "twilio? delivered", "a6": "twilio? delivered",
	}, ledger.said)
	require.Equal(t, breach.ErrUnknownPolicy, breach.CodeOf(take("twilio", "a5", "yes")))
	require.Equal(t, breach.ErrForbidden, breach.CodeOf(take("twilio", "a1", "")))
	for _, kind := range []string{"fcm", "gateway", "?"} {
		require.Equal(t, breach.ErrNotFound, breach.CodeOf(take(kind, "a1", "yes")))
	}
	require.Len(t, ledger.said, 5)
}
