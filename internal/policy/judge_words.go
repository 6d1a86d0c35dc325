package policy

import (
	"slices"
	"strings"
)

// maxValues keeps a reason readable: more values than that are not listed.
const maxValues = 6

// answeredText says that a person decided. Who and why stays with the determination: reasons are free text.
func answeredText(answer bool) string {
	if answer {
		return "a person answered yes, with a recorded reason"
	}
	return "a person answered no, with a recorded reason"
}

// values adds the facts that a condition used, as far as they are known.
func (j *judging) values(out []string, r *rule) []string {
	if r == nil {
		return out
	}
	for _, n := range r.shows {
		text := j.text(n)
		if text != "" && len(out) < maxValues && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// withValues puts the values that were used behind a reason.
func withValues(because string, values []string, more string) string {
	if len(values) == 0 {
		return because + more
	}
	n := len(because) + len(" ()") + len(more)
	for _, v := range values {
		n += len("; ") + len(v)
	}
	var b strings.Builder
	b.Grow(n)
	b.WriteString(because)
	before := " ("
	for _, v := range values {
		b.WriteString(before)
		b.WriteString(v)
		before = "; "
	}
	b.WriteString(")")
	b.WriteString(more)
	return b.String()
}

// text is a fact with its value, or "" while it is unknown. Many conditions show the same facts.
func (j *judging) text(n int) string {
	t := &j.texts[n]
	if !t.made {
		s := j.base.text(j.rules.shown[n])
		if len(j.origins) > 0 {
			if name, _, _ := strings.Cut(s, " = "); j.origins[name] != "" {
				s += " [" + j.origins[name] + "]"
			}
		}
		*t = shownText{s, true}
	}
	return t.text
}

func gapText(missing []string) string {
	if len(missing) == 0 {
		return ""
	}
	return " (unknown: " + strings.Join(missing, ", ") + ")"
}
