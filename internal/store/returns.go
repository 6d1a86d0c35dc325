package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// CountReturns counts what came back for the emails of an incident: bounces by reason, complaints, delays, by provider
// and by the domain of the server that reported; the most frequent first. References of providers that are no name of a
// server are no domain.
func (s *Store) CountReturns(ctx context.Context, incident string) ([]breach.ReturnCount, error) {
	out, err := collect(ctx, s.pool, func(r pgx.CollectableRow) (c breach.ReturnCount, err error) {
		err = r.Scan(&c.Provider, &c.Domain, &c.Kind, &c.Reason, &c.Count, &c.Last)
		c.Last = c.Last.UTC()
		return c, err
	}, `SELECT provider, domain, kind, reason, count(*), max(at) FROM (
			SELECT r.provider, coalesce(lower(substring(r.provider_ref from '^(?:[A-Za-z0-9-]+\.)*([A-Za-z0-9-]+\.[A-Za-z]{2,})\.?$')), '') AS domain,
				CASE r.state WHEN 'failed_permanent' THEN 'failed' ELSE r.state END AS kind, r.reason, r.at
			FROM receipt r WHERE r.incident = $1 AND r.state IN ('failed_permanent', 'delayed', 'relayed', 'complained', 'unclassified')
				AND r.provider IN (SELECT DISTINCT provider FROM intent WHERE incident = $1 AND channel = 'email')) x
		GROUP BY provider, domain, kind, reason ORDER BY count(*) DESC, provider, domain, kind, reason LIMIT 1000`, incident)
	return out, clean("count what came back", err)
}

// ReturnedAs finds what came back for messages that are to nobody on a list, such as reports by email; by the id that
// was given, of an attempt or of its delivery. The worst news of each counts.
func (s *Store) ReturnedAs(ctx context.Context, ids []string) (map[string]breach.FilingReturn, error) {
	rows, err := s.pool.Query(ctx, `SELECT attempt, CASE state WHEN 'failed_permanent' THEN 'failed' ELSE state END, reason, detail, at FROM receipt
		WHERE provider = 'email' AND attempt = ANY($1) AND incident IS NULL AND state IN ('failed_permanent', 'complained', 'unclassified', 'delayed')
		ORDER BY state = 'failed_permanent', state = 'complained', at`, ids)
	if err != nil {
		return nil, clean("look for what came back", err)
	}
	out := map[string]breach.FilingReturn{}
	var id string
	var r breach.FilingReturn
	_, err = pgx.ForEachRow(rows, []any{&id, &r.Kind, &r.Reason, &r.Detail, &r.At}, func() error {
		r.At = r.At.UTC()
		out[id] = r
		return nil
	})
	return out, clean("look for what came back", err)
}
