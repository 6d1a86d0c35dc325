package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// mostListed bounds a list: a call centre takes the next when it is through with this one.
const mostListed = 5000

// waitingCall is a call on the list; sealed is its script.
type waitingCall struct {
	breach.ListedCall
	key    time.Time // in whose order it waits
	sealed []byte
}

// callsThatWait are those of people whose sending goes on, which may be made at $1 and which nobody but $2 has.
const callsThatWait = `SELECT c.attempt, c.incident, c.script, c.at, coalesce(c.not_before, c.at) FROM call c JOIN incident i ON i.id = c.incident
	WHERE c.script IS NOT NULL AND c.by_people IS NOT FALSE AND NOT i.paused AND i.state <> 'closed'
	AND coalesce(c.not_before, c.at) <= $1 AND (c.taken_until IS NULL OR c.taken_until <= $1 OR c.taken_by = $2)
	AND (coalesce(c.not_before, c.at), c.attempt) > ($3, $4)`

func scanWaiting(r pgx.CollectableRow) (x waitingCall, err error) {
	err = r.Scan(&x.Attempt, &x.Incident, &x.sealed, &x.At, &x.key)
	x.At = x.At.UTC()
	return x, err
}

// CallList reads the calls that wait for people to make them, the oldest first, at most 5000, writes down in each
// incident who looked, and keeps them from everybody else until an instant; by itself gets them again. Calls of
// incidents that are closed, or whose sending is paused or stopped, stay out, and so do those that a hold keeps, and a
// number that another caller has. Calls to people who need none any more are taken off the list.
func (s *Store) CallList(ctx context.Context, by string, atOnce AtOnce, at, until time.Time) ([]breach.ListedCall, error) {
	return s.callList(ctx, by, atOnce, at, until, mostListed)
}

func (s *Store) callList(ctx context.Context, by string, atOnce AtOnce, at, until time.Time, most int) (out []breach.ListedCall, err error) {
	holder := "list:" + plain(by, detailLimit) // who takes a list and a call in the console has two hands
	err = s.inTx(ctx, "list calls", func(tx pgx.Tx) error {
		out = nil
		busy, err := s.busyNumbers(ctx, tx, holder, at)
		if err != nil {
			return err
		}
		var from time.Time
		var after string
		people := map[string]int{}
		var taken []string
		for more := true; more && len(out) < most; {
			rows, err := collect(ctx, tx, scanWaiting, callsThatWait+` ORDER BY coalesce(c.not_before, c.at), c.attempt LIMIT $5`, at, holder, from, after, most)
			if err != nil {
				return err
			}
			more = len(rows) == most
			may, err := s.siftCalls(ctx, tx, rows, atOnce, at)
			if err != nil {
				return err
			}
			for _, x := range rows {
				from, after = x.key, x.Attempt
				if !may[x.Attempt] {
					continue
				}
				if x.CallScript, err = s.openCall(ctx, tx, x.Incident, x.Attempt, x.sealed); err != nil {
					return err
				}
				if x.To != "" && !busy[x.To] && len(out) < most {
					out, taken = append(out, x.ListedCall), append(taken, x.Attempt)
					people[x.Incident]++
				}
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE call SET taken_by = $2, taken_until = $3 WHERE attempt = ANY($1)`, taken, holder, until); err != nil {
			return err
		}
		for incident, n := range people {
			key := "calls.listed|" + at.UTC().Format(time.RFC3339Nano)
			if err := appendAudit(ctx, tx, incident, note{key, by, "calls.listed", map[string]int{"people": n}, at}); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// siftCalls says which of these may be made now.
func (s *Store) siftCalls(ctx context.Context, tx pgx.Tx, rows []waitingCall, atOnce AtOnce, at time.Time) (map[string]bool, error) {
	list := make([]attemptIn, len(rows))
	for i, x := range rows {
		list[i] = attemptIn{x.Attempt, x.Incident}
	}
	out := map[string]bool{}
	incidents, attempts := byTheirIncident(list)
	for _, incident := range incidents {
		may, _, err := s.sift(ctx, tx, queuedCalls, incident, attempts[incident], atOnce, at)
		if err != nil {
			return nil, err
		}
		for _, attempt := range may {
			out[attempt] = true
		}
	}
	return out, nil
}

// callLock is the advisory lock of whoever hands out calls.
const callLock = 0x746f6363616c6c

// busyNumbers lets one transaction at a time hand out calls, and reads the numbers that others than holder are calling:
// several people may share one, and nobody is to get two calls at once.
func (s *Store) busyNumbers(ctx context.Context, tx pgx.Tx, holder string, at time.Time) (map[string]bool, error) {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, callLock); err != nil {
		return nil, err
	}
	held, err := collect(ctx, tx, func(r pgx.CollectableRow) (x waitingCall, err error) {
		err = r.Scan(&x.Attempt, &x.Incident, &x.sealed)
		return x, err
	}, `SELECT attempt, incident, script FROM call WHERE script IS NOT NULL AND taken_until > $1 AND taken_by <> $2`, at, holder)
	if err != nil {
		return nil, err
	}
	busy := make(map[string]bool, len(held))
	for _, x := range held {
		c, err := s.openCall(ctx, tx, x.Incident, x.Attempt, x.sealed)
		if err != nil {
			return nil, err
		}
		busy[c.To] = true
	}
	return busy, nil
}
