package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// personRow is what the ledger keeps readable of a person.
type personRow struct {
	id       int64
	wave     int
	ref      string
	locale   string
	country  string
	minor    bool
	guardian bool
	channels int16
	kind     int32 // who is of the same kind is alike for every decision; 0: not known
}

// prepared is a person on the way into the ledger.
type prepared struct {
	personRow
	row          int64
	key          [16]byte
	email, phone int32 // look-up hashes
	plain        []byte
	shape        breach.Shape
	domain       string        // of the address that mail goes to
	place        breach.Person // where the person lives and when they were born, for the list's counts
}

// childhood says until which age, counted on a day, a guardian acts for a person.
type childhood struct {
	age int
	on  time.Time
}

func (k *hasher) prepare(p *breach.Person, rules childhood, row int64) (prepared, error) {
	out := prepared{row: row}
	var err error
	if out.plain, err = encodePerson(k.room(), p); err != nil {
		return out, breach.Errorf(breach.ErrInvalid, "row %d cannot be encoded", row)
	}
	k.used(out.plain)
	out.locale, out.country = plain16(p.Locale), plain16(p.Country)
	out.minor = p.IsChild(rules.age, rules.on)
	out.guardian = out.minor && p.Guardian != nil && (p.Guardian.Email != "" || p.Guardian.Phone != "")
	out.channels = usable(*p, out.minor, out.guardian)
	out.shape = p.Shape(out.minor)
	out.place = breach.Person{Country: p.Country, Region: p.Region, BirthDate: p.BirthDate}
	if out.guardian {
		out.domain = mailDomain(p.Guardian.Email)
	} else {
		out.domain = mailDomain(p.Email)
	}
	email, phone := contacts(p)
	out.key = k.personKey(p, email, phone, out.plain)
	out.email, out.phone = k.lookup("email", email), k.lookup("phone", phone)
	return out, nil
}

// plain16 keeps a free text from slipping into a column that everybody can read.
func plain16(s string) string { return plain(s, 16) }

var channelBits = map[breach.Channel]int16{breach.Email: 1, breach.SMS: 2, breach.Push: 4, breach.Voice: 8, breach.Letter: 16}

// usable lists the channels for which the one who is addressed has a contact. A child whose guardian has
// none is not addressed at all.
func usable(p breach.Person, minor, guardian bool) int16 {
	if minor && !guardian {
		return 0
	}
	email, phone, push := p.Email, p.Phone, p.PushToken
	if guardian {
		email, phone, push = p.Guardian.Email, p.Guardian.Phone, ""
	}
	var bits int16
	if email != "" {
		bits |= channelBits[breach.Email]
	}
	if phone != "" {
		bits |= channelBits[breach.SMS] | channelBits[breach.Voice]
	}
	if push != "" {
		bits |= channelBits[breach.Push]
	}
	if p.PostalAddress != "" {
		bits |= channelBits[breach.Letter]
	}
	return bits
}

func fold(s string) string {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c >= 'A' && c <= 'Z' {
			return strings.Join(strings.Fields(strings.ToLower(s)), " ")
		}
	}
	return s
}

// contacts are what a person is looked up by: their own, or the guardian's when they have none.
func contacts(p *breach.Person) (email, phone string) {
	email, phone = fold(p.Email), fold(p.Phone)
	if g := p.Guardian; g != nil {
		if email == "" {
			email = fold(g.Email)
		}
		if phone == "" {
			phone = fold(g.Phone)
		}
	}
	return email, phone
}

// personKey says who counts as the same person: the organisation's own id; without one a contact together
// with the name, since families share contacts, in whatever spelling; without a contact only the very same record.
func (k *hasher) personKey(p *breach.Person, email, phone string, plain []byte) [16]byte {
	switch id := strings.TrimSpace(p.ExternalID); {
	case id != "":
		return k.keyed("id", id)
	case email != "":
		return k.keyed("email+name", breach.EmailKey(email), breach.NameKey(p.Name))
	case phone != "":
		return k.keyed("phone+name", phone, breach.NameKey(p.Name))
	}
	return k.keyed("record", string(plain))
}

// blockDigest is the SHA-256 over a block's people in order: readable columns and the SHA-256 of what is
// sealed.
type blockDigest struct {
	h   hash.Hash
	buf []byte
}

func newBlockDigest() *blockDigest { return &blockDigest{h: sha256.New()} }

func (d *blockDigest) add(p *personRow, sealed []byte) {
	sum := sha256.Sum256(sealed)
	d.addSum(p, sum[:])
}

func (d *blockDigest) addSum(p *personRow, sealedSum []byte) {
	b := binary.BigEndian.AppendUint64(d.buf[:0], uint64(p.id))
	b = binary.BigEndian.AppendUint32(b, uint32(p.wave))
	b = binary.BigEndian.AppendUint16(b, uint16(p.channels))
	b = append(b, flag(p.minor)|2*flag(p.kind != 0), flag(p.guardian))
	if p.kind != 0 { // of an earlier list it is not known
		b = binary.BigEndian.AppendUint32(b, uint32(p.kind))
	}
	for _, s := range []string{p.ref, p.locale, p.country} {
		b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
		b = append(b, s...)
	}
	d.buf = append(b, sealedSum...)
	d.h.Write(d.buf)
}

func (d *blockDigest) sum() string { return hex.EncodeToString(d.h.Sum(nil)) }

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// blocksOfPeople lists the blocks that hold these people, ascending.
func blocksOfPeople(people []int64) []int64 {
	nos := make([]int64, 0, 4)
	for _, p := range people {
		nos = append(nos, blockOf(p))
	}
	slices.Sort(nos)
	return slices.Compact(nos)
}
