package breach

import "time"

// OutcomeOf derives a person's outcome from their attempts alone: reached when one attempt meets the
// channel's rule at now, attempted when one may have reached them, else pending. Explicit events (exempt,
// held, withdrawn, unreachable, covered) are laid over it by the ledger.
//
// Only attempts to the addressee that counts (the guardian for a child who has one to be addressed) may
// be given.
func OutcomeOf(attempts []Attempt, rules Sufficiency, now time.Time) Outcome {
	out := Pending
	for _, a := range attempts {
		switch {
		case proven(a, rules[a.Channel], now):
			return Reached
		case mayHaveArrived(a):
			out = Attempted
		}
	}
	return out
}

func proven(a Attempt, r Rule, now time.Time) bool {
	if r.Proof == "" || now.Before(a.At.Add(r.Quiet)) {
		return false
	}
	switch r.Proof {
	case Accepted:
		return a.State == Accepted || a.State == Delivered || (a.State == Reconciled && a.Settlement == Confirmed)
	case Delivered:
		return a.State == Delivered
	}
	return false
}

// MayHaveArrived says that the attempt did not certainly fail: whoever is sent the same again may get it twice.
func (a Attempt) MayHaveArrived() bool { return mayHaveArrived(a) }

func mayHaveArrived(a Attempt) bool {
	switch a.State {
	case HandedOver, Accepted, Delivered, Unknown, Intended:
		return true
	case Reconciled:
		return a.Settlement != Repeated
	}
	return false
}

// reasonUnbegun is the delivery code of what was intended, and given up before anything was handed over.
const reasonUnbegun = "interrupted"

// Unbegun says that nothing of the attempt was handed over: sending was paused, the provider was found down, or the
// worker ended between the intent and the first byte. The person lost nothing by it, so it counts as no try.
func (a Attempt) Unbegun() bool { return a.State == FailedTemporary && a.Reason == reasonUnbegun }

// reasonGone is the delivery code of a push token of which the push service says that it is gone for good.
const reasonGone = "app_removed"

// ContactGone says that what the attempt went to does not exist any more. Nothing is ever sent there again, whoever
// decides to try again.
func (a Attempt) ContactGone() bool { return a.State == FailedPermanent && a.Reason == reasonGone }

// ProofAt is the instant at which an attempt becomes proof if nothing else happens, and whether it can.
func ProofAt(a Attempt, rules Sufficiency) (time.Time, bool) {
	r := rules[a.Channel]
	at := a.At.Add(r.Quiet)
	return at, proven(a, r, at)
}
