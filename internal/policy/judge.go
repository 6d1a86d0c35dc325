package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// judging is the evaluation of all packs over one set of facts.
type judging struct {
	rules   *Rules
	facts   *breach.Facts
	profile Profile
	now     time.Time
	answers map[string]bool
	base    *factView
	views   []*factView // by index of the pack
	scopes  []finding   // by index of the pack; those of which decided is set
	tests   []finding   // by index of the test; those of which decided is set
	done    []ruling    // by index of the phase; those that have a verdict
	texts   map[factRef]string
	shown   map[*rule]string  // the values that a condition used
	origins map[string]string // where a number comes from, by its fact
}

// finding is what a test came to.
type finding struct {
	truth     truth
	because   []string
	missing   []string
	questions []string // full ids
	gap       string   // missing in words, where one condition alone is unknown
	decided   bool     // it stands in judging.scopes or judging.tests, and its slices must not be changed
}

// ruling is the verdict on one obligation.
type ruling struct {
	verdict breach.Verdict
	finding
}

func (j *judging) view(p *compiledPack) *factView {
	if j.views[p.index] == nil {
		j.views[p.index] = j.base.with(p.defs)
	}
	return j.views[p.index]
}

// condition evaluates one condition: expression and question must both hold. Only one that does has a reason.
func (j *judging) condition(p *compiledPack, c compiledCondition) (finding, error) {
	f := finding{truth: truthYes}
	if c.rule != nil {
		a, err := j.view(p).answer(c.rule)
		if err != nil {
			return finding{}, fmt.Errorf("%s: %w", p.ID, err)
		}
		f.truth, f.missing, f.gap = a.truth, a.missing, a.gap
	}
	said := ""
	if c.question != "" && f.truth != truthNo {
		switch answer, answered := j.answers[c.question]; {
		case answered && !answer:
			f = finding{truth: truthNo}
		case answered:
			said = " (" + answeredText(true) + ")"
		default:
			f.truth, f.questions = truthUnknown, []string{c.question}
		}
	}
	if f.truth == truthYes {
		f.because = []string{c.because + j.values(c.rule) + said}
	}
	if c.test == nil || f.truth == truthNo {
		return f, nil
	}
	g, err := j.test(p, c.test)
	if err != nil || g.truth == truthNo {
		return finding{truth: truthNo}, err
	}
	if g.truth == truthUnknown {
		f.truth, f.because = truthUnknown, nil
	}
	f.gap = ""
	f.because = append(f.because, g.because...)
	f.add(g)
	return f, nil
}

// anyOf is true when one condition is; then because holds every proven one, else every open one.
func (j *judging) anyOf(p *compiledPack, cs []compiledCondition) (finding, error) {
	var yes, open finding
	yes.truth, open.truth = truthNo, truthUnknown
	for _, c := range cs {
		f, err := j.condition(p, c)
		if err != nil {
			return finding{}, err
		}
		switch f.truth {
		case truthYes:
			yes.truth = truthYes
			yes.because = append(yes.because, f.because...)
		case truthUnknown:
			open.because = append(open.because, c.because+openFacts(f))
			open.add(f)
		}
	}
	if yes.truth == truthNo && len(open.because) > 0 {
		return open, nil
	}
	return yes, nil
}

// add takes over what is missing and what is asked, without repeating it.
func (f *finding) add(g finding) {
	if len(f.missing) == 0 {
		f.missing, g.missing = slices.Clip(g.missing), nil
	}
	if len(f.questions) == 0 {
		f.questions, g.questions = slices.Clip(g.questions), nil
	}
	for _, m := range g.missing {
		if !slices.Contains(f.missing, m) {
			f.missing = append(f.missing, m)
		}
	}
	for _, q := range g.questions {
		if !slices.Contains(f.questions, q) {
			f.questions = append(f.questions, q)
		}
	}
}

