package evidence

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// LoadOrCreateKey returns the Ed25519 key <dir>/<name>.key (PKCS #8, PEM), making it when there is none;
// two processes that start together get the same one. The public half stands beside it as <name>.pub for
// those who check. A key file that others can read is refused, because what it signs proves nothing.
func LoadOrCreateKey(dir, name string) (ed25519.PrivateKey, error) {
	if checkName(name) != nil || filepath.Base(name) != name {
		return nil, breach.Errorf(breach.ErrInvalid, "%q cannot be the name of a key", name)
	}
	path := filepath.Join(dir, name+".key")
	key, err := loadKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createKey(dir, path); err != nil {
			return nil, fmt.Errorf("signing key %s could not be made: %w", name, err)
		}
		key, err = loadKey(path)
	}
	if err != nil {
		return nil, err
	}
	pub := filepath.Join(dir, name+".pub")
	if _, err := os.Stat(pub); errors.Is(err, fs.ErrNotExist) {
		b, err := EncodePublicKey(key.Public().(ed25519.PublicKey))
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(pub, b, 0o644); err != nil {
			return nil, fmt.Errorf("public key %s.pub could not be written: %w", name, err)
		}
	}
	return key, nil
}

func loadKey(path string) (ed25519.PrivateKey, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, breach.Errorf(breach.ErrInvalid, "signing key %s can be read by others: find out who read it, then chmod 600 it or put a new key in its place", path)
	}
	block, _ := pem.Decode(b)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, breach.Errorf(breach.ErrInvalid, "signing key %s is not a PEM private key: restore it from a back-up", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, breach.Errorf(breach.ErrInvalid, "signing key %s is not an Ed25519 key: restore it from a back-up", path)
	}
	return key, nil
}

// createKey writes aside and links into place: a half-written key is never seen, an existing one never
// replaced.
func createKey(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// EncodePublicKey gives the PEM form that LoadOrCreateKey leaves beside a key.
func EncodePublicKey(pub ed25519.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// ParsePublicKey reads that form; breach.ErrInvalid for anything else.
func ParsePublicKey(b []byte) (ed25519.PublicKey, error) {
	block, _ := pem.Decode(b)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, breach.Errorf(breach.ErrInvalid, "this is not a PEM public key")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	key, ok := parsed.(ed25519.PublicKey)
	if err != nil || !ok {
		return nil, breach.Errorf(breach.ErrInvalid, "this is not an Ed25519 public key")
	}
	return key, nil
}
