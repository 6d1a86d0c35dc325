package render

import (
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// copies adds what a report says of the people of its own jurisdiction, and the text that people get.
func (d *draft) copies(known map[string]string, l *tongue, o breach.Obligation) {
	if n := d.local(l, o.Jurisdiction); n != "" {
		known["subject_count_local"] = n
	}
	if text := d.sample(l); text != "" {
		known["notice_copy"] = text
	}
}

// local is how many people the facts count where a law binds: a country, one of its regions, or each of them
// (US-*). What is not counted is not known.
func (d *draft) local(l *tongue, jurisdiction string) string {
	people := d.facts.People
	if country, all := strings.CutSuffix(jurisdiction, "-*"); all {
		regions := maps.Clone(people.ByRegion)
		maps.DeleteFunc(regions, func(name string, _ int64) bool { return !strings.HasPrefix(name, country+"-") })
		return l.counted(regions)
	}
	for _, by := range []map[string]int64{people.ByRegion, people.ByCountry} {
		if n, counted := by[jurisdiction]; counted {
			return l.count(n)
		}
	}
	return ""
}

// sample is the notice by email as an authority gets it, in the report's language or in the first that people are
// told in: with nobody's name and no reference code. It is empty while there are no words for people.
func (d *draft) sample(l *tongue) string {
	told := d.told()
	if len(told) == 0 {
		return ""
	}
	if !slices.Contains(told, l.tag) {
		l = d.engine.languages[told[0]]
	}
	plain, _ := d.views(l)
	plain.Person = personView{
		Greeting: l.words.Greeting.Plain, Child: l.words.Child.Plain, Reference: blank,
		Data: plain.Data, Advice: bulleted(plain.Advice), ShortAdvice: bulleted(plain.Advice),
	}
	return d.run(l.notice[string(breach.ToSelf)].body, plain)
}

// blank stands where a person's reference code is.
const blank = "________"

func bulleted(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return "- " + strings.Join(list, "\n- ")
}
