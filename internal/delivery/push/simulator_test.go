package push

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/simulator/fcmsim"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

func against(t *testing.T) (*Sender, *outbox.Box) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	box, err := outbox.Open("")
	require.NoError(t, err)
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	config := fcmsim.Config{
		ProjectID: "academy-1", ClientEmail: "push@academy-1.example", KeyID: "k1", Key: &private.PublicKey,
		TokenURI: server.URL + "/oauth/token", Secret: []byte("secret of the simulator"),
	}
	service := fcmsim.New(config, box)
	mux.HandleFunc("POST /oauth/token", service.Token)
	mux.Handle("/", service.Handler())
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, box.Close())
	})
	file, err := fcmsim.ServiceAccount(config, private)
	require.NoError(t, err)
	return newSender(t, Config{ServiceAccount: file, Endpoint: server.URL, Timeout: 5 * time.Second}), box
}

func TestSimulatedTokens(t *testing.T) {
	t.Parallel()
	s, box := against(t)
	for token, want := range map[string]struct {
		reason string
		state  breach.AttemptState
		again  breach.AttemptState // of the same message sent once more
	}{
		"good-1":    {"", breach.Accepted, breach.Accepted},
		"gone-1":    {delivery.ReasonTokenGone, breach.FailedPermanent, breach.FailedPermanent},
		"invalid-1": {delivery.ReasonBadInput, breach.FailedPermanent, breach.FailedPermanent},
		"quota-1":   {delivery.ReasonProviderBusy, breach.FailedTemporary, breach.Accepted},
		"server-1":  {delivery.ReasonProviderDown, breach.FailedTemporary, breach.Accepted},
		"drop-1":    {delivery.ReasonNoAnswer, breach.Unknown, breach.Accepted},
	} {
		m := message()
		m.To = token
		for _, state := range []breach.AttemptState{want.state, want.again} {
			receipt, err := s.Send(t.Context(), m)
			if err == nil {
				require.Equal(t, state, receipt.State, token)
				require.NotEmpty(t, receipt.ProviderRef)
				continue
			}
			f := failure(t, err)
			require.Equal(t, state, f.State(), "%s: %+v", token, f)
			require.Equal(t, want.reason, f.Reason, token)
		}
	}
	require.Equal(t, 2, box.CountFor("drop-1"), "a dropped one arrived, and the repetition too: push cannot be asked")
	require.Equal(t, 1, box.CountFor("quota-1"))
}
