package email

import (
	"crypto/tls"
	"encoding/pem"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
	"github.com/tocsin-engine/tocsin/internal/simulator/smtpsim"
)

// against runs the mail simulator with STARTTLS and sign-in required.
func against(t *testing.T) (*Sender, *outbox.Box, *faults.Panel) {
	t.Helper()
	certs := httptest.NewUnstartedServer(nil)
	certs.StartTLS()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certs.Certificate().Raw}), 0o600))
	serverTLS := &tls.Config{Certificates: certs.TLS.Certificates, MinVersion: tls.VersionTLS12}
	certs.Close()

	box, err := outbox.Open("")
	require.NoError(t, err)
	panel := faults.New(0, 0)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := smtpsim.New(smtpsim.Config{Hostname: "mx.simulator.test", TLS: serverTLS, Username: "tocsin", Password: "s3cret"}, box, panel, nil)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.NoError(t, <-done)
		require.NoError(t, box.Close())
	})
	c := testConfig(listener.Addr().String())
	c.Encryption, c.CAFile, c.Username, c.Password = StartTLS, ca, "tocsin", "s3cret"
	c.AnswerTimeout = 5 * time.Second
	return newSender(t, c), box, panel
}

func TestPromise_M07_SimulatedRecipients(t *testing.T) {
	t.Parallel()
	for domain, want := range map[string]struct {
		reason string
		state  breach.AttemptState
		again  breach.AttemptState // of the same message sent once more
	}{
		"good.example":            {"", breach.Accepted, breach.Accepted},
		"bounce.simulator.test":   {delivery.ReasonNoMailbox, breach.FailedPermanent, breach.FailedPermanent},
		"relay.simulator.test":    {delivery.ReasonAuth, breach.FailedTemporary, breach.FailedTemporary},
		"full.simulator.test":     {delivery.ReasonMailboxFull, breach.FailedTemporary, breach.FailedTemporary},
		"greylist.simulator.test": {delivery.ReasonGreylisted, breach.FailedTemporary, breach.Accepted},
		"busy.simulator.test":     {delivery.ReasonProviderBusy, breach.FailedTemporary, breach.Accepted},
		"spam.simulator.test":     {delivery.ReasonPolicyBlock, breach.FailedPermanent, breach.FailedPermanent},
		"drop.simulator.test":     {delivery.ReasonNoAnswer, breach.Unknown, breach.Accepted},
		"slow.simulator.test":     {"", breach.Accepted, ""},
	} {
		t.Run(domain, func(t *testing.T) {
			t.Parallel()
			s, box, _ := against(t)
			m := message(1)
			m.To = "zoe@" + domain
			reason, state := sendOnce(t, s, m)
			require.Equal(t, want.reason, reason)
			require.Equal(t, want.state, state)
			if want.again != "" {
				m.AttemptID = "d1-2"
				_, state = sendOnce(t, s, m)
				require.Equal(t, want.again, state)
			}
			for _, stored := range box.List(outbox.Query{Recipient: m.To}).Messages {
				require.Equal(t, "<d1@bounces.academy.example>", stored.MessageID, "every try shows as the same message")
			}
		})
	}
}

func sendOnce(t *testing.T, s *Sender, m delivery.Message) (string, breach.AttemptState) {
	t.Helper()
	receipt, err := s.Send(t.Context(), m)
	if err != nil {
		f := failure(t, err)
		return f.Reason, f.State()
	}
	return "", receipt.State
}

func TestSimulatedOutage(t *testing.T) {
	t.Parallel()
	s, box, panel := against(t)
	_, state := sendOnce(t, s, message(1))
	require.Equal(t, breach.Accepted, state)
	require.NoError(t, panel.SetMode(faults.SMTP, faults.Refuse))
	_, state = sendOnce(t, s, message(2))
	require.Equal(t, breach.FailedTemporary, state)
	require.NoError(t, panel.SetMode(faults.SMTP, faults.None))
	_, state = sendOnce(t, s, message(2))
	require.Equal(t, breach.Accepted, state)
	require.Equal(t, 2, box.CountFor(canary.To), "nobody is told twice, nobody is left out")
}
