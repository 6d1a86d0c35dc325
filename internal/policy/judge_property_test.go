package policy

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	celast "cel.dev/cel-go/common/ast"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func judged(t rapid.TB, r *Rules, f breach.Facts, now time.Time) map[string]breach.Obligation {
	j, err := r.Judge(f, Profile{}, now)
	require.NoError(t, err)
	out := make(map[string]breach.Obligation, len(j.Obligations))
	for _, o := range j.Obligations {
		out[o.ID] = o
	}
	require.Len(t, out, len(r.phases), "every obligation is answered, whatever is known")
	return out
}

// usesProven tells whether more facts may take the duty away without an exemption: somewhere in its conditions
// a proof counts against it.
func (r *Rules) usesProven(ph *compiledPhase) bool {
	var inTest func(t *compiledTest) bool
	inRule := func(c *rule) bool {
		found := false
		celast.PostOrderVisit(astOf(c).Expr(), celast.NewExprVisitor(func(e celast.Expr) {
			found = found || e.Kind() == celast.CallKind && e.AsCall().FunctionName() == "proven"
		}))
		return found
	}
	inTest = func(t *compiledTest) bool {
		return slices.ContainsFunc(slices.Concat(t.anyOf, t.noneIf), func(c compiledCondition) bool {
			return c.rule != nil && inRule(c.rule) || c.test != nil && inTest(c.test)
		})
	}
	return inTest(ph.pack.scope) || inTest(ph.appliesTo) || inTest(ph.trigger) ||
		slices.ContainsFunc(ph.follows, func(id string) bool { return r.usesProven(r.phases[id]) })
}

func (r *Rules) exemptible(ph *compiledPhase) bool {
	return len(ph.exemptions) > 0 || slices.ContainsFunc(ph.follows, func(id string) bool { return r.exemptible(r.phases[id]) })
}

// A fact that becomes known never silences a duty. Where it takes one away, the answer says why; and it can do so
// only by an exemption, by a proof that a condition names, or because the regime was not in force then.
func TestAFactMoreNeverSilencesADuty(t *testing.T) {
	t.Parallel()
	r := loadTestRules(t)
	proven, exemptible := map[string]bool{}, map[string]bool{}
	for id, ph := range r.phases {
		proven[id], exemptible[id] = r.usesProven(ph), r.exemptible(ph)
	}
	rapid.Check(t, func(t *rapid.T) {
		f := someFacts().Draw(t, "facts")
		unknown := slices.DeleteFunc(slices.Clone(factLeaves), func(l leaf) bool { return l.known(&f) })
		if len(unknown) == 0 {
			return
		}
		l := rapid.SampledFrom(unknown).Draw(t, "fact")
		before := judged(t, r, f, testNow)
		l.in(&f).Set(reflect.ValueOf(valueOf(l.path, l.typ)(t)).Convert(l.typ))
		for id, b := range judged(t, r, f, testNow) {
			a := before[id]
			if a.Verdict != breach.Applies || b.Verdict == breach.Applies {
				continue
			}
			require.NotEmpty(t, b.Because, "%s: %s takes it away without a reason", id, l.path)
			require.NotEmpty(t, strings.TrimSpace(b.Because[0]))
			force := strings.HasPrefix(b.Because[0], "Not in force") || strings.HasPrefix(b.Because[0], "No longer in force") || strings.Contains(b.Because[0], "in force")
			require.True(t, proven[id] || exemptible[id] || force || r.phases[id].pack.InForce != PackInForce{} && strings.HasSuffix(l.path, "_at"),
				"%s applied, and is %s once %s is known: %v", id, b.Verdict, l.path, b.Because)
		}
	})
}

