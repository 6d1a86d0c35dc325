package gatewaysim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Tolerance is how far the time of a signature may be from ours.
const Tolerance = 5 * time.Minute

// Header names of a signature.
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
)

// Signer signs and verifies with one shared secret:
// "v1," + base64(HMAC-SHA256(secret, id + "." + timestamp + "." + body)).
type Signer struct{ secret []byte }

// NewSigner reads a secret of the form "whsec_" + base64.
func NewSigner(secret string) (Signer, error) {
	encoded, ok := strings.CutPrefix(secret, "whsec_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) < 16 {
		return Signer{}, errors.New(`gatewaysim: the secret must be "whsec_" and at least 16 bytes in base64`)
	}
	return Signer{secret: key}, nil
}

// Sign puts the three headers on a request or answer.
func (s Signer) Sign(header http.Header, id string, at time.Time, body []byte) {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	header.Set(HeaderID, id)
	header.Set(HeaderTimestamp, timestamp)
	header.Set(HeaderSignature, "v1,"+s.mac(id, timestamp, body))
}

// Verify checks the three headers. More than one signature, separated by
// spaces, may be given; one good one is enough. Errors never quote a header.
func (s Signer) Verify(header http.Header, body []byte, now time.Time) error {
	id, timestamp := header.Get(HeaderID), header.Get(HeaderTimestamp)
	if id == "" || timestamp == "" || header.Get(HeaderSignature) == "" {
		return fmt.Errorf("a header is missing: %s, %s and %s are needed", HeaderID, HeaderTimestamp, HeaderSignature)
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return fmt.Errorf("%s is not a number of seconds", HeaderTimestamp)
	}
	at := time.Unix(seconds, 0)
	if at.Before(now.Add(-Tolerance)) || at.After(now.Add(Tolerance)) {
		return fmt.Errorf("%s is more than %s away from now", HeaderTimestamp, Tolerance)
	}
	want := []byte(s.mac(id, timestamp, body))
	for _, given := range strings.Fields(header.Get(HeaderSignature)) {
		version, signature, _ := strings.Cut(given, ",")
		if version == "v1" && hmac.Equal([]byte(signature), want) {
			return nil
		}
	}
	return errors.New("no signature matches")
}

func (s Signer) mac(id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
