package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Retained lists closed incidents whose processors were not told to delete since they were closed.
func (s *Store) Retained(ctx context.Context) ([]breach.Retained, error) {
	list, err := collect(ctx, s.pool, func(row pgx.CollectableRow) (r breach.Retained, err error) {
		err = row.Scan(&r.Incident, &r.Policy, &r.ClosedAt)
		r.ClosedAt = r.ClosedAt.UTC()
		return r, err
	}, `SELECT id, policy, closed_at FROM incident i WHERE state = 'closed' AND closed_at IS NOT NULL
		AND NOT EXISTS (SELECT FROM erasure e WHERE e.incident = i.id AND e.began_at >= i.closed_at) ORDER BY closed_at, id`)
	return list, clean("list closed incidents", err)
}

// BeginErasure notes for every provider of a closed incident how it is told to delete what it got, and which messages
// it has an id for. The same again adds what came since and changes nothing else. breach.ErrConflict for an incident
// that is not closed.
func (s *Store) BeginErasure(ctx context.Context, incident string, terms []breach.ErasureTerm, by string, at time.Time) error {
	return s.inTx(ctx, "begin to delete at processors", func(tx pgx.Tx) error {
		var state breach.IncidentState
		var closed *time.Time
		err := tx.QueryRow(ctx, `SELECT state, closed_at FROM incident WHERE id = $1 FOR NO KEY UPDATE`, incident).Scan(&state, &closed)
		switch {
		case isNoRows(err):
			return notFound("there is no such incident in the ledger")
		case err != nil:
			return err
		case state != breach.IncidentClosed || closed == nil:
			return breach.Errorf(breach.ErrConflict, "the incident is not closed; processors keep what they need until it is")
		}
		for _, term := range terms {
			if err := beginAt(ctx, tx, incident, term, instant(at)); err != nil {
				return err
			}
		}
		return appendAudit(ctx, tx, incident, note{"processors.begun/" + closed.UTC().Format(time.RFC3339Nano), by, "processors.begun", facts{"providers": len(terms)}, at})
	})
}

// beginAt counts what a provider has, or may have: what it refused, it does not.
func beginAt(ctx context.Context, tx pgx.Tx, incident string, term breach.ErasureTerm, at time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO erasure (incident, provider, how, messages, began_at)
		SELECT $1, $2, $3, count(*), $4 FROM (SELECT DISTINCT person, addressee, channel, try FROM outcome_each WHERE incident = $1 AND provider = $2
			AND (provider_ref <> '' OR state IN ('handed_over', 'accepted', 'delivered', 'unknown') OR (state = 'reconciled' AND settlement <> 'repeated'))) a
		ON CONFLICT (incident, provider) DO UPDATE SET messages = excluded.messages, began_at = excluded.began_at`,
		incident, term.Provider, term.How, at)
	if err != nil || term.How == "request" { // a person asks
		return err
	}
	if term.How == "nothing" {
		_, err = tx.Exec(ctx, `UPDATE erasure SET done_at = $3 WHERE incident = $1 AND provider = $2`, incident, term.Provider, at)
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO erasure_item (incident, provider, ref, next_at)
		SELECT DISTINCT $1, $2, provider_ref, $3::timestamptz FROM outcome_each WHERE incident = $1 AND provider = $2 AND provider_ref <> ''
		ON CONFLICT DO NOTHING`, incident, term.Provider, at)
	if err != nil {
		return err
	}
	return erasedAll(ctx, tx, incident, term.Provider, at)
}

// erasureLease is for how long whoever took messages may take to have them deleted.
const erasureLease = 5 * time.Minute

// TakeErasures takes up to n messages that a provider is to be told to delete now. Whoever takes them has a few minutes;
// what is not answered by then is taken again.
func (s *Store) TakeErasures(ctx context.Context, n int, now time.Time) ([]breach.ErasureItem, error) {
	list, err := collect(ctx, s.pool, pgx.RowToStructByPos[breach.ErasureItem], `WITH picked AS (
			SELECT incident, provider, ref FROM erasure_item WHERE state = 'open' AND next_at <= $2 ORDER BY next_at LIMIT $1 FOR UPDATE SKIP LOCKED)
		UPDATE erasure_item i SET tries = tries + 1, next_at = $3 FROM picked p, erasure e
		WHERE i.incident = p.incident AND i.provider = p.provider AND i.ref = p.ref AND e.incident = i.incident AND e.provider = i.provider
		RETURNING i.incident, i.provider, e.how, i.ref, i.tries`, n, instant(now), instant(now.Add(erasureLease)))
	return list, clean("take what is to be deleted", err)
}

