package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// ToldList is a list whose people are being told, or were told.
type ToldList struct {
	Incident, Policy string
	Wave             int
}

// ToldLists lists those of incidents that are not closed, not paused and not stopped, whose plan was approved and whose
// delivery has begun.
func (s *Store) ToldLists(ctx context.Context) ([]ToldList, error) {
	list, err := collect(ctx, s.pool, pgx.RowToStructByPos[ToldList], `SELECT i.id, i.policy, w.no FROM incident i JOIN wave w ON w.incident = i.id
		WHERE i.state <> 'closed' AND NOT i.paused AND NOT i.stopped AND `+deliveryBegun+` ORDER BY i.opened_at, i.id, w.no`)
	return list, clean("list whose delivery has begun", err)
}

const deliveryBegun = `EXISTS (SELECT FROM plan p WHERE p.incident = i.id AND p.wave = w.no AND p.state = 'approved')
	AND EXISTS (SELECT FROM chunk c WHERE c.incident = i.id AND c.wave = w.no)`

// InAppPerson is somebody to whom an application may show a notice now.
type InAppPerson struct {
	ExternalID string // as it was asked for
	Wave       int
	Locale     string // as on the list
}

// InApp finds those of an incident who are told, or cannot be told otherwise, who have not acknowledged it and whom
// nothing keeps from being told, by the organisation's own ids. Children are none of them: their guardian is told.
func (s *Store) InApp(ctx context.Context, incident string, externalIDs []string, at time.Time) (out []InAppPerson, err error) {
	waits, err := s.Waits(ctx, incident, at)
	if err != nil {
		return nil, err
	}
	err = s.inSnapshot(ctx, "look for whom an application asks", func(tx pgx.Tx) error {
		out = nil
		found, people, err := s.byExternalID(ctx, tx, incident, externalIDs)
		if err != nil || len(people) == 0 {
			return err
		}
		states, err := s.statesOf(ctx, tx, incident, people, anyVersion)
		if err != nil {
			return err
		}
		subjects, err := s.subjects(ctx, tx, incident, people, states)
		if err != nil {
			return err
		}
		done, err := acknowledged(ctx, tx, incident, people)
		if err != nil {
			return err
		}
		for i, sub := range subjects {
			if _, wait := waits.On(sub.Person, breach.InApp, at); !wait && !slices.Contains(done, sub.ID) && states[sub.ID].isTold() {
				out = append(out, InAppPerson{found[sub.ID], people[i].wave, people[i].locale})
			}
		}
		return nil
	})
	return out, err
}

// byExternalID finds people of lists whose delivery has begun; found says by which of the given ids.
func (s *Store) byExternalID(ctx context.Context, tx pgx.Tx, incident string, ids []string) (found map[int64]string, people []sealedPerson, err error) {
	b, err := s.boxOf(ctx, tx, incident)
	if breach.CodeOf(err) == breach.ErrNotFound {
		return nil, nil, nil // what was known of its people was destroyed
	}
	if err != nil {
		return nil, nil, err
	}
	given := make(map[[16]byte]string, len(ids))
	keys := make([][16]byte, 0, len(ids))
	for _, id := range ids {
		if v := strings.TrimSpace(id); v != "" {
			key := b.hasher().keyed("id", v)
			given[key] = id
			keys = append(keys, key)
		}
	}
	rows, err := tx.Query(ctx, `SELECT r.id, r.person_key FROM recipient r JOIN incident i ON i.id = r.incident JOIN wave w ON w.incident = i.id AND w.no = r.wave
		WHERE r.incident = $1 AND r.person_key = ANY($2::uuid[]) AND NOT r.minor AND i.state <> 'closed' AND `+deliveryBegun, incident, keys)
	if err != nil {
		return nil, nil, err
	}
	found = map[int64]string{}
	var numbers []int64
	var number int64
	var key [16]byte
	_, err = pgx.ForEachRow(rows, []any{&number, &key}, func() error {
		found[number], numbers = given[key], append(numbers, number)
		return nil
	})
	if err != nil || len(numbers) == 0 {
		return nil, nil, err
	}
	people, err = sealedPeople(ctx, tx, incident, len(numbers), `id = ANY($2)`, numbers)
	return found, people, err
}

