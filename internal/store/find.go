package store

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// PersonQuery names a person by exactly one of the fields.
type PersonQuery struct {
	Email, Phone, ExternalID string
	ID                       int64 // the ledger's number, to pick one of several
}

// PersonFile answers "did you tell this person?". It holds personal data.
type PersonFile struct {
	Subject breach.Subject
	Wave    int
	History []PersonStep // oldest first
	Others  []int64      // further people whom the query fits, for example a family with one address
}

// PersonStep is one change of a person's outcome or one event of an attempt.
type PersonStep struct {
	At      time.Time
	What    string // outcome, attempt, refusal
	Channel breach.Channel
	Try     int
	State   string
	Reason  string
	By      string // actor, or provider
}

// FindPerson looks a person up by keyed hash; breach.ErrNotFound. A reason is required, and every look,
// also one that finds nobody, is on the audit chain before anything is returned: who looked, by which kind
// of key, at whose number, and why (sealed, because reasons name people).
func (s *Store) FindPerson(ctx context.Context, incident string, q PersonQuery, by breach.Actor, reason string, at time.Time) (PersonFile, error) {
	if by.Role != breach.RoleLead && by.Role != breach.RoleResponder {
		return PersonFile{}, breach.Errorf(breach.ErrForbidden, "only responders and leads may look at a person's data")
	}
	if strings.TrimSpace(reason) == "" {
		return PersonFile{}, breach.Errorf(breach.ErrInvalid, "looking at a person's data needs a reason").With(breach.FieldError{Where: "reason", What: "is empty"})
	}
	var out PersonFile
	err := s.inTx(ctx, "find a person", func(tx pgx.Tx) error {
		out = PersonFile{}
		b, err := s.boxOf(ctx, tx, incident)
		if err != nil {
			return err
		}
		kind, where, arg, err := q.where(b)
		if err != nil {
			return err
		}
		people, err := sealedPeople(ctx, tx, incident, 1, where, arg)
		if err != nil {
			return err
		}
		if out, err = s.personFile(ctx, tx, incident, people, q); err != nil {
			return err
		}
		matches := 0
		if out.Subject.ID != 0 {
			matches = 1 + len(out.Others)
		}
		why, err := b.seal("reason", []byte(reason))
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, incident, note{"", by.ID, "person.viewed", facts{
			"by": kind, "person": out.Subject.ID, "matches": matches, "reason_sealed": base64.StdEncoding.EncodeToString(why),
		}, at})
	})
	if err == nil && out.Subject.ID == 0 {
		err = notFound("nobody on the lists of incident %s fits", printable(incident))
	}
	if err != nil {
		return PersonFile{}, err
	}
	return out, nil
}

// by picks those who have a number at their place in one of the arrays of their block.
func by(numbers string) string {
	return `id = ANY(ARRAY(SELECT (c.block - 1) * 1000 + at FROM contact c, unnest(array_positions(c.` + numbers + `, $2)) at
		WHERE c.incident = $1 AND c.` + numbers + ` @> ARRAY[$2]))`
}

func (q PersonQuery) where(b *box) (kind, where string, arg any, err error) {
	given := 0
	pick := func(k, w string, a any) { kind, where, arg, given = k, w, a, given+1 }
	if v := fold(q.Email); v != "" {
		pick("email", by("emails"), b.hasher().lookup("email", v))
	}
	if v := fold(q.Phone); v != "" {
		pick("phone", by("phones"), b.hasher().lookup("phone", v))
	}
	if v := strings.TrimSpace(q.ExternalID); v != "" {
		pick("external_id", `person_key = $2`, b.hasher().keyed("id", v))
	}
	if q.ID > 0 {
		pick("number", `id = $2`, q.ID)
	}
	if given != 1 {
		return "", "", nil, breach.Errorf(breach.ErrInvalid, "name the person by exactly one of email, phone, external id or number")
	}
	return kind, where, arg, nil
}

// fits compares what the look-up hash only promises.
func (q PersonQuery) fits(p breach.Person) bool {
	email, phone := contacts(&p)
	return (q.Email == "" || fold(q.Email) == email) && (q.Phone == "" || fold(q.Phone) == phone) &&
		(q.ExternalID == "" || strings.TrimSpace(q.ExternalID) == strings.TrimSpace(p.ExternalID))
}

// personFile is empty when none of the candidates fits.
func (s *Store) personFile(ctx context.Context, tx pgx.Tx, incident string, people []sealedPerson, q PersonQuery) (out PersonFile, err error) {
	states, err := s.statesOf(ctx, tx, incident, people, anyVersion)
	if err != nil {
		return out, err
	}
	subjects, err := s.subjects(ctx, tx, incident, people, states)
	if err != nil {
		return out, err
	}
	for i, sub := range subjects {
		switch {
		case !q.fits(sub.Person):
		case out.Subject.ID == 0:
			out.Subject, out.Wave = sub, people[i].wave
		default:
			out.Others = append(out.Others, sub.ID)
		}
	}
	if out.Subject.ID == 0 {
		return out, nil
	}
	out.History, err = collect(ctx, tx, func(row pgx.CollectableRow) (h PersonStep, err error) {
		err = row.Scan(&h.At, &h.What, &h.Channel, &h.Try, &h.State, &h.Reason, &h.By)
		h.At = h.At.UTC()
		return h, err
	}, `SELECT at, what, channel, try, state, reason, by_whom FROM (
			SELECT at, 0 AS kind, seq, 'attempt' AS what, channel, try, state, reason, provider AS by_whom
				FROM outcome_each WHERE incident = $1 AND block = $3 AND person = $2
			UNION ALL SELECT at, 1, seq, 'outcome', '', 0, outcome, reason, by_actor
				FROM person_outcome_each WHERE incident = $1 AND block = $3 AND person = $2
			UNION ALL SELECT at, 2, 0, 'refusal', channel, 0, 'refused', reason, provider
				FROM refusal WHERE incident = $1 AND person = $2
			UNION ALL SELECT ended_at, 3, 0, 'refusal', channel, 0, 'reopened', 'started', provider
				FROM refusal WHERE incident = $1 AND person = $2 AND ended_at IS NOT NULL) h
		ORDER BY at, kind, seq`, incident, out.Subject.ID, blockOf(out.Subject.ID))
	return out, err
}
