package app

import (
	"context"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Letters says where letters and their newest batches stand. It names nobody.
func (d *Desk) Letters(ctx context.Context) (out breach.PostOverview, err error) {
	if out.Standing, err = d.Store.LetterStanding(ctx); err != nil {
		return out, err
	}
	batches, err := d.Store.LetterBatches(ctx)
	out.Batches = append([]breach.PostedBatch{}, batches...)
	return out, err
}

// LettersOf lists the letters of a batch with the last word on each.
func (d *Desk) LettersOf(ctx context.Context, batch string, by breach.Actor) ([]breach.PostedLetter, error) {
	if by.Role != breach.RoleLead && by.Role != breach.RoleResponder {
		return nil, breach.Errorf(breach.ErrForbidden, "only responders and leads see single letters; others see the numbers")
	}
	return d.Store.LettersOf(ctx, batch)
}

// TakeLetterWords takes what printer or post office wrote down, and puts on record of each incident who brought it. The
// same file again changes nothing.
func (d *Desk) TakeLetterWords(ctx context.Context, kind breach.PostWords, file []byte, by breach.Actor) (breach.PostTold, error) {
	if by.Role != breach.RoleLead && by.Role != breach.RoleResponder {
		return breach.PostTold{}, breach.Errorf(breach.ErrForbidden, "only responders and leads say what became of letters")
	}
	return takeLetterWords(ctx, d.Store, kind, file, by.ID, d.Now)
}
