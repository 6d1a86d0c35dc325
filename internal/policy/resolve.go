package policy

import (
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// StepKind says what is to be done next.
type StepKind string

const (
	// StepSend hands over one message: Addressee, Channel, Provider, Try; Exception when it rests on one.
	StepSend StepKind = "send"
	// StepWait does nothing for this addressee before Until: Addressee, Channel, Until.
	StepWait StepKind = "wait"
	// StepReconcile settles an attempt whose result is unknown: Addressee, Channel, Provider, Try, How, MayRepeat,
	// GiveUp.
	// One that is still intended long after is recorded as unknown first.
	StepReconcile StepKind = "reconcile"
	// StepRefuse records that the policy kept the person's data from a provider: Channel, Provider (empty when
	// the channel as a whole is refused). It needs no answer: the steps after it in the list already go on.
	StepRefuse StepKind = "refuse"
	// StepExhausted says that nothing is left and the person is unreachable.
	StepExhausted StepKind = "exhausted"
	// StepDone says that nothing is left to do.
	StepDone StepKind = "done"
)

// Settling is how an attempt whose result is unknown is settled.
type Settling string

const (
	// SettleRepeat: record it as repeated; the next step sends the same delivery once more.
	SettleRepeat Settling = "repeat"
	// SettleAsk: ask the provider. What it has is recorded with its state. When it certainly does not have
	// it: repeated if MayRepeat, else failed_permanent. When it cannot be asked now, the attempt stays
	// unknown and is asked again later; with GiveUp it is not knowable then. Nothing is given up unasked.
	SettleAsk Settling = "ask"
	// SettleNotKnowable: record that nobody can tell.
	SettleNotKnowable Settling = "not_knowable"
)

// Reasons of steps; those of StepRefuse and StepExhausted are the Refused and Uncovered codes, StepDone also
// carries the outcome that a person has already.
const (
	WhyFirst       = "first_channel"  // send: nothing was tried before
	WhyNext        = "next_channel"   // send: what came before did not suffice
	WhyRetry       = "retry"          // send: it failed for the time being, the back-off is over
	WhyRepeat      = "repeat"         // send: the same delivery again, recognisable as the same
	WhyAgain       = "tried_again"    // send: it failed before a person decided to try again
	WhyChildToo    = "child_too"      // send: the child is told beside the guardian
	WhyQuiet       = "quiet_period"   // wait: it counts as proof if no failure follows
	WhyProof       = "awaiting_proof" // wait: for a receipt, before the next channel
	WhyBackoff     = "back_off"       // wait: it failed for the time being
	WhyHours       = "outside_hours"  // wait: for the hours in which the channel may disturb people
	WhyInFlight    = "in_flight"      // wait: it is being handed over
	WhyUnknown     = "result_unknown" // reconcile: the provider may or may not have it
	WhyReached     = "reached"        // done: there is proof
	WhyAttempted   = "attempted"      // done: handed over, no proof, nothing else to try
	WhyNotKnowable = "not_knowable"   // done: nobody can tell, and the policy goes no further
)

// Step is one thing to do for one person. Fields that its kind does not name are empty. Instants are UTC.
type Step struct {
	Kind      StepKind
	Addressee breach.Addressee
	Channel   breach.Channel
	Provider  string
	Try       int
	Until     time.Time
	How       Settling
	MayRepeat bool
	GiveUp    bool   // SettleAsk: it was tried for long enough; what cannot be asked now is not knowable
	Exception string // law_provides, consented, cross_border_transaction
	Reason    string
}

// Final reports whether a list of steps ends the work for a person: its last step is Done or Exhausted.
// Such a step never stands beside a Send, Wait or Reconcile.
func Final(steps []Step) (Step, bool) {
	if len(steps) == 0 {
		return Step{}, false
	}
	last := steps[len(steps)-1]
	return last, last.Kind == StepDone || last.Kind == StepExhausted
}

// Steps says what to do next for one person: any number of refusals to record, then either at most one
// Send, Wait or Reconcile per addressee, or one Done or Exhausted. It decides from the person's contacts,
// attempts, refusals and outcome alone and changes nothing, so that asking twice gives the same answer.
// on is the day of awareness, which decides who is a child; the zero time means today.
//
// Under escalate, channels are tried in the policy's order, one at a time. A channel is left on a permanent failure, when
// the policy refuses it, when its tries are used up, or when its wait passed without proof. While proof is on
// its way, nothing else is started. A refusal that s.Refused holds and that the policy would not give itself
// closes the channel.
//
// Under blast, every channel that can be used is started at once, whatever the others bring; there may be one Send
// or Reconcile for each channel then, and one Wait. Once there is proof, or it is on its way, nothing is tried again.
//
// An attempt that failed and is past (a person decided since to try again) uses up no try and leaves no channel,
// but the numbers of tries go on after it. One that may have arrived counts for ever, and so does one to a push token that
// is gone. An attempt that was recorded
// and never begun counts like none: it uses up no try and is not waited for.
func Steps(p Profile, s breach.Subject, on, now time.Time) []Step {
	switch s.Outcome {
	case breach.Exempt, breach.Held, breach.Withdrawn, breach.Covered:
		return []Step{{Kind: StepDone, Reason: string(s.Outcome)}}
	}
	if on.IsZero() {
		on = now
	}
	w := walk{p: &p, s: &s, now: now, rules: p.Sufficiency()}
	to := p.Addressees(s.Person, on)
	end := Step{Kind: StepDone, Reason: WhyReached}
	switch {
	case p.Strategy == Blast:
		end = w.blasting(to[0])
	case s.Outcome != breach.Reached:
		end = w.deciding(to[0])
	}
	if len(to) > 1 {
		w.beside(to[1])
	}
	if !w.busy {
		w.steps = append(w.steps, end)
	}
	return w.steps
}

// walk gathers the steps of one person.
type walk struct {
	p     *Profile
	s     *breach.Subject
	now   time.Time
	rules breach.Sufficiency
	steps []Step
	busy  bool // there is a Send, Wait or Reconcile
	kept  bool // a promise, an objection or a recorded refusal kept a contact unused
}

func (w *walk) do(s Step) {
	s = w.inHours(s)
	w.busy = true
	w.steps = append(w.steps, s)
}

// deciding walks the channels for the addressee who decides the outcome. The answer is how the person
// ends if there is nothing to do.
func (w *walk) deciding(to breach.Addressee) Step {
	if end, waiting := w.proof(to); end.Kind != "" {
		if waiting {
			w.do(end)
		}
		return end
	}
	for i, r := range w.p.Channels {
		want := w.next(to, i)
		switch {
		case want.Kind == "":
			continue
		case want.Kind == StepDone:
			return want
		case want.Kind == StepSend && (w.spent(to) || !w.clear(&want)):
			continue
		}
		want.Channel = r.Channel
		w.do(want)
		return Step{}
	}
	w.unused(to)
	return w.ending(to)
}

// unused records of the channels that the policy does not have that they were refused.
func (w *walk) unused(to breach.Addressee) {
	for _, c := range breach.Channels {
		if _, used := w.rules[c]; !used && ContactOf(w.s.Person, to, c) != "" {
			w.refuse(c, refusedProvider{"", w.p.closedReason(c)})
		}
	}
}

// proof looks for proof on any channel and try: there already, or on its way.
func (w *walk) proof(to breach.Addressee) (s Step, waiting bool) {
	for _, a := range w.s.Attempts {
		if a.Addressee != to {
			continue
		}
		at, can := breach.ProofAt(a, w.rules)
		switch {
		case !can:
		case !w.now.Before(at):
			return Step{Kind: StepDone, Reason: WhyReached}, false
		case !waiting || at.Before(s.Until) || at.Equal(s.Until) && a.Channel < s.Channel: // in whatever order they are read
			s = Step{Kind: StepWait, Addressee: to, Channel: a.Channel, Until: at.UTC(), Reason: WhyQuiet}
			waiting = true
		}
	}
	return s, waiting
}

// next says what channel i asks for; an empty step means that it is left.
func (w *walk) next(to breach.Addressee, i int) Step {
	r := w.p.Channels[i]
	h := w.history(to, r.Channel)
	if h.tries == 0 {
		return w.first(to, r.Channel, h)
	}
	return w.after(to, i, h)
}

// after says what a channel that was tried asks for.
func (w *walk) after(to breach.Addressee, i int, h history) Step {
	r, a := w.p.Channels[i], h.last
	switch a.State {
	case breach.FailedPermanent:
		return Step{}
	case breach.FailedTemporary:
		return w.afterFailure(to, r, h)
	case breach.Unknown:
		return w.settle(to, r, h)
	case breach.Intended:
		if until := a.At.Add(r.Wait); w.now.Before(until) {
			return Step{Kind: StepWait, Addressee: to, Channel: r.Channel, Until: until.UTC(), Reason: WhyInFlight}
		}
		return w.settle(to, r, h)
	case breach.Reconciled:
		if a.Settlement == breach.Repeated {
			return Step{Kind: StepSend, Addressee: to, Channel: r.Channel, Try: h.top + 1, Reason: WhyRepeat}
		}
		if a.Settlement != breach.Confirmed && r.NotKnowable == "stay" {
			if s := w.await(to, r, a, false); s.Kind != "" {
				return s
			}
			return Step{Kind: StepDone, Reason: WhyNotKnowable}
		}
	}
	return w.await(to, r, a, w.laterThan(to, i))
}

// await waits for proof or failure while either can still come, or while another channel waits for this one.
func (w *walk) await(to breach.Addressee, r ChannelRule, a breach.Attempt, more bool) Step {
	from := a.At
	if a.Settlement == breach.NotKnowable && !a.IntendedAt.IsZero() { // asking it has used up the wait
		from = a.IntendedAt
	}
	until := from.Add(r.Wait)
	if !w.now.Before(until) || (r.Proof == proofNever && !more) {
		return Step{}
	}
	return Step{Kind: StepWait, Addressee: to, Channel: r.Channel, Until: until.UTC(), Reason: WhyProof}
}

func (w *walk) first(to breach.Addressee, c breach.Channel, h history) Step {
	if ContactOf(w.s.Person, to, c) == "" {
		return Step{}
	}
	why := WhyFirst
	switch {
	case h.past:
		why = WhyAgain
	case h.top > 0: // it was not begun
		why = WhyRetry
	case slices.ContainsFunc(w.s.Attempts, func(a breach.Attempt) bool { return a.Addressee == to }):
		why = WhyNext
	}
	return Step{Kind: StepSend, Addressee: to, Channel: c, Try: h.top + 1, Reason: why}
}

func (w *walk) afterFailure(to breach.Addressee, r ChannelRule, h history) Step {
	used := h.tries - h.repeats // a repeat is the same delivery
	if used >= r.Retry.Tries {
		return Step{}
	}
	if w.closedByRecord(to, r.Channel, w.p.routeFor(w.s.Person, r.Channel).refused) { // no other try comes
		return Step{}
	}
	pause := r.Retry.after(used)
	until := h.last.At.Add(pause)
	if left := until.Sub(w.now); left > 0 && left <= pause+skewAtMost { // more is left only by a clock that was ahead
		return Step{Kind: StepWait, Addressee: to, Channel: r.Channel, Until: until.UTC(), Reason: WhyBackoff}
	}
	return Step{Kind: StepSend, Addressee: to, Channel: r.Channel, Try: h.top + 1, Reason: WhyRetry}
}

// skewAtMost is by how much the clocks of two workers may differ before what one of them noted is not waited for.
const skewAtMost = 10 * time.Minute

// after is the back-off after a number of tries.
func (r Retry) after(tries int) time.Duration {
	if len(r.Backoff) == 0 {
		return 0
	}
	return r.Backoff[min(max(tries, 1), len(r.Backoff))-1]
}

// laterThan reports whether a channel behind i could still be used for the addressee, and waits for it.
func (w *walk) laterThan(to breach.Addressee, i int) bool {
	if w.p.Strategy == Blast {
		return false
	}
	for _, r := range w.p.Channels[i+1:] {
		if ContactOf(w.s.Person, to, r.Channel) == "" {
			continue
		}
		rt := w.p.routeFor(w.s.Person, r.Channel)
		if rt.provider != "" && !w.closedByRecord(to, r.Channel, rt.refused) {
			return true
		}
	}
	return false
}

// clear fills in the provider of a Send, recording what the policy refuses on the way; false when the
// channel cannot be used.
func (w *walk) clear(send *Step) bool {
	if ContactOf(w.s.Person, send.Addressee, send.Channel) == "" {
		return false
	}
	rt := w.p.routeFor(w.s.Person, send.Channel)
	if w.closedByRecord(send.Addressee, send.Channel, rt.refused) {
		w.kept = w.kept || promised(w.s.Refused[send.Channel]) || w.stopped(send.Addressee, send.Channel)
		return false
	}
	for _, f := range rt.refused {
		w.refuse(send.Channel, f)
	}
	send.Provider, send.Exception = rt.provider, rt.exception
	return rt.provider != ""
}

// stopped reports whether the addressee, and not the other one, wants no text messages.
func (w *walk) stopped(to breach.Addressee, c breach.Channel) bool {
	return c == breach.SMS && slices.Contains(w.s.Stopped, to)
}

// closedByRecord reports whether somebody else than this policy refused the channel before.
func (w *walk) closedByRecord(to breach.Addressee, c breach.Channel, own []refusedProvider) bool {
	if w.stopped(to, c) {
		return true
	}
	reason := w.s.Refused[c]
	return reason != "" && !slices.ContainsFunc(own, func(f refusedProvider) bool { return f.reason == reason })
}

// refuse records a refusal once: not again when the ledger or this list has it.
func (w *walk) refuse(c breach.Channel, f refusedProvider) {
	w.kept = w.kept || promised(f.reason)
	s := Step{Kind: StepRefuse, Channel: c, Provider: f.provider, Reason: f.reason}
	if w.s.Refused[c] == "" && !slices.Contains(w.steps, s) {
		w.steps = append(w.steps, s)
	}
}

// ending says how a person ends for whom every channel is left.
func (w *walk) ending(to breach.Addressee) Step {
	var tried []breach.Attempt
	for _, a := range w.s.Attempts {
		if a.Addressee == to && !a.Unbegun() {
			tried = append(tried, a)
		}
	}
	switch {
	case breach.OutcomeOf(tried, w.rules, w.now) != breach.Pending:
		return Step{Kind: StepDone, Reason: WhyAttempted}
	case to == breach.ToGuardian:
		return Step{Kind: StepExhausted, Reason: UncoveredGuardian}
	case len(tried) > 0:
		return Step{Kind: StepExhausted, Reason: UncoveredFailedEverywhere}
	case w.kept:
		return Step{Kind: StepExhausted, Reason: UncoveredNotAllowed}
	}
	return Step{Kind: StepExhausted, Reason: UncoveredNoContact}
}

// beside tells the second addressee by the first channel that can be used, once. What becomes of it decides
// nothing, but an unknown attempt is settled like any other.
func (w *walk) beside(to breach.Addressee) {
	tried := false
	for _, r := range w.p.Channels {
		h := w.history(to, r.Channel)
		tried = tried || h.tries > 0
		switch {
		case h.tries == 0:
		case h.last.State == breach.Unknown:
			w.do(w.settle(to, r, h))
			return
		case h.last.State == breach.Reconciled && h.last.Settlement == breach.Repeated:
			s := Step{Kind: StepSend, Addressee: to, Channel: r.Channel, Try: h.top + 1, Reason: WhyRepeat}
			if w.clear(&s) {
				w.do(s)
			}
			return
		}
	}
	for _, r := range w.p.Channels {
		s := Step{Kind: StepSend, Addressee: to, Channel: r.Channel, Try: w.history(to, r.Channel).top + 1, Reason: WhyChildToo}
		if !tried && w.clear(&s) {
			w.do(s)
			return
		}
	}
}
