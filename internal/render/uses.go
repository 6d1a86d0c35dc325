package render

import (
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"text/template/parse"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// use is a place where a template writes a variable, or asks for one.
type use struct {
	line    int
	name    string // as it is written, .Contact.Email
	path    []string
	known   bool // there is such a variable
	written bool // it comes out as words there, and no condition around it asks whether there are any
}

// loadUses reads every template for the places of its variables, also in branches that nobody took yet.
func (e *Engine) loadUses(files fs.FS) error {
	e.uses = map[string][]use{}
	for _, name := range treeFiles(files) {
		if !isTemplate(name) {
			continue
		}
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return breach.Errorf(breach.ErrInternal, "templates: %w", err)
		}
		found, err := usesIn(name, string(b))
		if err != nil {
			return breach.Errorf(breach.ErrInternal, "templates: %w", err)
		}
		e.uses[name] = found
	}
	return nil
}

func isTemplate(name string) bool {
	dir, _, _ := strings.Cut(name, "/")
	return dir == "notice" || dir == "announcement" || dir == "report"
}

// dataOf is the type of what a template is filled from.
func dataOf(name string) reflect.Type {
	if strings.HasPrefix(name, "report/") {
		return reflect.TypeFor[reportView]()
	}
	return reflect.TypeFor[view]()
}

// usesIn finds the variables of one template.
func usesIn(name, source string) ([]use, error) {
	t := parse.New(name)
	t.Mode = parse.SkipFuncCheck
	trees := map[string]*parse.Tree{}
	if _, err := t.Parse(source, "", "", trees); err != nil {
		return nil, err
	}
	w := &usesWalker{source: source, data: dataOf(name)}
	for _, tree := range trees {
		w.list(tree.Root, w.data, nil)
	}
	slices.SortStableFunc(w.found, func(a, b use) int { return a.line - b.line })
	return w.found, nil
}

// usesWalker follows the type of the dot through a template. A nil type is one that only the run knows.
type usesWalker struct {
	source string
	data   reflect.Type
	found  []use
}

func (w *usesWalker) list(l *parse.ListNode, dot reflect.Type, asked []string) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.ActionNode:
			w.pipe(n.Pipe, dot, asked, true)
		case *parse.IfNode:
			of := w.pipe(n.Pipe, dot, asked, false)
			w.list(n.List, dot, append(slices.Clone(asked), of.names...))
			w.list(n.ElseList, dot, asked)
		case *parse.WithNode:
			of := w.pipe(n.Pipe, dot, asked, false)
			w.list(n.List, of.is, append(slices.Clone(asked), of.names...))
			w.list(n.ElseList, dot, asked)
		case *parse.RangeNode:
			of := w.pipe(n.Pipe, dot, asked, false)
			w.list(n.List, element(of.is), append(slices.Clone(asked), of.names...))
			w.list(n.ElseList, dot, asked)
		case *parse.TemplateNode:
			if n.Pipe != nil {
				w.pipe(n.Pipe, dot, asked, false)
			}
		}
	}
}

func element(t reflect.Type) reflect.Type {
	if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Map) {
		return t.Elem()
	}
	return nil
}

// value is what a pipeline gives: its type, and the variables that it is made of.
type value struct {
	is    reflect.Type
	names []string
}

func (w *usesWalker) pipe(p *parse.PipeNode, dot reflect.Type, asked []string, written bool) (v value) {
	alone := len(p.Cmds) == 1 && len(p.Cmds[0].Args) == 1 && len(p.Decl) == 0
	for _, cmd := range p.Cmds {
		for _, arg := range cmd.Args {
			is, name := w.argument(arg, dot, func(name string) bool { return alone && written && !slices.Contains(asked, name) })
			if name != "" {
				v.names = append(v.names, name)
			}
			if alone {
				v.is = is
			}
		}
	}
	return v
}

// argument looks at one argument and gives its type, and its name when it is a variable.
func (w *usesWalker) argument(n parse.Node, dot reflect.Type, written func(name string) bool) (reflect.Type, string) {
	root := dot
	var path []string
	switch n := n.(type) {
	case *parse.DotNode:
		return dot, ""
	case *parse.FieldNode:
		path = n.Ident
	case *parse.VariableNode:
		if path = n.Ident[1:]; n.Ident[0] != "$" || len(path) == 0 {
			return nil, ""
		}
		root = w.data
	case *parse.PipeNode:
		return w.pipe(n, dot, nil, false).is, ""
	default:
		return nil, ""
	}
	u := use{line: 1 + strings.Count(w.source[:min(int(n.Position()), len(w.source))], "\n"), name: "." + strings.Join(path, "."), path: path}
	var is reflect.Type
	is, u.known = fieldAt(root, path)
	u.written = root == w.data && written(u.name)
	w.found = append(w.found, u)
	return is, u.name
}

// fieldAt follows a path of fields; what is behind an interface is only known at the run.
func fieldAt(t reflect.Type, path []string) (reflect.Type, bool) {
	for _, name := range path {
		switch {
		case t == nil || t.Kind() == reflect.Interface:
			return nil, true
		case t.Kind() == reflect.Map:
			t = t.Elem()
		case t.Kind() == reflect.Struct:
			f, found := t.FieldByName(name)
			if !found || !f.IsExported() {
				return nil, false
			}
			t = f.Type
		default:
			return nil, false
		}
	}
	return t, true
}

// empty notes variables that a template writes and that are empty, by template, line and name. Where the template
// asks first whether there is anything, there may be nothing.
func (d *draft) empty(t executable, data view) {
	names := []string{t.Name()}
	if h, is := t.(*htmltemplate.Template); is {
		for _, part := range h.Templates() {
			if part.Name() != t.Name() {
				names = append(names, part.Name())
			}
		}
	}
	slices.Sort(names)
	for _, file := range names {
		for _, u := range d.engine.uses[file] {
			if u.written && isEmpty(reflect.ValueOf(data), u.path) {
				d.empties = append(d.empties, fmt.Sprintf("template %s: the variable %s in line %d is empty", file, u.name, u.line))
			}
		}
	}
}

func isEmpty(v reflect.Value, path []string) bool {
	for _, name := range path {
		for v.Kind() == reflect.Interface {
			v = v.Elem()
		}
		switch v.Kind() {
		case reflect.Struct:
			v = v.FieldByName(name)
		case reflect.Map:
			v = v.MapIndex(reflect.ValueOf(name))
		default:
			return true
		}
	}
	for v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return !v.IsValid() || v.Kind() == reflect.String && strings.TrimSpace(v.String()) == ""
}
