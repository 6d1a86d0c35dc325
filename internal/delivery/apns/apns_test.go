package apns

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/deliverytest"
	"github.com/tocsin-engine/tocsin/internal/simulator/apnssim"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

const device = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0"

var canary = delivery.Message{
	Channel: breach.Push, To: device, Locale: "en", Platform: "apns",
	Title: "Security notice", Text: "Dear " + deliverytest.Name + ", please read", Link: "https://notices.example.com/n/abc",
}

func message() delivery.Message {
	m := canary
	m.DeliveryID, m.AttemptID, m.ToName = "d1", "d1-1", deliverytest.Name
	return m
}

func testConfig(t testing.TB, base string) (Config, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return Config{
		Key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), KeyID: "ABC123DEFG", TeamID: "DEF123GHIJ", Topic: "com.example.app",
		Endpoint: base, Timeout: 500 * time.Millisecond, TTL: time.Hour,
	}, key
}

func newSender(t *testing.T, c Config) *Sender {
	t.Helper()
	s, err := New(c)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	deliverytest.Run(t, deliverytest.Case{
		Message: canary,
		Start: func(t *testing.T, b deliverytest.Behaviour) deliverytest.Provider {
			base, p := deliverytest.HTTP{Key: collapse, Reply: reply}.Start(t, b)
			config, _ := testConfig(t, base)
			p.Sender = newSender(t, config)
			return p
		},
		Unreachable: func(t *testing.T) delivery.Sender {
			config, _ := testConfig(t, "http://"+deliverytest.ClosedPort(t))
			return newSender(t, config)
		},
		Accepted:        breach.Accepted,
		PermanentReason: delivery.ReasonTokenGone,
		TemporaryReason: delivery.ReasonProviderBusy,
		RepeatKey:       deliverytest.ByDelivery,
	})
}

func collapse(r *http.Request, _ []byte) string {
	if r.ProtoMajor != 2 || r.URL.Path != "/3/device/"+device {
		return ""
	}
	return r.Header.Get("Apns-Collapse-Id")
}

func reply(w http.ResponseWriter, b deliverytest.Behaviour, _ string, body []byte) {
	switch b {
	case deliverytest.Permanent:
		w.WriteHeader(http.StatusGone)
		_, _ = fmt.Fprintf(w, `{"reason":"Unregistered","timestamp":1800000000000,"of":%q}`, body)
	case deliverytest.Temporary:
		w.Header().Set("Retry-After", "4")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = fmt.Fprintf(w, `{"reason":"too many: %s"}`, device)
	}
}

