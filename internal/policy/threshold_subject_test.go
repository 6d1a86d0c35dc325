package policy

import (
	"fmt"
	"reflect"
	"slices"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// shape is how a condition gets at the number that it compares.
type shape int

const (
	plain  shape = iota // the fact itself, or an entry of its table
	eachOf              // the entry of one place of a list of places
	length              // how many words a list holds
	cost                // people times the price of a letter to each
)

// compared is what a condition compares with a number.
type compared struct {
	fact  string // path of the fact or of the table
	key   string // of the table's entry
	shape shape
}

func (s compared) String() string {
	name := s.fact + prefixed(".", s.key)
	return [...]string{plain: name, eachOf: "any " + name, length: "size of " + name, cost: "cost of " + name}[s.shape]
}

// looker finds the subjects of one condition.
type looker struct {
	names map[int64]*celast.ReferenceInfo
	lists map[string][]string // places that a variable of the condition goes through
}

func lookInto(a *celast.AST) looker {
	l := looker{a.ReferenceMap(), map[string][]string{}}
	celast.PostOrderVisit(a.Expr(), celast.NewExprVisitor(func(e celast.Expr) {
		if e.Kind() == celast.ComprehensionKind {
			c := e.AsComprehension()
			l.lists[c.IterVar()] = l.places(c.IterRange())
		}
	}))
	return l
}

// places are those of a list that is written down, or one that is good for the whole of a group. Maine is the state
// that no pack makes an exception of.
func (l looker) places(e celast.Expr) (out []string) {
	if e.Kind() == celast.ListKind {
		for _, x := range e.AsList().Elements() {
			if x.Kind() == celast.LiteralKind {
				out = append(out, fmt.Sprint(x.AsLiteral().Value()))
			}
		}
		return out
	}
	if ref, ok := l.names[e.ID()]; ok {
		if one, ok := map[string]string{"group.us_states": "US-ME", "group.eea": "DE", "group.us": "US"}[ref.Name]; ok {
			return []string{one}
		}
	}
	return nil
}

// at lists what an expression looks at: several where it goes through a list, none for anything else than facts.
func (l looker) at(e celast.Expr) (out []compared) {
	if e.Kind() != celast.CallKind {
		if ref, ok := l.names[e.ID()]; ok {
			if _, isFact := factNames[ref.Name]; isFact {
				return []compared{{fact: ref.Name}}
			}
		}
		return nil
	}
	c := e.AsCall()
	switch {
	case c.IsMemberFunction():
		return l.entries(c)
	case c.FunctionName() == "double":
		return l.at(c.Args()[0])
	case c.FunctionName() == "size":
		for _, s := range l.at(c.Args()[0]) {
			out = append(out, compared{s.fact, "", length})
		}
	case c.FunctionName() == operators.Multiply:
		for _, s := range l.at(c.Args()[0]) {
			out = append(out, compared{s.fact, s.key, cost})
		}
	}
	return out
}

func (l looker) entries(c celast.CallExpr) (out []compared) {
	table, ok := l.names[c.Target().ID()]
	if !ok || len(c.Args()) != 1 {
		return nil
	}
	switch arg := c.Args()[0]; arg.Kind() {
	case celast.LiteralKind:
		out = append(out, compared{table.Name, fmt.Sprint(arg.AsLiteral().Value()), plain})
	case celast.IdentKind:
		for _, place := range l.lists[arg.AsIdent()] {
			out = append(out, compared{table.Name, place, eachOf})
		}
	}
	return out
}

// withLength repeats one word of a list, in a copy of the facts: then nothing but its length changes.
func (s compared) withLength(f breach.Facts, n int) breach.Facts {
	for _, l := range factLeaves {
		if l.path != s.fact {
			continue
		}
		at := l.in(&f)
		word := factWords[s.fact][0]
		if at.Len() > 0 {
			word = at.Index(0).String()
		}
		at.Set(reflect.ValueOf(slices.Repeat([]string{word}, n)).Convert(l.typ))
	}
	return f
}
