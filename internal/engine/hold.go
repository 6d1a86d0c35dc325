package engine

import (
	"context"
	"slices"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Hold places a typed hold: at the request of law enforcement, where the law of each duty that it names knows that
// (a lead), or of channels that are not used (a responder too). It ends by itself. breach.ErrNoDelay with what to do
// where a law knows no delay.
func (e *Engine) Hold(ctx context.Context, incident string, h breach.Hold, by breach.Actor) (breach.Hold, error) {
	roles := []breach.Role{breach.RoleLead}
	if h.Kind == breach.HoldChannel {
		roles = append(roles, breach.RoleResponder)
	}
	if err := may(by, "place this hold", roles...); err != nil {
		return breach.Hold{}, err
	}
	h.ID = commandID(ctx)
	placed, err := e.Ledger.PlaceHold(ctx, incident, h, by, e.Now().UTC())
	if err != nil {
		return breach.Hold{}, err
	}
	return placed, e.settled(ctx, incident)
}

// ReleaseHold ends a hold before its time: who was held is told, and the clocks that stood still run on.
func (e *Engine) ReleaseHold(ctx context.Context, incident, hold, why string, by breach.Actor) error {
	if err := may(by, "release a hold", breach.RoleLead); err != nil {
		return err
	}
	why, err := reasoned(why)
	if err != nil {
		return err
	}
	if err := e.Ledger.ReleaseHold(ctx, incident, hold, commandID(ctx), why, by, e.Now().UTC()); err != nil {
		return err
	}
	return e.settled(ctx, incident)
}

// ExplainDelay puts on record why duties are late; without that, nothing is filed or met late. breach.ErrConflict for
// a duty whose deadline has not passed.
func (e *Engine) ExplainDelay(ctx context.Context, incident string, obligations []string, why string, by breach.Actor) error {
	if err := may(by, "say why a duty is late", breach.RoleResponder, breach.RoleLead); err != nil {
		return err
	}
	why, err := reasoned(why)
	if err != nil {
		return err
	}
	if len(obligations) == 0 {
		return breach.Errorf(breach.ErrInvalid, "no duty is named").
			With(breach.FieldError{Where: "obligations", What: "name the duties that are late, by their ids"})
	}
	j, _, err := e.Ledger.Judgement(ctx, incident)
	if err != nil {
		return err
	}
	holds, err := e.Ledger.Holds(ctx, incident)
	if err != nil {
		return err
	}
	now := e.Now().UTC()
	for _, id := range obligations {
		i := slices.IndexFunc(j.Obligations, func(o breach.Obligation) bool { return o.ID == id })
		if i < 0 {
			return breach.Errorf(breach.ErrInvalid, "a duty of this id is not known").
				With(breach.FieldError{Where: "obligations", What: "are ids of duties of this incident"})
		}
		if due := holds.DueAt(j.Obligations[i]); j.Obligations[i].Verdict == breach.DoesNotApply || due == nil || now.Before(*due) || j.Obligations[i].NotBegun() {
			return breach.Errorf(breach.ErrConflict, "%s is not late", id)
		}
	}
	obligations = slices.Clone(obligations)
	slices.Sort(obligations)
	if err := e.Ledger.ExplainDelays(ctx, incident, commandID(ctx), slices.Compact(obligations), why, by, now); err != nil {
		return err
	}
	return e.settled(ctx, incident)
}
