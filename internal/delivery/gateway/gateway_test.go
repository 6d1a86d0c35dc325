package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/deliverytest"
)

const (
	publicBase = "https://notices.example.com"
	secret     = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
)

var canary = delivery.Message{Channel: breach.SMS, To: "+8613800139876", Locale: "zh-Hans", Text: "您好 " + deliverytest.Name + "\n发生了什么"}

func testConfig(base string) Config {
	return Config{BaseURL: base, Secret: secret, PublicBaseURL: publicBase, Timeout: 500 * time.Millisecond}
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

var pushed = delivery.Message{
	Channel: breach.Push, To: "hms-canary-token-9876543210", Platform: "hms", Locale: "zh-Hans",
	Title: "安全通知", Text: "我们有事要告诉您", Link: "https://notices.example.com/notices/1",
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for kind, message := range map[string]delivery.Message{Provider: canary, ForPush: pushed} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			settings := func(base string) Config {
				c := testConfig(base)
				c.Kind = kind
				return c
			}
			deliverytest.Run(t, deliverytest.Case{
				Message: message,
				Start: func(t *testing.T, b deliverytest.Behaviour) deliverytest.Provider {
					base, p := deliverytest.HTTP{Key: keyAt(kind), Reply: reply}.Start(t, b)
					p.Sender = newSender(t, settings(base))
					return p
				},
				Unreachable: func(t *testing.T) delivery.Sender {
					return newSender(t, settings("http://"+deliverytest.ClosedPort(t)))
				},
				Accepted:        breach.HandedOver,
				PermanentReason: delivery.ReasonOptedOut,
				TemporaryReason: delivery.ReasonProviderBusy,
				RepeatKey:       deliverytest.ByAttempt,
			})
		})
	}
}

func keyAt(kind string) func(*http.Request, []byte) string {
	return func(r *http.Request, body []byte) string {
		var in order
		if r.URL.Path != "/messages" || json.Unmarshal(body, &in) != nil || in.CallbackURL != publicBase+"/callbacks/"+kind+"/"+in.ID {
			return ""
		}
		return in.ID
	}
}

// A push holds title, line and link, whose token it is and how long it may wait, and nothing else.
func TestAPushIsAPointer(t *testing.T) {
	t.Parallel()
	var got map[string]any
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&got)
		say(w, http.StatusAccepted, map[string]string{"id": "d1-1", "status": "accepted"})
	}))
	t.Cleanup(server.Close)
	c := testConfig(server.URL)
	c.TTL = time.Hour
	s, err := NewForPush(c)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	m := pushed
	m.DeliveryID, m.AttemptID = "d1", "d1-1"
	m.ToName, m.Subject, m.HTML, m.Machine = "Somebody", "what happened", "<p>what happened</p>", "what happened"
	_, err = s.Send(t.Context(), m)
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"id": "d1-1", "channel": "push", "to": m.To, "platform": "hms", "title": m.Title, "text": m.Text, "link": m.Link,
		"collapse": "d1", "ttl": 3600.0, "callback_url": publicBase + "/callbacks/push_gateway/d1-1",
	}, got)
	for _, wrong := range []delivery.Message{
		{Channel: breach.Email, To: m.To, Text: "x"}, {Channel: breach.Push, To: "two words", Text: "x"},
		{Channel: breach.Push, To: m.To}, {Channel: breach.Push, To: m.To, Text: "x", Link: "javascript:alert(1)"},
	} {
		wrong.DeliveryID, wrong.AttemptID = "d1", "d1-1"
		_, err := s.Send(t.Context(), wrong)
		require.Equal(t, delivery.ReasonBadInput, deliverytest.Failure(t, err).Reason)
	}
}

