package policy

import (
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// lawOf is the instant whose law counts, and why it is that one: that of awareness, else of detection, else now.
func lawOf(i *breach.IncidentFacts, now time.Time) (at time.Time, which string) {
	switch {
	case i.AwareAt != nil:
		return *i.AwareAt, "at awareness, incident.aware_at = " + valueText(*i.AwareAt)
	case i.DetectedAt != nil:
		return *i.DetectedAt, "at detection, incident.detected_at = " + valueText(*i.DetectedAt)
	}
	return now, "now; neither awareness nor detection has a time yet"
}

// inForce says whether a pack binds, and why not.
func (j *judging) inForce(p *compiledPack) (bool, string) {
	switch {
	case p.InForce.Pending != "":
		return false, "Not in force yet, and no day is set: " + p.InForce.Pending
	case !p.from.IsZero() && j.lawAt.Before(p.from):
		return false, "Not in force yet (" + j.lawWhich + "): it binds from " + p.InForce.From
	case !p.to.IsZero() && !j.lawAt.Before(p.to):
		return false, "No longer in force (" + j.lawWhich + "): it bound until " + p.InForce.To
	}
	return true, ""
}

func (j *judging) scope(p *compiledPack) (*finding, error) {
	if f := j.scopes[p.index]; f != nil {
		return f, nil
	}
	f, err := j.inScope(p)
	if err == nil {
		j.scopes[p.index] = f
	}
	return f, err
}

func (j *judging) inScope(p *compiledPack) (*finding, error) {
	if ok, why := j.inForce(p); !ok {
		return j.finds(truthNo, why, nil), nil
	}
	return j.test(p, p.scope)
}

// rule gives the verdict on one obligation.
func (j *judging) rule(ph *compiledPhase) (ruling, error) {
	if r := j.done[ph.index]; r.finding != nil {
		return r, nil
	}
	decide := j.first
	if len(ph.follows) > 0 {
		decide = j.later
	}
	mark := len(j.stack)
	r, err := decide(ph)
	j.stack = j.stack[:mark]
	if err != nil {
		return r, err
	}
	if _, asked := j.facts.Incident.RequestedAt[ph.id]; ph.phase.Clock.From == startRequest && !asked && r.verdict != breach.DoesNotApply {
		r = ruling{breach.DoesNotApply, notAsked}
	}
	j.done[ph.index] = r
	return r, nil
}

// later takes the verdict of the phases that it follows.
func (j *judging) later(ph *compiledPhase) (ruling, error) {
	scope, err := j.scope(ph.pack)
	if err != nil || scope.truth == truthNo {
		return ruling{breach.DoesNotApply, scope}, err
	}
	open, mark := false, len(j.stack)
	j.stack = append(j.stack, scope.lastingOne())
	for i, id := range ph.follows {
		r, err := j.rule(j.rules.phases[id])
		switch {
		case err != nil:
			return r, err
		case r.verdict == breach.Applies && scope.truth == truthUnknown:
			return j.ruling(ph, j.stack[mark:mark+1], func(out *finding) breach.Verdict {
				out.truth, out.because, out.missing, out.questions = scope.truth, scope.because, scope.missing, scope.questions
				return breach.CannotTell
			}), nil
		case r.verdict == breach.Applies:
			own := j.found.take()
			own.truth, own.because = truthYes, ph.said.after[i]
			return ruling{breach.Applies, own}, nil
		}
		f := ruledOut
		if r.verdict == breach.CannotTell {
			f, open = r.lastingOne(), true
		}
		j.stack = append(j.stack, f)
	}
	if !open {
		return j.followsNone(ph)
	}
	of := j.stack[mark+1:]
	return j.ruling(ph, of, func(out *finding) breach.Verdict {
		for i, f := range of {
			if f != ruledOut {
				out.because = append(out.because, "Follows "+ph.follows[i]+", of which nobody can tell yet")
				out.add(f)
			}
		}
		return breach.CannotTell
	}), nil
}

// followsNone says why none of the phases that a later one follows applies.
func (j *judging) followsNone(ph *compiledPhase) (ruling, error) {
	var because []string
	for _, id := range ph.follows {
		r, err := j.rule(j.rules.phases[id])
		if err != nil {
			return r, err
		}
		because = append(because, "Follows "+id+", which does not apply: "+strings.Join(r.because, "; "))
	}
	return ruling{breach.DoesNotApply, j.finds(truthNo, because[0], because[1:])}, nil
}

// first decides by scope, by whom the phase binds, by its trigger and its exemptions.
func (j *judging) first(ph *compiledPhase) (ruling, error) {
	mark := len(j.stack)
	scope, err := j.scope(ph.pack)
	if err != nil || scope.truth == truthNo {
		return ruling{breach.DoesNotApply, scope}, err
	}
	j.stack = append(j.stack, scope)
	for _, t := range [...]*compiledTest{ph.appliesTo, ph.trigger} {
		f, err := j.test(ph.pack, t)
		if err != nil || f.truth == truthNo {
			return ruling{breach.DoesNotApply, f}, err
		}
		j.stack = append(j.stack, f)
	}
	for i, e := range ph.exemptions {
		f, err := j.test(ph.pack, e)
		if err != nil {
			return ruling{}, err
		}
		if f.truth == truthYes {
			said := &ph.phase.Exemptions[i]
			return ruling{breach.DoesNotApply, j.finds(truthNo, "Exempt: "+said.Because+" ["+said.Citation+"]", f.because)}, nil
		}
		if f.truth == truthNo {
			f = ruledOut
		}
		j.stack = append(j.stack, f)
	}
	return j.stands(ph, mark), nil
}

// stands is the verdict on a duty that nothing rules out, by what lies on the stack: scope, whom it binds, trigger and
// exemptions. What holds leaves nothing open, so only the reasons are this incident's own.
func (j *judging) stands(ph *compiledPhase, mark int) ruling {
	own, n := false, len(j.stack)-mark
	for _, f := range j.stack[mark:] {
		if f.truth == truthYes && !f.lasting {
			f, own = always, true
		}
		j.stack = append(j.stack, f)
	}
	of, open := j.stack[mark:mark+n], j.stack[mark+n:]
	r := j.ruling(ph, open, func(out *finding) breach.Verdict {
		out.because = j.standing(make([]string, 0, lines(open)), ph, open)
		return out.leaves(open)
	})
	if own {
		f := j.found.take()
		f.because, f.missing, f.questions, f.alike = j.taken(j.standing(j.room(lines(of)), ph, of)), r.missing, r.questions, r.finding
		r.finding = f
	}
	return r
}

// neededOf is how many of the tests of a duty must hold; those behind them exempt from it.
const neededOf = 3

// lines is how many reasons of a duty there are at most.
func lines(of []*finding) int {
	n := len(of) - neededOf
	for _, f := range of[:neededOf] {
		n += len(f.because)
	}
	return n
}

// standing adds the reasons of a duty that nothing rules out.
func (j *judging) standing(to []string, ph *compiledPhase, of []*finding) []string {
	for _, f := range of[:neededOf] {
		to = append(to, f.cannotTell()...)
	}
	for i, f := range of[neededOf:] {
		if f != ruledOut {
			to = append(to, j.memo.unproven(ph.exempt+i, &ph.phase.Exemptions[i], f))
		}
	}
	return to
}

// leaves takes over what the tests of a duty leave open: it applies, or nobody can tell yet.
func (f *finding) leaves(of []*finding) breach.Verdict {
	verdict := breach.Applies
	for _, g := range of[:neededOf] {
		if g.truth == truthUnknown {
			verdict = breach.CannotTell
		}
		f.add(g)
	}
	for _, g := range of[neededOf:] {
		f.questions = union(f.questions, g.questions)
	}
	return verdict
}
