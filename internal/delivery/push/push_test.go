package push

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/deliverytest"
)

var canary = delivery.Message{
	Channel: breach.Push, To: "fXk2Canary:APA91bKanarienvogel0123456789abcdefghijklmnop", Locale: "en",
	Title: "Security notice", Text: "Dear " + deliverytest.Name + ", please read", Link: "https://notices.example.com/n/abc",
}

// One key for all tests: making one takes long.
var key = sync.OnceValue(func() string {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
})

func account(tokenURI string) []byte {
	out, _ := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "academy-1", "private_key_id": "k1", "private_key": key(),
		"client_email": "push@academy-1.example", "token_uri": tokenURI,
	})
	return out
}

func testConfig(base string) Config {
	return Config{ServiceAccount: account(base + "/token"), Endpoint: base, Timeout: 500 * time.Millisecond, TTL: time.Hour}
}

func newSender(t *testing.T, c Config) *Sender {
	t.Helper()
	s, err := New(c)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func message() delivery.Message {
	m := canary
	m.DeliveryID, m.AttemptID, m.ToName = "d1", "d1-1", deliverytest.Name
	return m
}

func giveToken(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"access_token":"ya29.x","token_type":"Bearer","expires_in":3600}`)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	deliverytest.Run(t, deliverytest.Case{
		Message: canary,
		Start: func(t *testing.T, b deliverytest.Behaviour) deliverytest.Provider {
			base, p := deliverytest.HTTP{Key: collapseID, Reply: reply, Other: giveToken}.Start(t, b)
			p.Sender = newSender(t, testConfig(base))
			return p
		},
		Unreachable: func(t *testing.T) delivery.Sender {
			c := testConfig("http://" + deliverytest.ClosedPort(t))
			tokens := httptest.NewServer(http.HandlerFunc(giveToken))
			t.Cleanup(tokens.Close)
			c.ServiceAccount = account(tokens.URL)
			return newSender(t, c)
		},
		Accepted:        breach.Accepted,
		PermanentReason: delivery.ReasonTokenGone,
		TemporaryReason: delivery.ReasonProviderBusy,
		RepeatKey:       deliverytest.ByDelivery,
	})
}

type sentMessage struct {
	Message struct {
		Token        string
		Notification struct{ Title, Body string }
		Data         map[string]string
		Android      struct {
			CollapseKey, Priority, TTL string
			Notification               struct{ Tag string }
		}
		Apns struct{ Headers map[string]string }
	}
}

func collapseID(r *http.Request, body []byte) string {
	var in sentMessage
	if r.URL.Path != "/v1/projects/academy-1/messages:send" || r.Header.Get("Authorization") != "Bearer ya29.x" || json.Unmarshal(body, &in) != nil {
		return ""
	}
	return in.Message.Apns.Headers["apns-collapse-id"]
}

func reply(w http.ResponseWriter, b deliverytest.Behaviour, key string, body []byte) {
	switch b {
	case deliverytest.Permanent:
		refuse(w, http.StatusNotFound, "NOT_FOUND", "UNREGISTERED", "not found: "+string(body))
	case deliverytest.Temporary:
		refuse(w, http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "too many: "+string(body))
	default:
		_, _ = fmt.Fprintf(w, `{"name":"projects/academy-1/messages/0:1%%%s"}`, key)
	}
}

func refuse(w http.ResponseWriter, code int, status, detail, text string) {
	body := map[string]any{"code": code, "status": status, "message": text}
	if detail != "" {
		body["details"] = []any{map[string]string{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": detail}}
	}
	w.Header().Set("Retry-After", "4")
	w.Header().Set("Location", "/elsewhere")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": body})
}

func TestPayloadIsAPointer(t *testing.T) {
	t.Parallel()
	bodies := make(chan []byte, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			giveToken(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		bodies <- body
		_, _ = io.WriteString(w, `{"name":"projects/academy-1/messages/0:17%2a"}`)
	}))
	defer server.Close()
	s := newSender(t, testConfig(server.URL))
	s.now = func() time.Time { return time.Unix(1_800_000_000, 0) }
	m := message()
	m.Subject, m.HTML = "subject of another channel", "<p>facts</p>"
	receipt, err := s.Send(t.Context(), m)
	require.NoError(t, err)
	require.Equal(t, delivery.Receipt{State: breach.Accepted, ProviderRef: "0:17%2a"}, receipt)
	require.JSONEq(t, `{"message":{
		"token":"`+canary.To+`",
		"notification":{"title":"Security notice","body":"Dear Zsuzsanna Kanarienvogel, please read"},
		"data":{"link":"https://notices.example.com/n/abc"},
		"android":{"collapseKey":"d1","priority":"HIGH","ttl":"3600s","notification":{"tag":"d1"}},
		"apns":{"headers":{"apns-collapse-id":"d1","apns-expiration":"1800003600","apns-priority":"10"}}}}`, string(<-bodies))

	m.DeliveryID = strings.Repeat("d", 100)
	_, err = s.Send(t.Context(), m)
	require.NoError(t, err)
	var long sentMessage
	require.NoError(t, json.Unmarshal(<-bodies, &long))
	require.Len(t, long.Message.Apns.Headers["apns-collapse-id"], 64, "no longer than Apple allows")
}

func TestAnswersAreClassified(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code           int
		status, detail string
		reason         string
		state          breach.AttemptState
	}{
		{404, "NOT_FOUND", "UNREGISTERED", delivery.ReasonTokenGone, breach.FailedPermanent},
		{404, "NOT_FOUND", "", delivery.ReasonAuth, breach.FailedTemporary},
		{400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", delivery.ReasonBadInput, breach.FailedPermanent},
		{400, "INVALID_ARGUMENT", "", delivery.ReasonBadInput, breach.FailedPermanent},
		{403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH", delivery.ReasonTokenOther, breach.FailedPermanent},
		{403, "PERMISSION_DENIED", "", delivery.ReasonAuth, breach.FailedTemporary},
		{401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR", delivery.ReasonAuth, breach.FailedTemporary},
		{429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", delivery.ReasonProviderBusy, breach.FailedTemporary},
		{503, "UNAVAILABLE", "UNAVAILABLE", delivery.ReasonProviderDown, breach.FailedTemporary},
		{500, "INTERNAL", "INTERNAL", delivery.ReasonNoAnswer, breach.Unknown},
		{502, "", "", delivery.ReasonNoAnswer, breach.Unknown},
		{307, "", "", delivery.ReasonNoAnswer, breach.Unknown},
	} {
		t.Run(fmt.Sprint(c.code, c.status, c.detail), func(t *testing.T) {
			t.Parallel()
			var sends atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/token" {
					giveToken(w, r)
					return
				}
				sends.Add(1)
				refuse(w, c.code, c.status, c.detail, "no")
			}))
			defer server.Close()
			_, err := newSender(t, testConfig(server.URL)).Send(t.Context(), message())
			f := deliverytest.Failure(t, err)
			require.Equal(t, c.reason, f.Reason, "%+v", f)
			require.Equal(t, c.state, f.State())
			require.EqualValues(t, 1, sends.Load(), "the library must not retry")
			if c.code == 429 || c.code == 503 {
				require.Equal(t, 4*time.Second, f.After)
			}
		})
	}
}

func TestTokensAreFetchedOnceAndForgottenWhenRefused(t *testing.T) {
	t.Parallel()
	var fetched, refusals atomic.Int32
	refusals.Store(0)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token":
			fetched.Add(1)
			giveToken(w, r)
		case refusals.Load() > 0:
			refusals.Add(-1)
			refuse(w, http.StatusUnauthorized, "UNAUTHENTICATED", "", "expired")
		default:
			_, _ = io.WriteString(w, `{"name":"projects/academy-1/messages/1"}`)
		}
	}))
	defer server.Close()
	s := newSender(t, testConfig(server.URL))
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if _, err := s.Send(t.Context(), message()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, fetched.Load())
	refusals.Store(1)
	_, err := s.Send(t.Context(), message())
	require.Equal(t, delivery.ReasonAuth, deliverytest.Failure(t, err).Reason)
	_, err = s.Send(t.Context(), message())
	require.NoError(t, err)
	require.EqualValues(t, 2, fetched.Load())
}

// Trouble with the token never leaves a message unknown.
func TestTokenTroubleIsRetryable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		reason string
	}{
		"refused": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"invalid_grant"}`)
		}, delivery.ReasonAuth},
		"broken":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, delivery.ReasonProviderDown},
		"empty":   {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) }, delivery.ReasonProviderDown},
		"dropped": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, delivery.ReasonProviderDown},
		"hanging": {func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}, delivery.ReasonProviderDown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.answer)
			defer server.Close()
			started := time.Now()
			_, err := newSender(t, testConfig(server.URL)).Send(t.Context(), message())
			f := deliverytest.Failure(t, err)
			require.True(t, f.Retryable, "%+v", f)
			require.Equal(t, c.reason, f.Reason)
			require.Less(t, time.Since(started), deliverytest.Limit)
		})
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	for link, good := range map[string]bool{
		"": true, "https://a.example/x?y=1": true, "http://127.0.0.1:8080/notices/1": true,
		"http://a.example": false, "javascript:alert(1)": false, "//a.example": false, "https://u:p@a.example": false, "intent://x": false,
	} {
		m := message()
		m.Link = link
		require.Equal(t, good, m.CheckPush() == nil, link)
	}
}

func TestValidateListsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	err := Config{ServiceAccount: []byte("{"), ProjectID: "A/B", Endpoint: "http://fcm.example.com", TTL: -1, Timeout: -1, Connections: -1}.Validate()
	for _, part := range []string{"service account", "project id", "endpoint", "time to live", "timeout", "connections"} {
		require.ErrorContains(t, err, "fcm: "+part)
	}
	require.ErrorContains(t, Config{ServiceAccount: account("http://oauth.example.com/token")}.Validate(), "token_uri")
	require.NoError(t, Config{ServiceAccount: account("https://oauth2.example.com/token")}.Validate())
	_, err = New(Config{})
	require.Error(t, err)
}
