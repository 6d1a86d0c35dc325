package webpush

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// maxPlain is how much fits into the one record of 4096 bytes that every push service takes (RFC 8291 section 4),
// beside the header of 86 bytes, the tag of 16 and the delimiter.
const maxPlain = recordSize - 86 - 16 - 1

const (
	recordSize = 4096
	saltSize   = 16
	authSize   = 16
)

// subscription is what a browser's PushSubscription gives as JSON: a list of people holds it as the push token.
type subscription struct {
	Endpoint string `json:"endpoint"`
	Keys     struct {
		P256DH string `json:"p256dh"`
		Auth   string `json:"auth"`
	} `json:"keys"`

	public *ecdh.PublicKey
	auth   []byte
}

func readSubscription(token string) (subscription, *delivery.Failure) {
	var s subscription
	if json.Unmarshal([]byte(token), &s) != nil {
		return s, badSubscription("it is not the JSON of a PushSubscription")
	}
	public, err := unbase64(s.Keys.P256DH)
	if err == nil {
		s.public, err = ecdh.P256().NewPublicKey(public)
	}
	if err != nil {
		return s, badSubscription("p256dh is no public key of P-256")
	}
	if s.auth, err = unbase64(s.Keys.Auth); err != nil || len(s.auth) != authSize {
		return s, badSubscription("auth is not 16 bytes in base64url")
	}
	return s, nil
}

func unbase64(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
}

// encrypt makes the body for one browser (RFC 8291 with the coding aes128gcm of RFC 8188), in one record. The key own
// and the salt are fresh for each message.
func (s subscription) encrypt(plain []byte, own *ecdh.PrivateKey, salt []byte) ([]byte, error) {
	shared, err := own.ECDH(s.public)
	if err != nil {
		return nil, err
	}
	public := own.PublicKey().Bytes()
	info := "WebPush: info\x00" + string(s.public.Bytes()) + string(public)
	input, err := hkdf.Key(sha256.New, shared, s.auth, info, 32)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, input, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, input, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, recordSize)
	out = append(out, salt...)
	out = binary.BigEndian.AppendUint32(out, recordSize)
	out = append(out, byte(len(public)))
	out = append(out, public...)
	last := append(append(make([]byte, 0, len(plain)+1), plain...), 2) // the delimiter of the last record
	return seal.Seal(out, nonce, last, nil), nil
}
