package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// reasonStopped is the refusal of whoever answered STOP. It closes text messages to them for the policy too.
const reasonStopped = "stopped"

// reasonGone is the refusal of a push token that is gone; policy.RefusedGone.
const reasonGone = "contact_gone"

// StopTexts closes text messages to everybody of running incidents who is told at this number, and says to how many for
// the first time. Each incident has it on its record, without the number. Again changes nothing.
func (s *Store) StopTexts(ctx context.Context, number string, at time.Time) (people int, err error) {
	running, err := collect(ctx, s.pool, pgx.RowTo[string], `SELECT k.incident FROM data_key k JOIN incident i ON i.id = k.incident
		WHERE i.state <> 'closed' ORDER BY 1`)
	if err != nil {
		return 0, clean("list the running incidents", err)
	}
	for _, incident := range running {
		n := 0
		err := s.inTx(ctx, "stop text messages", func(tx pgx.Tx) (err error) {
			n, err = s.stopTextsOf(ctx, tx, incident, number, at)
			return err
		})
		if err != nil {
			return people, err
		}
		people += n
	}
	return people, nil
}

func (s *Store) stopTextsOf(ctx context.Context, tx pgx.Tx, incident, number string, at time.Time) (int, error) {
	b, err := s.boxOf(ctx, tx, incident)
	if err != nil {
		return 0, err
	}
	q := PersonQuery{Phone: number}
	_, where, arg, err := q.where(b)
	if err != nil {
		return 0, err
	}
	people, err := sealedPeople(ctx, tx, incident, 1, where, arg)
	if err != nil || len(people) == 0 {
		return 0, err
	}
	states, err := s.statesOf(ctx, tx, incident, people, anyVersion)
	if err != nil {
		return 0, err
	}
	subjects, err := s.subjects(ctx, tx, incident, people, states)
	if err != nil {
		return 0, err
	}
	var ids []int64
	for _, sub := range subjects {
		if q.fits(sub.Person) && sub.Refused[breach.SMS] != reasonStopped {
			ids = append(ids, sub.ID)
		}
	}
	if len(ids) == 0 {
		return 0, nil
	}
	// Under no provider's name: refusals of a provider stand beside it, and one of the whole channel has closed it already.
	tag, err := tx.Exec(ctx, `INSERT INTO refusal (incident, person, channel, provider, reason, at)
		SELECT $1, id, $3, '', $4, $5 FROM unnest($2::bigint[]) id ORDER BY id
		ON CONFLICT DO NOTHING`,
		incident, ids, breach.SMS, reasonStopped, instant(at))
	if err != nil || tag.RowsAffected() == 0 {
		return 0, err
	}
	n := int(tag.RowsAffected())
	return n, appendAudit(ctx, tx, incident, note{"", engineActor, "texts.stopped", facts{"people": n, "persons": ids}, at})
}
