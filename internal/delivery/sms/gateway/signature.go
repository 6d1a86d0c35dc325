package gateway

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
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

func (s *Sender) mac(id, timestamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return mac.Sum(nil)
}

// sign puts the three headers on a request.
func (s *Sender) sign(h http.Header, id string, body []byte) {
	timestamp := strconv.FormatInt(s.now().Unix(), 10)
	h.Set(headerID, id)
	h.Set(headerTimestamp, timestamp)
	h.Set(headerSignature, "v1,"+base64.StdEncoding.EncodeToString(s.mac(id, timestamp, body)))
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
	want := s.mac(id, timestamp, body)
	for _, one := range given {
		version, encoded, _ := strings.Cut(one, ",")
		signature, err := base64.StdEncoding.DecodeString(encoded)
		if version == "v1" && err == nil && hmac.Equal(signature, want) {
			return nil
		}
	}
	return ErrBadSignature
}
