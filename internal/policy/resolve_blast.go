package policy

import (
	"github.com/tocsin-engine/tocsin/internal/breach"
)

// blasting starts every channel that can be used and lets each come to its end, for the addressee who decides the
// outcome. The answer is how the person ends if there is nothing to do. Every channel has its first message, also when
// another has brought proof: that is what a blast is. What failed is tried again only while there is no proof.
func (w *walk) blasting(to breach.Addressee) Step {
	proof, onItsWay := w.proof(to)
	there := proof.Kind == StepDone || w.s.Outcome == breach.Reached
	enough := there || onItsWay
	var wait Step
	if onItsWay {
		wait = proof
	}
	for i, r := range w.p.Channels {
		h := w.history(to, r.Channel)
		var want Step
		if h.tries == 0 {
			want = w.first(to, r.Channel, h)
		} else {
			want = calm(w.after(to, i, h), there, onItsWay)
		}
		want.Channel = r.Channel
		switch want.Kind {
		case StepSend:
			if w.spent(to) || !w.clear(&want) {
				break
			}
			if want = w.inHours(want); want.Kind == StepSend {
				w.do(want)
			} else if wait.Kind == "" || want.Until.Before(wait.Until) {
				wait = want
			}
		case StepReconcile:
			w.do(want)
		case StepWait:
			if wait.Kind == "" || want.Until.Before(wait.Until) {
				wait = want
			}
		}
	}
	w.unused(to)
	switch {
	case wait.Kind != "":
		w.do(wait)
	case enough:
		return Step{Kind: StepDone, Reason: WhyReached}
	}
	return w.ending(to)
}

// calm takes out of what a channel asks for what is not needed while proof is there, or on its way: nothing is sent
// again and nothing waited for but what is being handed over. What is unknown is still asked about; what could only be
// repeated is left until the proof is there, and then nobody needs to know.
func calm(s Step, there, onItsWay bool) Step {
	repeat := s.Kind == StepReconcile && s.How == SettleRepeat
	switch {
	case !there && !onItsWay:
	case s.Kind == StepSend, s.Kind == StepWait && s.Reason != WhyInFlight, repeat && !there:
		return Step{}
	case repeat:
		s.How, s.MayRepeat = SettleNotKnowable, false
	}
	return s
}

// spent reports whether the addressee has had as many messages as the policy allows over all channels.
func (w *walk) spent(to breach.Addressee) bool {
	if w.p.AtMost == nil || w.p.AtMost.Messages == 0 {
		return false
	}
	n := 0
	for _, s := range w.steps {
		if s.Kind == StepSend && s.Addressee == to {
			n++
		}
	}
	for _, r := range w.p.Channels {
		h := w.history(to, r.Channel)
		n += h.tries - h.repeats
	}
	return n >= w.p.AtMost.Messages
}
