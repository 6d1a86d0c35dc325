package twilio

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/deliverytest"
)

const publicBase = "https://notices.example.com"

var canary = delivery.Message{Channel: breach.SMS, To: "+15005559876", Locale: "en", Text: "Dear " + deliverytest.Name + ",\nwhat happened"}

func testConfig(base string) Config {
	return Config{
		AccountSID: "AC0123456789abcdef0123456789abcdef", AuthToken: "s3cret", From: "+15005550006",
		BaseURL: base, PublicBaseURL: publicBase, Timeout: 500 * time.Millisecond,
	}
}

func newSender(t *testing.T, c Config) *Sender {
	t.Helper()
	s, err := New(c, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	deliverytest.Run(t, deliverytest.Case{
		Message: canary,
		Start: func(t *testing.T, b deliverytest.Behaviour) deliverytest.Provider {
			base, p := deliverytest.HTTP{Key: callbackKey, Reply: reply}.Start(t, b)
			p.Sender = newSender(t, testConfig(base))
			return p
		},
		Unreachable: func(t *testing.T) delivery.Sender {
			return newSender(t, testConfig("http://"+deliverytest.ClosedPort(t)))
		},
		Accepted:        breach.HandedOver,
		PermanentReason: delivery.ReasonNumberInvalid,
		TemporaryReason: delivery.ReasonProviderBusy,
		RepeatKey:       deliverytest.ByAttempt,
	})
}

// callbackKey: the vendor has no idempotency key; the attempt stands in the address of the callback.
func callbackKey(r *http.Request, body []byte) string {
	form, err := url.ParseQuery(string(body))
	if err != nil || r.Method != http.MethodPost {
		return ""
	}
	return path.Base(form.Get("StatusCallback"))
}

func reply(w http.ResponseWriter, b deliverytest.Behaviour, key string, body []byte) {
	form, _ := url.ParseQuery(string(body))
	echo := fmt.Sprintf("%s is bad, %s", form.Get("To"), form.Get("Body"))
	switch b {
	case deliverytest.Permanent:
		answer(w, http.StatusBadRequest, 21211, "Invalid 'To' Phone Number: "+echo)
	case deliverytest.Temporary:
		w.Header().Set("Retry-After", "7")
		answer(w, http.StatusTooManyRequests, 20429, echo)
	default:
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]any{"sid": "SM" + key, "status": "queued", "to": form.Get("To")})
	}
}

func answer(w http.ResponseWriter, status, code int, message string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "message": message, "status": status})
}

func message() delivery.Message {
	m := canary
	m.DeliveryID, m.AttemptID, m.ToName = "d1", "d1-1", deliverytest.Name
	m.SentAfter = time.Now().UTC()
	return m
}

func TestAnswersAreClassified(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status, code int
		body, reason string
		state        breach.AttemptState
	}{
		{status: 400, code: 21610, reason: delivery.ReasonOptedOut, state: breach.FailedPermanent},
		{status: 400, code: 21614, reason: delivery.ReasonLandline, state: breach.FailedPermanent},
		{status: 400, code: 21999, reason: delivery.ReasonRejected, state: breach.FailedPermanent},
		{status: 401, code: 20003, reason: delivery.ReasonAuth, state: breach.FailedTemporary},
		{status: 404, code: 20404, reason: delivery.ReasonAuth, state: breach.FailedTemporary},
		{status: 403, body: "<html>", reason: delivery.ReasonAuth, state: breach.FailedTemporary},
		{status: 408, reason: delivery.ReasonNoAnswer, state: breach.Unknown},
		{status: 429, code: 20429, reason: delivery.ReasonProviderBusy, state: breach.FailedTemporary},
		{status: 503, reason: delivery.ReasonProviderDown, state: breach.FailedTemporary},
		{status: 500, code: 20500, reason: delivery.ReasonNoAnswer, state: breach.Unknown},
		{status: 502, body: "<html>", reason: delivery.ReasonNoAnswer, state: breach.Unknown},
		{status: 504, reason: delivery.ReasonNoAnswer, state: breach.Unknown},
		{status: 307, reason: delivery.ReasonNoAnswer, state: breach.Unknown},
		{status: 201, body: "not JSON", reason: delivery.ReasonNoAnswer, state: breach.Unknown},
		{status: 201, body: `{"sid":"SM1"}`, reason: delivery.ReasonNoAnswer, state: breach.Unknown},
		{status: 201, body: `{"status":"queued"}`, reason: delivery.ReasonNoAnswer, state: breach.Unknown},
		{status: 201, body: `{"sid":"SM1","status":"failed","error_code":30005}`, reason: delivery.ReasonNumberUnknown, state: breach.FailedPermanent},
	} {
		t.Run(fmt.Sprintf("%d %d %s", c.status, c.code, c.body), func(t *testing.T) {
			t.Parallel()
			calls := make(chan string, 4)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls <- r.URL.Path
				w.Header().Set("Retry-After", "3")
				w.Header().Set("Location", "/elsewhere")
				if c.body == "" {
					answer(w, c.status, c.code, "No")
					return
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			_, err := newSender(t, testConfig(server.URL)).Send(t.Context(), message())
			f := deliverytest.Failure(t, err)
			require.Equal(t, c.reason, f.Reason, "%+v", f)
			require.Equal(t, c.state, f.State())
			require.Len(t, calls, 1, "never twice")
			require.Equal(t, "/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json", <-calls)
			if c.status == 429 || c.status == 503 {
				require.Equal(t, 3*time.Second, f.After)
			}
		})
	}
}

