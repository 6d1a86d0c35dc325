package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// BlockOfList is a block with the list that it belongs to.
type BlockOfList struct {
	breach.Block
	Wave int
}

// BlocksFrom lists at most limit blocks of all lists in which somebody behind a number has one of these outcomes,
// in order.
func (s *Store) BlocksFrom(ctx context.Context, incident string, after int64, limit int, outcomes ...breach.Outcome) ([]BlockOfList, error) {
	sum := "0"
	for _, o := range breach.Outcomes { // these names are columns
		if slices.Contains(outcomes, o) {
			sum += " + " + string(o)
		}
	}
	list, err := collect(ctx, s.pool, func(row pgx.CollectableRow) (b BlockOfList, err error) {
		return b, row.Scan(&b.No, &b.Lo, &b.Hi, &b.Digest, &b.Wave)
	}, `SELECT no, lo, hi, digest, wave FROM block WHERE incident = $1 AND hi > $2 AND `+sum+` > 0 ORDER BY no LIMIT $3`, incident, after, limit)
	return list, clean("list the blocks", err)
}

// CountUnreached counts those who are not reached by outcome and, where that is what the outcome rests on, by
// reason; the largest first.
func (s *Store) CountUnreached(ctx context.Context, incident string) ([]breach.UnreachedCount, error) {
	var out []breach.UnreachedCount
	err := s.inSnapshot(ctx, "count who is not reached", func(tx pgx.Tx) error {
		t, err := tally(ctx, tx, incident, 0)
		if err != nil {
			return err
		}
		for _, o := range []breach.Outcome{breach.Pending, breach.Attempted, breach.Held} {
			if t[o] > 0 {
				out = append(out, breach.UnreachedCount{Outcome: o, People: t[o]})
			}
		}
		last, err := lastStandings(ctx, tx, incident)
		if err != nil {
			return err
		}
		for is, n := range last.count() {
			switch is.Outcome {
			case breach.Unreachable, breach.Covered, breach.Exempt, breach.Withdrawn:
				out = append(out, breach.UnreachedCount{Outcome: is.Outcome, Reason: is.Reason, People: n})
			}
		}
		return nil
	})
	slices.SortFunc(out, func(a, b breach.UnreachedCount) int {
		return cmp.Or(cmp.Compare(b.People, a.People), cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Reason, b.Reason))
	})
	return out, err
}

// paceOver is the stretch of time that a rate is measured over: a pause before it does not count.
const paceOver = 15 * time.Minute

// Pace measures how fast messages are handed over, in the last quarter of an hour in which any was; all lists
// together, because they share the providers. It begins anew with a stage, when a brake is lifted and when sending
// is resumed: nobody was slow while people were held back on purpose.
func (s *Store) Pace(ctx context.Context, incident string) (p breach.Pace, err error) {
	var first, last, began *time.Time
	const handed = `incident = $1 AND moved_from = 'intended' AND state <> 'failed_temporary'`
	// Scalar subqueries are evaluated once; a join would look at everything again for each row while a table is too
	// new to have statistics.
	err = s.pool.QueryRow(ctx, `WITH handed AS MATERIALIZED (SELECT max(at) AS newest, min(at) AS began FROM outcome WHERE `+handed+`)
		SELECT coalesce(sum(cardinality(places)), 0)::bigint, min(at), max(until), (SELECT began FROM handed)
		FROM outcome WHERE `+handed+` AND at >= greatest((SELECT newest FROM handed) - $2 * interval '1 microsecond',
			(SELECT max(since) FROM stage WHERE incident = $1), (SELECT max(lifted_at) FROM brake WHERE incident = $1 AND kind <> 'warn'),
			(SELECT max(at) FROM audit WHERE incident = $1 AND action = 'send.resumed'))`, incident, paceOver.Microseconds()).Scan(&p.Messages, &first, &last, &began)
	if first != nil && last != nil && began != nil {
		p.First, p.Last, p.Began = first.UTC(), last.UTC(), began.UTC()
	}
	return p, clean("measure the pace", err)
}
