package policy

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// factView is what conditions see of one incident. It implements cel.Activation. Facts, and conditions without
// definitions, are the same for every pack: they are looked up in base, once for all.
type factView struct {
	facts    *breach.Facts
	extra    map[string]any // severity, policy.*
	base     *factView      // nil for the base itself
	defs     map[string]*rule
	resolved map[string]any
	asked    map[*rule]answer
}

type answer struct {
	truth   truth
	missing []string // must not be changed; appending to it copies
}

func (v *factView) Parent() cel.Activation { return nil }

// ResolveName finds a variable by its dotted name; an unknown fact is an Unknown that carries its path.
func (v *factView) ResolveName(name string) (any, bool) {
	if val, ok := v.resolved[name]; ok {
		return val, true
	}
	d, isDef := v.defs[name]
	if !isDef && v.base != nil {
		return v.base.ResolveName(name)
	}
	var val any
	ok := true
	if isDef {
		val = v.definition(d)
	} else {
		val, ok = v.resolve(name)
	}
	if ok {
		v.resolved[name] = val
	}
	return val, ok
}

func (v *factView) definition(d *rule) any {
	if !d.local && v.base != nil {
		v = v.base
	}
	val, _, err := d.program.Eval(v)
	if err != nil {
		return types.WrapErr(err)
	}
	return val
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
		return nil, false
	case *interval:
		return opaque{intervalType, val}, true
	default:
		return types.DefaultTypeAdapter.NativeToValue(val), true
	}
}

// with shares the facts with another pack's definitions.
func (v *factView) with(defs map[string]*rule) *factView {
	return &factView{facts: v.facts, extra: v.extra, base: v, defs: defs, resolved: map[string]any{}}
}

// ask evaluates a condition, once. Unknown comes with the facts that are missing, which must not be changed.
func (v *factView) ask(r *rule) (truth, []string, error) {
	if !r.local && v.base != nil {
		return v.base.ask(r)
	}
	if a, ok := v.asked[r]; ok {
		return a.truth, a.missing, nil
	}
	val, _, err := r.program.Eval(v)
	if err != nil {
		return truthUnknown, nil, err
	}
	var a answer
	switch val := val.(type) {
	case types.Bool:
		a.truth = truthNo
		if val {
			a.truth = truthYes
		}
	case *types.Unknown:
		a.missing = slices.Clip(missingFacts(val))
	default:
		return truthUnknown, nil, fmt.Errorf("a condition gave neither yes nor no")
	}
	if v.asked == nil {
		v.asked = map[*rule]answer{}
	}
	v.asked[r] = a
	return a.truth, a.missing, nil
}
