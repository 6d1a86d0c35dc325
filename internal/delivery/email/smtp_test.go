package email

import (
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

func message(n int) delivery.Message {
	m := canary
	m.DeliveryID, m.AttemptID = fmt.Sprintf("d%d", n), fmt.Sprintf("d%d-1", n)
	m.ToName = "Zsuzsanna"
	return m
}

func failure(t *testing.T, err error) *delivery.Failure {
	t.Helper()
	var f *delivery.Failure
	require.ErrorAs(t, err, &f, "%v", err)
	return f
}

func TestEnvelopeAndReceipt(t *testing.T) {
	t.Parallel()
	s := startServer(t, &server{})
	sender := newSender(t, testConfig(s.Addr))
	for i := range 3 {
		receipt, err := sender.Send(t.Context(), message(i))
		require.NoError(t, err)
		require.Equal(t, delivery.Receipt{State: breach.Accepted, ProviderRef: "ABC123"}, receipt)
	}
	require.Equal(t, 1, s.contacted(), "one connection is kept for messages one after another")
	require.Equal(t, 1, s.seen("MAIL FROM:<b-d0-1@bounces.academy.example>"), "the envelope sender names the attempt")
	require.Equal(t, 3, s.seen("RCPT TO:<"+canary.To+">"))
	require.Positive(t, s.writes, "the envelope is pipelined")
	require.Contains(t, s.contents[0], "\r\n=2Ehidden dot", "a dot at a line start means nothing to SMTP")
	require.NoError(t, sender.Close())
	require.NoError(t, sender.Close())
	require.Eventually(t, func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.quits == 1 }, time.Second, time.Millisecond)
	_, err := sender.Send(t.Context(), message(9))
	require.True(t, failure(t, err).Retryable)
}