// isTold says that something was sent to the person, or that no channel is left for them: who still waits for their turn
// is not told by an application before it.
func (p *personState) isTold() bool {
	switch p.outcome {
	case breach.Reached, breach.Attempted, breach.Unreachable, breach.Covered:
		return true
	case breach.Pending:
		return len(p.attempts) > 0
	}
	return false
}

func acknowledged(ctx context.Context, q querier, incident string, people []sealedPerson) ([]int64, error) {
	numbers := make([]int64, len(people))
	for i := range people {
		numbers[i] = people[i].id
	}
	return collect(ctx, q, pgx.RowTo[int64], `SELECT person FROM acknowledgement WHERE incident = $1 AND person = ANY($2)`, incident, numbers)
}

// AcknowledgeInApp records that people of a list said in an application that they saw their notice, and says of how many
// that is on record now. Where the policy lets it count they are reached. Who is unknown, a child, or must not be told is
// passed over. The same again changes nothing.
func (s *Store) AcknowledgeInApp(ctx context.Context, incident string, wave int, externalIDs []string, by breach.Actor, at time.Time) (n int, err error) {
	err = s.inTx(ctx, "record what was acknowledged", func(tx pgx.Tx) error {
		n = 0
		_, people, err := s.byExternalID(ctx, tx, incident, externalIDs)
		if err != nil {
			return err
		}
		people = slices.DeleteFunc(people, func(p sealedPerson) bool { return p.wave != wave })
		if len(people) == 0 {
			return nil
		}
		n, err = acknowledge(ctx, tx, incident, wave, people, by, at)
		return err
	})
	return n, err
}

func acknowledge(ctx context.Context, tx pgx.Tx, incident string, wave int, people []sealedPerson, by breach.Actor, at time.Time) (n int, err error) {
	ids := make([]int64, len(people))
	for i := range people {
		ids[i] = people[i].id
	}
	l, err := lockPeople(ctx, tx, incident, ids)
	if err != nil {
		return 0, err
	}
	if err := addIntents(ctx, tx, incident, l.states); err != nil {
		return 0, err
	}
	rules, err := sufficiency(ctx, tx, incident)
	if err != nil {
		return 0, err
	}
	ids = slices.DeleteFunc(ids, func(id int64) bool { return !l.states[id].isTold() })
	counts := rules[breach.InApp].Proof == breach.Acknowledged
	fresh, err := collect(ctx, tx, pgx.RowTo[int64], `INSERT INTO acknowledgement (incident, person, wave, by_actor, counts, at)
		SELECT $1, id, $3, $4, $5, $6 FROM unnest($2::bigint[]) id ORDER BY id ON CONFLICT DO NOTHING RETURNING person`,
		incident, ids, wave, by.ID, counts, instant(at))
	if err != nil || len(fresh) == 0 {
		return len(ids), err
	}
	var changes []change
	if counts {
		for _, id := range fresh {
			changes = append(changes, l.states[id].decide(breach.PersonEvent{Person: id, Outcome: breach.Reached, Reason: breach.ReasonAcknowledged, By: by.ID, At: at}, rules)...)
		}
	}
	out := &pgx.Batch{}
	write(out, l.moves(nil, changes))
	if err := tx.SendBatch(ctx, out).Close(); err != nil {
		return 0, err
	}
	return len(ids), appendAudit(ctx, tx, incident, note{"", by.ID, "in_app.acknowledged", facts{"people": len(fresh), "reached": len(changes), "wave": wave}, at})
}

// AcknowledgedInApp counts who acknowledged their notice in an application.
func (s *Store) AcknowledgedInApp(ctx context.Context, incident string) (n int64, err error) {
	err = s.pool.QueryRow(ctx, `SELECT count(*) FROM acknowledgement WHERE incident = $1`, incident).Scan(&n)
	return n, clean("count what was acknowledged", err)
}
