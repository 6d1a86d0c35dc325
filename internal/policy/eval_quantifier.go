package policy

import (
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// comprehension plans exists and all over one list, which CEL has unrolled into a loop with an accumulator.
func (p *planner) comprehension(c celast.ComprehensionExpr) plan {
	decides, body := quantifier(c)
	over := p.members(c.IterRange())
	if body == nil || over == nil || len(p.vars) == maxNested {
		return nil
	}
	slot := len(p.vars)
	p.vars = append(p.vars, c.IterVar())
	holds := p.truth(body)
	p.vars = p.vars[:slot]
	if holds == nil {
		return nil
	}
	return func(e *evaluation) truth {
		list, isKnown := over(e)
		if !isKnown {
			return truthUnknown
		}
		out, mark := decides.not(), len(e.missing)
		for _, e.vars[slot] = range list {
			switch holds(e) {
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

// members plans a list that is gone through. Those of a group are taken apart once.
func (p *planner) members(e celast.Expr) func(*evaluation) ([]ref.Val, bool) {
	list := p.operand(e)
	if list == nil {
		return nil
	}
	if r := p.names[e.ID()]; r != nil && r.Value != nil {
		all := apart(r.Value)
		return func(*evaluation) ([]ref.Val, bool) { return all, true }
	}
	return func(e *evaluation) ([]ref.Val, bool) {
		l := list(e)
		if l == nil {
			return nil, false
		}
		return apart(l), true
	}
}

func apart(list ref.Val) (out []ref.Val) {
	switch l := list.(type) {
	case wordList:
		return l.members
	case openValue:
		return l.members
	}
	for it := list.(traits.Lister).Iterator(); it.HasNext() == types.True; {
		out = append(out, it.Next())
	}
	return out
}

// quantifier recognises exists (one yes decides) and all (one no decides) and gives the condition on a member.
func quantifier(c celast.ComprehensionExpr) (decides truth, body celast.Expr) {
	step := c.LoopStep()
	if c.HasIterVar2() || step.Kind() != celast.CallKind || c.Result().Kind() != celast.IdentKind || c.Result().AsIdent() != c.AccuVar() {
		return decides, nil
	}
	call := step.AsCall()
	if len(call.Args()) != 2 || call.Args()[0].Kind() != celast.IdentKind || call.Args()[0].AsIdent() != c.AccuVar() {
		return decides, nil
	}
	switch call.FunctionName() {
	case operators.LogicalOr:
		return truthYes, call.Args()[1]
	case operators.LogicalAnd:
		return truthNo, call.Args()[1]
	}
	return decides, nil
}
