package gatewaysim

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
	"github.com/tocsin-engine/tocsin/internal/simulator/receipts"
)

const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

func signer(t *testing.T) Signer {
	t.Helper()
	s, err := NewSigner(secret)
	require.NoError(t, err)
	return s
}

type stand struct {
	t      *testing.T
	box    *outbox.Box
	server *httptest.Server
	signer Signer
}

func start(t *testing.T, dir string) (stand, func()) {
	t.Helper()
	box, err := outbox.Open(dir)
	require.NoError(t, err)
	poster := receipts.New()
	service, err := New(signer(t), box, poster)
	require.NoError(t, err)
	server := httptest.NewServer(service.Handler())
	return stand{t: t, box: box, server: server, signer: signer(t)}, sync.OnceFunc(func() {
		server.Close()
		poster.Close()
		require.NoError(t, box.Close())
	})
}

type answer struct {
	HTTP   int
	ID     string `json:"id"`
	Status string `json:"status"`
	Reason string `json:"reason"`
	Code   string `json:"code"`
}

func (s stand) call(method, path string, body []byte, sign func(http.Header)) (answer, error) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.server.URL+path, bytes.NewReader(body))
	require.NoError(s.t, err)
	sign(req.Header)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	a := answer{HTTP: res.StatusCode}
	require.NoError(s.t, json.NewDecoder(res.Body).Decode(&a))
	return a, nil
}

func (s stand) send(id, to, text, callback string) (answer, error) {
	body, err := json.Marshal(request{ID: id, To: to, Text: text, CallbackURL: callback})
	require.NoError(s.t, err)
	return s.call(http.MethodPost, "/messages", body, func(h http.Header) { s.signer.Sign(h, id, time.Now(), body) })
}

func (s stand) status(id string) answer {
	a, err := s.call(http.MethodGet, "/messages/"+id, nil, func(h http.Header) { s.signer.Sign(h, "q", time.Now(), nil) })
	require.NoError(s.t, err)
	return a
}

type listener struct {
	*httptest.Server
	mu  sync.Mutex
	got []answer
	bad int
}

func listen(t *testing.T) *listener {
	t.Helper()
	l := &listener{}
	s := signer(t)
	l.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		l.mu.Lock()
		defer l.mu.Unlock()
		var a answer
		if s.Verify(r.Header, body, time.Now()) != nil || json.Unmarshal(body, &a) != nil {
			l.bad++
		}
		l.got = append(l.got, a)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *listener) receipts() []answer {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]answer(nil), l.got...)
}

func TestSameIDIsOneMessageAndTheSameAnswer(t *testing.T) {
	t.Parallel()
	s, stop := start(t, "")
	defer stop()
	l := listen(t)
	require.Equal(t, 404, s.status("a-1").HTTP)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			a, err := s.send("a-1", "+8613812345678", "【学堂】你好", l.URL)
			if err != nil || a.HTTP != 202 || a.Status != "accepted" {
				t.Errorf("%+v %v", a, err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 1, s.box.CountFor("+8613812345678"))
	require.Equal(t, 1, s.box.List(outbox.Query{AttemptID: "a-1"}).Total)
	require.Eventually(t, func() bool { return len(l.receipts()) == 1 }, 5*time.Second, 5*time.Millisecond)
	require.Equal(t, answer{ID: "a-1", Status: "delivered"}, l.receipts()[0])
	require.Zero(t, l.bad)
	require.Equal(t, "delivered", s.status("a-1").Status)
	other, err := s.send("a-1", "+8613812345678", "something else", l.URL)
	require.NoError(t, err)
	require.Equal(t, 409, other.HTTP)
}

func TestMagicNumbers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first   int
		code    string
		again   int
		receipt string
		reason  string
	}{
		"00001": {first: 422, code: "invalid_number", again: 422},
		"00002": {first: 202, receipt: "undelivered", reason: "unreachable"},
		"00003": {first: 202, receipt: "undelivered", reason: "unknown_subscriber"},
		"00004": {first: 422, code: "opted_out", again: 422},
		"00006": {first: 202, receipt: "delivered"},
		"00007": {first: 202},
		"00008": {first: 429, code: "rate_limited", again: 202, receipt: "delivered"},
		"00009": {first: 500, code: "server_error", again: 202, receipt: "delivered"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, stop := start(t, "")
			defer stop()
			l := listen(t)
			to := "+86138123" + name
			began := time.Now()
			a, err := s.send("a-1", to, "x", l.URL)
			require.NoError(t, err)
			require.Equal(t, c.first, a.HTTP)
			require.Equal(t, c.code, a.Code)
			if c.again != 0 {
				require.Equal(t, 404, s.status("a-1").HTTP, "what was refused was never received")
				a, err = s.send("a-1", to, "x", l.URL)
				require.NoError(t, err)
				require.Equal(t, c.again, a.HTTP)
			}
			if c.receipt == "" {
				time.Sleep(150 * time.Millisecond)
				require.Empty(t, l.receipts())
				return
			}
			require.Eventually(t, func() bool { return len(l.receipts()) == 1 }, 6*time.Second, 5*time.Millisecond)
			require.Equal(t, answer{ID: "a-1", Status: c.receipt, Reason: c.reason}, l.receipts()[0])
			require.Equal(t, name == "00006", time.Since(began) > 2*time.Second)
		})
	}
}

