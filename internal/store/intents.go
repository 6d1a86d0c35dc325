package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// intentGroup is one row of intents: people of one block to whom the same text goes by the same provider.
type intentGroup struct {
	under                              leaseKey
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

// insert writes the row. Attempts whose provider calls back are found by their id; mail servers do not.
func (g *intentGroup) insert(out *pgx.Batch, l *breach.Lease) {
	args := append(own(l), g.addressee, g.provider, g.text, g.persons, g.tries, g.attempts, g.ats)
	const row = `INSERT INTO intent (incident, wave, channel, round, block, owner, epoch, addressee, provider, text_hash, persons, tries, attempts, ats)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	sql := row
	if l.Channel != breach.Email {
		sql = `WITH i AS (` + row + ` RETURNING seq, attempts) INSERT INTO attempt_ref (id, intent) SELECT unnest(attempts), seq FROM i`
	}
	out.Queue(sql, args...)
}

func intents(ctx context.Context, q querier, incident, where string, args ...any) ([]*intentGroup, error) {
	return collect(ctx, q, func(row pgx.CollectableRow) (*intentGroup, error) {
		var g intentGroup
		err := row.Scan(&g.under.owner, &g.under.round, &g.under.epoch, &g.channel, &g.addressee, &g.provider, &g.text, &g.persons, &g.tries, &g.attempts, &g.ats)
		return &g, err
	}, `SELECT owner, round, epoch, channel, addressee, provider, text_hash, persons, tries, attempts, ats FROM intent
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
			if p := states[in.Person]; p != nil {
				p.intended(in, g.under)
			}
		}
	}
	return nil
}

// attemptOf finds what an opaque attempt id stands for; incident is empty when nobody here knows it. Attempts by
// email are in no index, which would cost more than all else that is written of them: they are looked for.
func attemptOf(ctx context.Context, q querier, attemptID string) (incident string, in breach.Intent, err error) {
	for _, where := range []string{
		`seq = (SELECT intent FROM attempt_ref WHERE id = $1)`,
		`channel = 'email' AND attempts @> ARRAY[$1]`,
	} {
		var person *int64
		err = q.QueryRow(ctx, `SELECT incident, addressee, channel, provider, text_hash,
				persons[array_position(attempts, $1)], tries[array_position(attempts, $1)]
			FROM intent WHERE `+where+` LIMIT 1`, attemptID).
			Scan(&incident, &in.Addressee, &in.Channel, &in.Provider, &in.Text, &person, &in.Try)
		if isNoRows(err) {
			continue
		}
		if err != nil {
			return "", in, err
		}
		in.Person, in.AttemptID = *person, attemptID
		return incident, in, nil
	}
	return "", in, nil
}
