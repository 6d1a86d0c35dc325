package activities

import (
	"context"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// ReconcileIn names a wave whose unknown attempts are to be settled.
type ReconcileIn struct {
	Incident string `json:"incident"`
	Wave     int    `json:"wave"`
}

// ReconcileOut counts the decisions. Later is how many could not be asked about now.
type ReconcileOut struct {
	Confirmed   int `json:"confirmed"`
	Repeated    int `json:"repeated"`
	NotKnowable int `json:"not_knowable"`
	Later       int `json:"later"`
}

// Reconcile settles attempts whose result is unknown: it asks providers that can answer, repeats email with
// the same Message-ID where the policy says so, and records what cannot be known as such. Every decision is
// an appended event; nothing is sent here.
func (d *Deliver) Reconcile(ctx context.Context, in ReconcileIn) (out ReconcileOut, err error) {
	sc, err := loadScope(ctx, d.Cases, d.Profiles, in.Incident)
	if err != nil {
		return ReconcileOut{}, fail(ctx, err)
	}
	list, err := d.Sending.Unsettled(ctx, in.Incident, in.Wave)
	if err != nil {
		return ReconcileOut{}, fail(ctx, err)
	}
	for _, u := range list {
		beat(ctx)
		// What a clock noted that was ahead is not waited for.
		if age := d.Now().Sub(u.Attempt.At); age < d.Limits.Settling && age > -clockSkew {
			out.Later++
			continue
		}
		events, later := d.settle(ctx, sc, in.Incident, u)
		if later {
			out.Later++
			continue
		}
		if err := d.Sending.Record(ctx, in.Incident, events); err != nil {
			return out, fail(ctx, err)
		}
		switch events[0].Settlement {
		case breach.Confirmed:
			out.Confirmed++
		case breach.Repeated:
			out.Repeated++
		default:
			out.NotKnowable++
		}
	}
	return out, nil
}

// settle decides about one unknown attempt as the policy says: by asking its provider, by repeating it
// recognisably, or by recording that nobody can know.
func (d *Deliver) settle(ctx context.Context, sc scope, incident string, u breach.UnsettledAttempt) (events []breach.AttemptEvent, later bool) {
	st, ok := d.reconcileStep(sc, u)
	if !ok {
		return nil, true
	}
	ev := breach.AttemptEvent{
		Person: u.Attempt.Person, Addressee: u.Attempt.Addressee, Channel: u.Attempt.Channel, Try: u.Attempt.Try,
		State: breach.Reconciled, Provider: u.Attempt.Provider, At: d.Now().UTC(),
	}
	switch st.How {
	case policy.SettleRepeat:
		ev.Settlement = breach.Repeated
		return []breach.AttemptEvent{ev}, false
	case policy.SettleNotKnowable:
		ev.Settlement = breach.NotKnowable
		return []breach.AttemptEvent{ev}, false
	}
	return d.ask(ctx, sc.profile, incident, u, st, ev)
}

func (d *Deliver) reconcileStep(sc scope, u breach.UnsettledAttempt) (policy.Step, bool) {
	for _, st := range policy.Steps(sc.profile, u.Subject, sc.on, d.Now().UTC()) {
		if st.Kind == policy.StepReconcile && st.Addressee == u.Attempt.Addressee && st.Channel == u.Attempt.Channel && st.Try == u.Attempt.Try {
			return st, true
		}
	}
	return policy.Step{}, false
}

// ask puts the question to the provider. An answer that it has the message confirms it, with the provider's
// own word on top; an answer that it certainly has not lets it be repeated where the policy allows that.
func (d *Deliver) ask(ctx context.Context, p policy.Profile, incident string, u breach.UnsettledAttempt, st policy.Step, ev breach.AttemptEvent) (events []breach.AttemptEvent, later bool) {
	sender, _ := senderOf(d.Senders, p, u.Attempt.Provider)
	asker, ok := sender.(delivery.Asker)
	if !ok {
		ev.Settlement = breach.NotKnowable
		return []breach.AttemptEvent{ev}, false
	}
	text, err := d.Plans.Text(ctx, incident, u.Text)
	if err != nil {
		return nil, true
	}
	m, err := render(d.Words, text, &u.Subject, u.Attempt.Addressee)
	if err != nil {
		return nil, true
	}
	m.DeliveryID = deliveryID(incident, u.Attempt.Person, st)
	m.AttemptID, m.Channel, m.SentAfter = u.AttemptID, u.Attempt.Channel, u.Attempt.IntendedAt.Add(-clockSkew)
	r, found, err := question(ctx, asker, m)
	switch {
	case err != nil && st.GiveUp:
		ev.Settlement = breach.NotKnowable
		return []breach.AttemptEvent{ev}, false
	case err != nil:
		return nil, true
	case !found && !st.MayRepeat:
		ev.State, ev.Reason = breach.FailedPermanent, delivery.ReasonNoAnswer
		return []breach.AttemptEvent{ev}, false
	case !found:
		ev.Settlement = breach.Repeated
		return []breach.AttemptEvent{ev}, false
	}
	ev.Settlement, ev.ProviderRef = breach.Confirmed, r.ProviderRef
	word := ev
	word.State, word.Settlement, word.Reason, word.Detail = r.State, "", r.Reason, r.Detail
	if !breach.AttemptMachine.Allows(string(breach.Reconciled), string(word.State)) {
		return []breach.AttemptEvent{ev}, false
	}
	return []breach.AttemptEvent{ev, word}, false
}

// question asks one provider. An adapter that panics could not be asked.
func question(ctx context.Context, a delivery.Asker, m delivery.Message) (r delivery.Receipt, found bool, err error) {
	defer func() {
		if recover() != nil {
			err = breach.Errorf(breach.ErrInternal, "the adapter broke down while asking")
		}
	}()
	return a.Ask(ctx, m)
}

// SettleIn names a wave.
type SettleIn struct {
	Incident string `json:"incident"`
	Wave     int    `json:"wave"`
}

// SettleOut is how people stand now.
type SettleOut struct {
	Tally breach.Tally `json:"tally"`
}

// Settle re-derives who counts as reached at this instant and counts.
func (d *Deliver) Settle(ctx context.Context, in SettleIn) (SettleOut, error) {
	if err := d.People.Settle(ctx, in.Incident, in.Wave, d.Now().UTC()); err != nil {
		return SettleOut{}, fail(ctx, err)
	}
	t, err := d.People.Tally(ctx, in.Incident, in.Wave)
	return SettleOut{Tally: t}, fail(ctx, err)
}
