package breach

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxLine      = 300    // characters of a title, name or contact field
	maxNarrative = 20_000 // characters of one section
)

var (
	regionCode   = regexp.MustCompile(`^[A-Z]{2}-[A-Z0-9]{1,3}$`)
	currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)
	openWord     = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	obligationID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,59}/(authority|individuals|media|public|other)/[a-z0-9_]{1,60}$`)
	questionID   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,59}/[a-z0-9][a-z0-9_/-]{0,79}$`)
	languageTag  = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`)
)

// checker collects what a file says that cannot be.
type checker struct {
	prefix string
	errs   []FieldError
}

func (c *checker) bad(path, what string) {
	if len(c.errs) < maxErrors {
		c.errs = append(c.errs, FieldError{c.prefix + path, what})
	}
}

func (c *checker) oneOf(path string, v *string, allowed []string) {
	if v != nil && !slices.Contains(allowed, *v) {
		c.bad(path, "must be one of "+strings.Join(allowed, ", "))
	}
}

func (c *checker) words(path string, vs []string, ok func(string) bool, what string) {
	for i, v := range vs {
		if !ok(v) {
			c.bad(fmt.Sprintf("%s[%d]", path, i), what)
		} else if slices.Contains(vs[:i], v) {
			c.bad(fmt.Sprintf("%s[%d]", path, i), "is listed twice")
		}
	}
}

func (c *checker) listOf(path string, vs, allowed []string) {
	c.words(path, vs, func(v string) bool { return slices.Contains(allowed, v) }, "must be one of "+strings.Join(allowed, ", "))
}

func atLeastZero[N int64 | float64](c *checker, path string, v *N) {
	if v != nil && *v < 0 {
		c.bad(path, "must not be negative")
	}
}

// eachKey checks keys and values of a map in key order, so that errors come in the same order every time.
func eachKey[V any](c *checker, path string, m map[string]V, key func(string) bool, what string, value func(at string, v V)) {
	for i, k := range slices.Sorted(maps.Keys(m)) {
		if !key(k) {
			c.bad(path, fmt.Sprintf("has a key (number %d in alphabetical order) that is not %s", i+1, what))
			continue
		}
		if value != nil {
			value(path+"."+k, m[k])
		}
	}
}

func checkFacts(f Facts, prefix string) []FieldError {
	c := &checker{prefix: prefix}
	c.incident(f.Incident)
	c.organisation(f.Organisation)
	c.people(f.People)
	c.listOf("data.classes", f.Data.Classes, DataClasses)
	c.oneOf("data.hashed", f.Data.Hashed, HashStrengths)
	c.oneOf("data.volume", f.Data.Volume, Volumes)
	c.oneOf("exposure.recipients", f.Exposure.Recipients, Recipients)
	c.oneOf("exposure.exfiltrated", f.Exposure.Exfiltrated, YesNoUnknown)
	atLeastZero(c, "availability.restored_after_hours", f.Availability.RestoredAfterHours)
	c.oneOf("availability.service_impact", f.Availability.ServiceImpact, ServiceImpacts)
	c.money("impact.direct_loss", f.Impact.DirectLoss)
	atLeastZero(c, "impact.outage_hours", f.Impact.OutageHours)
	atLeastZero(c, "contacts.missing", f.Contacts.Missing)
	eachKey(c, "contacts.cost_per_person", f.Contacts.CostPerPerson,
		func(k string) bool { return slices.Contains(Channels, Channel(k)) }, "a channel", c.money)
	c.determinations(f.Determinations)
	c.numbers(f)
	c.overrides(f.SeverityOverrides)
	c.listOf("incomplete", f.Incomplete, OpenLists)
	return c.errs
}

func (c *checker) incident(f IncidentFacts) {
	if f.Title != nil {
		c.line("incident.title", *f.Title)
	}
	c.listOf("incident.nature", f.Nature, Natures)
	c.oneOf("incident.cause", f.Cause, Causes)
	if f.OccurredFrom != nil && f.OccurredTo != nil && f.OccurredTo.Before(*f.OccurredFrom) {
		c.bad("incident.occurred_to", "lies before incident.occurred_from")
	}
	eachKey(c, "incident.classification", f.Classification, openWord.MatchString, "the short name of a scheme",
		func(at, v string) {
			if !openWord.MatchString(v) {
				c.bad(at, "must be one lower-case word")
			}
		})
	eachKey(c, "incident.filed_at", f.FiledAt, obligationID.MatchString, "an obligation id such as eu-gdpr/authority/initial", nil)
	eachKey(c, "incident.requested_at", f.RequestedAt, obligationID.MatchString, "an obligation id such as eu-gdpr/authority/phased", nil)
	eachKey(c, "incident.event_at", f.EventAt, obligationID.MatchString, "an obligation id such as us-sec-8k/authority/amendment_8ka", nil)
}

func (c *checker) organisation(o Organisation) {
	if o.Name != nil {
		c.line("organisation.name", *o.Name)
	}
	if o.Country != nil && !IsCountry(*o.Country) {
		c.bad("organisation.country", "must be a country code of ISO 3166-1 in capitals, such as CN or GB")
	}
	c.words("organisation.regions", o.Regions, isRegion, "must be a region code of ISO 3166-2, such as US-CA")
	c.words("organisation.sectors", o.Sectors, openWord.MatchString, "must be one lower-case word")
	c.listOf("organisation.roles", o.Roles, Roles)
	c.oneOf("organisation.attributes.nis2_entity", o.Attributes.NIS2Entity, NIS2Entities)
	c.oneOf("organisation.attributes.hipaa", o.Attributes.HIPAA, HIPAARoles)
}

func (c *checker) people(p PeopleFacts) {
	atLeastZero(c, "people.total", p.Total)
	atLeastZero(c, "people.minors", p.Minors)
	count := func(at string, v int64) { atLeastZero(c, at, &v) }
	eachKey(c, "people.by_country", p.ByCountry, IsCountry, "a country code of ISO 3166-1 in capitals", count)
	eachKey(c, "people.by_region", p.ByRegion, isRegion, "a region code of ISO 3166-2, such as US-CA", count)
	c.words("people.categories", p.Categories, openWord.MatchString, "must be one lower-case word")
	c.parts(p)
}

// parts refuses counts that contradict each other. A map may name a part of the people only, so that a sum
// below the whole is none; one above it is, whichever of the two is wrong.
func (c *checker) parts(p PeopleFacts) {
	countries, regions := int64(0), map[string]int64{}
	for _, n := range p.ByCountry {
		countries = addUp(countries, n)
	}
	for r, n := range p.ByRegion {
		if isRegion(r) {
			regions[r[:2]] = addUp(regions[r[:2]], n)
		}
	}
	if p.Total != nil && countries > *p.Total {
		c.bad("people.by_country", "adds up to more people than people.total: correct the one that is wrong, or leave people.total out while it is unknown")
	}
	for _, country := range slices.Sorted(maps.Keys(regions)) {
		if all, known := p.ByCountry[country]; known && regions[country] > all {
			c.bad("people.by_region", "adds up to more people of "+country+" than people.by_country."+country+": correct the one that is wrong")
		}
	}
}

// addUp stops at the largest number; negative ones are complained about elsewhere.
func addUp(sum, n int64) int64 {
	if n <= 0 {
		return sum
	}
	if sum > math.MaxInt64-n {
		return math.MaxInt64
	}
	return sum + n
}

func (c *checker) money(path string, m map[string]float64) {
	eachKey(c, path, m, currencyCode.MatchString, "a currency code of ISO 4217 in capitals",
		func(at string, v float64) { atLeastZero(c, at, &v) })
}

func (c *checker) determinations(ds []Determination) {
	for i, d := range ds {
		at := fmt.Sprintf("determinations[%d]", i)
		if !questionID.MatchString(d.Question) {
			c.bad(at+".question", "must be a question id such as eu-gdpr/risk_unlikely")
		}
		if strings.TrimSpace(d.Reason) == "" {
			c.bad(at+".reason", "is missing; an answer counts only with its reason")
		}
		c.text(at+".reason", d.Reason)
		c.line(at+".by", d.By)
	}
}

// numbers checks decisions about counts and what lists were counted to hold.
func (c *checker) numbers(f Facts) {
	for i, d := range f.Numbers {
		at := fmt.Sprintf("numbers[%d]", i)
		if !IsNumberField(d.Field) {
			c.bad(at+".field", "must be people.total, people.minors, contacts.missing, people.by_country.CN and the like, or people.by_region.US-CA and the like")
		}
		atLeastZero(c, at+".value", &d.Value)
		if strings.TrimSpace(d.Reason) == "" {
			c.bad(at+".reason", "is missing; a decision counts only with its reason")
		}
		if d.At.IsZero() {
			c.bad(at+".at", "is missing; a list that is loaded later may count more")
		}
		c.text(at+".reason", d.Reason)
		c.line(at+".by", d.By)
	}
	l := f.List
	if l == nil {
		return
	}
	if l.LoadedAt.IsZero() {
		c.bad("list.loaded_at", "is missing; decisions about numbers are older or newer than the list")
	}
	count := func(at string, v int64) { atLeastZero(c, at, &v) }
	for _, n := range []*int64{&l.Lists, &l.Total, &l.NoCountry, &l.ChildAge, &l.Minors, &l.NoAge, &l.NoContact} {
		atLeastZero(c, "list", n)
	}
	eachKey(c, "list.by_country", l.ByCountry, IsCountry, "a country code of ISO 3166-1 in capitals", count)
	eachKey(c, "list.by_region", l.ByRegion, isRegion, "a region code of ISO 3166-2, such as US-CA", count)
}

func (c *checker) overrides(os []SeverityOverride) {
	for i, o := range os {
		at := fmt.Sprintf("severity_overrides[%d]", i)
		values, known := SeverityCells[o.Cell]
		switch {
		case !known:
			c.bad(at+".cell", "must be one of "+strings.Join(SeverityCellNames, ", "))
		case !slices.Contains(values, o.Value):
			c.bad(at+".value", "must be one of "+strings.Trim(fmt.Sprint(values), "[]")+" for this cell")
		}
		if strings.TrimSpace(o.Reason) == "" {
			c.bad(at+".reason", "is missing; a cell is set by hand only with the reason")
		}
		c.text(at+".reason", o.Reason)
		c.line(at+".by", o.By)
	}
}

const maxOfferMonths = 1200

func (c *checker) offers(list []Offer) {
	seen := map[string]bool{}
	for i, o := range list {
		at := fmt.Sprintf("offers[%d]", i)
		switch {
		case !openWord.MatchString(o.Offer):
			c.bad(at+".offer", "must be a word such as credit_monitoring")
		case seen[o.Offer]:
			c.bad(at+".offer", "is given twice; keep the one that is offered")
		}
		seen[o.Offer] = true
		if o.Months < 0 || o.Months > maxOfferMonths {
			c.bad(at+".months", fmt.Sprintf("must be from 0 (no term is stated) to %d", maxOfferMonths))
		}
	}
}

func isRegion(r string) bool { return regionCode.MatchString(r) && IsCountry(r[:2]) }

// line refuses what could become a header, a log line or a second field.
func (c *checker) line(path, v string) {
	switch {
	case strings.ContainsFunc(v, unicode.IsControl) || strings.ContainsAny(v, "\u2028\u2029"):
		c.bad(path, "must be one line without control characters")
	case utf8.RuneCountInString(v) > maxLine:
		c.bad(path, fmt.Sprintf("must not be longer than %d characters", maxLine))
	}
}

func (c *checker) text(path, v string) {
	control := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
	switch {
	case strings.ContainsFunc(v, control):
		c.bad(path, "must not hold control characters")
	case utf8.RuneCountInString(v) > maxNarrative:
		c.bad(path, fmt.Sprintf("must not be longer than %d characters", maxNarrative))
	}
}

// checkWords checks what people are told, and turns the line ends of Windows into plain ones.
func checkWords(f *IncidentFile) []FieldError {
	c := &checker{}
	c.line("policy", f.Policy)
	eachKey(c, "narrative", f.Narrative, languageTag.MatchString, "a language tag such as en or zh-Hans",
		func(at string, n Narrative) {
			for _, s := range []*string{&n.Summary, &n.Consequences, &n.MeasuresTaken, &n.MeasuresPlanned, &n.IndividualSteps, &n.Remedies} {
				*s = strings.ReplaceAll(*s, "\r\n", "\n")
			}
			for _, s := range n.Sections() {
				c.text(at+"."+s.Name, s.Text)
			}
			f.Narrative[strings.TrimPrefix(at, "narrative.")] = n
		})
	eachKey(c, "contents", f.Contents, languageTag.MatchString, "a language tag such as en or zh-Hans",
		func(at string, fields map[string]string) {
			eachKey(c, at, fields, openWord.MatchString, "the name of a content field, such as dpo", func(at, v string) {
				c.text(at, v)
			})
			for k, v := range fields {
				fields[k] = strings.ReplaceAll(v, "\r\n", "\n")
			}
		})
	c.offers(f.Offers)
	for _, v := range []Section{{"name", f.Contact.Name}, {"email", f.Contact.Email}, {"phone", f.Contact.Phone}, {"address", f.Contact.Address}} {
		c.line("contact."+v.Name, v.Text)
	}
	slices.SortStableFunc(c.errs, func(a, b FieldError) int { return cmp.Compare(a.Where, b.Where) })
	return c.errs
}
