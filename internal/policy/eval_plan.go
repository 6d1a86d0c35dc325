package policy

import (
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// plan is a condition as closures over the facts. CEL reads and checks every condition; its interpreter builds a
// new set of unknown attributes at every node, and an incident is judged by hundreds of conditions while most of
// its facts are unknown. A condition that uses more of CEL than planner knows has no plan and is interpreted.
type plan func(e *evaluation) truth

// operand is a value, or nil while it is unknown; then evaluation.missing has grown by what is missing.
type operand func(e *evaluation) ref.Val

// evaluation is the state of one condition that is being evaluated.
type evaluation struct {
	view    *factView
	missing []string // behind the unknowns met so far
	vars    [maxNested]ref.Val
	err     error
}

// maxNested is how deep exists and all may stand in each other in a plan.
const maxNested = 3

// planner turns a checked condition into a plan.
type planner struct {
	names map[int64]*celast.ReferenceInfo
	defs  map[string]*rule
	vars  []string // of the exists and all around a place
}

// planOf is nil for a condition that only CEL's interpreter can evaluate.
func planOf(a *celast.AST, defs map[string]*rule) plan {
	p := planner{names: a.ReferenceMap(), defs: defs}
	return p.truth(a.Expr())
}

// truth plans an expression whose value is a yes or a no.
func (p *planner) truth(e celast.Expr) plan {
	switch e.Kind() {
	case celast.LiteralKind:
		yes := e.AsLiteral() == types.True
		return func(*evaluation) truth { return truthOf(yes) }
	case celast.ComprehensionKind:
		return p.comprehension(e.AsComprehension())
	case celast.CallKind:
		return p.call(e.AsCall())
	}
	if d := p.defs[p.name(e)]; d != nil {
		return func(e *evaluation) truth { return e.definition(d) }
	}
	return asTruth(p.operand(e))
}

func asTruth(o operand) plan {
	if o == nil {
		return nil
	}
	return func(e *evaluation) truth {
		v := o(e)
		if v == nil {
			return truthUnknown
		}
		return truthOf(v == types.True)
	}
}

func (p *planner) call(c celast.CallExpr) plan {
	switch c.FunctionName() {
	case operators.LogicalAnd:
		return p.all(c.Args(), truthNo)
	case operators.LogicalOr:
		return p.all(c.Args(), truthYes)
	case operators.LogicalNot:
		return flip(p.truth(c.Args()[0]))
	case "proven":
		return proven(p.truth(c.Args()[0]))
	case "at_least":
		return p.atLeast(c)
	}
	compare := comparisons[c.FunctionName()]
	if compare == nil {
		return nil
	}
	a, b := p.operand(c.Args()[0]), p.operand(c.Args()[1])
	if a == nil || b == nil {
		return nil
	}
	if quick := p.quick(c, a); quick != nil {
		return quick
	}
	return func(e *evaluation) truth {
		x, y := a(e), b(e) // both, because both may be missing
		if x == nil || y == nil {
			return truthUnknown
		}
		return e.settle(compare(x, y))
	}
}

var comparisons = map[string]func(a, b ref.Val) ref.Val{
	operators.Equals:    equal,
	operators.NotEquals: func(a, b ref.Val) ref.Val { return types.Bool(equal(a, b) != types.True) },
	operators.Less:      func(a, b ref.Val) ref.Val { return ordered(a, b, func(c types.Int) bool { return c < 0 }) },
	operators.LessEquals: func(a, b ref.Val) ref.Val {
		return ordered(a, b, func(c types.Int) bool { return c <= 0 })
	},
	operators.Greater: func(a, b ref.Val) ref.Val { return ordered(a, b, func(c types.Int) bool { return c > 0 }) },
	operators.GreaterEquals: func(a, b ref.Val) ref.Val {
		return ordered(a, b, func(c types.Int) bool { return c >= 0 })
	},
	operators.In: func(a, b ref.Val) ref.Val { return b.(traits.Container).Contains(a) },
}

// equal is what CEL calls equal; most often words are compared.
func equal(a, b ref.Val) ref.Val {
	if x, ok := a.(types.String); ok {
		if y, ok := b.(types.String); ok {
			return types.Bool(x == y)
		}
	}
	return types.Equal(a, b)
}

func ordered(a, b ref.Val, holds func(types.Int) bool) ref.Val {
	c, ok := a.(traits.Comparer).Compare(b).(types.Int)
	if !ok {
		return types.NewErr("%s and %s have no order", a.Type().TypeName(), b.Type().TypeName())
	}
	return types.Bool(holds(c))
}

// settle makes a truth of what a comparison gave.
func (e *evaluation) settle(v ref.Val) truth {
	switch v := v.(type) {
	case types.Bool:
		return truthOf(bool(v))
	case *types.Unknown:
		e.miss(v)
	case *types.Err:
		e.err = v
	}
	return truthUnknown
}

func (e *evaluation) miss(u *types.Unknown) { e.missing = append(e.missing, unknownPaths(u)...) }

// all plans && and ||: one part with the deciding truth decides, else an unknown part leaves it open. Of parts
// that do not matter in the end nothing is missing.
func (p *planner) all(args []celast.Expr, decides truth) plan {
	parts := make([]plan, len(args))
	for i, a := range args {
		if parts[i] = p.truth(a); parts[i] == nil {
			return nil
		}
	}
	return func(e *evaluation) truth {
		out, mark := decides.not(), len(e.missing)
		for _, part := range parts {
			switch part(e) {
			case decides:
				e.missing = e.missing[:mark]
				return decides
			case truthUnknown:
				out = truthUnknown
			}
		}
		return out
	}
}

func flip(p plan) plan {
	if p == nil {
		return nil
	}
	return func(e *evaluation) truth { return p(e).not() }
}

func proven(p plan) plan {
	if p == nil {
		return nil
	}
	return func(e *evaluation) truth {
		mark := len(e.missing)
		t := p(e)
		e.missing = e.missing[:mark]
		return truthOf(t == truthYes)
	}
}

func (p *planner) atLeast(c celast.CallExpr) plan {
	target, least := p.operand(c.Target()), p.operand(c.Args()[0])
	if target == nil || least == nil {
		return nil
	}
	return func(e *evaluation) truth {
		i, v := target(e).Value().(*interval), float64(least(e).(types.Double))
		t := i.atLeast(v)
		if t == truthUnknown {
			e.missing = append(e.missing, i.missing...)
		}
		return t
	}
}

func (p *planner) name(e celast.Expr) string {
	if r := p.names[e.ID()]; r != nil {
		return r.Name
	}
	return ""
}

// member is the place in evaluation.vars of a name that an exists or all gave, the innermost one; -1 for any other.
func (p *planner) member(e celast.Expr) int {
	for slot := len(p.vars) - 1; slot >= 0 && e.Kind() == celast.IdentKind; slot-- {
		if p.vars[slot] == e.AsIdent() {
			return slot
		}
	}
	return -1
}

// operand plans an expression with a value: a fact, a literal, a group, a member of a list, an entry of a table.
func (p *planner) operand(e celast.Expr) operand {
	if r := p.names[e.ID()]; r != nil && r.Value != nil {
		if words := packGroups[r.Name]; words != nil {
			return constant(newWordList(words))
		}
		return constant(r.Value)
	}
	if slot := p.member(e); slot >= 0 {
		return func(e *evaluation) ref.Val { return e.known(e.vars[slot]) }
	}
	if i, ok := factNames[p.name(e)]; ok {
		return func(e *evaluation) ref.Val { return e.fact(i) }
	}
	switch e.Kind() {
	case celast.LiteralKind:
		return constant(e.AsLiteral())
	case celast.ListKind:
		return literalList(e.AsList())
	case celast.CallKind:
		return p.valueCall(e.AsCall())
	}
	if name := p.name(e); name == "severity" || name == "policy.name" || name == "policy.prompt_notice" {
		return func(e *evaluation) ref.Val {
			v, _ := e.view.ResolveName(name)
			return v.(ref.Val)
		}
	}
	return nil
}

func constant(v ref.Val) operand { return func(*evaluation) ref.Val { return v } }

// literalList is a list of literal strings, or nil.
func literalList(l celast.ListExpr) operand {
	words := literalWords(l)
	if words == nil {
		return nil
	}
	return constant(newWordList(words))
}

// literalWords are the members of a list of literal strings, or nil for any other list.
func literalWords(l celast.ListExpr) []string {
	words := make([]string, 0, l.Size())
	for _, x := range l.Elements() {
		if x.Kind() != celast.LiteralKind || x.AsLiteral().Type() != types.StringType {
			return nil
		}
		words = append(words, string(x.AsLiteral().(types.String)))
	}
	return words
}

func (p *planner) valueCall(c celast.CallExpr) operand {
	switch name := c.FunctionName(); name {
	case "count", "amount", "label":
		table, key := p.operand(c.Target()), p.operand(c.Args()[0])
		if table == nil || key == nil {
			return nil
		}
		return func(e *evaluation) ref.Val {
			k := key(e)
			if k == nil {
				return nil
			}
			return e.entry(table(e).Value().(*factTable), string(k.(types.String)))
		}
	case "size", "double":
		if c.IsMemberFunction() {
			return nil
		}
		of := p.operand(c.Args()[0])
		if of == nil {
			return nil
		}
		return func(e *evaluation) ref.Val {
			v := of(e)
			switch {
			case v == nil:
				return nil
			case name == "size":
				return v.(traits.Sizer).Size()
			}
			return v.ConvertToType(types.DoubleType)
		}
	case "duration", "timestamp":
		return fixedTime(name, c.Args()[0])
	case operators.Add, operators.Multiply:
		return p.sum(name, c.Args()[0], c.Args()[1])
	}
	return nil
}

// fixedTime is a length or a point of time that a condition states itself, or nil.
func fixedTime(name string, e celast.Expr) operand {
	if e.Kind() != celast.LiteralKind {
		return nil
	}
	typ := map[string]ref.Type{"duration": types.DurationType, "timestamp": types.TimestampType}[name]
	v := e.AsLiteral().ConvertToType(typ)
	if types.IsError(v) {
		return nil
	}
	return constant(v)
}

// sum plans a + b and a * b.
func (p *planner) sum(name string, x, y celast.Expr) operand {
	a, b := p.operand(x), p.operand(y)
	if a == nil || b == nil {
		return nil
	}
	return func(e *evaluation) ref.Val {
		x, y := a(e), b(e) // both, because both may be missing
		if x == nil || y == nil {
			return nil
		}
		if name == operators.Add {
			return e.known(x.(traits.Adder).Add(y))
		}
		return e.known(x.(traits.Multiplier).Multiply(y))
	}
}

func (e *evaluation) fact(i int) ref.Val {
	v := e.view.value(i)
	if v == unknowns[i] {
		e.missing = append(e.missing, packFacts[i].name)
		return nil
	}
	return e.known(v)
}

// known is nil for an unknown value, which is noted, and for an error: then the interpreter decides.
func (e *evaluation) known(v ref.Val) ref.Val {
	switch v := v.(type) {
	case *types.Unknown:
		e.miss(v)
		return nil
	case *types.Err:
		e.err = v
		return nil
	}
	return v
}

func (e *evaluation) entry(t *factTable, key string) ref.Val {
	v, missing := t.entry(key)
	switch v := v.(type) {
	case nil:
		e.missing = append(e.missing, missing)
		return nil
	case int64:
		return types.Int(v)
	}
	return types.DefaultTypeAdapter.NativeToValue(v)
}

// definition gives the answer to a definition of the pack, which may use loops of its own.
func (e *evaluation) definition(d *rule) truth {
	a, err := e.view.answer(d)
	if err != nil {
		e.err = err
	}
	e.missing = append(e.missing, a.missing()...)
	return a.truth
}
