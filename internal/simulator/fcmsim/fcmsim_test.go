package fcmsim

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2/google"
	fcm "google.golang.org/api/fcm/v1"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// key is made once: making one takes a noticeable part of a second.
var key = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

type stand struct {
	service *Service
	box     *outbox.Box
	server  *httptest.Server
	account []byte
	client  *fcm.Service
}

func start(t *testing.T) stand {
	t.Helper()
	box, err := outbox.Open("")
	require.NoError(t, err)
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	config := Config{ProjectID: "demo-project", ClientEmail: "sender@demo-project.test", KeyID: "k1", Key: &key().PublicKey,
		TokenURI: server.URL + "/oauth/token", Secret: []byte("0123456789abcdef")}
	service := New(config, box)
	mux.Handle("/fcm/", http.StripPrefix("/fcm", service.Handler()))
	mux.HandleFunc("POST /oauth/token", service.Token)
	account, err := ServiceAccount(config, key())
	require.NoError(t, err)
	return stand{service: service, box: box, server: server, account: account, client: vendor(t, server.URL, account)}
}

// vendor is Google's own client with the credentials of a file.
func vendor(t *testing.T, base string, account []byte) *fcm.Service {
	t.Helper()
	jwt, err := google.JWTConfigFromJSON(account, fcm.FirebaseMessagingScope)
	require.NoError(t, err)
	client, err := fcm.NewService(context.Background(), option.WithEndpoint(base+"/fcm/"), option.WithTokenSource(jwt.TokenSource(context.Background())))
	require.NoError(t, err)
	return client
}

func (s stand) send(token string) (*fcm.Message, error) {
	return s.client.Projects.Messages.Send("projects/demo-project", &fcm.SendMessageRequest{Message: &fcm.Message{
		Token: token, Notification: &fcm.Notification{Title: "安全通知", Body: "Open the app."}, Data: map[string]string{"attempt_id": "a-1"},
	}}).Do()
}

func TestVendorClientSendsWithAServiceAccount(t *testing.T) {
	t.Parallel()
	s := start(t)
	m, err := s.send("device-1")
	require.NoError(t, err)
	require.Regexp(t, `^projects/demo-project/messages/0:\d+%[0-9a-f]{16}$`, m.Name)
	record, err := s.box.Get("1")
	require.NoError(t, err)
	require.Equal(t, m.Name, record.MessageID)
	require.Equal(t, "device-1", record.Recipient)
	require.Equal(t, "安全通知", record.Subject)
	require.Equal(t, "a-1", record.AttemptID)
}

func TestMagicTokens(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		prefix string
		http   int
		detail string
		again  bool
	}{
		{"gone-", 404, "UNREGISTERED", false}, {"invalid-", 400, "INVALID_ARGUMENT", false},
		{"quota-", 429, "QUOTA_EXCEEDED", true}, {"server-", 503, "UNAVAILABLE", true},
	} {
		t.Run(c.prefix, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			_, err := s.send(c.prefix + "1")
			var refused *googleapi.Error
			require.ErrorAs(t, err, &refused)
			require.Equal(t, c.http, refused.Code)
			require.Contains(t, refused.Body, `"errorCode":"`+c.detail+`"`)
			require.Equal(t, c.http == 429, refused.Header.Get("Retry-After") != "")
			require.Zero(t, s.box.CountFor(c.prefix+"1"))
			_, err = s.send(c.prefix + "1")
			require.Equal(t, c.again, err == nil)
		})
	}
	t.Run("drop-", func(t *testing.T) {
		t.Parallel()
		s := start(t)
		_, err := s.send("drop-1")
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, 1, s.box.CountFor("drop-1"))
		_, err = s.send("drop-1")
		require.NoError(t, err)
	})
}

