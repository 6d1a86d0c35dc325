package webpush

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/simulator/webpushsim/independent"
)

// What leaves is decrypted and verified by programs that we did not write.
func TestALibraryOfOthersReadsIt(t *testing.T) {
	t.Parallel()
	peer, there := independent.Find()
	if !there {
		t.Skip("NOT CHECKED: Node.js or the library http_ece is not there; scripts/ensure-test-tools.sh gets it")
	}
	rfc, err := peer.Decrypt(t.Context(), raw(t, rfcBody), raw(t, rfcBrowser), raw(t, rfcAuth))
	require.NoError(t, err)
	require.Equal(t, rfcPlain, string(rfc), "it reads the example of RFC 8291")

	var body []byte
	var header http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		header = r.Header
		w.WriteHeader(http.StatusCreated)
	}))
	defer server.Close()
	config, key := testConfig(t)
	config.Timeout = 30 * time.Second
	s := newSender(t, config)
	public, err := key.PublicKey.Bytes()
	require.NoError(t, err)
	empty := len(mustPayload(t, delivery.Message{Title: "安全通知", Text: "x", Locale: "zh-Hans"})) - 1
	for name, text := range map[string]string{"short": "请阅读", "the longest": strings.Repeat("x", maxPlain-empty)} {
		m := message()
		m.Title, m.Text, m.Link, m.Locale = "安全通知", text, "", "zh-Hans"
		m.To = strings.Replace(m.To, placeholder, server.URL, 1)
		_, err := s.Send(t.Context(), m)
		require.NoError(t, err, name)
		plain, err := peer.Decrypt(t.Context(), body, raw(t, rfcBrowser), raw(t, rfcAuth))
		require.NoError(t, err, name)
		require.Equal(t, string(mustPayload(t, m)), string(plain), name)
		require.LessOrEqual(t, len(body), 4096, "every push service takes it")

		token, k, ok := strings.Cut(strings.TrimPrefix(header.Get("Authorization"), "vapid t="), ", k=")
		require.True(t, ok)
		require.Equal(t, base64.RawURLEncoding.EncodeToString(public), k)
		claims, err := peer.Verify(t.Context(), token, public)
		require.NoError(t, err)
		require.Equal(t, []any{server.URL, config.Subject}, []any{claims["aud"], claims["sub"]})
		left := time.Until(time.Unix(int64(claims["exp"].(float64)), 0))
		require.True(t, left > 0 && left <= 24*time.Hour, "RFC 8292 section 2 allows a day: %s", left)
		_, err = peer.Verify(t.Context(), token[:len(token)-4]+"AAAA", public)
		require.Error(t, err)
	}
	body[len(body)-1] ^= 1
	_, err = peer.Decrypt(t.Context(), body, raw(t, rfcBrowser), raw(t, rfcAuth))
	require.Error(t, err, "what was changed on the way does not open")
}

func mustPayload(t *testing.T, m delivery.Message) []byte {
	t.Helper()
	out, err := payload(m, topicOf("d1"))
	require.NoError(t, err)
	return out
}
