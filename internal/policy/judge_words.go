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
func (j *judging) values(rules ...*rule) string {
	if len(rules) != 1 {
		return j.valuesOf(rules)
	}
	s, ok := j.shown[rules[0]]
	if !ok {
		s = j.valuesOf(rules)
		j.shown[rules[0]] = s
	}
	return s
}

func (j *judging) valuesOf(rules []*rule) string {
	var out []string
	for _, r := range rules {
		if r == nil {
			continue
		}
		for _, ref := range r.refs {
			text := j.text(ref)
			if text != "" && len(out) < maxValues && !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	if len(out) == 0 {
		return ""
	}
	return " (" + strings.Join(out, "; ") + ")"
}

// text is a fact with its value, or "" while it is unknown. Many conditions show the same facts.
func (j *judging) text(ref factRef) string {
	s, ok := j.texts[ref]
	if !ok {
		s, _ = factText(j.facts, ref)
		if name, _, _ := strings.Cut(s, " = "); j.origins[name] != "" {
			s += " [" + j.origins[name] + "]"
		}
		j.texts[ref] = s
	}
	return s
}

func openFacts(f finding) string {
	if f.gap != "" {
		return f.gap
	}
	return gapText(f.missing)
}

func gapText(missing []string) string {
	if len(missing) == 0 {
		return ""
	}
	return " (unknown: " + strings.Join(missing, ", ") + ")"
}
