package policy

import (
	"maps"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// NotReached says why somebody is not reached: what ended the work for them, or what they wait for.
type NotReached struct {
	Reason   string    // code of NotReachedWords, or the reason of a person's decision
	Promises []string  // reason codes of the refusals that close channels, in order
	Until    time.Time // when what they wait for is over, UTC; zero when no instant is known
}

// NotReachedWords say each reason in plain words.
var NotReachedWords = map[string]string{
	UncoveredNoContact:        "there is no contact that can be used",
	UncoveredNotAllowed:       "there are contacts, but a promise of the policy or an objection closes each of them",
	UncoveredFailedEverywhere: "every allowed channel was tried, and each failed",
	UncoveredGuardian:         "a guardian acts for them, and no guardian can be reached",
	UncoveredUnreachable:      "no channel reached them",
	WhyFirst:                  "the first message is still to be sent",
	WhyNext:                   "what was tried did not suffice; the next channel is due",
	WhyRetry:                  "it failed for the time being; the next try is due",
	WhyRepeat:                 "the result was not known; the same message is due once more, recognisable as the same",
	WhyAgain:                  "a person decided to try again; the next try is due",
	WhyQuiet:                  "a message was taken; it counts as proof when no failure follows",
	WhyProof:                  "a message is on its way; proof or failure is waited for",
	WhyHours:                  "the channel waits for its hours in the person's time zone",
	WhyBackoff:                "it failed for the time being; the next try waits",
	WhyInFlight:               "a message is being handed over",
	WhyUnknown:                "the provider may or may not have the message; it is asked, never sent again blindly",
	WhyReached:                "proof has just come",
	WhyAttempted:              "a message was handed over, there is no proof, and nothing else is left to try",
	WhyNotKnowable:            "nobody can tell whether the message arrived, and the policy goes no further",
	string(breach.Held):       "they must not be told yet",
	string(breach.Exempt):     "the law asks for no notice",
	string(breach.Withdrawn):  "they were taken off the list",
	decidedByLead:             "a lead decided so, with a reason that is on the record",
}

// decidedByLead is the reason of those about whom a lead decided.
const decidedByLead = "decided_by_a_lead"

// WhyNotReached explains one person who is not reached. It asks Steps, so that what it says is what is done next.
func WhyNotReached(p Profile, s breach.Subject, on, now time.Time) NotReached {
	if on.IsZero() {
		on = now
	}
	refused := map[string]bool{}
	for _, reason := range s.Refused {
		refused[reason] = true
	}
	if slices.Contains(s.Stopped, p.Addressees(s.Person, on)[0]) {
		refused[RefusedStopped] = true
	}
	out := NotReached{Reason: s.Reason}
	switch s.Outcome {
	case breach.Unreachable, breach.Covered:
		if out.Reason == "" {
			out.Reason = UncoveredUnreachable
		}
	case breach.Held, breach.Exempt, breach.Withdrawn:
		if out.Reason == "" {
			out.Reason = string(s.Outcome)
		}
	default:
		to := p.Addressees(s.Person, on)[0]
		out.Reason = ""
		for _, st := range Steps(p, s, on, now) {
			switch {
			case st.Kind == StepRefuse:
				refused[st.Reason] = true
			case out.Reason == "" && (st.Addressee == to || st.Addressee == ""):
				out.Reason, out.Until = st.Reason, st.Until
			}
		}
		if out.Reason == "" { // only a child beside the guardian is still to be told
			out.Reason = WhyAttempted
		}
	}
	out.Promises = slices.Sorted(maps.Keys(refused))
	return out
}
