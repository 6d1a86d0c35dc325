package webpush

import (
	"crypto/ecdsa"
	"encoding/base64"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// RFC 8292 lets a token live for a day at most; one is used for half of what it lives.
const (
	tokenLife = 12 * time.Hour
	tokenUse  = 6 * time.Hour
)

// identity signs who sends: a token for each push service, and the public key that pages subscribe with.
type identity struct {
	key     *ecdsa.PrivateKey
	public  string
	subject string

	mu     sync.Mutex
	tokens map[string]token // by origin; there are as many as push services are allowed
}

type token struct {
	value string
	until time.Time
}

func newIdentity(key *ecdsa.PrivateKey, subject string) (*identity, error) {
	public, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	return &identity{key: key, public: base64.RawURLEncoding.EncodeToString(public), subject: subject, tokens: map[string]token{}}, nil
}

// authorization is the header for requests to an origin.
func (i *identity) authorization(origin string, now time.Time) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	t, ok := i.tokens[origin]
	if !ok || now.After(t.until) {
		value, err := i.sign(origin, now.Add(tokenLife))
		if err != nil {
			return "", err
		}
		t = token{value, now.Add(tokenUse)}
		i.tokens[origin] = t
	}
	return "vapid t=" + t.value + ", k=" + i.public, nil
}

// forget drops the token of an origin that refused it.
func (i *identity) forget(origin string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.tokens, origin)
}

// sign makes a JSON Web Token with ES256.
func (i *identity) sign(origin string, until time.Time) (string, error) {
	with, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: i.key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", err
	}
	return jwt.Signed(with).Claims(map[string]any{"aud": origin, "exp": until.Unix(), "sub": i.subject}).Serialize()
}
