package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// clockStart is the instant from which a term counts.
type clockStart struct {
	fact        string // path without "incident."
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

// startFact is the fact of a clock start, without the prefix incident.
func startFact(from string, ph *compiledPhase) string {
	fact := strings.TrimPrefix(PackStarts[from], "incident.")
	if from == startRequest || from == startEvent {
		fact += "[" + ph.id + "]"
	}
	return fact
}

func (j *judging) start(from string, ph *compiledPhase) clockStart {
	i := &j.facts.Incident
	s := clockStart{fact: startFact(from, ph)}
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
		s.fact, s.at = j.prior(ph)
	}
	if s.at == nil {
		s.at, s.provisional = j.noticed(), true
		s.awaited = from == "handling_completed" || from == "individual_notice_sent" || from == startPrior || from == startRequest || from == startEvent
	}
	return s
}

// prior is the latest filing among the phases that come before; while there is none, the fact is the filing
// of the first one that applies or may apply.
func (j *judging) prior(ph *compiledPhase) (fact string, at *time.Time) {
	for _, id := range ph.prior {
		if filed, ok := j.facts.Incident.FiledAt[id]; ok && (at == nil || filed.After(*at)) {
			at, fact = &filed, "filed_at["+id+"]"
		}
	}
	for _, want := range []breach.Verdict{breach.Applies, breach.CannotTell} {
		for _, id := range ph.prior {
			if r, err := j.rule(j.rules.phases[id]); err == nil && fact == "" && r.verdict == want {
				fact = "filed_at[" + id + "]"
			}
		}
	}
	if fact == "" {
		fact = "filed_at[" + ph.prior[0] + "]"
	}
	return fact, at
}

// deadline is a clock that was run.
type deadline struct {
	due     *time.Time
	clock   breach.Clock
	binding string
	awaited bool
	because []string
	missing []string
}

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
	k := ph.phase.Clock
	soft := k.Soft
	if k.Value != nil {
		soft = "" // the number counts; the wording stays in the pack
	}
	d := deadline{binding: ph.pack.Binding, clock: breach.Clock{Soft: soft}}
	main := j.start(k.From, ph)
	d.clock.From = main.fact
	if main.provisional && !main.awaited {
		d.missing = []string{"incident." + main.fact}
	}
	all, err := j.candidates(ph, main)
	if err != nil {
		return d, err
	}
	if len(all) == 0 {
		if k.Value == nil {
			d.binding = bindingHouse
		}
		d.because = append(d.because, noDeadline(k, main))
		d.clock.Provisional = main.provisional
		return d, nil
	}
	best := slices.MinFunc(all, func(a, b candidate) int { return a.due.Compare(b.due) })
	started := best.start.at.UTC()
	d.due = &best.due
	d.awaited = best.start.awaited
	d.clock = breach.Clock{From: best.start.fact, StartedAt: &started, Value: best.term.Value, Unit: best.term.Unit,
		Counting: best.term.counting(), Provisional: best.start.provisional || main.provisional, Soft: soft}
	d.because = append(d.because, best.because)
	if best.house {
		d.binding = bindingHouse
	} else {
		d.clock.Soft = "" // some have a number by a variant, although the rule as such has none
	}
	if best.gap != "" {
		d.clock.Provisional = true
		d.because = append(d.because, "Provisional, "+best.gap)
	}
	if best.start.provisional {
		d.because = append(d.because, fmt.Sprintf("Provisional: incident.%s is not known, so the time counts from when it was first noticed", best.start.fact))
	}
	return d, nil
}

func noDeadline(k PackClock, s clockStart) string {
	if s.at == nil {
		return fmt.Sprintf("No deadline yet: it counts from incident.%s, and neither detection nor awareness has a time", s.fact)
	}
	return fmt.Sprintf("The rule has no number (%q), and the house has set none", k.Soft)
}

// candidates runs every clock of a phase that has a start.
func (j *judging) candidates(ph *compiledPhase, main clockStart) ([]candidate, error) {
	k := ph.phase.Clock
	var out []candidate
	add := func(s clockStart, t DeadlineTerm, house bool, why string) {
		if s.at == nil {
			return
		}
		at := *s.at
		if k.Batch == batchYear {
			at = endOfYear(at, ph.pack.zone)
		}
		due, gap := t.Due(at, ph.pack.zone, ph.pack.calendar)
		out = append(out, candidate{s, t, due, why, gap, house})
	}
	terms, err := j.terms(ph)
	if err != nil {
		return nil, err
	}
	for _, t := range terms {
		add(main, t.term, t.house, t.why)
	}
	certain := !main.provisional && len(out) > 0
	for i, c := range k.EarlierOf {
		holds := truthYes
		if ph.caps[i] != nil {
			if holds, _, err = j.view(ph.pack).ask(ph.caps[i]); err != nil {
				return nil, err
			}
		}
		s := j.start(c.From, ph)
		if holds == truthNo || s.provisional && certain {
			continue
		}
		if !s.provisional && main.provisional {
			out = nil // a start that is known is better than one that is assumed
			main.provisional = false
		}
		add(s, DeadlineTerm{c.Value, c.Unit, c.Counting}, false, c.Because)
	}
	return out, nil
}

type termChoice struct {
	term  DeadlineTerm
	house bool
	why   string
}

// terms are the terms that may hold: the first proven variant, or the normal term with every variant that
// is still open, so that the earliest of them can count.
func (j *judging) terms(ph *compiledPhase) ([]termChoice, error) {
	k := ph.phase.Clock
	var open []termChoice
	for i, v := range k.Variants {
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
	normal := j.normalTerm(ph)
	if normal == nil {
		return open, nil
	}
	return append(open, *normal), nil
}

// normalTerm is the term without any variant; nil where neither the law nor the house has one.
func (j *judging) normalTerm(ph *compiledPhase) *termChoice {
	k := ph.phase.Clock
	if promise := j.profile.Promises.PromptNotice; k.Override == overridePrompt && promise != nil {
		t := DeadlineTerm{Value: promise.Value, Unit: promise.Unit}
		return &termChoice{t, true, fmt.Sprintf("The policy says %q; its own house term is %s. House policy, not law", k.Soft, t.from(j.start(k.From, ph)))}
	}
	if k.From == startPrior { // from which filing depends on the incident
		return k.normal(j.start(k.From, ph))
	}
	return ph.normal
}

func (t DeadlineTerm) from(s clockStart) string {
	return fmt.Sprintf("%d %s from incident.%s (%s)", t.Value, strings.ReplaceAll(t.Unit, "_", " "), s.fact, t.counting())
}

func (k *PackClock) normal(s clockStart) *termChoice {
	switch {
	case k.Value != nil:
		t := DeadlineTerm{*k.Value, k.Unit, k.Counting}
		return &termChoice{t, false, "Due " + t.from(s)}
	case k.EngineDefault != nil:
		t := k.EngineDefault.term()
		why := ""
		if k.EngineDefault.Why != "" {
			why = ", because it " + k.EngineDefault.Why
		}
		return &termChoice{t, true, fmt.Sprintf("The rule has no number (%q); the house default is %s%s. House policy, not law", k.Soft, t.from(s), why)}
	}
	return nil
}