// The time at which an incident is looked at moves no deadline, and what is overdue stays overdue.
func TestLookingLaterMovesNoDeadlineEarlier(t *testing.T) {
	t.Parallel()
	r := loadTestRules(t)
	rapid.Check(t, func(t *rapid.T) {
		f := someFacts().Draw(t, "facts")
		at := genInstants().Draw(t, "now")
		before := judged(t, r, f, at)
		for id, b := range judged(t, r, f, at.Add(time.Duration(rapid.Int64Range(1, 400*24*3600).Draw(t, "later"))*time.Second)) {
			a := before[id]
			if a.Verdict == b.Verdict && a.DueAt != nil {
				require.NotNil(t, b.DueAt, id)
				require.False(t, b.DueAt.Before(*a.DueAt), "%s: %v, later %v", id, a.DueAt, b.DueAt)
				require.True(t, !a.Overdue || b.Overdue, id)
			}
		}
	})
}

// The same incident some time later has no earlier deadline.
func TestALaterIncidentHasNoEarlierDeadline(t *testing.T) {
	t.Parallel()
	r := loadTestRules(t)
	rapid.Check(t, func(t *rapid.T) {
		f := someFacts().Draw(t, "facts")
		before := judged(t, r, f, testNow)
		by := time.Duration(rapid.Int64Range(1, 300*24*3600).Draw(t, "later")) * time.Second
		for _, l := range factLeaves {
			if at, ok := l.in(&f).Interface().(*time.Time); ok && at != nil {
				moved := at.Add(by)
				l.in(&f).Set(reflect.ValueOf(&moved))
			}
		}
		for id, b := range judged(t, r, f, testNow) {
			if a := before[id]; a.Verdict == b.Verdict && a.DueAt != nil && b.DueAt != nil {
				require.False(t, b.DueAt.Before(*a.DueAt), "%s: %v, later %v", id, a.DueAt, b.DueAt)
			}
		}
	})
}

// plainly leaves the words out that repeat a list in its order.
func plainly(t rapid.TB, in map[string]breach.Obligation) string {
	for id, o := range in {
		o.Because = nil
		in[id] = o
	}
	b, err := json.Marshal(in)
	require.NoError(t, err)
	return string(b)
}

func TestOrderChangesNothing(t *testing.T) {
	t.Parallel()
	r, turned := loadTestRules(t), loadTurned(t)
	rapid.Check(t, func(t *rapid.T) {
		f := someFacts().Draw(t, "facts")
		first := judged(t, r, f, testNow)
		require.Equal(t, first, judged(t, r, f, testNow), "the same twice")
		require.Equal(t, first, judged(t, turned, f, testNow), "packs in another order of files")
		for _, l := range factLeaves {
			if list, ok := l.in(&f).Interface().([]string); ok && list != nil {
				other := slices.Clone(list)
				slices.Reverse(other)
				l.in(&f).Set(reflect.ValueOf(other))
			}
		}
		require.Equal(t, plainly(t, first), plainly(t, judged(t, r, f, testNow)), "lists in another order")
	})
}

// loadTurned loads the packs of this program from files whose names turn their order round.
func loadTurned(t *testing.T) *Rules {
	t.Helper()
	turned := fstest.MapFS{}
	names, err := fs.Glob(packFiles, "packs/*.yaml")
	require.NoError(t, err)
	for i, name := range names {
		b, err := packFiles.ReadFile(name)
		require.NoError(t, err)
		turned[fmt.Sprintf("%04d.yaml", len(names)-i)] = &fstest.MapFile{Data: b}
	}
	calendars, err := fs.Sub(packFiles, "packs")
	require.NoError(t, err)
	names, err = fs.Glob(calendars, "calendars/*.yaml")
	require.NoError(t, err)
	for _, name := range names {
		b, err := fs.ReadFile(calendars, name)
		require.NoError(t, err)
		turned[name] = &fstest.MapFile{Data: b}
	}
	r, err := loadRules([]fs.FS{turned})
	require.NoError(t, err)
	require.Equal(t, slices.Sorted(maps.Keys(r.phases)), slices.Sorted(maps.Keys(loadTestRules(t).phases)))
	return r
}

// astOf reads a condition again.
func astOf(r *rule) *celast.AST {
	_, ast, err := r.again()
	if err != nil {
		panic(err)
	}
	return ast.NativeRep()
}
