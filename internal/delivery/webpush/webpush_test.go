package webpush

import (
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/deliverytest"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
	"github.com/tocsin-engine/tocsin/internal/simulator/webpushsim"
)

// The keys of RFC 8291 section 5 and appendix A.
const (
	rfcPlain      = "When I grow up, I want to be a watermelon"
	rfcOwnPrivate = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
	rfcBrowser    = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
	rfcP256DH     = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
	rfcAuth       = "BTBZMqHH6r4Tts7J_aSIgg"
	rfcSalt       = "DGv6ra1nlYgDCS1FRnbzlw"
	rfcBody       = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_" +
		"yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)

func raw(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	require.NoError(t, err)
	return b
}

func TestEncryptionIsThatOfTheRFC(t *testing.T) {
	t.Parallel()
	to, f := readSubscription(`{"endpoint":"https://push.example.net/x","keys":{"p256dh":"` + rfcP256DH + `","auth":"` + rfcAuth + `"}}`)
	require.Nil(t, f)
	own, err := ecdh.P256().NewPrivateKey(raw(t, rfcOwnPrivate))
	require.NoError(t, err)
	body, err := to.encrypt([]byte(rfcPlain), own, raw(t, rfcSalt))
	require.NoError(t, err)
	require.Equal(t, rfcBody, base64.RawURLEncoding.EncodeToString(body))
}

// placeholder stands for the push service's address, which is known only when it runs.
const placeholder = "http://127.0.0.1:1"

var canary = delivery.Message{
	Channel: breach.Push, Locale: "en", Title: "Security notice", Text: "Dear " + deliverytest.Name + ", please read", Link: "https://notices.example.com/n/abc",
	To: `{"endpoint":"` + placeholder + `/push/CanaryBrowser0123456789","expirationTime":null,"keys":{"p256dh":"` + rfcP256DH + `","auth":"` + rfcAuth + `"}}`,
}

// at sends to subscriptions of a service that has just begun to run.
type at struct {
	*Sender
	base string
}

func (a at) Send(ctx context.Context, m delivery.Message) (delivery.Receipt, error) {
	m.To = strings.Replace(m.To, placeholder, a.base, 1)
	return a.Sender.Send(ctx, m)
}

func testConfig(t testing.TB) (Config, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	private, err := key.Bytes()
	require.NoError(t, err)
	return Config{
		Key: base64.RawURLEncoding.EncodeToString(private), Subject: "mailto:privacy@example.com", Hosts: []string{"127.0.0.1"},
		Timeout: 500 * time.Millisecond, TTL: time.Hour,
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
	config, _ := testConfig(t)
	deliverytest.Run(t, deliverytest.Case{
		Message: canary,
		Start: func(t *testing.T, b deliverytest.Behaviour) deliverytest.Provider {
			base, p := deliverytest.HTTP{Key: func(r *http.Request, _ []byte) string { return r.Header.Get("Topic") }, Reply: reply}.Start(t, b)
			p.Sender = at{newSender(t, config), base}
			return p
		},
		Unreachable: func(t *testing.T) delivery.Sender {
			return at{newSender(t, config), "http://" + deliverytest.ClosedPort(t)}
		},
		Accepted:        breach.Accepted,
		PermanentReason: delivery.ReasonTokenGone,
		TemporaryReason: delivery.ReasonProviderBusy,
		RepeatKey:       deliverytest.ByDelivery,
	})
}

func reply(w http.ResponseWriter, b deliverytest.Behaviour, _ string, body []byte) {
	switch b {
	case deliverytest.Permanent:
		http.Error(w, "gone: "+string(body), http.StatusGone)
	case deliverytest.Temporary:
		w.Header().Set("Retry-After", "4")
		http.Error(w, "too many: "+string(body), http.StatusTooManyRequests)
	default:
		w.WriteHeader(http.StatusCreated)
	}
}

func message() delivery.Message {
	m := canary
	m.DeliveryID, m.AttemptID, m.ToName = "d1", "d1-1", deliverytest.Name
	return m
}

// What arrives is read by a browser that shares no code with the sender.
func TestBrowsersReadIt(t *testing.T) {
	t.Parallel()
	config, key := testConfig(t)
	box, err := outbox.Open("")
	require.NoError(t, err)
	browser, err := ecdh.P256().NewPrivateKey(raw(t, rfcBrowser))
	require.NoError(t, err)
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(func() { server.Close(); require.NoError(t, box.Close()) })
	maker := webpushsim.Config{Public: &key.PublicKey, Browser: browser, Auth: raw(t, rfcAuth), Origin: server.URL}
	service, err := webpushsim.New(maker, box)
	require.NoError(t, err)
	mux.Handle("/", service.Handler())
	config.Timeout = 5 * time.Second
	s := newSender(t, config)

	m := message()
	m.To = maker.Subscription(server.URL, "laptop")
	_, err = s.Send(t.Context(), m)
	require.NoError(t, err)
	var kept []outbox.Message
	require.NoError(t, box.Each(outbox.Query{Recipient: "laptop"}, func(m outbox.Message) error { kept = append(kept, m); return nil }))
	require.Len(t, kept, 1)
	require.JSONEq(t, `{"web_push":8030,"notification":{"title":"Security notice","body":"Dear Zsuzsanna Kanarienvogel, please read",
		"navigate":"https://notices.example.com/n/abc","tag":"d1","lang":"en"}}`, string(kept[0].Raw))

	for browser, want := range map[string]deliverytest.Fate{
		"gone-1":   {Reason: delivery.ReasonTokenGone, State: breach.FailedPermanent, Again: breach.FailedPermanent},
		"never-1":  {Reason: delivery.ReasonTokenGone, State: breach.FailedPermanent, Again: breach.FailedPermanent},
		"large-1":  {Reason: delivery.ReasonBadInput, State: breach.FailedPermanent, Again: breach.FailedPermanent},
		"key-1":    {Reason: delivery.ReasonAuth, State: breach.FailedTemporary, Again: breach.FailedTemporary},
		"quota-1":  {Reason: delivery.ReasonProviderBusy, State: breach.FailedTemporary, Again: breach.Accepted},
		"server-1": {Reason: delivery.ReasonProviderDown, State: breach.FailedTemporary, Again: breach.Accepted},
		"login-1":  {Reason: delivery.ReasonAuth, State: breach.FailedTemporary, Again: breach.Accepted},
		"drop-1":   {Reason: delivery.ReasonNoAnswer, State: breach.Unknown, Again: breach.Accepted},
	} {
		m.To = maker.Subscription(server.URL, browser)
		want.Twice(t, s, m)
	}
}

// Subscriptions come from a list of people: whoever fills it must not make us call whom they like.
func TestSubscriptionsLeadToPushServicesOnly(t *testing.T) {
	t.Parallel()
	config, _ := testConfig(t)
	config.Hosts = nil
	called := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer server.Close()
	s := newSender(t, config)
	for endpoint, good := range map[string]bool{
		"https://fcm.googleapis.com/fcm/send/x":                    true,
		"https://updates.push.services.mozilla.com/wpush/v2/x":     true,
		"https://web.push.apple.com/x":                             true,
		"https://wns2-par02p.notify.windows.com/w/?token=x":        true,
		"http://fcm.googleapis.com/x":                              false,
		"https://169.254.169.254/latest/meta-data":                 false,
		"https://push.services.mozilla.com.example.org/x":          false,
		"https://evilpush.services.mozilla.com@example.org/x":      false,
		"https://updates.push.services.mozilla.com.:443@10.0.0.1/": false,
		"file:///etc/passwd":                                       false,
		"":                                                         false,
		server.URL:                                                 false,
	} {
		_, f := s.config.withDefaults().origin(endpoint)
		require.Equal(t, good, f == nil, endpoint)
		if good {
			continue
		}
		m := message()
		m.To = strings.Replace(m.To, placeholder+"/push/CanaryBrowser0123456789", endpoint, 1)
		_, err := s.Send(t.Context(), m)
		require.Equal(t, delivery.ReasonBadInput, delivery.AsFailure(err).Reason, endpoint)
	}
	require.False(t, called)
}

// A name that a setting allows may lead anywhere: what counts is the address that is called.
func TestNamesThatLeadInside(t *testing.T) {
	t.Parallel()
	called := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { called++; w.WriteHeader(http.StatusCreated) }))
	defer server.Close()
	m := message()
	m.To = strings.Replace(m.To, placeholder, strings.Replace(server.URL, "127.0.0.1", "localhost", 1), 1)
	config, _ := testConfig(t)
	config.Hosts, config.Timeout = []string{"localhost"}, 30*time.Second
	_, err := newSender(t, config).Send(t.Context(), m)
	f := delivery.AsFailure(err)
	require.Equal(t, []any{delivery.ReasonProviderDown, true, 0}, []any{f.Reason, f.Retryable, called})
	require.Contains(t, f.Detail, "webpush.private_hosts", "it says what to do")
	config.PrivateHosts = []string{"LocalHost"}
	_, err = newSender(t, config).Send(t.Context(), m)
	require.NoError(t, err)
	require.Equal(t, 1, called)

	config.Hosts = []string{".example.com", "push.example.net", "10.0.0.1"}
	config.PrivateHosts = []string{"own.example.com"}
	require.NoError(t, config.Validate())
	for host, want := range map[string]bool{"push.example.net": true, "a.example.com": true, "A.example.com.": true, "own.example.com": false, "10.0.0.1": false, "proxy.example.org": false} {
		require.Equal(t, want, config.guarded(host), host)
	}
	for _, private := range []string{".example.com", "elsewhere.example.org"} {
		config.PrivateHosts = []string{private}
		require.ErrorContains(t, config.Validate(), "private hosts", private)
	}
}

