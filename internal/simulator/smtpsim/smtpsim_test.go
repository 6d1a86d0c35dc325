package smtpsim

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"net/smtp"
	"net/textproto"
	"strings"
	"testing"
	"time"

	sasl "github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

const body = "From: a@x.test\r\nTo: b@x.test\r\nSubject: Notice\r\nMessage-ID: <1@x.test>\r\n\r\nHello.\r\n.A line with a dot.\r\n"

type stand struct {
	addr  string
	box   *outbox.Box
	panel *faults.Panel
	tls   *tls.Config // for clients
}

func start(t *testing.T, relay bool) stand {
	t.Helper()
	certs := httptest.NewUnstartedServer(nil)
	certs.StartTLS()
	pool := x509.NewCertPool()
	pool.AddCert(certs.Certificate())
	serverTLS := &tls.Config{Certificates: certs.TLS.Certificates, MinVersion: tls.VersionTLS12}
	certs.Close()

	box, err := outbox.Open("")
	require.NoError(t, err)
	panel := faults.New(0, 0)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := New(Config{Hostname: "mx.simulator.test", TLS: serverTLS, Username: "tocsin", Password: "s3cret", OpenRelay: relay}, box, panel, nil)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.NoError(t, <-done)
	})
	return stand{addr: listener.Addr().String(), box: box, panel: panel, tls: &tls.Config{RootCAs: pool, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}}
}

// dial gives a signed-in net/smtp client.
func (s stand) dial(t *testing.T) *smtp.Client {
	t.Helper()
	c, err := smtp.Dial(s.addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.StartTLS(s.tls))
	require.NoError(t, c.Auth(smtp.PlainAuth("", "tocsin", "s3cret", "127.0.0.1")))
	return c
}

func send(c *smtp.Client, to, message string) error {
	if err := c.Mail("a@x.test"); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return errors.Join(err, c.Reset())
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, message); err != nil {
		return err
	}
	return w.Close()
}

func code(t *testing.T, err error) (int, string) {
	t.Helper()
	var reply *textproto.Error
	require.ErrorAs(t, err, &reply)
	enhanced, _, _ := strings.Cut(reply.Msg, " ")
	return reply.Code, enhanced
}

func TestMailOverTLSAndAuthIsRecordedAsItCame(t *testing.T) {
	t.Parallel()
	s := start(t, false)
	c := s.dial(t)
	for _, extension := range []string{"PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "AUTH"} {
		ok, _ := c.Extension(extension)
		require.True(t, ok, extension)
	}
	require.NoError(t, send(c, "b@x.test", body))
	page := s.box.List(outbox.Query{Channel: outbox.ChannelEmail})
	require.Equal(t, 1, page.Total)
	m, err := s.box.Get(page.Messages[0].ID)
	require.NoError(t, err)
	require.Equal(t, body, string(m.Raw))
	require.Equal(t, "Notice", m.Subject)
	require.Equal(t, "<1@x.test>", m.MessageID)
	require.Equal(t, "tls+auth", m.Transport)
	require.Equal(t, "a@x.test", m.Sender)
	require.Equal(t, "Hello.\n.A line with a dot.\n", m.Text)
}

func TestNothingWithoutTLSAndRightCredentials(t *testing.T) {
	t.Parallel()
	s := start(t, false)
	c, err := smtp.Dial(s.addr)
	require.NoError(t, err)
	defer c.Close()
	got, enhanced := code(t, c.Mail("a@x.test"))
	require.Equal(t, 530, got)
	require.Equal(t, "5.7.0", enhanced)
	require.NoError(t, c.StartTLS(s.tls))
	got, _ = code(t, c.Mail("a@x.test"))
	require.Equal(t, 530, got)
	got, enhanced = code(t, c.Auth(smtp.PlainAuth("", "tocsin", "wrong", "127.0.0.1")))
	require.Equal(t, 535, got)
	require.Equal(t, "5.7.8", enhanced)
}

