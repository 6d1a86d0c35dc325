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
	"github.com/tocsin-engine/tocsin/internal/delivery/deliverytest"
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
	for to, want := range map[string]deliverytest.Fate{
		"+8613800139876": {State: breach.HandedOver, Last: breach.Delivered},
		"+8613800100001": {Reason: delivery.ReasonNumberInvalid, State: breach.FailedPermanent},
		"+8613800100002": {State: breach.HandedOver, Last: breach.FailedTemporary, Why: delivery.ReasonHandsetOff},
		"+8613800100003": {State: breach.HandedOver, Last: breach.FailedPermanent, Why: delivery.ReasonNumberUnknown},
		"+8613800100004": {Reason: delivery.ReasonOptedOut, State: breach.FailedPermanent},
		"+8613800100005": {Reason: delivery.ReasonNoAnswer, State: breach.Unknown, Last: breach.Delivered},
		"+8613800100008": {Reason: delivery.ReasonProviderBusy, State: breach.FailedTemporary},
		"+8613800100009": {Reason: delivery.ReasonNoAnswer, State: breach.Unknown},
	} {
		t.Run(to, func(t *testing.T) {
			t.Parallel()
			st := against(t)
			m := message()
			m.To = to
			want.Reported(t, st.sender, m, st.got)
			require.Zero(t, st.rejected)
		})
	}
}

// Tokens as an aggregator of pushes treats them. One that is gone is not used again, whether it is refused or reported.
func TestSimulatedTokens(t *testing.T) {
	t.Parallel()
	for token, want := range map[string]deliverytest.Fate{
		"hms-0001":     {State: breach.HandedOver, Last: breach.Delivered},
		"gone-0001":    {Reason: delivery.ReasonTokenGone, State: breach.FailedPermanent},
		"invalid-0001": {Reason: delivery.ReasonBadInput, State: breach.FailedPermanent},
		"optout-0001":  {Reason: delivery.ReasonOptedOut, State: breach.FailedPermanent},
		"removed-0001": {State: breach.HandedOver, Last: breach.FailedPermanent, Why: delivery.ReasonTokenGone},
		"off-0001":     {State: breach.HandedOver, Last: breach.FailedTemporary, Why: delivery.ReasonHandsetOff},
		"drop-0001":    {Reason: delivery.ReasonNoAnswer, State: breach.Unknown, Last: breach.Delivered},
		"quota-0001":   {Reason: delivery.ReasonProviderBusy, State: breach.FailedTemporary},
		"server-0001":  {Reason: delivery.ReasonNoAnswer, State: breach.Unknown},
	} {
		t.Run(token, func(t *testing.T) {
			t.Parallel()
			st := against(t)
			m := pushed
			m.DeliveryID, m.AttemptID, m.To = "d1", "d1-1", token
			want.Reported(t, st.sender, m, st.got)
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
	require.True(t, deliverytest.Failure(t, err).Unknown)
	_, err = st.sender.Send(t.Context(), m)
	require.NoError(t, err)
	require.Equal(t, 1, st.box.CountFor(m.To))
}
