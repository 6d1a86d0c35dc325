package twilio

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/deliverytest"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
	"github.com/tocsin-engine/tocsin/internal/simulator/twiliosim"
	"github.com/tocsin-engine/tocsin/internal/simulator/twiliosim/twiliotest"
)

// stand is the adapter between the vendor's simulator and a server of ours that takes its callbacks.
type stand struct {
	sender *Sender
	box    *outbox.Box

	mu       sync.Mutex
	receipts map[string][]delivery.Receipt // by attempt
	rejected int
}

func against(t *testing.T, before ...func(http.Handler) http.Handler) *stand {
	t.Helper()
	st := &stand{receipts: map[string][]delivery.Receipt{}}
	ours := httptest.NewServer(http.HandlerFunc(st.callback))
	t.Cleanup(ours.Close)
	c := testConfig("")
	theirs, box := twiliotest.Start(t, twiliosim.Config{AccountSID: c.AccountSID, AuthToken: c.AuthToken}, before...)
	c.BaseURL, c.PublicBaseURL, c.Timeout = theirs, ours.URL, 5*time.Second
	st.box, st.sender = box, newSender(t, c)
	return st
}

func (st *stand) callback(_ http.ResponseWriter, r *http.Request) {
	st.mu.Lock()
	defer st.mu.Unlock()
	attempt := strings.TrimPrefix(r.URL.Path, "/callbacks/twilio/")
	if r.ParseForm() != nil || !st.sender.VerifyCallback(st.sender.CallbackURL(attempt), r.PostForm, r.Header.Get("X-Twilio-Signature")) {
		st.rejected++
		return
	}
	receipt, err := st.sender.ParseCallback(r.PostForm)
	if err != nil {
		st.rejected++
		return
	}
	st.receipts[attempt] = append(st.receipts[attempt], receipt)
}

func (st *stand) last(attempt string) delivery.Receipt {
	st.mu.Lock()
	defer st.mu.Unlock()
	all := st.receipts[attempt]
	if len(all) == 0 {
		return delivery.Receipt{}
	}
	return all[len(all)-1]
}

func TestSimulatedRecipients(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]deliverytest.Fate{
		"+15005559876": {State: breach.HandedOver, Last: breach.Delivered},
		"+15005500001": {Reason: delivery.ReasonNumberInvalid, State: breach.FailedPermanent},
		"+15005500002": {State: breach.HandedOver, Last: breach.FailedTemporary, Why: delivery.ReasonHandsetOff},
		"+15005500003": {State: breach.HandedOver, Last: breach.FailedPermanent, Why: delivery.ReasonNumberUnknown},
		"+15005500004": {Reason: delivery.ReasonOptedOut, State: breach.FailedPermanent},
		"+15005500005": {Reason: delivery.ReasonNoAnswer, State: breach.Unknown, Last: breach.Delivered},
		"+15005500008": {Reason: delivery.ReasonProviderBusy, State: breach.FailedTemporary},
		"+15005500009": {Reason: delivery.ReasonNoAnswer, State: breach.Unknown},
	} {
		t.Run(to, func(t *testing.T) {
			t.Parallel()
			st := against(t)
			m := message()
			m.To = to
			want.Reported(t, st.sender, m, st.last)
			require.Zero(t, st.rejected)
		})
	}
}

// A message is deleted, or its text alone, for good; both may be asked again, and what the vendor refuses is said.
func TestPromise_M25_MessagesAreDeletedAtTheVendor(t *testing.T) {
	t.Parallel()
	st := against(t)
	send := func(text string) delivery.Message {
		m := canary
		m.To, m.Text, m.DeliveryID, m.AttemptID, m.SentAfter = "+15005550999", text, "d"+text, "d"+text+"-1", time.Now().Add(-time.Minute)
		return m
	}
	gone, redacted := send("one"), send("two")
	for i, m := range []*delivery.Message{&gone, &redacted} {
		r, err := st.sender.Send(t.Context(), *m)
		require.NoError(t, err)
		for range 2 {
			erase := []func(context.Context, string) error{st.sender.Erase, st.sender.Redact}[i]
			require.NoError(t, erase(t.Context(), r.ProviderRef))
		}
		_, found, err := st.sender.Ask(t.Context(), *m)
		require.NoError(t, err)
		require.False(t, found, "the vendor has the text no more")
	}
	var f *delivery.Failure
	for _, erase := range []func(context.Context, string) error{st.sender.Erase, st.sender.Redact} {
		require.ErrorAs(t, erase(t.Context(), "../Calls"), &f)
		require.False(t, f.Retryable, "that is no id")
	}

	away := newSender(t, testConfig("http://"+deliverytest.ClosedPort(t)))
	require.ErrorAs(t, away.Erase(t.Context(), "SM00000000000000000000000000000001"), &f)
	require.True(t, f.Retryable, "it is tried again")
}
