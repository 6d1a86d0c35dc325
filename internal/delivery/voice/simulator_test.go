package voice

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/deliverytest"
	"github.com/tocsin-engine/tocsin/internal/simulator/twiliosim"
	"github.com/tocsin-engine/tocsin/internal/simulator/twiliosim/twiliotest"
)

// signature is the simulator's, made without any code of ours.
func signature(token, address string, form url.Values) string {
	return twiliosim.Signature(token, address, form)
}

// against is the adapter between the vendor's simulator and a server of ours that answers it.
func against(t *testing.T, before ...func(http.Handler) http.Handler) (*Sender, *memory) {
	t.Helper()
	kept := newMemory()
	mux := http.NewServeMux()
	ours := httptest.NewServer(mux)
	t.Cleanup(ours.Close)
	c := testConfig("")
	theirs, _ := twiliotest.Start(t, twiliosim.Config{AccountSID: c.AccountSID, AuthToken: c.AuthToken}, before...)
	c.BaseURL, c.PublicBaseURL, c.Timeout = theirs, ours.URL, 5*time.Second
	s := newSender(t, c, kept)
	mux.Handle(pattern, s.Handler())
	return s, kept
}

func TestSimulatedPeople(t *testing.T) {
	t.Parallel()
	ended := func(state breach.AttemptState, reason string) breach.CallWord {
		return breach.CallWord{Ended: true, State: state, Reason: reason}
	}
	for to, want := range map[string]struct {
		send  string // reason of a refusal
		words []breach.CallWord
		asked breach.AttemptState
	}{
		"+15005559876": {words: []breach.CallWord{{Heard: breach.HeardKey, State: breach.Delivered}, ended(breach.FailedTemporary, delivery.ReasonHungUp)}, asked: breach.Delivered},
		"+15005500011": {words: []breach.CallWord{ended(breach.FailedTemporary, delivery.ReasonBusy)}, asked: breach.FailedTemporary},
		"+15005500012": {words: []breach.CallWord{ended(breach.FailedTemporary, delivery.ReasonNobody)}, asked: breach.FailedTemporary},
		"+15005500013": {words: []breach.CallWord{ended(breach.FailedPermanent, delivery.ReasonNumberUnknown)}, asked: breach.FailedTemporary},
		"+15005500014": {words: []breach.CallWord{{Heard: breach.HeardMachine, State: breach.FailedTemporary, Reason: delivery.ReasonMachine}, ended(breach.FailedTemporary, delivery.ReasonMachine)}, asked: breach.FailedTemporary},
		"+15005500015": {words: []breach.CallWord{{Heard: breach.HeardThrough, State: breach.Accepted}, ended(breach.FailedTemporary, delivery.ReasonHungUp)}, asked: breach.Accepted},
		"+15005500016": {words: []breach.CallWord{{Heard: breach.HeardKey, State: breach.Delivered}, ended(breach.FailedTemporary, delivery.ReasonHungUp)}, asked: breach.Delivered},
		"+15005500017": {words: []breach.CallWord{ended(breach.FailedTemporary, delivery.ReasonHungUp)}, asked: breach.FailedTemporary},
		"+15005500022": {words: []breach.CallWord{{Heard: breach.HeardMachine, State: breach.FailedTemporary, Reason: delivery.ReasonMachine}, ended(breach.FailedTemporary, delivery.ReasonMachine)}, asked: breach.FailedTemporary},
		"+15005500018": {words: []breach.CallWord{{Heard: breach.HeardMachine, State: breach.FailedTemporary, Reason: delivery.ReasonMachine}, ended(breach.FailedTemporary, delivery.ReasonMachine)}, asked: breach.FailedTemporary},
		"+15005500019": {words: []breach.CallWord{ended(breach.FailedTemporary, delivery.ReasonRejected)}, asked: breach.FailedTemporary},
		"+15005500020": {words: []breach.CallWord{ended(breach.FailedPermanent, delivery.ReasonPolicyBlock)}, asked: breach.FailedTemporary},
		"+15005500001": {send: delivery.ReasonNumberInvalid},
		"+15005500005": {send: delivery.ReasonNoAnswer, words: []breach.CallWord{{Heard: breach.HeardKey, State: breach.Delivered}, ended(breach.FailedTemporary, delivery.ReasonHungUp)}, asked: breach.Delivered},
		"+15005500008": {send: delivery.ReasonProviderBusy},
		"+15005500009": {send: delivery.ReasonNoAnswer},
	} {
		t.Run(to, func(t *testing.T) {
			t.Parallel()
			s, kept := against(t)
			m := message()
			m.To = to
			receipt, err := s.Send(t.Context(), m)
			if want.send == "" {
				require.NoError(t, err)
				require.Equal(t, breach.HandedOver, receipt.State)
			} else {
				var f *delivery.Failure
				require.ErrorAs(t, err, &f)
				require.Equal(t, want.send, f.Reason)
			}
			require.Eventually(t, func() bool { return len(kept.said(m.AttemptID)) == len(want.words) }, 5*time.Second, 5*time.Millisecond)
			for i, w := range kept.said(m.AttemptID) {
				require.NotEmpty(t, w.ProviderRef)
				w.ProviderRef, w.Detail = "", ""
				require.Equal(t, want.words[i], w)
			}
			answer, found, err := s.Ask(t.Context(), m)
			require.NoError(t, err)
			require.Equal(t, want.asked != "", found, "the vendor knows about exactly those that it took")
			require.Equal(t, want.asked, answer.State)
			if !found {
				return
			}
			word, err := s.Look(t.Context(), answer.ProviderRef)
			require.NoError(t, err)
			require.Equal(t, want.asked, word.State, "of a call whose end we did not hear, the same is learned")
			s.config.Poll = true
			word, err = s.Look(t.Context(), answer.ProviderRef)
			require.NoError(t, err)
			require.NotContains(t, []breach.AttemptState{breach.Delivered, breach.Accepted}, word.State, "without a way back to us no key is known")
		})
	}
}

