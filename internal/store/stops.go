package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// reasonStopped is the refusal of whoever answered STOP. It closes text messages to them for the policy too.
const reasonStopped = "stopped"

// reasonGone is the refusal of a push token that is gone; policy.RefusedGone.
const reasonGone = "contact_gone"

// StopTexts closes text messages to everybody of running incidents who is told at this number, and says to how many for
// the first time. Where child and guardian have numbers of their own, the one who did not answer is told still. Each
// incident has it on its record, without the number. Again changes nothing.
func (s *Store) StopTexts(ctx context.Context, number string, at time.Time) (people int, err error) {
	return s.answeredEverywhere(ctx, number, answer{"texts.stopped", closeTexts, false}, at)
}

// StartTexts opens text messages again to whom StopTexts closed them at this number, and says to how many. What other
// reasons close stays closed. Again changes nothing.
func (s *Store) StartTexts(ctx context.Context, number string, at time.Time) (people int, err error) {
	return s.answeredEverywhere(ctx, number, answer{"texts.resumed", reopenTexts, true}, at)
}

// answer is what a word of people comes to.
type answer struct {
	action  string
	sql     string
	stopped bool // it is for those who are stopped; else for those who are not
}

// Under no provider's name: refusals of a provider stand beside it, and one of the whole channel has closed it already.
const (
	closeTexts = `INSERT INTO refusal (incident, person, channel, provider, reason, at, addressee)
		SELECT $1, k.id, 'sms', '', $4, $5, k.addressee FROM unnest($2::bigint[], $3::text[]) k(id, addressee) ORDER BY 2, 7
		ON CONFLICT (incident, person, channel, provider, addressee) DO UPDATE SET reason = excluded.reason, at = excluded.at, ended_at = NULL
			WHERE refusal.ended_at IS NOT NULL`
	reopenTexts = `UPDATE refusal r SET ended_at = $5 FROM unnest($2::bigint[], $3::text[]) k(id, addressee)
		WHERE r.incident = $1 AND r.person = k.id AND r.addressee = k.addressee AND r.channel = 'sms' AND r.provider = ''
			AND r.reason = $4 AND r.ended_at IS NULL`
)

func (s *Store) answeredEverywhere(ctx context.Context, number string, a answer, at time.Time) (people int, err error) {
	running, err := collect(ctx, s.pool, pgx.RowTo[string], `SELECT k.incident FROM data_key k JOIN incident i ON i.id = k.incident
		WHERE i.state <> 'closed' ORDER BY 1`)
	if err != nil {
		return 0, clean("list the running incidents", err)
	}
	for _, incident := range running {
		n := 0
		err := s.inTx(ctx, "record what was answered", func(tx pgx.Tx) (err error) {
			n, err = s.answered(ctx, tx, incident, number, a, at)
			return err
		})
		if err != nil {
			return people, err
		}
		people += n
	}
	return people, nil
}

func (s *Store) answered(ctx context.Context, tx pgx.Tx, incident, number string, a answer, at time.Time) (int, error) {
	subjects, err := s.toldAt(ctx, tx, incident, number)
	if err != nil {
		return 0, err
	}
	var ids []int64
	var addressees []string
	for _, sub := range subjects {
		if to, found := whoAnswers(sub.Person, number); found && stoppedAs(sub, to) == a.stopped {
			ids, addressees = append(ids, sub.ID), append(addressees, to)
		}
	}
	if len(ids) == 0 {
		return 0, nil
	}
	tag, err := tx.Exec(ctx, a.sql, incident, ids, addressees, reasonStopped, instant(at))
	if err != nil || tag.RowsAffected() == 0 {
		return 0, err
	}
	n := int(tag.RowsAffected())
	return n, appendAudit(ctx, tx, incident, note{"", engineActor, a.action, facts{"people": n, "persons": ids}, at})
}

// toldAt reads those whose number, or whose guardian's, it is.
func (s *Store) toldAt(ctx context.Context, tx pgx.Tx, incident, number string) ([]breach.Subject, error) {
	b, err := s.boxOf(ctx, tx, incident)
	if err != nil {
		return nil, err
	}
	q := PersonQuery{Phone: number}
	_, where, arg, err := q.where(b)
	if err != nil {
		return nil, err
	}
	guarded, err := guardedAt(ctx, tx, b, incident, number)
	if err != nil {
		return nil, err
	}
	people, err := sealedPeople(ctx, tx, incident, 1, `(`+where+` OR id = ANY($3))`, arg, guarded)
	if err != nil || len(people) == 0 {
		return nil, err
	}
	states, err := s.statesOf(ctx, tx, incident, people, anyVersion)
	if err != nil {
		return nil, err
	}
	return s.subjects(ctx, tx, incident, people, states)
}

// guardedAt finds the children whose guardian has the number, by looking at each child who has a guardian: a child with a
// number of their own is not found by the guardian's hash. It reads a hundred thousand children in about a second.
func guardedAt(ctx context.Context, tx pgx.Tx, b *box, incident, number string) ([]int64, error) {
	rows, err := tx.Query(ctx, `SELECT id, sealed FROM recipient WHERE incident = $1 AND guardian`, incident)
	if err != nil {
		return nil, err
	}
	var ids []int64
	var id int64
	var sealed []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &sealed}, func() error {
		plain, err := b.sealing.Decrypt(sealed, b.appendPersonPlace(nil, id))
		if err != nil {
			return breach.Errorf(breach.ErrTampered, "the sealed data of person %d does not open: it was changed, moved, or sealed under another key", id)
		}
		var p breach.Person
		if err := decodePerson(plain, &p); err != nil {
			return breach.Errorf(breach.ErrTampered, "the sealed data of person %d cannot be read", id)
		}
		if p.Guardian != nil && fold(p.Guardian.Phone) == fold(number) {
			ids = append(ids, id)
		}
		return nil
	})
	return ids, err
}

// whoAnswers says for whom an answer from a number is: an addressee alone when the other one has another number, and
// nobody's name ("") when it is for the person as a whole.
func whoAnswers(p breach.Person, number string) (addressee string, found bool) {
	own, guardian := fold(p.Phone), ""
	if p.Guardian != nil {
		guardian = fold(p.Guardian.Phone)
	}
	switch number = fold(number); {
	case own != number && guardian != number:
		return "", false
	case own == guardian || own == "" || guardian == "":
		return "", true
	case own == number:
		return string(breach.ToSelf), true
	}
	return string(breach.ToGuardian), true
}

func stoppedAs(s breach.Subject, addressee string) bool {
	if addressee == "" {
		return s.Refused[breach.SMS] == reasonStopped
	}
	return slices.Contains(s.Stopped, breach.Addressee(addressee))
}
