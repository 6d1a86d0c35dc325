// Package dkim signs messages (RFC 6376, RFC 8463) while they are composed: the signature's header is written first,
// of a length that is known, and filled in when the rest is there, so that nothing is moved or copied. Headers and
// body are canonicalised as relaxed. What it writes is verified in the tests by a library that shares nothing with
// it.
//
// Imports of ours: none.
package dkim

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// Source names a key: its selector in DNS, and the file with the private key.
type Source struct{ Selector, File string }

// Sources are the keys that every message is signed with, mostly one of RSA, which every receiver verifies, and one
// of Ed25519 for those who prefer it.
type Sources []Source

// UnmarshalText reads "2026a=/etc/tocsin/rsa.pem, 2026b=/etc/tocsin/ed25519.pem".
func (s *Sources) UnmarshalText(text []byte) error {
	*s = nil
	for item := range strings.SplitSeq(string(text), ",") {
		selector, file, ok := strings.Cut(strings.TrimSpace(item), "=")
		if !ok || selector == "" || file == "" {
			return errors.New("must be selector=file, further ones after a comma")
		}
		*s = append(*s, Source{strings.TrimSpace(selector), strings.TrimSpace(file)})
	}
	return nil
}

// Key is a private key with its selector.
type Key struct {
	Selector  string
	algorithm string // of RFC 6376 and 8463
	private   crypto.Signer
}

var selectorName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$`)

// leastBits is the least size of RSA keys: receivers do not believe smaller ones.
const leastBits = 2048

// Load reads the private keys: PEM, PKCS#8 or PKCS#1, RSA of at least 2048 bits or Ed25519. Errors say what is
// wrong with which selector, and nothing of the key.
func Load(sources Sources) ([]*Key, error) {
	keys := make([]*Key, len(sources))
	known := map[string]bool{}
	for i, s := range sources {
		if len(s.Selector) > 63 || !selectorName.MatchString(s.Selector) || known[s.Selector] {
			return nil, fmt.Errorf("the selector of key %d must be a name in DNS of its own", i+1)
		}
		known[s.Selector] = true
		b, err := os.ReadFile(s.File)
		if err != nil {
			return nil, fmt.Errorf("the key of selector %s cannot be read", s.Selector)
		}
		if keys[i], err = parse(s.Selector, b); err != nil {
			return nil, fmt.Errorf("the key of selector %s: %w", s.Selector, err)
		}
	}
	return keys, nil
}

func parse(selector string, text []byte) (*Key, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("is not in PEM form")
	}
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		if private, err = x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
			return nil, errors.New("is no private key in the form PKCS#8 or PKCS#1, or is protected by a password")
		}
	}
	switch k := private.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < leastBits {
			return nil, errors.New("RSA keys must have at least 2048 bits")
		}
		return &Key{selector, "rsa-sha256", k}, nil
	case ed25519.PrivateKey:
		return &Key{selector, "ed25519-sha256", k}, nil
	}
	return nil, errors.New("must be of RSA or Ed25519")
}

// Public is the p= of the key's record in DNS.
func (k *Key) Public() string {
	var b []byte
	switch public := k.private.Public().(type) {
	case *rsa.PublicKey:
		b, _ = x509.MarshalPKIXPublicKey(public) // never fails for a key that was read
	case ed25519.PublicKey:
		b = public
	}
	return base64.StdEncoding.EncodeToString(b)
}

// Type is the k= of the key's record in DNS.
func (k *Key) Type() string {
	kind, _, _ := strings.Cut(k.algorithm, "-")
	return kind
}

// Record is the text that must stand in DNS at <selector>._domainkey.<domain>.
func (k *Key) Record() string { return "v=DKIM1; k=" + k.Type() + "; p=" + k.Public() }

// size of a signature in bytes.
func (k *Key) size() int {
	if public, ok := k.private.Public().(*rsa.PublicKey); ok {
		return public.Size()
	}
	return ed25519.SignatureSize
}

// sign gives the signature over a hash. Ed25519 signs the hash itself, as RFC 8463 has it.
func (k *Key) sign(hash []byte) ([]byte, error) {
	if k.Type() == "rsa" {
		return k.private.Sign(nil, hash, crypto.SHA256)
	}
	return k.private.Sign(nil, hash, crypto.Hash(0))
}
