package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// All of this is measured by the database's clock.
const (
	// senderGone is how long a process that says nothing counts.
	senderGone = 3 * time.Second
	// senderKnown is how long a new one waits: until then every other, which says its word once a second, knows of it.
	senderKnown = 1500 * time.Millisecond
)

// ShareProviders says a process's word on providers and returns, for each of them, which part of its limits the
// process may use until it asks again: 0 while others may not know of it yet, else an equal part.
func (s *Store) ShareProviders(ctx context.Context, owner string, words []breach.SenderWord) (map[string]float64, error) {
	var provider, state, reason []string
	var demand []bool
	var perSecond []float64
	var since []*time.Time
	for _, w := range words {
		provider, state, reason = append(provider, w.Provider), append(state, w.State), append(reason, w.Reason)
		demand, perSecond = append(demand, w.Demand), append(perSecond, w.PerSecond)
		at := &w.Since
		if w.Since.IsZero() {
			at = nil
		}
		since = append(since, at)
	}
	shares := map[string]float64{}
	rows, err := s.pool.Query(ctx, `WITH t AS MATERIALIZED (SELECT clock_timestamp() AS now),
		gone AS (DELETE FROM sender WHERE seen_at < clock_timestamp() - interval '1 hour' AND owner <> $1),
		mine AS (
			INSERT INTO sender AS s (provider, owner, began, seen_at, demand, per_second, state, since, reason)
			SELECT w.provider, $1, t.now, t.now, w.demand, w.per_second, w.state, w.since, w.reason
			FROM t, unnest($2::text[], $3::boolean[], $4::float8[], $5::text[], $6::timestamptz[], $7::text[])
				AS w (provider, demand, per_second, state, since, reason)
			ON CONFLICT (provider, owner) DO UPDATE SET
				began = CASE WHEN s.demand AND s.seen_at > excluded.seen_at - $8 * interval '1 microsecond' THEN s.began ELSE excluded.began END,
				seen_at = excluded.seen_at, demand = excluded.demand, per_second = excluded.per_second,
				state = excluded.state, since = excluded.since, reason = excluded.reason
			RETURNING provider, demand AND seen_at - began >= $9 * interval '1 microsecond' AS known)
		SELECT m.provider, CASE WHEN m.known THEN 1.0 / (1 + count(o.owner)) ELSE 0 END::float8
		FROM mine m CROSS JOIN t LEFT JOIN sender o ON o.provider = m.provider AND o.owner <> $1 AND o.demand
			AND o.seen_at > t.now - $8 * interval '1 microsecond'
		GROUP BY m.provider, m.known`,
		owner, provider, demand, perSecond, state, since, reason, senderGone.Microseconds(), senderKnown.Microseconds())
	if err != nil {
		return nil, clean("share the limits of providers", err)
	}
	var name string
	var part float64
	_, err = pgx.ForEachRow(rows, []any{&name, &part}, func() error { shares[name] = part; return nil })
	return shares, clean("share the limits of providers", err)
}

// lately is how long it is worth showing what a process said.
const lately = 10 * time.Minute

// Senders lists the providers that processes lately sent through, or wanted to.
func (s *Store) Senders(ctx context.Context) ([]breach.Sender, error) {
	list, err := collect(ctx, s.pool, pgx.RowToStructByPos[breach.Sender], `SELECT provider,
			count(*) FILTER (WHERE demand AND seen_at > clock_timestamp() - $1 * interval '1 microsecond')::int,
			coalesce(min(nullif(per_second, 0)), 0), count(*) FILTER (WHERE state <> 'closed')::int,
			min(since) FILTER (WHERE state <> 'closed'), coalesce(max(reason) FILTER (WHERE state <> 'closed'), ''), max(seen_at)
		FROM sender WHERE seen_at > clock_timestamp() - $2 * interval '1 microsecond' GROUP BY provider ORDER BY provider`,
		senderGone.Microseconds(), lately.Microseconds())
	return list, clean("list the providers", err)
}
