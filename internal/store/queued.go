package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// AtOnce says of a policy, by its name, that it uses all channels at once: whoever is reached by one is told by the
// others all the same.
type AtOnce func(policy string) bool

// queued are messages that workers handed over and that nobody carries yet: letters in the spool, calls on the list. What
// happens to a person in the meantime happens to them, too.
type queued struct {
	channel breach.Channel
	action  string // of the audit chain, when some are taken out
	counted string // under which name their number stands there
	empty   string // takes them out; $1 is their attempts
}

var (
	queuedLetters = queued{breach.Letter, "letters.dropped", "letters", `UPDATE letter SET body = NULL, batch = NULL WHERE attempt = ANY($1)`}
	queuedCalls   = queued{breach.Voice, "calls.dropped", "calls", `UPDATE call SET script = NULL, taken_by = '', taken_until = NULL WHERE attempt = ANY($1)`}
)

// sift takes those out whose people have been told since, or must not be told any more, and gives the others; wait are
// those that a hold keeps now. What is taken out counts as never begun. What is told beside a guardian hangs on nobody's
// outcome.
func (s *Store) sift(ctx context.Context, tx pgx.Tx, q queued, incident string, attempts []string, atOnce AtOnce, at time.Time) (may, wait []string, err error) {
	intents := make([]breach.Intent, 0, len(attempts))
	ids := make([]int64, 0, len(attempts))
	for _, attempt := range attempts {
		of, in, err := attemptOf(ctx, tx, attempt)
		if err != nil {
			return nil, nil, err
		}
		if of != incident { // nobody intended it any more: it goes nowhere
			wait = append(wait, attempt)
			continue
		}
		intents, ids = append(intents, in), append(ids, in.Person)
	}
	var policy string
	if err := tx.QueryRow(ctx, `SELECT policy FROM incident WHERE id = $1`, incident).Scan(&policy); err != nil {
		return nil, nil, err
	}
	locked, err := lockPeople(ctx, tx, incident, ids)
	if err != nil {
		return nil, nil, err
	}
	held, err := s.heldPeople(ctx, tx, incident, q.channel, ids, at)
	if err != nil {
		return nil, nil, err
	}
	every := atOnce != nil && atOnce(policy)
	var needless []breach.Intent
	for _, in := range intents {
		p := locked.states[in.Person]
		switch beside := p.minor && in.Addressee == breach.ToSelf; {
		case !beside && tellsNoMore(p.outcome, every):
			needless = append(needless, in)
		case held[in.Person]:
			wait = append(wait, in.AttemptID)
		default:
			may = append(may, in.AttemptID)
		}
	}
	return may, wait, drop(ctx, tx, q, incident, needless, at)
}

// tellsNoMore says that whoever has this outcome gets no further message.
func tellsNoMore(o breach.Outcome, every bool) bool {
	return o == breach.Exempt || o == breach.Withdrawn || o == breach.Held || o == breach.Reached && !every
}

// drop takes messages out of a queue and records that they were never begun.
func drop(ctx context.Context, tx pgx.Tx, q queued, incident string, intents []breach.Intent, at time.Time) error {
	if len(intents) == 0 {
		return nil
	}
	attempts := make([]string, len(intents))
	events := make([]breach.AttemptEvent, len(intents))
	for i, in := range intents {
		attempts[i] = in.AttemptID
		events[i] = breach.AttemptEvent{Person: in.Person, Addressee: in.Addressee, Channel: in.Channel, Try: in.Try, Provider: in.Provider,
			State: breach.FailedTemporary, Reason: reasonInterrupted, Detail: "taken out of the queue: the person was told meanwhile, or must not be told", At: at}
	}
	if _, err := tx.Exec(ctx, q.empty, attempts); err != nil {
		return err
	}
	if err := record(ctx, tx, incident, events); err != nil {
		return err
	}
	return appendAudit(ctx, tx, incident, note{"", engineActor, q.action, facts{q.counted: len(intents)}, at})
}

// heldPeople are those among ids whom a hold, or the order of a law, keeps from being told by a channel now.
func (s *Store) heldPeople(ctx context.Context, tx pgx.Tx, incident string, c breach.Channel, ids []int64, at time.Time) (map[int64]bool, error) {
	waits, err := waitsOf(ctx, tx, incident, at)
	if err != nil || len(waits) == 0 {
		return nil, err
	}
	people, err := s.openPeople(ctx, tx, incident, ids)
	if err != nil {
		return nil, err
	}
	held := map[int64]bool{}
	for id, who := range people {
		_, held[id] = waits.On(who, c, at)
	}
	return held, nil
}

// openPeople reads and decrypts people by their numbers.
func (s *Store) openPeople(ctx context.Context, tx pgx.Tx, incident string, ids []int64) (map[int64]breach.Person, error) {
	sealed, err := sealedPeople(ctx, tx, incident, len(ids), `id = ANY($2)`, ids)
	if err != nil || len(sealed) == 0 {
		return nil, err
	}
	b, err := s.boxOf(ctx, tx, incident)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]breach.Person, len(sealed))
	for i := range sealed {
		var who breach.Person
		plain, err := b.sealing.Decrypt(sealed[i].sealed, b.appendPersonPlace(nil, sealed[i].id))
		if err != nil || decodePerson(plain, &who) != nil {
			return nil, breach.Errorf(breach.ErrTampered, "the sealed data of person %d does not open", sealed[i].id)
		}
		out[sealed[i].id] = who
	}
	return out, nil
}

// byTheirIncident sorts attempts by incident, in the order in which they came.
func byTheirIncident(rows []attemptIn) (incidents []string, attempts map[string][]string) {
	attempts = map[string][]string{}
	for _, r := range rows {
		if _, seen := attempts[r.incident]; !seen {
			incidents = append(incidents, r.incident)
		}
		attempts[r.incident] = append(attempts[r.incident], r.attempt)
	}
	slices.Sort(incidents) // everybody locks in the same order
	return incidents, attempts
}

// attemptIn is an attempt and whose it is.
type attemptIn struct{ attempt, incident string }
