package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
)

// facts of an audit entry: counts, hashes, ids.
type facts map[string]any

// engineActor is who stands in the audit chain when no person did it.
const engineActor = "tocsin"

// note is one entry to be appended. Key, when set, lets it in once.
type note struct {
	key, actor, action string
	data               any
	at                 time.Time
}

// appendAudit adds an entry to the incident's chain. It locks the chain's head, so it comes last in a
// transaction.
func appendAudit(ctx context.Context, tx pgx.Tx, incident string, n note) error {
	data, err := json.Marshal(n.data)
	if err != nil {
		return breach.Errorf(breach.ErrInvalid, "the data of audit entry %s cannot be encoded", n.action)
	}
	var seq int64
	var prev string
	err = tx.QueryRow(ctx, `SELECT seq, hash FROM audit_head WHERE incident = $1 FOR NO KEY UPDATE`, incident).Scan(&seq, &prev)
	if isNoRows(err) {
		return notFound("there is no such incident in the ledger")
	}
	if err != nil {
		return err
	}
	var key *string
	if n.key != "" {
		var there bool
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM audit WHERE incident = $1 AND note_key = $2)`, incident, n.key).Scan(&there)
		if err != nil || there {
			return err
		}
		key = &n.key
	}
	seq++
	at := instant(n.at)
	hash := evidence.ChainHash(prev, seq, at, n.actor, n.action, data)
	_, err = tx.Exec(ctx, `INSERT INTO audit (incident, seq, at, actor, action, data, note_key, prev, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, incident, seq, at, n.actor, n.action, string(data), key, prev, hash)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE audit_head SET seq = $2, hash = $3 WHERE incident = $1`, incident, seq, hash)
	return err
}

// Note appends to the incident's audit chain, once per key; an empty key always appends. data is
// marshalled to JSON and holds counts, hashes and ids only.
func (s *Store) Note(ctx context.Context, incident, key, actor, action string, data any, at time.Time) error {
	return s.inTx(ctx, "write to the audit chain", func(tx pgx.Tx) error {
		return appendAudit(ctx, tx, incident, note{key, actor, action, data, at})
	})
}

// CountNotes says how often something was written down for an incident since an instant.
func (s *Store) CountNotes(ctx context.Context, incident, action string, since time.Time) (n int, err error) {
	err = s.pool.QueryRow(ctx, `SELECT count(*) FROM audit WHERE incident = $1 AND action = $2 AND at > $3`, incident, action, instant(since)).Scan(&n)
	return n, clean("count entries of the audit chain", err)
}

// Timeline returns the audit entries after a sequence number, oldest first; limit 0 means all.
func (s *Store) Timeline(ctx context.Context, incident string, after int64, limit int) ([]breach.AuditEntry, error) {
	var out []breach.AuditEntry
	err := s.eachAudit(ctx, s.pool, incident, after, limit, func(e breach.AuditEntry) error {
		out = append(out, e)
		return nil
	})
	return out, clean("read the timeline", err)
}

func (s *Store) eachAudit(ctx context.Context, q querier, incident string, after int64, limit int, do func(breach.AuditEntry) error) error {
	var bound *int
	if limit > 0 {
		bound = &limit
	}
	rows, err := q.Query(ctx, `SELECT seq, at, actor, action, data, prev, hash FROM audit
		WHERE incident = $1 AND seq > $2 ORDER BY seq LIMIT $3`, incident, after, bound)
	if err != nil {
		return err
	}
	var e breach.AuditEntry
	var data string
	_, err = pgx.ForEachRow(rows, []any{&e.Seq, &e.At, &e.Actor, &e.Action, &data, &e.Prev, &e.Hash}, func() error {
		e.Data = json.RawMessage(data)
		e.At = e.At.UTC()
		return do(e)
	})
	return err
}

// VerifyAudit recomputes the incident's chain; breach.ErrTampered names the first entry that breaks it.
func (s *Store) VerifyAudit(ctx context.Context, incident string) (entries int64, err error) {
	err = s.inSnapshot(ctx, "verify the audit chain", func(tx pgx.Tx) error {
		var chain evidence.Chain
		if err := s.eachAudit(ctx, tx, incident, 0, 0, chain.Next); err != nil {
			return err
		}
		var head string
		if err := tx.QueryRow(ctx, `SELECT hash FROM audit_head WHERE incident = $1`, incident).Scan(&head); err != nil {
			return err
		}
		var last string
		if entries, last = chain.Head(); head != last {
			return breach.Errorf(breach.ErrTampered, "the audit chain ends at entry %d, which is not the last one that was written", entries)
		}
		return nil
	})
	return entries, err
}
