package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Paths of the numbers that a list of people can tell.
const (
	numberTotal    = "people.total"
	numberMinors   = "people.minors"
	numberMissing  = "contacts.missing"
	numberCountry  = "people.by_country."
	numberRegion   = "people.by_region."
	adultFromYears = 18
)

// Effective are the facts with the numbers that drive the duties: what a person decided, else the higher one of
// what the facts estimate and what the loaded lists count. What neither knows stays unknown.
func Effective(f breach.Facts) breach.Facts { return reckon(f).low }

// Numbers lists the counts that come from the lists, differ from the estimate, or were decided, in order of
// their names. None while no list is loaded and nothing was decided.
func Numbers(f breach.Facts) []breach.NumberCount {
	var out []breach.NumberCount
	for _, n := range reckon(f).counts {
		if n.Open || n.Decided != nil || n.Estimate == nil {
			out = append(out, n)
		}
	}
	return out
}

// reconciled are facts with one number where the estimate and the lists gave two.
type reconciled struct {
	low, high breach.Facts // high: with those counted in of whom the lists do not say where they belong
	spread    bool         // the two differ
	counts    []breach.NumberCount
	origins   map[string]string // by the fact's path, in words
}

func reckon(f breach.Facts) reconciled {
	out := reconciled{low: f, high: f, origins: map[string]string{}}
	if f.List == nil && len(f.Numbers) == 0 {
		return out
	}
	r := &reckoning{facts: f, list: f.List}
	if r.list == nil {
		r.list = &breach.ListFacts{}
	}
	if r.partial = f.People.Total != nil && r.list.Total < *f.People.Total; r.partial {
		r.slack = *f.People.Total - r.list.Total
	}
	r.all()
	out.low, out.high, out.counts = r.apply(false), r.apply(true), r.counts
	for _, n := range r.counts {
		out.spread = out.spread || n.AtLeast && r.upper[n.Field] > *n.Drives
		if n.Says != "" && (n.List != nil || n.Decided != nil) {
			out.origins[n.Field] = n.Says
		}
	}
	return out
}

// reckoning goes through every number that facts, lists or decisions name.
type reckoning struct {
	facts   breach.Facts
	list    *breach.ListFacts
	partial bool  // the estimate knows of more people than the lists hold
	slack   int64 // how many
	counts  []breach.NumberCount
	upper   map[string]int64 // how high a number may be at most that the lists give as a lower limit
}

func (r *reckoning) all() {
	r.upper = map[string]int64{}
	p, l := r.facts.People, r.list
	var total, missing, minors *int64
	if r.facts.List != nil {
		total, missing = &l.Total, &l.NoContact
	}
	r.number(numberTotal, p.Total, total, false, 0)
	r.number(numberMissing, r.facts.Contacts.Missing, missing, r.partial, r.slack)
	if l.ChildAge > 0 && (l.Minors > 0 || l.NoAge == 0) {
		minors = &l.Minors
	}
	// Who is older than the policy's children and younger than an adult was not counted.
	r.number(numberMinors, p.Minors, minors, r.partial || l.NoAge > 0 || l.ChildAge < adultFromYears, 0)
	countries := newCounts(p)
	for _, c := range r.names(numberCountry, p.ByCountry, l.ByCountry) {
		estimate := estimated(countries.country(c))
		open := r.open(estimate)
		r.number(numberCountry+c, estimate, listed64(l.ByCountry, c, open), open > 0, open)
	}
	regions := regionTable(p)
	for _, name := range r.names(numberRegion, p.ByRegion, l.ByRegion) {
		country, _, _ := strings.Cut(name, "-")
		estimate := estimated(regions.entry(name))
		open := r.open(estimate) + l.ByCountry[country] - addUp(l.ByRegion, country+"-")
		r.number(numberRegion+name, estimate, listed64(l.ByRegion, name, open), open > 0, open)
	}
}

// open is how many people there are of whom nobody says where they belong: rows without a country, and those who are
// on no list yet unless the estimate places them.
func (r *reckoning) open(estimate *int64) int64 {
	if estimate != nil {
		return r.list.NoCountry
	}
	return r.list.NoCountry + r.slack
}

