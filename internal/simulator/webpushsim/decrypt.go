package webpushsim

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

// decrypt is the browser's half of RFC 8291, for a body of one record, written out with HMAC as its section 3.4 does, so
// that it shares no derivation with whoever encrypts.
func decrypt(body []byte, browser *ecdh.PrivateKey, auth []byte) ([]byte, error) {
	const salted, sized = 16, 16 + 4
	if len(body) < sized+1 {
		return nil, errors.New("no header")
	}
	salt, size, idLen := body[:salted], binary.BigEndian.Uint32(body[salted:sized]), int(body[sized])
	if len(body) < sized+1+idLen {
		return nil, errors.New("no key of the sender")
	}
	id, record := body[sized+1:sized+1+idLen], body[sized+1+idLen:]
	if uint64(len(record)) > uint64(size) {
		return nil, errors.New("more than one record")
	}
	sender, err := ecdh.P256().NewPublicKey(id)
	if err != nil {
		return nil, err
	}
	shared, err := browser.ECDH(sender)
	if err != nil {
		return nil, err
	}
	input := mac(mac(auth, shared), []byte("WebPush: info\x00"), browser.PublicKey().Bytes(), id, []byte{1})
	prk := mac(salt, input)
	key := mac(prk, []byte("Content-Encoding: aes128gcm\x00\x01"))[:16]
	nonce := mac(prk, []byte("Content-Encoding: nonce\x00\x01"))[:12]
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	open, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := open.Open(nil, nonce, record, nil)
	if err != nil {
		return nil, err
	}
	for i := len(plain) - 1; i >= 0; i-- {
		switch plain[i] {
		case 0: // padding
		case 2:
			return plain[:i], nil
		default:
			return nil, errors.New("the last record has no delimiter")
		}
	}
	return nil, errors.New("nothing but padding")
}

func mac(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}