// What the vendor did not send yet has no instant of sending, so that its own filter may miss it.
func TestAskFindsWhatIsNotSentYetAndReadsAllPages(t *testing.T) {
	t.Parallel()
	m := message()
	now := m.SentAfter.Format(time.RFC1123Z)
	old := m.SentAfter.Add(-time.Hour).Format(time.RFC1123Z)
	resource := func(sid, body, created, status string) map[string]any {
		return map[string]any{"sid": sid, "to": m.To, "body": body, "date_created": created, "status": status, "error_code": 30003}
	}
	pages := map[string][]any{
		"":  {resource("SM1", "other", now, "delivered"), resource("SM2", m.Text, now, "undelivered")},
		"p": {resource("SM3", m.Text, now, "queued"), resource("SM4", m.Text, old, "delivered")},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if user, password, _ := r.BasicAuth(); user == "" || password != "s3cret" || q.Get("To") != m.To {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if q.Get("DateSent>") != "" {
			_ = json.NewEncoder(w).Encode(map[string]any{"messages": []any{}})
			return
		}
		out := map[string]any{"messages": pages[q.Get("PageToken")]}
		if q.Get("PageToken") == "" {
			// The host in a link is not ours to follow.
			out["next_page_uri"] = "https://evil.example/2010-04-01/Accounts/x/Messages.json?Page=1&PageToken=p"
		}
		_ = json.NewEncoder(w).Encode(out)
	}))
	defer server.Close()
	s := newSender(t, testConfig(server.URL))
	receipt, found, err := s.Ask(t.Context(), m)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, delivery.Receipt{State: breach.HandedOver, ProviderRef: "SM3"}, receipt, "one that did not fail wins")

	other := m
	other.Text = "never sent"
	_, found, err = s.Ask(t.Context(), other)
	require.NoError(t, err)
	require.False(t, found)

	server.Close()
	_, _, err = s.Ask(t.Context(), m)
	require.ErrorIs(t, err, ErrCannotAsk, "no answer is not a no")
	require.NotContains(t, err.Error(), m.To)
}

func TestAskTakesNoGarbageForANo(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "<html>", `{"messages":[],"next_page_uri":"/x"}`, `{"messages":[],"next_page_uri":"/x?Page=1&PageToken=a"}`} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
		_, found, err := newSender(t, testConfig(server.URL)).Ask(t.Context(), message())
		require.False(t, found)
		require.ErrorIs(t, err, ErrCannotAsk, body)
		server.Close()
	}
}

