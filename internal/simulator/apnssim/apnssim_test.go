package apnssim

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

const (
	device0 = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0"
	alert   = `{"aps":{"alert":{"title":"安全通知","body":"Open the app."}}}`
)

// stand is the service behind TLS, with the key of the app that may send.
type stand struct {
	t       *testing.T
	service *Service
	box     *outbox.Box
	server  *httptest.Server
	key     *ecdsa.PrivateKey
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func start(t *testing.T) stand {
	t.Helper()
	key := newKey(t)
	box, err := outbox.Open("")
	require.NoError(t, err)
	service := New(Config{KeyID: "ABC123DEFG", TeamID: "DEF123GHIJ", Topic: "com.example.app", Key: &key.PublicKey}, box)
	server := httptest.NewUnstartedServer(service.Handler())
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(func() { server.Close(); require.NoError(t, box.Close()) })
	return stand{t, service, box, server, key}
}

// token is a provider token, signed by hand.
func token(t testing.TB, key *ecdsa.PrivateKey, header, claims map[string]any) string {
	t.Helper()
	encode := func(v any) string {
		raw, err := json.Marshal(v)
		require.NoError(t, err)
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	text := encode(header) + "." + encode(claims)
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	require.NoError(t, err)
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func (s stand) good() string {
	return token(s.t, s.key, map[string]any{"alg": "ES256", "kid": "ABC123DEFG"}, map[string]any{"iss": "DEF123GHIJ", "iat": time.Now().Unix()})
}

func (s stand) headers() map[string]string {
	return map[string]string{"Authorization": "bearer " + s.good(), "Apns-Topic": "com.example.app", "Apns-Push-Type": "alert",
		"Apns-Expiration": strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10), "Apns-Collapse-Id": "d1",
		"Apns-Id": "123e4567-e89b-82d3-a456-4266554400a0"}
}

// ask makes one request and gives status and reason; an error when the connection was dropped.
func (s stand) ask(method, path, body string, headers map[string]string) (int, string, http.Header, error) {
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.server.URL+path, strings.NewReader(body))
	require.NoError(s.t, err)
	r.GetBody = nil
	for name, value := range headers {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	said, err := s.server.Client().Do(r)
	if err != nil {
		return 0, "", nil, err
	}
	defer said.Body.Close()
	raw, err := io.ReadAll(said.Body)
	require.NoError(s.t, err)
	var answer struct{ Reason string }
	if len(raw) > 0 {
		require.NoError(s.t, json.Unmarshal(raw, &answer), "%s", raw)
	}
	return said.StatusCode, answer.Reason, said.Header, nil
}

func TestAPushIsKeptAsItCame(t *testing.T) {
	t.Parallel()
	s := start(t)
	status, reason, header, err := s.ask(http.MethodPost, "/3/device/"+device0, alert, s.headers())
	require.NoError(t, err)
	require.Equal(t, []any{http.StatusOK, ""}, []any{status, reason})
	require.Equal(t, s.headers()["Apns-Id"], header.Get("Apns-Id"), "the vendor says the id back")
	m, err := s.box.Get("1")
	require.NoError(t, err)
	require.Equal(t, []string{alert, "安全通知", "Open the app.", device0, s.headers()["Apns-Id"]}, []string{string(m.Raw), m.Subject, m.Text, m.Recipient, m.MessageID})
	require.True(t, m.Taken)
}

func TestMagicTokens(t *testing.T) {
	t.Parallel()
	s := start(t)
	tried := map[string]bool{}
	for _, c := range []struct {
		prefix, reason string
		status         int
		again          int // status of the same once more
	}{
		{"0001", "Unregistered", 410, 410}, {"0002", "BadDeviceToken", 400, 400}, {"0003", "DeviceTokenNotForTopic", 400, 400},
		{"0004", "TooManyRequests", 429, 200}, {"0006", "ExpiredProviderToken", 403, 200}, {"0008", "ServiceUnavailable", 503, 200},
		{"0009", "InternalServerError", 500, 200}, {"000a", "ExpiredToken", 410, 410}, {"000b", "Shutdown", 503, 200},
		{"000c", "TooManyProviderTokenUpdates", 429, 200},
	} {
		tried[c.prefix] = true
		to := c.prefix + device0[4:]
		status, reason, header, err := s.ask(http.MethodPost, "/3/device/"+to, alert, s.headers())
		require.NoError(t, err)
		require.Equal(t, []any{c.status, c.reason}, []any{status, reason}, c.prefix)
		require.Equal(t, status == http.StatusTooManyRequests, header.Get("Retry-After") != "", c.prefix)
		require.Zero(t, s.box.CountFor(to), "what is refused did not arrive")
		status, _, _, err = s.ask(http.MethodPost, "/3/device/"+to, alert, s.headers())
		require.NoError(t, err)
		require.Equal(t, c.again, status, c.prefix)
	}
	to := "0005" + device0[4:]
	_, _, _, err := s.ask(http.MethodPost, "/3/device/"+to, alert, s.headers())
	require.Error(t, err, "no answer")
	require.Equal(t, 1, s.box.CountFor(to), "and yet it arrived")
	status, _, _, err := s.ask(http.MethodPost, "/3/device/"+to, alert, s.headers())
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	tried["0005"] = true
	for _, f := range magicTokens {
		require.True(t, tried[f.prefix], "no test of %s", f.prefix)
	}
}

// What the vendor would not take is refused in its words, and nothing of it arrives.
func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	long := `{"aps":{"alert":{"body":"` + strings.Repeat("x", maxPayload) + `"}}}`
	for name, c := range map[string]struct {
		method, path, body string
		header, value      string
		status             int
		reason             string
	}{
		"no token":              {header: "Authorization", status: 403, reason: "MissingProviderToken"},
		"a token of nobody":     {header: "Authorization", value: "bearer x.y.z", status: 403, reason: "InvalidProviderToken"},
		"no topic":              {header: "Apns-Topic", status: 400, reason: "MissingTopic"},
		"another app":           {header: "Apns-Topic", value: "com.example.other", status: 400, reason: "TopicDisallowed"},
		"no device":             {path: "/3/device/xyz", status: 400, reason: "BadDeviceToken"},
		"an id of another form": {header: "Apns-Id", value: "d1-1", status: 400, reason: "BadMessageId"},
		"a long collapse id":    {header: "Apns-Collapse-Id", value: strings.Repeat("c", 65), status: 400, reason: "BadCollapseId"},
		"no push type":          {header: "Apns-Push-Type", status: 400, reason: "InvalidPushType"},
		"no expiration":         {header: "Apns-Expiration", status: 400, reason: "BadExpirationDate"},
		"it is over":            {header: "Apns-Expiration", value: "-1", status: 400, reason: "BadExpirationDate"},
		"no alert":              {body: `{"aps":{}}`, status: 400, reason: "PayloadEmpty"},
		"no JSON":               {body: `alert`, status: 400, reason: "PayloadEmpty"},
		"too long":              {body: long, status: 413, reason: "PayloadTooLarge"},
		"another method":        {method: http.MethodGet, status: 405, reason: "MethodNotAllowed"},
		"another path":          {path: "/4/device/" + device0, status: 404, reason: "BadPath"},
	} {
		headers := s.headers()
		if c.header != "" {
			headers[c.header] = c.value
		}
		method, path, body := http.MethodPost, "/3/device/"+device0, alert
		if c.method != "" {
			method = c.method
		}
		if c.path != "" {
			path = c.path
		}
		if c.body != "" {
			body = c.body
		}
		status, reason, _, err := s.ask(method, path, body, headers)
		require.NoError(t, err, name)
		require.Equal(t, []any{c.status, c.reason}, []any{status, reason}, name)
	}
	require.Zero(t, s.box.Counts().Total)
}

func TestHTTP2AloneIsSpoken(t *testing.T) {
	t.Parallel()
	s := start(t)
	r := httptest.NewRequest(http.MethodPost, "/3/device/"+device0, strings.NewReader(alert))
	for name, value := range s.headers() {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.service.Handler().ServeHTTP(w, r)
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Zero(t, s.box.Counts().Total)
}

func TestProviderTokens(t *testing.T) {
	t.Parallel()
	s := start(t)
	now := time.Now()
	for name, c := range map[string]struct {
		key    *ecdsa.PrivateKey
		header map[string]any
		claims map[string]any
		reason string
	}{
		"good":                     {},
		"nearly an hour old":       {claims: map[string]any{"iat": now.Add(-59 * time.Minute).Unix()}},
		"older than an hour":       {claims: map[string]any{"iat": now.Add(-61 * time.Minute).Unix()}, reason: "ExpiredProviderToken"},
		"from the future":          {claims: map[string]any{"iat": now.Add(5 * time.Minute).Unix()}, reason: "ExpiredProviderToken"},
		"without a time":           {claims: map[string]any{"iat": 0}, reason: "ExpiredProviderToken"},
		"of another team":          {claims: map[string]any{"iss": "ZZZZZZZZZZ"}, reason: "InvalidProviderToken"},
		"of another key id":        {header: map[string]any{"kid": "ZZZZZZZZZZ"}, reason: "UnrelatedKeyIdInToken"},
		"of another algorithm":     {header: map[string]any{"alg": "none"}, reason: "InvalidProviderToken"},
		"signed with another key":  {key: newKey(t), reason: "InvalidProviderToken"},
		"with a time that is none": {claims: map[string]any{"iat": "now"}, reason: "InvalidProviderToken"},
	} {
		header, claims, key := map[string]any{"alg": "ES256", "kid": "ABC123DEFG"}, map[string]any{"iss": "DEF123GHIJ", "iat": now.Unix()}, s.key
		maps.Copy(header, c.header)
		maps.Copy(claims, c.claims)
		if c.key != nil {
			key = c.key
		}
		require.Equal(t, c.reason, s.service.checkToken("bearer "+token(t, key, header, claims), now), name)
	}
	good := s.good()
	require.Equal(t, "InvalidProviderToken", s.service.checkToken("bearer "+good[:strings.LastIndexByte(good, '.')+1], now), "unsigned")
}

func FuzzProviderToken(f *testing.F) {
	key := newKey(f)
	s := New(Config{KeyID: "ABC123DEFG", TeamID: "DEF123GHIJ", Topic: "com.example.app", Key: &key.PublicKey}, nil)
	now := time.Now()
	f.Add("bearer " + token(f, newKey(f), map[string]any{"alg": "ES256", "kid": "ABC123DEFG"}, map[string]any{"iss": "DEF123GHIJ", "iat": now.Unix()}))
	f.Add("bearer e30.e30.")
	f.Fuzz(func(t *testing.T, authorization string) {
		if s.checkToken(authorization, now) == "" {
			t.Fatal("a token that the key did not sign was accepted")
		}
	})
}
