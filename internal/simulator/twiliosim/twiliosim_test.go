package twiliosim

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	twilio "github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
	"github.com/tocsin-engine/tocsin/internal/simulator/receipts"
)

const (
	account = "AC00000000000000000000000000000001"
	token   = "0123456789abcdef0123456789abcdef"
	sender  = "+15005550006"
)

// listener is the product's callback endpoint: it checks signatures and keeps
// what comes.
type listener struct {
	*httptest.Server
	mu    sync.Mutex
	down  int // so many calls are answered with 503 first
	got   []url.Values
	paths []string
	bad   int
}

func listen(t *testing.T) *listener {
	t.Helper()
	l := &listener{}
	validator := twilio.NewRequestValidator(token)
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.down > 0 {
			l.down--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if !validator.ValidateBody(l.URL+r.URL.RequestURI(), body, r.Header.Get("X-Twilio-Signature")) {
			l.bad++
		}
		l.got, l.paths = append(l.got, form), append(l.paths, r.URL.RequestURI())
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *listener) statuses(sid string) (all []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, form := range l.got {
		if form.Get("MessageSid") == sid {
			all = append(all, strings.TrimSuffix(form.Get("MessageStatus")+" "+form.Get("ErrorCode"), " "))
		}
	}
	return all
}

type stand struct {
	box    *outbox.Box
	server *httptest.Server
	client *api.ApiService
}

// redirect sends the vendor's client to the simulator.
type redirect struct{ host string }

func (r redirect) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.URL.Scheme, req.URL.Host = "http", r.host
	return http.DefaultTransport.RoundTrip(req)
}

func start(t *testing.T, dir string) (stand, func()) {
	t.Helper()
	box, err := outbox.Open(dir)
	require.NoError(t, err)
	poster := receipts.New()
	service, err := New(Config{AccountSID: account, AuthToken: token}, box, poster)
	require.NoError(t, err)
	server := httptest.NewServer(service.Handler())
	base := &twilio.Client{Credentials: twilio.NewCredentials(account, token), HTTPClient: &http.Client{
		Transport: redirect{strings.TrimPrefix(server.URL, "http://")}, Timeout: 5 * time.Second}}
	base.SetAccountSid(account)
	return stand{box: box, server: server, client: api.NewApiServiceWithClient(base)}, sync.OnceFunc(func() {
		server.Close()
		poster.Close()
		require.NoError(t, box.Close())
	})
}

func (s stand) send(to, callback string) (*api.ApiV2010Message, error) {
	params := &api.CreateMessageParams{}
	return s.client.CreateMessage(params.SetTo(to).SetFrom(sender).SetBody("你好").SetStatusCallback(callback))
}

func TestMessageIsQueuedSentDeliveredWithSignedCallbacks(t *testing.T) {
	t.Parallel()
	s, stop := start(t, "")
	defer stop()
	l := listen(t)
	l.down = 2 // the receiver is away for the first two calls
	m, err := s.send("+12025550123", l.URL+"/callbacks/twilio?attempt=7&x=a%20b")
	require.NoError(t, err)
	require.Regexp(t, `^SM[0-9a-f]{32}$`, *m.Sid)
	require.Equal(t, "queued", *m.Status)
	require.Equal(t, "1", *m.NumSegments)
	require.Nil(t, m.Price)
	_, err = time.Parse(time.RFC1123Z, *m.DateCreated)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(l.statuses(*m.Sid)) == 2 }, 5*time.Second, 5*time.Millisecond)
	require.Equal(t, []string{"sent", "delivered"}, l.statuses(*m.Sid))
	require.Zero(t, l.bad, "every signature is good by the vendor's own check")
	require.Equal(t, "/callbacks/twilio?attempt=7&x=a%20b", l.paths[0])
	got, err := s.client.FetchMessage(*m.Sid, nil)
	require.NoError(t, err)
	require.Equal(t, "delivered", *got.Status)
	require.NotNil(t, got.DateSent)
	record, err := s.box.Get("1")
	require.NoError(t, err)
	require.Equal(t, "你好", record.Text)
	require.Equal(t, "delivered", record.Status)
}

func TestMagicNumbers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code     int // of the first answer; 0 is accepted
		again    bool
		statuses []string
		outcome  string
	}{
		"00001": {code: 21211, outcome: "refused 21211"},
		"00002": {statuses: []string{"sent", "undelivered 30003"}, outcome: "undelivered 30003"},
		"00003": {statuses: []string{"sent", "undelivered 30005"}, outcome: "undelivered 30005"},
		"00004": {code: 21610, outcome: "refused 21610"},
		"00006": {statuses: []string{"sent", "delivered"}, outcome: "delivered late"},
		"00007": {statuses: nil, outcome: "no receipt"},
		"00008": {code: 20429, again: true, statuses: []string{"sent", "delivered"}, outcome: "refused 20429"},
		"00009": {code: 20500, again: true, statuses: []string{"sent", "delivered"}, outcome: "refused 20500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, stop := start(t, "")
			defer stop()
			l := listen(t)
			to := "+86138000" + name
			m, err := s.send(to, l.URL)
			if c.code != 0 {
				var refused *twilio.TwilioRestError
				require.ErrorAs(t, err, &refused)
				require.Equal(t, c.code, refused.Code)
				require.Contains(t, refused.MoreInfo, "errors/")
				require.Zero(t, s.box.CountFor(to))
				require.Equal(t, 1, s.box.Counts().Refused[outbox.ChannelSMS][c.outcome])
				m, err = s.send(to, l.URL)
				if !c.again {
					require.Error(t, err)
					return
				}
			}
			require.NoError(t, err)
			began := time.Now()
			if c.statuses == nil {
				time.Sleep(200 * time.Millisecond)
			} else {
				require.Eventually(t, func() bool { return len(l.statuses(*m.Sid)) == 2 }, 6*time.Second, 5*time.Millisecond)
			}
			require.Equal(t, c.statuses, l.statuses(*m.Sid))
			require.Equal(t, name == "00006", time.Since(began) > 2*time.Second)
			require.Equal(t, 1, s.box.CountFor(to))
		})
	}
}

