package app

import (
	"context"
	"encoding/json"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// SetSeverityCell amends the facts by a person's value for one cell of the score. Earlier ones stay in the
// facts; the last one of a cell counts. Who and when are those of the caller, whatever o says.
func (d *Desk) SetSeverityCell(ctx context.Context, incident string, o breach.SeverityOverride, by breach.Actor) (breach.Amended, error) {
	file, _, err := d.Store.File(ctx, incident, 0)
	if err != nil {
		return breach.Amended{}, err
	}
	at := d.Now().UTC()
	o.By, o.At = by.ID, &at
	patch, err := json.Marshal(map[string]any{"severity_overrides": append(file.Facts.SeverityOverrides, o)})
	if err != nil {
		return breach.Amended{}, breach.Errorf(breach.ErrInternal, "the override cannot be written: %w", err)
	}
	return d.Amend(ctx, incident, patch, by)
}