func TestAnswersAreClassified(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		at, answer, reason string
		state              breach.AttemptState
		alive              bool
	}{
		{"MAIL", "530 5.7.0 Authentication required", delivery.ReasonAuth, breach.FailedTemporary, true},
		{"MAIL", "550 5.7.60 SMTP; Client does not have permissions to send as this sender", delivery.ReasonAuth, breach.FailedTemporary, true},
		{"MAIL", "550 5.1.8 Sender unknown", delivery.ReasonAuth, breach.FailedTemporary, true},
		{"MAIL", "553 Sorry, that domain is not in my list", delivery.ReasonAuth, breach.FailedTemporary, true},
		{"MAIL", "552 5.3.4 Too big", delivery.ReasonRejected, breach.FailedPermanent, true},
		{"MAIL", "550 5.6.7 No", delivery.ReasonBadInput, breach.FailedPermanent, true},
		{"RCPT", "554 5.7.1 <x@example.org>: Relay access denied", delivery.ReasonAuth, breach.FailedTemporary, true},
		{"RCPT", "550 relay not permitted", delivery.ReasonAuth, breach.FailedTemporary, true},
		{"RCPT", "550 5.7.1 Unable to relay", delivery.ReasonAuth, breach.FailedTemporary, true},
		{"RCPT", "553 5.7.1 <a@b.c>: Sender address rejected: not owned by user x", delivery.ReasonAuth, breach.FailedTemporary, true},
		{"RCPT", "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", delivery.ReasonAuth, breach.FailedTemporary, true},
		{"RCPT", "454 4.7.1 <x@example.org>: Relay access denied", delivery.ReasonAuth, breach.FailedTemporary, true},
		{"RCPT", "554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied", delivery.ReasonAuth, breach.FailedTemporary, true},
		{"RCPT", "504 5.5.2 <here>: Helo command rejected: need fully-qualified hostname", delivery.ReasonAuth, breach.FailedTemporary, true},
		{"RCPT", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using a list", delivery.ReasonPolicyBlock, breach.FailedPermanent, true},
		{"RCPT", "550 5.2.2 The mailbox's message quota exceeded", delivery.ReasonMailboxFull, breach.FailedPermanent, true},
		{"RCPT", "552 Message quota exceeded", delivery.ReasonMailboxFull, breach.FailedPermanent, true},
		{"CONTENT", "552 5.3.4 Message limit exceeded", delivery.ReasonRejected, breach.FailedPermanent, true},
		{"CONTENT", "550 The from address does not match a verified Sender Identity", delivery.ReasonAuth, breach.FailedTemporary, true},
		{"CONTENT", "550 5.4.5 Daily user sending limit exceeded", delivery.ReasonProviderBusy, breach.FailedTemporary, true},
		{"CONTENT", "554 Message rejected: Email address is not verified", delivery.ReasonAuth, breach.FailedTemporary, true},
		{"CONTENT", "554 5.7.1 Message rejected: sending paused for this account", delivery.ReasonAuth, breach.FailedTemporary, true},
		{"CONTENT", "554 5.7.1 Blocked: your address is on a list", delivery.ReasonPolicyBlock, breach.FailedPermanent, true},
		{"RCPT", "550 5.2.1 The account is disabled", delivery.ReasonNoMailbox, breach.FailedPermanent, true},
		{"RCPT", "550 5.1.1 Address is not verified here", delivery.ReasonNoMailbox, breach.FailedPermanent, true},
		{"MAIL", "451 4.3.0 Later", delivery.ReasonProviderBusy, breach.FailedTemporary, true},
		{"RCPT", "550 5.1.1 No such user", delivery.ReasonNoMailbox, breach.FailedPermanent, true},
		{"RCPT", "550 No such user", delivery.ReasonNoMailbox, breach.FailedPermanent, true},
		{"RCPT", "550-5.2.1 Disabled\r\n550 5.2.1 really", delivery.ReasonNoMailbox, breach.FailedPermanent, true},
		{"RCPT", "552 5.2.2 Over quota", delivery.ReasonMailboxFull, breach.FailedPermanent, true},
		{"RCPT", "452 4.2.2 Over quota", delivery.ReasonMailboxFull, breach.FailedTemporary, true},
		{"RCPT", "450 4.7.1 Greylisted", delivery.ReasonGreylisted, breach.FailedTemporary, true},
		{"RCPT", "550 5.7.1 Blocked", delivery.ReasonPolicyBlock, breach.FailedPermanent, true},
		{"RCPT", "550 4.2.2 A lie", delivery.ReasonNoMailbox, breach.FailedPermanent, true},
		{"RCPT", "421 4.3.2 Going down", delivery.ReasonProviderBusy, breach.FailedTemporary, false},
		{"RCPT", "999 what", delivery.ReasonProviderDown, breach.FailedTemporary, false},
		{"RCPT", "354 not now", delivery.ReasonProviderDown, breach.FailedTemporary, false},
		{"DATA", "250 not yet", delivery.ReasonProviderDown, breach.FailedTemporary, false},
		{"DATA", "554 5.7.1 No", delivery.ReasonPolicyBlock, breach.FailedPermanent, true},
		{"CONTENT", "554 Looks like spam", delivery.ReasonPolicyBlock, breach.FailedPermanent, true},
		{"CONTENT", "550 5.6.7 No", delivery.ReasonBadInput, breach.FailedPermanent, true},
		{"CONTENT", "552 5.3.4 Too big", delivery.ReasonRejected, breach.FailedPermanent, true},
		{"CONTENT", "451 4.3.1 Disk full", delivery.ReasonProviderBusy, breach.FailedTemporary, true},
		{"CONTENT", "421 4.3.2 Closing", delivery.ReasonProviderBusy, breach.FailedTemporary, false},
		{"CONTENT", "DROP", delivery.ReasonNoAnswer, breach.Unknown, false},
		{"CONTENT", "354 go on", delivery.ReasonNoAnswer, breach.Unknown, false},
		{"CONTENT", "25", delivery.ReasonNoAnswer, breach.Unknown, false},
		{"CONTENT", "250-yes\r\n550 no", delivery.ReasonNoAnswer, breach.Unknown, false},
		{"CONTENT", "250 " + strings.Repeat("x", 5000), delivery.ReasonNoAnswer, breach.Unknown, false},
		{"CONTENT", "\x00\x01\x02", delivery.ReasonNoAnswer, breach.Unknown, false},
		{"RCPT", "DROP", delivery.ReasonProviderDown, breach.FailedTemporary, false},
		{"DATA", "DROP", delivery.ReasonProviderDown, breach.FailedTemporary, false},
	} {
		for _, pipelining := range []string{"PIPELINING", "X-NONE"} {
			t.Run(pipelining+" "+c.at+" "+c.answer[:min(20, len(c.answer))], func(t *testing.T) {
				t.Parallel()
				var once sync.Once
				s := startServer(t, &server{ehlo: []string{pipelining}, answer: func(_ int, line string) (special string) {
					if strings.HasPrefix(line, c.at) {
						// Asked twice for DATA: for the answer, and whether content follows.
						if c.at == "DATA" {
							return c.answer
						}
						once.Do(func() { special = c.answer })
					}
					return special
				}})
				sender := newSender(t, testConfig(s.Addr))
				_, err := sender.Send(t.Context(), message(1))
				f := failure(t, err)
				require.Equal(t, c.reason, f.Reason, "%+v", f)
				require.Equal(t, c.state, f.State())
				if c.at == "DATA" {
					return
				}
				_, err = sender.Send(t.Context(), message(2))
				require.NoError(t, err, "the next person's message is not hurt")
				want := 2
				if c.alive {
					want = 1
				}
				require.Equal(t, want, s.contacted())
			})
		}
	}
}

