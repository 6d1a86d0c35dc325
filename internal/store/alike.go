package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// kinds numbers the shapes of the people of one list, in the order in which they come.
type kinds map[breach.Shape]int32

// mostKinds bounds what is remembered: in a list of more shapes the rest are looked at one by one.
const mostKinds = 10_000

// of gives a shape's number, from 1; 0 stands for not known.
func (k kinds) of(s breach.Shape) int32 {
	n, known := k[s]
	if !known && len(k) < mostKinds {
		n = int32(len(k)) + 1
		k[s] = n
	}
	return n
}

// Alike groups the people of a wave's blocks to which nobody wrote anything yet by their shape, under the rule
// that makes somebody a child: below an age, counted on a day. It names whole blocks only, and none of a wave
// that was loaded under another rule. Like the columns that it reads, it is checked against the block's digest
// when somebody reads the block.
func (s *Store) Alike(ctx context.Context, incident string, wave, childAge int, on time.Time) ([]breach.Alike, error) {
	var out []breach.Alike
	err := s.inSnapshot(ctx, "group the people who are alike", func(tx pgx.Tx) error {
		groups, err := alikeGroups(ctx, tx, incident, wave, childhood{childAge, on})
		if err != nil || len(groups) == 0 {
			return err
		}
		ids := make([]int64, len(groups))
		for i, g := range groups {
			ids[i] = g.first
		}
		people, err := sealedPeople(ctx, tx, incident, `id = ANY($2)`, ids)
		if err != nil {
			return err
		}
		states, err := s.statesOf(ctx, tx, incident, people, 0)
		if err != nil {
			return err
		}
		subjects, err := s.subjects(ctx, tx, incident, people, states)
		if err != nil {
			return err
		}
		byID := make(map[int64]breach.Subject, len(subjects))
		for _, sub := range subjects {
			byID[sub.ID] = sub
		}
		for _, g := range groups {
			out = append(out, breach.Alike{Subject: byID[g.first], Blocks: g.in})
		}
		return nil
	})
	return out, err
}

type alikeGroup struct {
	kind  int32
	first int64
	in    []breach.AlikeIn
}

// alikeGroups counts people by kind and block. A block with somebody whose kind is not known is left out.
func alikeGroups(ctx context.Context, tx pgx.Tx, incident string, wave int, rules childhood) ([]alikeGroup, error) {
	rows, err := tx.Query(ctx, `WITH b AS (SELECT b.no, b.lo, b.hi FROM block b JOIN wave w ON w.incident = b.incident AND w.no = b.wave
			WHERE b.incident = $1 AND b.wave = $2 AND b.version = 0 AND w.child_age = $3 AND w.ages_on = $4
			AND NOT EXISTS (SELECT FROM refusal f WHERE f.incident = b.incident AND f.person BETWEEN b.lo AND b.hi)),
		k AS (SELECT r.kind, b.no, count(*) AS people, min(r.id) AS first FROM b
			JOIN recipient r ON r.incident = $1 AND r.id BETWEEN b.lo AND b.hi GROUP BY 1, 2)
		SELECT kind, no, people, first FROM k WHERE no NOT IN (SELECT no FROM k WHERE kind = 0) ORDER BY 1, 2`,
		incident, wave, rules.age, rules.day())
	if err != nil {
		return nil, err
	}
	var out []alikeGroup
	var kind int32
	var in breach.AlikeIn
	var first int64
	_, err = pgx.ForEachRow(rows, []any{&kind, &in.Block, &in.People, &first}, func() error {
		if n := len(out); n == 0 || out[n-1].kind != kind {
			out = append(out, alikeGroup{kind: kind, first: first})
		}
		g := &out[len(out)-1]
		g.in = append(g.in, in)
		return nil
	})
	return out, err
}

// day is the calendar day on which ages count, as PostgreSQL keeps it.
func (c childhood) day() time.Time {
	y, m, d := c.on.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
