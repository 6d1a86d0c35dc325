package email

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	verifier "github.com/emersion/go-msgauth/dkim"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/email/dkim"
	"github.com/tocsin-engine/tocsin/internal/delivery/email/returnpath"
)

// signing gives settings with a key of each kind, and the look-up of their records.
func signing(t testing.TB) (Config, func(string) ([]string, error)) {
	t.Helper()
	big, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	_, small, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	dir, c := t.TempDir(), testConfig("127.0.0.1:25").withDefaults()
	for name, private := range map[string]crypto.PrivateKey{"rsa": big, "ed25519": small} {
		der, err := x509.MarshalPKCS8PrivateKey(private)
		require.NoError(t, err)
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
		c.DKIMKeys = append(c.DKIMKeys, dkim.Source{Selector: name, File: path})
	}
	keys, err := dkim.Load(c.DKIMKeys)
	require.NoError(t, err)
	records := map[string]string{}
	for _, k := range keys {
		records[k.Selector+"._domainkey.academy.example"] = k.Record()
	}
	return c, func(name string) ([]string, error) { return []string{records[name]}, nil }
}

func composerOf(t testing.TB, c Config) *composer {
	t.Helper()
	from, err := parseAddress(c.From)
	require.NoError(t, err)
	made, err := newComposer(c, from, func() time.Time { return time.Date(2026, 11, 22, 8, 30, 0, 0, time.UTC) })
	require.NoError(t, err)
	return made
}

// Whatever a message holds and however it was encoded, another library finds both signatures good.
func TestEveryMessageIsSigned(t *testing.T) {
	t.Parallel()
	c, records := signing(t)
	signer := composerOf(t, c)
	shared := []*delivery.Form{form(latin), form(han)}
	rapid.Check(t, func(t *rapid.T) {
		m := notice(shared[rapid.IntRange(0, 1).Draw(t, "form")], 7)
		m.ToName, m.Subject = oneLine(nasty(12).Draw(t, "name")), oneLine(nasty(30).Draw(t, "subject"))
		if rapid.Bool().Draw(t, "written out") {
			m.Form, m.Own = nil, nil
			m.Text = lines(nasty(60).Draw(t, "text")) + rapid.SampledFrom([]string{"x", "\n.\n.x\n..", "\r\n.\r\nx  y\t\tz  \n", " ", "\n\n\n"}).Draw(t, "tail")
		}
		l, f := signer.compose(nil, &m)
		require.Nil(t, f)
		raw := unstuffed(t, l.wire)
		list, err := verifier.VerifyWithOptions(bytes.NewReader(raw), &verifier.VerifyOptions{LookupTXT: records})
		require.NoError(t, err)
		require.Len(t, list, 2)
		for _, v := range list {
			require.NoError(t, v.Err)
			require.Equal(t, "academy.example", v.Domain)
		}
		requireLines(t, raw)
	})
}

// A return path and a Message-ID of ours are what the key makes, and the id is the same for every try.
func TestReturnPathsAreKeyed(t *testing.T) {
	t.Parallel()
	key, err := returnpath.New([]byte(strings.Repeat("k", 32)))
	require.NoError(t, err)
	c := testConfig("127.0.0.1:25").withDefaults()
	c.Returns = key
	one := composerOf(t, c)
	var ids []string
	for _, attempt := range []string{"0123-1", "0123-2"} {
		m := message(0)
		m.DeliveryID, m.AttemptID, m.Block = "0123", attempt, 17
		l, f := one.compose(nil, &m)
		require.Nil(t, f)
		local, domain, _ := strings.Cut(l.from, "@")
		require.Equal(t, "bounces.academy.example", domain)
		opened, block, known, _ := key.OpenLocal(local)
		require.True(t, known)
		require.Equal(t, attempt, opened)
		require.EqualValues(t, 17, block)
		parsed, err := mail.ReadMessage(bytes.NewReader(l.wire))
		require.NoError(t, err)
		ids = append(ids, parsed.Header.Get("Message-Id"))
		require.Empty(t, parsed.Header.Get("List-Unsubscribe"), "nobody unsubscribes from what the law requires")
	}
	require.Equal(t, "<"+key.MessageID("0123")+"@bounces.academy.example>", ids[0])
	require.Equal(t, ids[0], ids[1])
	m := message(0)
	m.AttemptID = strings.Repeat("a", 60)
	l, f := one.compose(nil, &m)
	require.Nil(t, f)
	require.Equal(t, c.From, l.from, "too long for a local part")
}

func TestAdvisoryMailMayNameWhereToStopIt(t *testing.T) {
	t.Parallel()
	c := testConfig("127.0.0.1:25").withDefaults()
	for _, bad := range []string{"stop@example.com", "http://example.com", "https://e.com/>\r\nBcc: x", "mailto:"} {
		c.Unsubscribe = bad
		require.ErrorContains(t, c.Validate(), "list-unsubscribe", bad)
	}
	c.Unsubscribe = "mailto:stop@academy.example"
	require.NoError(t, c.Validate())
	m := message(0)
	l, f := composerOf(t, c).compose(nil, &m)
	require.Nil(t, f)
	parsed, err := mail.ReadMessage(bytes.NewReader(l.wire))
	require.NoError(t, err)
	require.Equal(t, "<mailto:stop@academy.example>", parsed.Header.Get("List-Unsubscribe"))
	c.DKIMKeys = dkim.Sources{{Selector: "a", File: "absent"}}
	require.ErrorContains(t, c.Validate(), "smtp: DKIM")
}

// BenchmarkSigned: composing with no signature and with one of each kind. RSA is what costs.
func BenchmarkSigned(b *testing.B) {
	c, _ := signing(b)
	messages, shared := make([]delivery.Message, 256), form(latin)
	for i := range messages {
		messages[i] = notice(shared, i)
	}
	all := c.DKIMKeys
	c.DKIMKeys = nil
	b.Run("none", func(b *testing.B) { composeAll(b, composerOf(b, c), messages) })
	for _, k := range all {
		c.DKIMKeys = dkim.Sources{k}
		b.Run(k.Selector, func(b *testing.B) { composeAll(b, composerOf(b, c), messages) })
	}
}
