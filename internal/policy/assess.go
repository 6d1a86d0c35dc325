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
// Facts that ParseFacts accepted never give an error. Judgements share lists (reasons, contents, what is missing):
// who changes one clones it first.
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
	j := r.borrow()
	defer r.spare.Put(j)
	return j.judge(f, origins, p, now)
}

func (j *judging) judge(f breach.Facts, origins map[string]string, p Profile, now time.Time) (breach.Judgement, error) {
	score := j.begin(&f, p, now)
	defer j.forget()
	j.origins = origins
	ordered := j.rules.ordered
	out := breach.Judgement{Assessment: score.assessment(), Obligations: make([]breach.Obligation, len(ordered))}
	for i, ph := range ordered {
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

// borrow takes what an earlier judgement was made with. It goes back into Rules.spare.
func (r *Rules) borrow() *judging {
	if j, ok := r.spare.Get().(*judging); ok {
		return j
	}
	return r.newJudging()
}

func (r *Rules) newJudging() *judging {
	return &judging{
		rules: r, answers: map[string]bool{}, texts: make([]shownText, len(r.shown)),
		views: make([]*factView, len(r.packs)), scopes: make([]*finding, len(r.packs)), tests: make([]*finding, r.tests), done: make([]ruling, len(r.ordered)),
		base: newFactView(nil, r.conditions), memo: newMemo(r),
	}
}

// begin takes up an incident.
func (j *judging) begin(f *breach.Facts, p Profile, now time.Time) enisaScore {
	score := assessEnisa(f)
	j.facts, j.profile, j.now = f, p, now
	j.lawAt, j.lawWhich = lawOf(&f.Incident, now)
	j.base.facts, j.base.extra = f, map[string]any{
		"severity":    &interval{quarters(score.low), quarters(score.high), score.missing()},
		"policy.name": p.Name, "policy.prompt_notice": p.Promises.PromptNotice != nil,
	}
	for _, d := range f.Determinations { // a later answer replaces an earlier one
		j.answers[d.Question] = d.Answer
	}
	return score
}

// forget drops everything of the incident. What was handed out shares nothing that is written again: of the room for
// lines and clocks, only what is still free is used for the next one.
func (j *judging) forget() {
	clear(j.answers)
	clear(j.texts)
	clear(j.scopes)
	clear(j.tests)
	clear(j.done)
	clear(j.base.values)
	clear(j.base.asked)
	clear(j.stack[:cap(j.stack)])
	j.found.release()
	j.facts, j.profile, j.origins, j.base.facts, j.base.extra = nil, Profile{}, nil, nil, nil
	j.stack = j.stack[:0]
}

// obligation fills in what is said of one phase.
func (j *judging) obligation(ph *compiledPhase, o *breach.Obligation) error {
	r, err := j.rule(ph)
	if err != nil {
		return err
	}
	*o = ph.said.obligation
	o.Verdict, o.NotBefore = r.verdict, j.unmet(o.NotBefore)
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
	o.DueAt, o.Clock, o.Binding = d.due, j.clock(d.clock), d.binding
	if d.clock.Counting == countBusinessDays {
		o.Rules.Calendar = ph.pack.calendar.sha
	}
	o.Missing, o.Questions = r.missingWith(d.missing), r.questions
	o.Because = j.reasons(ph, r.because, d.because(), o.Questions)
	if r.verdict == breach.CannotTell {
		o.Clock.Provisional = true
	}
	if o.Substitutes, err = j.substitutes(ph); err != nil {
		return err
	}
	if o.Remedies, err = j.remedies(ph); err != nil {
		return err
	}
	o.MetAt = j.met(ph)
	o.Overdue = d.due != nil && !d.awaited && o.MetAt == nil && IsOverdue(*d.due, j.now)
	return nil
}

// roomFor is how many clocks and how many lines are asked for at once.
const (
	roomForClocks = 32
	roomForLines  = 512
)

func (j *judging) clock(c breach.Clock) *breach.Clock {
	if len(j.clocks) == cap(j.clocks) {
		j.clocks = make([]breach.Clock, 0, roomForClocks)
	}
	j.clocks = append(j.clocks, c)
	return &j.clocks[len(j.clocks)-1]
}

// room is an empty list with room for n lines. What was put there must be taken before anybody asks for more.
func (j *judging) room(n int) []string {
	if cap(j.lines)-len(j.lines) < n {
		j.lines = make([]string, 0, max(n, roomForLines))
	}
	return j.lines[len(j.lines):]
}

// taken hands out what was put into the room.
func (j *judging) taken(lines []string) []string {
	j.lines = j.lines[:len(j.lines)+len(lines)]
	return slices.Clip(lines)
}

// reasons are those of the verdict, that nobody verified the rule, those of the deadline, and what is asked.
func (j *judging) reasons(ph *compiledPhase, verdict, deadline, questions []string) []string {
	verified := ph.pack.Verified && !ph.phase.Unverified
	if verified && len(verdict) > 0 && len(deadline)+len(questions) == 0 {
		return slices.Clip(verdict)
	}
	out := append(j.room(len(verdict)+1+len(deadline)+len(questions)), verdict...)
	if !verified {
		out = append(out, "This rule has not been verified against its source")
	}
	out = append(out, deadline...)
	for _, q := range questions {
		out = append(out, j.rules.open[q])
	}
	return j.taken(out)
}

// contents adds what conditions ask for; while nobody can tell, it is asked for. A phase with contents of its
// own has no others.
func (j *judging) contents(ph *compiledPhase, base []string) ([]string, error) {
	if len(ph.phase.Contents) > 0 {
		return base, nil
	}
	out := base
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

// remedies are what must be offered, each for the longest term that is asked for; what nobody can tell yet is asked for.
func (j *judging) remedies(ph *compiledPhase) (out []breach.Remedy, err error) {
	for i, r := range ph.remedies {
		holds := truthYes
		if r != nil {
			if holds, _, err = j.view(ph.pack).ask(r); err != nil {
				return nil, err
			}
		}
		if holds == truthNo {
			continue
		}
		said := ph.duty.Remedies[i]
		m := breach.Remedy{Offer: said.Offer, Months: said.Months, Because: said.Because}
		if holds == truthUnknown {
			m.Because = "nobody can tell yet, so it is asked for: " + m.Because
		}
		at := slices.IndexFunc(out, func(x breach.Remedy) bool { return x.Offer == m.Offer })
		switch {
		case at < 0:
			out = append(out, m)
		case m.Months > out[at].Months:
			out[at] = m
		}
	}
	return out, nil
}

// substitutes are the ways in place of telling people one by one that are not ruled out.
func (j *judging) substitutes(ph *compiledPhase) ([]breach.SubstituteForm, error) {
	var out []breach.SubstituteForm
	for i, t := range ph.substitute {
		found, err := j.test(ph.pack, t)
		switch {
		case err != nil:
			return nil, err
		case found.truth == truthNo:
		case len(ph.substitute) == 1:
			return ph.said.substitutes, nil
		default:
			out = append(out, ph.said.substitutes[i])
		}
	}
	return out, nil
}

// unmet leaves out what was filed by the facts.
func (j *judging) unmet(ids []string) (out []string) {
	if len(j.facts.Incident.FiledAt) == 0 {
		return ids
	}
	for _, id := range ids {
		if _, filed := j.facts.Incident.FiledAt[id]; !filed {
			out = append(out, id)
		}
	}
	return out
}

// met is when a duty was fulfilled, late or not; nil while it is not. A list of people that came after they were told
// has people who were not.
func (j *judging) met(ph *compiledPhase) *time.Time {
	i := &j.facts.Incident
	if at, ok := i.FiledAt[ph.id]; ok {
		return &at
	}
	if told := i.IndividualsNotifiedAt; ph.duty.Addressee == "individuals" && told != nil {
		if j.facts.List.Told(*told) {
			return told
		}
	}
	return nil
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
	j := r.borrow()
	defer r.spare.Put(j)
	j.begin(&f, p, now)
	defer j.forget()
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
