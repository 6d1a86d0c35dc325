package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Opens says from when on somebody may be called about an incident; an instant that is over says now.
type Opens func(incident string, who breach.Person) (time.Time, error)

// CallsWaiting counts calls that people make, by incident and language. Those of incidents that are closed, or whose
// sending is paused or stopped, are not among them.
func (s *Store) CallsWaiting(ctx context.Context, at time.Time) ([]breach.CallsWaiting, error) {
	out, err := collect(ctx, s.pool, func(r pgx.CollectableRow) (c breach.CallsWaiting, err error) {
		err = r.Scan(&c.Incident, &c.Locale, &c.Now, &c.Later, &c.Taken)
		return c, err
	}, `SELECT incident, locale, count(*) FILTER (WHERE NOT taken AND due <= $1), count(*) FILTER (WHERE NOT taken AND due > $1), count(*) FILTER (WHERE taken)
		FROM (SELECT c.incident, c.locale, coalesce(c.taken_until > $1, false) AS taken, coalesce(c.not_before, c.at) AS due
			FROM call c JOIN incident i ON i.id = c.incident
			WHERE c.script IS NOT NULL AND c.by_people IS NOT FALSE AND NOT i.paused AND i.state <> 'closed') w
		GROUP BY incident, locale ORDER BY min(due), incident, locale`, at)
	return out, clean("count calls", err)
}

// CallOf is the call that a caller has; nil when that is none. Nothing is put on record: it was when it was taken.
func (s *Store) CallOf(ctx context.Context, by string, at time.Time) (out *breach.HeldCall, err error) {
	err = s.inTx(ctx, "read the call of a caller", func(tx pgx.Tx) error {
		out, err = s.callOf(ctx, tx, by, at)
		return err
	})
	return out, err
}

func (s *Store) callOf(ctx context.Context, tx pgx.Tx, by string, at time.Time) (*breach.HeldCall, error) {
	var h breach.HeldCall
	var sealed []byte
	err := tx.QueryRow(ctx, `SELECT c.attempt, c.incident, c.script, c.at, c.taken_until FROM call c JOIN incident i ON i.id = c.incident
		WHERE c.script IS NOT NULL AND c.taken_by = $1 AND c.taken_until > $2 AND NOT i.paused AND i.state <> 'closed'
		ORDER BY c.taken_until DESC LIMIT 1`, by, at).Scan(&h.Attempt, &h.Incident, &sealed, &h.At, &h.Until)
	if isNoRows(err) {
		return nil, nil //nolint:nilnil // no call is an answer
	}
	if err != nil {
		return nil, err
	}
	if h.CallScript, err = s.openCall(ctx, tx, h.Incident, h.Attempt, sealed); err != nil {
		return nil, err
	}
	h.At, h.Until = h.At.UTC(), h.Until.UTC()
	return &h, s.calledPerson(ctx, tx, &h)
}

// calledPerson reads whom a call is for.
func (s *Store) calledPerson(ctx context.Context, tx pgx.Tx, h *breach.HeldCall) error {
	_, in, err := attemptOf(ctx, tx, h.Attempt)
	if err != nil {
		return err
	}
	h.Addressee = in.Addressee
	people, err := sealedPeople(ctx, tx, h.Incident, 1, `id = $2`, in.Person)
	if err != nil || len(people) == 0 {
		return err
	}
	b, err := s.boxOf(ctx, tx, h.Incident)
	if err != nil {
		return err
	}
	plain, err := b.sealing.Decrypt(people[0].sealed, b.appendPersonPlace(nil, in.Person))
	if err != nil || decodePerson(plain, &h.Who) != nil {
		return breach.Errorf(breach.ErrTampered, "the sealed data of person %d does not open", in.Person)
	}
	return nil
}

// TakeCall gives a caller the call that waits longest, until an instant, and puts that on record; who has one already
// gets the same one for longer. Nobody is given a number that another caller has, nor somebody outside their hours:
// those wait for their next opening; nor somebody whom a hold keeps. A call to somebody who needs none any more is taken
// off the list. nil when no call waits.
func (s *Store) TakeCall(ctx context.Context, w breach.CallWish, by string, at, until time.Time, opens Opens, atOnce AtOnce) (out *breach.HeldCall, err error) {
	err = s.inTx(ctx, "take a call", func(tx pgx.Tx) error {
		out = nil
		busy, err := s.busyNumbers(ctx, tx, by, at)
		if err != nil {
			return err
		}
		h, err := s.callOf(ctx, tx, by, at)
		fresh := err == nil && h == nil
		if fresh {
			h, err = s.nextCall(ctx, tx, w, by, at, busy, opens, atOnce)
		}
		if err != nil || h == nil {
			return err
		}
		h.Until, out = instant(until), h
		if _, err := tx.Exec(ctx, `UPDATE call SET taken_by = $2, taken_until = $3 WHERE attempt = $1`, h.Attempt, by, h.Until); err != nil || !fresh {
			return err
		}
		return appendAudit(ctx, tx, h.Incident, note{"", by, "call.taken", facts{"call": h.Attempt}, at})
	})
	return out, err
}

