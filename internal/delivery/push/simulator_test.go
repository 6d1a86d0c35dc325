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
	"github.com/tocsin-engine/tocsin/internal/delivery/deliverytest"
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
	for token, want := range map[string]deliverytest.Fate{
		"good-1":    {State: breach.Accepted, Again: breach.Accepted},
		"gone-1":    {Reason: delivery.ReasonTokenGone, State: breach.FailedPermanent, Again: breach.FailedPermanent},
		"invalid-1": {Reason: delivery.ReasonBadInput, State: breach.FailedPermanent, Again: breach.FailedPermanent},
		"quota-1":   {Reason: delivery.ReasonProviderBusy, State: breach.FailedTemporary, Again: breach.Accepted},
		"server-1":  {Reason: delivery.ReasonProviderDown, State: breach.FailedTemporary, Again: breach.Accepted},
		"drop-1":    {Reason: delivery.ReasonNoAnswer, State: breach.Unknown, Again: breach.Accepted},
	} {
		m := message()
		m.To = token
		want.Twice(t, s, m)
	}
	require.Equal(t, 2, box.CountFor("drop-1"), "a dropped one arrived, and the repetition too: push cannot be asked")
	require.Equal(t, 1, box.CountFor("quota-1"))
}
