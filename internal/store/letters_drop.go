package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// LetterIncidents lists the incidents of which letters wait for a batch.
func (s *Store) LetterIncidents(ctx context.Context) ([]string, error) {
	list, err := collect(ctx, s.pool, pgx.RowTo[string], `SELECT DISTINCT incident FROM letter WHERE batch IS NULL AND body IS NOT NULL ORDER BY incident`)
	return list, clean("list whose letters wait", err)
}

// DropLetters takes letters of an incident out of the spool whose people have been told since, or must not be told any
// more: a receipt that comes late stops what is queued. Such an attempt counts as never begun. What is told beside a
// guardian stays, because it hangs on nobody's outcome. It says how many there were.
func (s *Store) DropLetters(ctx context.Context, incident string, at time.Time) (n int, err error) {
	err = s.inTx(ctx, "take letters out of the spool", func(tx pgx.Tx) error {
		n = 0
		waiting, err := collect(ctx, tx, pgx.RowTo[string], `SELECT attempt FROM letter WHERE incident = $1 AND batch IS NULL AND body IS NOT NULL
			ORDER BY attempt FOR UPDATE SKIP LOCKED`, incident)
		if err != nil || len(waiting) == 0 {
			return err
		}
		intents := make([]breach.Intent, 0, len(waiting))
		ids := make([]int64, 0, len(waiting))
		for _, attempt := range waiting {
			of, in, err := attemptOf(ctx, tx, attempt)
			if err != nil {
				return err
			}
			if of == incident {
				intents, ids = append(intents, in), append(ids, in.Person)
			}
		}
		held, err := lockPeople(ctx, tx, incident, ids)
		if err != nil {
			return err
		}
		var events []breach.AttemptEvent
		var dropped []string
		for _, in := range intents {
			p := held.states[in.Person]
			if p.minor && in.Addressee == breach.ToSelf || !needless(p.outcome) {
				continue
			}
			dropped = append(dropped, in.AttemptID)
			events = append(events, breach.AttemptEvent{Person: in.Person, Addressee: in.Addressee, Channel: in.Channel, Try: in.Try, Provider: in.Provider,
				State: breach.FailedTemporary, Reason: reasonInterrupted, Detail: "taken out of the spool: the person was told meanwhile, or must not be told", At: at})
		}
		if n = len(dropped); n == 0 {
			return nil
		}
		if _, err := tx.Exec(ctx, `UPDATE letter SET body = NULL WHERE attempt = ANY($1)`, dropped); err != nil {
			return err
		}
		if err := record(ctx, tx, incident, events); err != nil {
			return err
		}
		return appendAudit(ctx, tx, incident, note{"", engineActor, "letters.dropped", facts{"letters": n}, at})
	})
	return n, err
}

// needless says that whoever has this outcome needs no further message.
func needless(o breach.Outcome) bool {
	return o == breach.Reached || o == breach.Exempt || o == breach.Withdrawn || o == breach.Held
}

// ToldInBlock lists the people of a block who need no further message now.
func (s *Store) ToldInBlock(ctx context.Context, incident string, block int64) ([]int64, error) {
	list, err := collect(ctx, s.pool, pgx.RowTo[int64], `SELECT person FROM (SELECT DISTINCT ON (person) person, outcome FROM person_outcome_each
		WHERE incident = $1 AND block = $2 ORDER BY person, seq DESC) o WHERE outcome IN ('reached', 'exempt', 'withdrawn', 'held')`, incident, block)
	return list, clean("look who was told meanwhile", err)
}
