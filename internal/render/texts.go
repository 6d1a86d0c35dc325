package render

import (
	"html"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Texts composes everything that a plan covers: a notice per channel, language and variant that people in
// locales need, the announcement in every language that has a narrative, and a report per obligation
// towards an authority that applies or may apply. Duties towards people that apply say what notices and
// announcement hold beyond the narrative. The first language is the default one.
//
// Problems name what is missing, empty or not allowed, and block approval; texts are returned beside them
// so that they can be looked at. An error means that the templates themselves are broken.
func (e *Engine) Texts(file breach.IncidentFile, s Scope, duties []breach.Obligation, locales []string) (texts []breach.Text, problems []string, err error) {
	d := e.newDraft(file, s)
	d.askedOfNotices(duties)
	d.places = breach.OwnTexts(duties)
	if len(locales) > 0 { // else nobody is on the list: reports alone
		texts = d.toPeople(locales)
	}
	for _, duty := range duties {
		if reported(duty) {
			texts = append(texts, d.seal(d.report(duty))...)
		}
	}
	if len(d.problems) == 0 { // else they follow from what is missing, which is said already
		d.problems = append(d.problems, slices.Compact(d.empties)...)
	}
	return texts, d.problems, nil
}

// toPeople composes the notices and the announcement.
func (d *draft) toPeople(locales []string) (texts []breach.Text) {
	for _, tag := range d.needed(locales) {
		for _, channel := range d.scope.Channels {
			for _, v := range variants {
				if v.name == breach.ToGuardian && !d.scope.Guardian {
					continue
				}
				for _, place := range d.placesOf(tag) {
					if body, ok := d.notice(d.engine.languages[tag], channel, v.name, place); ok {
						texts = append(texts, d.seal(body, "notice/"+tag)...)
					}
				}
			}
		}
	}
	for _, tag := range d.told() {
		texts = append(texts, d.seal(d.announcement(d.engine.languages[tag]), "announcement/"+tag)...)
	}
	return texts
}

// seal encodes a body, says whether the template that it is made of was signed off, and notes variables in it that
// nobody fills.
func (d *draft) seal(b breach.TextBody, unit string) []breach.Text {
	where := b.Kind + " " + b.Channel + " " + b.Locale + " " + b.Variant
	if _, err := compile(b); err != nil {
		d.problem(strings.TrimSpace(where), err.Error())
	}
	t, err := breach.NewText(b)
	if err != nil {
		d.problem(strings.TrimSpace(where), "cannot be encoded")
		return nil
	}
	t.Ref.Reviewed = d.engine.reviewed(unit)
	return []breach.Text{t}
}

// view is what templates see. Section fields hold plain text or HTML, as the template needs.
type view struct {
	Locale, Subject, Title, Organisation, Page, Verify, Ask, Data, People string // Title: where a regime prescribes one
	Brief                                                                 string // the first two sentences of the summary

	Direction            string // ltr or rtl
	Contact              breach.Contact
	AnswerDays, MinorAge string // "15 days" and "14", in the language; empty when there is none
	Guardian             bool
	Advice               []string
	More                 []extra // fields that regimes ask for beyond the sections
	Person               personView

	Summary, Consequences, MeasuresTaken, MeasuresPlanned, IndividualSteps, Remedies any
}

// personView holds the marks that stand where a person's values will be.
type personView struct{ Greeting, Child, Reference, Data, Advice, ShortAdvice string }

var marks = personView{
	Greeting: "{{greeting}}", Child: "{{child}}", Reference: "{{reference}}",
	Data: "{{data}}", Advice: "{{advice}}", ShortAdvice: "{{short_advice}}",
}

// views gives the same values twice: sections as text, and sections as HTML.
func (d *draft) views(l *tongue) (plain, markup view) {
	v := view{
		Locale: l.tag, Title: d.titles[l.tag], Organisation: d.org, Page: d.pointer(), Verify: d.address(), Ask: d.contact.Phone,
		Data: l.dataWords(d.classes), Advice: l.adviceFor(d.classes), Contact: d.contact,
		AnswerDays: l.days(d.scope.AnswerDays), MinorAge: l.years(d.scope.MinorAge), Direction: l.direction(), Guardian: d.scope.Guardian, Person: marks,
	}
	if v.Ask == "" {
		v.Ask = d.contact.Email
	}
	if n := d.facts.People.Total; n != nil && *n > 0 {
		v.People = l.count(*n)
	}
	plain, markup = v, v
	plain.More, markup.More = d.byTheHouse(l, d.extras(l, false)), d.byTheHouse(l, d.extras(l, true))
	p := d.prose[l.tag]
	for name, fields := range map[string][2]*any{
		"summary": {&plain.Summary, &markup.Summary}, "consequences": {&plain.Consequences, &markup.Consequences},
		"measures_taken": {&plain.MeasuresTaken, &markup.MeasuresTaken}, "measures_planned": {&plain.MeasuresPlanned, &markup.MeasuresPlanned},
		"individual_steps": {&plain.IndividualSteps, &markup.IndividualSteps}, "remedies": {&plain.Remedies, &markup.Remedies},
	} {
		*fields[0], *fields[1] = p[name].Text, p[name].HTML
	}
	return plain, markup
}

// notice composes one text for people; false for a channel without templates.
func (d *draft) notice(l *tongue, channel breach.Channel, to breach.Addressee, place string) (breach.TextBody, bool) {
	set, variant := l.notice[string(to)], breach.VariantOf(to, place)
	plain, markup := d.views(l)
	plain.More, markup.More = d.extras(l, false), d.extras(l, true)
	if place != "" {
		d.tellLess(l, place, &plain, &markup)
		done := d.within(place)
		defer done()
	}
	plain.Brief = brief(words(plain.Summary))
	markup.Brief = plain.Brief
	b := breach.TextBody{Kind: breach.KindNotice, Channel: string(channel), Locale: l.tag, Variant: variant}
	switch channel {
	case breach.Email:
		subject := single(d.run(set.subject, plain))
		plain.Subject, markup.Subject = subject, subject
		b.Parts = map[string]string{"subject": subject, "text": d.run(set.body, plain), "html": d.run(set.html, markup)}
		b.Carries = d.carried(l, set.body, set.html)
		d.carries(set.body.Name(), b.Parts["text"], l, false)
		d.carries(set.html.Name()+" ("+l.tag+" "+variant+")", b.Parts["html"], l, true)
		d.harmless(set.html.Name()+" ("+l.tag+" "+variant+")", b.Parts["html"])
		for _, part := range []string{"text", "html"} {
			d.holds(set.body.Name(), b.Parts[part], "the reference code", marks.Reference)
			d.holds(set.body.Name(), b.Parts[part], "the address of the verify page", d.address())
		}
	case breach.Letter:
		b.Parts = map[string]string{"subject": single(d.run(set.letterSubject, plain)), "text": d.run(set.letter, plain)}
		b.Carries = d.carried(l, set.letter)
		d.carries(set.letter.Name(), b.Parts["text"], l, false)
		d.holds(set.letter.Name(), b.Parts["text"], "the reference code", marks.Reference)
		d.holds(set.letter.Name(), b.Parts["text"], "the address of the verify page", d.address())
	case breach.Voice:
		plain = l.aloud(plain)
		b.Parts = map[string]string{"text": d.run(set.script, plain), "machine": single(d.run(set.machine, plain)), "link": d.pointer()}
		b.Carries = d.carried(l, set.script)
		d.holds(set.script.Name(), b.Parts["text"], "the reference code", marks.Reference)
		d.holds(set.script.Name(), b.Parts["text"], "the address of the verify page", plain.Verify)
		d.silent(set.machine.Name(), b.Parts["machine"], plain)
	case breach.SMS:
		b.Parts = map[string]string{"text": single(d.run(set.sms, plain)), "link": d.pointer()}
		b.Carries = d.carried(l, set.sms)
		d.holds(set.sms.Name(), b.Parts["text"], "the reference code", marks.Reference)
		d.holds(set.sms.Name(), b.Parts["text"], "the address of the page", d.pointer())
		d.holds(set.sms.Name(), b.Parts["text"], "the address of the verify page", d.address())
	case breach.Push:
		b.Parts = map[string]string{"title": single(d.run(set.pushTitle, plain)), "body": single(d.run(set.pushBody, plain)), "link": d.pointer()}
		b.Carries = merged(d.carried(l, set.pushTitle), d.carried(l, set.pushBody))
		d.holds(set.pushBody.Name(), b.Parts["body"], "the reference code", marks.Reference)
		d.holds(set.pushBody.Name(), b.Parts["body"], "the address of the verify page", d.address())
	default:
		return breach.TextBody{}, false
	}
	b.Carries = slices.DeleteFunc(b.Carries, func(field string) bool { return slices.Contains(d.places[place], field) })
	b.Choices = l.choices(d.classes, b.Parts)
	d.clocks(l, b.Choices, b.Parts)
	b.Offers, b.Zone = d.said(b.Carries), d.zoneOf(l, b.Parts)
	return b, true
}

// announcement composes the page in one language; html is a fragment, the site puts head and frame around.
func (d *draft) announcement(l *tongue) breach.TextBody {
	plain, markup := d.views(l)
	plain.More, markup.More = d.undated(l, plain.More), d.undated(l, markup.More)
	title := single(d.run(l.page.title, plain))
	b := breach.TextBody{Kind: breach.KindAnnouncement, Channel: "page", Locale: l.tag, Parts: map[string]string{
		"title": title, "html": d.run(l.page.html, markup), "text": d.run(l.page.text, plain),
	}}
	b.Carries = merged(d.carried(l, l.page.text, l.page.html), d.carried(l, l.page.title))
	b.Offers = d.said(b.Carries)
	d.carries(l.page.text.Name(), b.Parts["text"], l, false)
	d.carries(l.page.html.Name(), b.Parts["html"], l, true)
	d.harmless(l.page.html.Name(), b.Parts["html"])
	for _, part := range []string{"title", "html", "text"} {
		if strings.Contains(b.Parts[part], "{{") {
			d.problem("announcement "+l.tag+" "+part, "holds a person's variable; everybody reads the same page")
		}
	}
	return b
}

// executable is what text and HTML templates have in common.
type executable interface {
	Execute(w io.Writer, data any) error
	Name() string
}

var unknownVariable = regexp.MustCompile(`template: ([^:]+):(\d+)\S* executing "[^"]*" at <([^>]*)>`)

// run fills a template with the incident's values. A variable that does not exist is a problem.
func (d *draft) run(t executable, data any) string {
	var b bounded
	if err := t.Execute(&b, data); err != nil {
		where, what := t.Name(), "cannot be filled in"
		if m := unknownVariable.FindStringSubmatch(err.Error()); m != nil {
			where, what = m[1], "unknown variable "+m[3]+" in line "+m[2]
		}
		d.problem("template "+where, what)
		return ""
	}
	if v, is := data.(view); is && d.place == "" { // a report's fields have a rule of their own: Required and Open
		d.empty(t, v)
	}
	return strings.TrimSpace(b.String())
}

// carries checks that a text holds every required section and the contact.
func (d *draft) carries(where, text string, l *tongue, markup bool) {
	if d.place != "" { // it leaves out what its law forbids, and the text of everybody else was looked at
		return
	}
	for _, section := range (breach.Narrative{}).Sections() {
		name := section.Name
		p := d.prose[l.tag][name]
		want := p.Text
		if markup {
			want = string(p.HTML)
		}
		d.holds(where, text, "the section "+name, want)
	}
	if markup {
		text = html.UnescapeString(text)
	}
	d.holds(where, text, "the contact", d.contact.Name)
	d.holds(where, text, "the contact's email", d.contact.Email)
	d.holds(where, text, "the contact's phone", d.contact.Phone)
}

// holds notes a template that leaves out what it must carry; what is empty is noted where it belongs.
func (d *draft) holds(where, text, what, want string) {
	if want != "" && !strings.Contains(text, want) {
		d.problem("template "+where, "leaves out "+what)
	}
}

func single(s string) string { return strings.Join(strings.Fields(s), " ") }
