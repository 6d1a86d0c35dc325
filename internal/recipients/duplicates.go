package recipients

import (
	"hash/maphash"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// seen remembers who was in the file, by keyed hashes of 64 bits: no contact is kept, and among ten
// million people the odds of taking two for one are about one in a million (such a row is listed, too).
type seen struct {
	seed maphash.Seed
	ids  map[uint64]trace
	keys map[uint64]first // name with e-mail, or name with phone
}

// trace is what is known of the person who had an id first.
type trace struct {
	record             int64
	name, email, phone uint32 // 0 when absent
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

func newSeen() *seen {
	return &seen{seed: maphash.MakeSeed(), ids: map[uint64]trace{}, keys: map[uint64]first{}}
}

// find returns the record of the same person, or remembers this one. The same person has the same id; or
// the same name and e-mail; or, when one of the two rows has no e-mail, the same name and phone; and never two days
// of birth, unless the id is the same. clash says that the id was another person's: a name and contacts of which
// none agrees.
func (s *seen) find(record int64, p *breach.Person) (of int64, clash bool) {
	name, email, born := breach.NameKey(p.Name), breach.EmailKey(p.Email), bornOn(p.BirthDate)
	t := trace{record: record, name: s.short(name), email: s.short(email), phone: s.short(p.Phone)}
	if p.ExternalID != "" {
		id := s.hash("id", p.ExternalID)
		first, known := s.ids[id]
		switch {
		case !known:
			s.ids[id] = t
		case first.agrees(t):
			return first.record, false
		default:
			clash = true
		}
	}
	if name == "" {
		return 0, clash
	}
	if email != "" {
		key := s.hash("email", name, email)
		known, ok := s.keys[key]
		if of := known.of(born); of > 0 {
			return of, false
		} else if !ok {
			s.keys[key] = firstOf(record, email != "", born)
		}
	}
	if p.Phone != "" {
		key := s.hash("phone", name, p.Phone)
		known, ok := s.keys[key]
		if of := known.of(born); of > 0 && (email == "" || known&mailBit == 0) {
			return of, false
		} else if !ok {
			s.keys[key] = firstOf(record, email != "", born)
		}
	}
	return 0, clash
}

// bornOn counts days from 1900; 0 when the day is not known.
func bornOn(date string) uint16 {
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

func (s *seen) hash(parts ...string) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	for _, p := range parts {
		_, _ = h.WriteString(p)
		_ = h.WriteByte(0)
	}
	return h.Sum64()
}

func (s *seen) short(v string) uint32 {
	if v == "" {
		return 0
	}
	return uint32(s.hash("short", v)) | 1
}
