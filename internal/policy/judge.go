package policy

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// judging is the evaluation of all packs over one set of facts.
type judging struct {
	rules    *Rules
	facts    *breach.Facts
	profile  Profile
	now      time.Time
	lawAt    time.Time // of which the law counts
	lawWhich string
	answers  map[string]bool
	base     *factView
	views    []*factView       // by index of the pack
	scopes   []*finding        // by index of the pack
	tests    []*finding        // by index of the test
	done     []ruling          // by index of the phase
	texts    []shownText       // by number of the fact
	origins  map[string]string // where a number comes from, by its fact
	stack    []*finding        // of the conditions that are being gone through
	lines    []string          // room for the reasons of the obligations
	clocks   []breach.Clock    // and for their clocks
	found    pool[finding]     // what is said of this incident alone
	memo     memo
}

// shownText is a text that was made already.
type shownText struct {
	text string
	made bool
}

// finding is what a test, or a duty, came to. It is never changed once it is made. One that says nothing of an
// incident's values is kept by the memo, because another incident can come to the very same; all others are taken
// from judging.found and last as long as the judgement. Every test that is open has one that lasts.
type finding struct {
	truth     truth
	lasting   bool
	alike     *finding // one that lasts, and leaves the same open for other reasons; nil for one that lasts itself
	because   []string
	missing   []string
	questions []string   // full ids
	words     *openWords // of one that is open, when they are first asked for
}

// openWords are what is made of a finding that leaves something open, each when it is first asked for.
type openWords struct {
	gap    string
	open   []string    // because, of a verdict that nobody can tell
	sorted [2][]string // missing, without and with the fact that starts the clock
	made   [2]bool
}

// ruling is the verdict on one obligation.
type ruling struct {
	verdict breach.Verdict
	*finding
}

// pool hands out zero values, which all come back at once.
type pool[T any] struct {
	all  []*T
	used int
}

func (p *pool[T]) take() *T {
	if p.used == len(p.all) {
		p.all = append(p.all, new(T))
	}
	p.used++
	return p.all[p.used-1]
}

func (p *pool[T]) release() {
	for _, one := range p.all[:p.used] {
		*one = *new(T)
	}
	p.used = 0
}

var (
	ruledOut = &finding{truth: truthNo, lasting: true}
	always   = &finding{truth: truthYes, lasting: true}
	notAsked = &finding{truth: truthNo, lasting: true, because: []string{"It starts when it is asked for, and no request is recorded (incident.requested_at)"}}
)

func (j *judging) view(p *compiledPack) *factView {
	if j.views[p.index] == nil {
		j.views[p.index] = j.base.with(p.defs)
	}
	return j.views[p.index]
}

// condition evaluates one condition: expression, question and shared test must all hold. Only one that does has a
// reason of its own, and only one that is open says what is missing.
func (j *judging) condition(p *compiledPack, c *compiledCondition) (*finding, error) {
	truth, gap := truthYes, (*gapSet)(nil)
	if c.rule != nil {
		a, err := j.view(p).answer(c.rule)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.ID, err)
		}
		truth, gap = a.truth, a.gap
	}
	said, asked := "", false
	if c.question != "" && truth != truthNo {
		switch answer, answered := j.answers[c.question]; {
		case answered && !answer:
			truth = truthNo
		case answered:
			said = " (" + answeredText(true) + ")"
		default:
			truth, asked = truthUnknown, true
		}
	}
	if truth == truthNo {
		return ruledOut, nil
	}
	var of *finding // the shared test, while it is open
	var also []string
	if c.test != nil {
		g, err := j.test(p, c.test)
		if err != nil || g.truth == truthNo {
			return ruledOut, err
		}
		if also = g.because; g.truth == truthUnknown {
			truth, of = truthUnknown, g
		}
	}
	if truth == truthUnknown {
		return j.memo.open(c, gap, asked, of), nil
	}
	var room [maxValues]string
	values := j.values(room[:0], c.rule)
	if len(values) == 0 && said == "" && len(also) == 0 {
		return j.memo.plainly(c), nil
	}
	return j.finds(truthYes, withValues(c.because, values, said), also), nil
}

// finds is a finding of this incident alone.
func (j *judging) finds(t truth, first string, also []string) *finding {
	because := append(j.room(1+len(also)), first)
	return j.says(t, append(because, also...))
}

