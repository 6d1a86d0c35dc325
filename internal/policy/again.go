package policy

import (
	"cmp"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Reasons why somebody is not tried again, besides those of StepExhausted.
const (
	StaysArrived = "may_have_arrived" // a message may have reached them: it is not sent again blindly
	StaysOthers  = "other_reason"     // they are not among those whom the decision is about
)

// TryAgain says from where on the tries of somebody whom no channel reached are counted anew, when a person
// decides so; else why they stay as they are. It is for those who are unreachable or covered by an
// announcement; for anybody else why is empty. A decision about one channel leaves the failures of the others.
func TryAgain(p Profile, s breach.Subject, d breach.Retry, on, now time.Time) (from breach.FreshStart, why string, ok bool) {
	if s.Outcome != breach.Unreachable && s.Outcome != breach.Covered {
		return from, "", false
	}
	if on.IsZero() {
		on = now
	}
	to := p.Addressees(s.Person, on)[0]
	from.Person = s.ID
	s.Outcome, s.Attempts = breach.Pending, slices.Clone(s.Attempts)
	for i := range s.Attempts {
		a := &s.Attempts[i]
		if a.Addressee != to || (d.Channel != "" && a.Channel != d.Channel) {
			continue
		}
		a.Past = true
		from.Ways = after(from.Ways, *a)
	}
	if d.Reason != "" && d.Reason != s.Reason {
		return from, StaysOthers, false
	}
	for _, st := range Steps(p, s, on, now) {
		switch {
		case st.Kind == StepExhausted:
			return from, st.Reason, false
		case st.Addressee != to || (d.Channel != "" && st.Channel != d.Channel):
		case st.Kind == StepSend || st.Kind == StepReconcile:
			return from, "", true
		}
	}
	if slices.ContainsFunc(s.Attempts, func(a breach.Attempt) bool { return a.Addressee == to && a.MayHaveArrived() }) {
		return from, StaysArrived, false
	}
	return from, cmp.Or(s.Reason, UncoveredUnreachable), false // only a child beside the guardian is still to be told
}

// after notes the last try of each way.
func after(ways []breach.TriedWay, a breach.Attempt) []breach.TriedWay {
	for i := range ways {
		if w := &ways[i]; w.Addressee == a.Addressee && w.Channel == a.Channel {
			w.Try = max(w.Try, a.Try)
			return ways
		}
	}
	return append(ways, breach.TriedWay{Addressee: a.Addressee, Channel: a.Channel, Try: a.Try})
}