func TestAnotherClientSendsUTF8Addresses(t *testing.T) {
	t.Parallel()
	s := start(t, false)
	c, err := gosmtp.DialStartTLS(s.addr, s.tls)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Auth(sasl.NewPlainClient("", "tocsin", "s3cret")))
	require.NoError(t, c.Mail("a@x.test", &gosmtp.MailOptions{UTF8: true, Body: gosmtp.Body8BitMIME, Size: int64(len(body))}))
	require.NoError(t, c.Rcpt("用户@例子.test", nil))
	w, err := c.Data()
	require.NoError(t, err)
	_, err = io.WriteString(w, body)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.Equal(t, 1, s.box.CountFor("用户@例子.test"))

	plain := s.dial(t)
	_, err = plain.Text.Cmd("MAIL FROM:<a@x.test>")
	require.NoError(t, err)
	_, _, err = plain.Text.ReadResponse(250)
	require.NoError(t, err)
	_, err = plain.Text.Cmd("RCPT TO:<用户@例子.test>")
	require.NoError(t, err)
	_, _, err = plain.Text.ReadResponse(250)
	got, enhanced := code(t, err)
	require.Equal(t, 553, got)
	require.Equal(t, "5.6.7", enhanced)
}

func TestMagicRecipientsThatRefuse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		domain   string
		code     int
		enhanced string
		again    bool // accepted on the second attempt
		closes   bool
		outcome  string
	}{
		{"bounce", 550, "5.1.1", false, false, OutcomeBounced},
		{"relay", 554, "5.7.1", false, false, OutcomeNoRelay},
		{"full", 452, "4.2.2", false, false, OutcomeFull},
		{"greylist", 451, "4.7.1", true, false, OutcomeGreylist},
		{"spam", 550, "5.7.1", false, false, OutcomeSpam},
		{"busy", 421, "4.3.2", true, true, OutcomeBusy},
	} {
		t.Run(c.domain, func(t *testing.T) {
			t.Parallel()
			s := start(t, false)
			client := s.dial(t)
			to := "p1@" + c.domain + ".simulator.test"
			got, enhanced := code(t, send(client, to, body))
			require.Equal(t, c.code, got)
			require.Equal(t, c.enhanced, enhanced)
			require.Equal(t, 0, s.box.CountFor(to), "a refused attempt is not a message")
			require.Equal(t, 1, s.box.Counts().Refused[outbox.ChannelEmail][c.outcome])
			if c.closes {
				require.Error(t, client.Noop(), "the connection is closed")
				client = s.dial(t)
			}
			err := send(client, strings.ToUpper(to), body)
			if !c.again {
				got, _ = code(t, err)
				require.Equal(t, c.code, got)
				require.NoError(t, client.Noop(), "the connection stays usable")
				return
			}
			require.NoError(t, err)
			require.Equal(t, 1, s.box.CountFor(to))
			require.Error(t, send(client, "p2@"+c.domain+".simulator.test", body), "first is per recipient")
		})
	}
}

func TestDropRecordsAndClosesOncePerMessageID(t *testing.T) {
	t.Parallel()
	s := start(t, false)
	const to = "p1@drop.simulator.test"
	require.ErrorIs(t, send(s.dial(t), to, body), io.EOF)
	require.Equal(t, 1, s.box.CountFor(to))
	require.NoError(t, send(s.dial(t), to, body))
	require.Equal(t, 2, s.box.CountFor(to), "the repeat is recorded too")
	require.Equal(t, 2, s.box.List(outbox.Query{MessageID: "<1@x.test>"}).Total)
	require.Error(t, send(s.dial(t), to, strings.Replace(body, "<1@", "<2@", 1)))
}