func TestDroppedAnswerIsRecordedListedAndStillReceipted(t *testing.T) {
	t.Parallel()
	s, stop := start(t, "")
	defer stop()
	l := listen(t)
	const to = "+8613800000005"
	since := time.Now().UTC().Add(-time.Second)
	_, err := s.send(to, l.URL+"/attempt/one")
	require.ErrorIs(t, err, io.EOF)
	params := &api.ListMessageParams{}
	found, err := s.client.ListMessage(params.SetTo(to).SetDateSentAfter(since))
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Eventually(t, func() bool { return len(l.statuses(*found[0].Sid)) == 2 }, 5*time.Second, 5*time.Millisecond)
	require.Equal(t, "/attempt/one", l.paths[0])
	_, err = s.send(to, l.URL+"/attempt/two")
	require.NoError(t, err)
	require.Equal(t, 2, s.box.CountFor(to))
}

func TestListPagesStayPutAndFilter(t *testing.T) {
	t.Parallel()
	s, stop := start(t, "")
	defer stop()
	for i := range 7 {
		to := "+12025550111"
		if i == 3 {
			to = "+12025550112"
		}
		_, err := s.send(to, "")
		require.NoError(t, err)
	}
	params := &api.ListMessageParams{}
	all, err := s.client.ListMessage(params.SetTo("+12025550111").SetPageSize(2))
	require.NoError(t, err)
	require.Len(t, all, 6)
	sids := map[string]bool{}
	for _, m := range all {
		sids[*m.Sid] = true
	}
	require.Len(t, sids, 6)
	none := &api.ListMessageParams{}
	past, err := s.client.ListMessage(none.SetDateSentBefore(time.Now().UTC().Add(-time.Hour)))
	require.NoError(t, err)
	require.Empty(t, past)
}

func TestRedactDeleteAndMemoryOverARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, stop := start(t, dir)
	l := listen(t)
	kept, err := s.send("+12025550101", "")
	require.NoError(t, err)
	gone, err := s.send("+12025550102", "")
	require.NoError(t, err)
	late, err := s.send("+8613800000006", l.URL)
	require.NoError(t, err)
	empty := &api.UpdateMessageParams{}
	redacted, err := s.client.UpdateMessage(*kept.Sid, empty.SetBody(""))
	require.NoError(t, err)
	require.Empty(t, *redacted.Body)
	require.NoError(t, s.client.DeleteMessage(*gone.Sid, nil))
	require.Eventually(t, func() bool { return len(l.statuses(*late.Sid)) == 1 }, 5*time.Second, 5*time.Millisecond)
	stop()

	s, stop = start(t, dir)
	defer stop()
	got, err := s.client.FetchMessage(*kept.Sid, nil)
	require.NoError(t, err)
	require.Empty(t, *got.Body)
	_, err = s.client.FetchMessage(*gone.Sid, nil)
	var missing *twilio.TwilioRestError
	require.ErrorAs(t, err, &missing)
	require.Equal(t, 20404, missing.Code)
	require.Eventually(t, func() bool { return len(l.statuses(*late.Sid)) == 2 }, 6*time.Second, 5*time.Millisecond,
		"a receipt that was on its way still comes after a restart")
}

func TestWrongCredentialsAndBadRequests(t *testing.T) {
	t.Parallel()
	s, stop := start(t, "")
	defer stop()
	res, err := http.Get(s.server.URL + "/2010-04-01/Accounts/" + account + "/Messages.json")
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusUnauthorized, res.StatusCode)
	require.Contains(t, string(body), `"code":20003`)

	for code, form := range map[int]url.Values{
		21604: {"From": {sender}, "Body": {"x"}},
		21603: {"To": {"+12025550101"}, "Body": {"x"}},
		21602: {"To": {"+12025550101"}, "From": {sender}},
		21617: {"To": {"+12025550101"}, "From": {sender}, "Body": {strings.Repeat("长", 1601)}},
		21211: {"To": {"2025550101"}, "From": {sender}, "Body": {"x"}},
		21609: {"To": {"+12025550101"}, "From": {sender}, "Body": {"x"}, "StatusCallback": {"/relative"}},
	} {
		require.Equal(t, code, problem(form).code)
	}
}

func TestSegments(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		strings.Repeat("a", 160): 1, strings.Repeat("a", 161): 2, strings.Repeat("€", 81): 2,
		strings.Repeat("安", 70): 1, strings.Repeat("安", 71): 2, strings.Repeat("😀", 35): 1, strings.Repeat("😀", 36): 2,
	} {
		require.Equal(t, want, segments(text))
	}
}
