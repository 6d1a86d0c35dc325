package breach

import (
	"regexp"
	"strings"
	"time"
)

// ListFacts are counts of the people on the loaded lists. The product itself writes them when a list is loaded;
// no file and no amendment can. A list says who was loaded, never that nobody else is concerned.
type ListFacts struct {
	LoadedAt  time.Time        `json:"loaded_at"` // of the latest list, UTC
	Lists     int64            `json:"lists"`
	Total     int64            `json:"total"`
	ByCountry map[string]int64 `json:"by_country,omitzero"`
	NoCountry int64            `json:"no_country"` // whose row names no country
	ByRegion  map[string]int64 `json:"by_region,omitzero"`
	ChildAge  int64            `json:"child_age"` // below which somebody counts as a minor; 0: nobody was counted
	Minors    int64            `json:"minors"`
	NoAge     int64            `json:"no_age"`     // of whom no date of birth is known and no guardian is named
	NoContact int64            `json:"no_contact"` // without any usable contact
	// ToldAt is since when everybody on all these lists is told or covered; zero before, UTC.
	ToldAt time.Time `json:"told_at,omitzero"`
}

// Told says that nobody came on a list after everybody was told at an instant.
func (l *ListFacts) Told(at time.Time) bool {
	return l == nil || !l.LoadedAt.After(at) || l.ToldAt.After(l.LoadedAt)
}

// NumberDecision is what a person decided about a number of which list and facts disagree, with the reason. It
// drives from then on, until a list that is loaded later counts more.
type NumberDecision struct {
	Field  string    `json:"field"` // as in NumberCount
	Value  int64     `json:"value"`
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// NumberCount says of one number what the facts state, what the lists count and which one drives the duties.
type NumberCount struct {
	Field    string          `json:"field"` // people.total, people.minors, contacts.missing, people.by_country.CN, people.by_region.US-CA
	Estimate *int64          `json:"estimate,omitempty"`
	List     *int64          `json:"list,omitempty"`
	AtLeast  bool            `json:"at_least,omitempty"` // some rows do not say: the list's number is a lower limit
	Decided  *NumberDecision `json:"decided,omitempty"`
	Drives   *int64          `json:"drives,omitempty"`
	Open     bool            `json:"open"` // they differ, and nobody decided: the higher one drives
	Says     string          `json:"says"`
}

var numberField = regexp.MustCompile(`^(people\.total|people\.minors|contacts\.missing|people\.by_country\.[A-Z]{2}|people\.by_region\.[A-Z]{2}-[A-Z0-9]{1,3})$`)

// IsNumberField says that a person can decide about a number of this name.
func IsNumberField(field string) bool { return numberField.MatchString(field) }

// Count adds a person to what a list says. child is what IsChild says under ChildAge; usable says that there is
// a contact for whoever is addressed.
func (l *ListFacts) Count(p Person, child, usable bool) {
	l.Total++
	country, region := strings.ToUpper(strings.TrimSpace(p.Country)), strings.ToUpper(strings.TrimSpace(p.Region))
	if IsCountry(country) {
		l.ByCountry = add(l.ByCountry, country)
		if region != "" && !isRegion(region) {
			region = country + "-" + region
		}
		if region != "" && isRegion(region) && strings.HasPrefix(region, country) {
			l.ByRegion = add(l.ByRegion, region)
		}
	} else {
		l.NoCountry++
	}
	if l.ChildAge > 0 {
		_, known := p.born()
		switch {
		case child:
			l.Minors++
		case !known:
			l.NoAge++
		}
	}
	if !usable {
		l.NoContact++
	}
}

func add(m map[string]int64, key string) map[string]int64 {
	if m == nil {
		m = map[string]int64{}
	}
	m[key]++
	return m
}

// Less takes counts away that were added before.
func (l *ListFacts) Less(of ListFacts) {
	l.Total, l.NoCountry, l.Minors = l.Total-of.Total, l.NoCountry-of.NoCountry, l.Minors-of.Minors
	l.NoAge, l.NoContact = l.NoAge-of.NoAge, l.NoContact-of.NoContact
	for _, m := range []struct{ from, take map[string]int64 }{{l.ByCountry, of.ByCountry}, {l.ByRegion, of.ByRegion}} {
		for k, n := range m.take {
			if m.from[k] -= n; m.from[k] <= 0 {
				delete(m.from, k)
			}
		}
	}
}

// Add puts the counts of a further list to those of earlier ones.
func (l *ListFacts) Add(more ListFacts) {
	l.LoadedAt, l.ChildAge = more.LoadedAt, more.ChildAge
	l.Lists, l.Total, l.NoCountry = l.Lists+more.Lists, l.Total+more.Total, l.NoCountry+more.NoCountry
	l.Minors, l.NoAge, l.NoContact = l.Minors+more.Minors, l.NoAge+more.NoAge, l.NoContact+more.NoContact
	for c, n := range more.ByCountry {
		if l.ByCountry == nil {
			l.ByCountry = map[string]int64{}
		}
		l.ByCountry[c] += n
	}
	for r, n := range more.ByRegion {
		if l.ByRegion == nil {
			l.ByRegion = map[string]int64{}
		}
		l.ByRegion[r] += n
	}
}
