package policy

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// truth is a three-valued answer. The zero value is unknown, so that nothing becomes yes or no by accident.
type truth int8

const (
	truthUnknown truth = iota
	truthNo
	truthYes
)

func (t truth) not() truth {
	return [...]truth{truthUnknown: truthUnknown, truthNo: truthYes, truthYes: truthNo}[t]
}

func truthOf(yes bool) truth {
	if yes {
		return truthYes
	}
	return truthNo
}

// rule is a compiled condition with the facts that it can look at. What CEL made of it is only kept while the
// plan is made: hundreds of checked expressions are several times as large as their plans.
type rule struct {
	expr    string
	defs    map[string]*rule
	plan    plan // nil where only CEL's interpreter can tell
	program func() (cel.Program, error)
	index   int                  // from 1 to Rules.conditions; 0 for a condition of no pack
	wrong   [takesDuty + 1]error // by side: why it must not stand there
	refs    []factRef
	shows   []int // their numbers in Rules.shown
	local   bool  // it uses definitions of its pack, so its answer is that pack's own
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
			cel.BinaryBinding(func(i, v ref.Val) ref.Val { return i.Value().(*interval).value(float64(v.(types.Double))) }))),
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
	return ruleCache{}.compile(env, expr, defs, s)
}

// ruleCache holds compiled conditions by their text. Packs repeat themselves and each other, and what is one
// rule is asked once per incident.
type ruleCache map[string]*rule

// compile gives the one rule for a text. The cache must hold no rules of another pack that use definitions.
func (c ruleCache) compile(env *cel.Env, expr string, defs map[string]*rule, s side) (*rule, error) {
	r, ok := c[expr]
	if !ok {
		ast, err := readRule(env, expr)
		if err != nil {
			return nil, err
		}
		native := ast.NativeRep()
		r = &rule{expr: expr, defs: defs}
		if r.refs, r.local, err = references(native, defs); err != nil {
			return nil, err
		}
		for s := range r.wrong {
			r.wrong[s] = protective(native.Expr(), side(s))
		}
		r.program = sync.OnceValues(r.interpreter)
		if r.plan = planOf(native, defs); r.plan == nil {
			if _, err := r.program(); err != nil {
				return nil, err
			}
		}
	}
	if r.wrong[s] != nil {
		return nil, r.wrong[s]
	}
	c[expr] = r
	return r, nil
}

// readRule reads a condition that must be a plain yes or no.
func readRule(env *cel.Env, expr string) (*cel.Ast, error) {
	ast, issues := env.Compile(expr)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	if !ast.OutputType().IsExactType(cel.BoolType) {
		return nil, fmt.Errorf("is of type %s; a condition must be true or false", ast.OutputType())
	}
	return ast, nil
}

// again reads a condition once more, with the definitions of its pack.
func (r *rule) again() (*cel.Env, *cel.Ast, error) {
	env, err := ruleEnv()
	if err == nil {
		env, err = withDefinitions(env, slices.Collect(maps.Keys(r.defs)))
	}
	if err != nil {
		return nil, nil, err
	}
	ast, err := readRule(env, r.expr)
	return env, ast, err
}

// interpreter makes CEL's own program of a condition, for what a plan cannot do.
func (r *rule) interpreter() (cel.Program, error) {
	env, ast, err := r.again()
	if err != nil {
		return nil, err
	}
	return env.Program(ast, cel.EvalOptions(cel.OptOptimize))
}

// withDefinitions declares the definitions of a pack, all at once: every further environment costs as much as the
// conditions of a pack.
func withDefinitions(env *cel.Env, names []string) (*cel.Env, error) {
	if len(names) == 0 {
		return env, nil
	}
	opts := make([]cel.EnvOption, 0, len(names))
	for _, n := range names {
		opts = append(opts, cel.Variable(n, cel.BoolType))
	}
	return env.Extend(opts...)
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

// references lists the facts of a condition and of the definitions that it uses; local tells whether it uses any.
// A definition can only use those before it.
func references(a *celast.AST, defs map[string]*rule) (out []factRef, local bool, err error) {
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
			local = true
			for _, fr := range d.refs {
				add(fr)
			}
		} else if _, ok := factNames[r.Name]; ok {
			add(factRef{name: r.Name})
		} else if strings.HasPrefix(r.Name, "def.") {
			err = fmt.Errorf("uses %s, which is defined later", r.Name)
		}
	}))
	return out, local, err
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
