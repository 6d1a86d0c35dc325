package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// job is one message that is due.
type job struct {
	sub               *breach.Subject
	step              policy.Step
	text              *breach.Text
	delivery, attempt string
	probe             bool // the one message that finds out whether a provider works again
}

// textKey names one of the texts that a channel has.
type textKey struct {
	to     breach.Addressee
	locale string
	place  string // whose people have a text of their own; empty for everybody else
}

func (l *lane) job(sub *breach.Subject, st policy.Step) job {
	st = l.elsewhere(sub, st)
	text := l.texts[textKey{st.Addressee, l.Words.Locale(sub.Person.Locale, l.locales), l.place(&sub.Person)}]
	if text == nil {
		text = &breach.Text{} // which cannot be rendered
	}
	id := deliveryID(l.in.Incident, sub.ID, st)
	return job{sub: sub, step: st, text: text, delivery: id, attempt: attemptID(id, st)}
}

// place is where somebody lives whose law gives its people a text of their own.
func (l *lane) place(p *breach.Person) string {
	for _, place := range l.places {
		if breach.LivesIn(place, p.Country, p.Region) {
			return place
		}
	}
	return ""
}

// render keeps one person whose data the renderer cannot stand from stopping everybody else.
func render(w Words, t breach.Text, sub *breach.Subject, to breach.Addressee) (m delivery.Message, err error) {
	defer func() {
		if recover() != nil { // what it says may quote the person
			m, err = delivery.Message{}, breach.Errorf(breach.ErrInternal, "a message could not be rendered")
		}
	}()
	return w.Message(t, sub.Person, to, sub.Ref)
}

func (l *lane) send(ctx context.Context, epoch int, j job) (ev breach.AttemptEvent) {
	ev = breach.AttemptEvent{
		Person: j.sub.ID, Addressee: j.step.Addressee, Channel: j.step.Channel, Try: j.step.Try,
		Provider: j.step.Provider, Epoch: epoch,
	}
	sent := false
	defer func() {
		if ev.At = l.Now().UTC(); !sent {
			l.dropped(j)
		}
	}()
	x := l.exits[j.step.Provider]
	refused, permitted := l.scope.profile.Permits(j.sub.Person, j.step.Channel, j.step.Provider)
	switch {
	case !permitted: // the survey saw to it already; this is the last lock before the wire
		ev.State, ev.Reason = breach.FailedPermanent, refused
		return ev
	case x == nil || !x.there:
		ev.State, ev.Reason = breach.FailedTemporary, delivery.ReasonProviderDown
		ev.Detail = "the provider is not configured on this worker"
		return ev
	}
	if ctx.Err() != nil || stopping(ctx) { // the lease is lost or the worker stops: what was not begun is not begun
		ev.State, ev.Reason = breach.FailedTemporary, delivery.ReasonCrash
		return ev
	}
	m, err := render(l.Words, *j.text, j.sub, j.step.Addressee)
	if err != nil {
		ev.State, ev.Reason = breach.FailedPermanent, delivery.ReasonBadInput
		return ev
	}
	m.Channel, m.DeliveryID, m.AttemptID = j.step.Channel, j.delivery, j.attempt
	m.Block = (j.sub.ID-1)/breach.BlockSize + 1
	m.SentAfter = l.Now().UTC().Add(-clockSkew)
	sent = true
	r, err := l.handOver(ctx, x.sender, m, j.probe)
	if err != nil {
		f := delivery.AsFailure(err)
		ev.State, ev.Reason, ev.Detail = f.State(), f.Reason, f.Detail
		l.heard(ctx, j, ev, f.After)
		return ev
	}
	ev.State, ev.ProviderRef, ev.Reason, ev.Detail = r.State, r.ProviderRef, r.Reason, r.Detail
	l.heard(ctx, j, ev, 0)
	return ev
}

// handOver sends one message; one that finds out whether a provider works again is not waited for as long.
func (l *lane) handOver(ctx context.Context, s delivery.Sender, m delivery.Message, probe bool) (delivery.Receipt, error) {
	if probe {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, probeTime)
		defer cancel()
	}
	return handOver(ctx, s, m)
}

// handOver sends one message. An adapter that panics may have sent it, and must not take the process and the
// messages of everybody else with it.
func handOver(ctx context.Context, s delivery.Sender, m delivery.Message) (r delivery.Receipt, err error) {
	defer func() {
		if recover() != nil { // what it says may quote the person
			r, err = delivery.Receipt{}, &delivery.Failure{Reason: delivery.ReasonNoAnswer, Unknown: true, Detail: "the adapter broke down while sending"}
		}
	}()
	return s.Send(ctx, m)
}

// senderOf finds the adapter that speaks to a provider of the policy's register.
func senderOf(s Senders, p policy.Profile, provider string) (delivery.Sender, bool) {
	entry, ok := p.Provider(provider)
	if !ok {
		return nil, false
	}
	return s.Sender(entry.Kind)
}

// deliveryID is opaque and the same for every try, so that a repeated message is recognisable.
func deliveryID(incident string, person int64, st policy.Step) string {
	var room [160]byte
	from := append(append(append(room[:0], "delivery|"...), incident...), '|')
	from = append(strconv.AppendInt(from, person, 10), '|')
	from = append(append(append(from, st.Addressee...), '|'), st.Channel...)
	sum := sha256.Sum256(from)
	var id [32]byte
	hex.Encode(id[:], sum[:16])
	return string(id[:])
}

func attemptID(delivery string, st policy.Step) string { return delivery + "-" + itoa(st.Try) }

// clockSkew is how far a provider's clock may be from ours when it is asked for messages since an instant.
const clockSkew = time.Minute
