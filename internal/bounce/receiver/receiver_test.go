package receiver

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/smtp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/bounce"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery/email/returnpath"
)

type book struct {
	mu    sync.Mutex
	facts []breach.Returned
	err   error
}

func (b *book) RecordReturned(_ context.Context, r breach.Returned) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.facts = append(b.facts, r)
	}
	return true, b.err
}

func (b *book) broken(err error) { b.mu.Lock(); defer b.mu.Unlock(); b.err = err }

func start(t *testing.T, change func(*Config)) (addr string, b *book, key *returnpath.Key) {
	t.Helper()
	key, err := returnpath.New([]byte(strings.Repeat("k", 32)))
	require.NoError(t, err)
	b = &book{}
	c := Config{Listen: "127.0.0.1:0", Domain: "bounce.academy.example"}
	if change != nil {
		change(&c)
	}
	s, err := New(c, &bounce.Taker{Key: key, Ledger: b, Now: time.Now}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	l, err := net.Listen("tcp", c.Listen)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
	return l.Addr().String(), b, key
}

// dsn is a report that holds no id of ours: only the envelope names the message.
const dsn = "Return-Path: <>\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; kim@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n"

func TestBouncesAreTaken(t *testing.T) {
	t.Parallel()
	addr, b, key := start(t, nil)
	local, _ := key.Local("abc-1", 3)
	to := local + "@bounce.academy.example"
	require.NoError(t, smtp.SendMail(addr, nil, "", []string{strings.ToUpper(to)}, []byte(dsn)))
	require.Len(t, b.facts, 1)
	require.Equal(t, "abc-1", b.facts[0].Attempt)
	require.EqualValues(t, 3, b.facts[0].Block)
	require.Equal(t, breach.ReturnFailed, b.facts[0].Kind)

	for _, bad := range []string{"b-abc-2" + local[len("b-abc-1"):] + "@bounce.academy.example", local + "@elsewhere.example", "postmaster@bounce.academy.example"} {
		require.ErrorContains(t, smtp.SendMail(addr, nil, "", []string{bad}, []byte(dsn)), "No such mailbox")
	}
	err := smtp.SendMail(addr, nil, "kim@example.net", []string{"Complaints@bounce.academy.example"}, []byte("Subject: I object\r\n\r\nno report\r\n"))
	require.ErrorContains(t, err, "write to the address in the notice", "a person is not thrown away without a word")
	require.Len(t, b.facts, 1)

	b.broken(errors.New("away"))
	require.ErrorContains(t, smtp.SendMail(addr, nil, "", []string{to}, []byte(dsn)), "451")
	b.broken(nil)
	require.NoError(t, smtp.SendMail(addr, nil, "", []string{to}, []byte(dsn)))
	require.Len(t, b.facts, 2)
}

// What a mail server wrote is never answered as if a person had: nobody would read the answer, and its sender would stop.
func TestOnlyAPersonIsRefused(t *testing.T) {
	t.Parallel()
	const auth = "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: auth-failure\r\nUser-Agent: x/1\r\nVersion: 1\r\n"
	for name, c := range map[string]struct {
		from, mail string
		refused    bool
		facts      int
	}{
		"a person":                     {"kim@example.net", "From: kim@example.net\r\nSubject: I object\r\n\r\nno report\r\n", true, 0},
		"a bounce that says nothing":   {"", "From: mta@example.net\r\nSubject: hello\r\n\r\nit did not work\r\n", false, 1},
		"an absence note":              {"", "From: kim@example.net\r\nAuto-Submitted: auto-replied\r\n\r\naway\r\n", false, 0},
		"feedback about authenticity":  {"fbl@example.net", auth, false, 0},
		"the same, from a mail server": {"", auth, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr, b, key := start(t, nil)
			local, _ := key.Local("abc-1", 3)
			err := smtp.SendMail(addr, nil, c.from, []string{local + "@bounce.academy.example"}, []byte(c.mail))
			if c.refused {
				require.ErrorContains(t, err, "5.7.1 Nobody reads this mailbox")
			} else {
				require.NoError(t, err)
			}
			require.Len(t, b.facts, c.facts)
			for _, f := range b.facts {
				require.Equal(t, breach.ReturnUnclassified, f.Kind)
			}
		})
	}
}

// Names beyond ASCII come back in their coded form, and a second relay may have a domain of its own.
func TestBouncesComeToBothDomainsInEitherForm(t *testing.T) {
	t.Parallel()
	addr, b, key := start(t, func(c *Config) { c.Domain, c.Also = "zurück.academy.example", "bounce.second.example" })
	local, _ := key.Local("abc-1", 3)
	for i, domain := range []string{"xn--zurck-mva.academy.example", "XN--ZURCK-MVA.academy.example", "bounce.second.example"} {
		require.NoError(t, smtp.SendMail(addr, nil, "", []string{local + "@" + domain}, []byte(dsn)), domain)
		require.Len(t, b.facts, i+1)
	}
	require.ErrorContains(t, smtp.SendMail(addr, nil, "", []string{local + "@bounce.third.example"}, []byte(dsn)), "No such mailbox")
}

func TestLimits(t *testing.T) {
	t.Parallel()
	addr, b, key := start(t, func(c *Config) { c.MaxBytes, c.PerSecond, c.Connections = 16<<10, 0.3, 1 })
	local, _ := key.Local("abc-1", 3)
	to := []string{local + "@bounce.academy.example"}
	send := func(mail string) (err error) { // once the one connection that there may be is free again
		for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			if err = smtp.SendMail(addr, nil, "", to, []byte(mail)); err == nil || !strings.HasPrefix(err.Error(), "421") {
				break
			}
		}
		return err
	}
	require.ErrorContains(t, send(dsn+strings.Repeat("x\r\n", 10<<10)), "552")
	require.NoError(t, send(dsn))
	require.NoError(t, send(dsn))
	require.ErrorContains(t, send(dsn), "450")
	require.Len(t, b.facts, 2)

	var c *smtp.Client
	require.Eventually(t, func() bool {
		var err error
		c, err = smtp.Dial(addr)
		return err == nil
	}, 5*time.Second, 10*time.Millisecond)
	require.NoError(t, c.Noop())
	require.Error(t, smtp.SendMail(addr, nil, "", to, []byte(dsn)), "one connection at a time")
	require.NoError(t, c.Quit())
	require.Eventually(t, func() bool {
		c, err := smtp.Dial(addr)
		if err != nil {
			return false
		}
		defer c.Close()
		return c.Noop() == nil
	}, 5*time.Second, 10*time.Millisecond)
}

func TestValidate(t *testing.T) {
	t.Parallel()
	require.NoError(t, Config{Listen: ":25", Domain: "b.example"}.Validate())
	for _, bad := range []Config{
		{}, {Listen: "x", Domain: "b.example"}, {Listen: ":25", Domain: "b.example", Complaints: "a@b"}, {Listen: ":25", Domain: "b.example", MaxBytes: 1},
		{Listen: ":25", Domain: "b.example", CertFile: "absent"},
	} {
		require.Error(t, bad.Validate())
	}
}