// names are the keys of a table that anybody named, in order.
func (r *reckoning) names(prefix string, tables ...map[string]int64) []string {
	all := map[string]bool{}
	for _, t := range tables {
		for k := range t {
			all[k] = true
		}
	}
	for _, d := range r.facts.Numbers {
		if key, ok := strings.CutPrefix(d.Field, prefix); ok {
			all[key] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func estimated(v any, _ string) *int64 {
	if n, ok := v.(int64); ok {
		return &n
	}
	return nil
}

// listed64 is what lists say of one entry. They prove that nobody is there only when every row says where it
// belongs; lists without such a column prove nothing.
func listed64(m map[string]int64, key string, open int64) *int64 {
	n, ok := m[key]
	if !ok && (open > 0 || len(m) == 0) {
		return nil
	}
	return &n
}

// number decides which one drives.
func (r *reckoning) number(field string, estimate, list *int64, atLeast bool, slack int64) {
	n := breach.NumberCount{Field: field, Estimate: estimate, List: list, AtLeast: atLeast && list != nil}
	for _, d := range r.facts.Numbers { // the latest counts, unless a later list holds more
		if d.Field == field {
			n.Decided = &d
		}
	}
	if d := n.Decided; d != nil && r.facts.List != nil && list != nil && *list > d.Value && r.list.LoadedAt.After(d.At) {
		n.Decided = nil
	}
	switch {
	case n.Decided != nil:
		n.Drives, n.AtLeast = &n.Decided.Value, false
	case estimate == nil:
		n.Drives = list
	case list == nil || *list <= *estimate:
		n.Drives, n.Open = estimate, list != nil && *list < *estimate && !n.AtLeast
		n.AtLeast = false // the estimate drives, and nothing that the lists say is against it
	default:
		n.Drives, n.Open = list, true
	}
	if n.Drives == nil {
		return
	}
	if n.AtLeast {
		r.upper[field] = *n.Drives + slack
	}
	n.Says = r.says(n)
	r.counts = append(r.counts, n)
}

// says tells where a number comes from, for reasons and pages.
func (r *reckoning) says(n breach.NumberCount) string {
	loaded := "the list loaded at " + r.list.LoadedAt.UTC().Format(time.RFC3339)
	if r.list.Lists > 1 {
		loaded = fmt.Sprintf("the %d lists, the latest loaded at %s", r.list.Lists, r.list.LoadedAt.UTC().Format(time.RFC3339))
	}
	atLeast := ""
	if n.List != nil && (n.AtLeast || r.upper[n.Field] > 0) {
		atLeast = "at least "
	}
	estimate := "the facts gave no number"
	if n.Estimate != nil {
		estimate = "the estimate said " + thousands(*n.Estimate)
	}
	switch {
	case n.Decided != nil && n.List != nil:
		return fmt.Sprintf("%s as a person decided, with a recorded reason; %s holds %s%s, and %s", thousands(*n.Drives), loaded, atLeast, thousands(*n.List), estimate)
	case n.Decided != nil:
		return fmt.Sprintf("%s as a person decided, with a recorded reason; %s", thousands(*n.Drives), estimate)
	case n.List == nil:
		return ""
	case n.Estimate != nil && *n.Estimate > *n.List:
		return fmt.Sprintf("%s as the facts estimate; %s holds %s", thousands(*n.Estimate), loaded, thousands(*n.List))
	case n.Estimate != nil && *n.Estimate == *n.List:
		return fmt.Sprintf("%s, as the facts estimate and %s holds", thousands(*n.List), loaded)
	}
	return fmt.Sprintf("%s%s from %s, %s", atLeast, thousands(*n.List), loaded, estimate)
}

// apply writes the numbers into the facts: as they drive, or as high as they may be.
func (r *reckoning) apply(high bool) breach.Facts {
	f := r.facts
	f.People.ByCountry, f.People.ByRegion = maps.Clone(f.People.ByCountry), maps.Clone(f.People.ByRegion)
	decidedTotal := false
	for _, n := range r.counts {
		v := *n.Drives
		if u, open := r.upper[n.Field]; open && high {
			v = u
		}
		switch {
		case n.Field == numberTotal:
			f.People.Total, decidedTotal = &v, n.Decided != nil
		case n.Field == numberMinors:
			f.People.Minors = &v
		case n.Field == numberMissing:
			f.Contacts.Missing = &v
		case strings.HasPrefix(n.Field, numberCountry):
			f.People.ByCountry = with(f.People.ByCountry, strings.TrimPrefix(n.Field, numberCountry), v)
		default:
			f.People.ByRegion = with(f.People.ByRegion, strings.TrimPrefix(n.Field, numberRegion), v)
		}
	}
	// Two tables may disagree about who is where and each be complete: then the whole is at least their sum.
	if sum := addUp(f.People.ByCountry, ""); !high && !decidedTotal && f.People.Total != nil && sum > *f.People.Total {
		f.People.Total = &sum
	}
	return f
}

func with(m map[string]int64, key string, v int64) map[string]int64 {
	if m == nil {
		m = map[string]int64{}
	}
	m[key] = v
	return m
}

// between joins two judgements of which one counts those in of whom nobody knows where they belong: where they
// differ, nobody can tell yet.
func between(low, high breach.Judgement) breach.Judgement {
	at := make(map[string]breach.Obligation, len(high.Obligations))
	for _, o := range high.Obligations {
		at[o.ID] = o
	}
	for i, o := range low.Obligations {
		h := at[o.ID]
		if h.Verdict == o.Verdict {
			continue
		}
		if o.Verdict == breach.DoesNotApply {
			o = h
		}
		o.Verdict = breach.CannotTell
		if o.Clock != nil {
			clock := *o.Clock
			clock.Provisional = true
			o.Clock = &clock
		}
		if !slices.Contains(o.Missing, "people.by_country") {
			o.Missing = append(slices.Clone(o.Missing), "people.by_country")
		}
		o.Because = append([]string{"Cannot tell yet: some people of the lists name no country or region, or are on no list yet; it depends on where they belong"}, o.Because...)
		low.Obligations[i] = o
	}
	return low
}

func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
