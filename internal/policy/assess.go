package policy

import (
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Judge assesses the severity of an incident and evaluates every pack over its facts: one obligation for
// every addressee and phase, in order of id, those that do not apply included (Relevant leaves them out).
// It is deterministic and changes nothing. p is the policy in force; the zero Profile means none. now only
// decides what is overdue, and which rules bind while neither awareness nor detection has a time.
// Facts that ParseFacts accepted never give an error.
// Numbers that loaded lists give are reconciled with the estimate first, see Effective.
func (r *Rules) Judge(f breach.Facts, p Profile, now time.Time) (breach.Judgement, error) {
	n := reckon(f)
	low, err := r.judge(n.low, n.origins, p, now)
	if err != nil || !n.spread {
		return low, err
	}
	high, err := r.judge(n.high, n.origins, p, now)
	return between(low, high), err
}

func (r *Rules) judge(f breach.Facts, origins map[string]string, p Profile, now time.Time) (breach.Judgement, error) {
	score, j := r.judging(&f, p, now)
	defer r.release(j)
	j.origins = origins
	out := breach.Judgement{Assessment: score.assessment(), Obligations: make([]breach.Obligation, len(r.ordered))}
	for i, ph := range r.ordered {
		o := &out.Obligations[i]
		if err := j.obligation(ph, o); err != nil {
			return breach.Judgement{}, breach.Errorf(breach.ErrInternal, "the rule for %s failed: %w", ph.id, err)
		}
		if p.UnverifiedRules == LeaveOut && !o.Verified && o.Verdict != breach.DoesNotApply {
			leaveOut(o)
			out.LeftOut = append(out.LeftOut, o.ID)
		}
	}
	return out, nil
}

// leaveOut answers for a rule that nobody verified where the policy leaves such rules out. The reason says so
// first: it is the policy's word and not the law's.
func leaveOut(o *breach.Obligation) {
	by := "applies"
	if o.Verdict == breach.CannotTell {
		by = "may apply"
	}
	o.Because = append([]string{"Left out: the policy in force leaves out rules that have not been verified. By this rule the duty " + by}, o.Because...)
	o.Verdict, o.DueAt, o.Clock, o.Overdue, o.Missing, o.Questions = breach.DoesNotApply, nil, nil, false, nil, nil
}

func (r *Rules) judging(f *breach.Facts, p Profile, now time.Time) (enisaScore, *judging) {
	score := assessEnisa(f)
	j, ok := r.spare.Get().(*judging)
	if !ok {
		j = &judging{
			rules: r, answers: map[string]bool{}, texts: map[factRef]string{}, shown: map[*rule]string{},
			views: make([]*factView, len(r.packs)), scopes: make([]finding, len(r.packs)), tests: make([]finding, r.tests), done: make([]ruling, len(r.ordered)),
			base: newFactView(nil, r.conditions),
		}
	}
	j.facts, j.profile, j.now = f, p, now
	j.base.facts, j.base.extra = f, map[string]any{
		"severity":    &interval{quarters(score.low), quarters(score.high), score.missing()},
		"policy.name": p.Name, "policy.prompt_notice": p.Promises.PromptNotice != nil,
	}
	for _, d := range f.Determinations { // a later answer replaces an earlier one
		j.answers[d.Question] = d.Answer
	}
	return score, j
}

// release empties what a judgement was made with and keeps it for the next one: it is a third of all that a
// judgement allocates. What was handed out shares nothing with it that is written again.
func (r *Rules) release(j *judging) {
	clear(j.answers)
	clear(j.texts)
	clear(j.shown)
	clear(j.views)
	clear(j.scopes)
	clear(j.tests)
	clear(j.done)
	clear(j.base.values)
	clear(j.base.asked)
	j.facts, j.profile, j.origins, j.base.facts, j.base.extra = nil, Profile{}, nil, nil, nil
	r.spare.Put(j)
}

// obligation fills in what is said of one phase.
func (j *judging) obligation(ph *compiledPhase, o *breach.Obligation) error {
	r, err := j.rule(ph)
	if err != nil {
		return err
	}
	p := ph.pack
	*o = breach.Obligation{
		ID: ph.id, Regime: p.ID, Duty: packDuties[ph.duty.Addressee], Addressee: ph.duty.To, Phase: ph.phase.ID,
		Title: ph.phase.Title, Verdict: r.verdict, Binding: p.Binding, Basis: p.Binding, Because: r.because,
		Contents: or(ph.phase.Contents, ph.duty.Contents), Citation: or(ph.phase.Citation, p.Citation),
		Verified: p.Verified && !ph.phase.Unverified, Rules: breach.RuleRef{Version: p.Version, SHA256: p.sha},
		Jurisdiction: p.Jurisdiction, Late: ph.phase.Late, Hold: ph.holdRule(), NotBefore: j.unmet(ph.duty.NotBefore),
	}
	o.Deferrable, o.Forbidden, o.Headings, o.Heading = ph.duty.Deferrable, ph.duty.Forbidden, ph.duty.Headings, ph.duty.Title
	if ph.phase.Clock.Value == nil {
		o.Binding = bindingHouse
	}
	if r.verdict == breach.DoesNotApply {
		o.Because = j.reasons(ph, r.because, nil, nil)
		return nil
	}
	if o.Contents, err = j.contents(ph, o.Contents); err != nil {
		return err
	}
	d, err := j.deadline(ph)
	if err != nil {
		return err
	}
	o.DueAt, o.Clock, o.Binding = d.due, &d.clock, d.binding
	if d.clock.Counting == countBusinessDays {
		o.Rules.Calendar = p.calendar.sha
	}
	all := finding{missing: slices.Clone(r.missing), questions: slices.Clone(r.questions)}
	all.add(finding{missing: d.missing})
	slices.Sort(all.missing)
	o.Missing, o.Questions = all.missing, all.questions
	o.Because = j.reasons(ph, r.because, d.because, o.Questions)
	if r.verdict == breach.CannotTell {
		o.Clock.Provisional = true
	}
	if o.Substitutes, err = j.substitutes(ph); err != nil {
		return err
	}
	o.Overdue = d.due != nil && !d.awaited && !j.met(ph) && IsOverdue(*d.due, j.now)
	return nil
}

// reasons are those of the verdict, that nobody verified the rule, those of the deadline, and what is asked.
func (j *judging) reasons(ph *compiledPhase, verdict, deadline, questions []string) []string {
	out := make([]string, 0, len(verdict)+1+len(deadline)+len(questions))
	out = append(out, verdict...)
	if !ph.pack.Verified || ph.phase.Unverified {
		out = append(out, "This rule has not been verified against its source")
	}
	out = append(out, deadline...)
	for _, q := range questions {
		out = append(out, j.rules.open[q])
	}
	return out
}

// contents adds what conditions ask for; while nobody can tell, it is asked for. A phase with contents of its
// own has no others.
func (j *judging) contents(ph *compiledPhase, base []string) ([]string, error) {
	if len(ph.phase.Contents) > 0 {
		return base, nil
	}
	out := slices.Clone(base)
	for i, r := range ph.contentsIf {
		holds, _, err := j.view(ph.pack).ask(r)
		if err != nil {
			return nil, err
		}
		if holds == truthNo {
			continue
		}
		for _, c := range ph.duty.ContentsIf[i].Contents {
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out, nil
}

// substitutes are the ways in place of telling people one by one that are not ruled out.
func (j *judging) substitutes(ph *compiledPhase) (out []breach.SubstituteForm, err error) {
	for i, t := range ph.substitute {
		found, err := j.test(ph.pack, t)
		if err != nil {
			return nil, err
		}
		if s := ph.duty.Substitutes[i]; found.truth != truthNo {
			out = append(out, breach.SubstituteForm{Form: s.Form, AllForms: s.AllForms, DurationDays: s.DurationDays, CallCentreDays: s.CallCentreDays})
		}
	}
	return out, nil
}

// holdRule is what people and the ledger are told of a delay; nil when the regime knows none.
func (ph *compiledPhase) holdRule() *breach.HoldRule {
	h := ph.duty.Hold
	if !h.LawEnforcement && h.Terms == "" {
		return nil
	}
	out := &breach.HoldRule{LawEnforcement: h.LawEnforcement, Terms: h.Terms, ClockRuns: h.Clock == "runs", Forbids: h.Forbids, Channels: h.Channels}
	for _, l := range h.Limits {
		out.Limits = append(out.Limits, breach.HoldLimit(l))
	}
	if h.After != nil {
		out.After = &breach.HoldTerm{Value: h.After.Value, Unit: h.After.Unit, Zone: ph.pack.zone.String()}
	}
	return out
}

// unmet leaves out what was filed by the facts.
func (j *judging) unmet(ids []string) (out []string) {
	for _, id := range ids {
		if _, filed := j.facts.Incident.FiledAt[id]; !filed {
			out = append(out, id)
		}
	}
	return out
}

// met reports whether a duty was fulfilled, late or not.
func (j *judging) met(ph *compiledPhase) bool {
	if _, ok := j.facts.Incident.FiledAt[ph.id]; ok {
		return true
	}
	return ph.duty.Addressee == "individuals" && j.facts.Incident.IndividualsNotifiedAt != nil
}

func or[T string | []string](a, b T) T {
	if len(a) > 0 {
		return a
	}
	return b
}

// Packs returns the bytes of every pack in force, and of the holiday calendars that they name, by their SHA-256 in
// hex: what a judgement rests on.
func (r *Rules) Packs() map[string][]byte {
	out := make(map[string][]byte, len(r.bytes))
	for sha, b := range r.bytes {
		out[sha] = slices.Clone(b)
	}
	return out
}

// All returns the packs in force, in order of id. They must not be changed.
func (r *Rules) All() []Pack {
	out := make([]Pack, len(r.packs))
	for i, p := range r.packs {
		out[i] = p.Pack
	}
	return out
}

// Find gives what a pack says of an obligation: the pack, the duty and its phase. They must not be changed.
func (r *Rules) Find(obligation string) (p Pack, d PackDuty, ph PackPhase, ok bool) {
	c := r.phases[obligation]
	if c == nil {
		return p, d, ph, false
	}
	return c.pack.Pack, *c.duty, *c.phase, true
}

// Question is the text of a question by its full id, or "".
func (r *Rules) Question(id string) string { return r.questions[id] }

// Substitute is a way that a regime itself gives to replace notice to individuals.
type Substitute struct {
	Verdict      breach.Verdict
	Form         []string
	AllForms     bool
	DurationDays int
	Because      []string
	Missing      []string
	Questions    []string
	Citation     string
}

// Substitutes evaluates the substitute notices of one obligation; breach.ErrNotFound for an unknown id. An
// announcement counts as notice under a regime only when one of them applies.
func (r *Rules) Substitutes(f breach.Facts, p Profile, obligation string, now time.Time) ([]Substitute, error) {
	ph := r.phases[obligation]
	if ph == nil {
		return nil, breach.Errorf(breach.ErrNotFound, "no rule pack has an obligation of that id")
	}
	f = Effective(f)
	_, j := r.judging(&f, p, now)
	var out []Substitute
	for i, t := range ph.substitute {
		found, err := j.test(ph.pack, t)
		if err != nil {
			return nil, breach.Errorf(breach.ErrInternal, "the substitute of %s failed: %w", obligation, err)
		}
		s := ph.duty.Substitutes[i]
		verdict := map[truth]breach.Verdict{truthYes: breach.Applies, truthNo: breach.DoesNotApply, truthUnknown: breach.CannotTell}[found.truth]
		out = append(out, Substitute{verdict, s.Form, s.AllForms, s.DurationDays, found.because, found.missing, found.questions, ph.pack.Citation})
	}
	return out, nil
}

// Relevant keeps the obligations that apply and those of which nobody can tell yet.
func Relevant(j breach.Judgement) breach.Judgement {
	keep := make([]breach.Obligation, 0, len(j.Obligations))
	for _, o := range j.Obligations {
		if o.Verdict != breach.DoesNotApply {
			keep = append(keep, o)
		}
	}
	return breach.Judgement{Assessment: j.Assessment, Obligations: keep, LeftOut: j.LeftOut}
}
