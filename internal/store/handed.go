package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Handed counts the messages of an incident by the channels that cost something, by provider and country of the person.
// What was intended counts, unless it is on record that it was not begun.
func (s *Store) Handed(ctx context.Context, incident string) ([]breach.Handed, error) {
	list, err := handed(ctx, s.pool, incident, []string{string(breach.SMS), string(breach.Voice), string(breach.Letter)})
	return list, clean("count what was handed over", err)
}

// handed counts messages by some channels; nil is all.
func handed(ctx context.Context, q querier, incident string, channels []string) ([]breach.Handed, error) {
	return collect(ctx, q, pgx.RowToStructByPos[breach.Handed], `
		SELECT k.channel, k.provider, r.country, sum(k.n)::bigint FROM (
			SELECT i.channel, i.provider, (i.block - 1) * 1000 + place + 1 person, count(*) n
			FROM intent i, unnest(i.places) place WHERE i.incident = $1 AND ($3::text[] IS NULL OR i.channel = ANY($3)) GROUP BY 1, 2, 3
			UNION ALL
			SELECT channel, provider, person, -count(*) FROM outcome_each
			WHERE incident = $1 AND ($3::text[] IS NULL OR channel = ANY($3)) AND state = 'failed_temporary' AND reason = $2 GROUP BY 1, 2, 3
		) k JOIN recipient r ON r.incident = $1 AND r.id = k.person GROUP BY 1, 2, 3 HAVING sum(k.n) > 0 ORDER BY 1, 2, 3`,
		incident, reasonInterrupted, channels)
}