// Erased notes what became of one message: deleted, kept (the provider will not), or open until it is tried again at next.
// When it was the last one, that the provider is done stands on the record.
func (s *Store) Erased(ctx context.Context, it breach.ErasureItem, state, detail string, next, now time.Time) error {
	return s.inTx(ctx, "note what was deleted", func(tx pgx.Tx) error {
		// Whoever notes the last one must see the others.
		if _, err := tx.Exec(ctx, `SELECT FROM erasure WHERE incident = $1 AND provider = $2 FOR NO KEY UPDATE`, it.Incident, it.Provider); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `UPDATE erasure_item SET state = $4, detail = $5, next_at = $6 WHERE incident = $1 AND provider = $2 AND ref = $3 AND state = 'open'`,
			it.Incident, it.Provider, it.Ref, state, plain(detail, detailLimit), instant(next))
		if err != nil || tag.RowsAffected() == 0 || state == "open" {
			return err
		}
		return erasedAll(ctx, tx, it.Incident, it.Provider, instant(now))
	})
}

// erasedAll notes that nothing is open at a provider any more, once.
func erasedAll(ctx context.Context, tx pgx.Tx, incident, provider string, at time.Time) error {
	tag, err := tx.Exec(ctx, `UPDATE erasure e SET done_at = $3 WHERE incident = $1 AND provider = $2 AND (done_at IS NULL OR done_at < began_at)
		AND NOT EXISTS (SELECT FROM erasure_item i WHERE i.incident = $1 AND i.provider = $2 AND i.state = 'open')`, incident, provider, at)
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	e, err := erasures(ctx, tx, incident)
	if err != nil {
		return err
	}
	told := e[provider]
	return appendAudit(ctx, tx, incident, note{"", engineActor, "processors.deleted",
		facts{"provider": provider, "how": told.How, "deleted": told.Deleted, "kept": told.Kept + told.Unnamed, "messages": told.Messages}, at})
}

// RequestedErasure notes that a person asked a provider, by its contract, to delete what it got. breach.ErrNotFound for a
// provider that is not asked like this.
func (s *Store) RequestedErasure(ctx context.Context, incident, provider, reference string, by breach.Actor, at time.Time) error {
	return s.inTx(ctx, "note a request to delete", func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE erasure SET requested_at = $3, requested_by = $4, reference = $5, done_at = $3
			WHERE incident = $1 AND provider = $2 AND how = 'request'`, incident, provider, instant(at), by.ID, plain(reference, detailLimit))
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return notFound("no provider of that name waits for a request to delete")
		}
		return appendAudit(ctx, tx, incident, note{"", by.ID, "processors.requested", facts{"provider": provider, "reference": plain(reference, detailLimit), "by_role": by.Role}, at})
	})
}

// Erasures says of each provider that was told how far it is.
func (s *Store) Erasures(ctx context.Context, incident string) (map[string]breach.ProcessorErased, error) {
	out, err := erasures(ctx, s.pool, incident)
	return out, clean("look what was deleted", err)
}

func erasures(ctx context.Context, q querier, incident string) (map[string]breach.ProcessorErased, error) {
	out := map[string]breach.ProcessorErased{}
	rows, err := q.Query(ctx, `SELECT e.provider, e.how, e.messages, e.began_at, CASE WHEN e.done_at >= e.began_at THEN e.done_at END,
			e.requested_at, e.requested_by, e.reference,
			count(*) FILTER (WHERE i.state = 'deleted'), count(*) FILTER (WHERE i.state = 'kept'), count(*) FILTER (WHERE i.state = 'open')
		FROM erasure e LEFT JOIN erasure_item i USING (incident, provider) WHERE e.incident = $1
		GROUP BY e.incident, e.provider ORDER BY e.provider`, incident)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var provider string
		var e breach.ProcessorErased
		if err := rows.Scan(&provider, &e.How, &e.Messages, &e.BeganAt, &e.DoneAt, &e.RequestedAt, &e.RequestedBy, &e.Reference, &e.Deleted, &e.Kept, &e.Open); err != nil {
			return nil, err
		}
		e.BeganAt = e.BeganAt.UTC()
		if e.How == "delete" || e.How == "redact" {
			e.Unnamed = max(0, e.Messages-e.Deleted-e.Kept-e.Open)
		}
		out[provider] = e
	}
	return out, rows.Err()
}

// RefusedTo counts whose contacts the policy kept from providers.
func (s *Store) RefusedTo(ctx context.Context, incident string) ([]breach.RefusedTo, error) {
	list, err := collect(ctx, s.pool, pgx.RowToStructByPos[breach.RefusedTo], `SELECT channel, provider, reason, count(DISTINCT person)
		FROM refusal WHERE incident = $1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`, incident)
	return list, clean("count the refusals", err)
}

// HandedTo counts all messages of an incident by channel, provider and country of the person.
func (s *Store) HandedTo(ctx context.Context, incident string) ([]breach.Handed, error) {
	list, err := handed(ctx, s.pool, incident, nil)
	return list, clean("count who got what", err)
}