const callsLookedThrough = 100

// nextCall looks for the first call that may be made now.
func (s *Store) nextCall(ctx context.Context, tx pgx.Tx, w breach.CallWish, by string, at time.Time, busy map[string]bool, opens Opens, atOnce AtOnce) (*breach.HeldCall, error) {
	var from time.Time
	var after string
	for {
		rows, err := collect(ctx, tx, scanWaiting, callsThatWait+` AND ($5 = '' OR c.incident = $5) AND ($6 = '' OR c.locale = $6)
			ORDER BY coalesce(c.not_before, c.at), c.attempt LIMIT $7`, at, by, from, after, w.Incident, w.Locale, callsLookedThrough)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		for _, x := range rows {
			from, after = x.key, x.Attempt
			h := breach.HeldCall{ListedCall: x.ListedCall}
			if h.CallScript, err = s.openCall(ctx, tx, x.Incident, x.Attempt, x.sealed); err != nil {
				return nil, err
			}
			if h.To == "" {
				_, err = tx.Exec(ctx, `UPDATE call SET by_people = false WHERE attempt = $1`, h.Attempt)
			}
			if err != nil {
				return nil, err
			}
			if h.To == "" || busy[h.To] {
				continue
			}
			may, err := s.siftCalls(ctx, tx, []waitingCall{x}, atOnce, at)
			if err != nil {
				return nil, err
			}
			if !may[h.Attempt] {
				continue
			}
			if err := s.calledPerson(ctx, tx, &h); err != nil {
				return nil, err
			}
			open, err := opens(h.Incident, h.Who)
			if err != nil {
				return nil, err
			}
			if !open.After(at) {
				return &h, nil
			}
			if _, err := tx.Exec(ctx, `UPDATE call SET not_before = $2 WHERE attempt = $1`, h.Attempt, open); err != nil {
				return nil, err
			}
		}
	}
}

// CallNumber shows the whole number of a call to the caller who has it, and puts that on record.
func (s *Store) CallNumber(ctx context.Context, call, by string, at time.Time) (number string, err error) {
	err = s.inTx(ctx, "show the number of a call", func(tx pgx.Tx) error {
		h, err := s.callOf(ctx, tx, by, at)
		if err != nil {
			return err
		}
		if h == nil || h.Attempt != call {
			return notYours()
		}
		number = h.To
		return appendAudit(ctx, tx, h.Incident, note{"", by, "call.number", facts{"call": call}, at})
	})
	return number, err
}

func notYours() error {
	return breach.Errorf(breach.ErrConflict, "you do not have this call any more: it was yours for too long, somebody else has it, or its outcome is on record; take the next one")
}

// LeaveCall gives a call back to the list; not before the instant back, when that is given.
func (s *Store) LeaveCall(ctx context.Context, call, by string, back, at time.Time) error {
	return s.inTx(ctx, "give a call back", func(tx pgx.Tx) error {
		h, err := s.callOf(ctx, tx, by, at)
		if err != nil || h == nil || h.Attempt != call { // it is back, by itself or by an earlier press of the same key
			return err
		}
		return freeCall(ctx, tx, call, back)
	})
}

func freeCall(ctx context.Context, tx pgx.Tx, call string, back time.Time) error {
	var notBefore *time.Time
	if !back.IsZero() {
		notBefore = new(instant(back))
	}
	_, err := tx.Exec(ctx, `UPDATE call SET taken_by = '', taken_until = NULL, not_before = coalesce($2, not_before) WHERE attempt = $1`, call, notBefore)
	return err
}

// EndCall records what a caller wrote down of a call, and who did. The time of a caller may be over, as long as nobody
// else took the call. The same word of the same caller again changes nothing. A word that does not end the call puts it
// back on the list. breach.ErrNotFound, breach.ErrConflict.
func (s *Store) EndCall(ctx context.Context, call, by string, r breach.CallResult, w breach.CallWord, at time.Time) error {
	return s.inTx(ctx, "record the outcome of a call", func(tx pgx.Tx) error {
		var incident, holder, before string
		var there bool
		err := tx.QueryRow(ctx, `SELECT incident, script IS NOT NULL, taken_by, outcome FROM call WHERE attempt = $1 FOR UPDATE`, call).
			Scan(&incident, &there, &holder, &before)
		switch {
		case isNoRows(err):
			return notFound("there is no such call")
		case err != nil:
			return err
		case holder == by && !there && before == r.Outcome:
			return nil
		case holder != by || !there:
			return notYours()
		}
		if err := takeCallWord(ctx, tx, call, w, at); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE call SET outcome = $2 WHERE attempt = $1`, call, r.Outcome); err != nil {
			return err
		}
		if !w.Ended {
			if err := freeCall(ctx, tx, call, r.Back); err != nil {
				return err
			}
		}
		data := facts{"call": call, "outcome": r.Outcome}
		if !r.Back.IsZero() {
			data["back"] = instant(r.Back)
		}
		return appendAudit(ctx, tx, incident, note{"", by, "call.ended", data, at})
	})
}
