package render

import (
	"maps"
	"slices"
	"strings"
)

// placesOf lists for whom notices are written in a language: for everybody (the empty name), and for the people of
// each place whose law forbids what the others are told.
func (d *draft) placesOf(tag string) []string {
	out := []string{""}
	for _, place := range slices.Sorted(maps.Keys(d.places)) {
		if d.tellsLess(d.engine.languages[tag], place) {
			out = append(out, place)
		}
	}
	return out
}

// within notes for which place a text is composed, until the returned function is called.
func (d *draft) within(place string) (done func()) {
	d.place = place
	return func() { d.place = "" }
}

// tellsLess says that the text of everybody holds something that the law of a place forbids.
func (d *draft) tellsLess(l *tongue, place string) bool {
	for _, to := range variants {
		set := l.notice[string(to.name)]
		for _, t := range []executable{set.body, set.html, set.sms, set.pushTitle, set.pushBody, set.letter, set.script} {
			if slices.ContainsFunc(d.carried(l, t), func(f string) bool { return slices.Contains(d.places[place], f) }) {
				return true
			}
		}
	}
	return false
}

// tellLess takes out of a text what the law of a place forbids. Where a section of the organisation's words gives
// it, the words that stand there instead are contents of the incident under the section's own name.
func (d *draft) tellLess(l *tongue, place string, plain, markup *view) {
	forbidden := d.places[place]
	for _, name := range slices.Sorted(maps.Keys(d.engine.gives)) {
		fields := d.engine.gives[name]
		given := slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return !slices.Contains(forbidden, f) })
		if len(given) == 0 {
			continue
		}
		instead := ""
		for _, f := range fields {
			if p := d.written[l.tag][f]; !slices.Contains(forbidden, f) && p.Text != "" {
				blocks[name](plain, p.Text)
				blocks[name](markup, p.HTML)
				instead = f
				break
			}
		}
		switch {
		case instead != "":
		case len(given) == len(fields):
			blocks[name](plain, "")
			blocks[name](markup, "")
		default:
			own := slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return slices.Contains(forbidden, f) })[0]
			d.problem("contents."+l.tag+"."+own, "is missing; the people of "+place+" get a text of their own, because their law forbids "+
				strings.Join(given, " and ")+" in it: write here what it says instead of that section (tocsin incident amend)")
		}
	}
	keep := func(more []extra) []extra {
		out := make([]extra, 0, len(more))
		for i, field := range slices.Sorted(maps.Keys(d.more[l.tag])) {
			if !slices.Contains(forbidden, field) {
				out = append(out, more[i])
			}
		}
		return out
	}
	plain.More, markup.More = keep(plain.More), keep(markup.More)
}
