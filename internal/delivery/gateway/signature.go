package gateway

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The scheme of Standard Webhooks (standardwebhooks.com, symmetric signatures): the signature is "v1," and
// base64 of HMAC-SHA256 over "<id>.<unix seconds>.<body>".
const (
	headerID        = "webhook-id"
	headerTimestamp = "webhook-timestamp"
	headerSignature = "webhook-signature"

	// tolerance is how far the time of a signature may be from ours, either way.
	tolerance = 5 * time.Minute
	// minSecret is the least length of a secret, in bytes.
	minSecret = 16
)

func readSecret(s string) ([]byte, error) {
	encoded, prefixed := strings.CutPrefix(s, "whsec_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !prefixed || err != nil || len(key) < minSecret {
		return nil, errors.New("gateway: secret: must be whsec_ and at least 16 bytes in base64")
	}
	return key, nil
}

// secrets are the secret in use and, while it is changed, the one before it.
func (c Config) secrets() ([][]byte, error) {
	secret, err := readSecret(c.Secret)
	if err != nil || c.Previous == "" {
		return [][]byte{secret}, err
	}
	previous, err := readSecret(c.Previous)
	switch {
	case err != nil:
		return nil, errors.New("gateway: previous secret: must be whsec_ and at least 16 bytes in base64, or nothing")
	case hmac.Equal(secret, previous):
		return nil, errors.New("gateway: previous secret: is the secret in use; leave it out when the change is over")
	}
	return [][]byte{secret, previous}, nil
}

func mac(secret []byte, id, timestamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return mac.Sum(nil)
}

// sign puts the three headers on a request, with a signature for each secret.
func (s *Sender) sign(h http.Header, id string, body []byte) {
	timestamp := strconv.FormatInt(s.now().Unix(), 10)
	h.Set(headerID, id)
	h.Set(headerTimestamp, timestamp)
	signatures := make([]string, len(s.secrets))
	for i, secret := range s.secrets {
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac(secret, id, timestamp, body))
	}
	h.Set(headerSignature, strings.Join(signatures, " "))
}

// Errors of VerifyCallback. They quote nothing of the request.
var (
	ErrUnsigned     = errors.New("gateway: the callback carries no complete signature")
	ErrBadTime      = errors.New("gateway: the callback's time is more than 5 minutes from ours; check both clocks")
	ErrBadSignature = errors.New("gateway: no signature of the callback matches; check the shared secret")
)

// VerifyCallback checks the three headers over the body as it came. One good signature among several is
// enough, so that secrets can be rotated.
func (s *Sender) VerifyCallback(h http.Header, body []byte) error {
	id, timestamp := h.Get(headerID), h.Get(headerTimestamp)
	given := strings.Fields(h.Get(headerSignature))
	if id == "" || timestamp == "" || len(given) == 0 || len(given) > 8 {
		return ErrUnsigned
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return ErrUnsigned
	}
	if away := s.now().Sub(time.Unix(seconds, 0)); away > tolerance || away < -tolerance {
		return ErrBadTime
	}
	want := make([][]byte, len(s.secrets))
	for i, secret := range s.secrets {
		want[i] = mac(secret, id, timestamp, body)
	}
	for _, one := range given {
		version, encoded, _ := strings.Cut(one, ",")
		signature, err := base64.StdEncoding.DecodeString(encoded)
		if version == "v1" && err == nil && slices.ContainsFunc(want, func(w []byte) bool { return hmac.Equal(signature, w) }) {
			return nil
		}
	}
	return ErrBadSignature
}
