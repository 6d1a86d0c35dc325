package policy

import (
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// clockStart is the instant from which a term counts.
type clockStart struct {
	said        *startWords
	at          *time.Time
	provisional bool // the event has no time yet; at is the earlier of detection and awareness
	awaited     bool // the event is still to come (a filing, the end of handling), so nothing is late yet
}

// noticed is the earlier of detection and awareness, or nil. What happened before anybody noticed never
// starts a clock.
func (j *judging) noticed() *time.Time {
	d, a := j.facts.Incident.DetectedAt, j.facts.Incident.AwareAt
	if d == nil || a != nil && a.Before(*d) {
		return a
	}
	return d
}

func (j *judging) start(from string, ph *compiledPhase, said *startWords) clockStart {
	i := &j.facts.Incident
	s := clockStart{said: said}
	switch from {
	case "awareness":
		s.at = i.AwareAt
	case "detection", "discovery", "noticing":
		s.at = i.DetectedAt
	case "determination":
		s.at = i.DeterminedAt
	case "classification":
		s.at = i.ClassifiedAt
	case "assessment_completed":
		s.at = i.AssessedAt
	case "materiality":
		s.at = i.MaterialAt
	case "handling_completed":
		s.at = i.HandledAt
	case "individual_notice_sent":
		s.at = i.IndividualsNotifiedAt
	case startRequest:
		if at, ok := i.RequestedAt[ph.id]; ok {
			s.at = &at
		}
	case startEvent:
		if at, ok := i.EventAt[ph.id]; ok {
			s.at = &at
		}
	case startPrior:
		s.said, s.at = j.prior(ph)
	}
	if s.at == nil {
		s.at, s.provisional = j.noticed(), true
		s.awaited = from == "handling_completed" || from == "individual_notice_sent" || from == startPrior || from == startRequest || from == startEvent
	}
	return s
}

// prior is the latest filing among the phases that come before; while there is none, the fact is the filing
// of the first one that applies or may apply.
func (j *judging) prior(ph *compiledPhase) (said *startWords, at *time.Time) {
	for n, id := range ph.prior {
		if filed, ok := j.facts.Incident.FiledAt[id]; ok && (at == nil || filed.After(*at)) {
			at, said = &filed, &ph.said.prior[n]
		}
	}
	if said != nil {
		return said, at
	}
	for _, want := range [...]breach.Verdict{breach.Applies, breach.CannotTell} {
		for n, id := range ph.prior {
			if r, err := j.rule(j.rules.phases[id]); err == nil && r.verdict == want {
				return &ph.said.prior[n], nil
			}
		}
	}
	return &ph.said.prior[0], nil
}

// deadline is a clock that was run.
type deadline struct {
	due     *time.Time
	clock   breach.Clock
	binding string
	awaited bool
	reasons [3]string
	said    int // how many of them there are
	missing []string
}

func (d *deadline) says(reason string) {
	d.reasons[d.said] = reason
	d.said++
}

func (d *deadline) because() []string { return d.reasons[:d.said] }

// candidate is one way to count; the earliest one is the deadline.
type candidate struct {
	start   clockStart
	term    DeadlineTerm
	due     time.Time
	because string
	gap     string
	house   bool
}

func (j *judging) deadline(ph *compiledPhase) (deadline, error) {
	k := &ph.phase.Clock
	soft := k.Soft
	if k.Value != nil {
		soft = "" // the number counts; the wording stays in the pack
	}
	d := deadline{binding: ph.pack.Binding, clock: breach.Clock{Soft: soft}}
	main := j.start(k.From, ph, &ph.said.start)
	d.clock.From = main.said.fact
	if main.provisional && !main.awaited {
		d.missing = main.said.missing
	}
	var room [4]candidate
	all, err := j.candidates(room[:0], ph, main)
	if err != nil {
		return d, err
	}
	if len(all) == 0 {
		if k.Value == nil {
			d.binding = bindingHouse
		}
		d.says(main.said.none)
		d.clock.Provisional = main.provisional
		return d, nil
	}
	best := &all[0]
	for i := range all {
		if all[i].due.Before(best.due) {
			best = &all[i]
		}
	}
	started, due := best.start.at.UTC(), best.due
	d.due = &due
	d.awaited = best.start.awaited
	d.clock = breach.Clock{From: best.start.said.fact, StartedAt: &started, Value: best.term.Value, Unit: best.term.Unit,
		Counting: best.term.counting(), Provisional: best.start.provisional || main.provisional, Soft: soft}
	d.says(best.because)
	if best.house {
		d.binding = bindingHouse
	} else {
		d.clock.Soft = "" // some have a number by a variant, although the rule as such has none
	}
	if best.gap != "" {
		d.clock.Provisional = true
		d.says("Provisional, " + best.gap)
	}
	if best.start.provisional {
		d.says(best.start.said.assumed)
	}
	return d, nil
}

// candidates runs every clock of a phase that has a start.
func (j *judging) candidates(out []candidate, ph *compiledPhase, main clockStart) ([]candidate, error) {
	k := &ph.phase.Clock
	var room [4]termChoice
	terms, err := j.terms(room[:0], ph, main.said)
	if err != nil {
		return nil, err
	}
	for _, t := range terms {
		out = ph.candidate(out, main, t)
	}
	certain := !main.provisional && len(out) > 0
	for i, c := range k.EarlierOf {
		holds := truthYes
		if ph.caps[i] != nil {
			if holds, _, err = j.view(ph.pack).ask(ph.caps[i]); err != nil {
				return nil, err
			}
		}
		s := j.start(c.From, ph, &ph.said.caps[i])
		if holds == truthNo || s.provisional && certain {
			continue
		}
		if !s.provisional && main.provisional {
			out = out[:0] // a start that is known is better than one that is assumed
			main.provisional = false
		}
		out = ph.candidate(out, s, termChoice{DeadlineTerm{c.Value, c.Unit, c.Counting}, false, c.Because})
	}
	return out, nil
}

// candidate adds a clock that has a start.
func (ph *compiledPhase) candidate(to []candidate, s clockStart, t termChoice) []candidate {
	if s.at == nil {
		return to
	}
	at := *s.at
	if ph.phase.Clock.Batch == batchYear {
		at = endOfYear(at, ph.pack.zone)
	}
	due, gap := t.term.Due(at, ph.pack.zone, ph.pack.calendar)
	return append(to, candidate{s, t.term, due, t.why, gap, t.house})
}

type termChoice struct {
	term  DeadlineTerm
	house bool
	why   string
}

// terms are the terms that may hold: the first proven variant, or the normal term with every variant that
// is still open, so that the earliest of them can count.
func (j *judging) terms(open []termChoice, ph *compiledPhase, from *startWords) ([]termChoice, error) {
	for i, v := range ph.phase.Clock.Variants {
		holds, _, err := j.view(ph.pack).ask(ph.variants[i])
		if err != nil {
			return nil, err
		}
		t := termChoice{DeadlineTerm{v.Value, v.Unit, v.Counting}, false, v.Because}
		if holds == truthYes {
			return append(open, t), nil
		}
		if holds == truthUnknown {
			open = append(open, t)
		}
	}
	return append(open, j.normalTerm(ph, from)), nil
}

// normalTerm is the term without any variant: the law's, the pack's term of the house, or the policy's.
func (j *judging) normalTerm(ph *compiledPhase, from *startWords) termChoice {
	promise := j.profile.Promises.PromptNotice
	switch promised := ph.phase.Clock.Override == overridePrompt && promise != nil; {
	case promised:
		return j.memo.houseTerm(ph, from, true, *promise)
	case from.normal != nil:
		return *from.normal
	}
	return j.memo.houseTerm(ph, from, false, j.profile.GeneralTerm())
}
