package policy

import (
	"github.com/tocsin-engine/tocsin/internal/breach"
)

// settle says how an unknown attempt is settled: email by the policy, push by repeating it as often as the policy
// lets, SMS, calls and letters by asking, again and again as long as the channel's wait lasts and once after it; the rest
// cannot be known.
func (w *walk) settle(to breach.Addressee, r ChannelRule, h history) Step {
	a := h.last
	s := Step{Kind: StepReconcile, Addressee: to, Channel: r.Channel, Provider: a.Provider, Try: a.Try,
		How: SettleNotKnowable, MayRepeat: h.repeats < r.Retry.Repeats, Reason: WhyUnknown}
	switch r.Channel {
	case breach.Email:
		if w.p.UnknownEmail == RepeatSameID && s.MayRepeat {
			s.How = SettleRepeat
		}
	case breach.Push: // a repeated one replaces the first on the device, by the same collapse id
		if s.MayRepeat {
			s.How = SettleRepeat
		}
	case breach.SMS, breach.Voice, breach.Letter: // of a letter the ledger itself is asked
		s.How = SettleAsk
		s.GiveUp = a.State == breach.Unknown && !w.now.Before(a.At.Add(r.Wait))
	}
	return s
}

// history is what was tried for one addressee on one channel and still counts. top is the highest number of a
// try, whether it counts or not: no number is used twice.
type history struct {
	tries, repeats, top int
	past                bool // some do not count any more, since a person decided to try again
	last                breach.Attempt
}

func (w *walk) history(to breach.Addressee, c breach.Channel) history {
	var h history
	for _, a := range w.s.Attempts {
		if a.Addressee != to || a.Channel != c {
			continue
		}
		h.top = max(h.top, a.Try)
		if a.Past && !a.MayHaveArrived() && !a.ContactGone() {
			h.past = true
			continue
		}
		if a.Unbegun() {
			continue
		}
		if h.tries == 0 || a.Try > h.last.Try {
			h.last = a
		}
		h.tries++
		if a.State == breach.Reconciled && a.Settlement == breach.Repeated {
			h.repeats++
		}
	}
	return h
}
