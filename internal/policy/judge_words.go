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

// values are the facts that a condition used, as far as they are known.
func (j *judging) values(r *rule) string {
	if r == nil {
		return ""
	}
	s := &j.shown[r.index]
	if !s.made || r.index == 0 {
		*s = shownText{inBrackets(j.valuesOf(make([]string, 0, maxValues), r)), true}
	}
	return s.text
}

func (j *judging) valuesOfAll(cs []compiledCondition) string {
	if len(cs) == 1 {
		return j.values(cs[0].rule)
	}
	out := make([]string, 0, maxValues)
	for i := range cs {
		out = j.valuesOf(out, cs[i].rule)
	}
	return inBrackets(out)
}

func (j *judging) valuesOf(out []string, r *rule) []string {
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

func inBrackets(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return " (" + strings.Join(values, "; ") + ")"
}

// text is a fact with its value, or "" while it is unknown. Many conditions show the same facts.
func (j *judging) text(n int) string {
	t := &j.texts[n]
	if !t.made {
		s, _ := factText(j.facts, j.rules.shown[n])
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
