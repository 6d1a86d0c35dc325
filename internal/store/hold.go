package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const holdColumns = `id, kind, form, asked_by, reference, reason, obligations, jurisdictions, channels, by_actor, at, until, released_at, released_by, release_reason`

func scanHold(row pgx.CollectableRow) (h breach.Hold, err error) {
	err = row.Scan(&h.ID, &h.Kind, &h.Form, &h.AskedBy, &h.Reference, &h.Reason, &h.Obligations, &h.Jurisdictions, &h.Channels,
		&h.By, &h.At, &h.Until, &h.ReleasedAt, &h.ReleasedBy, &h.ReleaseReason)
	h.At, h.Until, h.ReleasedAt = h.At.UTC(), h.Until.UTC(), utc(h.ReleasedAt)
	return h, err
}

func holds(ctx context.Context, q querier, incident string) (breach.Holds, error) {
	return collect(ctx, q, scanHold, `SELECT `+holdColumns+` FROM hold WHERE incident = $1 ORDER BY at, id`, incident)
}

// Holds lists those of an incident, ended ones too, the oldest first.
func (s *Store) Holds(ctx context.Context, incident string) (breach.Holds, error) {
	list, err := holds(ctx, s.pool, incident)
	return list, clean("list the holds", err)
}

// PlaceHold checks a hold against the judgement in force and the holds before it, and places it: senders obey from
// their next look on, within a second, and the command for the workflow is queued in the same transaction. Its id
// is the command's; the same id again gives what was placed. breach.ErrNoDelay where the law knows no such delay,
// and for an incident that is closed or was not judged yet.
func (s *Store) PlaceHold(ctx context.Context, incident string, h breach.Hold, by breach.Actor, at time.Time) (placed breach.Hold, err error) {
	at = instant(at)
	err = s.inTx(ctx, "place a hold", func(tx pgx.Tx) error {
		inc, err := incidentRow(ctx, tx, incident, "FOR NO KEY UPDATE")
		if err != nil {
			return err
		}
		before, err := holds(ctx, tx, incident)
		if err != nil {
			return err
		}
		for _, b := range before {
			if b.ID == h.ID {
				placed = b
				return nil
			}
		}
		if inc.State == breach.IncidentClosed {
			return breach.Errorf(breach.ErrConflict, "the incident is closed; reopen it first")
		}
		j, _, err := judgement(ctx, tx, incident)
		if breach.CodeOf(err) == breach.ErrNotFound {
			return breach.Errorf(breach.ErrConflict, "the facts of the incident were not judged yet, so that nobody knows its duties; wait a moment, or mend the facts")
		}
		if err != nil {
			return err
		}
		if placed, err = j.CheckHold(h, before, at); err != nil {
			return err
		}
		placed.By, placed.At = by.ID, at
		if err := insertHold(ctx, tx, incident, placed); err != nil {
			return err
		}
		if err := queueHold(ctx, tx, incident, h.ID, by); err != nil {
			return err
		}
		return appendAudit(ctx, tx, incident, note{"", by.ID, "hold.placed", facts{
			"hold": placed.ID, "kind": placed.Kind, "form": placed.Form, "asked_by": placed.AskedBy, "reference": placed.Reference, "reason": placed.Reason,
			"obligations": placed.Obligations, "jurisdictions": placed.Jurisdictions, "channels": placed.Channels, "until": placed.Until, "by_role": by.Role,
		}, at})
	})
	return placed, err
}

func insertHold(ctx context.Context, tx pgx.Tx, incident string, h breach.Hold) error {
	_, err := tx.Exec(ctx, `INSERT INTO hold (id, incident, kind, form, asked_by, reference, reason, obligations, jurisdictions, channels, by_actor, at, until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8::text[], '{}'), coalesce($9::text[], '{}'), coalesce($10::text[], '{}'), $11, $12, $13)`,
		h.ID, incident, h.Kind, h.Form, h.AskedBy, h.Reference, h.Reason, h.Obligations, h.Jurisdictions, channelNames(h.Channels), h.By, h.At, h.Until)
	return err
}

func channelNames(cs []breach.Channel) []string {
	out := make([]string, len(cs))
	for i, c := range cs {
		out[i] = string(c)
	}
	return out
}

func queueHold(ctx context.Context, tx pgx.Tx, incident, id string, by breach.Actor) error {
	payload, err := json.Marshal(map[string]any{"id": id, "actor": by.ID, "role": by.Role})
	if err != nil {
		return err
	}
	return queueCommand(ctx, tx, incident, id, "hold", payload)
}

