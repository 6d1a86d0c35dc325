package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// actionWaived is how letting a gap go stands on the record. The record is where it is kept: nothing else can be
// more certain to be in the evidence.
const actionWaived = "contents.waived"

// Waive records that a person lets gaps of the texts go by name. The same one for the same reason again changes
// nothing. breach.ErrConflict for a closed incident.
func (s *Store) Waive(ctx context.Context, incident string, list []breach.Waiver, at time.Time) error {
	return s.inTx(ctx, "let a gap go", func(tx pgx.Tx) error {
		inc, err := incidentRow(ctx, tx, incident, "FOR NO KEY UPDATE")
		if err != nil {
			return err
		}
		if inc.State == breach.IncidentClosed {
			return breach.Errorf(breach.ErrConflict, "incident %s is closed; reopen it first", incident)
		}
		for _, w := range list {
			key := "waive/" + hexSum([]byte(w.Obligation+"\n"+w.Field+"\n"+w.Reason+"\n"+w.By))
			data := facts{"obligation": w.Obligation, "field": w.Field, "reason": w.Reason}
			if err := appendAudit(ctx, tx, incident, note{key, w.By, actionWaived, data, at}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Waivers lists what was let go, the oldest first.
func (s *Store) Waivers(ctx context.Context, incident string) ([]breach.Waiver, error) {
	list, err := collect(ctx, s.pool, func(row pgx.CollectableRow) (w breach.Waiver, err error) {
		var data string
		if err := row.Scan(&w.At, &w.By, &data); err != nil {
			return w, err
		}
		w.At = w.At.UTC()
		var said struct{ Obligation, Field, Reason string }
		if err := json.Unmarshal([]byte(data), &said); err != nil {
			return w, breach.Errorf(breach.ErrTampered, "an entry of the record cannot be read")
		}
		w.Obligation, w.Field, w.Reason = said.Obligation, said.Field, said.Reason
		return w, nil
	}, `SELECT at, actor, data FROM audit WHERE incident = $1 AND action = $2 ORDER BY seq`, incident, actionWaived)
	return list, clean("list what was let go", err)
}