func TestRefusedRecipientAfterWhichTheServerTakesDataAnyway(t *testing.T) {
	t.Parallel()
	s := startServer(t, &server{answer: func(_ int, line string) string {
		switch {
		case strings.HasPrefix(line, "RCPT TO:<zsuzsanna"):
			return "550 5.1.1 no"
		case line == "DATA":
			return "354 go on" // although nobody is there to get it
		}
		return ""
	}})
	sender := newSender(t, testConfig(s.Addr))
	_, err := sender.Send(t.Context(), message(1))
	require.Equal(t, delivery.ReasonNoMailbox, failure(t, err).Reason)
	require.Equal(t, []string{""}, s.contents, "nothing but an empty message was sent")
	require.Equal(t, 1, s.seen("RSET"))
	good := message(2)
	good.To = "other@example.com"
	_, err = sender.Send(t.Context(), good)
	require.NoError(t, err)
	require.Equal(t, 1, s.contacted())
}

func TestStaleConnectionsCostNothing(t *testing.T) {
	t.Parallel()
	for _, goodbye := range []string{"DROP", "421 4.4.2 idle for too long"} {
		s := startServer(t, &server{answer: func(n int, line string) string {
			if n == 1 && strings.HasPrefix(line, "MAIL FROM:<b-d2") {
				return goodbye
			}
			return ""
		}})
		sender := newSender(t, testConfig(s.Addr))
		for i := range 4 {
			_, err := sender.Send(t.Context(), message(i))
			require.NoError(t, err)
		}
		require.Equal(t, 2, s.contacted())
		require.Len(t, s.taken(), 4)
	}
}

func TestIdleConnectionsSayGoodbye(t *testing.T) {
	t.Parallel()
	s := startServer(t, &server{})
	c := testConfig(s.Addr)
	c.IdleTimeout = 20 * time.Millisecond
	sender := newSender(t, c)
	_, err := sender.Send(t.Context(), message(1))
	require.NoError(t, err)
	require.Eventually(t, func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.quits == 1 }, 2*time.Second, 2*time.Millisecond)
}

func TestHangsHonourDeadlinesEverywhere(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"GREETING", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, &server{answer: func(_ int, line string) string {
				if strings.HasPrefix(line, at) {
					return "HANG"
				}
				return ""
			}})
			c := testConfig(s.Addr)
			c.ConnectTimeout, c.CommandTimeout = 100*time.Millisecond, 100*time.Millisecond
			started := time.Now()
			_, err := newSender(t, c).Send(t.Context(), message(1))
			f := failure(t, err)
			require.Less(t, time.Since(started), 2*time.Second)
			require.Equal(t, at == "CONTENT", f.Unknown, "%+v", f)
			require.Equal(t, at != "CONTENT", f.Retryable, "%+v", f)
		})
	}
}

func TestEncryptionIsRequiredAndVerified(t *testing.T) {
	t.Parallel()
	serverTLS, ca := certificate(t)
	auth := []string{"PIPELINING", "AUTH LOGIN PLAIN"}

	t.Run("STARTTLS and AUTH PLAIN", func(t *testing.T) {
		t.Parallel()
		s := startServer(t, &server{tls: serverTLS, ehlo: auth, answer: signIn})
		c := testConfig(s.Addr)
		c.Encryption, c.CAFile, c.Username, c.Password = StartTLS, ca, "user", "secret"
		_, err := newSender(t, c).Send(t.Context(), message(1))
		require.NoError(t, err)
		require.Equal(t, 2, s.seen("EHLO"))
		require.Equal(t, 1, s.seen("AUTH PLAIN "+base64.StdEncoding.EncodeToString([]byte("\x00user\x00secret"))))
	})
	t.Run("AUTH LOGIN", func(t *testing.T) {
		t.Parallel()
		s := startServer(t, &server{tls: serverTLS, ehlo: []string{"AUTH LOGIN"}, answer: signIn})
		c := testConfig(s.Addr)
		c.Encryption, c.CAFile, c.Username, c.Password = StartTLS, ca, "user", "secret"
		_, err := newSender(t, c).Send(t.Context(), message(1))
		require.NoError(t, err)
	})
	for name, change := range map[string]func(*server, *Config){
		"unknown authority": func(s *server, c *Config) { s.tls, c.CAFile = serverTLS, "" },
		"no STARTTLS":       func(s *server, c *Config) {},
		"refused": func(s *server, c *Config) {
			s.ehlo = []string{"STARTTLS"}
			s.answer = func(_ int, line string) string {
				if line == "STARTTLS" {
					return "454 4.7.0 Not now"
				}
				return ""
			}
		},
		"injected plaintext": func(s *server, c *Config) {
			s.tls = serverTLS // the encryption itself would be good
			s.answer = func(_ int, line string) string {
				if line == "STARTTLS" {
					return "220 Ready\r\n250-test\r\n250 AUTH PLAIN"
				}
				return ""
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &server{}
			c := testConfig("")
			c.Encryption, c.CAFile, c.Username, c.Password = StartTLS, ca, "user", "secret"
			change(s, &c)
			startServer(t, s)
			c.Addr = s.Addr
			_, err := newSender(t, c).Send(t.Context(), message(1))
			f := failure(t, err)
			require.Equal(t, delivery.ReasonTLS, f.Reason, "%+v", f)
			require.True(t, f.Retryable)
			require.Zero(t, s.seen("AUTH")+s.seen("MAIL"), "nothing goes out in the clear")
		})
	}
	for name, offer := range map[string][]string{"no AUTH": {"PIPELINING"}, "refused": auth} {
		t.Run("sign-in "+name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, &server{tls: serverTLS, ehlo: offer, answer: func(_ int, line string) string {
				if strings.HasPrefix(line, "AUTH") {
					return "535 5.7.8 user user is unknown"
				}
				return ""
			}})
			c := testConfig(s.Addr)
			c.Encryption, c.CAFile, c.Username, c.Password = StartTLS, ca, "user", "secret"
			_, err := newSender(t, c).Send(t.Context(), message(1))
			f := failure(t, err)
			require.Equal(t, delivery.ReasonAuth, f.Reason)
			require.True(t, f.Retryable)
			require.Zero(t, s.seen("MAIL"))
		})
	}
}