// A call is deleted with what the account recorded of it; both may be asked again, and one that goes on is deleted later.
func TestPromise_M25_CallsAreDeletedAtTheVendor(t *testing.T) {
	t.Parallel()
	s, _ := against(t)
	m := message()
	m.To, m.SentAfter = "+15005500021", time.Now().Add(-time.Minute)
	r, err := s.Send(t.Context(), m)
	require.NoError(t, err)
	var f *delivery.Failure
	require.ErrorAs(t, s.Erase(t.Context(), r.ProviderRef), &f)
	require.True(t, f.Retryable, "it rings still")
	recorded := func() int {
		var list struct {
			Recordings []struct{} `json:"recordings"`
		}
		_ = s.request(t.Context(), http.MethodGet, "/Calls/"+r.ProviderRef+"/Recordings.json", nil, &list)
		return len(list.Recordings)
	}
	require.Eventually(t, func() bool { return recorded() == 2 }, 5*time.Second, 5*time.Millisecond)
	for range 2 {
		require.NoError(t, s.Erase(t.Context(), r.ProviderRef))
	}
	_, found, err := s.Ask(t.Context(), m)
	require.NoError(t, err)
	require.False(t, found, "the vendor knows of no call any more")
	require.ErrorAs(t, s.Erase(t.Context(), "../Messages"), &f)
	require.False(t, f.Retryable, "that is no id")
	away := newSender(t, testConfig("http://"+deliverytest.ClosedPort(t)), newMemory())
	require.ErrorAs(t, away.Erase(t.Context(), r.ProviderRef), &f)
	require.True(t, f.Retryable, "it is tried again")
}

// Two tries to one number are told apart by what was fetched for each.
func TestAskKnowsItsOwnCall(t *testing.T) {
	t.Parallel()
	s, kept := against(t)
	m := message()
	_, err := s.Send(t.Context(), m)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(kept.said(m.AttemptID)) == 2 }, 5*time.Second, 5*time.Millisecond)
	m.AttemptID = "d1-2"
	_, found, err := s.Ask(t.Context(), m)
	require.NoError(t, err)
	require.False(t, found)
}

func TestAskTakesNoGarbageForANo(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "<html>", "{}", `{"calls":[],"next_page_uri":"/x"}`} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
		_, found, err := newSender(t, testConfig(server.URL), nil).Ask(t.Context(), message())
		require.False(t, found)
		require.ErrorIs(t, err, ErrCannotAsk, body)
		server.Close()
	}
}
