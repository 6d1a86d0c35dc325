package app

import (
	"context"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/regulator"
)

// Returns counts what came back for the emails of an incident. It names nobody.
func (d *Desk) Returns(ctx context.Context, incident string) ([]breach.ReturnCount, error) {
	if _, err := d.Store.Incident(ctx, incident); err != nil {
		return nil, err
	}
	list, err := d.Store.CountReturns(ctx, incident)
	return append([]breach.ReturnCount{}, list...), err
}

// seeReturned looks which reports by email came back from their authority.
func (d *Desk) seeReturned(ctx context.Context, filings []breach.Filing) error {
	of := map[string]int{}
	var ids []string
	for i, f := range filings {
		if f.Route != regulator.ViaEmail {
			continue
		}
		delivery, attempt := regulator.EmailIDs(f.Incident + "/" + f.Obligation + "/" + f.SHA256)
		of[delivery], of[attempt] = i, i
		ids = append(ids, delivery, attempt)
	}
	if len(ids) == 0 {
		return nil
	}
	returned, err := d.Store.ReturnedAs(ctx, ids)
	for id, r := range returned {
		filings[of[id]].Returned = &r
	}
	return err
}
