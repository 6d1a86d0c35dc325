package policy

import (
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
	before     *ruling           // of a request that nobody made
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
	is *ruling
}

type openExemption struct {
	of   *finding
	text string
}

func newMemo(r *Rules) memo {
	return memo{
		conditions: make([][]openCondition, r.places), plain: make([]*finding, r.places), tests: make([][]openTest, r.tests),
		phases: make([][]openPhase, len(r.ordered)), exempt: make([]openExemption, r.exemptions),
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

// ruling gives the verdict that was made of the same findings before, or makes it.
func (m *memo) ruling(ph *compiledPhase, of []*finding, is func() *ruling) *ruling {
	for _, o := range m.phases[ph.index] {
		if slices.Equal(o.of, of) {
			return o.is
		}
	}
	r := is()
	r.missing, r.questions = slices.Clip(r.missing), slices.Clip(r.questions)
	if r.lasting = !slices.ContainsFunc(of, func(f *finding) bool { return f != nil && !f.lasting }); r.lasting {
		m.phases[ph.index] = keep(m.phases[ph.index], openPhase{slices.Clone(of), r})
	}
	return r
}

// unproven is what is said of an exemption that nothing proves.
func (m *memo) unproven(index int, said *PackExemption, f *finding) string {
	o := &m.exempt[index]
	if o.of != f {
		*o = openExemption{f, "Not exempt while it is not proven: " + said.Because + f.openFacts()}
	}
	return o.text
}

// unasked is the verdict on a duty that starts on request while there is no request.
func (m *memo) unasked() *ruling {
	if m.before == nil {
		m.before = &ruling{verdict: breach.DoesNotApply, finding: finding{because: []string{"It starts when it is asked for, and no request is recorded (incident.requested_at)"}}}
	}
	return m.before
}

// missing are the facts that are missing, sorted, with the one that starts the clock if it is.
func (r *ruling) missingWith(start []string) []string {
	k := min(len(start), 1)
	if !r.made[k] {
		out := slices.Concat(r.missing, start)
		slices.Sort(out)
		r.sorted[k], r.made[k] = slices.Clip(slices.Compact(out)), true
	}
	return r.sorted[k]
}
