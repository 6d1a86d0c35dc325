package policy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Limits are messages a second that a provider takes, over all workers together. 0 is no limit.
type Limits struct {
	PerSecond  float64       `yaml:"per_second,omitempty"`
	PerDomain  *DomainRates  `yaml:"per_domain,omitempty"`  // of recipients; email alone
	PerCountry *CountryRates `yaml:"per_country,omitempty"` // of people, or ranges of their numbers
}

// DomainRates are limits by recipient domain, in small letters. Default is that of every other domain.
type DomainRates struct {
	Default float64            `yaml:"default,omitempty"`
	By      map[string]float64 `yaml:"by,omitempty"`
}

// CountryRates are limits by country (ISO 3166-1 alpha-2), or by the first digits of a number in international
// form, such as +8613. Default is that of every other country.
type CountryRates struct {
	Default float64            `yaml:"default,omitempty"`
	By      map[string]float64 `yaml:"by,omitempty"`
}

// of is the limit of one domain; 0 is none.
func (r *DomainRates) of(name string) float64 {
	if r == nil {
		return 0
	}
	if n, named := r.By[name]; named {
		return n
	}
	return r.Default
}

// of is the limit of one country; 0 is none.
func (r *CountryRates) of(name string) float64 {
	if r == nil {
		return 0
	}
	if n, named := r.By[name]; named {
		return n
	}
	return r.Default
}

var (
	domainPattern  = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,62}\.)+[a-z0-9-]{2,63}$`)
	numbersPattern = regexp.MustCompile(`^\+[1-9][0-9]{0,9}$`)
)

const (
	slowest = 0.001
	fastest = 1_000_000
)

func (c *complaints) limits(where string, v Provider) {
	l := v.Limits
	if l == nil {
		return
	}
	c.unless(l.PerSecond != 0 || l.PerDomain != nil || l.PerCountry != nil, where, "is empty: name a limit, or leave it out")
	c.pace(where+".per_second", l.PerSecond)
	if l.PerDomain != nil {
		c.unless(v.Channel == breach.Email, where+".per_domain", "is for email alone")
		c.rates(where+".per_domain", l.PerDomain.Default, l.PerDomain.By, domainPattern.MatchString, "must be a domain in small letters, such as example.org")
	}
	if l.PerCountry != nil {
		known := func(s string) bool { return countryPattern.MatchString(s) || numbersPattern.MatchString(s) }
		c.rates(where+".per_country", l.PerCountry.Default, l.PerCountry.By, known, "must be a country in two capital letters (ISO 3166-1), or the first digits of numbers, such as +8613")
	}
}

func (c *complaints) rates(where string, def float64, by map[string]float64, known func(string) bool, what string) {
	c.unless(def != 0 || len(by) > 0, where, "is empty: name a default or some of them, or leave it out")
	c.pace(where+".default", def)
	for i, name := range slices.Sorted(maps.Keys(by)) {
		at := fmt.Sprintf("%s.by[%d]", where, i)
		c.unless(known(name), at, "%s", what)
		c.unless(by[name] != 0, at, "must be more than 0: a provider that takes nothing belongs out of the routing")
		c.pace(at, by[name])
	}
}

func (c *complaints) pace(where string, n float64) {
	c.unless(n == 0 || (n >= slowest && n <= fastest), where, "must be messages a second, from %g to %d", slowest, fastest)
}

// Range is what a limit by country is counted for: the longest range of numbers that the limits name and the contact
// is in, else the country of the person.
func (p Profile) Range(v Provider, who breach.Person, contact string) string {
	if v.Limits == nil || v.Limits.PerCountry == nil {
		return ""
	}
	longest := ""
	for name := range v.Limits.PerCountry.By {
		if len(name) > len(longest) && name[0] == '+' && strings.HasPrefix(contact, name) {
			longest = name
		}
	}
	if longest != "" {
		return longest
	}
	return p.countryOf(who)
}

// Without is the best provider that the policy permits for a person and a channel besides those that are left out,
// with the exception that it rests on. A provider that is down is left out like this: nothing is recorded of it,
// and nobody else is permitted for that. Empty means that there is none.
func (p Profile) Without(who breach.Person, c breach.Channel, out func(Provider) bool) (provider, exception string) {
	if slices.Contains(who.Objections, c) {
		return "", ""
	}
	for _, id := range p.candidates(who, c) {
		v, ok := p.Provider(id)
		if !ok || v.Channel != c || !serves(v, who) || out(v) {
			continue
		}
		if refused, claimed := p.refuses(v, who); refused == "" {
			return id, claimed
		}
	}
	return "", ""
}