func reply(w http.ResponseWriter, b deliverytest.Behaviour, key string, body []byte) {
	var in order
	_ = json.Unmarshal(body, &in)
	echo := in.To + " is bad: " + in.Text
	switch b {
	case deliverytest.Permanent:
		say(w, http.StatusUnprocessableEntity, map[string]string{"code": "opted_out", "message": echo})
	case deliverytest.Temporary:
		say(w, http.StatusTooManyRequests, map[string]string{"code": "rate_limited", "message": echo})
	default:
		say(w, http.StatusAccepted, map[string]string{"id": key, "status": "accepted"})
	}
}

func say(w http.ResponseWriter, status int, body map[string]string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// The example of the Standard Webhooks specification.
func TestSignatureOfTheSpecification(t *testing.T) {
	t.Parallel()
	s := newSender(t, testConfig("https://gateway.example.com"))
	s.now = func() time.Time { return time.Unix(1614265330, 0) }
	h := http.Header{}
	body := []byte(`{"test": 2432232314}`)
	s.sign(h, "msg_p5jXN8AQM9LWM0D4loKWxJek", body)
	require.Equal(t, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", h.Get("webhook-signature"))
	require.NoError(t, s.VerifyCallback(h, body))
}

func TestVerifyCallback(t *testing.T) {
	t.Parallel()
	s := newSender(t, testConfig("https://gateway.example.com"))
	at := time.Unix(1_800_000_000, 0)
	s.now = func() time.Time { return at }
	body := []byte(`{"id":"d1-1","status":"delivered"}`)
	signed := http.Header{}
	s.sign(signed, "msg_1", body)
	good := signed.Get(headerSignature)

	require.NoError(t, s.VerifyCallback(signed, body))
	require.ErrorIs(t, s.VerifyCallback(signed, append(body, ' ')), ErrBadSignature)
	for name, c := range map[string]struct {
		change func(http.Header)
		want   error
	}{
		"rotated":         {func(h http.Header) { h.Set(headerSignature, "v1,AAAA v2,x "+good) }, nil},
		"other version":   {func(h http.Header) { h.Set(headerSignature, "v1a,"+strings.TrimPrefix(good, "v1,")) }, ErrBadSignature},
		"other id":        {func(h http.Header) { h.Set(headerID, "msg_2") }, ErrBadSignature},
		"other time":      {func(h http.Header) { h.Set(headerTimestamp, "1800000001") }, ErrBadSignature},
		"no number":       {func(h http.Header) { h.Set(headerTimestamp, "now") }, ErrUnsigned},
		"no id":           {func(h http.Header) { h.Del(headerID) }, ErrUnsigned},
		"no signature":    {func(h http.Header) { h.Del(headerSignature) }, ErrUnsigned},
		"many signatures": {func(h http.Header) { h.Set(headerSignature, strings.Repeat("v1,AAAA ", 9)+good) }, ErrUnsigned},
	} {
		h := signed.Clone()
		c.change(h)
		require.ErrorIs(t, s.VerifyCallback(h, body), c.want, name)
	}
	for away, want := range map[time.Duration]error{tolerance: nil, -tolerance: nil, tolerance + time.Second: ErrBadTime, -tolerance - time.Second: ErrBadTime} {
		s.now = func() time.Time { return at.Add(away) }
		require.ErrorIs(t, s.VerifyCallback(signed, body), want, away)
	}
}

// Secrets change in any order of the two sides: each believes the other before, during and after.
func TestASecretIsChangedWithoutAGap(t *testing.T) {
	t.Parallel()
	with := func(secret, previous string) *Sender {
		c := testConfig("https://gateway.example.com")
		c.Secret, c.Previous = secret, previous
		return newSender(t, c)
	}
	const next = "whsec_bmV4dCBuZXh0IG5leHQgbmV4dA=="
	before, during, after := with(secret, ""), with(next, secret), with(next, "")
	body := []byte(`{"id":"d1-1","status":"delivered"}`)
	for name, c := range map[string]struct {
		signs, checks *Sender
		want          error
	}{
		"during to before": {during, before, nil},
		"before to during": {before, during, nil},
		"during to after":  {during, after, nil},
		"after to during":  {after, during, nil},
		"before to after":  {before, after, ErrBadSignature},
		"after to before":  {after, before, ErrBadSignature},
		"during to during": {during, during, nil},
	} {
		h := http.Header{}
		c.signs.sign(h, "msg_1", body)
		require.ErrorIs(t, c.checks.VerifyCallback(h, body), c.want, name)
	}
	for name, previous := range map[string]string{"short": "whsec_c2hvcnQ=", "the same": secret} {
		c := testConfig("https://gateway.example.com")
		c.Previous = previous
		err := c.Validate()
		require.ErrorContains(t, err, "gateway: previous secret", name)
		require.NotContains(t, err.Error(), strings.TrimPrefix(previous, "whsec_"))
	}
}

func TestAnswersAreClassified(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status       int
		body, reason string
		state        breach.AttemptState
	}{
		{422, `{"code":"invalid_number"}`, delivery.ReasonNumberInvalid, breach.FailedPermanent},
		{422, `{"code":"opted_out"}`, delivery.ReasonOptedOut, breach.FailedPermanent},
		{422, `{"code":"landline"}`, delivery.ReasonLandline, breach.FailedPermanent},
		{422, `{"code":"filtered"}`, delivery.ReasonFiltered, breach.FailedPermanent},
		{422, `<html>`, delivery.ReasonRejected, breach.FailedPermanent},
		{400, `{"code":"bad_request"}`, delivery.ReasonBadInput, breach.FailedPermanent},
		{409, `{"code":"id_reused"}`, delivery.ReasonRejected, breach.FailedPermanent},
		{401, `{"code":"bad_signature"}`, delivery.ReasonAuth, breach.FailedTemporary},
		{404, ``, delivery.ReasonAuth, breach.FailedTemporary},
		{429, ``, delivery.ReasonProviderBusy, breach.FailedTemporary},
		{503, ``, delivery.ReasonProviderDown, breach.FailedTemporary},
		{500, `{"code":"server_error"}`, delivery.ReasonNoAnswer, breach.Unknown},
		{502, `<html>`, delivery.ReasonNoAnswer, breach.Unknown},
		{307, ``, delivery.ReasonNoAnswer, breach.Unknown},
		{202, `nonsense`, delivery.ReasonNoAnswer, breach.Unknown},
		{202, `{"id":"another"}`, delivery.ReasonNoAnswer, breach.Unknown},
	} {
		t.Run(fmt.Sprintf("%d %s", c.status, c.body), func(t *testing.T) {
			t.Parallel()
			calls := make(chan int, 4)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls <- 1
				w.Header().Set("Retry-After", "2")
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			defer server.Close()
			_, err := newSender(t, testConfig(server.URL)).Send(t.Context(), message())
			f := deliverytest.Failure(t, err)
			require.Equal(t, c.reason, f.Reason, "%+v", f)
			require.Equal(t, c.state, f.State())
			require.Len(t, calls, 1, "never twice")
			if c.status == 429 || c.status == 503 {
				require.Equal(t, 2*time.Second, f.After)
			}
		})
	}
}

func TestAsk(t *testing.T) {
	t.Parallel()
	var s *Sender
	answers := map[string]struct {
		status int
		body   string
	}{
		"d-sent":    {200, `{"id":"d-sent","status":"sent"}`},
		"d-failed":  {200, `{"id":"d-failed","status":"undelivered","reason":"unreachable"}`},
		"d-never":   {404, `{"code":"not_found"}`},
		"d-proxy":   {404, `<html>`},
		"d-other":   {200, `{"id":"d-sent","status":"sent"}`},
		"d-strange": {200, `{"id":"d-strange","status":"lost"}`},
		"d-broken":  {500, `{}`},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.VerifyCallback(r.Header, nil); err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		a := answers[strings.TrimPrefix(r.URL.Path, "/messages/")]
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
	}))
	defer server.Close()
	s = newSender(t, testConfig(server.URL))
	for id, want := range map[string]delivery.Receipt{
		"d-sent":   {State: breach.Accepted, ProviderRef: "d-sent"},
		"d-failed": {State: breach.FailedTemporary, ProviderRef: "d-failed", Reason: delivery.ReasonHandsetOff, Detail: "undelivered: unreachable"},
	} {
		got, found, err := s.Ask(t.Context(), delivery.Message{AttemptID: id})
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, want, got)
	}
	_, found, err := s.Ask(t.Context(), delivery.Message{AttemptID: "d-never"})
	require.NoError(t, err)
	require.False(t, found)
	for _, id := range []string{"d-proxy", "d-other", "d-strange", "d-broken"} {
		_, found, err := s.Ask(t.Context(), delivery.Message{AttemptID: id})
		require.ErrorIs(t, err, ErrCannotAsk, "%s is not a no", id)
		require.False(t, found)
	}
	_, _, err = s.Ask(t.Context(), delivery.Message{AttemptID: "../x"})
	require.Error(t, err)
}

