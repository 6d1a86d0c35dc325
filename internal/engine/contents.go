package engine

import (
	"context"
	"slices"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// maxNames bounds what one person lets go at once.
const maxNames = 200

// Waive records that a person lets gaps of a plan's texts go, each by its duty and field, for one reason. The next
// plan that is submitted names them to whoever approves it.
func (e *Engine) Waive(ctx context.Context, incident string, list []breach.Waiver, reason string, by breach.Actor) ([]breach.Waiver, error) {
	if err := may(by, "let gaps of texts go", breach.RoleResponder, breach.RoleLead); err != nil {
		return nil, err
	}
	why, err := reasoned(reason)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || len(list) > maxNames {
		return nil, breach.Errorf(breach.ErrInvalid, "nothing is named, or too much").
			With(breach.FieldError{Where: "gaps", What: "name 1 to 200 gaps, each by its duty and field"})
	}
	at, out := e.Now().UTC(), slices.Clone(list)
	for i := range out {
		out[i].Reason, out[i].By, out[i].At = why, by.ID, at
	}
	return out, e.Ledger.Waive(ctx, incident, out, at)
}

// DecideNumber records what a person holds to be true of a number of which the facts and the lists disagree, with
// the reason. It is a revision of the facts, so that the duties are judged by it.
func (e *Engine) DecideNumber(ctx context.Context, incident string, d breach.NumberDecision, by breach.Actor) (breach.Amended, error) {
	if err := may(by, "decide about numbers", breach.RoleResponder, breach.RoleLead); err != nil {
		return breach.Amended{}, err
	}
	why, err := reasoned(d.Reason)
	if err != nil {
		return breach.Amended{}, err
	}
	if !breach.IsNumberField(d.Field) || d.Value < 0 {
		return breach.Amended{}, breach.Errorf(breach.ErrInvalid, "the number cannot be decided like this").
			With(breach.FieldError{Where: "field", What: "is people.total, people.minors, contacts.missing, people.by_country.CN and the like, or people.by_region.US-CA and the like, with a number from 0"})
	}
	file, base, err := e.Ledger.File(ctx, incident, 0)
	if err != nil {
		return breach.Amended{}, err
	}
	d.Reason, d.By, d.At = why, by.ID, e.Now().UTC()
	file.Facts.Numbers = append(slices.Clone(file.Facts.Numbers), d)
	return e.revise(ctx, incident, file, base, by)
}
