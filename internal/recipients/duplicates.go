package recipients

import (
	"hash/maphash"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// seen remembers who was in the file, by keyed hashes of 64 bits: no contact is kept, and among ten
// million people the odds of taking two for one are about one in a million (such a row is listed, too).
type seen struct {
	seed maphash.Seed
	fold cases.Caser
	ids  map[uint64]trace
	keys map[uint64]int64 // name with e-mail, or name with phone -> record
}

// trace is what is known of the person who had an id first.
type trace struct {
	record             int64
	name, email, phone uint32 // 0 when absent
}

func newSeen() *seen {
	return &seen{seed: maphash.MakeSeed(), fold: cases.Fold(), ids: map[uint64]trace{}, keys: map[uint64]int64{}}
}

// find returns the record of the same person, or remembers this one. The same person has the same id; or
// the same name and e-mail; or, when one of the two rows has no e-mail, the same name and phone. clash
// says that the id was another person's: a name and contacts of which none agrees.
func (s *seen) find(record int64, p *breach.Person) (of int64, clash bool) {
	name := s.normal(p.Name)
	t := trace{record: record, name: s.short(name), email: s.short(strings.ToLower(p.Email)), phone: s.short(p.Phone)}
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
	if p.Email != "" {
		key := s.hash("email", name, s.normal(p.Email))
		if of := s.keys[key]; of > 0 {
			return of, false
		}
		s.keys[key] = record
	}
	if p.Phone != "" {
		key := s.hash("phone", name, p.Phone)
		if of := s.keys[key]; of > 0 && p.Email == "" {
			return of, false
		} else if of == 0 {
			s.keys[key] = record
		}
	}
	return 0, clash
}

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

// normal makes two spellings of one name equal: case, composition, width and repeated space.
func (s *seen) normal(v string) string {
	if isASCII(v) { // has one width and composition, and folds as it lowers
		return single(strings.ToLower(v))
	}
	return strings.Join(strings.Fields(s.fold.String(norm.NFKC.String(v))), " ")
}

// single leaves one space between words.
func single(v string) string {
	if strings.TrimSpace(v) == v && !strings.Contains(v, "  ") && !strings.ContainsAny(v, "\t\n\v\f\r") {
		return v
	}
	return strings.Join(strings.Fields(v), " ")
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
