package dkim

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	verifier "github.com/emersion/go-msgauth/dkim"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// write stores a private key as PEM.
func write(t testing.TB, dir, name string, private crypto.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	return path
}

// bigKey takes a moment to make.
var bigKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func keys(t testing.TB) []*Key {
	t.Helper()
	dir := t.TempDir()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	out, err := Load(Sources{{"r2026", write(t, dir, "rsa", bigKey())}, {"e2026", write(t, dir, "ed", ed)}})
	require.NoError(t, err)
	return out
}

// verified has another library verify all signatures of a message.
func verified(t require.TestingT, keys []*Key, raw []byte) []*verifier.Verification {
	records := map[string]string{}
	for _, k := range keys {
		records[k.Selector+"._domainkey.academy.example"] = k.Record()
	}
	list, err := verifier.VerifyWithOptions(bytes.NewReader(raw), &verifier.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		return []string{records[name]}, nil
	}})
	require.NoError(t, err)
	return list
}

// covered are the headers that every signature names.
var covered = append([]string{"from"}, signed...)

var now = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

func TestSignaturesHold(t *testing.T) {
	t.Parallel()
	all := keys(t)
	sets := map[string][]*Key{"rsa": all[:1], "ed25519": all[1:], "both": all}
	for name, set := range sets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New("academy.example", set)
			rapid.Check(t, func(t *rapid.T) {
				line := rapid.StringMatching(`\.{0,2}[ -~]{0,5}[ \t]{0,3}[!-~]{0,20}[ \t]{0,2}`)
				body := strings.Join(rapid.SliceOfN(line, 0, 12).Draw(t, "body"), "\r\n") + "\r\n"
				value := rapid.StringMatching(`[!-~]{1,10}([ \t]{1,2}[!-~]{1,10}){0,3}(\r\n[ \t][!-~]{1,10}){0,2}[ \t]?`)
				head := "From: " + value.Draw(t, "from") + "\r\nTO:" + value.Draw(t, "to") + "\r\nSubject: " + value.Draw(t, "subject") + "\r\nDate: x\r\nMessage-ID: <a@b>\r\nX-Other: 1\r\n"
				signed := s.Begin(nil)
				signed = append(signed, head+"\r\n"...)
				stuffed := rapid.Bool().Draw(t, "stuffed")
				sent := body
				if stuffed {
					sent = strings.ReplaceAll("\n"+body, "\n.", "\n..")[1:]
				}
				signed = append(signed, sent...)
				require.NoError(t, s.Sign(signed, stuffed, now))
				raw := append(bytes.Clone(signed[:len(signed)-len(sent)]), body...)
				list := verified(t, set, raw)
				require.Len(t, list, len(set))
				for _, v := range list {
					require.NoError(t, v.Err, "%q", raw)
					require.Equal(t, "academy.example", v.Domain)
					require.Equal(t, now, v.Time.UTC())
					require.Equal(t, covered, v.HeaderKeys)
				}
				for _, change := range [][2]string{{"From: ", "From: x"}, {"Subject: ", "Subject: x"}, {"Date: x", "Date: y"}, {"\r\n\r\n", "\r\n\r\nx"}, {"X-Other", "Reply-To: a@b\r\nX-Other"}, {"X-Other", "From: a@b\r\nX-Other"}} {
					bad := bytes.Replace(raw, []byte(change[0]), []byte(change[1]), 1)
					for _, v := range verified(t, set, bad) {
						require.Error(t, v.Err, "%v", change)
					}
				}
				for _, v := range verified(t, set, bytes.Replace(raw, []byte("X-Other: 1"), []byte("Received: by relay"), 1)) {
					require.NoError(t, v.Err, "what relays add is not covered")
				}
			})
		})
	}
}

func TestWhatCannotBeSigned(t *testing.T) {
	t.Parallel()
	s := New("academy.example", keys(t)[1:])
	require.Error(t, s.Sign([]byte("From: a\r\n\r\nx\r\n"), false, now))
	require.Error(t, s.Sign(s.Begin(nil), false, now))
	require.Error(t, s.Sign(append(s.Begin(nil), "From: a\r\n\r\n"...), false, time.Time{}))
	require.NoError(t, s.Sign(append(s.Begin(nil), "From: a\r\n\r\n"...), false, now))
}

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	old := filepath.Join(dir, "pkcs1")
	require.NoError(t, os.WriteFile(old, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(bigKey())}), 0o600))
	list, err := Load(Sources{{"s1", old}})
	require.NoError(t, err)
	require.Equal(t, "rsa", list[0].Type())
	plain := filepath.Join(dir, "plain")
	require.NoError(t, os.WriteFile(plain, []byte("no key"), 0o600))
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	for want, bad := range map[string]Sources{
		"cannot be read": {{"s1", filepath.Join(dir, "absent")}}, "PEM": {{"s1", plain}}, "2048": {{"s1", write(t, dir, "small", small)}},
		"RSA or Ed25519": {{"s1", write(t, dir, "curve", curve)}}, "name in DNS": {{"a b", old}}, "key 2": {{"s1", old}, {"s1", old}},
	} {
		_, err := Load(bad)
		require.ErrorContains(t, err, want)
	}
	var s Sources
	require.NoError(t, s.UnmarshalText([]byte("a=/x, b=/y=z")))
	require.Equal(t, Sources{{"a", "/x"}, {"b", "/y=z"}}, s)
	for _, bad := range []string{"", "a", "=x", "a=", "a=x,"} {
		require.Error(t, s.UnmarshalText([]byte(bad)), bad)
	}
}