// says does the same with reasons that lie in room that judging.room gave.
func (j *judging) says(t truth, because []string) *finding {
	f := j.found.take()
	f.truth, f.because = t, j.taken(because)
	return f
}

// anyOf is true when one condition is, and then gives every reason. Otherwise it is nil, and the conditions that
// are open lie on the stack.
func (j *judging) anyOf(p *compiledPack, cs []compiledCondition) (*finding, error) {
	var yes *finding
	for i := range cs {
		f, err := j.condition(p, &cs[i])
		switch {
		case err != nil:
			return nil, err
		case f.truth == truthUnknown:
			j.stack = append(j.stack, f)
		case f.truth == truthYes && yes == nil:
			yes = f
		case f.truth == truthYes:
			yes = j.says(truthYes, append(append(j.room(len(yes.because)+len(f.because)), yes.because...), f.because...))
		}
	}
	return yes, nil
}

// add takes over what is missing and what is asked, without repeating it.
func (f *finding) add(g *finding) {
	f.missing, f.questions = union(f.missing, g.missing), union(f.questions, g.questions)
}

// union shares what is one of the two, and never writes into what is shared.
func union(a, b []string) []string {
	if len(a) == 0 {
		return slices.Clip(b)
	}
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}

// test evaluates a three-valued test as PackTest describes it, once for all the places where it stands.
func (j *judging) test(p *compiledPack, t *compiledTest) (*finding, error) {
	if t.empty() {
		return always, nil
	}
	if f := j.tests[t.index]; f != nil {
		return f, nil
	}
	mark := len(j.stack)
	f, err := j.evaluate(p, t)
	j.stack = j.stack[:mark]
	if err != nil {
		return nil, err
	}
	j.tests[t.index] = f
	return f, nil
}

func (j *judging) evaluate(p *compiledPack, t *compiledTest) (*finding, error) {
	if answer, ok := j.answers[t.question]; ok {
		return j.finds(truthOf(answer), p.questions[t.question]+" - "+answeredText(answer), nil), nil
	}
	first := len(j.stack)
	yes, err := j.anyOf(p, t.anyOf)
	if err != nil || yes != nil {
		return yes, err
	}
	second := len(j.stack)
	none, err := j.anyOf(p, t.noneIf)
	if err != nil {
		return nil, err
	}
	if second == first && (none != nil || t.question == "") {
		return j.settledNo(p, t, none), nil
	}
	asks := t.question != "" && none == nil
	if !asks {
		j.stack = j.stack[:second]
	}
	return j.memo.undecided(t, j.stack[first:], asks), nil
}

// whyNot are the reasons for which a shared test is false, or nothing.
func (j *judging) whyNot(p *compiledPack, t *compiledTest) []string {
	if f, err := j.test(p, t); err == nil && f.truth == truthNo {
		return f.because
	}
	return nil
}

func (j *judging) settledNo(p *compiledPack, t *compiledTest, none *finding) *finding {
	if none != nil {
		return j.finds(truthNo, t.otherwise, none.because)
	}
	var room [maxValues]string
	values := room[:0]
	var also []string
	for i := range t.anyOf {
		c := &t.anyOf[i]
		values = j.values(values, c.rule)
		if c.test != nil {
			also = append(also, j.whyNot(p, c.test)...)
		}
		if answer, ok := j.answers[c.question]; ok && !answer {
			also = append(also, c.because+": "+answeredText(false))
		}
	}
	return j.finds(truthNo, withValues(t.otherwise, values, ""), also)
}

// openFacts says what is unknown, once for all who ask.
func (f *finding) openFacts() string {
	w := f.inWords()
	if w.gap == "" {
		w.gap = gapText(f.missing)
	}
	return w.gap
}

func (f *finding) inWords() *openWords {
	if f.words == nil {
		f.words = &openWords{}
	}
	return f.words
}

// cannotTell are the reasons of a finding that leaves a verdict open.
func (f *finding) cannotTell() []string {
	if f.truth != truthUnknown {
		return f.because
	}
	w := f.inWords()
	if w.open == nil {
		w.open = make([]string, len(f.because))
		for i, b := range f.because {
			w.open[i] = "Cannot tell yet: " + b
		}
	}
	return w.open
}
