package gateway

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/simulator/gatewaysim"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
	"github.com/tocsin-engine/tocsin/internal/simulator/receipts"
)

// stand is the adapter between the simulated gateway and a server of ours that takes its callbacks.
type stand struct {
	sender *Sender
	box    *outbox.Box

	mu       sync.Mutex
	receipts map[string]delivery.Receipt // by attempt
	rejected int
}

func against(t *testing.T) *stand {
	t.Helper()
	st := &stand{receipts: map[string]delivery.Receipt{}}
	ours := httptest.NewServer(http.HandlerFunc(st.callback))
	t.Cleanup(ours.Close)
	signer, err := gatewaysim.NewSigner(secret)
	require.NoError(t, err)
	box, err := outbox.Open("")
	require.NoError(t, err)
	poster := receipts.New()
	service, err := gatewaysim.New(signer, box, poster)
	require.NoError(t, err)
	theirs := httptest.NewServer(service.Handler())
	t.Cleanup(func() {
		theirs.Close()
		poster.Close()
		require.NoError(t, box.Close())
	})
	c := testConfig(theirs.URL)
	c.PublicBaseURL, c.Timeout = ours.URL, 5*time.Second
	st.box, st.sender = box, newSender(t, c)
	return st
}

func (st *stand) callback(_ http.ResponseWriter, r *http.Request) {
	st.mu.Lock()
	defer st.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil || st.sender.VerifyCallback(r.Header, body) != nil {
		st.rejected++
		return
	}
	attempt, receipt, err := st.sender.ParseCallback(body)
	if err != nil || r.URL.Path != "/callbacks/"+st.sender.config.Kind+"/"+attempt {
		st.rejected++
		return
	}
	st.receipts[attempt] = receipt
}

func (st *stand) got(attempt string) delivery.Receipt {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.receipts[attempt]
}

func TestSimulatedRecipients(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]struct {
		reason string
		state  breach.AttemptState // of the call
		last   breach.AttemptState // by callback
		why    string
	}{
		"+8613800139876": {"", breach.HandedOver, breach.Delivered, ""},
		"+8613800100001": {delivery.ReasonNumberInvalid, breach.FailedPermanent, "", ""},
		"+8613800100002": {"", breach.HandedOver, breach.FailedTemporary, delivery.ReasonHandsetOff},
		"+8613800100003": {"", breach.HandedOver, breach.FailedPermanent, delivery.ReasonNumberUnknown},
		"+8613800100004": {delivery.ReasonOptedOut, breach.FailedPermanent, "", ""},
		"+8613800100005": {delivery.ReasonNoAnswer, breach.Unknown, breach.Delivered, ""},
		"+8613800100008": {delivery.ReasonProviderBusy, breach.FailedTemporary, "", ""},
		"+8613800100009": {delivery.ReasonNoAnswer, breach.Unknown, "", ""},
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
				require.Eventually(t, func() bool { return st.got(m.AttemptID).State == want.last }, 5*time.Second, 5*time.Millisecond)
				require.Equal(t, want.why, st.got(m.AttemptID).Reason)
			}
			// The gateway knows about exactly those that it took.
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

// Tokens as an aggregator of pushes treats them. One that is gone is not used again, whether it is refused or reported.
func TestSimulatedTokens(t *testing.T) {
	t.Parallel()
	for token, want := range map[string]struct {
		reason string
		last   breach.AttemptState // by callback; empty: the aggregator does not have it
		why    string
	}{
		"hms-0001":     {"", breach.Delivered, ""},
		"gone-0001":    {delivery.ReasonTokenGone, "", ""},
		"invalid-0001": {delivery.ReasonBadInput, "", ""},
		"optout-0001":  {delivery.ReasonOptedOut, "", ""},
		"removed-0001": {"", breach.FailedPermanent, delivery.ReasonTokenGone},
		"off-0001":     {"", breach.FailedTemporary, delivery.ReasonHandsetOff},
		"drop-0001":    {delivery.ReasonNoAnswer, breach.Delivered, ""},
		"quota-0001":   {delivery.ReasonProviderBusy, "", ""},
		"server-0001":  {delivery.ReasonNoAnswer, "", ""},
	} {
		t.Run(token, func(t *testing.T) {
			t.Parallel()
			st := against(t)
			m := pushed
			m.DeliveryID, m.AttemptID, m.To = "d1", "d1-1", token
			_, err := st.sender.Send(t.Context(), m)
			if want.reason == "" {
				require.NoError(t, err)
			} else {
				require.Equal(t, want.reason, failure(t, err).Reason)
			}
			if want.last != "" {
				require.Eventually(t, func() bool { return st.got(m.AttemptID).State == want.last }, 5*time.Second, 5*time.Millisecond)
				require.Equal(t, want.why, st.got(m.AttemptID).Reason)
			}
			_, found, err := st.sender.Ask(t.Context(), m)
			require.NoError(t, err)
			require.Equal(t, want.last != "", found)
			require.Zero(t, st.rejected)
		})
	}
}

// The same attempt again is one message, also when the first answer was lost.
func TestTheSameAttemptAgainIsOneMessage(t *testing.T) {
	t.Parallel()
	st := against(t)
	m := message()
	m.To = "+8613800100005"
	_, err := st.sender.Send(t.Context(), m)
	require.True(t, failure(t, err).Unknown)
	_, err = st.sender.Send(t.Context(), m)
	require.NoError(t, err)
	require.Equal(t, 1, st.box.CountFor(m.To))
}
