package evidence_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
)

func open(t *testing.T) *evidence.Writer {
	t.Helper()
	w, err := evidence.NewWriter(&bytes.Buffer{}, goodKey, evidence.Meta{Product: "t", Incident: "i", CreatedAt: madeAt})
	require.NoError(t, err)
	return w
}

func TestWriterRefusesNamesThatAnotherSystemReadsDifferently(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "/a", "../a", "a/../b", "a//b", "A.json", `a\b`, "a b", "a\nb", ".hidden", "a/.b", "é.json", "a/b/c/d/e", strings.Repeat("a", 201), evidence.ManifestFile, evidence.SignatureFile} {
		require.Error(t, open(t).File(name, nil), "%q", name)
	}
	for _, name := range []string{"a", "reports/eu-gdpr_authority.initial.json", "a/b/c/d.txt"} {
		require.NoError(t, open(t).File(name, nil), "%q", name)
	}
}

func TestWriterRefusesToGoOnAfterAnError(t *testing.T) {
	t.Parallel()
	w := open(t)
	require.NoError(t, w.File("a", nil))
	require.Equal(t, breach.ErrInvalid, breach.CodeOf(w.File("a", nil)), "a name twice")
	_, err := w.Close()
	require.Error(t, err, "a pack that missed a file is never sealed")

	w = open(t)
	l, err := w.Lines("a.jsonl")
	require.NoError(t, err)
	require.Error(t, w.File("b", nil), "a file while another is open")
	require.Error(t, l.Add(1))

	w = open(t)
	l, err = w.Lines("a.jsonl")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.Error(t, l.Add(1), "a record after the end")

	_, err = open(t).Lines("a.json")
	require.Error(t, err)
	require.Error(t, open(t).JSON("a.json", func() {}))

	w = open(t)
	l, err = w.Lines("a.jsonl")
	require.NoError(t, err)
	require.Error(t, l.Add(strings.Repeat("x", 1<<20)))

	_, err = evidence.NewWriter(&bytes.Buffer{}, nil, evidence.Meta{CreatedAt: madeAt})
	require.Error(t, err)
	_, err = evidence.NewWriter(&bytes.Buffer{}, goodKey, evidence.Meta{})
	require.Error(t, err)
}

type fullDisk struct{ left int }

var errFull = errors.New("no space left")

func (f *fullDisk) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestAFullDiskIsNeverASealedPack(t *testing.T) {
	t.Parallel()
	for left := 0; left < 3000; left += 250 {
		w, err := evidence.NewWriter(&fullDisk{left}, goodKey, evidence.Meta{CreatedAt: madeAt})
		require.NoError(t, err)
		noise := make([]byte, 4000)
		_, _ = rand.NewChaCha8([32]byte{1}).Read(noise)
		_ = w.File("a", noise)
		_, err = w.Close()
		require.ErrorIs(t, err, errFull)
	}
}

func TestKeysAreMadeOnceAndKeptPrivate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	keys := make([]ed25519.PrivateKey, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			key, err := evidence.LoadOrCreateKey(dir, "evidence")
			if err == nil {
				keys[i] = key
			}
		})
	}
	wg.Wait()
	for _, k := range keys {
		require.Equal(t, keys[0], k, "all who start together get the same key")
	}
	info, err := os.Stat(filepath.Join(dir, "evidence.key"))
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2, "no temporary file stays behind")

	b, err := os.ReadFile(filepath.Join(dir, "evidence.pub"))
	require.NoError(t, err)
	pub, err := evidence.ParsePublicKey(b)
	require.NoError(t, err)
	require.Equal(t, public(keys[0]), pub)

	other, err := evidence.LoadOrCreateKey(dir, "other")
	require.NoError(t, err)
	require.NotEqual(t, keys[0], other)
	require.NoError(t, os.Chmod(filepath.Join(dir, "other.key"), 0o644))
	_, err = evidence.LoadOrCreateKey(dir, "other")
	require.ErrorContains(t, err, "can be read by others")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "broken.key"), []byte("nonsense"), 0o600))
	_, err = evidence.LoadOrCreateKey(dir, "broken")
	require.ErrorContains(t, err, "not a PEM private key", "a broken key is never replaced silently")
	for _, name := range []string{"", "../x", "a/b"} {
		_, err = evidence.LoadOrCreateKey(dir, name)
		require.Error(t, err)
	}
	for _, b := range []string{"", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"} {
		_, err = evidence.ParsePublicKey([]byte(b))
		require.Error(t, err)
	}
}
