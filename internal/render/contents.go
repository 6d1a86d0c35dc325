package render

import (
	"html"
	"html/template"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// extra is a block for a field that a regime asks for and no other block gives.
type extra struct {
	Heading string
	Text    any
}

// proof stands in a block's place to see whether a template shows it; nobody writes this.
const (
	proof                     = "qZ7blockproofZ7q"
	proofMarkup template.HTML = proof
)

// block is a part of a template that contents.yaml names: how to fill it with words of its own.
type block func(v *view, words any)

// blocks are all parts of templates that can give a field.
var blocks = map[string]block{
	"Organisation":    func(v *view, w any) { v.Organisation = said(w) },
	"Contact":         func(v *view, w any) { v.Contact.Name = said(w) },
	"Data":            func(v *view, w any) { v.Data, v.Person.Data = said(w), said(w) },
	"People":          func(v *view, w any) { v.People = said(w) },
	"Summary":         func(v *view, w any) { v.Summary = w },
	"Consequences":    func(v *view, w any) { v.Consequences = w },
	"MeasuresTaken":   func(v *view, w any) { v.MeasuresTaken = w },
	"MeasuresPlanned": func(v *view, w any) { v.MeasuresPlanned = w },
	"IndividualSteps": func(v *view, w any) { v.IndividualSteps = w },
	"Remedies":        func(v *view, w any) { v.Remedies = w },
	"More":            func(v *view, w any) { v.More = []extra{{"", w}} },
}

func said(words any) string {
	if h, ok := words.(template.HTML); ok {
		return string(h)
	}
	return words.(string)
}

// loadContents reads which fields each block gives.
func (e *Engine) loadContents(files fs.FS) error {
	var declared struct {
		Blocks map[string][]string `yaml:"blocks"`
	}
	p := loader{files: files}
	p.yaml("contents.yaml", &declared)
	if p.err != nil {
		return breach.Errorf(breach.ErrInternal, "templates: %w", p.err)
	}
	for name := range declared.Blocks {
		if blocks[name] == nil {
			return breach.Errorf(breach.ErrInternal, "templates: contents.yaml declares fields of %s, and no template has such a block", strconv.Quote(name))
		}
	}
	e.gives = declared.Blocks
	return nil
}

// showing lists the blocks of a template. It is looked at once, when a text is first made of it: there are many
// languages, and an incident needs few.
func (e *Engine) showing(t executable) []string {
	if known, ok := e.shows.Load(t); ok {
		return known.([]string)
	}
	var words any = proof
	if _, is := t.(*template.Template); is {
		words = proofMarkup
	}
	found := shown(t, words)
	e.shows.Store(t, found)
	return found
}

// shown lists the blocks whose words come out of a template. One that cannot be filled in shows nothing; what is
// wrong with it is said when a text is composed.
func shown(t executable, words any) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(blocks)) {
		v := view{Contact: breach.Contact{Name: "-"}, Person: marks}
		blocks[name](&v, words)
		var b bounded
		if t.Execute(&b, v) == nil && strings.Contains(b.String(), proof) {
			out = append(out, name)
		}
	}
	return out
}

// carried are the fields that a text gives whose parts are made from these templates: each of them must show a
// block, because people read one part or the other, and there must be words for it.
func (d *draft) carried(l *tongue, parts ...executable) []string {
	var out []string
	for name, fields := range d.engine.gives {
		all := d.filled(l, name)
		for _, t := range parts {
			all = all && slices.Contains(d.engine.showing(t), name)
		}
		if all {
			out = append(out, fields...)
			if name == "More" {
				out = append(out, slices.Sorted(maps.Keys(d.more[l.tag]))...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// merged are the fields of parts that everybody reads together.
func merged(parts ...[]string) []string {
	all := slices.Concat(parts...)
	slices.Sort(all)
	return slices.Compact(all)
}

// filled says that the incident has words for a block.
func (d *draft) filled(l *tongue, name string) bool {
	sections := map[string]string{
		"Summary": "summary", "Consequences": "consequences", "MeasuresTaken": "measures_taken",
		"MeasuresPlanned": "measures_planned", "IndividualSteps": "individual_steps", "Remedies": "remedies",
	}
	switch name {
	case "Organisation":
		return d.org != ""
	case "Contact":
		return d.contact.Name != "" && d.contact.Email+d.contact.Phone != ""
	case "Data":
		return l.dataWords(d.classes) != l.advice.DataUnknown
	case "People":
		n := d.facts.People.Total
		return n != nil && *n > 0
	case "More":
		return len(d.more[l.tag]) > 0
	}
	return d.prose[l.tag][sections[name]].Text != ""
}

// contents reads the words for fields that neither facts nor narrative hold.
func (d *draft) contents(all map[string]map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(all)) {
		tag, ok := d.engine.canonical(key)
		if !ok {
			d.problem("contents."+strconv.Quote(oneLine(key)), "is not a language tag such as en or zh-Hans")
			continue
		}
		if tag == "" {
			continue
		}
		if d.written[tag] == nil {
			d.written[tag] = map[string]prose{}
		}
		for _, field := range slices.Sorted(maps.Keys(all[key])) {
			p, bad := readMarkdown(all[key][field])
			for _, b := range bad {
				d.problem("contents."+key+"."+field, b)
			}
			if p.Text != "" {
				d.written[tag][field] = p
			}
		}
	}
}

// askedOfNotices finds what the duties towards people ask for and no block gives, and the words for it: what the
// organisation wrote, or what the facts say. A field without words is left out; who checks the plan names it.
func (d *draft) askedOfNotices(duties []breach.Obligation) {
	for _, tag := range d.told() {
		l := d.engine.languages[tag]
		d.more[tag] = d.offered(l)
		given := d.carried(l, l.notice[string(breach.ToSelf)].body)
		for _, o := range duties {
			if o.Duty != "notify_individuals" || o.Verdict != breach.Applies || !o.StartsAtOnce() {
				continue
			}
			if o.Heading != "" && o.HeadingIn(tag) && !strings.Contains(d.titles[tag], o.Heading) {
				d.titles[tag] = joined(" / ", d.titles[tag], oneLine(o.Heading))
			}
			for _, field := range o.Contents {
				if slices.Contains(given, field) {
					continue
				}
				if p := d.wordsFor(l, field); p.Text != "" {
					d.more[tag][field] = p
				}
			}
		}
	}
}

// wordsFor is what is known of a field in a language.
func (d *draft) wordsFor(l *tongue, field string) prose {
	if p, ok := d.written[l.tag][field]; ok {
		return p
	}
	if p, ok := d.marked(field); ok {
		return p
	}
	if field == noticeDate {
		return dated
	}
	text := d.reportFields(l)[field]
	if text == "" {
		return prose{}
	}
	text = inert(text)
	markup := "<p>" + strings.ReplaceAll(html.EscapeString(text), "\n", "<br>") + "</p>"
	return prose{Text: text, HTML: template.HTML(markup)} //nolint:gosec // every text is escaped
}

// fields are those of further blocks, in the order in which they stand.
func fields(more map[string]prose) []string { return slices.Sorted(maps.Keys(more)) }

// extras are the further blocks of a language, as text or as HTML, with marks for the clock of who reads them.
func (d *draft) extras(l *tongue, markup bool) []extra {
	var out []extra
	for _, field := range fields(d.more[l.tag]) {
		e := extra{Heading: l.label(field), Text: d.more[l.tag][field].Text}
		if markup {
			e.Text = d.more[l.tag][field].HTML
		}
		out = append(out, e)
	}
	return out
}
