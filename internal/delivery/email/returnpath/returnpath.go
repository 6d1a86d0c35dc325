// Package returnpath makes the addresses to which mail servers return messages, and the Message-IDs that they
// quote, and knows its own again. Both end in a keyed code, so that nobody can report for somebody else that a
// message came back. They hold opaque ids and nothing of the person.
//
// Imports of ours: none.
package returnpath

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Key tells our own addresses from others. Every process that sends or takes bounces needs the same one.
type Key struct {
	hashers sync.Pool // of *hasher: each message needs two codes
	former  []former
}

// former is a key that makes nothing any more, and is believed until an instant: mail comes back for days.
type former struct {
	key   *Key
	until time.Time
}

type hasher struct {
	h    hash.Hash
	from []byte
	sum  []byte
}

const (
	// keyFile lies in the key directory.
	keyFile  = "bounce.key"
	keyBytes = 32

	prefix = "b-"
	// codeLength is that of the keyed code: 80 bits in an alphabet that survives servers which change case.
	codeLength = 16
	maxLocal   = 64 // RFC 5321
)

var alphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// New makes a key of a secret of at least 32 bytes.
func New(secret []byte) (*Key, error) {
	if len(secret) < keyBytes {
		return nil, errors.New("the secret of return paths needs 32 bytes")
	}
	secret = slices.Clone(secret)
	return &Key{hashers: sync.Pool{New: func() any { return &hasher{h: hmac.New(sha256.New, secret)} }}}, nil
}

// LoadOrCreate reads the key of a key directory, and makes one on the first start. The first line of the file is the key
// that is used; each further one is a former key and the day (UTC) up to whose end it is believed, "<key> 2026-12-24".
// Without the former key, bounces of messages that were sent with it are not believed.
func LoadOrCreate(dir string) (*Key, error) {
	path := filepath.Join(dir, keyFile)
	k, err := load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	b := make([]byte, keyBytes)
	_, _ = rand.Read(b) // never fails: it ends the program instead
	f, err := os.CreateTemp(dir, ".new-key-")
	if err != nil {
		return nil, fmt.Errorf("make the key of return paths: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(b) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("make the key of return paths: %w", err)
	}
	// A link, unlike a rename, never replaces a key that another process made in the meantime.
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make the key of return paths: %w", err)
	}
	return load(path)
}

func load(path string) (*Key, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the key of return paths: %w", err)
	}
	return parse(string(text))
}

var errDamaged = errors.New("the key of return paths (" + keyFile + ") is damaged; restore it from the back-up of the keys")

func parse(text string) (*Key, error) {
	first, more, _ := strings.Cut(strings.TrimSpace(text), "\n")
	k, err := decode(first)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(more) {
		encoded, day, _ := strings.Cut(strings.TrimSpace(line), " ")
		if encoded == "" {
			continue
		}
		old, err := decode(encoded)
		if err != nil {
			return nil, err
		}
		until, err := time.Parse(time.DateOnly, strings.TrimSpace(day))
		if err != nil {
			return nil, errors.New("a former key of return paths (" + keyFile + ") needs the day until which it is believed, such as 2026-12-24, behind it on its line")
		}
		k.former = append(k.former, former{old, until.AddDate(0, 0, 1)})
	}
	return k, nil
}

func decode(encoded string) (*Key, error) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil || len(b) != keyBytes {
		return nil, errDamaged
	}
	return New(b)
}

// Local is the local part of the address to which a message of this attempt is returned. block is where the ledger
// keeps it, so that it needs not be looked for; 0 where nobody knows. False for an id that is too long.
func (k *Key) Local(attempt string, block int64) (string, bool) {
	stem := attempt + "-" + strconv.FormatInt(max(block, 0), 36)
	if len(prefix)+len(stem)+1+codeLength > maxLocal {
		return "", false
	}
	return prefix + stem + "-" + k.code("sender", stem), true
}

// OpenLocal gives the attempt and its block of a local part that Local made; letters may have changed their case.
// known is false for anything else; like says that it looks like one all the same.
func (k *Key) OpenLocal(local string) (attempt string, block int64, known, like bool) {
	local, like = strings.CutPrefix(strings.ToLower(local), prefix)
	i := len(local) - codeLength - 1
	if !like || i < 1 || local[i] != '-' {
		return "", 0, false, false
	}
	stem := local[:i]
	at := strings.LastIndexByte(stem, '-')
	block, err := strconv.ParseInt(stem[at+1:], 36, 64)
	if at < 1 || err != nil || block < 0 {
		return "", 0, false, true
	}
	return stem[:at], block, k.made("sender", stem, local[i+1:]), true
}

// MessageID is the left side of the Message-ID of a delivery. It is the same for every try.
func (k *Key) MessageID(delivery string) string {
	return delivery + "." + k.code("message", delivery)
}

// OpenMessageID gives the delivery of a left side that MessageID made.
func (k *Key) OpenMessageID(left string) (delivery string, known bool) {
	left = strings.ToLower(left)
	i := len(left) - codeLength - 1
	if i < 1 || left[i] != '.' {
		return "", false
	}
	return left[:i], k.made("message", left[:i], left[i+1:])
}

// made says whether a code is of this key, or of a former one that is still believed.
func (k *Key) made(use, id, code string) bool {
	if hmac.Equal([]byte(code), []byte(k.code(use, id))) {
		return true
	}
	return slices.ContainsFunc(k.former, func(f former) bool {
		return time.Now().Before(f.until) && hmac.Equal([]byte(code), []byte(f.key.code(use, id)))
	})
}

func (k *Key) code(use, id string) string {
	m := k.hashers.Get().(*hasher)
	defer k.hashers.Put(m)
	m.from = append(append(append(m.from[:0], use...), '|'), strings.ToLower(id)...)
	m.h.Reset()
	m.h.Write(m.from)
	m.sum = m.h.Sum(m.sum[:0])
	var code [codeLength]byte
	alphabet.Encode(code[:], m.sum[:codeLength*5/8])
	return string(code[:])
}
