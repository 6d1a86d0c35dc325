package render

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"
	"unicode"

	"golang.org/x/net/html"
)

// mostLoops is how many loops may stand in one another: a list holds a few dozen entries, and a loop in a loop in a
// loop over them has no use but to take for ever.
const mostLoops = 2

// mostOutput bounds what one template may come to, in bytes; a notice has a few thousand.
const mostOutput = 1 << 20

// functions are those of text/template that an organisation's words may need. The others index, cut and call, and
// fail or do harm when what they are given is not what the author thought.
var functions = []string{"and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "len"}

// guard says, line by line, what a template does beyond filling in words: it is looked at before it is first run.
func guard(name, source string) []Finding {
	t := parse.New(name)
	t.Mode = parse.SkipFuncCheck
	trees := map[string]*parse.Tree{}
	if _, err := t.Parse(source, "", "", trees); err != nil {
		return nil // the linter says so
	}
	g := &guarding{name: name, source: source}
	for _, tree := range trees {
		if tree.Name != name && tree.Name != "content" {
			g.add(tree.Root, "defines the template "+strconv.Quote(tree.Name)+"; a file is one template")
		}
		g.list(tree.Root, 0)
	}
	return g.found
}

type guarding struct {
	name, source string
	found        []Finding
}

func (g *guarding) add(n parse.Node, what string) {
	line := 1 + strings.Count(g.source[:min(int(n.Position()), len(g.source))], "\n")
	g.found = append(g.found, Finding{File: g.name, Line: line, What: what})
}

func (g *guarding) list(l *parse.ListNode, loops int) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.ActionNode:
			g.pipe(n.Pipe)
		case *parse.IfNode:
			g.branch(&n.BranchNode, loops)
		case *parse.WithNode:
			g.branch(&n.BranchNode, loops)
		case *parse.RangeNode:
			if !overList(n.Pipe) {
				g.add(n, "loops over something that is not a list of the incident's")
			}
			if loops+1 > mostLoops {
				g.add(n, fmt.Sprintf("has more than %d loops in one another", mostLoops))
			}
			g.branch(&n.BranchNode, loops+1)
		case *parse.TemplateNode:
			if g.name != "notice/email.layout.html" || n.Name != "content" {
				g.add(n, "calls the template "+strconv.Quote(n.Name)+"; only the layout calls one, the content")
			}
		}
	}
}

func (g *guarding) branch(b *parse.BranchNode, loops int) {
	g.pipe(b.Pipe)
	g.list(b.List, loops)
	g.list(b.ElseList, loops)
}

func (g *guarding) pipe(p *parse.PipeNode) {
	if p == nil {
		return
	}
	for _, cmd := range p.Cmds {
		for _, arg := range cmd.Args {
			switch a := arg.(type) {
			case *parse.IdentifierNode:
				if !slices.Contains(functions, a.Ident) {
					g.add(a, "calls "+a.Ident+"; templates may use "+strings.Join(functions, ", "))
				}
			case *parse.StringNode:
				if strings.ContainsAny(a.Text, "{}") {
					g.add(a, "writes { or }, two of which mark a person's variables")
				}
			case *parse.PipeNode:
				g.pipe(a)
			}
		}
	}
}

// overList says that a loop goes over a variable, whose length the incident gives.
func overList(p *parse.PipeNode) bool {
	if p == nil || len(p.Cmds) != 1 || len(p.Cmds[0].Args) != 1 {
		return false
	}
	switch over := p.Cmds[0].Args[0].(type) {
	case *parse.FieldNode:
		return true
	case *parse.VariableNode:
		return over.Ident[0] == "$" && len(over.Ident) > 1
	}
	return false
}

// bounded stops a template that writes without end.
type bounded struct {
	strings.Builder
}

var errTooMuch = errors.New("a template came to more than 1 MiB")

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > mostOutput {
		return 0, errTooMuch
	}
	return b.Builder.Write(p)
}

var action = regexp.MustCompile(`(?s)\{\{.*?\}\}`)

// markup looks at all that stands in an HTML template, also in branches that the invented incident does not take.
func (l *linter) markup(name, source string) {
	d := &draft{seen: map[string]bool{}}
	d.harmless(name, action.ReplaceAllString(source, ""))
	for _, p := range d.problems {
		l.add(placed(p))
	}
	for _, f := range guardStyles(source) {
		f.File = name
		l.add(f)
	}
}

// hiding are characters that change or hide what is read: overrides of direction, and what has no picture. Joiners and
// isolates are part of writing Arabic.
func hiding(r rune) bool {
	switch {
	case r == '\n', r == '\t', r == '\r', r == '\u200c', r == '\u200d', r == '\u200e', r == '\u200f', r >= '\u2066' && r <= '\u2069':
		return false
	}
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Variation_Selector) || r == '\u3164' || r == '\u2800' || r == '\u034f'
}

// hidden looks for such characters in a file, written as they are or as HTML names them.
func (l *linter) hidden(name, source string) {
	for i, line := range strings.Split(source, "\n") {
		if strings.HasSuffix(name, ".html") {
			line = html.UnescapeString(line)
		}
		open := 0
		for _, r := range line {
			if hiding(r) {
				l.add(Finding{File: name, Line: i + 1, What: fmt.Sprintf("holds U+%04X, a character that hides or turns round what is read", r)})
			}
			switch {
			case r >= '\u2066' && r <= '\u2068':
				open++
			case r == '\u2069':
				open--
			}
		}
		if open != 0 {
			l.add(Finding{File: name, Line: i + 1, What: "sets words apart (U+2066 to U+2068) and does not end it with U+2069 in the same line"})
		}
	}
}