func TestOnlyTheServiceAccountSends(t *testing.T) {
	t.Parallel()
	s := start(t)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	stranger, err := ServiceAccount(s.service.config, other)
	require.NoError(t, err)
	_, err = vendor(t, s.server.URL, stranger).Projects.Messages.Send("projects/demo-project", &fcm.SendMessageRequest{Message: &fcm.Message{Token: "x"}}).Do()
	require.ErrorContains(t, err, "invalid_grant")
	require.Zero(t, s.box.Counts().Total)

	now := time.Now()
	good := s.service.accessToken(now.Add(time.Minute))
	require.NoError(t, s.service.checkBearer("Bearer "+good, now))
	require.Error(t, s.service.checkBearer("Bearer "+good, now.Add(2*time.Minute)))
	require.Error(t, s.service.checkBearer("Bearer "+strings.Replace(good, "ya29.", "ya29.z", 1), now))
	require.Error(t, s.service.checkBearer("Basic "+good, now))
}

func TestAssertionsThatAreNotAccepted(t *testing.T) {
	t.Parallel()
	s := start(t).service
	now := time.Now()
	good := claims{Issuer: s.config.ClientEmail, Scope: scopes[0], Audience: s.config.TokenURI, Issued: now.Unix(), Expires: now.Add(time.Hour).Unix()}
	sign := func(alg string, c claims) string {
		encode := func(v any) string {
			data, err := json.Marshal(v)
			require.NoError(t, err)
			return base64.RawURLEncoding.EncodeToString(data)
		}
		text := encode(map[string]string{"alg": alg, "typ": "JWT"}) + "." + encode(c)
		return text + "." + base64.RawURLEncoding.EncodeToString(rs256(t, text))
	}
	require.NoError(t, s.checkAssertion(sign("RS256", good), now))
	for name, c := range map[string]struct {
		alg  string
		edit func(*claims)
	}{
		"algorithm none":   {"none", func(*claims) {}},
		"symmetric":        {"HS256", func(*claims) {}},
		"other account":    {"RS256", func(c *claims) { c.Issuer = "x@y.test" }},
		"other endpoint":   {"RS256", func(c *claims) { c.Audience = "https://oauth2.googleapis.com/token" }},
		"over":             {"RS256", func(c *claims) { c.Issued -= 8000; c.Expires -= 8000 }},
		"from the future":  {"RS256", func(c *claims) { c.Issued += 600 }},
		"good for a day":   {"RS256", func(c *claims) { c.Expires += 86400 }},
		"no useful scopes": {"RS256", func(c *claims) { c.Scope = "email" }},
	} {
		bad := good
		c.edit(&bad)
		require.Error(t, s.checkAssertion(sign(c.alg, bad), now), name)
	}
}

func TestRequestsThatFCMWouldNotTake(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"message":{"notification":{"title":"x"}}}`, `{"message":{"token":"a","topic":"b"}}`, `{"message":{"token":"a","title":"x"}}`,
		`{"message":{"token":"a","data":{"n":1}}}`, `{"message":{"token":"a"}} {}`, `[`,
		`{"message":{"token":"a","data":{"n":"` + strings.Repeat("x", 5000) + `"}}}`,
	} {
		_, _, err := readRequest(strings.NewReader(body))
		require.Error(t, err, body)
	}
}

func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"message":{"token":"a","notification":{"title":"t","body":"b"},"data":{"k":"v"}}}`))
	f.Add([]byte(`{"validateOnly":true,"message":{"topic":"news","android":{"priority":"high"}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		request, raw, err := readRequest(bytes.NewReader(body))
		if err == nil && (!bytes.Equal(raw, body) || request.record(raw).Recipient == "") {
			t.Fatal("an accepted request has a recipient and is kept as it came")
		}
	})
}

func FuzzAssertion(f *testing.F) {
	s := New(Config{ClientEmail: "a", TokenURI: "b", Key: &key().PublicKey}, nil)
	f.Add("e30.e30.e30")
	f.Add("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.")
	f.Fuzz(func(t *testing.T, assertion string) {
		if s.checkAssertion(assertion, time.Now()) == nil {
			t.Fatal("an unsigned assertion was accepted")
		}
	})
}

func rs256(t *testing.T, text string) []byte {
	t.Helper()
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key(), crypto.SHA256, digest[:])
	require.NoError(t, err)
	return signature
}
