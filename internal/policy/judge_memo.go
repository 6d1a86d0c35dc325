package policy

import (
	"fmt"
	"slices"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// memo keeps what several incidents come to alike: where facts are unknown, the same conditions are open for the
// same reasons. Findings are then one and the same, so that what is made of them can be found by them. Values of
// an incident never get into it. It belongs to one judging, which one goroutine at a time uses.
type memo struct {
	conditions [][]openCondition // by index of the condition
	plain      []*finding        // by index of the condition: that it holds, without any value
	tests      [][]openTest      // by index of the test
	phases     [][]openPhase     // by index of the phase
	exempt     []openExemption   // by index of the exemption
	terms      []houseTerm       // by index of the phase
}

// maxAlike bounds what is kept of each place; incidents differ in few ways there.
const maxAlike = 6

type openCondition struct {
	gap   *gapSet
	asked bool
	of    *finding
	is    *finding
}

type openTest struct {
	of   []*finding
	asks bool
	is   *finding
}

type openPhase struct {
	of []*finding
	is ruling
}

type openExemption struct {
	of   *finding
	text string
}

type houseTerm struct {
	from     *startWords
	promised bool
	of       Term
	is       termChoice
}

func newMemo(r *Rules) memo {
	return memo{
		conditions: make([][]openCondition, r.places), plain: make([]*finding, r.places), tests: make([][]openTest, r.tests),
		phases: make([][]openPhase, len(r.ordered)), exempt: make([]openExemption, r.exemptions), terms: make([]houseTerm, len(r.ordered)),
	}
}

// keep puts one more into a place that does not grow for ever.
func keep[T any](all []T, one T) []T {
	if len(all) == maxAlike {
		all = all[:0]
	}
	return append(all, one)
}

// open is a condition of which nobody can tell: because facts are missing, a person must answer, or a shared test is
// open.
func (m *memo) open(c *compiledCondition, gap *gapSet, asked bool, of *finding) *finding {
	for _, o := range m.conditions[c.index] {
		if o.gap == gap && o.asked == asked && o.of == of {
			return o.is
		}
	}
	f := &finding{truth: truthUnknown, lasting: true}
	if gap != nil {
		f.missing = gap.paths
	}
	if asked {
		f.questions = []string{c.question}
	}
	if of != nil {
		f.add(of)
	}
	f.because = []string{c.because + f.openFacts()}
	m.conditions[c.index] = keep(m.conditions[c.index], openCondition{gap, asked, of, f})
	return f
}

// plainly is a condition that holds and shows no value.
func (m *memo) plainly(c *compiledCondition) *finding {
	if m.plain[c.index] == nil {
		m.plain[c.index] = &finding{truth: truthYes, because: []string{c.because}, lasting: true}
	}
	return m.plain[c.index]
}

// undecided is a test that open conditions, and a question if it asks, leave open.
func (m *memo) undecided(t *compiledTest, open []*finding, asks bool) *finding {
	for _, o := range m.tests[t.index] {
		if o.asks == asks && slices.Equal(o.of, open) {
			return o.is
		}
	}
	f := &finding{truth: truthUnknown, lasting: true, because: make([]string, 0, len(open))}
	for _, o := range open {
		f.because = append(f.because, o.because...)
		f.add(o)
	}
	if asks {
		f.add(&finding{questions: []string{t.question}})
	}
	f.missing, f.questions = slices.Clip(f.missing), slices.Clip(f.questions)
	m.tests[t.index] = keep(m.tests[t.index], openTest{slices.Clone(open), asks, f})
	return f
}

// ruling gives the verdict that was made of the same lasting findings before, or makes it: decide fills in what it is
// given.
func (j *judging) ruling(ph *compiledPhase, of []*finding, decide func(*finding) breach.Verdict) ruling {
	before := j.memo.phases[ph.index]
	for _, o := range before {
		if slices.Equal(o.of, of) {
			return o.is
		}
	}
	r := ruling{finding: &finding{lasting: true}}
	r.verdict = decide(r.finding)
	r.missing, r.questions = slices.Clip(r.missing), slices.Clip(r.questions)
	j.memo.phases[ph.index] = keep(before, openPhase{slices.Clone(of), r})
	return r
}

// lastingOne leaves the same open, and lasts.
func (f *finding) lastingOne() *finding {
	if f.alike != nil {
		return f.alike
	}
	return f
}

// unproven is what is said of an exemption that nothing proves.
func (m *memo) unproven(index int, said *PackExemption, f *finding) string {
	o := &m.exempt[index]
	if o.of != f {
		*o = openExemption{f, "Not exempt while it is not proven: " + said.Because + f.openFacts()}
	}
	return o.text
}

// houseTerm is a policy's own term for a phase, counted from a fact.
func (m *memo) houseTerm(ph *compiledPhase, from *startWords, promised bool, of Term) termChoice {
	h := &m.terms[ph.index]
	if h.from == from && h.promised == promised && h.of == of {
		return h.is
	}
	t, says := DeadlineTerm{Value: of.Value, Unit: of.Unit}, "The rule has no number (%q); the general term of the house is %s. House policy, not law"
	if promised {
		says = "The policy says %q; its own house term is %s. House policy, not law"
	}
	*h = houseTerm{from, promised, of, termChoice{t, true, fmt.Sprintf(says, ph.phase.Clock.Soft, t.from(from.fact))}}
	return h.is
}

// missingWith are the facts that are missing, sorted, with the one that starts the clock if it is.
func (f *finding) missingWith(start []string) []string {
	if len(f.missing) == 0 {
		return start
	}
	if f.alike != nil {
		return f.alike.missingWith(start)
	}
	w, k := f.inWords(), min(len(start), 1)
	if !w.made[k] {
		out := slices.Concat(f.missing, start)
		slices.Sort(out)
		w.sorted[k], w.made[k] = slices.Clip(slices.Compact(out)), true
	}
	return w.sorted[k]
}