func TestSlowAnswersAfterTwoSecondsAndRecordsAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, false)
	client := s.dial(t)
	began := time.Now()
	done := make(chan error, 1)
	go func() { done <- send(client, "p1@slow.simulator.test", body) }()
	require.Eventually(t, func() bool { return s.box.CountFor("p1@slow.simulator.test") == 1 }, time.Second, 5*time.Millisecond)
	require.NoError(t, <-done)
	require.GreaterOrEqual(t, time.Since(began), slowAnswer)
}

// raw is a client that writes bytes and reads reply lines.
type raw struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func (s stand) raw(t *testing.T) *raw {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	require.NoError(t, err)
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	t.Cleanup(func() { _ = conn.Close() })
	r := &raw{t: t, conn: conn, in: bufio.NewReader(conn)}
	r.expect("220")
	return r
}

func (r *raw) write(text string) {
	r.t.Helper()
	_, err := io.WriteString(r.conn, text)
	require.NoError(r.t, err)
}

func (r *raw) expect(prefixes ...string) {
	r.t.Helper()
	for _, prefix := range prefixes {
		line, err := r.in.ReadString('\n')
		require.NoError(r.t, err)
		for len(line) > 3 && line[3] == '-' {
			line, err = r.in.ReadString('\n')
			require.NoError(r.t, err)
		}
		require.True(r.t, strings.HasPrefix(line, prefix), "got %q, want %s", line, prefix)
	}
}

func TestPipelinedGroupsWithTheNextEnvelopeBehindTheDot(t *testing.T) {
	t.Parallel()
	s := start(t, true)
	r := s.raw(t)
	envelope := func(i int) string {
		return fmt.Sprintf("MAIL FROM:<a@x.test>\r\nRCPT TO:<p%d@bench.test>\r\nDATA\r\n", i)
	}
	r.write("EHLO bench\r\n")
	r.expect("250")
	r.write(envelope(0))
	r.expect("250", "250", "354")
	for i := 1; i < 50; i++ {
		r.write(body + ".\r\n" + envelope(i))
		r.expect("250", "250", "250", "354")
	}
	r.write(body + ".\r\nQUIT\r\n")
	r.expect("250", "221")
	require.Len(t, s.box.Recipients(outbox.Query{Channel: outbox.ChannelEmail}), 50)
	require.Equal(t, "plain", first(t, s.box).Transport)
}

func first(t *testing.T, box *outbox.Box) outbox.Message {
	t.Helper()
	m, err := box.Get("1")
	require.NoError(t, err)
	return m
}

func TestHostileBytesAreRefused(t *testing.T) {
	t.Parallel()
	head := "EHLO x\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\n"
	for name, c := range map[string]struct {
		in   string
		want []string
	}{
		"smuggled dot, LF before":   {head + "Subject: a\r\n\r\nx\n.\r\nMAIL FROM:<evil@x.test>\r\n.\r\n", []string{"250", "250", "250", "354", "550 5.6.0"}},
		"smuggled dot, LF after":    {head + "Subject: a\r\n\r\nx\r\n.\nMAIL FROM:<evil@x.test>\r\n.\r\n", []string{"250", "250", "250", "354", "550 5.6.0"}},
		"bare CR in the message":    {head + "Subject: a\r\n\r\nx\ry\r\n.\r\n", []string{"250", "250", "250", "354", "550 5.6.0"}},
		"overlong line":             {head + "Subject: " + strings.Repeat("a", 1000) + "\r\n\r\n.\r\n", []string{"250", "250", "250", "354", "550 5.6.0"}},
		"bare LF in a command":      {"EHLO x\nMAIL FROM:<a@x.test>\r\n", []string{"521 5.5.2"}},
		"NUL in a command":          {"EHLO x\x00\r\n", []string{"521 5.5.2"}},
		"endless command":           {"EHLO " + strings.Repeat("x", 3000) + "\r\n", []string{"500 5.5.6"}},
		"words after STARTTLS":      {"EHLO x\r\nSTARTTLS\r\nMAIL FROM:<evil@x.test>\r\n", []string{"250", "554 5.5.1"}},
		"no recipients":             {"EHLO x\r\nMAIL FROM:<>\r\nDATA\r\n", []string{"250", "250", "554 5.5.1"}},
		"no brackets":               {"EHLO x\r\nMAIL FROM:a@x.test\r\n", []string{"250", "501"}},
		"two addresses in one path": {"EHLO x\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@x.test,c@x.test>\r\n", []string{"250", "250", "501 5.1.3"}},
		"unknown parameter":         {"EHLO x\r\nMAIL FROM:<a@x.test> RET=HDRS\r\n", []string{"250", "555"}},
		"too big":                   {"EHLO x\r\nMAIL FROM:<a@x.test> SIZE=99999999\r\n", []string{"250", "552 5.3.4"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, true)
			r := s.raw(t)
			r.write(c.in)
			r.expect(c.want...)
			require.Zero(t, s.box.Counts().Total)
		})
	}
}

