package render

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"
	texttemplate "text/template"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// report is one template for an authority and the fields that it shows.
type report struct {
	name     string // of its unit
	template *texttemplate.Template
	fields   []string // sorted
}

const (
	genericReport = "generic"
	otherReport   = "other" // to whom a law names beside authorities and people; it says no more than that law asks for
)

var fieldInTemplate = regexp.MustCompile(`\.F\.([a-z_]+)`)

// loadReports reads report/<regime>/[<phase>.]<language>.txt.
func (e *Engine) loadReports(files fs.FS) error {
	names, err := fs.Glob(files, "report/*/*.txt")
	if err != nil {
		return breach.Errorf(breach.ErrInternal, "templates: the folder report cannot be read: %w", err)
	}
	p := loader{files: files}
	for _, name := range names {
		r := &report{name: strings.TrimSuffix(name, ".txt"), template: p.text(path.Dir(name), path.Base(name))}
		for _, m := range fieldInTemplate.FindAllStringSubmatch(string(p.read(name)), -1) {
			if !slices.Contains(r.fields, m[1]) {
				r.fields = append(r.fields, m[1])
			}
		}
		sort.Strings(r.fields)
		e.reports[strings.TrimSuffix(strings.TrimPrefix(name, "report/"), ".txt")] = r
	}
	for _, tag := range e.tags {
		for _, kind := range []string{genericReport, otherReport} {
			if p.err == nil && e.reports[kind+"/"+tag] == nil {
				return breach.Errorf(breach.ErrInternal, "templates: report/%s/%s.txt is missing", kind, tag)
			}
		}
	}
	if p.err != nil {
		return breach.Errorf(breach.ErrInternal, "templates: %w", p.err)
	}
	return nil
}

// reported says that a duty asks for a report, to an authority or to somebody else, that is due or may be.
func reported(o breach.Obligation) bool {
	parts := strings.Split(o.ID, "/")
	to := o.Duty == "notify_authority" || toOthers(o) || (o.Duty == "" && len(parts) == 3 && parts[1] == "authority")
	return to && (o.Verdict == breach.Applies || o.Verdict == breach.CannotTell)
}

func toOthers(o breach.Obligation) bool { return o.Duty == "notify_other" }

// reportFor finds the template of a duty and the language that it is filed in: the regime's own, for the
// phase or for all phases, else the generic one; in the default language where there are words in it.
func (d *draft) reportFor(o breach.Obligation) (*report, string) {
	tags := slices.Concat(d.told(), d.tags, d.engine.tags)
	if toOthers(o) {
		return d.engine.reports[otherReport+"/"+tags[0]], tags[0]
	}
	for _, stem := range []string{o.Regime + "/" + o.Phase + ".", o.Regime + "/"} {
		for _, tag := range tags {
			if r := d.engine.reports[stem+tag]; r != nil {
				return r, tag
			}
		}
	}
	return d.engine.reports[genericReport+"/"+tags[0]], tags[0]
}

// reportView is what report templates see: F by field key, as in the rule packs.
type reportView struct {
	Duty breach.Obligation
	F    map[string]string
}

// report composes the report of one duty. Contents that the rule pack asks for and the template does not
// show are added at its end, so that nothing that the law names is left out.
func (d *draft) report(o breach.Obligation) (body breach.TextBody, unit string) {
	r, tag := d.reportFor(o)
	l := d.engine.languages[tag]
	b := breach.TextBody{Kind: breach.KindReport, Channel: o.ID, Locale: tag, Fields: map[string]string{}}
	keys := slices.Clone(r.fields)
	for _, key := range o.Contents {
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	known := d.reportFields(l)
	d.copies(known, l, o)
	if o.DelayReason != "" {
		known["delay_reason"] = inert(o.DelayReason)
	}
	for _, key := range keys {
		text, isKnown := known[key]
		if p := d.writtenFor(tag, key); p.Text != "" {
			text = p.Text
		}
		switch {
		case text != "":
			b.Fields[key] = text
		case isKnown || onlyAtTheEnd[key]: // a person must write it: it is required and still empty
			b.Fields[key] = ""
		default:
			b.Fields[key] = l.words.Unknown
			b.Open = append(b.Open, key)
		}
		if isKnown || onlyAtTheEnd[key] {
			b.Required = append(b.Required, key)
		}
	}
	sort.Strings(b.Required)
	sort.Strings(b.Open)
	text := d.run(r.template, reportView{Duty: plainDuty(o), F: b.Fields})
	for _, key := range keys {
		if !slices.Contains(r.fields, key) {
			text += "\n\n" + l.label(key) + "\n" + b.Fields[key]
		}
	}
	title := o.Title
	if title == "" {
		title = o.ID
	}
	b.Parts = map[string]string{"title": single(oneLine(d.org + l.words.Between + title)), "text": text}
	return b, r.name
}

// onlyAtTheEnd are contents of closing reports that no fact holds and no program can write.
var onlyAtTheEnd = map[string]bool{"accountability": true, "lessons": true}

// plainDuty is a duty whose words cannot carry variables.
func plainDuty(o breach.Obligation) breach.Obligation {
	o.Title, o.Citation, o.ID, o.Addressee = oneLine(o.Title), oneLine(o.Citation), oneLine(o.ID), oneLine(o.Addressee)
	if o.Title == "" {
		o.Title = o.ID
	}
	return o
}

func (l *tongue) label(key string) string {
	if word := l.words.Labels[key]; word != "" {
		return word
	}
	return inert(strings.ReplaceAll(key, "_", " "))
}
