package recipients

import (
	"hash/maphash"
	"math/bits"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// seen remembers who was in the file, by keyed hashes of 64 bits: no contact is kept, and among ten
// million people the odds of taking two for one are about one in a million (such a row is listed, too).
type seen struct {
	seed maphash.Seed
	met  *met // by id; by name with e-mail; by name with phone
}

// first is the record that had a name with a contact first: its number, whether it had an e-mail address, and its
// day of birth (days from 1900, 0 when not known), in this order of bits.
type first int64

const (
	bornBits = 16
	mailBit  = 1 << bornBits
)

func firstOf(record int64, mail bool, born uint16) first {
	f := first(record<<(bornBits+1) | int64(born))
	if mail {
		f |= mailBit
	}
	return f
}

// of is the record, or 0 when the days of birth differ: a father and a son of one name share an address.
func (f first) of(born uint16) int64 {
	if b := uint16(f & (mailBit - 1)); b != 0 && born != 0 && b != born {
		return 0
	}
	return int64(f >> (bornBits + 1))
}

func newSeen() *seen { return &seen{seed: maphash.MakeSeed(), met: newMet(mostInTable)} }

// find returns the record of the same person, or remembers this one. The same person has the same id; or
// the same name and e-mail; or, when one of the two rows has no e-mail, the same name and phone; and never two days
// of birth, unless the id is the same. clash says that the id was another person's: a name and contacts of which
// none agrees.
func (s *seen) find(record int64, p *breach.Person) (of int64, clash bool) {
	name, email, phone := s.hash(breach.NameKey(p.Name)), s.hash(breach.EmailKey(p.Email)), s.hash(p.Phone)
	born := bornOn(p.BirthDate)
	if p.ExternalID != "" {
		t := trace{key: both(idKey, s.hash(p.ExternalID), 0), first: firstOf(record, false, 0), name: uint32(name), email: uint32(email), phone: uint32(phone)}
		known, ok := s.met.find(t.key)
		switch {
		case !ok:
			s.met.add(t)
		case known.agrees(t):
			return known.first.of(0), false
		default:
			clash = true
		}
	}
	if name == 0 {
		return 0, clash
	}
	me := firstOf(record, email != 0, born)
	if email != 0 {
		key := both(emailKey, name, email)
		known, ok := s.met.find(key)
		if of := known.first.of(born); of > 0 {
			return of, false
		} else if !ok {
			s.met.add(trace{key: key, first: me})
		}
	}
	if phone != 0 {
		key := both(phoneKey, name, phone)
		known, ok := s.met.find(key)
		if of := known.first.of(born); of > 0 && (email == 0 || known.first&mailBit == 0) {
			return of, false
		} else if !ok {
			s.met.add(trace{key: key, first: me})
		}
	}
	return 0, clash
}

// bornOn counts days from 1900; 0 when the day is not known.
func bornOn(date string) uint16 {
	if date == "" {
		return 0
	}
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return 0
	}
	return uint16(t.Sub(epoch)/(24*time.Hour)) + 1
}

var epoch = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)

// agrees reports whether two rows with one id can be one person: something agrees, or there is nothing to
// compare.
func (t trace) agrees(u trace) bool {
	compared := false
	for _, pair := range [][2]uint32{{t.name, u.name}, {t.email, u.email}, {t.phone, u.phone}} {
		if pair[0] == 0 || pair[1] == 0 {
			continue
		}
		if pair[0] == pair[1] {
			return true
		}
		compared = true
	}
	return !compared
}

// hash is 0 for an empty text alone; its lower half is not 0 either.
func (s *seen) hash(v string) uint64 {
	if v == "" {
		return 0
	}
	return maphash.String(s.seed, v) | 1
}

// The kinds of keys, which keep a name with an address apart from a name with a number.
const (
	idKey    = 0xa0761d6478bd642f
	emailKey = 0xe7037ed1a0b428db
	phoneKey = 0x8ebc6af09c88c6e3
)

// both makes one hash of two.
func both(kind, a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^kind, b^0x589965cc75374cc3)
	return hi ^ lo
}