// test evaluates a three-valued test as PackTest describes it, once for all the places where it stands.
func (j *judging) test(p *compiledPack, t *compiledTest) (finding, error) {
	if t.question == "" && len(t.anyOf) == 0 && len(t.noneIf) == 0 {
		return finding{truth: truthYes}, nil
	}
	if f := j.tests[t.index]; f.decided {
		return f, nil
	}
	f, err := j.evaluate(p, t)
	f.because, f.missing, f.questions, f.decided = slices.Clip(f.because), slices.Clip(f.missing), slices.Clip(f.questions), true
	if err == nil {
		j.tests[t.index] = f
	}
	return f, err
}

func (j *judging) evaluate(p *compiledPack, t *compiledTest) (finding, error) {
	if answer, ok := j.answers[t.question]; ok {
		f := finding{truth: truthNo, because: []string{p.questions[t.question] + " - " + answeredText(answer)}}
		if answer {
			f.truth = truthYes
		}
		return f, nil
	}
	yes, err := j.anyOf(p, t.anyOf)
	if err != nil || yes.truth == truthYes {
		return yes, err
	}
	none, err := j.anyOf(p, t.noneIf)
	if err != nil {
		return finding{}, err
	}
	if yes.truth == truthNo && (none.truth == truthYes || t.question == "") {
		return j.settledNo(p, t, none), nil
	}
	open := finding{truth: truthUnknown, because: yes.because}
	open.add(yes)
	if t.question != "" && none.truth != truthYes {
		open.because = append(open.because, none.because...)
		open.add(none)
		open.add(finding{questions: []string{t.question}})
	}
	return open, nil
}

// whyNot are the reasons for which a shared test is false, or nothing.
func (j *judging) whyNot(p *compiledPack, t *compiledTest) []string {
	if f, err := j.test(p, t); err == nil && f.truth == truthNo {
		return f.because
	}
	return nil
}

func (j *judging) settledNo(p *compiledPack, t *compiledTest, none finding) finding {
	if none.truth == truthYes {
		return finding{truth: truthNo, because: append([]string{t.otherwise}, none.because...)}
	}
	var used []*rule
	for _, c := range t.anyOf {
		used = append(used, c.rule)
	}
	f := finding{truth: truthNo, because: []string{t.otherwise + j.values(used...)}}
	for _, c := range t.anyOf {
		if c.test != nil {
			f.because = append(f.because, j.whyNot(p, c.test)...)
		}
		if answer, ok := j.answers[c.question]; ok && !answer {
			f.because = append(f.because, c.because+": "+answeredText(false))
		}
	}
	return f
}

// inForce says whether a pack binds at the time of awareness, else of detection, else now.
func (j *judging) inForce(p *compiledPack) (bool, string) {
	if p.InForce.Pending != "" {
		return false, "Not in force yet, and no day is set: " + p.InForce.Pending
	}
	at, which := j.now, "now; neither awareness nor detection has a time yet"
	switch i := j.facts.Incident; {
	case i.AwareAt != nil:
		at, which = *i.AwareAt, "at awareness, incident.aware_at = "+valueText(*i.AwareAt)
	case i.DetectedAt != nil:
		at, which = *i.DetectedAt, "at detection, incident.detected_at = "+valueText(*i.DetectedAt)
	}
	switch {
	case !p.from.IsZero() && at.Before(p.from):
		return false, fmt.Sprintf("Not in force yet (%s): it binds from %s", which, p.InForce.From)
	case !p.to.IsZero() && !at.Before(p.to):
		return false, fmt.Sprintf("No longer in force (%s): it bound until %s", which, p.InForce.To)
	}
	return true, ""
}

func (j *judging) scope(p *compiledPack) (finding, error) {
	if f := j.scopes[p.index]; f.decided {
		return f, nil
	}
	f := finding{truth: truthNo}
	if ok, why := j.inForce(p); !ok {
		f.because = []string{why}
	} else {
		var err error
		if f, err = j.test(p, p.scope); err != nil {
			return f, err
		}
	}
	f.decided = true
	j.scopes[p.index] = f
	return f, nil
}