func TestModesRefuseAndHang(t *testing.T) {
	t.Parallel()
	s := start(t, true)
	r := s.raw(t)
	require.NoError(t, s.panel.SetMode(faults.SMTP, faults.Refuse))
	r.write("EHLO x\r\n")
	r.expect("421 4.3.2")
	_, err := smtp.Dial(s.addr)
	got, _ := code(t, err)
	require.Equal(t, 421, got)

	require.NoError(t, s.panel.SetMode(faults.SMTP, faults.None))
	hanging := s.raw(t)
	require.NoError(t, s.panel.SetMode(faults.SMTP, faults.Hang))
	hanging.write("EHLO x\r\n")
	require.NoError(t, hanging.conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err = hanging.in.ReadByte()
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout())
	require.NoError(t, hanging.conn.SetReadDeadline(time.Now().Add(5*time.Second)))
	require.NoError(t, s.panel.SetMode(faults.SMTP, faults.None))
	_, err = hanging.in.ReadByte()
	require.ErrorIs(t, err, io.EOF)
}

func TestRateThrottlesAcceptedMail(t *testing.T) {
	t.Parallel()
	s := start(t, true)
	s.panel.SetRate(50)
	c, err := smtp.Dial(s.addr)
	require.NoError(t, err)
	defer c.Close()
	began := time.Now()
	for range 11 {
		require.NoError(t, send(c, "b@x.test", body))
	}
	require.GreaterOrEqual(t, time.Since(began), 190*time.Millisecond)
}

// FuzzSession feeds a server whatever a peer may write. It must not panic, must
// end when the peer is done, and record only what it can read back.
func FuzzSession(f *testing.F) {
	f.Add([]byte("EHLO x\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\n" + body + ".\r\nQUIT\r\n"))
	f.Add([]byte("EHLO x\r\nAUTH PLAIN AGEAYg==\r\nMAIL FROM:<\"a>b\"@x.test> SIZE=1 BODY=8BITMIME\r\n"))
	f.Add([]byte("HELO x\r\nRCPT TO:<>\r\n\r\n..\r\n\x00\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		box, err := outbox.Open("")
		if err != nil {
			t.Fatal(err)
		}
		server := New(Config{Hostname: "mx", OpenRelay: true}, box, faults.New(0, 0), nil)
		near, far := net.Pipe()
		go func() {
			defer near.Close()
			go func() { _, _ = io.Copy(io.Discard, near) }()
			_, _ = io.Copy(near, bytes.NewReader(in))
		}()
		ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
		defer stop()
		ended := make(chan struct{})
		go func() { defer close(ended); newSession(server, far).run(); _ = far.Close() }()
		select {
		case <-ended:
		case <-ctx.Done():
			t.Fatal("the session does not end")
		}
		for _, m := range box.List(outbox.Query{Refused: true}).Messages {
			if _, err := box.Get(m.ID); err != nil {
				t.Fatal(err)
			}
		}
	})
}
