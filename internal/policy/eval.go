package policy

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// truth is a three-valued answer. The zero value is unknown, so that nothing becomes yes or no by accident.
type truth int

const (
	truthUnknown truth = iota
	truthNo
	truthYes
)

// rule is a compiled condition with the facts that it can look at.
type rule struct {
	program cel.Program
	refs    []factRef
}

// factRef is a fact, or one entry of a table, or (wholeTable) entries that a condition chooses itself.
type factRef struct{ name, key string }

const wholeTable = "*"

// ruleEnv declares every fact with its type, so that a typo is an error at load and not an unknown at run
// time. defs are the definitions of the pack that a condition may use.
func ruleEnv() (*cel.Env, error) {
	opts := []cel.EnvOption{
		cel.Variable("severity", intervalType),
		cel.Variable("policy.name", cel.StringType), cel.Variable("policy.prompt_notice", cel.BoolType),
		// proven turns unknown into no. It may only stand where a proof takes a duty away.
		cel.Function("proven", cel.Overload("proven_bool", []*cel.Type{cel.BoolType}, cel.BoolType,
			cel.OverloadIsNonStrict(), cel.UnaryBinding(func(v ref.Val) ref.Val { return types.Bool(v == types.True) }))),
		cel.Function("at_least", cel.MemberOverload("interval_at_least", []*cel.Type{intervalType, cel.DoubleType}, cel.BoolType,
			cel.BinaryBinding(func(i, v ref.Val) ref.Val { return i.Value().(*interval).atLeast(float64(v.(types.Double))) }))),
		tableFunction("count", cel.IntType), tableFunction("amount", cel.DoubleType), tableFunction("label", cel.StringType),
	}
	for _, f := range packFacts {
		opts = append(opts, cel.Variable(f.name, f.typ))
	}
	for _, name := range slices.Sorted(maps.Keys(packGroups)) {
		opts = append(opts, cel.Constant(name, listOfStrings, types.NewStringList(types.DefaultTypeAdapter, packGroups[name])))
	}
	return cel.NewEnv(opts...)
}

func tableFunction(name string, result *cel.Type) cel.EnvOption {
	return cel.Function(name, cel.MemberOverload("table_"+name, []*cel.Type{tableType, cel.StringType}, result,
		cel.BinaryBinding(func(t, key ref.Val) ref.Val {
			return t.Value().(*factTable).lookup(string(key.(types.String)))
		})))
}

// side says what a condition does when it holds: it makes a duty, takes one away, or either (definitions).
type side int

const (
	eitherSide side = iota
	makesDuty
	takesDuty
)

func (s side) other() side {
	return [...]side{eitherSide: eitherSide, makesDuty: takesDuty, takesDuty: makesDuty}[s]
}

// compileRule compiles a condition that must be a plain yes or no.
func compileRule(env *cel.Env, expr string, defs map[string]*rule, s side) (*rule, error) {
	ast, issues := env.Compile(expr)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	if !ast.OutputType().IsExactType(cel.BoolType) {
		return nil, fmt.Errorf("is of type %s; a condition must be true or false", ast.OutputType())
	}
	if err := protective(ast.NativeRep().Expr(), s); err != nil {
		return nil, err
	}
	p, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, err
	}
	return &rule{program: p, refs: references(ast.NativeRep(), defs)}, nil
}

// protective holds proven() to where unknown can only leave a duty standing: it must take a duty away.
func protective(e celast.Expr, s side) error {
	if e.Kind() != celast.CallKind {
		return noProven(e)
	}
	c := e.AsCall()
	switch c.FunctionName() {
	case "proven":
		if s != takesDuty {
			return fmt.Errorf("proven() may only stand where it takes a duty away: unknown must never count as no")
		}
		return nil
	case "!_":
		return protective(c.Args()[0], s.other())
	case "_&&_", "_||_":
		for _, a := range c.Args() {
			if err := protective(a, s); err != nil {
				return err
			}
		}
		return nil
	}
	return noProven(e)
}

