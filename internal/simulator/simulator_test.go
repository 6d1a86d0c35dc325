package simulator

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/smtp"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2/google"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/gatewaysim"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// helperDir makes this test binary be the simulators, in a process that a test
// can kill.
const helperDir = "TOCSIN_TEST_SIMULATOR_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperDir); dir != "" {
		if _, err := Start(context.Background(), Options{Dir: dir}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		select {}
	}
	os.Exit(m.Run())
}

func start(t *testing.T, o Options) *Simulators {
	t.Helper()
	s, err := Start(context.Background(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func mail(e Endpoints, to, id string) error {
	c, err := smtp.Dial(e.SMTP.Address)
	if err != nil {
		return err
	}
	defer c.Close()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(e.SMTP.CAPEM))
	if err := c.StartTLS(&tls.Config{RootCAs: pool, ServerName: e.SMTP.ServerName, MinVersion: tls.VersionTLS12}); err != nil {
		return err
	}
	if err := c.Auth(smtp.PlainAuth("", e.SMTP.Username, e.SMTP.Password, e.SMTP.ServerName)); err != nil {
		return err
	}
	if err := c.Mail("notice@x.test"); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "Subject: Notice\r\nMessage-ID: <%s@x.test>\r\n\r\nHello.\r\n", id); err != nil {
		return err
	}
	return w.Close()
}

func sms(t *testing.T, e Endpoints, to string) int {
	t.Helper()
	form := url.Values{"To": {to}, "From": {e.Twilio.From}, "Body": {"hello"}}
	req, err := http.NewRequest(http.MethodPost, e.Twilio.BaseURL+"/2010-04-01/Accounts/"+e.Twilio.AccountSID+"/Messages.json", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(e.Twilio.AccountSID, e.Twilio.AuthToken)
	return do(t, req)
}

func gatewaySMS(t *testing.T, e Endpoints, id, to string) int {
	t.Helper()
	body := []byte(fmt.Sprintf(`{"id":%q,"to":%q,"text":"你好"}`, id, to))
	req, err := http.NewRequest(http.MethodPost, e.Gateway.BaseURL+"/messages", bytes.NewReader(body))
	require.NoError(t, err)
	signer, err := gatewaysim.NewSigner(e.Gateway.Secret)
	require.NoError(t, err)
	signer.Sign(req.Header, id, time.Now(), body)
	return do(t, req)
}

func push(t *testing.T, e Endpoints, token string) int {
	t.Helper()
	config, err := google.JWTConfigFromJSON(e.FCM.ServiceAccount, "https://www.googleapis.com/auth/firebase.messaging")
	require.NoError(t, err)
	res, err := config.Client(context.Background()).Post(e.FCM.BaseURL+"/v1/projects/"+e.FCM.ProjectID+"/messages:send", "application/json",
		strings.NewReader(fmt.Sprintf(`{"message":{"token":%q,"notification":{"title":"Notice","body":"Open the app"}}}`, token)))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

func file(t *testing.T, e Endpoints, key string) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, e.Portal.BaseURL+"/filings", strings.NewReader(`{"authority":"cac"}`))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+e.Portal.Token)
	req.Header.Set("Idempotency-Key", key)
	return do(t, req)
}

func do(t *testing.T, req *http.Request) int {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	_, _ = io.Copy(io.Discard, res.Body)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

// everywhere sends one message over each wire.
func everywhere(t *testing.T, e Endpoints, round int) {
	t.Helper()
	require.NoError(t, mail(e, "p1@x.test", fmt.Sprintf("m%d", round)))
	require.NoError(t, mail(e, "cac@"+e.Portal.EmailDomain, fmt.Sprintf("r%d", round)))
	require.Equal(t, 201, sms(t, e, "+12025550123"))
	require.Equal(t, 202, gatewaySMS(t, e, fmt.Sprintf("a-%d", round), "+8613812345678"))
	require.Equal(t, 200, push(t, e, "device-1"))
	require.Equal(t, 201, file(t, e, fmt.Sprintf("k-%d", round)))
}

func counts(t *testing.T, e Endpoints) outbox.Counts {
	t.Helper()
	res, err := http.Get(e.OutboxURL + "/outbox/counts.json")
	require.NoError(t, err)
	defer res.Body.Close()
	var c outbox.Counts
	require.NoError(t, json.NewDecoder(res.Body).Decode(&c))
	return c
}

func TestEveryWireEndsInOneOutbox(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	e := s.Endpoints()
	everywhere(t, e, 1)
	require.Equal(t, map[string]int{"email": 2, "sms": 2, "push": 1, "filing": 2}, counts(t, e).Channels)
	require.Empty(t, e.SMTP.CAFile)
	require.Equal(t, 1, s.Outbox().CountFor("device-1"))
	for _, page := range []string{"/", "/portal/", "/messages/1"} {
		res, err := http.Get(e.OutboxURL + page)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, 200, res.StatusCode, page)
	}
}

