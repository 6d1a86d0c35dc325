package apns

import (
	"crypto/ecdsa"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// The vendor refuses a token that is older than an hour, and whoever makes new ones more often than every 20 minutes
// (developer.apple.com, "Establishing a token-based connection to APNs").
const (
	tokenUse  = 45 * time.Minute
	tokenRest = 20 * time.Minute
)

// signer makes provider tokens and keeps the present one.
type signer struct {
	key         *ecdsa.PrivateKey
	keyID, team string

	mu    sync.Mutex
	value string
	made  time.Time
}

func (s *signer) token(now time.Time) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if age := now.Sub(s.made); s.value != "" && age >= 0 && age < tokenUse {
		return s.value, nil
	}
	value, err := s.sign(now)
	if err != nil {
		return "", err
	}
	s.value, s.made = value, now
	return value, nil
}

// forget drops a token that the vendor called expired, unless it is newer than the vendor lets tokens be replaced.
func (s *signer) forget(value string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.value == value && now.Sub(s.made) >= tokenRest {
		s.value = ""
	}
}

// sign makes a JSON Web Token with ES256.
func (s *signer) sign(now time.Time) (string, error) {
	with, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: s.key, KeyID: s.keyID}}, nil)
	if err != nil {
		return "", err
	}
	return jwt.Signed(with).Claims(map[string]any{"iss": s.team, "iat": now.Unix()}).Serialize()
}