func TestParseCallback(t *testing.T) {
	t.Parallel()
	s := newSender(t, testConfig("https://gateway.example.com"))
	require.Equal(t, publicBase+"/callbacks/gateway/d1-1", s.CallbackURL("d1-1"))
	id, r, err := s.ParseCallback([]byte(`{"id":"d1-1","status":"delivered","reason":""}`))
	require.NoError(t, err)
	require.Equal(t, "d1-1", id)
	require.Equal(t, delivery.Receipt{State: breach.Delivered, ProviderRef: "d1-1"}, r)
	_, r, err = s.ParseCallback([]byte(`{"id":"d1-1","status":"undelivered","reason":"no such +8613800139876"}`))
	require.NoError(t, err)
	require.Equal(t, delivery.Receipt{State: breach.FailedPermanent, ProviderRef: "d1-1", Reason: delivery.ReasonRejected, Detail: "undelivered: no such [removed]"}, r)
	for _, bad := range []string{"", "{}", `[]`, `{"id":"d1-1"}`, `{"id":"../x","status":"sent"}`, `{"id":"d1","status":"sent"}{"id":"d2"}`, `{"id":"d1","status":"gone"}`} {
		_, _, err := s.ParseCallback([]byte(bad))
		require.Error(t, err, bad)
	}
}