// vendor is the simulator behind TLS, as the real one is.
func vendor(t *testing.T) (*Sender, *outbox.Box) {
	t.Helper()
	config, key := testConfig(t, "")
	box, err := outbox.Open("")
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(apnssim.New(apnssim.Config{KeyID: config.KeyID, TeamID: config.TeamID, Topic: config.Topic, Key: &key.PublicKey}, box).Handler())
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(func() { server.Close(); require.NoError(t, box.Close()) })
	config.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(config.CAFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	config.Endpoint, config.Timeout = server.URL, 5*time.Second
	return newSender(t, config), box
}

func TestPushIsAPointer(t *testing.T) {
	t.Parallel()
	s, box := vendor(t)
	m := message()
	m.Subject, m.HTML = "subject of another channel", "<p>facts</p>"
	m.To = strings.Repeat("ab", 32)
	receipt, err := s.Send(t.Context(), m)
	require.NoError(t, err)
	var kept []outbox.Message
	require.NoError(t, box.Each(outbox.Query{Recipient: m.To}, func(m outbox.Message) error { kept = append(kept, m); return nil }))
	require.Len(t, kept, 1)
	require.JSONEq(t, `{"aps":{"alert":{"title":"Security notice","body":"Dear Zsuzsanna Kanarienvogel, please read"},"sound":"default"},
		"link":"https://notices.example.com/n/abc"}`, string(kept[0].Raw))
	require.Equal(t, kept[0].MessageID, receipt.ProviderRef, "the vendor knows it by the attempt")
	require.Equal(t, attemptID("d1-1"), receipt.ProviderRef)
	require.NotEqual(t, attemptID("d1-2"), receipt.ProviderRef)
}

func TestSimulatedTokens(t *testing.T) {
	t.Parallel()
	s, box := vendor(t)
	for token, want := range map[string]deliverytest.Fate{
		"0001": {Reason: delivery.ReasonTokenGone, State: breach.FailedPermanent, Again: breach.FailedPermanent},
		"0002": {Reason: delivery.ReasonTokenOther, State: breach.FailedPermanent, Again: breach.FailedPermanent},
		"0003": {Reason: delivery.ReasonTokenOther, State: breach.FailedPermanent, Again: breach.FailedPermanent},
		"0004": {Reason: delivery.ReasonProviderBusy, State: breach.FailedTemporary, Again: breach.Accepted},
		"0005": {Reason: delivery.ReasonNoAnswer, State: breach.Unknown, Again: breach.Accepted},
		"0006": {Reason: delivery.ReasonAuth, State: breach.FailedTemporary, Again: breach.Accepted},
		"0008": {Reason: delivery.ReasonProviderDown, State: breach.FailedTemporary, Again: breach.Accepted},
		"0009": {Reason: delivery.ReasonNoAnswer, State: breach.Unknown, Again: breach.Accepted},
		"000a": {Reason: delivery.ReasonTokenGone, State: breach.FailedPermanent, Again: breach.FailedPermanent},
		"000b": {Reason: delivery.ReasonProviderDown, State: breach.FailedTemporary, Again: breach.Accepted},
		"000c": {Reason: delivery.ReasonProviderBusy, State: breach.FailedTemporary, Again: breach.Accepted},
	} {
		m := message()
		m.To = token + device[4:]
		want.Twice(t, s, m)
	}
	require.Equal(t, 2, box.CountFor("0005"+device[4:]), "a dropped one arrived, and the repetition too: push cannot be asked")
}

// The settings of somebody else's app are no fault of the person.
func TestWrongSettingsAreNobodysFault(t *testing.T) {
	t.Parallel()
	s, _ := vendor(t)
	for name, change := range map[string]func(*Config){
		"another app":  func(c *Config) { c.Topic = "com.example.other" },
		"another key":  func(c *Config) { c.KeyID = "ZZZZZZZZZZ" },
		"another team": func(c *Config) { c.TeamID = "ZZZZZZZZZZ" },
	} {
		config := s.config
		change(&config)
		_, err := newSender(t, config).Send(t.Context(), message())
		f := delivery.AsFailure(err)
		require.Equal(t, delivery.ReasonAuth, f.Reason, "%s: %+v", name, f)
		require.True(t, f.Retryable)
	}
}

func TestTokensAreRenewedAsTheVendorWants(t *testing.T) {
	t.Parallel()
	_, key := testConfig(t, "")
	s := &signer{key: key, keyID: "ABC123DEFG", team: "DEF123GHIJ"}
	now := time.Unix(1_800_000_000, 0)
	get := func(at time.Time) string {
		v, err := s.token(at)
		require.NoError(t, err)
		return v
	}
	first := get(now)
	require.Equal(t, first, get(now.Add(tokenUse-time.Second)))
	s.forget(first, now.Add(tokenRest-time.Second))
	require.Equal(t, first, get(now.Add(tokenRest)), "a token is not replaced more often than every 20 minutes")
	second := get(now.Add(tokenUse))
	require.NotEqual(t, first, second)
	s.forget(first, now.Add(2*tokenUse-time.Second))
	require.Equal(t, second, get(now.Add(2*tokenUse-time.Second)), "the one that was refused was replaced already")
	require.NotEqual(t, second, get(now), "a clock that was set back does not keep a token")
}

func TestOtherTokens(t *testing.T) {
	t.Parallel()
	config, _ := testConfig(t, "http://127.0.0.1:1")
	s := newSender(t, config)
	for _, to := range []string{"fXk2:APA91b", "../../x", device[:10], device + "/..", strings.Repeat("a", 401), "%2e%2e"} {
		m := message()
		m.To = to
		_, err := s.Send(t.Context(), m)
		require.Equal(t, delivery.ReasonBadInput, delivery.AsFailure(err).Reason, to)
	}
	m := message()
	m.Text = strings.Repeat("x", maxPayload)
	_, err := s.Send(t.Context(), m)
	require.ErrorContains(t, err, "longer than")
}

func TestHTTP1IsNotSpoken(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer server.Close()
	config, _ := testConfig(t, server.URL)
	_, err := newSender(t, config).Send(t.Context(), message())
	require.Error(t, err)
}

func TestValidateListsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	err := Config{Key: []byte("x"), KeyID: "1", TeamID: "2", Topic: "a/b", Endpoint: "http://api.example.com", CAFile: "/nowhere", TTL: -1, Timeout: -1, Connections: -1}.Validate()
	for _, part := range []string{"key", "key id", "team id", "topic", "endpoint", "ca file", "time to live", "timeout", "connections"} {
		require.ErrorContains(t, err, "apns: "+part)
	}
	_, err = New(Config{})
	require.Error(t, err)
}
