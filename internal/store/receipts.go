package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Receipt is a provider's word on an attempt, as its callback brought it. Reason is a code of the
// catalogue; Detail is the provider's text with contacts removed.
type Receipt struct {
	State                       breach.AttemptState
	ProviderRef, Reason, Detail string
}

// SentBy says by which provider of which policy an attempt goes out, email excepted; empty for an attempt that nobody
// here gave away.
func (s *Store) SentBy(ctx context.Context, attemptID string) (provider, policy string, err error) {
	err = s.pool.QueryRow(ctx, `SELECT i.provider, n.policy FROM intent i JOIN incident n ON n.id = i.incident
		WHERE i.seq = (SELECT intent FROM attempt_ref WHERE id = $1)`, plain(attemptID, detailLimit)).Scan(&provider, &policy)
	if isNoRows(err) {
		return "", "", nil
	}
	return provider, policy, clean("find who sends an attempt", err)
}

// RecordReceipt stores what a provider said about an attempt and lets it count. The same word again changes
// nothing. An attempt id that nobody here gave to this provider is kept as an orphan: known is false, and
// it is no error, since the provider would only repeat it.
func (s *Store) RecordReceipt(ctx context.Context, provider, attemptID string, r Receipt, at time.Time) (known bool, err error) {
	provider, attemptID = plain(provider, codeLimit), plain(attemptID, detailLimit)
	event := tidy(breach.AttemptEvent{State: r.State, Reason: r.Reason, Detail: r.Detail, Provider: provider, ProviderRef: r.ProviderRef, At: at})
	switch r.State {
	case breach.HandedOver, breach.Accepted, breach.Delivered, breach.FailedTemporary, breach.FailedPermanent:
	default:
		return false, breach.Errorf(breach.ErrInvalid, "a receipt cannot have the state %q", printable(string(r.State)))
	}
	err = s.inTx(ctx, "record a receipt", func(tx pgx.Tx) error {
		incident, in, err := attemptOf(ctx, tx, attemptID)
		if err != nil {
			return err
		}
		if known = incident != "" && in.Provider == provider; !known {
			incident, in = "", breach.Intent{Provider: provider, AttemptID: attemptID}
		}
		if known && event.State == breach.Accepted {
			late, err := saidMore(ctx, tx, in)
			if err != nil {
				return err
			}
			if late {
				_, err := storeReceipt(ctx, tx, incident, in, event)
				return err
			}
		}
		return takeReceipt(ctx, tx, incident, in, event)
	})
	return known, err
}

// saidMore says that the provider told the end of a message already. A word that comes late on its way, such as "sent"
// after "could not be delivered", is kept and moves nothing: it would call off the next try.
func saidMore(ctx context.Context, tx pgx.Tx, in breach.Intent) (late bool, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM receipt WHERE provider = $1 AND attempt = $2 AND state IN ('delivered', 'failed_temporary', 'failed_permanent'))`,
		in.Provider, in.AttemptID).Scan(&late)
	return late, err
}

// takeReceipt stores a word on an attempt, once, and lets it count when it is of a state that attempts have.
// Without an incident it is an orphan.
func takeReceipt(ctx context.Context, tx pgx.Tx, incident string, in breach.Intent, event breach.AttemptEvent) error {
	fresh, err := storeReceipt(ctx, tx, incident, in, event)
	if err != nil || !fresh || incident == "" || !slices.Contains(breach.AttemptStates, event.State) {
		return err
	}
	event.Person, event.Addressee, event.Channel, event.Try = in.Person, in.Addressee, in.Channel, in.Try
	if err := record(ctx, tx, incident, []breach.AttemptEvent{event}); err != nil || event.State != breach.FailedPermanent {
		return err
	}
	return countLate(ctx, tx, incident, event)
}

func storeReceipt(ctx context.Context, tx pgx.Tx, incident string, in breach.Intent, event breach.AttemptEvent) (fresh bool, err error) {
	var forIncident *string
	var person *int64
	if incident != "" {
		forIncident, person = &incident, &in.Person
	}
	tag, err := tx.Exec(ctx, `INSERT INTO receipt (provider, attempt, state, incident, person, provider_ref, reason, detail, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`, in.Provider, in.AttemptID, event.State,
		forIncident, person, event.ProviderRef, event.Reason, event.Detail, event.At)
	return err == nil && tag.RowsAffected() > 0, err
}

// Unheard is a message that was handed over and of which the provider said nothing final yet.
type Unheard struct {
	Incident, Attempt, Provider, ProviderRef string
	Call                                     bool // one whose script is kept until its end is known
}

// UnheardQuery picks messages by SMS and telephone that were handed over between two instants; the zero value of a field
// picks all.
type UnheardQuery struct {
	Since, Until time.Time
	// Turn of Turns picks those whose turn it is, so that each is picked once in as many.
	Turn, Turns int
	Most        int
}

// UnheardOf picks messages of which the provider said nothing final yet; any of them, at most so many. A call whose end was
// told is none, whatever was heard in it.
func (s *Store) UnheardOf(ctx context.Context, q UnheardQuery) ([]Unheard, error) {
	if q.Until.IsZero() {
		q.Until = time.Now().Add(24 * time.Hour)
	}
	list, err := collect(ctx, s.pool, func(row pgx.CollectableRow) (u Unheard, err error) {
		err = row.Scan(&u.Incident, &u.Attempt, &u.Provider, &u.ProviderRef, &u.Call)
		return u, err
	}, `SELECT incident, attempt, provider, provider_ref, EXISTS (SELECT FROM call c WHERE c.attempt = u.attempt) FROM (
			SELECT DISTINCT i.incident, i.attempts[array_position(i.places, ((o.person - 1) % 1000)::smallint)] AS attempt, o.provider, o.provider_ref
			FROM outcome_each o JOIN intent i ON i.incident = o.incident AND i.block = o.block AND i.channel = o.channel AND i.addressee = o.addressee AND i.try = o.try
			WHERE o.channel IN ('sms', 'voice') AND (o.state = 'handed_over' OR o.state = 'reconciled' AND o.settlement = 'confirmed')
				AND o.provider_ref <> '' AND o.at > $1 AND o.at <= $2) u
		WHERE u.attempt IS NOT NULL AND abs(hashtext(u.attempt)::bigint) % greatest($3, 1) = $4 AND NOT EXISTS (SELECT FROM call c WHERE c.attempt = u.attempt AND (c.script IS NULL OR c.by_people))
			AND (EXISTS (SELECT FROM call c WHERE c.attempt = u.attempt) OR NOT EXISTS (SELECT FROM receipt r WHERE r.attempt = u.attempt
				AND r.state IN ('delivered', 'failed_temporary', 'failed_permanent')))
		ORDER BY random() LIMIT $5`, q.Since, q.Until, q.Turns, q.Turn, q.Most)
	return list, clean("list messages of which nothing was heard", err)
}
