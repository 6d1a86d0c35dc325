package console

import (
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// contentsView is what the regimes ask of the texts of a plan: what was let go, and what is worth knowing.
type contentsView struct {
	Checked string
	LetGo   []gapView
	Lists   []gapView // signs that the list would tell wrong people, confirmed by name
	Notes   []noteView
}

// gapView is one thing that a regime asks for and that was let go by name.
type gapView struct {
	Place, Kind, Says, Law string
	Texts, With            string
	By, Reason             string
	Unverified             bool
}

type noteView struct{ Text, Field, Duties string }

func (l speech) contents(c *breach.ContentCheck) *contentsView {
	if c == nil {
		return nil
	}
	v := &contentsView{Checked: l.Count(int64(len(c.Checked)), "The texts were compared with what 1 duty asks of them.", "The texts were compared with what %s duties ask of them.")}
	for i, g := range l.gaps(c.Gaps) {
		if c.Gaps[i].Kind == breach.GapList {
			v.Lists = append(v.Lists, g)
		} else {
			v.LetGo = append(v.LetGo, g)
		}
	}
	for _, n := range c.Notes {
		v.Notes = append(v.Notes, noteView{l.noteKind(n.Kind), strings.ReplaceAll(n.Field, "_", " "), strings.Join(n.Obligations, l.T(", "))})
	}
	return v
}

// gaps are what is asked of the texts and not done, in the order of the check.
func (l speech) gaps(list []breach.ContentGap) (out []gapView) {
	for _, g := range list {
		shown := gapView{Place: g.Place(), Kind: l.gapKind(g.Kind), Says: l.composed(g.Says), Law: g.Citation, Unverified: !g.Verified,
			Texts: strings.Join(l.composedAll(g.Texts), l.T(", ")), With: strings.Join(g.With, l.T(", "))}
		if w := g.Waived; w != nil {
			shown.By, shown.Reason = l.T("%s, %s", l.actor(w.By), l.At(w.At).Shown), w.Reason
		}
		out = append(out, shown)
	}
	return out
}

func (l speech) gapKind(kind string) string {
	switch kind {
	case breach.GapList:
		return l.T("The list of people is in doubt")
	case breach.GapMissing:
		return l.T("Asked for, and not in it")
	case breach.GapForbidden:
		return l.T("Must not be in it, and is")
	case breach.GapConflict:
		return l.T("Asked for by one regime and forbidden by another")
	case breach.GapTitle:
		return l.T("The prescribed title is not in it")
	case breach.GapHeadings:
		return l.T("The prescribed headings are not in it in their order")
	case breach.GapFont:
		return l.T("In print that is too small")
	case breach.GapRemedy:
		return l.T("Must be offered to people, and the texts do not say so")
	case breach.GapPosting:
		return l.T("The public notice is taken down too early")
	}
	return l.T("There is no number that people can call")
}

func (l speech) noteKind(kind string) string {
	switch kind {
	case breach.NoteNotKnownYet:
		return l.T("The report says that it is not known yet")
	case breach.NoteMayBeRequired:
		return l.T("Asked for if the duty turns out to apply")
	case breach.NoteMayBeForbidden:
		return l.T("Forbidden if the duty turns out to apply")
	case breach.NoteNoText:
		return l.T("This plan holds no text for it: a person sends it apart from the plan (its text: tocsin report text) and states it done (tocsin report done)")
	case breach.NoteHandOver:
		return l.T("Media get the words of the public page; a person gives them to the media in time, and states it done (tocsin report done)")
	case breach.NoteOwnText:
		return l.T("Its people get a text of their own, which leaves out what the law forbids; whose row names no region gets the text for everybody")
	}
	return l.T("Keep a number answered for as long as the public notice is up")
}

// numbers says which counts the lists and the facts do not agree on.
func (l speech) numbers(list []breach.NumberCount) []string {
	var out []string
	for _, n := range list {
		name, listed := l.numberName(n.Field), ""
		if n.List != nil {
			if listed = l.Num(*n.List); n.AtLeast {
				listed = l.T("at least %s", listed)
			}
		}
		switch {
		case n.Decided != nil:
			out = append(out, l.T("%s: %s, as %s decided: %s", name, l.Num(n.Decided.Value), l.actor(n.Decided.By), n.Decided.Reason))
		case n.Open && n.Estimate != nil && n.List != nil:
			out = append(out, l.T("%s: the lists hold %s, the facts estimate %s. The higher one drives the duties until a person decides.", name, listed, l.Num(*n.Estimate)))
		case n.List != nil:
			out = append(out, l.T("%s: %s, counted from the lists; the facts give no number.", name, listed))
		}
	}
	return out
}

func (l speech) numberName(field string) string {
	switch field {
	case "people.total":
		return l.T("People in all")
	case "people.minors":
		return l.T("Minors")
	case "contacts.missing":
		return l.T("People without any usable contact")
	}
	if code, ok := strings.CutPrefix(field, "people.by_country."); ok {
		return l.Country(code)
	}
	return strings.TrimPrefix(field, "people.by_region.")
}

// gapList names what keeps a plan from being approved, one line each.
func gapList(gaps []breach.ContentGap) []string {
	out := make([]string, len(gaps))
	for i, g := range gaps {
		out[i] = g.Place() + ": " + g.What()
	}
	return out
}
