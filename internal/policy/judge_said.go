package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// phaseSaid is what is the same of a phase for every incident, made once.
type phaseSaid struct {
	obligation  breach.Obligation // but for the verdict and the clock
	start       startWords
	caps        []startWords // of the further clocks
	prior       []startWords // by what comes before
	after       [][]string   // that it applies, by the phase that it follows
	substitutes []breach.SubstituteForm
}

// startWords is what is said of the start of a clock.
type startWords struct {
	fact    string      // path without "incident."
	missing []string    // the fact itself, with its whole path
	assumed string      // that it is not known
	none    string      // that there is no deadline without it
	normal  *termChoice // the term without any variant that counts from it; nil where neither the law nor the pack has one
}

func startSaid(fact string) startWords {
	return startWords{
		fact: fact, missing: []string{"incident." + fact},
		assumed: "Provisional: incident." + fact + " is not known, so the time counts from when it was first noticed",
		none:    "No deadline yet: it counts from incident." + fact + ", and neither detection nor awareness has a time",
	}
}

// startFact is the fact of a clock start, without the prefix incident.
func startFact(from string, ph *compiledPhase) string {
	fact := strings.TrimPrefix(PackStarts[from], "incident.")
	if from == startRequest || from == startEvent {
		fact += "[" + ph.id + "]"
	}
	return fact
}

// say makes the words of a phase, when everything that it is linked to is there.
func (ph *compiledPhase) say() {
	p, k := ph.pack, &ph.phase.Clock
	w := &ph.said
	w.start = startSaid(startFact(k.From, ph))
	w.start.normal = k.normal(w.start.fact)
	for _, c := range k.EarlierOf {
		w.caps = append(w.caps, startSaid(startFact(c.From, ph)))
	}
	for _, id := range ph.prior {
		prior := startSaid("filed_at[" + id + "]")
		prior.normal = k.normal(prior.fact)
		w.prior = append(w.prior, prior)
	}
	for _, id := range ph.follows {
		w.after = append(w.after, []string{"Follows " + id + ", which applies"})
	}
	for _, s := range ph.duty.Substitutes {
		w.substitutes = append(w.substitutes, breach.SubstituteForm{Form: s.Form, AllForms: s.AllForms, DurationDays: s.DurationDays, CallCentreDays: s.CallCentreDays})
	}
	w.obligation = breach.Obligation{
		ID: ph.id, Regime: p.ID, Duty: packDuties[ph.duty.Addressee], Addressee: ph.duty.To, Phase: ph.phase.ID,
		Title: ph.phase.Title, Binding: p.Binding, Basis: p.Binding,
		Contents: slices.Clip(or(ph.phase.Contents, ph.duty.Contents)), Citation: or(ph.phase.Citation, p.Citation),
		Verified: p.Verified && !ph.phase.Unverified, Rules: breach.RuleRef{Version: p.Version, SHA256: p.sha},
		Jurisdiction: p.Jurisdiction, Late: slices.Clip(ph.phase.Late), Hold: ph.holdRule(), NotBefore: slices.Clip(ph.duty.NotBefore),
		Deferrable: slices.Clip(ph.duty.Deferrable), Forbidden: slices.Clip(ph.duty.Forbidden), Headings: slices.Clip(ph.duty.Headings), Heading: ph.duty.Title,
		MinFontPt: ph.duty.MinFontPt,
	}
	if k.Value == nil {
		w.obligation.Binding = bindingHouse
	}
	duty := ph.id[:strings.LastIndexByte(ph.id, '/')+1]
	for _, id := range ph.follows {
		if strings.HasPrefix(id, duty) { // not one of another law, which is followed in its verdict alone
			w.obligation.After = append(w.obligation.After, id)
		}
	}
}

// holdRule is what people and the ledger are told of a delay; nil when the regime knows none.
func (ph *compiledPhase) holdRule() *breach.HoldRule {
	h := ph.duty.Hold
	if !h.LawEnforcement && h.Terms == "" {
		return nil
	}
	out := &breach.HoldRule{LawEnforcement: h.LawEnforcement, Terms: h.Terms, ClockRuns: h.Clock == "runs", Forbids: h.Forbids}
	for _, l := range h.Limits {
		out.Limits = append(out.Limits, breach.HoldLimit(l))
	}
	if h.After != nil {
		out.After = &breach.HoldTerm{Value: h.After.Value, Unit: h.After.Unit, Zone: ph.pack.zone.String()}
		if h.After.Unit == unitBusiness && ph.pack.Calendar != "" {
			out.After.Calendar = ph.pack.calendar.forHolds()
		}
	}
	return out
}

func (t DeadlineTerm) from(fact string) string {
	unit := strings.ReplaceAll(t.Unit, "_", " ")
	if t.Value == 1 {
		unit = strings.TrimSuffix(unit, "s")
	}
	return fmt.Sprintf("%d %s from incident.%s (%s)", t.Value, unit, fact, t.counting())
}

// normal is the term without any variant, counted from a fact; nil where neither the law nor the pack has one.
func (k *PackClock) normal(fact string) *termChoice {
	switch {
	case k.Value != nil:
		t := DeadlineTerm{*k.Value, k.Unit, k.Counting}
		return &termChoice{t, false, "Due " + t.from(fact)}
	case k.EngineDefault != nil:
		t := k.EngineDefault.term()
		why := ""
		if k.EngineDefault.Why != "" {
			why = ", because it " + k.EngineDefault.Why
		}
		return &termChoice{t, true, fmt.Sprintf("The rule has no number (%q); the house default is %s%s. House policy, not law", k.Soft, t.from(fact), why)}
	}
	return nil
}
