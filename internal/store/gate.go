package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Gate says whether sending is paused or stopped; lanes look before each batch.
func (s *Store) Gate(ctx context.Context, incident string) (paused, stopped bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT paused, stopped FROM incident WHERE id = $1`, incident).Scan(&paused, &stopped)
	if isNoRows(err) {
		return true, true, notFound("incident %s is not in the ledger", printable(incident))
	}
	return paused, stopped, clean("look at the gate", err)
}

// MoveGate pauses, resumes or stops sending: lanes obey from their next batch on, and the command for the
// workflow is queued under the given id in the same transaction. Of two who move it at once, the second is
// told. breach.ErrConflict when it stands there already, when nothing is being sent, or after a stop. The same
// id again changes nothing.
func (s *Store) MoveGate(ctx context.Context, incident, id string, move breach.GateMove, by breach.Actor, at time.Time) error {
	return s.inTx(ctx, "move the gate", func(tx pgx.Tx) error {
		refused := movable(ctx, tx, incident, move) // it holds the incident's row: no other move is under way
		if refused != nil && breach.CodeOf(refused) != breach.ErrConflict {
			return refused
		}
		var done bool
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM command WHERE id = $1 AND incident = $2 AND name = $3)`, id, incident, move).Scan(&done)
		if err != nil || done {
			return err
		}
		if refused != nil {
			return refused
		}
		switch move {
		case breach.GatePause:
			_, err = tx.Exec(ctx, `UPDATE incident SET paused = true WHERE id = $1`, incident)
		case breach.GateResume:
			_, err = tx.Exec(ctx, `UPDATE incident SET paused = false WHERE id = $1`, incident)
		case breach.GateStop:
			_, err = tx.Exec(ctx, `UPDATE incident SET paused = true, stopped = true WHERE id = $1`, incident)
		}
		if err != nil {
			return err
		}
		payload, err := json.Marshal(map[string]any{"id": id, "actor": by.ID, "role": by.Role})
		if err != nil {
			return err
		}
		if err := queueCommand(ctx, tx, incident, id, string(move), payload); err != nil {
			return err
		}
		words := map[breach.GateMove]string{breach.GatePause: "send.paused", breach.GateResume: "send.resumed", breach.GateStop: "send.stopped"}
		return appendAudit(ctx, tx, incident, note{"", by.ID, words[move], facts{"by_role": by.Role}, at})
	})
}

func movable(ctx context.Context, tx pgx.Tx, incident string, move breach.GateMove) error {
	var paused, stopped, sending bool
	err := tx.QueryRow(ctx, `SELECT paused, stopped, state = 'notifying' OR EXISTS (
			SELECT FROM block b JOIN plan p ON p.incident = b.incident AND p.wave = b.wave AND p.state = 'approved'
			WHERE b.incident = i.id AND b.pending > 0)
		FROM incident i WHERE id = $1 FOR NO KEY UPDATE`, incident).Scan(&paused, &stopped, &sending)
	switch {
	case isNoRows(err):
		return notFound("there is no such incident in the ledger")
	case err != nil:
		return err
	case stopped:
		return breach.Errorf(breach.ErrConflict, "sending was stopped for good")
	case move == breach.GateResume && !paused:
		return breach.Errorf(breach.ErrConflict, "sending is not paused")
	case move == breach.GateResume:
		return nil
	case !sending:
		return breach.Errorf(breach.ErrConflict, "nothing is being sent")
	case move == breach.GatePause && paused:
		return breach.Errorf(breach.ErrConflict, "sending is paused already")
	}
	return nil
}
