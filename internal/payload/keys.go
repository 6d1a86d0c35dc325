package payload

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const keyBytes = 32

// Keys encrypt with the first and decrypt with any. Printing them shows their ids only.
type Keys struct{ keys []key }

type key struct {
	id    string
	bytes []byte
}

// String names the ids of the keys, which are fingerprints.
func (k Keys) String() string {
	ids := make([]string, 0, len(k.keys))
	for _, x := range k.keys {
		ids = append(ids, x.id)
	}
	return "payload keys " + strings.Join(ids, ", ")
}

// GoString is String: %#v must not print keys either.
func (k Keys) GoString() string { return k.String() }

// ParseKeys reads a key file: one key a line as base64 of 32 bytes, the first one encrypts; empty
// lines and lines that begin with # are left out. Errors name lines, never their content.
func ParseKeys(text string) (*Keys, error) {
	var ks Keys
	seen := map[string]bool{}
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		b, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(b) != keyBytes {
			return nil, fmt.Errorf("line %d of the payload key file is not the base64 of %d bytes: make one with `openssl rand -base64 %d`", n+1, keyBytes, keyBytes)
		}
		sum := sha256.Sum256(append([]byte("tocsin payload key id\x00"), b...))
		id := hex.EncodeToString(sum[:6])
		if seen[id] {
			return nil, fmt.Errorf("line %d of the payload key file repeats a key: remove it", n+1)
		}
		seen[id] = true
		ks.keys = append(ks.keys, key{id: id, bytes: b})
	}
	if len(ks.keys) == 0 {
		return nil, fmt.Errorf("the payload key file holds no key: make one with `openssl rand -base64 %d`", keyBytes)
	}
	return &ks, nil
}

// LoadKeys reads the key file, which nobody but its owner may be able to read.
func LoadKeys(path string) (*Keys, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("payload key file: %w", err)
	}
	if fi.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the payload key file %s can be read by others (mode %04o): chmod 600 it", path, fi.Mode().Perm())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("payload key file: %w", err)
	}
	return ParseKeys(string(b))
}

// LoadOrCreateKeys makes the file with a fresh key when there is none.
func LoadOrCreateKeys(path string) (*Keys, error) {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return LoadKeys(path)
	}
	b := make([]byte, keyBytes)
	_, _ = rand.Read(b) // never fails: it ends the program instead
	f, err := os.CreateTemp(filepath.Dir(path), ".new-key-")
	if err != nil {
		return nil, fmt.Errorf("make the payload key file: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	text := "# Encrypts what Temporal stores. Keep older keys as further lines.\n" + base64.StdEncoding.EncodeToString(b) + "\n"
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("make the payload key file: %w", err)
	}
	// A link, unlike a rename, never replaces a key that another process made in the meantime.
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make the payload key file: %w", err)
	}
	return LoadKeys(path)
}
