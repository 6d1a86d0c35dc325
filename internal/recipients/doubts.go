package recipients

import (
	"slices"
	"strconv"
	"strings"

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

	leastUnread   = 1 // of a list of two people too
	unreadPercent = 20
)

// shares says from how many people on one contact is in doubt: a number of people, and of ten thousand when that is
// more. A family shares a mailbox, a school a telephone, a dormitory an address; a telephone's push token, nobody.
var shares = [...]struct {
	field  string
	least  int64
	per10k int64
}{
	{"email", 10, 1}, {"phone", 25, 100}, {"push_token", 3, 0}, {"postal_address", 50, 10}, {"guardian_email", 10, 10}, {"guardian_phone", 10, 100},
}

func guardianOf(p *breach.Person) breach.Guardian {
	if p.Guardian == nil {
		return breach.Guardian{}
	}
	return *p.Guardian
}

// doubts watches a list for signs that notices would go to wrong people. Its memory is bounded.
type doubts struct {
	hash     func(string) uint64
	people   int64
	children int64

	compared, shifted, own int64
	last, now              nameAndMail

	dialled, foreign int64
	codes            map[string]string // country -> calling code

	shared    [len(shares)]crowd
	birthdays crowd
	born      int64

	secrets [len(secretFields)]int64

	unread *unread
}

// secretFields are shown in notices or to operators.
var secretFields = [...]string{"external_id", "name", "region"}

func newDoubts(hash func(string) uint64, h header) *doubts {
	return &doubts{hash: hash, codes: map[string]string{}, unread: newUnread(h)}
}

func (d *doubts) add(p *breach.Person, child bool) {
	d.people++
	if child {
		d.children++
	}
	d.neighbours(p)
	d.calling(p)
	g := guardianOf(p)
	for i, v := range [len(shares)]string{p.Email, p.Phone, p.PushToken, p.PostalAddress, g.Email, g.Phone} {
		if v != "" {
			d.shared[i].add(d.hash(v))
		}
	}
	if p.BirthDate != "" {
		d.born++
		d.birthdays.add(d.hash(p.BirthDate))
	}
	for i, v := range [len(secretFields)]string{p.ExternalID, p.Name, p.Region} {
		if secret(v, secretFields[i]) {
			d.secrets[i]++
		}
	}
}

func (d *doubts) calling(p *breach.Person) {
	if p.Phone == "" || p.Country == "" || nobodys(p.Phone) {
		return
	}
	code, known := d.codes[p.Country]
	if !known {
		if n := phonenumbers.GetCountryCodeForRegion(p.Country); n != 0 {
			code = strconv.Itoa(n)
		}
		d.codes[strings.Clone(p.Country)] = code
	}
	if code == "" {
		return
	}
	d.dialled++
	if !strings.HasPrefix(p.Phone[1:], code) {
		d.foreign++
	}
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
	for i, field := range secretFields {
		if n := d.secrets[i]; over(n, d.people, leastSecrets, secretPercent) {
			put(breach.DoubtSecret, field, n, d.people, over(n, d.people, leastSecrets, refusedPercent))
		}
	}
	for field, n := range map[string]int64{"email": d.unread.mails, "phone": d.unread.calls} {
		if over(n, d.people, leastUnread, unreadPercent) {
			put(breach.DoubtUnread, field, n, d.people, over(n, d.people, leastUnread, refusedPercent))
		}
	}
	slices.SortFunc(out, func(a, b breach.ListDoubt) int { return strings.Compare(a.Name(), b.Name()) })
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
