package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// SaveFiling stores a filing; one per incident and obligation, a second call updates nothing but an
// acknowledgement that was missing.
func (s *Store) SaveFiling(ctx context.Context, f breach.Filing) error {
	return s.saveFiling(ctx, f, engineActor)
}

// Acknowledge enters the number that an authority gave for a filed report; breach.ErrConflict when there is
// another one already, breach.ErrNotFound when nothing was filed.
func (s *Store) Acknowledge(ctx context.Context, f breach.Filing, by breach.Actor) error {
	have, err := s.Filing(ctx, f.Incident, f.Obligation)
	if err != nil {
		return err
	}
	if f.Acknowledgement == "" || f.AcknowledgedAt == nil {
		return breach.Errorf(breach.ErrInvalid, "an acknowledgement needs the authority's number and the instant")
	}
	if have.Acknowledgement != "" && have.Acknowledgement != f.Acknowledgement {
		return breach.Errorf(breach.ErrConflict, "the report has an acknowledgement with another number")
	}
	have.Acknowledgement, have.AcknowledgedAt, have.Status = f.Acknowledgement, f.AcknowledgedAt, "acknowledged"
	return s.saveFiling(ctx, have, by.ID)
}

func (s *Store) saveFiling(ctx context.Context, f breach.Filing, by string) error {
	if f.AcknowledgedAt != nil {
		at := instant(*f.AcknowledgedAt)
		f.AcknowledgedAt = &at
	}
	return s.inTx(ctx, "store the filing", func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `INSERT INTO filing (incident, obligation, route, sha256, status, filed_at, acknowledgement, acknowledged_at, delay_reason)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
			f.Incident, f.Obligation, f.Route, f.SHA256, f.Status, instant(f.FiledAt), f.Acknowledgement, f.AcknowledgedAt, f.DelayReason)
		if sqlState(err) == "23503" {
			return notFound("there is no such incident in the ledger")
		}
		if err != nil {
			return err
		}
		if tag.RowsAffected() > 0 {
			err := appendAudit(ctx, tx, f.Incident, note{"", by, "report.filed", facts{
				"obligation": f.Obligation, "route": f.Route, "text_sha256": f.SHA256,
			}, f.FiledAt})
			if err != nil || f.Acknowledgement == "" {
				return err
			}
		} else {
			tag, err := tx.Exec(ctx, `UPDATE filing SET acknowledgement = $3, acknowledged_at = $4, status = 'acknowledged'
				WHERE incident = $1 AND obligation = $2 AND acknowledgement = '' AND $3 <> ''`, f.Incident, f.Obligation, f.Acknowledgement, f.AcknowledgedAt)
			if err != nil || tag.RowsAffected() == 0 {
				return err
			}
		}
		at := f.FiledAt
		if f.AcknowledgedAt != nil {
			at = *f.AcknowledgedAt
		}
		return appendAudit(ctx, tx, f.Incident, note{"", by, "report.acknowledged", facts{
			"obligation": f.Obligation, "acknowledgement": f.Acknowledgement,
		}, at})
	})
}

func filings(ctx context.Context, q querier, incident, obligation string) ([]breach.Filing, error) {
	return collect(ctx, q, func(row pgx.CollectableRow) (f breach.Filing, err error) {
		err = row.Scan(&f.Incident, &f.Obligation, &f.Route, &f.SHA256, &f.Status, &f.FiledAt, &f.Acknowledgement, &f.AcknowledgedAt, &f.DelayReason)
		f.FiledAt, f.AcknowledgedAt = f.FiledAt.UTC(), utc(f.AcknowledgedAt)
		return f, err
	}, `SELECT incident, obligation, route, sha256, status, filed_at, acknowledgement, acknowledged_at, delay_reason
		FROM filing WHERE incident = $1 AND ($2 = '' OR obligation = $2) ORDER BY filed_at, obligation`, incident, obligation)
}

// Filing returns one; breach.ErrNotFound.
func (s *Store) Filing(ctx context.Context, incident, obligation string) (breach.Filing, error) {
	if obligation == "" {
		return breach.Filing{}, notFound("no obligation is named")
	}
	list, err := filings(ctx, s.pool, incident, obligation)
	switch {
	case err != nil:
		return breach.Filing{}, clean("read the filing", err)
	case len(list) == 0:
		return breach.Filing{}, notFound("nothing was filed for this obligation of incident %s", printable(incident))
	}
	return list[0], nil
}

// Filings lists everything that was filed, in order.
func (s *Store) Filings(ctx context.Context, incident string) ([]breach.Filing, error) {
	list, err := filings(ctx, s.pool, incident, "")
	return list, clean("list the filings", err)
}