func noProven(e celast.Expr) error {
	var found error
	celast.PostOrderVisit(e, celast.NewExprVisitor(func(e celast.Expr) {
		if e.Kind() == celast.CallKind && e.AsCall().FunctionName() == "proven" {
			found = fmt.Errorf("proven() may only stand below &&, || and !")
		}
	}))
	return found
}

// references lists the facts of a condition and of the definitions that it uses.
func references(a *celast.AST, defs map[string]*rule) []factRef {
	var out []factRef
	names := a.ReferenceMap()
	add := func(r factRef) {
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	celast.PostOrderVisit(a.Expr(), celast.NewExprVisitor(func(e celast.Expr) {
		if e.Kind() == celast.CallKind && e.AsCall().IsMemberFunction() {
			c := e.AsCall()
			if t, ok := names[c.Target().ID()]; ok && len(c.Args()) == 1 {
				key := wholeTable
				if c.Args()[0].Kind() == celast.LiteralKind {
					key = fmt.Sprint(c.Args()[0].AsLiteral().Value())
				}
				add(factRef{t.Name, key})
			}
			return
		}
		r, ok := names[e.ID()]
		if !ok {
			return
		}
		if d, ok := defs[r.Name]; ok {
			for _, fr := range d.refs {
				add(fr)
			}
		} else if _, ok := factNames[r.Name]; ok {
			add(factRef{name: r.Name})
		}
	}))
	return out
}

// factView is what conditions see of one incident. It implements cel.Activation.
type factView struct {
	facts    *breach.Facts
	extra    map[string]any // severity, policy.*
	defs     map[string]*rule
	resolved map[string]any
}

func (v *factView) Parent() cel.Activation { return nil }

// ResolveName finds a variable by its dotted name; an unknown fact is an Unknown that carries its path.
func (v *factView) ResolveName(name string) (any, bool) {
	if val, ok := v.resolved[name]; ok {
		return val, true
	}
	val, ok := v.resolve(name)
	if ok {
		v.resolved[name] = val
	}
	return val, ok
}

func (v *factView) resolve(name string) (any, bool) {
	if i, ok := factNames[name]; ok {
		switch val := packFacts[i].get(v.facts).(type) {
		case nil:
			return unknownFact(name), true
		case *factTable:
			return opaque{tableType, val}, true
		case openList:
			return val.value(), true
		default:
			return types.DefaultTypeAdapter.NativeToValue(val), true
		}
	}
	switch val := v.extra[name].(type) {
	case nil:
	case *interval:
		return opaque{intervalType, val}, true
	default:
		return types.DefaultTypeAdapter.NativeToValue(val), true
	}
	if d, ok := v.defs[name]; ok {
		val, _, err := d.program.Eval(v)
		if err != nil {
			return types.WrapErr(err), true
		}
		return val, true
	}
	return nil, false
}

// with shares the facts with another pack's definitions.
func (v *factView) with(defs map[string]*rule) *factView {
	return &factView{facts: v.facts, extra: v.extra, defs: defs, resolved: map[string]any{}}
}

// ask evaluates a condition. Unknown comes with the facts that are missing.
func (v *factView) ask(r *rule) (truth, []string, error) {
	val, _, err := r.program.Eval(v)
	if err != nil {
		return truthUnknown, nil, err
	}
	switch val := val.(type) {
	case types.Bool:
		if val {
			return truthYes, nil, nil
		}
		return truthNo, nil, nil
	case *types.Unknown:
		return truthUnknown, missingFacts(val), nil
	}
	return truthUnknown, nil, fmt.Errorf("a condition gave neither yes nor no")
}

// opaque carries a table or an interval through CEL.
type opaque struct {
	typ   *cel.Type
	value any
}

func (o opaque) ConvertToNative(reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s has no native form", o.typ)
}
func (o opaque) ConvertToType(ref.Type) ref.Val { return types.NewErr("%s cannot be converted", o.typ) }
func (o opaque) Equal(other ref.Val) ref.Val    { return types.Bool(o == other) }
func (o opaque) Type() ref.Type                 { return o.typ }
func (o opaque) Value() any                     { return o.value }
