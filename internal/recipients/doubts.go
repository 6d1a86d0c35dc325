package recipients

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/nyaruka/phonenumbers"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// From when on a list is in doubt. A share counts only with its least number beside it, so that a handful of people
// never stops a list.
const (
	leastShifted   = 10 // rows
	shiftedPercent = 2  // of the rows that can be compared; a sorted or moved column gives nearly all
	refusedPercent = 50

	leastForeign   = 20
	foreignPercent = 20

	leastBirthdays  = 50
	birthdayPercent = 20

	leastSecrets  = 5
	secretPercent = 1
)

// shares says from how many people on one contact is in doubt: a number of people, and of ten thousand when that is
// more. A family shares a mailbox, a school a telephone, a dormitory an address; a telephone's push token, nobody.
var shares = []struct {
	field  string
	least  int64
	per10k int64
	of     func(*breach.Person) string
}{
	{"email", 10, 1, func(p *breach.Person) string { return p.Email }},
	{"phone", 25, 100, func(p *breach.Person) string { return p.Phone }},
	{"push_token", 3, 0, func(p *breach.Person) string { return p.PushToken }},
	{"postal_address", 50, 10, func(p *breach.Person) string { return p.PostalAddress }},
	{"guardian_email", 10, 10, func(p *breach.Person) string { return guardianOf(p).Email }},
	{"guardian_phone", 10, 100, func(p *breach.Person) string { return guardianOf(p).Phone }},
}

func guardianOf(p *breach.Person) breach.Guardian {
	if p.Guardian == nil {
		return breach.Guardian{}
	}
	return *p.Guardian
}

// doubts watches a list for signs that notices would go to wrong people. Its memory is bounded.
type doubts struct {
	hash     func(...string) uint64
	people   int64
	children int64

	compared, shifted, own int64
	last                   nameAndMail

	dialled, foreign int64
	codes            map[string]int // country -> calling code

	shared    [6]crowd
	birthdays crowd
	born      int64

	secrets map[string]int64
}

// nameAndMail is what of a row is compared with its neighbours: words of the name, and the address before the @.
type nameAndMail struct {
	words []string
	local string
}

func newDoubts(hash func(...string) uint64) *doubts {
	return &doubts{hash: hash, codes: map[string]int{}, secrets: map[string]int64{}}
}

func (d *doubts) add(p *breach.Person, child bool) {
	d.people++
	if child {
		d.children++
	}
	d.neighbours(p)
	d.calling(p)
	for i, s := range shares {
		if v := s.of(p); v != "" {
			d.shared[i].add(d.hash(s.field, v))
		}
	}
	if p.BirthDate != "" {
		d.born++
		d.birthdays.add(d.hash("birth_date", p.BirthDate))
	}
	for _, f := range []struct{ field, v string }{{"external_id", p.ExternalID}, {"name", p.Name}, {"region", p.Region}} {
		if secret(f.v, f.field) {
			d.secrets[f.field]++
		}
	}
}

// neighbours counts rows whose address carries not their own name but that of the row before, or the other way
// round. Names and addresses that have nothing to do with each other say nothing.
func (d *doubts) neighbours(p *breach.Person) {
	now := nameAndMail{words: latinWords(p.Name)}
	now.local, _, _ = strings.Cut(strings.ToLower(p.Email), "@")
	before := d.last
	d.last = now
	if len(now.words) == 0 || now.local == "" {
		return
	}
	d.compared++
	if now.fits(now) {
		d.own++
		return
	}
	if before.local != "" && len(before.words) > 0 && (before.fits(now) || now.fits(before)) && !before.fits(before) {
		d.shifted++
	}
}

// fits reports whether the name of n is in the address of the other.
func (n nameAndMail) fits(other nameAndMail) bool {
	for _, w := range n.words {
		if strings.Contains(other.local, w) {
			return true
		}
	}
	return false
}

const shortestWord = 3

// latinWords are the words of a name that an address can carry, without marks and in small letters.
func latinWords(name string) []string {
	if !isASCII(name) {
		name = strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Mn, r) {
				return -1
			}
			return r
		}, norm.NFD.String(name))
	}
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r < 'a' || r > 'z' })
	kept := words[:0]
	for _, w := range words {
		if len(w) >= shortestWord {
			kept = append(kept, w)
		}
	}
	return kept
}

func (d *doubts) calling(p *breach.Person) {
	if p.Phone == "" || p.Country == "" || nobodys(p.Phone) {
		return
	}
	code, known := d.codes[p.Country]
	if !known {
		code = phonenumbers.GetCountryCodeForRegion(p.Country)
		d.codes[p.Country] = code
	}
	if code == 0 {
		return
	}
	d.dialled++
	if !strings.HasPrefix(p.Phone[1:], digits(code)) {
		d.foreign++
	}
}

func digits(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return digits(n/10) + string(rune('0'+n%10))
}

// list gives what is in doubt after the last row.
func (d *doubts) list() []breach.ListDoubt {
	var out []breach.ListDoubt
	put := func(code, field string, n, of int64, refused bool) {
		out = append(out, breach.ListDoubt{Code: code, Field: field, Count: n, Of: of, Refused: refused})
	}
	if over(d.shifted, d.compared, leastShifted, shiftedPercent) {
		put(breach.DoubtShifted, "email", d.shifted, d.compared, over(d.shifted, d.compared, leastShifted, refusedPercent))
	}
	if over(d.foreign, d.dialled, leastForeign, foreignPercent) {
		put(breach.DoubtCountry, "", d.foreign, d.dialled, false)
	}
	for i, s := range shares {
		if n := d.shared[i].most; n >= s.least && n*10_000 >= s.per10k*d.people {
			put(breach.DoubtShared, s.field, n, d.people, false)
		}
	}
	if n := d.birthdays.most; over(n, d.born, leastBirthdays, birthdayPercent) {
		put(breach.DoubtRepeated, "birth_date", n, d.born, false)
	}
	for _, field := range []string{"external_id", "name", "region"} {
		if n := d.secrets[field]; over(n, d.people, leastSecrets, secretPercent) {
			put(breach.DoubtSecret, field, n, d.people, over(n, d.people, leastSecrets, refusedPercent))
		}
	}
	return out
}

func over(n, of, least, percent int64) bool { return n >= least && n*100 >= percent*of }

// profile is what the list is made of.
func (d *doubts) profile(s *Summary) breach.ListProfile {
	p := breach.ListProfile{People: d.people, Shares: map[string]int64{}, Countries: map[string]int64{}}
	if d.people == 0 {
		return p
	}
	share := func(n int64) int64 { return (n*100 + d.people/2) / d.people }
	for k, n := range map[string]int64{
		"email": s.Reachable.Email, "phone": s.Reachable.SMS, "push": s.Reachable.Push, "letter": s.Reachable.Letter, "children": d.children,
	} {
		p.Shares[k] = share(n)
	}
	if d.compared*5 >= d.people { // else hardly any name can be compared
		p.Shares["names_in_addresses"] = (d.own*100 + d.compared/2) / d.compared
	}
	for k, n := range s.ByCountry {
		if share(n) > 0 {
			p.Countries[k] = share(n)
		}
	}
	return p
}