func TestARestartKeepsCredentialsPortsAndOutbox(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := Start(context.Background(), Options{Dir: dir})
	require.NoError(t, err)
	old := first.Endpoints()
	everywhere(t, old, 1)
	require.Error(t, mail(old, "p1@greylist.simulator.test", "g"))
	require.NoError(t, first.Close())
	require.NoError(t, first.Close(), "closing twice is harmless")

	s := start(t, Options{Dir: dir})
	require.Equal(t, old, s.Endpoints())
	read, err := ReadEndpoints(dir)
	require.NoError(t, err)
	require.Equal(t, old.Twilio, read.Twilio)
	require.JSONEq(t, string(old.FCM.ServiceAccount), string(read.FCM.ServiceAccount))
	everywhere(t, old, 2)
	require.NoError(t, mail(old, "p1@greylist.simulator.test", "g"), "the first attempt was before the restart")
	require.Equal(t, map[string]int{"email": 5, "sms": 4, "push": 2, "filing": 4}, counts(t, old).Channels)
	for _, name := range []string{EndpointsFile, CAFile, ServiceAccountFile, identityFile, outbox.FileName} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
}

func TestInAProcessOfItsOwnItIsAWitnessOverAKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	child := exec.CommandContext(ctx, os.Args[0])
	child.Env = append(os.Environ(), helperDir+"="+dir)
	child.Stderr = os.Stderr
	require.NoError(t, child.Start())
	e, err := Await(ctx, dir)
	require.NoError(t, err)

	answered := make(chan string, 1000)
	sender := make(chan struct{})
	go func() {
		defer close(sender)
		for i := 0; ; i++ {
			to := "p" + strconv.Itoa(i) + "@bench.test"
			if mail(e, to, to) != nil {
				return
			}
			answered <- to
		}
	}()
	for range 5 {
		answered <- <-answered
		time.Sleep(5 * time.Millisecond)
	}
	require.NoError(t, child.Process.Kill())
	_ = child.Wait()
	<-sender
	close(answered)

	s := start(t, Options{Dir: dir})
	require.Equal(t, e.Twilio, s.Endpoints().Twilio)
	total := 0
	for to := range answered {
		require.Equal(t, 1, s.Outbox().CountFor(to), "what was answered is recorded")
		total++
	}
	require.Positive(t, total)
}

func TestControlByHTTP(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Rate: 100, Latency: time.Millisecond})
	e := s.Endpoints()
	post := func(kind, body string) int {
		req, err := http.NewRequest(http.MethodPost, e.ControlURL, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Content-Type", kind)
		return do(t, req)
	}
	require.Equal(t, 200, post("application/json", `{"fail":"twilio","mode":"refuse","rate":0,"latency_ms":0}`))
	require.Equal(t, 503, sms(t, e, "+12025550123"))
	require.Equal(t, 202, gatewaySMS(t, e, "a", "+8613812345678"), "the others go on")
	require.Zero(t, s.Faults().Rate())
	require.Zero(t, s.Faults().Latency())
	require.Equal(t, 200, post("application/json", `{"fail":"twilio","mode":"none"}`))
	require.Equal(t, 201, sms(t, e, "+12025550123"))
	require.Equal(t, 200, post("application/json", `{"fail":"smtp","mode":"refuse"}`))
	require.ErrorContains(t, mail(e, "p1@x.test", "m"), "421")

	require.Equal(t, 415, post("text/plain", `{"fail":"twilio","mode":"refuse"}`))
	for _, bad := range []string{`{"fail":"fax","mode":"refuse"}`, `{"fail":"smtp","mode":"burn"}`, `{"fail":"smtp"}`, `{"speed":1}`, `[`} {
		require.Equal(t, 400, post("application/json", bad), bad)
	}
	req, err := http.NewRequest(http.MethodGet, e.OutboxURL, nil)
	require.NoError(t, err)
	req.Host = "evil.example"
	require.Equal(t, http.StatusMisdirectedRequest, do(t, req))
}

func TestHangingProvidersDoNotKeepCloseWaiting(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	require.NoError(t, s.Faults().SetMode(faults.Gateway, faults.Hang))
	hung := make(chan error, 1)
	go func() {
		res, err := http.Post(s.Endpoints().Gateway.BaseURL+"/messages", "application/json", strings.NewReader("{}"))
		if err == nil {
			_ = res.Body.Close()
		}
		hung <- err
	}()
	time.Sleep(30 * time.Millisecond)
	began := time.Now()
	require.NoError(t, s.Close())
	require.Less(t, time.Since(began), 3*time.Second)
	require.Error(t, <-hung)
}

func TestItEndsWithItsContextAndSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(context.Background())
	s, err := Start(ctx, Options{})
	require.NoError(t, err)
	stop()
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", s.Endpoints().SMTP.Address)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, 3*time.Second, 10*time.Millisecond)
	require.NoError(t, s.Close())

	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	_, err = Start(context.Background(), Options{Ports: Ports{SMTP: portOf(busy)}})
	require.ErrorContains(t, err, "choose another port")

	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, identityFile), []byte("{"), 0o600))
	_, err = Start(context.Background(), Options{Dir: dir})
	require.ErrorContains(t, err, "damaged")
	short, done := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer done()
	_, err = Await(short, dir)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestARememberedPortThatIsTakenStopsOrGoesElsewhereAsAsked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := Start(context.Background(), Options{Dir: dir})
	require.NoError(t, err)
	address := first.Endpoints().SMTP.Address
	require.NoError(t, first.Close())
	taken, err := net.Listen("tcp", address)
	require.NoError(t, err)
	defer taken.Close()
	_, err = Start(context.Background(), Options{Dir: dir})
	require.ErrorContains(t, err, "stop what uses it")
	s := start(t, Options{Dir: dir, Elsewhere: true})
	require.NotEqual(t, address, s.Endpoints().SMTP.Address)
	require.NoError(t, mail(s.Endpoints(), "p1@x.test", "m"))
}
