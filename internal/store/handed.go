package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Handed counts the messages of an incident by the channels that cost something, by provider and country of the person.
// What was intended counts, unless it is on record that it was not begun.
func (s *Store) Handed(ctx context.Context, incident string) ([]breach.Handed, error) {
	list, err := collect(ctx, s.pool, pgx.RowToStructByPos[breach.Handed], `
		SELECT k.channel, k.provider, r.country, sum(k.n)::bigint FROM (
			SELECT i.channel, i.provider, (i.block - 1) * 1000 + place + 1 person, count(*) n
			FROM intent i, unnest(i.places) place WHERE i.incident = $1 AND i.channel IN ('sms', 'voice', 'letter') GROUP BY 1, 2, 3
			UNION ALL
			SELECT channel, provider, person, -count(*) FROM outcome_each
			WHERE incident = $1 AND channel IN ('sms', 'voice', 'letter') AND state = 'failed_temporary' AND reason = $2 GROUP BY 1, 2, 3
		) k JOIN recipient r ON r.incident = $1 AND r.id = k.person GROUP BY 1, 2, 3 HAVING sum(k.n) > 0 ORDER BY 1, 2, 3`, incident, reasonInterrupted)
	return list, clean("count what was handed over", err)
}
