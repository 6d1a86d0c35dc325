package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// intentGroup is one row of intents: people of one block to whom the same text goes by the same provider.
type intentGroup struct {
	sameIntent
	under    leaseKey
	channel  breach.Channel
	block    int64
	places   []int16
	attempts []string
}

type sameIntent struct {
	addressee      breach.Addressee
	provider, text string
	try            int
	at             time.Time // as instant makes it
}

func (g *intentGroup) each() []breach.Intent {
	out := make([]breach.Intent, len(g.places))
	for i, place := range g.places {
		out[i] = breach.Intent{
			Person: personAt(g.block, place), Addressee: g.addressee, Channel: g.channel, Try: g.try,
			AttemptID: g.attempts[i], Provider: g.provider, Text: g.text, At: g.at,
		}
	}
	return out
}

func groupIntents(list []breach.Intent) []*intentGroup {
	var out []*intentGroup
	byKey := map[sameIntent]*intentGroup{}
	for _, in := range list {
		k := sameIntent{in.Addressee, in.Provider, in.Text, in.Try, instant(in.At)}
		g := byKey[k]
		if g == nil {
			g = &intentGroup{sameIntent: k, channel: in.Channel, places: make([]int16, 0, len(list)), attempts: make([]string, 0, len(list))}
			byKey[k] = g
			out = append(out, g)
		}
		g.places, g.attempts = append(g.places, placeOf(in.Person)), append(g.attempts, in.AttemptID)
	}
	return out
}

// insert writes the row. Attempts whose provider calls back are found by their id; mail servers do not.
func (g *intentGroup) insert(out *pgx.Batch, l *breach.Lease) {
	args := append(own(l), string(g.addressee), g.provider, g.text, g.try, g.at, g.places, g.attempts)
	const row = `INSERT INTO intent (incident, wave, channel, round, block, owner, epoch, addressee, provider, text_hash, try, at, places, attempts)
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
		err := row.Scan(&g.under.owner, &g.under.round, &g.under.epoch, &g.channel, &g.block, &g.addressee, &g.provider, &g.text, &g.try, &g.at, &g.places, &g.attempts)
		g.at = g.at.UTC()
		return &g, err
	}, `SELECT owner, round, epoch, channel, block, addressee, provider, text_hash, try, at, places, attempts FROM intent
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
		if incident, in, err = findAttempt(ctx, q, where, attemptID); err != nil || incident != "" {
			return incident, in, err
		}
	}
	return "", in, nil
}

// findAttempt finds an attempt where it is said to be, with the id as $1 and more behind it.
func findAttempt(ctx context.Context, q querier, where, attemptID string, more ...any) (incident string, in breach.Intent, err error) {
	var person *int64
	err = q.QueryRow(ctx, `SELECT incident, addressee, channel, provider, text_hash,
			(block - 1) * 1000 + places[array_position(attempts, $1)] + 1, try
		FROM intent WHERE `+where+` LIMIT 1`, append([]any{attemptID}, more...)...).
		Scan(&incident, &in.Addressee, &in.Channel, &in.Provider, &in.Text, &person, &in.Try)
	if isNoRows(err) {
		return "", breach.Intent{}, nil
	}
	if err != nil {
		return "", in, err
	}
	in.Person, in.AttemptID = *person, attemptID
	return incident, in, nil
}
