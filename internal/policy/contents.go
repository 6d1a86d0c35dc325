package policy

import (
	"html"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Contents is what a plan's texts are compared with.
type Contents struct {
	Judgement breach.Judgement
	Reports   []string          // obligations whose report the plan holds
	Texts     []breach.TextBody // every text of the plan
	KeepDays  int               // for which the policy keeps the announcement up
	LetterPt  float64           // in which the text of letters is printed, points; 0 where nothing says so
	Contact   breach.Contact
	Waivers   []breach.Waiver
	Wave      int
	Doubts    []breach.ListDoubt // of the list of people
}

// Check compares every text of a plan with what the duties that apply ask of it. People of several regimes get
// one text, so it must hold what any of them requires; what one requires and another forbids is a conflict. A
// duty of which nobody can tell yet blocks nothing: what it may ask for is noted. It decides nothing about law
// that the packs do not say, and believes of a text only what its template declares and really fills in.
func (c Contents) Check() breach.ContentCheck {
	k := &contentCheck{Contents: c, notes: map[noteKey][]string{}, out: breach.ContentCheck{Checked: []string{}}}
	k.split()
	for _, o := range c.Judgement.Obligations {
		switch {
		case o.Verdict == breach.DoesNotApply:
		case slices.Contains(c.Reports, o.ID):
			k.report(o)
		case len(k.notices) == 0 || !o.StartsAtOnce():
		case o.Verdict == breach.CannotTell && o.Duty == dutyIndividuals:
			k.maybe(o)
		case o.Verdict == breach.Applies:
			k.toPeople(o)
		}
	}
	k.list()
	k.finish()
	return k.out
}

const dutyIndividuals = "notify_individuals"

type noteKey struct{ kind, field string }

type contentCheck struct {
	Contents
	notices, pages []breach.TextBody
	reports        map[string]breach.TextBody
	notes          map[noteKey][]string
	out            breach.ContentCheck
}

func (k *contentCheck) split() {
	k.reports = map[string]breach.TextBody{}
	for _, t := range k.Texts {
		switch t.Kind {
		case breach.KindReport:
			k.reports[t.Channel] = t
		case breach.KindAnnouncement:
			k.pages = append(k.pages, t)
		default:
			k.notices = append(k.notices, t)
		}
	}
}

// toPeople checks what people read of one duty that applies.
func (k *contentCheck) toPeople(o breach.Obligation) {
	switch o.Duty {
	case dutyIndividuals:
		k.out.Checked = append(k.out.Checked, o.ID)
		texts := k.readBy(o)
		k.fields(o, texts)
		k.wording(o, texts)
		k.print(o, texts)
		k.remedies(o, texts)
		k.substitutes(o)
	case "public_notice", "notify_media": // media get the words of the page
		k.out.Checked = append(k.out.Checked, o.ID)
		k.fields(o, k.pages)
		k.wording(o, k.pages)
		k.print(o, k.pages)
		k.remedies(o, k.pages)
		if o.Duty == "notify_media" {
			k.note(breach.NoteHandOver, "", o)
		}
	case "notify_other":
		k.note(breach.NoteNoText, "", o)
	}
}

// fields compares what a duty requires and forbids with what is read.
func (k *contentCheck) fields(o breach.Obligation, texts []breach.TextBody) {
	for _, f := range once(o.Contents) {
		if lacking := k.lacking(o, f, texts); len(lacking) > 0 {
			k.gap(o, breach.GapMissing, f, lacking, k.asked(f, func(p breach.Obligation) []string { return p.Forbidden }))
		}
	}
	for _, f := range once(o.Forbidden) {
		if holding := k.holding(f, texts); len(holding) > 0 {
			k.gap(o, breach.GapForbidden, f, holding, k.asked(f, func(p breach.Obligation) []string { return p.Contents }))
		}
	}
}

// maybe notes what a duty would ask for if it turned out to apply.
func (k *contentCheck) maybe(o breach.Obligation) {
	texts := k.readBy(o)
	for _, f := range once(o.Contents) {
		if len(k.lacking(o, f, texts)) > 0 {
			k.note(breach.NoteMayBeRequired, f, o)
		}
	}
	for _, f := range once(o.Forbidden) {
		if len(k.holding(f, texts)) > 0 {
			k.note(breach.NoteMayBeForbidden, f, o)
		}
	}
	for _, r := range o.Remedies {
		if len(k.withholding(r, texts)) > 0 {
			k.note(breach.NoteMayBeRequired, r.Offer, o)
		}
	}
}

// readBy are the texts that those read whom a duty is about. The people of a place whose law forbids what the others
// are told have texts of their own, and the page, which speaks to everybody, is not their notice.
func (k *contentCheck) readBy(o breach.Obligation) []breach.TextBody {
	var own, others []breach.TextBody
	for _, t := range k.notices {
		_, place := breach.ReadVariant(t.Variant)
		switch country, _, _ := strings.Cut(place, "-"); {
		case place != "" && place == o.Jurisdiction:
			own = append(own, t)
		case place == "" || breach.MayLiveIn(o.Jurisdiction, country, place):
			others = append(others, t)
		}
	}
	if len(own) > 0 {
		k.note(breach.NoteOwnText, "", o)
		return own
	}
	return slices.Concat(others, k.pages)
}

// lacking names the texts whose readers do not get a field.
func (k *contentCheck) lacking(o breach.Obligation, field string, texts []breach.TextBody) []string {
	var out []string
	for _, t := range texts {
		given := k.read(t)
		does := slices.ContainsFunc(sameAs(field, o.Contents), func(f string) bool { return slices.Contains(given, f) })
		if !does {
			out = append(out, textName(t))
		}
	}
	return once(out)
}

func (k *contentCheck) holding(field string, texts []breach.TextBody) []string {
	var out []string
	for _, t := range texts {
		given := k.read(t)
		if _, place := breach.ReadVariant(t.Variant); place != "" {
			given = t.Carries // what a law forbids, it forbids in the notice itself
		}
		if slices.Contains(given, field) {
			out = append(out, textName(t))
		}
	}
	return once(out)
}

// read is what somebody gets who reads a text: an SMS or a push points to the page, in its language if there
// is one, and is read together with it.
func (k *contentCheck) read(t breach.TextBody) []string {
	if p, ok := k.pageOf(t); ok {
		return slices.Concat(t.Carries, p.Carries)
	}
	return t.Carries
}

// pageOf is the page that a text points to; false for a text that says everything itself.
func (k *contentCheck) pageOf(t breach.TextBody) (page breach.TextBody, ok bool) {
	if t.Parts["link"] == "" || len(k.pages) == 0 {
		return page, false
	}
	for _, p := range k.pages {
		if p.Locale == t.Locale {
			return p, true
		}
	}
	return k.pages[0], true
}

// sameAs lists the fields of which any one gives what a duty asks for by the name of one: regimes that name the
// data protection officer and a contact point ask for one "or other contact point", as article 33(3)(b) of the
// GDPR does; help that is offered has two names.
func sameAs(field string, all []string) []string {
	switch {
	case field == "dpo" && slices.Contains(all, "contact_point"):
		return []string{"dpo", "contact_point"}
	case field == "remedies" || field == "remedies_offered":
		return []string{"remedies", "remedies_offered"}
	}
	return []string{field}
}

// asked lists the duties towards people that apply and name a field.
func (k *contentCheck) asked(field string, of func(breach.Obligation) []string) []string {
	var out []string
	for _, o := range k.Judgement.Obligations {
		if o.Verdict == breach.Applies && o.Duty == dutyIndividuals && o.StartsAtOnce() && slices.Contains(of(o), field) {
			out = append(out, o.ID)
		}
	}
	return out
}

// wording checks a title and headings that are prescribed literally. They are looked for in the texts of the
// language that they are written in; SMS, push and calls have no headings.
func (k *contentCheck) wording(o breach.Obligation, texts []breach.TextBody) {
	if o.Heading == "" && len(o.Headings) == 0 {
		return
	}
	var untitled, unordered []string
	found := false
	for _, t := range texts {
		if t.Parts["text"] == "" || t.Parts["link"] != "" || !o.HeadingIn(t.Locale) {
			continue
		}
		found = true
		for _, part := range []string{"text", "html"} {
			words := strings.ToLower(html.UnescapeString(t.Parts[part]))
			if words == "" { // a letter has no HTML
				continue
			}
			if o.Heading != "" && !strings.Contains(words, strings.ToLower(o.Heading)) {
				untitled = append(untitled, textName(t))
			}
			if !inOrder(words, o.Headings) {
				unordered = append(unordered, textName(t))
			}
		}
	}
	if len(untitled) > 0 || !found && o.Heading != "" {
		k.gap(o, breach.GapTitle, "title", once(untitled), nil)
	}
	if len(unordered) > 0 || !found && len(o.Headings) > 0 {
		k.gap(o, breach.GapHeadings, "headings", once(unordered), nil)
	}
}

// inOrder says that text, in lower case, holds all headings one after the other.
func inOrder(text string, headings []string) bool {
	for _, h := range headings {
		i := strings.Index(text, strings.ToLower(h))
		if i < 0 {
			return false
		}
		text = text[i+len(h):]
	}
	return true
}

// substitutes checks what stands in for telling people one by one: how long the page stays, and who answers.
func (k *contentCheck) substitutes(o breach.Obligation) {
	for _, s := range o.Substitutes {
		names := strings.Join(s.Form, " ")
		if s.DurationDays > k.KeepDays && containsAny(names, "web", "page", "internet", "site", "public") {
			k.gap(o, breach.GapPosting, "posting_days", []string{posted(k.KeepDays, s.DurationDays)}, nil)
		}
		if s.CallCentreDays == 0 && !containsAny(names, "toll_free", "call_cent", "inquiry_desk") {
			continue
		}
		if k.Contact.Phone == "" {
			k.gap(o, breach.GapCallCentre, "call_centre", nil, nil)
			continue
		}
		k.note(breach.NoteKeepAnswering, "", o)
	}
}

// report checks what an authority reads. A field that the report says is not known yet is a gap, unless the
// regime lets it be handed in later or has a later report to the same authority.
func (k *contentCheck) report(o breach.Obligation) {
	t, ok := k.reports[o.ID]
	if !ok {
		return
	}
	k.out.Checked = append(k.out.Checked, o.ID)
	for _, f := range once(o.Contents) {
		as := sameAs(f, o.Contents)
		given := slices.ContainsFunc(as, func(f string) bool { return strings.TrimSpace(t.Fields[f]) != "" && !slices.Contains(t.Open, f) })
		switch {
		case given:
		case slices.Contains(t.Open, f) && (slices.Contains(o.Deferrable, f) || k.later(o)):
			k.note(breach.NoteNotKnownYet, f, o)
		default:
			k.gap(o, breach.GapMissing, f, []string{textName(t)}, nil)
		}
	}
	for _, f := range once(o.Forbidden) {
		if strings.TrimSpace(t.Fields[f]) != "" && !slices.Contains(t.Open, f) {
			k.gap(o, breach.GapForbidden, f, []string{textName(t)}, nil)
		}
	}
}

// later says that the same regime has a further report, which supplies what is not known yet.
func (k *contentCheck) later(o breach.Obligation) bool {
	return slices.ContainsFunc(k.Judgement.Obligations, func(p breach.Obligation) bool {
		return p.ID != o.ID && p.Regime == o.Regime && p.Duty == o.Duty && p.Clock != nil && (!p.StartsAtOnce() || slices.Contains(p.After, o.ID)) && p.Verdict != breach.DoesNotApply
	})
}

func (k *contentCheck) gap(o breach.Obligation, kind, field string, texts, with []string) {
	with = slices.DeleteFunc(slices.Clone(with), func(id string) bool { return id == o.ID })
	if len(with) > 0 {
		kind = breach.GapConflict
	}
	for _, g := range k.out.Gaps {
		if g.Obligation == o.ID && g.Field == field {
			return
		}
	}
	g := breach.ContentGap{
		Obligation: o.ID, Field: field, Kind: kind, Says: fieldMeans(o, field), Texts: texts, Citation: o.Citation, Verified: o.Verified,
		With: with, Do: whatToDo(kind, field),
	}
	g.Waived = k.waived(g)
	k.out.Gaps = append(k.out.Gaps, g)
}

// waived is who let a gap go; the latest counts.
func (k *contentCheck) waived(g breach.ContentGap) *breach.Waiver {
	for i := len(k.Waivers) - 1; i >= 0; i-- {
		if w := k.Waivers[i]; w.Obligation == g.Obligation && w.Field == g.Field {
			return &w
		}
	}
	return nil
}

// list puts what is in doubt about the list of people among the gaps: who confirms it does so by name, too.
func (k *contentCheck) list() {
	for _, d := range k.Doubts {
		g := d.Gap(k.Wave)
		g.Waived = k.waived(g)
		k.out.Gaps = append(k.out.Gaps, g)
	}
}

func (k *contentCheck) note(kind, field string, o breach.Obligation) {
	key := noteKey{kind, field}
	if !slices.Contains(k.notes[key], o.ID) {
		k.notes[key] = append(k.notes[key], o.ID)
	}
}

// finish puts notes in order. The page's name of a duty stands for itself; nobody reads sixty lines of it.
func (k *contentCheck) finish() {
	keys := slices.SortedFunc(maps.Keys(k.notes), func(a, b noteKey) int {
		return strings.Compare(a.kind+"/"+a.field, b.kind+"/"+b.field)
	})
	for _, key := range keys {
		k.out.Notes = append(k.out.Notes, breach.ContentNote{
			Kind: key.kind, Field: key.field, Says: noteWords[key.kind] + suffixed(or(PackContents[key.field], strings.ReplaceAll(key.field, "_", " "))), Obligations: k.notes[key],
		})
	}
}

func textName(t breach.TextBody) string {
	if t.Kind == breach.KindReport {
		return "report " + t.Locale
	}
	return strings.TrimSpace(t.Channel + " " + t.Locale + " " + t.Variant)
}

func once(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func containsAny(s string, some ...string) bool {
	return slices.ContainsFunc(some, func(w string) bool { return strings.Contains(s, w) })
}
