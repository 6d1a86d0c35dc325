package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// sealedDetection is what of a detection may name people.
type sealedDetection struct {
	EventID  string `json:"event_id"`
	DedupKey string `json:"dedup_key"`
	Subject  string `json:"subject"`
	Raw      []byte `json:"raw"`
}

// RecordDetection stores a detector's event. The first one of a source and de-duplication key opens a draft
// incident under newID in the same transaction, with the default policy; every later one, also at the same
// moment, is an evidence row of that incident. It returns the incident and whether this call opened it.
func (s *Store) RecordDetection(ctx context.Context, d breach.Detection, newID string, suff breach.Sufficiency, at time.Time) (incident string, first bool, err error) {
	if d.Source == "" || d.DedupKey == "" {
		return "", false, breach.Errorf(breach.ErrInvalid, "a detection needs a source and a de-duplication key")
	}
	if len(d.Source) > 500 || plain(d.Source, 500) != d.Source || plain(d.Type, 500) != d.Type {
		return "", false, breach.Errorf(breach.ErrInvalid, "source and type of a detection have at most 500 bytes and no control characters")
	}
	secret, err := json.Marshal(sealedDetection{d.EventID, d.DedupKey, d.Subject, d.Raw})
	if err != nil {
		return "", false, breach.Errorf(breach.ErrInvalid, "the detection cannot be encoded")
	}
	key := sha256.Sum256([]byte(d.DedupKey))
	err = s.inTx(ctx, "record the detection", func(tx pgx.Tx) error {
		in := detecting{s, tx, d, key[:], secret, instant(at)}
		if first, err = in.claim(ctx, newID); err != nil {
			return err
		}
		if first {
			incident = newID
			return in.openDraft(ctx, newID, suff)
		}
		incident, err = in.repeat(ctx)
		return err
	})
	if err != nil {
		return "", false, err
	}
	return incident, first, nil
}

type detecting struct {
	s      *Store
	tx     pgx.Tx
	d      breach.Detection
	key    []byte
	secret []byte
	at     time.Time
}

func (in *detecting) received() time.Time {
	if in.d.ReceivedAt.IsZero() {
		return in.at
	}
	return instant(in.d.ReceivedAt)
}

func (in *detecting) happened() *time.Time {
	if in.d.At.IsZero() {
		return nil
	}
	at := instant(in.d.At)
	return &at
}

// claim waits for whoever inserts the same key at this moment; only one of them wins.
func (in *detecting) claim(ctx context.Context, newID string) (bool, error) {
	tag, err := in.tx.Exec(ctx, `INSERT INTO detection (source, dedup_hash, incident, kind, at, received_at, sealed)
		VALUES ($1, $2, $3, $4, $5, $6, '') ON CONFLICT DO NOTHING`, in.d.Source, in.key, newID, in.d.Type, in.happened(), in.received())
	return tag.RowsAffected() == 1, err
}

func (in *detecting) openDraft(ctx context.Context, newID string, suff breach.Sufficiency) error {
	file := breach.IncidentFile{Facts: in.d.Facts, Policy: in.s.defaultPolicy}
	b, err := in.s.openIncident(ctx, in.tx, opening{newID, file, suff, "detector:" + in.d.Source, breach.IncidentDraft, in.at, "incident.detected"})
	if err != nil {
		return err
	}
	sealed, err := b.seal("detection", in.secret)
	if err != nil {
		return err
	}
	_, err = in.tx.Exec(ctx, `UPDATE detection SET sealed = $3 WHERE source = $1 AND dedup_hash = $2`, in.d.Source, in.key, sealed)
	return err
}

func (in *detecting) repeat(ctx context.Context) (incident string, err error) {
	err = in.tx.QueryRow(ctx, `SELECT incident FROM detection WHERE source = $1 AND dedup_hash = $2`, in.d.Source, in.key).Scan(&incident)
	if err != nil {
		return "", err
	}
	b, err := in.s.boxOf(ctx, in.tx, incident)
	if err != nil {
		return "", err
	}
	sealed, err := b.seal("detection", in.secret)
	if err != nil {
		return "", err
	}
	_, err = in.tx.Exec(ctx, `INSERT INTO detection_repeat (source, dedup_hash, incident, kind, at, received_at, sealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, in.d.Source, in.key, incident, in.d.Type, in.happened(), in.received(), sealed)
	return incident, err
}

// Detections counts the events of detectors that belong to an incident, the first included.
func (s *Store) Detections(ctx context.Context, incident string) (n int64, err error) {
	err = s.pool.QueryRow(ctx, `SELECT (SELECT count(*) FROM detection WHERE incident = $1)
		+ (SELECT count(*) FROM detection_repeat WHERE incident = $1)`, incident).Scan(&n)
	return n, clean("count the detections", err)
}
