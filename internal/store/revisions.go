package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Revisions lists the newest states of the facts, at most so many (0: all), the oldest first: who amended what and
// when, and what followed for the duties.
func (s *Store) Revisions(ctx context.Context, incident string, most int) ([]breach.Revision, error) {
	var out []breach.Revision
	err := s.inSnapshot(ctx, "list the revisions of the facts", func(tx pgx.Tx) error {
		if _, err := incidentRow(ctx, tx, incident, ""); err != nil {
			return err
		}
		var err error
		out, err = revisions(ctx, tx, incident, most)
		return err
	})
	return out, err
}

// revised is a revision of the facts with its judgement, if it has one.
type revised struct {
	breach.Revision
	file      breach.IncidentFile
	judgement *breach.Judgement
}

func revisions(ctx context.Context, q querier, incident string, most int) ([]breach.Revision, error) {
	if most > 0 {
		most++ // the one before tells what changed
	}
	list, err := collect(ctx, q, scanRevised, `SELECT f.revision, f.by_actor, f.at, f.body, a.at, a.body FROM fact_revision f
		LEFT JOIN assessment a ON a.incident = f.incident AND a.revision = f.revision
		WHERE f.incident = $1 ORDER BY f.revision DESC LIMIT nullif($2, 0)`, incident, most)
	if err != nil {
		return nil, err
	}
	slices.Reverse(list)
	out := make([]breach.Revision, 0, len(list))
	var before *breach.Judgement
	for i := range list {
		r := &list[i]
		r.Facts, r.Changes = []breach.FactChange{}, []breach.DutyChange{}
		if i > 0 {
			r.Facts = append(r.Facts, breach.DiffFiles(list[i-1].file, r.file)...)
		}
		if r.judgement != nil {
			r.Level = r.judgement.Assessment.Level
			if before != nil {
				r.LevelFrom = before.Assessment.Level
				r.Changes = append(r.Changes, breach.DiffJudgements(*before, *r.judgement)...)
			}
			before = r.judgement
		}
		if i > 0 || most == 0 || len(list) < most {
			out = append(out, r.Revision)
		}
	}
	return out, nil
}

func scanRevised(row pgx.CollectableRow) (r revised, err error) {
	var file, body []byte
	var judged *time.Time
	if err := row.Scan(&r.Revision.Revision, &r.By, &r.At, &file, &judged, &body); err != nil {
		return r, err
	}
	r.At, r.JudgedAt = r.At.UTC(), utc(judged)
	if err := json.Unmarshal(file, &r.file); err != nil {
		return r, breach.Errorf(breach.ErrTampered, "the facts of a revision cannot be read")
	}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &r.judgement); err != nil {
			return r, breach.Errorf(breach.ErrTampered, "the judgement of a fact revision cannot be read")
		}
	}
	return r, nil
}