func TestCallbacks(t *testing.T) {
	t.Parallel()
	// The vendor's documented example.
	c := testConfig("")
	c.AuthToken = "12345"
	s := newSender(t, c)
	form := url.Values{"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "Digits": {"1234"}, "From": {"+14158675309"}, "To": {"+18005551212"}}
	const example = "https://mycompany.com/myapp.php?foo=1&bar=2"
	const signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
	require.True(t, s.VerifyCallback(example, form, signature))
	require.False(t, s.VerifyCallback(example, form, ""))
	require.False(t, s.VerifyCallback(example+"3", form, signature))
	form["Digits"] = []string{"1234", "1"}
	require.False(t, s.VerifyCallback(example, form, signature), "what is not signed is not believed")

	require.Equal(t, publicBase+"/callbacks/twilio/d1-1", s.CallbackURL("d1-1"))
	status := func(status, code string) url.Values {
		return url.Values{"MessageSid": {"SM1"}, "MessageStatus": {status}, "ErrorCode": {code}, "AccountSid": {c.AccountSID}, "To": {canary.To}}
	}
	for in, want := range map[[2]string]delivery.Receipt{
		{"queued", ""}:           {State: breach.HandedOver, ProviderRef: "SM1"},
		{"sent", ""}:             {State: breach.Accepted, ProviderRef: "SM1"},
		{"delivered", ""}:        {State: breach.Delivered, ProviderRef: "SM1"},
		{"undelivered", "30003"}: {State: breach.FailedTemporary, ProviderRef: "SM1", Reason: delivery.ReasonHandsetOff, Detail: "undelivered, error 30003"},
		{"undelivered", "30004"}: {State: breach.FailedPermanent, ProviderRef: "SM1", Reason: delivery.ReasonFiltered, Detail: "undelivered, error 30004"},
		{"undelivered", "30005"}: {State: breach.FailedPermanent, ProviderRef: "SM1", Reason: delivery.ReasonNumberUnknown, Detail: "undelivered, error 30005"},
		{"undelivered", "30006"}: {State: breach.FailedPermanent, ProviderRef: "SM1", Reason: delivery.ReasonLandline, Detail: "undelivered, error 30006"},
		{"failed", "30007"}:      {State: breach.FailedPermanent, ProviderRef: "SM1", Reason: delivery.ReasonFiltered, Detail: "failed, error 30007"},
		{"failed", ""}:           {State: breach.FailedPermanent, ProviderRef: "SM1", Reason: delivery.ReasonRejected, Detail: "failed, error 0"},
	} {
		got, err := s.ParseCallback(status(in[0], in[1]))
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
	}
	for _, bad := range []url.Values{{}, status("received", ""), status("", ""), status("sent", "-1"), status("sent", "x"), {"MessageStatus": {"sent"}, "MessageSid": {"SM1"}}} {
		_, err := s.ParseCallback(bad)
		require.Error(t, err)
		require.NotContains(t, err.Error(), canary.To)
	}
}

func FuzzParseCallback(f *testing.F) {
	f.Add("MessageSid=SM1&MessageStatus=delivered&AccountSid=AC0123456789abcdef0123456789abcdef")
	f.Add("MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30003&AccountSid=AC0123456789abcdef0123456789abcdef")
	f.Add("%zz&;=")
	s, err := New(testConfig("https://api.example.com"), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		form, _ := url.ParseQuery(raw)
		r, err := s.ParseCallback(form)
		if err == nil && (r.State == "" || !delivery.PlainID(r.ProviderRef) || strings.ContainsAny(r.Detail, "\r\n\x00")) {
			t.Fatalf("%+v", r)
		}
		s.VerifyCallback("https://notices.example.com/callbacks/twilio/a", form, "x")
	})
}

func TestNumbersThatAreNone(t *testing.T) {
	t.Parallel()
	s := newSender(t, testConfig("http://"+deliverytest.ClosedPort(t)))
	for _, to := range []string{"13800138000", "+0123456789", "+1 500 555 0006", "whatsapp:+15005550006", "+1", "+1234567890123456", "＋15005550006"} {
		m := message()
		m.To = to
		_, err := s.Send(t.Context(), m)
		f := deliverytest.Failure(t, err)
		require.Equal(t, delivery.ReasonNumberInvalid, f.Reason, to)
		require.False(t, f.Retryable || f.Unknown)
	}
}

func TestValidateListsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	err := Config{AccountSID: "x", From: "+1500", MessagingServiceSID: "MG1", BaseURL: "http://api.twilio.com", Timeout: -1, Connections: -1}.Validate()
	for _, part := range []string{"account SID", "auth token", "sender", "base URL", "public base URL", "timeout", "connections"} {
		require.ErrorContains(t, err, "twilio: "+part)
	}
	_, err = New(Config{}, nil)
	require.Error(t, err)
	require.NoError(t, testConfig("").Validate(), "the vendor's address is the default")
}

// What is about our sender or account is never the end for a person: it can be mended.
func TestASenderThatIsNotAllowedIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, code := range []int{21408, 21612, 30024, 30032, 30034} {
		reason, temporary, known := says(code)
		require.True(t, known && temporary, "%d", code)
		require.Equal(t, delivery.ReasonSender, reason, "%d", code)
	}
}
