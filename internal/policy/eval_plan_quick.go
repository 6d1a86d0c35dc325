package policy

import (
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// quick plans the comparisons of which nearly all conditions consist, without a value of CEL's in between: with a
// word, with a group of words, and of an entry of a table with a number. It is nil for any other.
func (p *planner) quick(c celast.CallExpr, a operand) plan {
	name, right := c.FunctionName(), c.Args()[1]
	switch {
	case p.names[right.ID()] != nil:
		if words := packGroups[p.name(right)]; words != nil && name == operators.In {
			return isOneOf(a, words)
		}
	case name == operators.In && right.Kind() == celast.ListKind:
		return isOneOf(a, literalWords(right.AsList()))
	case right.Kind() != celast.LiteralKind:
	default:
		switch want := right.AsLiteral().(type) {
		case types.String:
			switch name {
			case operators.Equals:
				return isWord(a, want)
			case operators.NotEquals:
				return flip(isWord(a, want))
			}
		case types.Int:
			return p.counted(c, int64(want))
		}
	}
	return nil
}

func isWord(a operand, want types.String) plan {
	return func(e *evaluation) truth {
		switch v := a(e).(type) {
		case nil:
			return truthUnknown
		case types.String:
			return truthOf(v == want)
		default:
			return e.settle(equal(v, want))
		}
	}
}

func isOneOf(a operand, words []string) plan {
	list, has := newWordList(words), make(map[string]bool, len(words))
	for _, w := range words {
		has[w] = true
	}
	return func(e *evaluation) truth {
		switch v := a(e).(type) {
		case nil:
			return truthUnknown
		case types.String:
			return truthOf(has[string(v)])
		default:
			return e.settle(list.Contains(v))
		}
	}
}

// counted plans the comparison of table.count(key) with a number; nil for any other.
func (p *planner) counted(c celast.CallExpr, want int64) plan {
	left, holds := c.Args()[0], countComparisons[c.FunctionName()]
	if holds == nil || left.Kind() != celast.CallKind || left.AsCall().FunctionName() != "count" {
		return nil
	}
	table, key := p.operand(left.AsCall().Target()), p.operand(left.AsCall().Args()[0])
	if table == nil || key == nil {
		return nil
	}
	return func(e *evaluation) truth {
		k := key(e)
		if k == nil {
			return truthUnknown
		}
		n, missing := table(e).Value().(*factTable).entry(string(k.(types.String)))
		if n == nil {
			e.missing = append(e.missing, missing)
			return truthUnknown
		}
		return truthOf(holds(n.(int64), want))
	}
}

var countComparisons = map[string]func(a, b int64) bool{
	operators.Equals:        func(a, b int64) bool { return a == b },
	operators.NotEquals:     func(a, b int64) bool { return a != b },
	operators.Less:          func(a, b int64) bool { return a < b },
	operators.LessEquals:    func(a, b int64) bool { return a <= b },
	operators.Greater:       func(a, b int64) bool { return a > b },
	operators.GreaterEquals: func(a, b int64) bool { return a >= b },
}
