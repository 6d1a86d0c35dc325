package app

import (
	"context"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// FirstWays says by which channels, through whom, the policy begins to tell the people of a plan's list; nil for a plan of
// reports alone.
func (d *Desk) FirstWays(ctx context.Context, incident string, rec breach.PlanRecord) (*breach.Ways, error) {
	if rec.Plan.People.Total == 0 {
		return nil, nil //nolint:nilnil // nobody is told, and nothing went wrong
	}
	sc, err := d.peopleScope(ctx, incident)
	if err != nil {
		return nil, err
	}
	groups, err := d.Store.ContactGroups(ctx, incident, rec.Plan.Wave)
	if err != nil {
		return nil, err
	}
	w := sc.profile.Ways(groups)
	return &w, nil
}