func TestBadSubscriptions(t *testing.T) {
	t.Parallel()
	config, _ := testConfig(t)
	s := newSender(t, config)
	for _, to := range []string{
		"fXk2:APA91b", "{}", "[]", "null", `{"endpoint":"https://127.0.0.1/x"}`,
		strings.Replace(canary.To, rfcP256DH, "BAAA", 1), strings.Replace(canary.To, rfcP256DH, strings.Repeat("A", 87), 1),
		strings.Replace(canary.To, rfcAuth, "AAAA", 1), strings.Replace(canary.To, rfcAuth, "%%%%", 1),
	} {
		m := message()
		m.To = to
		_, err := s.Send(t.Context(), m)
		f := delivery.AsFailure(err)
		require.Equal(t, delivery.ReasonBadInput, f.Reason, to)
		require.Equal(t, breach.FailedPermanent, f.State())
	}
	m := message()
	m.Text = strings.Repeat("x", maxPlain)
	_, err := s.Send(t.Context(), m)
	require.ErrorContains(t, err, "longer than")
}

func TestTokensAreUsedAgainAndRenewed(t *testing.T) {
	t.Parallel()
	_, key := testConfig(t)
	id, err := newIdentity(key, "mailto:privacy@example.com")
	require.NoError(t, err)
	now := time.Unix(1_800_000_000, 0)
	get := func(origin string, at time.Time) string {
		v, err := id.authorization(origin, at)
		require.NoError(t, err)
		return v
	}
	first := get("https://a.example", now)
	require.Equal(t, first, get("https://a.example", now.Add(tokenUse)))
	require.NotEqual(t, first, get("https://b.example", now), "a token is for one push service")
	require.NotEqual(t, first, get("https://a.example", now.Add(tokenUse+time.Second)))
	again := get("https://a.example", now.Add(tokenUse+2*time.Second))
	id.forget("https://a.example")
	require.NotEqual(t, again, get("https://a.example", now.Add(tokenUse+3*time.Second)))
}

func TestValidateListsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	err := Config{Key: "x", Subject: "nobody", Hosts: []string{"https://x"}, TTL: -1, Timeout: -1, Connections: -1}.Validate()
	for _, part := range []string{"key", "subject", "hosts", "time to live", "timeout", "connections"} {
		require.ErrorContains(t, err, "webpush: "+part)
	}
	_, err = New(Config{})
	require.Error(t, err)
}

func FuzzSubscription(f *testing.F) {
	f.Add(canary.To)
	f.Add(`{"endpoint":1}`)
	config, _ := testConfig(f)
	s, err := New(config)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, token string) {
		m := message()
		m.To = token
		r, origin, fault := s.request(m)
		if fault != nil {
			require.False(t, fault.Retryable || fault.Unknown, "nothing mends a bad subscription: %+v", fault)
			return
		}
		var sub subscription
		require.NoError(t, json.Unmarshal([]byte(token), &sub))
		require.True(t, strings.HasPrefix(r.URL.Scheme+"://"+r.URL.Host, origin))
		require.True(t, config.allowed(r.URL.Hostname()))
	})
}

// Whatever a push service answers, people can read what it means.
func FuzzAnswer(f *testing.F) {
	f.Add(http.StatusGone, "")
	f.Add(http.StatusTooManyRequests, "4")
	f.Add(http.StatusBadGateway, "Sun, 22 Nov 2026 08:00:30 GMT")
	now := time.Unix(1_800_000_000, 0)
	f.Fuzz(func(t *testing.T, status int, after string) {
		fault := judge(&http.Response{StatusCode: status, Header: http.Header{"Retry-After": {after}}}, now)
		require.Contains(t, delivery.Reasons, fault.Reason)
		require.False(t, fault.Retryable && fault.Unknown)
		require.True(t, fault.After >= 0 && fault.After <= time.Hour)
		require.Regexp(t, `^HTTP -?[0-9]+$`, fault.Detail)
		require.Equal(t, status == http.StatusGone || status == http.StatusNotFound, fault.Reason == delivery.ReasonTokenGone)
	})
}
