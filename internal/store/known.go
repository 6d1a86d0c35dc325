package store

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// KnownReference reports whether a reference code stands on a notice of this installation, that is, whether
// something was sent to the person behind it. It names nobody and does the same work for known and unknown
// codes: every incident's key turns the code into a number, and all of these numbers are looked up.
func (s *Store) KnownReference(ctx context.Context, reference string) bool {
	reference = strings.ToUpper(strings.TrimSpace(reference))
	incidents, err := collect(ctx, s.pool, pgx.RowTo[string], `SELECT incident FROM data_key ORDER BY incident`)
	if err != nil {
		return false
	}
	ids := make([]int64, len(incidents))
	for i, incident := range incidents {
		if b, err := s.boxOf(ctx, s.pool, incident); err == nil {
			ids[i], _ = b.person(reference)
		}
	}
	var known bool
	err = s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM unnest($1::text[], $2::bigint[]) k(incident, id)
		JOIN LATERAL (SELECT ref FROM recipient r WHERE r.incident = k.incident AND r.id = k.id LIMIT 1) r ON r.ref = $3
		JOIN LATERAL (SELECT FROM outcome_each o WHERE o.incident = k.incident AND o.block = (k.id - 1) / $4 + 1 AND o.person = k.id LIMIT 1) o ON true)`,
		incidents, ids, reference, int64(breach.BlockSize)).Scan(&known)
	return err == nil && known
}
