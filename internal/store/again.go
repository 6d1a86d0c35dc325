package store

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// commandAgain is how the protocol names the update that carries a decision to try again out.
const commandAgain = "again"

// DecideAgain records a person's decision to try those again whom no channel reached, with what it was measured to
// come to, and queues the command for the workflow in the same transaction. breach.ErrConflict for an incident
// that is closed, after a stop, and while an earlier decision is being carried out. The same id again changes
// nothing.
func (s *Store) DecideAgain(ctx context.Context, incident string, d breach.Retry, measured breach.Retried, by breach.Actor, at time.Time) error {
	return s.inTx(ctx, "record the decision to try again", func(tx pgx.Tx) error {
		inc, err := incidentRow(ctx, tx, incident, "FOR NO KEY UPDATE")
		if err != nil {
			return err
		}
		var same, other, stopped bool
		err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM try_again WHERE id = $2 AND incident = $1),
			EXISTS (SELECT FROM try_again t WHERE t.incident = $1 AND `+openAgain+`), stopped FROM incident WHERE id = $1`,
			incident, d.ID).Scan(&same, &other, &stopped)
		switch {
		case err != nil || same:
			return err
		case inc.State == breach.IncidentClosed:
			return breach.Errorf(breach.ErrConflict, "the incident is closed; reopen it first")
		case stopped:
			return breach.Errorf(breach.ErrConflict, "sending was stopped for good, so nobody is tried again; tell these people in another way, or decide about them with a reason")
		case other:
			return breach.Errorf(breach.ErrConflict, "an earlier decision to try again is being carried out; look again in a moment")
		}
		_, err = tx.Exec(ctx, `INSERT INTO try_again (id, incident, reason, channel, by_actor, at) VALUES ($1, $2, $3, $4, $5, $6)`,
			d.ID, incident, d.Reason, d.Channel, by.ID, instant(at))
		if err != nil {
			return err
		}
		payload, err := json.Marshal(map[string]any{"id": d.ID, "actor": by.ID, "role": by.Role})
		if err != nil {
			return err
		}
		if err := queueCommand(ctx, tx, incident, d.ID, commandAgain, payload); err != nil {
			return err
		}
		return appendAudit(ctx, tx, incident, note{"", by.ID, "send.again", facts{
			"decision": d.ID, "by_role": by.Role, "reason": d.Reason, "channel": d.Channel, "why": d.Why,
			"people": measured.People, "covered": measured.Covered, "stays": measured.Stays,
		}, at})
	})
}

// openAgain picks decisions, named t, of which nothing has come yet.
const openAgain = `NOT EXISTS (SELECT FROM audit a WHERE a.incident = t.incident AND a.note_key = 'again/' || t.id)`

// OpenRetries lists the decisions to try again that were not carried out yet, the oldest first.
func (s *Store) OpenRetries(ctx context.Context, incident string) ([]string, error) {
	list, err := collect(ctx, s.pool, pgx.RowTo[string], `SELECT id FROM try_again t WHERE t.incident = $1 AND `+openAgain+` ORDER BY at, id`, incident)
	return list, clean("list the decisions to try again", err)
}

// Retry returns a decision to try again and who took it; breach.ErrNotFound.
func (s *Store) Retry(ctx context.Context, incident, id string) (d breach.Retry, by string, err error) {
	err = s.pool.QueryRow(ctx, `SELECT id, reason, channel, by_actor FROM try_again WHERE incident = $1 AND id = $2`, incident, id).
		Scan(&d.ID, &d.Reason, &d.Channel, &by)
	if isNoRows(err) {
		return d, "", notFound("there is no such decision to try again")
	}
	return d, by, clean("read the decision to try again", err)
}

// StartAfresh sets people back to be told, counts their tries anew, and keeps the tallies, once per decision and
// person. Who is neither unreachable nor covered any more is left alone: a receipt came, or a person decided.
// breach.ErrConflict when the incident was closed or sending was stopped meanwhile.
func (s *Store) StartAfresh(ctx context.Context, incident, decision, by string, list []breach.FreshStart, at time.Time) error {
	if len(list) == 0 {
		return nil
	}
	ids := make([]int64, len(list))
	for i, f := range list {
		ids[i] = f.Person
	}
	return s.inTx(ctx, "set people back to be told", func(tx pgx.Tx) error {
		if err := lockLists(ctx, tx, incident); err != nil { // an incident must not close over them
			return err
		}
		var over bool
		if err := tx.QueryRow(ctx, `SELECT stopped OR state = 'closed' FROM incident WHERE id = $1`, incident).Scan(&over); err != nil {
			return err
		}
		if over {
			return breach.Errorf(breach.ErrConflict, "the incident is closed, or sending was stopped for good")
		}
		l, err := lockPeople(ctx, tx, incident, ids)
		if err != nil {
			return err
		}
		done, err := collect(ctx, tx, pgx.RowTo[int64], `SELECT DISTINCT person FROM fresh_start WHERE incident = $1 AND decision = $2 AND person = ANY($3)`,
			incident, decision, ids)
		if err != nil {
			return err
		}
		rules, err := sufficiency(ctx, tx, incident)
		if err != nil {
			return err
		}
		r := restart{rules: rules, by: by, at: at}
		for _, f := range list {
			p := l.states[f.Person]
			if !slices.Contains(done, f.Person) && (p.outcome == breach.Unreachable || p.outcome == breach.Covered) {
				r.take(p, f)
			}
		}
		if len(r.changes) == 0 {
			return nil
		}
		out := &pgx.Batch{}
		r.insert(out, incident, decision)
		write(out, l.moves(nil, r.changes))
		return tx.SendBatch(ctx, out).Close()
	})
}

// restart gathers what one call sets back.
type restart struct {
	rules   breach.Sufficiency
	by      string
	at      time.Time
	changes []change

	persons                   []int64
	addressees, channels, was []string
	tries                     []int32
}

func (r *restart) take(p *personState, f breach.FreshStart) {
	was := p.outcome
	changes := p.decide(breach.PersonEvent{Person: f.Person, Outcome: breach.Pending, Reason: breach.TriedAgain, By: r.by, At: r.at}, r.rules)
	if len(changes) == 0 {
		return
	}
	r.changes = append(r.changes, changes...)
	ways := f.Ways
	if len(ways) == 0 {
		ways = []breach.TriedWay{{}}
	}
	for _, w := range ways {
		r.persons, r.addressees, r.channels = append(r.persons, f.Person), append(r.addressees, string(w.Addressee)), append(r.channels, string(w.Channel))
		r.tries, r.was = append(r.tries, int32(w.Try)), append(r.was, string(was))
	}
}

func (r *restart) insert(out *pgx.Batch, incident, decision string) {
	out.Queue(`INSERT INTO fresh_start (incident, person, decision, addressee, channel, try, was)
		SELECT $1, k.person, $2, k.addressee, k.channel, k.try, k.was
		FROM unnest($3::bigint[], $4::text[], $5::text[], $6::int[], $7::text[]) k(person, addressee, channel, try, was)`,
		incident, decision, r.persons, r.addressees, r.channels, r.tries, r.was)
}

// Restarted counts the people whom a decision to try again set back, those of them whom an announcement covered,
// and the lists that they are on.
func (s *Store) Restarted(ctx context.Context, incident, decision string) (people, covered int64, waves []int, err error) {
	var lists []int32
	err = s.pool.QueryRow(ctx, `WITH f AS (SELECT DISTINCT person, was FROM fresh_start WHERE incident = $1 AND decision = $2)
		SELECT count(*), count(*) FILTER (WHERE was = 'covered_by_announcement'),
			coalesce(array_agg(DISTINCT b.wave ORDER BY b.wave), '{}')
		FROM f JOIN block b ON b.incident = $1 AND b.no = (f.person - 1) / $3 + 1`, incident, decision, int64(breach.BlockSize)).
		Scan(&people, &covered, &lists)
	for _, n := range lists {
		waves = append(waves, int(n))
	}
	return people, covered, waves, clean("count who is tried again", err)
}

// markPast says of attempts that a person decided after them to try again. People are in the order of their
// numbers.
func markPast(ctx context.Context, q querier, incident string, people []breach.Subject) error {
	if len(people) == 0 {
		return nil
	}
	rows, err := q.Query(ctx, `SELECT person, addressee, channel, max(try) FROM fresh_start WHERE incident = $1 AND person BETWEEN $2 AND $3
		GROUP BY 1, 2, 3`, incident, people[0].ID, people[len(people)-1].ID)
	if err != nil {
		return err
	}
	var person int64
	var w breach.TriedWay
	_, err = pgx.ForEachRow(rows, []any{&person, &w.Addressee, &w.Channel, &w.Try}, func() error {
		i, found := slices.BinarySearchFunc(people, person, func(s breach.Subject, id int64) int { return cmp.Compare(s.ID, id) })
		if !found {
			return nil
		}
		for j := range people[i].Attempts {
			a := &people[i].Attempts[j]
			a.Past = a.Past || (a.Addressee == w.Addressee && a.Channel == w.Channel && a.Try <= w.Try)
		}
		return nil
	})
	return err
}
