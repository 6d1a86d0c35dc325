package mailbox

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
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

func (b *book) count() int { b.mu.Lock(); defer b.mu.Unlock(); return len(b.facts) }

// post is a mail server with one mailbox, a ledger and a reader's settings.
type post struct {
	t      *testing.T
	user   *imapmemserver.User
	config Config
	secure *tls.Config
	book   *book
	taker  *bounce.Taker
}

func newPost(t *testing.T, startTLS bool, caps ...imap.Cap) *post {
	t.Helper()
	key, err := returnpath.New([]byte(strings.Repeat("k", 32)))
	require.NoError(t, err)
	p := &post{t: t, user: imapmemserver.NewUser("bounces", "secret"), book: &book{}}
	p.taker = &bounce.Taker{Key: key, Ledger: p.book, Now: time.Now}
	require.NoError(t, p.user.Create("INBOX", nil))
	certificate, ca := identity(t)
	p.secure = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	memory := imapmemserver.New()
	memory.AddUser(p.user)
	set := imap.CapSet{imap.CapIMAP4rev1: {}}
	for _, c := range caps {
		set[c] = struct{}{}
	}
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return memory.NewSession(), nil, nil
		},
		Caps: set, TLSConfig: p.secure, Logger: log.New(io.Discard, "", 0),
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p.config = Config{Addr: l.Addr().String(), StartTLS: startTLS, CAFile: ca, Username: "bounces", Password: "secret", MoveTo: "Taken", Poll: time.Second}
	if !startTLS {
		l = tls.NewListener(l, p.secure)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return p
}

func identity(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}

// literal is a message for the mailbox.
type literal struct{ *strings.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

func (p *post) comes(text string) {
	p.t.Helper()
	_, err := p.user.Append("INBOX", literal{strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n"))}, &imap.AppendOptions{})
	require.NoError(p.t, err)
}

func (p *post) report(attempt string) string {
	local, _ := p.taker.Key.Local(attempt, 1)
	return "Return-Path: <>\nDelivered-To: " + local + "@bounce.academy.example\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; kim@example.net\nAction: failed\nStatus: 5.1.1\n"
}

func (p *post) run() (stop func()) {
	p.t.Helper()
	r, err := New(p.config, p.taker, slog.New(slog.DiscardHandler))
	require.NoError(p.t, err)
	ctx, cancel := context.WithCancel(p.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx) }()
	return func() { cancel(); <-done }
}

// holds lists the messages of a folder as "flags".
func (p *post) holds(folder string) (out []string) {
	p.t.Helper()
	o := &imapclient.Options{TLSConfig: &tls.Config{InsecureSkipVerify: true}}
	var c *imapclient.Client
	var err error
	if p.config.StartTLS {
		c, err = imapclient.DialStartTLS(p.config.Addr, o)
	} else {
		c, err = imapclient.DialTLS(p.config.Addr, o)
	}
	require.NoError(p.t, err)
	defer c.Close()
	require.NoError(p.t, c.Login("bounces", "secret").Wait())
	box, err := c.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil || box.NumMessages == 0 {
		return nil
	}
	var all imap.SeqSet
	all.AddRange(1, box.NumMessages)
	list, err := c.Fetch(all, &imap.FetchOptions{Flags: true}).Collect()
	require.NoError(p.t, err)
	for _, m := range list {
		var flags []string
		for _, f := range m.Flags {
			flags = append(flags, strings.ToLower(string(f)))
		}
		slices.Sort(flags)
		out = append(out, strings.Join(flags, " "))
	}
	return out
}

const letter = "From: kim@example.net\nSubject: Re: Your data\n\nWhat does this mean?\n"

func TestMailIsTakenOnce(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]*post{
		"told at once": newPost(t, false, imap.CapIdle, imap.CapMove, imap.CapUIDPlus), "asked": newPost(t, true, imap.CapUIDPlus),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p.t = t
			p.comes(p.report("abc-1"))
			p.comes(letter)
			stop := p.run()
			require.Eventually(t, func() bool { return len(p.holds("Taken")) == 1 }, 10*time.Second, 20*time.Millisecond)
			for range 20 {
				p.comes(p.report("abc-2"))
			}
			require.Eventually(t, func() bool { return len(p.holds("Taken")) == 21 }, 10*time.Second, 50*time.Millisecond)
			require.Equal(t, 21, p.book.count())
			require.Equal(t, []string{"$tocsintaken"}, p.holds("INBOX"), "what a person wrote stays, unread")
			require.Contains(t, p.holds("Taken")[0], `$tocsintaken \seen`)
			stop()
			stop = p.run() // a new start looks at nothing again
			p.comes(p.report("abc-3"))
			require.Eventually(t, func() bool { return len(p.holds("Taken")) == 22 }, 10*time.Second, 50*time.Millisecond)
			require.Equal(t, 22, p.book.count())
			stop()
		})
	}
}

func TestNothingIsMarkedThatIsNotRecorded(t *testing.T) {
	t.Parallel()
	p := newPost(t, false, imap.CapIdle, imap.CapMove)
	p.config.MoveTo = ""
	p.book.broken(errors.New("away"))
	p.comes(p.report("abc-1"))
	stop := p.run()
	time.Sleep(300 * time.Millisecond)
	require.Equal(t, []string{""}, p.holds("INBOX"))
	p.book.broken(nil)
	require.Eventually(t, func() bool { return slices.Equal(p.holds("INBOX"), []string{`$tocsintaken \seen`}) }, 10*time.Second, 50*time.Millisecond)
	require.Equal(t, 1, p.book.count())
	stop()
}

func TestACertificateThatDoesNotHoldIsRefused(t *testing.T) {
	t.Parallel()
	for _, startTLS := range []bool{false, true} {
		p := newPost(t, startTLS)
		p.config.CAFile = ""
		r, err := New(p.config, p.taker, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		err = r.session(t.Context())
		require.Error(t, err)
		require.Equal(t, "the server's certificate does not hold", reason(err), "%v", err)
	}
	p := newPost(t, false)
	p.config.Password = "wrong"
	r, err := New(p.config, p.taker, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.Contains(t, reason(r.session(t.Context())), "the server refused")
}

func TestValidate(t *testing.T) {
	t.Parallel()
	good := Config{Addr: "imap.example:993", Username: "u", Password: "p"}
	require.NoError(t, good.Validate())
	for _, change := range []func(*Config){
		func(c *Config) { c.Addr = "imap.example" }, func(c *Config) { c.Password = "" }, func(c *Config) { c.MoveTo = "INBOX" },
		func(c *Config) { c.Poll = time.Millisecond }, func(c *Config) { c.CAFile = "absent" }, func(c *Config) { c.Folder = "a\nb" },
	} {
		c := good
		change(&c)
		require.Error(t, c.Validate())
	}
}
