package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// box protects what one incident holds of people: it seals, hashes with a key, and makes reference codes.
type box struct {
	incident string
	sealing  tink.AEAD
	hashing  []byte
	salt     []byte       // of the commitments in evidence packs
	codes    cipher.Block // key of the reference codes
}

// newBox makes and wraps the two keys of a new incident.
func (s *Store) newBox(ctx context.Context, tx pgx.Tx, incident string) (*box, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	var sealing bytes.Buffer
	if err := handle.WriteWithAssociatedData(keyset.NewBinaryWriter(&sealing), s.kek, []byte("sealing|"+incident)); err != nil {
		return nil, err
	}
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return nil, err
	}
	hashing, err := s.kek.Encrypt(raw, []byte("hashing|"+incident))
	if err != nil {
		return nil, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO data_key (incident, sealing, hashing) VALUES ($1, $2, $3)`, incident, sealing.Bytes(), hashing)
	if err != nil {
		return nil, err
	}
	return makeBox(incident, handle, raw)
}

// boxOf unwraps an incident's keys, once per process.
func (s *Store) boxOf(ctx context.Context, q querier, incident string) (*box, error) {
	if b, ok := s.boxes.Load(incident); ok {
		return b.(*box), nil
	}
	var sealing, hashing []byte
	err := q.QueryRow(ctx, `SELECT sealing, hashing FROM data_key WHERE incident = $1`, incident).Scan(&sealing, &hashing)
	if isNoRows(err) {
		return nil, notFound("there is no such incident in the ledger, or its personal data was destroyed")
	}
	if err != nil {
		return nil, err
	}
	handle, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(sealing)), s.kek, []byte("sealing|"+incident))
	if err != nil {
		return nil, breach.Errorf(breach.ErrTampered, "the data key of incident %s does not open with the key file in use", incident)
	}
	raw, err := s.kek.Decrypt(hashing, []byte("hashing|"+incident))
	if err != nil {
		return nil, breach.Errorf(breach.ErrTampered, "the hashing key of incident %s does not open with the key file in use", incident)
	}
	b, err := makeBox(incident, handle, raw)
	if err == nil {
		s.boxes.Store(incident, b)
	}
	return b, err
}

func makeBox(incident string, handle *keyset.Handle, hashing []byte) (*box, error) {
	sealing, err := aead.New(handle)
	if err != nil {
		return nil, err
	}
	b := &box{incident: incident, sealing: sealing, hashing: hashing}
	b.salt = b.mac("salt of commitments")
	b.codes, err = aes.NewCipher(b.mac("reference codes")[:16])
	return b, err
}

func (b *box) mac(parts ...string) []byte { return b.hasher().sum(parts...) }

// hasher makes keyed hashes one after the other; it is for one goroutine.
type hasher struct {
	h     hash.Hash
	buf   []byte
	out   [sha256.Size]byte
	spare []byte // room for records
}

const roomSize = 64 << 10

// room is where the next record may be written; used says what it took.
func (k *hasher) room() []byte {
	if cap(k.spare) < 1<<10 {
		k.spare = make([]byte, 0, roomSize)
	}
	return k.spare[:0]
}

func (k *hasher) used(record []byte) {
	if n := len(record); n <= cap(k.spare) {
		k.spare = k.spare[n:n:cap(k.spare)]
	}
}

func (b *box) hasher() *hasher { return &hasher{h: hmac.New(sha256.New, b.hashing)} }

func (k *hasher) sum(parts ...string) []byte {
	k.buf = k.buf[:0]
	for _, p := range parts {
		k.buf = binary.BigEndian.AppendUint64(k.buf, uint64(len(p)))
		k.buf = append(k.buf, p...)
	}
	k.h.Reset()
	k.h.Write(k.buf)
	return k.h.Sum(k.out[:0]) // it holds until the next one
}

// keyed tells people of one incident apart; without the key nothing can be guessed from it.
func (k *hasher) keyed(parts ...string) [16]byte { return [16]byte(k.sum(parts...)) }

// lookup is a short hash to find candidates by; whoever finds one compares the contact itself. 0 stands for an
// empty value, and for nothing else.
func (k *hasher) lookup(kind, value string) int32 {
	if value == "" {
		return 0
	}
	return cmp.Or(int32(binary.BigEndian.Uint32(k.sum(kind, value))), 1)
}

// seal encrypts; what names the place that it belongs to, so that a sealed value cannot be moved to
// another person or incident.
func (b *box) seal(what string, plaintext []byte) ([]byte, error) {
	return b.sealing.Encrypt(plaintext, b.place(what))
}

func (b *box) open(what string, sealed []byte) ([]byte, error) {
	return b.sealing.Decrypt(sealed, b.place(what))
}

func (b *box) place(what string) []byte { return []byte("tocsin|" + b.incident + "|" + what) }

// appendPersonPlace is place for personPlace, without garbage.
func (b *box) appendPersonPlace(to []byte, id int64) []byte {
	to = append(append(append(to, "tocsin|"...), b.incident...), "|person|"...)
	return strconv.AppendInt(to, id, 10)
}

func personPlace(id int64) string { return "person|" + strconv.FormatInt(id, 10) }

const (
	codeHalf   = 40 // bits
	codeMask   = 1<<codeHalf - 1
	codeRounds = 8
)

// reference is a person's code, for example 7K2M-0QXB-9F3A-PVQW: the person's number with forty zero bits in front,
// under a keyed permutation of eighty bits. It looks random, two people never get the same, nobody without the key
// can go from one to the next, and of 2^80 codes only those of people turn back into forty zeros and a number.
func (b *box) reference(id int64) string {
	l, r := uint64(0), uint64(id)&codeMask
	for i := range codeRounds {
		l, r = r, l^b.round(i, r)
	}
	var plain [breach.CodeSymbols]byte
	for i := len(plain)/2 - 1; i >= 0; i-- {
		plain[i], plain[i+len(plain)/2] = breach.CodeAlphabet[l&31], breach.CodeAlphabet[r&31]
		l, r = l>>5, r>>5
	}
	return breach.GroupCode(string(plain[:]))
}

// person turns a code back, in the form that reference gives; 0 for one that this key cannot have made. It does
// the same work for every code.
func (b *box) person(code string) int64 {
	var halves [2]uint64
	for i, c := range strings.ReplaceAll(code, "-", "") {
		halves[i*2/breach.CodeSymbols&1] = halves[i*2/breach.CodeSymbols&1]<<5 | uint64(max(strings.IndexRune(breach.CodeAlphabet, c), 0))
	}
	l, r := halves[0]&codeMask, halves[1]&codeMask
	for i := codeRounds - 1; i >= 0; i-- {
		l, r = r^b.round(i, l), l
	}
	if l != 0 {
		return 0
	}
	return int64(r)
}

func (b *box) round(i int, half uint64) uint64 {
	var in, out [aes.BlockSize]byte
	in[0] = byte(i)
	binary.BigEndian.PutUint64(in[8:], half)
	b.codes.Encrypt(out[:], in[:])
	return binary.BigEndian.Uint64(out[:]) & codeMask
}

// printable keeps an id that came from outside from carrying control characters into an error.
func printable(id string) string {
	if len(id) > 64 || strings.ContainsFunc(id, func(r rune) bool { return r < '!' || r > '~' }) {
		return "(not an id)"
	}
	return id
}
