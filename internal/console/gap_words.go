package console

import "regexp"

// said is a sentence that the rules put together; what stands in brackets goes into its words in this language.
type said struct {
	form *regexp.Regexp
	text string
}

func says(form, text string) said { return said{regexp.MustCompile("^" + form + "$"), text} }

const orWaive = `, or let it go by name with a reason \(tocsin plan waive\)`

// saidOfGaps are the sentences about gaps that hold names and numbers. The longer ones come first.
var saidOfGaps = []said{
	says(`the title (".*")`, "the title %s"),
	says(`the headings (.+)`, "the headings %s"),
	says(`print of (\d+) points at least`, "print of %s points at least"),
	says(`(.+) at no cost to people, for (\d+) months at least: (.+)`, "%s at no cost to people, for %s months at least: %s"),
	says(`(.+) at no cost to people: (.+)`, "%s at no cost to people: %s"),
	says(`the policy keeps it up for (\d+) days, the regime asks for (\d+)`, "the policy keeps it up for %s days, the regime asks for %s"),
	says(`(.+): ([0-9.]+) points`, "%s: %s points"),
	says(`State (\S+(?: with \S+ or \S+)?), or write it as (\S+) of the incident \(tocsin incident amend\)`+orWaive, "State %s, or write it as %s of the incident (tocsin incident amend), or let it go by name with a reason (tocsin plan waive)"),
	says(`Write it as (\S+) of the incident \(tocsin incident amend\)`+orWaive, "Write it as %s of the incident (tocsin incident amend), or let it go by name with a reason (tocsin plan waive)"),
	says(`Offer it, and state it with its months under offers of the incident \(tocsin incident amend\); who gets it and how is said under (\S+)`+orWaive,
		"Offer it, and state it with its months under offers of the incident (tocsin incident amend); who gets it and how is said under %s, or let it go by name with a reason (tocsin plan waive)"),
}

// composed says in this language what the rules say in English.
func (l speech) composed(text string) string {
	for _, s := range saidOfGaps {
		m := s.form.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		parts := make([]any, len(m)-1)
		for i, part := range m[1:] {
			parts[i] = l.T(part)
		}
		return l.T(s.text, parts...)
	}
	return l.T(text)
}

// composedAll is composed for the names of texts, some of which have a measure with them.
func (l speech) composedAll(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = l.composed(t)
	}
	return out
}
