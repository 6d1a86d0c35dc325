package store

import (
	"context"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// placeOf is where a person stands in their block, from 0.
func placeOf(person int64) int16 { return int16((person - 1) % breach.BlockSize) }

// personAt is the inverse.
func personAt(block int64, place int16) int64 { return (block-1)*breach.BlockSize + int64(place) + 1 }

// together are people of one block of whom the same is said, about the same time: one row.
type together[K comparable, V any] struct {
	same        K
	at          time.Time // the first instant
	places      []int16
	later       []int32 // microseconds after it
	first, last int32   // of later
	each        []V
}

// until is the last instant.
func (r *together[K, V]) until() time.Time { return when(r.at, r.last) }

// takes reports whether an instant so much later fits into the row.
func (r *together[K, V]) takes(later time.Duration) bool {
	first := min(later, time.Duration(r.first)*time.Microsecond)
	last := max(later, time.Duration(r.last)*time.Microsecond)
	return last-first <= mostLater
}

// settle lets instants count from the first.
func (r *together[K, V]) settle() {
	if r.first == 0 {
		return
	}
	for i := range r.later {
		r.later[i] -= r.first
	}
	r.at, r.first, r.last = when(r.at, r.first), 0, r.last-r.first
}

// gather makes rows out of what is said of single people of a block, one call a person and fact. What is said
// of one person stays in its order.
type gather[K comparable, V any] struct {
	rows []*together[K, V]
	open map[K]*together[K, V]
	seen [breach.BlockSize]bool // by place
}

const mostLater = math.MaxInt32 * time.Microsecond

func (g *gather[K, V]) add(same K, person int64, at time.Time, v V) {
	place := placeOf(person)
	if g.open == nil || g.seen[place] {
		g.open, g.seen = map[K]*together[K, V]{}, [breach.BlockSize]bool{}
	}
	g.seen[place] = true
	r := g.open[same]
	if r == nil || !r.takes(at.Sub(r.at)) {
		r = &together[K, V]{same: same, at: at}
		g.open[same] = r
		g.rows = append(g.rows, r)
	}
	later := int32(at.Sub(r.at) / time.Microsecond)
	r.places = append(r.places, place)
	r.later = append(r.later, later)
	r.first, r.last = min(r.first, later), max(r.last, later)
	r.each = append(r.each, v)
}

// settled are the rows when everything was said.
func (g *gather[K, V]) settled() []*together[K, V] {
	for _, r := range g.rows {
		r.settle()
	}
	return g.rows
}

// when is the instant of one of those who stand in a row.
func when(at time.Time, later int32) time.Time {
	return at.UTC().Add(time.Duration(later) * time.Microsecond)
}

// sameOutcome is what outcomes have in common that stand in one row.
type sameOutcome struct {
	addressee        breach.Addressee
	channel          breach.Channel
	try              int
	state            breach.AttemptState
	settlement       breach.Settlement
	from             breach.AttemptState
	moved            bool
	reason, provider string
	epoch            int
}

// said is what a provider said of one attempt.
type said struct{ detail, ref string }

func appendOutcomes(out *pgx.Batch, block blockKey, version int64, rows []outcomeRow) {
	var g gather[sameOutcome, said]
	for i := range rows {
		e := &rows[i]
		g.add(sameOutcome{e.Addressee, e.Channel, e.Try, e.State, e.Settlement, e.from, e.moved, e.Reason, e.Provider, e.Epoch},
			e.Person, e.At, said{e.Detail, e.ProviderRef})
	}
	for part, r := range g.settled() {
		k := &r.same
		var from *string
		if k.moved {
			s := string(k.from)
			from = &s
		}
		out.Queue(`INSERT INTO outcome (incident, block, version, part, addressee, channel, try, state, settlement, moved_from, reason, provider, epoch, at, until, places, later, details, refs)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
			block.incident, block.no, version, part, string(k.addressee), string(k.channel), k.try, string(k.state), string(k.settlement), from,
			k.reason, k.provider, k.epoch, r.at, r.until(), r.places, r.later, texts(r.each, func(s said) string { return s.detail }), texts(r.each, func(s said) string { return s.ref }))
	}
}

// texts is nil where none says anything.
func texts(each []said, of func(said) string) []string {
	var out []string
	for i, s := range each {
		if t := of(s); t != "" {
			if out == nil {
				out = make([]string, len(each))
			}
			out[i] = t
		}
	}
	return out
}

type sameChange struct {
	to         breach.Outcome
	reason, by string
}

func appendChanges(out *pgx.Batch, block blockKey, version int64, changes []change) {
	var g gather[sameChange, struct{}]
	for i := range changes {
		c := &changes[i]
		g.add(sameChange{c.to, plain(c.reason, 120), c.by}, c.person, instant(c.at), struct{}{})
	}
	for part, r := range g.settled() {
		out.Queue(`INSERT INTO person_outcome (incident, block, version, part, outcome, reason, by_actor, at, places, later)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			block.incident, block.no, version, part, string(r.same.to), r.same.reason, r.same.by, r.at, r.places, r.later)
	}
}

// few is up to how many people are looked for by name; of more, whole blocks are read.
const few = 64

func placesOf(ids []int64) []int16 {
	if len(ids) > few {
		return nil
	}
	out := make([]int16, len(ids))
	for i, id := range ids {
		out[i] = placeOf(id)
	}
	return out
}

// readEvents folds the events of people into their states, in the order in which they were appended.
func readEvents(ctx context.Context, tx pgx.Tx, incident string, ids []int64, states map[int64]*personState) error {
	rows, err := tx.Query(ctx, `SELECT k, addressee, channel, try, state, settlement, reason, provider, at, places, later, refs
		FROM unnest($2::bigint[]) k JOIN LATERAL (SELECT * FROM outcome WHERE incident = $1 AND block = k
			AND ($3::smallint[] IS NULL OR places && $3) OFFSET 0) o ON true ORDER BY k, version, part`,
		incident, blocksOfPeople(ids), placesOf(ids))
	if err != nil {
		return err
	}
	var block int64
	var e breach.AttemptEvent
	var at time.Time
	var places []int16
	var later []int32
	var refs []string
	_, err = pgx.ForEachRow(rows, []any{&block, &e.Addressee, &e.Channel, &e.Try, &e.State, &e.Settlement, &e.Reason, &e.Provider, &at, &places, &later, &refs}, func() error {
		for i, place := range places {
			p := states[personAt(block, place)]
			if p == nil {
				continue
			}
			e.Person, e.At, e.ProviderRef = p.id, when(at, later[i]), ""
			if refs != nil {
				e.ProviderRef = refs[i]
			}
			p.take(e)
		}
		return nil
	})
	return err
}

// readChanges sets people to their present outcomes.
func readChanges(ctx context.Context, tx pgx.Tx, incident string, ids []int64, states map[int64]*personState) error {
	rows, err := tx.Query(ctx, `SELECT k, outcome, reason, at, places, later
		FROM unnest($2::bigint[]) k JOIN LATERAL (SELECT * FROM person_outcome WHERE incident = $1 AND block = k
			AND ($3::smallint[] IS NULL OR places && $3) OFFSET 0) o ON true ORDER BY k, version, part`,
		incident, blocksOfPeople(ids), placesOf(ids))
	if err != nil {
		return err
	}
	var block int64
	var to breach.Outcome
	var reason string
	var at time.Time
	var places []int16
	var later []int32
	_, err = pgx.ForEachRow(rows, []any{&block, &to, &reason, &at, &places, &later}, func() error {
		for i, place := range places {
			if p := states[personAt(block, place)]; p != nil {
				p.outcome, p.reason, p.outcomeAt = to, reason, when(at, later[i])
			}
		}
		return nil
	})
	return err
}