// rule gives the verdict on one obligation.
func (j *judging) rule(ph *compiledPhase) (ruling, error) {
	if r := j.done[ph.index]; r.verdict != "" {
		return r, nil
	}
	decide := j.first
	if len(ph.follows) > 0 {
		decide = j.later
	}
	r, err := decide(ph)
	if err != nil {
		return ruling{}, err
	}
	if _, asked := j.facts.Incident.RequestedAt[ph.id]; ph.phase.Clock.From == startRequest && !asked && r.verdict != breach.DoesNotApply {
		r = ruling{breach.DoesNotApply, finding{because: []string{"It starts when it is asked for, and no request is recorded (incident.requested_at)"}}}
	}
	j.done[ph.index] = r
	return r, nil
}

// later takes the verdict of the phases that it follows.
func (j *judging) later(ph *compiledPhase) (ruling, error) {
	scope, err := j.scope(ph.pack)
	if err != nil {
		return ruling{}, err
	}
	if scope.truth == truthNo {
		return ruling{breach.DoesNotApply, scope}, nil
	}
	out := ruling{verdict: breach.DoesNotApply}
	var not []string
	for _, id := range ph.follows {
		r, err := j.rule(j.rules.phases[id])
		if err != nil {
			return ruling{}, err
		}
		switch {
		case r.verdict == breach.Applies && out.verdict != breach.Applies:
			out = ruling{breach.Applies, finding{truth: truthYes, because: []string{"Follows " + id + ", which applies"}}}
		case r.verdict == breach.CannotTell && out.verdict != breach.Applies:
			out.verdict = breach.CannotTell
			out.because = append(out.because, "Follows "+id+", of which nobody can tell yet")
			out.add(r.finding)
		case r.verdict == breach.DoesNotApply:
			not = append(not, "Follows "+id+", which does not apply: "+strings.Join(r.because, "; "))
		}
	}
	if out.verdict == breach.DoesNotApply {
		out.because = not
	}
	if out.verdict == breach.Applies && scope.truth == truthUnknown {
		out = ruling{breach.CannotTell, scope}
	}
	return out, nil
}

// first decides by scope, by whom the phase binds, by its trigger and its exemptions.
func (j *judging) first(ph *compiledPhase) (ruling, error) {
	needed := make([]finding, 0, 3)
	for _, ask := range []func() (finding, error){
		func() (finding, error) { return j.scope(ph.pack) },
		func() (finding, error) { return j.test(ph.pack, ph.appliesTo) },
		func() (finding, error) { return j.test(ph.pack, ph.trigger) },
	} {
		f, err := ask()
		if err != nil {
			return ruling{}, err
		}
		if f.truth == truthNo {
			return ruling{breach.DoesNotApply, f}, nil
		}
		needed = append(needed, f)
	}
	exempt, unproven, err := j.exemption(ph)
	if err != nil || exempt != nil {
		return ruling{breach.DoesNotApply, finding{because: exempt}}, err
	}
	out := ruling{verdict: breach.Applies}
	for _, f := range needed {
		if f.truth == truthUnknown {
			out.verdict = breach.CannotTell
		}
		for _, b := range f.because {
			if f.truth == truthUnknown {
				b = "Cannot tell yet: " + b
			}
			out.because = append(out.because, b)
		}
		out.add(f)
	}
	out.because = append(out.because, unproven.because...)
	out.add(finding{questions: unproven.questions})
	return out, nil
}

// exemption gives the reasons of the first exemption that is proven, or what is open about the others.
func (j *judging) exemption(ph *compiledPhase) (exempt []string, unproven finding, err error) {
	for i, e := range ph.exemptions {
		f, err := j.test(ph.pack, e)
		if err != nil {
			return nil, unproven, err
		}
		said := ph.phase.Exemptions[i]
		switch f.truth {
		case truthYes:
			return append([]string{"Exempt: " + said.Because + " [" + said.Citation + "]"}, f.because...), unproven, nil
		case truthUnknown:
			unproven.because = append(unproven.because, "Not exempt while it is not proven: "+said.Because+openFacts(f))
			unproven.add(finding{questions: f.questions})
		}
	}
	return nil, unproven, nil
}
