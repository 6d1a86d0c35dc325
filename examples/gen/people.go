package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
)

var columns = []string{
	"external_id", "name", "email", "phone", "locale", "country", "region", "birth_date",
	"guardian_name", "guardian_email", "guardian_phone", "postal_address", "push_token", "push_platform",
	"data_classes", "consent_marketing",
}

// person is one row in the making. n counts in the whole list and k in the country, both from 1; latin is
// the name as it stands in an e-mail address.
type person struct {
	id, name, email, phone, locale, region, birth string
	guardianName, guardianEmail, guardianPhone    string
	address, token                                string
	marketing                                     bool
	land                                          *land
	latin                                         string
	n, k                                          int
}

// maker draws people; its randomness is seeded, so the list never changes.
type maker struct {
	r    *rand.Rand
	free []*person // not yet given a kind
}

// people makes the list: first everybody with a country and a name, then the kinds of contact that a real
// list has, in fixed numbers.
func people() []*person {
	m := &maker{r: rand.New(rand.NewPCG(2026, 57))}
	var all []*person
	for i := range lands {
		for k := range lands[i].people {
			all = append(all, &person{land: &lands[i], k: k + 1})
		}
	}
	m.r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for i, p := range all {
		p.n = i + 1
		p.id = fmt.Sprintf("L%06d", 100000+7*p.n)
		m.identity(p)
	}
	m.free = append(m.free, all...)
	m.r.Shuffle(len(m.free), func(i, j int) { m.free[i], m.free[j] = m.free[j], m.free[i] })
	m.unreachable()
	m.mail()
	m.phones()
	m.pushes()
	m.children()
	for _, p := range m.free {
		m.ordinary(p)
	}
	return all
}

// take gives the next n free people who fit a kind.
func (m *maker) take(n int, fits func(*person) bool) []*person {
	var taken, rest []*person
	for _, p := range m.free {
		if len(taken) < n && fits(p) {
			taken = append(taken, p)
		} else {
			rest = append(rest, p)
		}
	}
	m.free = rest
	return taken
}

func anybody(*person) bool      { return true }
func mainland(p *person) bool   { return p.land.code == "CN" }
func abroad(p *person) bool     { return !mainland(p) }
func ownNumbers(p *person) bool { return p.land.code == "CN" || p.land.code == "HK" }

// unreachable: nobody has a contact of them.
func (m *maker) unreachable() { m.take(40, anybody) }

// mail: mailboxes that refuse, are full, ask to come back, or whose server breaks off.
func (m *maker) mail() {
	for i, p := range m.take(30, anybody) {
		m.mailbox(p, "bounce.simulator.test")
		switch {
		case i < 12:
			p.phone = m.number(p)
		case i < 20:
			p.token = m.device("")
		}
	}
	for _, p := range m.take(20, anybody) {
		m.mailbox(p, "greylist.simulator.test")
	}
	for i, p := range m.take(10, anybody) {
		m.mailbox(p, "full.simulator.test")
		if i < 6 {
			p.phone = m.number(p)
		}
	}
	for _, p := range m.take(8, anybody) {
		m.mailbox(p, "drop.simulator.test")
	}
}

// phones: people who left a phone number alone; some of them switched off, gave up the number, opted out,
// or the answer or the receipt is lost.
func (m *maker) phones() {
	for _, k := range []struct {
		ending string
		n      int
	}{{"00002", 6}, {"00003", 4}, {"00004", 4}, {"00005", 4}, {"00007", 4}} {
		for i, p := range m.take(k.n, ownNumbers) {
			p.phone = p.land.special(10*int(k.ending[4]-'0')+i, k.ending)
		}
	}
	for _, p := range m.take(38, anybody) {
		p.phone = m.number(p)
	}
}

// pushes: people who only ever used the app.
func (m *maker) pushes() {
	m.app("", 12, abroad)
	m.app("gone-", 6, abroad)
	m.app("drop-", 4, abroad)
	m.app("quota-", 4, abroad)
	m.app("", 14, mainland)
}

func (m *maker) app(prefix string, n int, fits func(*person) bool) {
	for _, p := range m.take(n, fits) {
		p.token = m.device(prefix)
	}
}

// children under 14, most of them with a guardian who can be reached.
func (m *maker) children() {
	for i, p := range m.take(50, anybody) {
		p.birth = fmt.Sprintf("%d-%02d-%02d", 2014+m.r.IntN(5), 1+m.r.IntN(12), 1+m.r.IntN(28))
		m.mailbox(p, "")
		if i >= 40 {
			continue // nobody wrote down a guardian
		}
		guardian := &person{land: p.land, n: p.n, k: p.k}
		m.identity(guardian)
		p.guardianName = guardian.name
		if i < 32 {
			domain := ""
			if i >= 29 {
				domain = "bounce.simulator.test"
			}
			guardian.latin = "parent." + guardian.latin
			m.mailbox(guardian, domain)
			p.guardianEmail = guardian.email
		}
		if i < 20 || i >= 32 {
			p.guardianPhone = m.number(p)
		}
	}
}

// ordinary people have an e-mail address, many a phone number, some the app.
func (m *maker) ordinary(p *person) {
	m.mailbox(p, "")
	if m.r.IntN(100) < 70 {
		p.phone = m.number(p)
	}
	if m.r.IntN(100) < 25 {
		p.token = m.device("")
	}
	if m.r.IntN(100) < 20 {
		p.address = p.land.address(m.r)
	}
}

// identity draws what is known of everybody: name, language, region, birth date.
func (m *maker) identity(p *person) {
	l := p.land
	given, family := pick(m.r, l.given), pick(m.r, l.family)
	p.name = l.join(given.native, family.native)
	p.latin = given.latin + "." + family.latin
	p.locale = l.locales[m.r.IntN(len(l.locales))]
	if len(l.regions) > 0 {
		p.region = pick(m.r, l.regions)
	}
	if m.r.IntN(100) < 70 {
		p.birth = fmt.Sprintf("%d-%02d-%02d", 1958+m.r.IntN(52), 1+m.r.IntN(12), 1+m.r.IntN(28))
	}
	p.marketing = m.r.IntN(100) < 40
}

var domains = []string{"mail.test", "post.test", "example.com", "example.net", "example.org"}

func (m *maker) mailbox(p *person, domain string) {
	if domain == "" {
		domain = pick(m.r, domains)
	}
	p.email = fmt.Sprintf("%s.%d@%s", p.latin, p.n, domain)
}

func (m *maker) number(p *person) string { return p.land.phone(p.k) }

func (m *maker) device(prefix string) string {
	return fmt.Sprintf("%sdemo%016x%016x", prefix, m.r.Uint64(), m.r.Uint64())
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// classes says what of this person stood in the table that leaked.
func (p *person) classes() string {
	list := []string{"account_id", "name"}
	if p.email != "" {
		list = append(list, "email")
	}
	if p.phone != "" {
		list = append(list, "phone")
	}
	return strings.Join(append(list, "password_hash"), ";")
}

func write(w io.Writer, all []*person) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	for _, p := range all {
		platform := ""
		if p.token != "" {
			platform = "fcm"
		}
		if err := out.Write([]string{
			p.id, p.name, p.email, p.phone, p.locale, p.land.code, p.region, p.birth,
			p.guardianName, p.guardianEmail, p.guardianPhone, p.address, p.token, platform,
			p.classes(), fmt.Sprint(p.marketing),
		}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
