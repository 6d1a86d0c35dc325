package render

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// why says per required section which promise or law asks for it.
var why = map[string]string{
	"summary":          "people must be told what happened (M02)",
	"consequences":     "people must be told what it may mean for them (M02)",
	"measures_taken":   "people must be told what was done (M03)",
	"measures_planned": "people must be told what will be done (M03)",
	"individual_steps": "people must be told how to protect themselves (M04)",
	"remedies":         "people must be told what help they are offered (M05)",
}

// draft is one run of Texts: the incident's values made fit for texts, and the problems met on the way.
type draft struct {
	engine  *Engine
	facts   breach.Facts
	scope   Scope
	org     string
	contact breach.Contact
	base    string // public address without trailing slash
	tags    []string
	prose   map[string]map[string]prose // language -> section
	classes []string
	written map[string]map[string]prose // language -> field: words of the organisation for fields that nothing else holds
	more    map[string]map[string]prose // language -> field: what regimes ask of notices beyond the sections
	offers  []breach.Offer
	titles  map[string]string   // language -> the title that regimes prescribe, if any does
	places  map[string][]string // whose people have a text of their own -> fields that its law forbids
	place   string              // of the text that is being composed

	problems []string
	seen     map[string]bool
	empties  []string // variables that are written and hold nothing
}

func (e *Engine) newDraft(file breach.IncidentFile, s Scope) *draft {
	d := &draft{engine: e, facts: file.Facts, scope: s, prose: map[string]map[string]prose{}, seen: map[string]bool{},
		written: map[string]map[string]prose{}, more: map[string]map[string]prose{}, titles: map[string]string{}}
	d.identity(file)
	d.languages()
	d.narrative(file.Narrative)
	d.contents(file.Contents)
	d.offers = file.Offers
	for _, c := range file.Facts.Data.Classes {
		d.classes = append(d.classes, className(c))
	}
	return d
}

// problem notes what blocks approval, once.
func (d *draft) problem(where, what string) {
	if p := where + ": " + what; !d.seen[p] {
		d.seen[p] = true
		d.problems = append(d.problems, p)
	}
}

// identity reads who writes and where they can be reached.
func (d *draft) identity(file breach.IncidentFile) {
	d.org = d.scope.Organisation
	if n := file.Facts.Organisation.Name; n != nil && strings.TrimSpace(*n) != "" {
		d.org = *n
	}
	if d.org = d.line("facts.organisation.name", d.org); d.org == "" {
		d.problem("facts.organisation.name", "is missing; people must see who writes to them")
	}
	d.contact = breach.Contact{
		Name: d.line("contact.name", file.Contact.Name), Email: d.line("contact.email", file.Contact.Email),
		Phone: d.line("contact.phone", file.Contact.Phone), Address: d.line("contact.address", file.Contact.Address),
	}
	if d.contact.Name == "" {
		d.problem("contact.name", "is missing; every notice names somebody to turn to (PIPL 57, M06)")
	}
	if d.contact.Email == "" && d.contact.Phone == "" {
		d.problem("contact", "has neither email nor phone; people must be able to ask (M21)")
	}
	fields := map[string]string{"email": d.contact.Email, "phone": d.contact.Phone, "address": d.contact.Address}
	for _, name := range d.scope.ContactRequired {
		if value, known := fields[name]; known && value == "" {
			d.problem("contact."+name, "is missing; the policy requires it in every notice")
		}
	}
	d.base = strings.TrimSuffix(d.scope.PublicBaseURL, "/")
	u, err := url.Parse(d.base)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		d.problem("public address", "is not an absolute http or https address; people need it to check that a notice is genuine")
		d.base = ""
	}
}

// line makes a value of the organisation fit for one line; marks of variables in it are a problem.
func (d *draft) line(where, value string) string {
	if strings.Contains(value, "{{") || strings.Contains(value, "}}") {
		d.problem(where, "holds {{ or }}, which mark a person's variables")
	}
	return oneLine(value)
}

// languages decides which ones are offered, the default first.
func (d *draft) languages() {
	first, ok := d.engine.canonical(d.scope.DefaultLocale)
	if !ok || first == "" {
		d.problem("policy.languages.default", "is "+strconv.Quote(oneLine(d.scope.DefaultLocale))+", for which there are no templates; there are "+strings.Join(d.engine.tags, ", "))
		first = d.engine.tags[0]
	}
	d.tags = []string{first}
	offered := d.scope.Locales
	if len(offered) == 0 {
		offered = d.engine.tags
	}
	for _, l := range offered {
		if tag, ok := d.engine.canonical(l); ok && tag != "" && !slices.Contains(d.tags, tag) {
			d.tags = append(d.tags, tag)
		}
	}
}

// narrative reads the organisation's own words. A language that there are no templates for is passed over.
func (d *draft) narrative(all map[string]breach.Narrative) {
	for _, key := range slices.Sorted(maps.Keys(all)) {
		tag, ok := d.engine.canonical(key)
		if !ok {
			d.problem("narrative."+strconv.Quote(oneLine(key)), "is not a language tag such as en or zh-Hans")
			continue
		}
		if tag == "" {
			continue
		}
		if _, twice := d.prose[tag]; twice {
			d.problem("narrative."+key, "is the second narrative in the language "+tag+"; keep one")
			continue
		}
		d.prose[tag] = map[string]prose{}
		for _, s := range all[key].Sections() {
			p, bad := readMarkdown(s.Text)
			for _, b := range bad {
				d.problem("narrative."+key+"."+s.Name, b)
			}
			if p.Text == "" && len(bad) == 0 {
				d.problem("narrative."+key+"."+s.Name, "is empty; "+why[s.Name])
			}
			d.prose[tag][s.Name] = p
		}
	}
}

// told lists the offered languages that have a narrative, the default first.
func (d *draft) told() []string {
	var out []string
	for _, t := range d.tags {
		if _, has := d.prose[t]; has {
			out = append(out, t)
		}
	}
	return out
}

// needed lists the languages in which notices are composed, and notes those for which words are missing.
func (d *draft) needed(locales []string) []string {
	told := d.told()
	_, hasDefault := d.prose[d.tags[0]]
	if len(told) == 0 {
		d.problem("narrative."+d.tags[0], "is missing; nothing can be told without it")
		return nil
	}
	want := map[string]bool{told[0]: true}
	for _, l := range locales {
		best := negotiate(l, d.tags)
		if _, has := d.prose[best]; !has && !hasDefault {
			d.problem("narrative."+best, "is missing, and so is the default language; there are people who read "+best)
		}
		want[negotiate(l, told)] = true
	}
	return slices.DeleteFunc(told, func(t string) bool { return !want[t] })
}

// address is how the verify page is written out for people to type.
func (d *draft) address() string { return strings.TrimPrefix(d.base, "https://") + "/verify" }

// pointer is where SMS, push and calls lead: a call names the page on which the code is typed, which leads there.
func (d *draft) pointer() string {
	if d.scope.PageReference != "" {
		return d.base + "/notices/" + url.PathEscape(d.scope.PageReference)
	}
	return d.base + "/verify"
}

// className is the one spelling of a data class.
func className(s string) string {
	return oneSpelling.Replace(strings.ToLower(strings.TrimSpace(s)))
}

var oneSpelling = strings.NewReplacer(" ", "_", "-", "_")
