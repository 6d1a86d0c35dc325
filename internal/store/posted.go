package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// mostBatches are shown at once.
const mostBatches = 100

// saidOfLetters are receipts by letter: whether it was printed, posted, could not be printed, or came back. Providers of
// letters are few, and receipts are found by provider and attempt.
const saidOfLetters = `
	WITH post AS (SELECT DISTINCT provider FROM intent WHERE channel = 'letter'),
	said AS (SELECT l.attempt, l.batch, l.pages, l.country,
			bool_or(r.state = 'accepted') AS printed, bool_or(r.state = 'delivered') AS posted,
			bool_or(r.state = 'failed_temporary') AS failed, bool_or(r.state = 'failed_permanent') AS returned
		FROM letter l CROSS JOIN post p LEFT JOIN receipt r ON r.provider = p.provider AND r.attempt = l.attempt
		WHERE l.batch = ANY($1) GROUP BY l.attempt, l.batch, l.pages, l.country)`

// LetterBatches lists the newest batches, the newest first, with what printer and post said of their letters.
func (s *Store) LetterBatches(ctx context.Context) (out []breach.PostedBatch, err error) {
	err = s.inTx(ctx, "list batches of letters", func(tx pgx.Tx) error {
		out, err = collect(ctx, tx, func(r pgx.CollectableRow) (b breach.PostedBatch, err error) {
			err = r.Scan(&b.ID, &b.MadeAt, &b.HandedAt, &b.Checksum)
			b.MadeAt = b.MadeAt.UTC()
			if b.HandedAt != nil {
				b.HandedAt = new(b.HandedAt.UTC())
			}
			return b, err
		}, `SELECT id, made_at, handed_at, checksum FROM letter_batch b WHERE EXISTS (SELECT FROM letter WHERE batch = b.id) ORDER BY made_at DESC, id LIMIT $1`, mostBatches)
		if err != nil {
			return err
		}
		at, ids := map[string]*breach.PostedBatch{}, make([]string, len(out))
		for i := range out {
			at[out[i].ID], ids[i] = &out[i], out[i].ID
		}
		rows, err := tx.Query(ctx, saidOfLetters+` SELECT batch, count(*), sum(pages), count(*) FILTER (WHERE printed OR posted), count(*) FILTER (WHERE posted),
			count(*) FILTER (WHERE failed), count(*) FILTER (WHERE returned) FROM said GROUP BY batch`, ids)
		if err != nil {
			return err
		}
		var b breach.PostedBatch
		_, err = pgx.ForEachRow(rows, []any{&b.ID, &b.Letters, &b.Pages, &b.Printed, &b.Posted, &b.Failed, &b.Returned}, func() error {
			x := at[b.ID]
			b.MadeAt, b.HandedAt, b.Checksum = x.MadeAt, x.HandedAt, x.Checksum
			*x = b
			return nil
		})
		return err
	})
	return out, err
}

// LettersOf lists the letters of a batch by their ids, with the last word on each; breach.ErrNotFound.
func (s *Store) LettersOf(ctx context.Context, batch string) (out []breach.PostedLetter, err error) {
	out, err = collect(ctx, s.pool, func(r pgx.CollectableRow) (l breach.PostedLetter, err error) {
		err = r.Scan(&l.Letter, &l.Country, &l.Pages, &l.State, &l.Reason, &l.At)
		if l.At != nil {
			l.At = new(l.At.UTC())
		}
		return l, err
	}, saidOfLetters+`, last AS (SELECT *, CASE WHEN returned THEN 'failed_permanent' WHEN posted THEN 'delivered' WHEN failed THEN 'failed_temporary'
				WHEN printed THEN 'accepted' END AS word FROM said)
		SELECT l.attempt, l.country, l.pages,
			CASE word WHEN 'failed_permanent' THEN 'returned' WHEN 'delivered' THEN 'posted' WHEN 'failed_temporary' THEN 'failed' WHEN 'accepted' THEN 'printed' ELSE 'handed_over' END,
			coalesce(max(r.reason), ''), max(r.at)
		FROM last l CROSS JOIN post p LEFT JOIN receipt r ON r.provider = p.provider AND r.attempt = l.attempt AND r.state = l.word
		GROUP BY l.attempt, l.country, l.pages, word ORDER BY l.attempt`, []string{batch})
	if err == nil && len(out) == 0 {
		err = notFound("there is no batch of letters with this id")
	}
	return out, clean("list the letters of a batch", err)
}

// IncidentsOfLetters counts letters by the incident that they belong to; unknown ids are left out.
func (s *Store) IncidentsOfLetters(ctx context.Context, letters []string) (map[string]int64, error) {
	return s.byIncident(ctx, `SELECT incident, count(*) FROM letter WHERE attempt = ANY($1) AND incident IS NOT NULL GROUP BY incident`, letters)
}

// IncidentsOfCalls counts calls by the incident that they belong to; unknown ids are left out.
func (s *Store) IncidentsOfCalls(ctx context.Context, calls []string) (map[string]int64, error) {
	return s.byIncident(ctx, `SELECT incident, count(*) FROM call WHERE attempt = ANY($1) GROUP BY incident`, calls)
}

func (s *Store) byIncident(ctx context.Context, query string, attempts []string) (map[string]int64, error) {
	rows, err := s.pool.Query(ctx, query, attempts)
	if err != nil {
		return nil, clean("count what was brought", err)
	}
	out := map[string]int64{}
	var id string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&id, &n}, func() error { out[id] = n; return nil })
	return out, clean("count what was brought", err)
}
