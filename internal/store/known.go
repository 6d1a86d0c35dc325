package store

import (
	"context"
	"strings"
)

// KnownReference reports whether a reference code stands on a notice of this installation. It names nobody
// and does the same work for known and unknown codes.
func (s *Store) KnownReference(ctx context.Context, reference string) bool {
	var known bool
	err := s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM recipient r
		WHERE r.ref = $1 AND EXISTS (SELECT 1 FROM outcome o WHERE o.incident = r.incident AND o.person = r.id))`,
		strings.ToUpper(strings.TrimSpace(reference))).Scan(&known)
	return err == nil && known
}
