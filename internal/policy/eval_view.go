package policy

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// factView is what conditions see of one incident. It implements cel.Activation. Facts, and conditions without
// definitions, are the same for every pack: they are looked up in base, once for all.
type factView struct {
	facts  *breach.Facts  // of the base only
	extra  map[string]any // severity, policy.*; of the base only
	base   *factView      // nil for the base itself
	defs   map[string]*rule
	values []ref.Val     // of packFacts, nil until one is asked for; of the base only
	asked  []answer      // by index of the condition; of the base only
	gaps   [][]openGap   // by index of the condition, of earlier incidents too; of the base only
	spare  []*evaluation // of the base
}

type answer struct {
	decided bool
	truth   truth
	gap     *gapSet // nil unless it is unknown
}

// gapSet are facts that are missing together. It is never changed.
type gapSet struct {
	paths []string // sorted
}

// openGap is what a condition met on the way, unsorted, and the set that it came to.
type openGap struct {
	met []string
	is  *gapSet
}

// missing must not be changed; appending to it copies.
func (a answer) missing() []string {
	if a.gap == nil {
		return nil
	}
	return a.gap.paths
}

// newFactView is the base for one incident; conditions is Rules.conditions.
func newFactView(f *breach.Facts, conditions int) *factView {
	return &factView{
		facts: f, values: make([]ref.Val, len(packFacts)), asked: make([]answer, conditions+1), gaps: make([][]openGap, conditions+1),
	}
}

// with shares the facts with another pack's definitions.
func (v *factView) with(defs map[string]*rule) *factView {
	return &factView{base: v, defs: defs}
}

func (v *factView) Parent() cel.Activation { return nil }

// ResolveName finds a variable by its dotted name; an unknown fact is an Unknown that carries its path.
func (v *factView) ResolveName(name string) (any, bool) {
	if d, ok := v.defs[name]; ok {
		return v.definition(d), true
	}
	if i, ok := factNames[name]; ok {
		return v.value(i), true
	}
	if v.base != nil {
		v = v.base
	}
	switch val := v.extra[name].(type) {
	case nil:
		return nil, false
	case *interval:
		return opaque{intervalType, val}, true
	default:
		return types.DefaultTypeAdapter.NativeToValue(val), true
	}
}

// definition is an answer as CEL's interpreter sees it.
func (v *factView) definition(d *rule) ref.Val {
	a, err := v.answer(d)
	switch {
	case err != nil:
		return types.WrapErr(err)
	case a.truth != truthUnknown:
		return types.Bool(a.truth == truthYes)
	}
	return unknownFacts(a.missing())
}

// value is a fact by its place in packFacts.
func (v *factView) value(i int) ref.Val {
	if v.base != nil {
		v = v.base
	}
	if v.values[i] == nil {
		v.values[i] = factValue(i, v.facts)
	}
	return v.values[i]
}

func factValue(i int, f *breach.Facts) ref.Val {
	switch val := packFacts[i].get(f).(type) {
	case nil:
		return unknowns[i]
	case *factTable:
		return opaque{tableType, val}
	case openList:
		return val.value()
	case []string:
		return newWordList(val)
	default:
		return types.DefaultTypeAdapter.NativeToValue(val)
	}
}

// ask evaluates a condition, once. Unknown comes with the facts that are missing, which must not be changed.
func (v *factView) ask(r *rule) (truth, []string, error) {
	a, err := v.answer(r)
	return a.truth, a.missing(), err
}

func (v *factView) answer(r *rule) (answer, error) {
	base := v
	if v.base != nil {
		base = v.base
	}
	if a := base.asked[r.index]; a.decided { // a condition with definitions belongs to one pack only
		return a, nil
	}
	a, err := v.evaluate(base, r)
	if err == nil {
		a.decided = r.index > 0
		base.asked[r.index] = a
	}
	return a, err
}

// gap is the set of what a condition met. Incidents of which the same is unknown share one.
func (v *factView) gap(r *rule, met []string) *gapSet {
	for _, g := range v.gaps[r.index] {
		if slices.Equal(g.met, met) {
			return g.is
		}
	}
	is := &gapSet{paths: gaps(met)}
	if r.index > 0 {
		v.gaps[r.index] = keep(v.gaps[r.index], openGap{slices.Clone(met), is})
	}
	return is
}

// evaluate follows the plan of a condition. Where it has none, or a value made trouble, CEL's interpreter decides.
func (v *factView) evaluate(base *factView, r *rule) (a answer, err error) {
	if r.plan == nil {
		return v.interpret(r)
	}
	e := base.evaluation()
	e.view, e.missing, e.err = v, e.missing[:0], nil
	a.truth = r.plan(e)
	base.spare = append(base.spare, e)
	if e.err != nil {
		return v.interpret(r)
	}
	if a.truth == truthUnknown {
		a.gap = base.gap(r, e.missing)
	}
	return a, nil
}

// evaluation takes one that is not in use; conditions use definitions, which use others.
func (v *factView) evaluation() *evaluation {
	n := len(v.spare)
	if n == 0 {
		return &evaluation{missing: make([]string, 0, 64)}
	}
	e := v.spare[n-1]
	v.spare = v.spare[:n-1]
	return e
}

func (v *factView) interpret(r *rule) (a answer, err error) {
	program, err := r.program()
	if err != nil {
		return a, err
	}
	val, _, err := program.Eval(v)
	if err != nil {
		return a, err
	}
	switch val := val.(type) {
	case types.Bool:
		a.truth = truthOf(bool(val))
	case *types.Unknown:
		base := v
		if v.base != nil {
			base = v.base
		}
		met := unknownPaths(val)
		slices.Sort(met) // the interpreter gives them in no order
		a.gap = base.gap(r, met)
	default:
		return a, fmt.Errorf("a condition gave neither yes nor no")
	}
	return a, nil
}
