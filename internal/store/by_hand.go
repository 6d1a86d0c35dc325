package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// SaveDone records that a person carried a duty out outside the product: when, and what was done. The facts get the
// instant, and the duty is done. The same again changes nothing; breach.ErrConflict when it was done otherwise already,
// for a duty that does not apply or is one to people on the lists, and for a closed incident; breach.ErrNotFound.
func (s *Store) SaveDone(ctx context.Context, incident, obligation, said string, done time.Time, by breach.Actor, at time.Time) (f breach.Filing, err error) {
	f = breach.Filing{
		Incident: incident, Obligation: obligation, Route: breach.RouteByHand, SHA256: hexSum([]byte(said)), Status: string(breach.ObligationFiled),
		FiledAt: instant(done).UTC(), Said: said,
	}
	err = s.inTx(ctx, "record what was done by hand", func(tx pgx.Tx) error {
		inc, err := incidentRow(ctx, tx, incident, "FOR NO KEY UPDATE")
		if err != nil {
			return err
		}
		before, err := filings(ctx, tx, incident, obligation)
		if err != nil {
			return err
		}
		if len(before) > 0 {
			if have := before[0]; have.Route != f.Route || have.Said != f.Said || !have.FiledAt.Equal(f.FiledAt) {
				return breach.Errorf(breach.ErrConflict, "this duty was carried out already, and what was done is on record")
			}
			f = before[0]
			return nil
		}
		if inc.State == breach.IncidentClosed {
			return breach.Errorf(breach.ErrConflict, "the incident is closed; reopen it first")
		}
		return s.saveDone(ctx, tx, inc, f, by, at)
	})
	return f, err
}

func (s *Store) saveDone(ctx context.Context, tx pgx.Tx, inc breach.Incident, f breach.Filing, by breach.Actor, at time.Time) error {
	j, _, err := judgement(ctx, tx, inc.ID)
	if err != nil {
		return err
	}
	o, err := j.ByHand(f.Obligation)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO filing (incident, obligation, route, sha256, status, filed_at, said) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		f.Incident, f.Obligation, f.Route, f.SHA256, f.Status, f.FiledAt, f.Said)
	if err != nil {
		return err
	}
	if err := recordFiling(ctx, tx, inc, f, by.ID, at); err != nil {
		return err
	}
	states, err := collect(ctx, tx, pgx.RowTo[string], `SELECT state FROM obligation WHERE incident = $1 AND obligation = $2 AND state IS NOT NULL ORDER BY seq DESC LIMIT 1`, f.Incident, f.Obligation)
	if err != nil {
		return err
	}
	now, to := string(breach.ObligationDrafting), breach.ObligationClosed
	if len(states) > 0 {
		now = states[0]
	}
	if o.Duty == "notify_authority" {
		to = breach.ObligationFiled
	}
	if !breach.ObligationMachine.Allows(now, string(to)) {
		return nil
	}
	return moveObligation(ctx, tx, f.Incident, f.Obligation, now, to, "a person did it", at)
}
