package store

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// LastEntry is the newest entry of an incident's audit chain; its number grows with every change. Zero when
// there is none.
func (s *Store) LastEntry(ctx context.Context, incident string) (breach.AuditEntry, error) {
	return s.lastEntry(ctx, incident, "")
}

// LastEntryOf is the newest entry with an action; zero when there is none.
func (s *Store) LastEntryOf(ctx context.Context, incident, action string) (breach.AuditEntry, error) {
	return s.lastEntry(ctx, incident, action)
}

func (s *Store) lastEntry(ctx context.Context, incident, action string) (e breach.AuditEntry, err error) {
	var data string
	err = s.pool.QueryRow(ctx, `SELECT seq, at, actor, action, data, prev, hash FROM audit
		WHERE incident = $1 AND ($2 = '' OR action = $2) ORDER BY seq DESC LIMIT 1`, incident, action).
		Scan(&e.Seq, &e.At, &e.Actor, &e.Action, &data, &e.Prev, &e.Hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return breach.AuditEntry{}, nil
	}
	e.Data, e.At = json.RawMessage(data), e.At.UTC()
	return e, clean("read the newest entry of the record", err)
}
