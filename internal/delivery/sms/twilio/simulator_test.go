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
	"github.com/tocsin-engine/tocsin/internal/simulator/receipts"
	"github.com/tocsin-engine/tocsin/internal/simulator/twiliosim"
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
	box, err := outbox.Open("")
	require.NoError(t, err)
	poster := receipts.New()
	service, err := twiliosim.New(twiliosim.Config{AccountSID: c.AccountSID, AuthToken: c.AuthToken}, box, poster)
	require.NoError(t, err)
	api := service.Handler()
	for _, b := range before {
		api = b(api)
	}
	theirs := httptest.NewServer(api)
	t.Cleanup(func() {
		theirs.Close()
		poster.Close()
		require.NoError(t, box.Close())
	})
	c.BaseURL, c.PublicBaseURL, c.Timeout = theirs.URL, ours.URL, 5*time.Second
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
	for to, want := range map[string]struct {
		reason string
		state  breach.AttemptState // of the call
		last   breach.AttemptState // by callback
		why    string
	}{
		"+15005559876": {"", breach.HandedOver, breach.Delivered, ""},
		"+15005500001": {delivery.ReasonNumberInvalid, breach.FailedPermanent, "", ""},
		"+15005500002": {"", breach.HandedOver, breach.FailedTemporary, delivery.ReasonHandsetOff},
		"+15005500003": {"", breach.HandedOver, breach.FailedPermanent, delivery.ReasonNumberUnknown},
		"+15005500004": {delivery.ReasonOptedOut, breach.FailedPermanent, "", ""},
		"+15005500005": {delivery.ReasonNoAnswer, breach.Unknown, breach.Delivered, ""},
		"+15005500008": {delivery.ReasonProviderBusy, breach.FailedTemporary, "", ""},
		"+15005500009": {delivery.ReasonNoAnswer, breach.Unknown, "", ""},
	} {
		t.Run(to, func(t *testing.T) {
			t.Parallel()
			st := against(t)
			m := message()
			m.To = to
			receipt, err := st.sender.Send(t.Context(), m)
			if want.reason == "" {
				require.NoError(t, err)
				require.Equal(t, want.state, receipt.State)
			} else {
				f := failure(t, err)
				require.Equal(t, want.reason, f.Reason)
				require.Equal(t, want.state, f.State())
			}
			if want.last != "" {
				require.Eventually(t, func() bool { return st.last(m.AttemptID).State == want.last }, 5*time.Second, 5*time.Millisecond)
				require.Equal(t, want.why, st.last(m.AttemptID).Reason)
			}
			// The vendor knows about exactly those that it took.
			answer, found, err := st.sender.Ask(t.Context(), m)
			require.NoError(t, err)
			require.Equal(t, want.last != "", found)
			if found {
				require.Equal(t, want.last, answer.State)
			}
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