func signIn(_ int, line string) string {
	switch {
	case line == "AUTH LOGIN":
		return "334 VXNlcm5hbWU6"
	case line == base64.StdEncoding.EncodeToString([]byte("user")):
		return "334 UGFzc3dvcmQ6"
	case line == base64.StdEncoding.EncodeToString([]byte("secret")), strings.HasPrefix(line, "AUTH PLAIN"):
		return "235 2.7.0 Welcome"
	}
	return ""
}

func TestImplicitTLS(t *testing.T) {
	t.Parallel()
	serverTLS, ca := certificate(t)
	s := startServer(t, &server{implicit: serverTLS})
	c := testConfig(s.Addr)
	c.Encryption, c.CAFile = Implicit, ca
	_, err := newSender(t, c).Send(t.Context(), message(1))
	require.NoError(t, err)
}

func TestAddressesBeyondASCII(t *testing.T) {
	t.Parallel()
	plain := startServer(t, &server{})
	sender := newSender(t, testConfig(plain.Addr))
	m := message(1)
	m.To = "li@例子.测试"
	_, err := sender.Send(t.Context(), m)
	require.NoError(t, err)
	require.Equal(t, 1, plain.seen("RCPT TO:<li@xn--fsqu00a.xn--0zwm56d>"))
	m.To = "用户@例子.测试"
	_, err = sender.Send(t.Context(), m)
	f := failure(t, err)
	require.Equal(t, delivery.ReasonBadInput, f.Reason)
	require.Equal(t, breach.FailedPermanent, f.State())

	able := startServer(t, &server{ehlo: []string{"PIPELINING", "SMTPUTF8"}})
	_, err = newSender(t, testConfig(able.Addr)).Send(t.Context(), m)
	require.NoError(t, err)
	require.Equal(t, 1, able.seen("RCPT TO:<用户@xn--fsqu00a.xn--0zwm56d>"))
	able.mu.Lock()
	defer able.mu.Unlock()
	require.Contains(t, strings.Join(able.lines, "\n"), "> SMTPUTF8\n")
}

func TestDotStuffing(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"":                        "",
		".\r\n":                   "..\r\n",
		"a\r\n.\r\n..b\r\n.c\r\n": "a\r\n..\r\n...b\r\n..c\r\n",
		"a.\r\nb\r\n":             "a.\r\nb\r\n",
	} {
		require.Equal(t, "x"+want, string(appendStuffed([]byte("x"), []byte(raw))), "%q", raw)
	}
}

func TestTooLargeForTheServer(t *testing.T) {
	t.Parallel()
	s := startServer(t, &server{ehlo: []string{"SIZE 100"}})
	_, err := newSender(t, testConfig(s.Addr)).Send(t.Context(), message(1))
	require.Equal(t, delivery.ReasonRejected, failure(t, err).Reason)
	require.Zero(t, s.seen("MAIL"))
}

func TestPlaintextNameLeadingElsewhere(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	defer func() { _, _ = ours.Close(), theirs.Close() }()
	c := &conn{net: ours, config: &Config{Encryption: Plain}}
	f := c.open(t.Context(), nil)
	require.NotNil(t, f, "a pipe has no loopback address")
	require.Equal(t, delivery.ReasonTLS, f.Reason)
}
