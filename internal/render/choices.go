package render

import (
	"html"
	"slices"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// What selects an option beside data classes.
const (
	whenNamed      = "named"
	whenChildNamed = "child_named"
)

// Ways to pick.
const (
	pickFirst = "first"
	pickAll   = "all"
)

// choices are the approved wordings that the parts refer to. The option for everybody else comes from the
// incident's classes: a person of whom no classes are listed is told what is known of all.
func (l *tongue) choices(classes []string, parts map[string]string) map[string]breach.Choice {
	all := map[string]breach.Choice{
		"greeting":     either(whenNamed, l.words.Greeting),
		"child":        either(whenChildNamed, l.words.Child),
		"data":         l.dataChoice(classes),
		"advice":       l.adviceChoice(classes),
		"short_advice": l.shortChoice(classes),
	}
	used := map[string]breach.Choice{}
	for name, c := range all {
		for _, part := range parts {
			if strings.Contains(part, "{{"+name+"}}") {
				used[name] = c
			}
		}
	}
	return used
}

func either(when string, n named) breach.Choice {
	return breach.Choice{Pick: pickFirst, Options: []breach.Option{
		{When: []string{when}, Text: n.Named, HTML: escaped(n.Named)}, {Text: n.Plain, HTML: escaped(n.Plain)},
	}}
}

func (l *tongue) dataChoice(classes []string) breach.Choice {
	c := breach.Choice{Pick: pickAll, Join: l.words.Join, JoinHTML: escaped(l.words.Join)}
	for _, d := range l.advice.Data {
		c.Options = append(c.Options, breach.Option{When: d.Classes, Text: d.Word, HTML: escaped(d.Word)})
	}
	all := l.dataWords(classes)
	c.Options = append(c.Options, breach.Option{Text: all, HTML: escaped(all)})
	return c
}

func (l *tongue) adviceChoice(classes []string) breach.Choice {
	c := breach.Choice{Pick: pickAll, Join: "\n"}
	for _, a := range l.advice.Advice {
		c.Options = append(c.Options, breach.Option{When: a.Classes, Text: "- " + a.Text, HTML: "<li>" + escaped(a.Text) + "</li>"})
	}
	var text, markup []string
	for _, a := range l.adviceFor(classes) {
		text, markup = append(text, "- "+a), append(markup, "<li>"+escaped(a)+"</li>")
	}
	c.Options = append(c.Options, breach.Option{Text: strings.Join(text, "\n"), HTML: strings.Join(markup, "")})
	return c
}

func (l *tongue) shortChoice(classes []string) breach.Choice {
	c := breach.Choice{Pick: pickFirst}
	rest := l.advice.General.Short
	for i := len(l.advice.Advice) - 1; i >= 0; i-- {
		if a := l.advice.Advice[i]; anyIn(a.Classes, classes) {
			rest = a.Short
		}
	}
	for _, a := range l.advice.Advice {
		c.Options = append(c.Options, breach.Option{When: a.Classes, Text: a.Short, HTML: escaped(a.Short)})
	}
	c.Options = append(c.Options, breach.Option{Text: rest, HTML: escaped(rest)})
	return c
}

// dataWords names kinds of data in words; those without a word are left out.
func (l *tongue) dataWords(classes []string) string {
	var words []string
	for _, d := range l.advice.Data {
		if anyIn(d.Classes, classes) {
			words = append(words, d.Word)
		}
	}
	if len(words) == 0 {
		return l.advice.DataUnknown
	}
	return strings.Join(words, l.words.Join)
}

// adviceFor lists what to do for kinds of data, never nothing.
func (l *tongue) adviceFor(classes []string) []string {
	var out []string
	for _, a := range l.advice.Advice {
		if anyIn(a.Classes, classes) {
			out = append(out, a.Text)
		}
	}
	if len(out) == 0 {
		return []string{l.advice.General.Text}
	}
	return out
}

func anyIn(some, all []string) bool {
	return slices.ContainsFunc(some, func(s string) bool { return slices.Contains(all, s) })
}

func escaped(s string) string { return html.EscapeString(s) }
