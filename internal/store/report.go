package store

import (
	"context"
	"maps"
	"time"

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
		inc, err := incidentRow(ctx, tx, f.Incident, "FOR NO KEY UPDATE") // before the record's head, as everybody takes them
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `INSERT INTO filing (incident, obligation, route, sha256, status, filed_at, acknowledgement, acknowledged_at, delay_reason, said)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
			f.Incident, f.Obligation, f.Route, f.SHA256, f.Status, instant(f.FiledAt), f.Acknowledgement, f.AcknowledgedAt, f.DelayReason, f.Said)
		if err != nil {
			return err
		}
		if tag.RowsAffected() > 0 {
			if err := recordFiling(ctx, tx, inc, f, by, f.FiledAt); err != nil || f.Acknowledgement == "" {
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
		err = appendAudit(ctx, tx, f.Incident, note{"", by, "report.acknowledged", facts{
			"obligation": f.Obligation, "acknowledgement": f.Acknowledgement,
		}, at})
		if err != nil || f.Route != breach.RouteByHand {
			return err // of what the product filed, the story moves the duty
		}
		return moveObligation(ctx, tx, f.Incident, f.Obligation, string(breach.ObligationFiled), breach.ObligationAcknowledged, "", at)
	})
}

// recordFiling puts a filing that was made on record, as of at, and into the facts: what follows it counts from when it
// was made.
func recordFiling(ctx context.Context, tx pgx.Tx, inc breach.Incident, f breach.Filing, by string, at time.Time) error {
	action, said := "report.filed", facts{"obligation": f.Obligation, "route": f.Route, "text_sha256": f.SHA256}
	if f.Route == breach.RouteByHand {
		action, said = "duty.done_by_hand", facts{"obligation": f.Obligation, "done_at": instant(f.FiledAt), "said": f.Said}
	}
	err := appendAudit(ctx, tx, f.Incident, note{"", by, action, said, at})
	if err != nil {
		return err
	}
	return tellFiling(ctx, tx, inc, f, at)
}

func tellFiling(ctx context.Context, tx pgx.Tx, inc breach.Incident, f breach.Filing, at time.Time) error {
	return tellFact(ctx, tx, inc, note{"", engineActor, "facts.filed", facts{"obligation": f.Obligation}, at}, func(all *breach.Facts) bool {
		i := &all.Incident
		if _, said := i.FiledAt[f.Obligation]; said {
			return false
		}
		i.FiledAt = maps.Clone(i.FiledAt)
		if i.FiledAt == nil {
			i.FiledAt = map[string]time.Time{}
		}
		i.FiledAt[f.Obligation] = instant(f.FiledAt).UTC()
		return true
	})
}

// TellFilings puts filings into the facts that an earlier release recorded and left out of them, as a revision each,
// and returns how many it dealt with. What the facts say already stays. A closed incident is left as it was sealed
// until it is opened again. Several processes may call it at once; again changes nothing.
func (s *Store) TellFilings(ctx context.Context, at time.Time) (n int, err error) {
	open, err := collect(ctx, s.pool, pgx.RowTo[string], `SELECT DISTINCT f.incident FROM filing f JOIN incident i ON i.id = f.incident
		WHERE NOT f.in_facts AND i.state <> 'closed' ORDER BY f.incident`)
	if err != nil {
		return 0, clean("look for filings that the facts lack", err)
	}
	for _, incident := range open {
		for more := true; more; {
			err := s.inTx(ctx, "put a filing into the facts", func(tx pgx.Tx) (err error) {
				more, err = tellEarlierFiling(ctx, tx, incident, at)
				return err
			})
			if err != nil {
				return n, err
			}
			if more {
				n++
			}
		}
	}
	return n, nil
}

// tellEarlierFiling puts the first filing of an incident into the facts that they lack; false when they lack none.
func tellEarlierFiling(ctx context.Context, tx pgx.Tx, incident string, at time.Time) (bool, error) {
	inc, err := incidentRow(ctx, tx, incident, "FOR NO KEY UPDATE")
	if err != nil || inc.State == breach.IncidentClosed {
		return false, err
	}
	lacking, err := collect(ctx, tx, pgx.RowTo[string], `UPDATE filing SET in_facts = true WHERE (incident, obligation) =
		(SELECT incident, obligation FROM filing WHERE incident = $1 AND NOT in_facts ORDER BY filed_at, obligation LIMIT 1) RETURNING obligation`, incident)
	if err != nil || len(lacking) == 0 {
		return false, err
	}
	list, err := filings(ctx, tx, incident, lacking[0])
	if err != nil || len(list) == 0 {
		return false, err
	}
	return true, tellFiling(ctx, tx, inc, list[0], at)
}

// SaveTold puts the instant into the facts from which on everybody on the lists was told. The first one stays: what
// counts from it began then, and a further list does not move it.
func (s *Store) SaveTold(ctx context.Context, incident string, at time.Time) error {
	return s.inTx(ctx, "store when people were told", func(tx pgx.Tx) error {
		inc, err := incidentRow(ctx, tx, incident, "FOR NO KEY UPDATE")
		if err != nil {
			return err
		}
		at = instant(at)
		return tellFact(ctx, tx, inc, note{"", engineActor, "facts.told", nil, at}, func(f *breach.Facts) (fresh bool) {
			told := at.UTC()
			if f.Incident.IndividualsNotifiedAt == nil {
				f.Incident.IndividualsNotifiedAt, fresh = &told, true
			}
			if l := f.List; l != nil && !l.Told(*f.Incident.IndividualsNotifiedAt) && told.After(l.LoadedAt) {
				l.ToldAt, fresh = told, true
			}
			return fresh
		})
	})
}

// tellFact writes what the product did itself into the facts, as a revision of its own, which has the duties judged
// anew. What the facts say already stays: a person may have entered it. The incident's row is locked.
func tellFact(ctx context.Context, tx pgx.Tx, inc breach.Incident, n note, say func(*breach.Facts) (fresh bool)) error {
	file, _, err := fileAt(ctx, tx, inc.ID, inc.FactRevision)
	if err != nil || !say(&file.Facts) {
		return err
	}
	_, err = revise(ctx, tx, inc, file, breach.Actor{ID: engineActor}, n)
	return err
}

func filings(ctx context.Context, q querier, incident, obligation string) ([]breach.Filing, error) {
	return collect(ctx, q, func(row pgx.CollectableRow) (f breach.Filing, err error) {
		err = row.Scan(&f.Incident, &f.Obligation, &f.Route, &f.SHA256, &f.Status, &f.FiledAt, &f.Acknowledgement, &f.AcknowledgedAt, &f.DelayReason, &f.Said)
		f.FiledAt, f.AcknowledgedAt = f.FiledAt.UTC(), utc(f.AcknowledgedAt)
		return f, err
	}, `SELECT incident, obligation, route, sha256, status, filed_at, acknowledgement, acknowledged_at, delay_reason, said
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
