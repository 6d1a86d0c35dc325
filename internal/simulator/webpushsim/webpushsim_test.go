package webpushsim

import (
	"crypto/ecdh"
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
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
	"github.com/tocsin-engine/tocsin/internal/simulator/webpushsim/independent"
)

// The example of RFC 8291 section 5: the browser's private key and secret, and the body that its sender made.
const (
	rfcPlain   = "When I grow up, I want to be a watermelon"
	rfcBrowser = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
	rfcAuth    = "BTBZMqHH6r4Tts7J_aSIgg"
	rfcBody    = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_" +
		"yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)

func raw(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	require.NoError(t, err)
	return b
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

// stand is the service, with the key of the page that browsers subscribed at.
type stand struct {
	t       testing.TB
	service *Service
	box     *outbox.Box
	server  *httptest.Server
	key     *ecdsa.PrivateKey
}

func start(t testing.TB) stand {
	t.Helper()
	key := newKey(t)
	browser, err := ecdh.P256().NewPrivateKey(raw(t, rfcBrowser))
	require.NoError(t, err)
	box, err := outbox.Open("")
	require.NoError(t, err)
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(func() { server.Close(); require.NoError(t, box.Close()) })
	service, err := New(Config{Public: &key.PublicKey, Browser: browser, Auth: raw(t, rfcAuth), Origin: server.URL}, box)
	require.NoError(t, err)
	mux.Handle("/", service.Handler())
	return stand{t, service, box, server, key}
}

// credentials are VAPID's, signed by hand.
func (s stand) credentials(key *ecdsa.PrivateKey, header, claims map[string]any) string {
	h, c := map[string]any{"typ": "JWT", "alg": "ES256"}, map[string]any{"aud": s.server.URL, "exp": time.Now().Add(time.Hour).Unix(), "sub": "mailto:a@example.com"}
	maps.Copy(h, header)
	maps.Copy(c, claims)
	encode := func(v any) string {
		out, err := json.Marshal(v)
		require.NoError(s.t, err)
		return base64.RawURLEncoding.EncodeToString(out)
	}
	text := encode(h) + "." + encode(c)
	sum := sha256.Sum256([]byte(text))
	r, q, err := ecdsa.Sign(rand.Reader, key, sum[:])
	require.NoError(s.t, err)
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	q.FillBytes(signature[32:])
	public, err := key.PublicKey.Bytes()
	require.NoError(s.t, err)
	return "vapid t=" + text + "." + base64.RawURLEncoding.EncodeToString(signature) + ", k=" + base64.RawURLEncoding.EncodeToString(public)
}

// push makes one request; an error when the connection was dropped.
func (s stand) push(browser string, body []byte, headers map[string]string) (int, http.Header, error) {
	r, err := http.NewRequest(http.MethodPost, s.server.URL+"/push/"+browser, strings.NewReader(string(body)))
	require.NoError(s.t, err)
	r.GetBody = nil
	all := map[string]string{"Authorization": s.credentials(s.key, nil, nil), "Content-Encoding": "aes128gcm", "Ttl": "60", "Topic": "d1"}
	maps.Copy(all, headers)
	for name, value := range all {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	said, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer said.Body.Close()
	_, err = io.Copy(io.Discard, said.Body)
	return said.StatusCode, said.Header, err
}

func TestTheExampleOfTheRFCIsRead(t *testing.T) {
	t.Parallel()
	s := start(t)
	status, header, err := s.push("laptop", raw(t, rfcBody), nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, status)
	require.NotEmpty(t, header.Get("Location"))
	m, err := s.box.Get("1")
	require.NoError(t, err)
	require.Equal(t, []string{rfcPlain, "laptop"}, []string{string(m.Raw), m.Recipient})
}

// What a library of others encrypts is read, with padding too.
func TestWhatOthersEncryptIsRead(t *testing.T) {
	t.Parallel()
	peer, there := independent.Find()
	if !there {
		t.Skip("NOT CHECKED: Node.js or the library http_ece is not there; scripts/ensure-test-tools.sh gets it")
	}
	s := start(t)
	plain := `{"notification":{"title":"安全通知","body":"请阅读","navigate":"https://n.example.com/1"}}`
	body, err := peer.Encrypt(t.Context(), []byte(plain), s.service.config.Browser.PublicKey().Bytes(), raw(t, rfcAuth))
	require.NoError(t, err)
	status, _, err := s.push("laptop", body, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, status)
	m, err := s.box.Get("1")
	require.NoError(t, err)
	require.Equal(t, []string{plain, "安全通知", "请阅读"}, []string{string(m.Raw), m.Subject, m.Text})
}

func TestMagicBrowsers(t *testing.T) {
	t.Parallel()
	s := start(t)
	tried := map[string]bool{}
	for _, c := range []struct {
		prefix        string
		status, again int
	}{
		{"gone-", 410, 410}, {"never-", 404, 404}, {"large-", 413, 413}, {"key-", 403, 403}, {"quota-", 429, 201}, {"server-", 503, 201}, {"login-", 401, 201},
	} {
		tried[c.prefix] = true
		status, header, err := s.push(c.prefix+"1", raw(t, rfcBody), nil)
		require.NoError(t, err)
		require.Equal(t, c.status, status, c.prefix)
		require.Equal(t, status == http.StatusTooManyRequests, header.Get("Retry-After") != "", c.prefix)
		require.Zero(t, s.box.CountFor(c.prefix+"1"), "what is refused did not arrive")
		status, _, err = s.push(c.prefix+"1", raw(t, rfcBody), nil)
		require.NoError(t, err)
		require.Equal(t, c.again, status, c.prefix)
	}
	_, _, err := s.push("drop-1", raw(t, rfcBody), nil)
	require.Error(t, err, "no answer")
	require.Equal(t, 1, s.box.CountFor("drop-1"), "and yet it arrived")
	status, _, err := s.push("drop-1", raw(t, rfcBody), nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, status)
	tried["drop-"] = true
	for _, f := range magicBrowsers {
		require.True(t, tried[f.prefix], "no test of %s", f.prefix)
	}
}

// What no push service would take is refused, and nothing of it arrives.
func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	body := raw(t, rfcBody)
	changed := append([]byte(nil), body...)
	changed[len(changed)-1] ^= 1
	claims := func(c map[string]any) map[string]string {
		return map[string]string{"Authorization": s.credentials(s.key, nil, c)}
	}
	for name, c := range map[string]struct {
		body    []byte
		headers map[string]string
		status  int
	}{
		"no credentials":       {body, map[string]string{"Authorization": ""}, 403},
		"of another scheme":    {body, map[string]string{"Authorization": "bearer x"}, 403},
		"of another key":       {body, map[string]string{"Authorization": s.credentials(newKey(t), nil, nil)}, 403},
		"for another service":  {body, claims(map[string]any{"aud": "https://push.example.net"}), 403},
		"over":                 {body, claims(map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}), 403},
		"good for two days":    {body, claims(map[string]any{"exp": time.Now().Add(48 * time.Hour).Unix()}), 403},
		"without an end":       {body, claims(map[string]any{"exp": nil}), 403},
		"without a subject":    {body, claims(map[string]any{"sub": ""}), 403},
		"of another algorithm": {body, map[string]string{"Authorization": s.credentials(s.key, map[string]any{"alg": "none"}, nil)}, 403},
		"no time to live":      {body, map[string]string{"Ttl": ""}, 400},
		"a negative one":       {body, map[string]string{"Ttl": "-1"}, 400},
		"a long one":           {body, map[string]string{"Ttl": "2419201"}, 400},
		"a long topic":         {body, map[string]string{"Topic": strings.Repeat("t", 33)}, 400},
		"a topic with a dot":   {body, map[string]string{"Topic": "a.b"}, 400},
		"another coding":       {body, map[string]string{"Content-Encoding": "aesgcm"}, 415},
		"too large":            {make([]byte, maxBody+1), nil, 413},
		"plain":                {[]byte(`{"notification":{}}`), nil, 400},
		"empty":                {nil, nil, 400},
		"cut":                  {body[:60], nil, 400},
		"changed on the way":   {changed, nil, 400},
	} {
		status, _, err := s.push("laptop", c.body, c.headers)
		require.NoError(t, err, name)
		require.Equal(t, c.status, status, name)
	}
	require.Zero(t, s.box.Counts().Total)
}

func FuzzCredentials(f *testing.F) {
	s := start(f)
	f.Add(s.credentials(newKey(f), nil, nil))
	f.Add("vapid t=e30.e30., k=" + s.service.public)
	now := time.Now()
	f.Fuzz(func(t *testing.T, authorization string) {
		if s.service.knows(authorization, now) {
			t.Fatal("what the key did not sign was accepted")
		}
	})
}

func FuzzDecrypt(f *testing.F) {
	good := raw(f, rfcBody)
	f.Add(good)
	f.Add(good[:21])
	f.Add([]byte{})
	browser, err := ecdh.P256().NewPrivateKey(raw(f, rfcBrowser))
	require.NoError(f, err)
	auth := raw(f, rfcAuth)
	f.Fuzz(func(t *testing.T, body []byte) {
		if plain, err := decrypt(body, browser, auth); err == nil && string(plain) != rfcPlain {
			t.Fatal("something opened that nobody sealed")
		}
	})
}