func FuzzCallback(f *testing.F) {
	f.Add([]byte(`{"id":"d1-1","status":"undelivered","reason":"unreachable"}`), "msg_1", "1800000000", "v1,AAAA v1,BBBB")
	f.Add([]byte(`{`), "", "-9223372036854775808", ",")
	s, err := New(testConfig("https://gateway.example.com"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte, id, timestamp, signature string) {
		h := http.Header{headerKey(headerID): {id}, headerKey(headerTimestamp): {timestamp}, headerKey(headerSignature): {signature}}
		if s.VerifyCallback(h, body) == nil {
			t.Fatal("believed without the secret")
		}
		attempt, r, err := s.ParseCallback(body)
		if err == nil && (!delivery.PlainID(attempt) || r.State == "" || strings.ContainsAny(r.Detail, "\r\n\x00@")) {
			t.Fatalf("%q %+v", attempt, r)
		}
	})
}

func headerKey(name string) string { return http.CanonicalHeaderKey(name) }

func TestValidateListsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	err := Config{BaseURL: "http://gateway.example.com", Secret: "whsec_c2hvcnQ=", Timeout: -1, Connections: 5000}.Validate()
	for _, part := range []string{"base URL", "public base URL", "secret", "timeout", "connections"} {
		require.ErrorContains(t, err, "gateway: "+part)
	}
	require.NotContains(t, err.Error(), "c2hvcnQ")
	_, err = New(Config{})
	require.Error(t, err)
}