func TestDroppedAnswerCanBeAskedForOverARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, stop := start(t, dir)
	l := listen(t)
	_, err := s.send("a-5", "+8613812300005", "x", l.URL)
	require.ErrorIs(t, err, io.EOF)
	stop()
	s, stop = start(t, dir)
	defer stop()
	require.Equal(t, 200, s.status("a-5").HTTP)
	require.Eventually(t, func() bool { return s.status("a-5").Status == "delivered" }, 5*time.Second, 10*time.Millisecond)
	a, err := s.send("a-5", "+8613812300005", "x", l.URL)
	require.NoError(t, err)
	require.Equal(t, 202, a.HTTP)
	require.Equal(t, 1, s.box.CountFor("+8613812300005"))
}

func TestSignaturesThatAreRefused(t *testing.T) {
	t.Parallel()
	s, stop := start(t, "")
	defer stop()
	other, err := NewSigner("whsec_" + base64.StdEncoding.EncodeToString([]byte("another secret of 32 bytes......")))
	require.NoError(t, err)
	body := []byte(`{"id":"a","to":"+8613812345678","text":"x"}`)
	now := time.Now()
	for name, sign := range map[string]func(http.Header){
		"none":         func(http.Header) {},
		"other secret": func(h http.Header) { other.Sign(h, "a", now, body) },
		"other body":   func(h http.Header) { s.signer.Sign(h, "a", now, []byte("{}")) },
		"other id":     func(h http.Header) { s.signer.Sign(h, "a", now, body); h.Set(HeaderID, "b") },
		"too old":      func(h http.Header) { s.signer.Sign(h, "a", now.Add(-Tolerance-2*time.Second), body) },
		"too new":      func(h http.Header) { s.signer.Sign(h, "a", now.Add(Tolerance+2*time.Second), body) },
		"moved time": func(h http.Header) {
			s.signer.Sign(h, "a", now, body)
			h.Set(HeaderTimestamp, fmt.Sprint(now.Unix()+1))
		},
		"version": func(h http.Header) {
			s.signer.Sign(h, "a", now, body)
			h.Set(HeaderSignature, strings.Replace(h.Get(HeaderSignature), "v1,", "v2,", 1))
		},
	} {
		a, err := s.call(http.MethodPost, "/messages", body, sign)
		require.NoError(t, err, name)
		require.Equal(t, 401, a.HTTP, name)
		require.Equal(t, "bad_signature", a.Code, name)
	}
	require.Zero(t, s.box.Counts().Total)
	a, err := s.call(http.MethodPost, "/messages", body, func(h http.Header) {
		s.signer.Sign(h, "a", now, body)
		h.Set(HeaderSignature, "v1,b2xk "+h.Get(HeaderSignature))
	})
	require.NoError(t, err)
	require.Equal(t, 202, a.HTTP, "one good signature of several is enough")
}

// The example of the specification's own documentation, so that both ends do
// not merely agree with each other.
func TestSignatureMatchesTheSpecification(t *testing.T) {
	t.Parallel()
	s, err := NewSigner("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	require.NoError(t, err)
	h := http.Header{}
	s.Sign(h, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	require.Equal(t, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", h.Get(HeaderSignature))
}

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `[]`, `{"to":"+861","text":"x"}`, `{"id":"a/b","to":"+86138","text":"x"}`, `{"id":"a","text":"x"}`,
		`{"id":"a","to":"+86138"}`, `{"id":"a","to":"+86138","text":"x","callback_url":"file:///etc"}`} {
		_, err := parseRequest([]byte(body))
		require.Error(t, err, body)
	}
	require.Equal(t, invalidNumber.outcome, fateOf("13812345678").outcome)
}

// What is not a push as the protocol has it is refused.
func TestPushesAreChecked(t *testing.T) {
	t.Parallel()
	good := request{ID: "a1", Channel: "push", To: "token", Platform: "hms", Title: "t", Text: "x", Link: "https://example.com/n", Collapse: "a", TTL: 60}
	for name, change := range map[string]func(*request){
		"as it should be":         func(*request) {},
		"another channel":         func(r *request) { r.Channel = "pigeon" },
		"no title":                func(r *request) { r.Title = "" },
		"a long title":            func(r *request) { r.Title = strings.Repeat("t", 101) },
		"a link that is none":     func(r *request) { r.Link = "javascript:alert(1)" },
		"an unknown platform":     func(r *request) { r.Platform = "pager" },
		"no time to live":         func(r *request) { r.TTL = 0 },
		"a collapse id with line": func(r *request) { r.Collapse = "a\nb" },
		"a title in a text":       func(r *request) { r.Channel = "" },
	} {
		r := good
		change(&r)
		body, err := json.Marshal(r)
		require.NoError(t, err)
		_, err = parseRequest(body)
		require.Equal(t, name == "as it should be", err == nil, "%s: %v", name, err)
	}
}

func FuzzRequestAndSignature(f *testing.F) {
	s, err := NewSigner(secret)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"id":"a","to":"+8613812345678","text":"x","callback_url":"http://127.0.0.1/cb"}`), "id", strconv.FormatInt(time.Now().Unix(), 10), "v1,AAAA v1,")
	f.Fuzz(func(t *testing.T, body []byte, id, timestamp, signature string) {
		if r, err := parseRequest(body); err == nil && (r.ID == "" || strings.ContainsAny(r.ID, "\r\n\x00/")) {
			t.Fatal("a dangerous id was accepted")
		}
		h := http.Header{}
		h.Set(HeaderID, id)
		h.Set(HeaderTimestamp, timestamp)
		h.Set(HeaderSignature, signature)
		if s.Verify(h, body, time.Now()) == nil {
			t.Fatal("a signature by nobody was accepted")
		}
	})
}
