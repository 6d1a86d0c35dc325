package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Command is a decision of a person that is in the ledger and that the workflow engine has not taken yet.
type Command struct {
	ID       string
	Incident string
	Name     string // as the protocol names its updates
	Payload  json.RawMessage
	QueuedAt time.Time
}

// QueueCommand records a command for the workflow engine. The same id again changes nothing.
func (s *Store) QueueCommand(ctx context.Context, incident, id, name string, payload json.RawMessage) error {
	return s.inTx(ctx, "queue a command", func(tx pgx.Tx) error {
		return queueCommand(ctx, tx, incident, id, name, payload)
	})
}

func queueCommand(ctx context.Context, tx pgx.Tx, incident, id, name string, payload json.RawMessage) error {
	_, err := tx.Exec(ctx, `INSERT INTO command (id, incident, name, payload) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`,
		id, incident, name, payload)
	if sqlState(err) == "23503" {
		return notFound("there is no such incident in the ledger")
	}
	if sqlState(err) == "22P02" {
		return breach.Errorf(breach.ErrInvalid, "the payload of command %s is not JSON", printable(name))
	}
	return err
}

// PendingCommands lists what the workflow engine has not taken of one incident, or of all for an empty id, in
// the order of the decisions.
func (s *Store) PendingCommands(ctx context.Context, incident string) ([]Command, error) {
	list, err := collect(ctx, s.pool, pgx.RowToStructByPos[Command],
		`SELECT id, incident, name, payload, queued_at FROM command WHERE taken_at IS NULL AND ($1 = '' OR incident = $1) ORDER BY seq`, incident)
	return list, clean("list the commands", err)
}

// CommandTaken records that the workflow engine has it. Again changes nothing.
func (s *Store) CommandTaken(ctx context.Context, id string) error {
	_, err := s.pool.Exec(ctx, `UPDATE command SET taken_at = now() WHERE id = $1 AND taken_at IS NULL`, id)
	return clean("mark the command as taken", err)
}
