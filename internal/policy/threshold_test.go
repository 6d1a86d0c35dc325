package policy

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// threshold is a comparison of a fact with a number, as it stands in the checked condition of a pack.
type threshold struct {
	compared
	pack     *compiledPack
	rule     *rule
	operator string // with the fact on the left
	number   float64
	step     float64
}

func (th threshold) String() string {
	return fmt.Sprintf("%s: %s %s %v", th.pack.ID, th.compared, th.operator, th.number)
}

var turned = map[string]string{">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "==", "!=": "!="}

// thresholds walks every condition of every pack for comparisons with numbers.
func thresholds(r *Rules) (out []threshold) {
	for _, p := range r.packs {
		rules := slices.Collect(maps.Values(p.own))
		for _, c := range rules {
			ast := astOf(c)
			look := lookInto(ast)
			celast.PostOrderVisit(ast.Expr(), celast.NewExprVisitor(func(e celast.Expr) {
				if e.Kind() != celast.CallKind || len(e.AsCall().Args()) != 2 {
					return
				}
				op, ok := operators.FindReverse(e.AsCall().FunctionName())
				if !ok || turned[op] == "" {
					return
				}
				left, right := e.AsCall().Args()[0], e.AsCall().Args()[1]
				if left.Kind() == celast.LiteralKind {
					left, right, op = right, left, turned[op]
				}
				n, step, ok := number(right)
				if !ok {
					return
				}
				for _, s := range look.at(left) {
					if s.shape == cost {
						step = 1 // of people, at a price of 1
					}
					out = append(out, threshold{s, p, c, op, n, step})
				}
			}))
		}
	}
	slices.SortFunc(out, func(a, b threshold) int { return strings.Compare(a.String(), b.String()) })
	return out
}

func number(e celast.Expr) (n, step float64, ok bool) {
	if e.Kind() != celast.LiteralKind {
		return 0, 0, false
	}
	switch v := e.AsLiteral().Value().(type) {
	case int64:
		return float64(v), 1, true
	case float64:
		return v, 0.25, true
	}
	return 0, 0, false
}

// with sets the fact to a number, in a copy of the facts; false where this test cannot.
func (th threshold) with(f breach.Facts, n float64) (breach.Facts, bool) {
	switch th.shape {
	case length:
		return th.withLength(f, int(n)), true
	case eachOf:
		f.People.Total = nil // or a sum that happens to be complete would speak for the other places
		if th.fact == "people.by_region" {
			f.People.ByCountry = nil
		}
	case cost:
		f.Contacts.CostPerPerson = map[string]map[string]float64{"letter": {"USD": 1}}
	}
	if th.key != "" {
		entry := func(m map[string]int64) map[string]int64 {
			m = maps.Clone(m)
			if m == nil {
				m = map[string]int64{}
			}
			m[th.key] = int64(n)
			return m
		}
		switch th.fact {
		case "people.by_country":
			f.People.ByCountry = entry(f.People.ByCountry)
		case "people.by_region":
			f.People.ByRegion = entry(f.People.ByRegion)
		case "impact.direct_loss":
			f.Impact.DirectLoss = map[string]float64{th.key: n}
		default:
			return f, false
		}
		return f, true
	}
	for _, l := range factLeaves {
		if l.path != th.fact {
			continue
		}
		i := int64(n)
		switch p := l.in(&f); p.Interface().(type) {
		case *int64:
			p.Set(reflectPointer(i))
			return f, true
		case *float64:
			p.Set(reflectPointer(n))
			return f, true
		}
	}
	return f, false
}

func reflectPointer[T any](v T) reflect.Value { return reflect.ValueOf(&v) }

func (th threshold) ask(t rapid.TB, r *Rules, f breach.Facts) truth {
	j := r.newJudging()
	j.begin(&f, Profile{}, testNow)
	got, _, err := j.view(th.pack).ask(th.rule)
	require.NoError(t, err)
	return got
}

// near tells whether the same condition compares the same fact with another number close by, or with the same
// number by another operator: then more flips are right.
func (th threshold) near(all []threshold) bool {
	return slices.ContainsFunc(all, func(o threshold) bool {
		d := o.number - th.number
		return o.rule == th.rule && o.fact == th.fact && (o.key == th.key) && (d != 0 || o.operator != th.operator) && d <= 2 && d >= -2
	})
}

// Every number of every pack is tried one below, exactly, and one above: the condition changes between those two
// that the operator tells apart, and nowhere else, whatever else is known; and there is a case where it does.
func TestEveryThresholdFlipsWhereItsOperatorSays(t *testing.T) {
	t.Parallel()
	r := loadTestRules(t)
	all := thresholds(r)
	require.NotEmpty(t, all)
	tried := map[string]int{}
	shapes := map[shape]int{}
	for _, th := range all {
		if _, ok := th.with(breach.Facts{}, th.number); !ok || th.near(all) {
			continue
		}
		tried[th.pack.ID]++
		shapes[th.shape]++
		t.Run(th.String(), func(t *testing.T) {
			t.Parallel()
			flips := 0
			try := func(t rapid.TB, f breach.Facts) {
				var got [3]truth
				first := th.number - th.step
				fromNone := th.shape == length && th.number == 0 // nothing is shorter than an empty list
				if fromNone {
					first = 0
				}
				for i := range got {
					with, _ := th.with(f, first+float64(i)*th.step)
					got[i] = th.ask(t, r, with)
				}
				below, at, above := got[0], got[1], got[2]
				switch {
				case fromNone:
					require.Equal(t, at, above, "%v: it happens between none and one", got)
				case th.operator == ">" || th.operator == "<=":
					require.Equal(t, below, at, "%v: nothing happens at the number itself", got)
				case th.operator == ">=" || th.operator == "<":
					require.Equal(t, at, above, "%v: it happens at the number itself", got)
				default:
					require.Equal(t, below, above, "%v: it happens at the number alone", got)
				}
				if below != at || at != above {
					flips++
				}
			}
			for i := range 20_000 {
				if i > 60 && (flips > 0 || th.fact == "people.categories") {
					break
				}
				try(t, someFacts().Example(i))
			}
			if th.fact == "people.categories" {
				return // one of many signs of a small mistake: that all others are there is too rare to be found
			}
			require.Positive(t, flips, "the number decides in no case that was tried: is the condition dead?")
		})
	}
	for _, want := range []string{"cn-cac-incident-2025", "eu-gdpr"} {
		require.Positive(t, tried[want], want)
	}
	for _, want := range []shape{plain, eachOf, length, cost} {
		require.Positive(t, shapes[want], want)
	}
}
