package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// LetterIncidents lists the incidents of which letters wait for a batch.
func (s *Store) LetterIncidents(ctx context.Context) ([]string, error) {
	list, err := collect(ctx, s.pool, pgx.RowTo[string], `SELECT DISTINCT incident FROM letter WHERE batch IS NULL AND body IS NOT NULL ORDER BY incident`)
	return list, clean("list whose letters wait", err)
}

// DropLetters takes letters of an incident out of the spool whose people have been told since, or must not be told any
// more: a receipt that comes late stops what is queued. Such an attempt counts as never begun. It says how many there
// were.
func (s *Store) DropLetters(ctx context.Context, incident string, atOnce AtOnce, at time.Time) (n int, err error) {
	err = s.inTx(ctx, "take letters out of the spool", func(tx pgx.Tx) error {
		n = 0
		waiting, err := collect(ctx, tx, pgx.RowTo[string], `SELECT attempt FROM letter WHERE incident = $1 AND batch IS NULL AND body IS NOT NULL
			ORDER BY attempt FOR UPDATE SKIP LOCKED`, incident)
		if err != nil || len(waiting) == 0 {
			return err
		}
		may, wait, err := s.sift(ctx, tx, queuedLetters, incident, waiting, atOnce, at)
		n = len(waiting) - len(may) - len(wait)
		return err
	})
	return n, err
}

// ToldInBlock lists the people of a block who need no further message now.
func (s *Store) ToldInBlock(ctx context.Context, incident string, block int64) ([]int64, error) {
	list, err := collect(ctx, s.pool, pgx.RowTo[int64], `SELECT person FROM (SELECT DISTINCT ON (person) person, outcome FROM person_outcome_each
		WHERE incident = $1 AND block = $2 ORDER BY person, seq DESC) o WHERE outcome IN ('reached', 'exempt', 'withdrawn', 'held')`, incident, block)
	return list, clean("look who was told meanwhile", err)
}