// ReleaseHold ends a hold before its time and queues the command for the workflow under the given id in the same
// transaction. breach.ErrNotFound for one that is not there, breach.ErrConflict for one that is over; the same id
// again changes nothing.
func (s *Store) ReleaseHold(ctx context.Context, incident, hold, id, reason string, by breach.Actor, at time.Time) error {
	at = instant(at)
	return s.inTx(ctx, "release a hold", func(tx pgx.Tx) error {
		if _, err := incidentRow(ctx, tx, incident, "FOR NO KEY UPDATE"); err != nil {
			return err
		}
		var done bool
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM command WHERE id = $1 AND incident = $2 AND name = 'hold')`, id, incident).Scan(&done)
		if err != nil || done {
			return err
		}
		found, err := collect(ctx, tx, scanHold, `SELECT `+holdColumns+` FROM hold WHERE incident = $1 AND id = $2`, incident, hold)
		switch {
		case err != nil:
			return err
		case len(found) == 0:
			return notFound("incident %s has no hold of this id", printable(incident))
		case !found[0].Active(at):
			return breach.Errorf(breach.ErrConflict, "this hold is over already")
		}
		_, err = tx.Exec(ctx, `UPDATE hold SET released_at = $3, released_by = $4, release_reason = $5 WHERE incident = $1 AND id = $2`, incident, hold, at, by.ID, reason)
		if err != nil {
			return err
		}
		if err := queueHold(ctx, tx, incident, id, by); err != nil {
			return err
		}
		return appendAudit(ctx, tx, incident, note{"", by.ID, "hold.released", facts{
			"hold": hold, "kind": found[0].Kind, "obligations": found[0].Obligations, "reason": reason, "by_role": by.Role,
		}, at})
	})
}

// Waits are what keeps people from being told at an instant: holds, and the order that laws ask for while what comes
// first was not filed.
func (s *Store) Waits(ctx context.Context, incident string, now time.Time) (breach.Waits, error) {
	return waitsOf(ctx, s.pool, incident, now)
}

func waitsOf(ctx context.Context, q querier, incident string, now time.Time) (breach.Waits, error) {
	var orders breach.Waits
	var raw []byte
	var filed []string
	err := q.QueryRow(ctx, `SELECT coalesce((SELECT orders FROM assessment WHERE incident = $1 ORDER BY revision DESC LIMIT 1), '[]'),
		coalesce((SELECT array_agg(obligation) FROM filing WHERE incident = $1), '{}')`, incident).Scan(&raw, &filed)
	if err != nil {
		return nil, clean("look for what holds people back", err)
	}
	if err := json.Unmarshal(raw, &orders); err != nil {
		return nil, breach.Errorf(breach.ErrTampered, "the order of duties of incident %s cannot be read", printable(incident))
	}
	list, err := collect(ctx, q, scanHold, `SELECT `+holdColumns+` FROM hold WHERE incident = $1 AND until > $2
		AND (released_at IS NULL OR released_at > $2) ORDER BY at, id`, incident, now)
	if err != nil {
		return nil, clean("look for what holds people back", err)
	}
	return append(breach.Holds(list).Waits(now), orders.Unfiled(filed)...), nil
}

// ExplainDelays puts on record why duties are late and queues the command for the workflow under the given id in the
// same transaction. The same id again changes nothing.
func (s *Store) ExplainDelays(ctx context.Context, incident, id string, obligations []string, reason string, by breach.Actor, at time.Time) error {
	return s.inTx(ctx, "put on record why duties are late", func(tx pgx.Tx) error {
		if _, err := incidentRow(ctx, tx, incident, "FOR NO KEY UPDATE"); err != nil {
			return err
		}
		var done bool
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM command WHERE id = $1 AND incident = $2)`, id, incident).Scan(&done)
		if err != nil || done {
			return err
		}
		for _, o := range obligations {
			_, err := tx.Exec(ctx, `INSERT INTO delay (incident, obligation, reason, by_actor, at) VALUES ($1, $2, $3, $4, $5)`, incident, o, reason, by.ID, instant(at))
			if err != nil {
				return err
			}
		}
		payload, err := json.Marshal(map[string]any{"id": id, "actor": by.ID, "role": by.Role, "obligations": obligations})
		if err != nil {
			return err
		}
		if err := queueCommand(ctx, tx, incident, id, "explain", payload); err != nil {
			return err
		}
		return appendAudit(ctx, tx, incident, note{"", by.ID, "duty.delay_explained", facts{"obligations": obligations, "reason": reason, "by_role": by.Role}, at})
	})
}

func delays(ctx context.Context, q querier, incident string) ([]breach.Delay, error) {
	return collect(ctx, q, func(row pgx.CollectableRow) (d breach.Delay, err error) {
		err = row.Scan(&d.Obligation, &d.Reason, &d.By, &d.At)
		d.At = d.At.UTC()
		return d, err
	}, `SELECT DISTINCT ON (obligation) obligation, reason, by_actor, at FROM delay WHERE incident = $1 ORDER BY obligation, seq DESC`, incident)
}

// Delays gives the newest reason of each duty that is or was late, in order of id.
func (s *Store) Delays(ctx context.Context, incident string) ([]breach.Delay, error) {
	list, err := delays(ctx, s.pool, incident)
	return list, clean("list why duties are late", err)
}
