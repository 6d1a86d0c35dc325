package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// intentGroup is one row of intents: people of one block to whom the same text goes by the same provider.
type intentGroup struct {
	channel, addressee, provider, text string
	persons                            []int64
	tries                              []int32
	attempts                           []string
	ats                                []time.Time
}

func (g *intentGroup) each() []breach.Intent {
	out := make([]breach.Intent, len(g.persons))
	for i := range out {
		out[i] = breach.Intent{
			Person: g.persons[i], Addressee: breach.Addressee(g.addressee), Channel: breach.Channel(g.channel), Try: int(g.tries[i]),
			AttemptID: g.attempts[i], Provider: g.provider, Text: g.text, At: g.ats[i].UTC(),
		}
	}
	return out
}

func groupIntents(list []breach.Intent) []*intentGroup {
	type key struct{ addressee, provider, text string }
	var out []*intentGroup
	byKey := map[key]*intentGroup{}
	for _, in := range list {
		k := key{string(in.Addressee), in.Provider, in.Text}
		g := byKey[k]
		if g == nil {
			g = &intentGroup{channel: string(in.Channel), addressee: k.addressee, provider: k.provider, text: k.text}
			byKey[k] = g
			out = append(out, g)
		}
		g.persons, g.tries = append(g.persons, in.Person), append(g.tries, int32(in.Try))
		g.attempts, g.ats = append(g.attempts, in.AttemptID), append(g.ats, instant(in.At))
	}
	return out
}

func (g *intentGroup) insert(ctx context.Context, tx pgx.Tx, l *breach.Lease) error {
	_, err := tx.Exec(ctx, `WITH i AS (
			INSERT INTO intent (incident, wave, channel, round, block, owner, epoch, addressee, provider, text_hash, persons, tries, attempts, ats)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING seq, attempts)
		INSERT INTO attempt_ref (id, intent) SELECT unnest(attempts), seq FROM i`,
		append(own(l), g.addressee, g.provider, g.text, g.persons, g.tries, g.attempts, g.ats)...)
	return err
}

// freshIntents leaves out what this lease intended before, and refuses what another one did.
func freshIntents(ctx context.Context, tx pgx.Tx, l *breach.Lease, list []breach.Intent) ([]breach.Intent, error) {
	ids := make([]string, len(list))
	for i, in := range list {
		ids[i] = in.AttemptID
	}
	rows, err := tx.Query(ctx, `SELECT r.id, i.incident = $2 AND i.block = $3 AND i.round = $4 AND i.owner = $5 AND i.epoch = $6
		FROM attempt_ref r JOIN intent i ON i.seq = r.intent WHERE r.id = ANY($1)`, ids, l.Incident, l.Block.No, l.Round, l.Owner, l.Epoch)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	var id string
	var ours bool
	_, err = pgx.ForEachRow(rows, []any{&id, &ours}, func() error {
		if !ours {
			return breach.Errorf(breach.ErrConflict, "an attempt of block %d was intended before under another lease: it may have been sent", l.Block.No)
		}
		there[id] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	fresh := make([]breach.Intent, 0, len(list))
	for _, in := range list {
		if !there[in.AttemptID] {
			there[in.AttemptID] = true
			fresh = append(fresh, in)
		}
	}
	return fresh, nil
}

func intents(ctx context.Context, q querier, incident, where string, args ...any) ([]*intentGroup, error) {
	return collect(ctx, q, func(row pgx.CollectableRow) (*intentGroup, error) {
		var g intentGroup
		err := row.Scan(&g.channel, &g.addressee, &g.provider, &g.text, &g.persons, &g.tries, &g.attempts, &g.ats)
		return &g, err
	}, `SELECT channel, addressee, provider, text_hash, persons, tries, attempts, ats FROM intent
		WHERE incident = $1 AND `+where+` ORDER BY seq`, append([]any{incident}, args...)...)
}

// addIntents adds what was intended to the states of people: provider, text and instant, and attempts to
// which nothing has happened yet.
func addIntents(ctx context.Context, q querier, incident string, states map[int64]*personState) error {
	ids := make([]int64, 0, len(states))
	for id := range states {
		ids = append(ids, id)
	}
	var groups []*intentGroup
	for _, no := range blocksOfPeople(ids) {
		list, err := intents(ctx, q, incident, `block = $2`, no)
		if err != nil {
			return err
		}
		groups = append(groups, list...)
	}
	for _, g := range groups {
		for _, in := range g.each() {
			p := states[in.Person]
			if p == nil {
				continue
			}
			t := p.trial(attemptKey{in.Addressee, in.Channel, in.Try})
			t.IntendedAt, t.attemptID, t.text = in.At, in.AttemptID, in.Text
			if t.Provider == "" {
				t.Provider = in.Provider
			}
			if !t.eventful {
				t.At = in.At
			}
		}
	}
	return nil
}

// attemptOf finds what an opaque attempt id stands for; incident is empty when nobody here knows it.
func attemptOf(ctx context.Context, q querier, attemptID string) (incident string, in breach.Intent, err error) {
	var person *int64
	err = q.QueryRow(ctx, `SELECT i.incident, i.addressee, i.channel, i.provider, i.text_hash,
			i.persons[array_position(i.attempts, r.id)], i.tries[array_position(i.attempts, r.id)]
		FROM attempt_ref r JOIN intent i ON i.seq = r.intent WHERE r.id = $1`, attemptID).
		Scan(&incident, &in.Addressee, &in.Channel, &in.Provider, &in.Text, &person, &in.Try)
	if isNoRows(err) {
		return "", in, nil
	}
	if err != nil {
		return "", in, err
	}
	in.Person, in.AttemptID = *person, attemptID
	return incident, in, nil
}
