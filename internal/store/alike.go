package store

import (
	"context"
	"slices"
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

// kindsIn counts the people of one block by kind.
type kindsIn struct {
	known   []kindIn
	unknown bool // somebody is of no known kind: the people are looked at
}

type kindIn struct {
	kind, people int32
	first        int16 // place
}

func (k *kindsIn) add(kind int32, place int16) {
	k.unknown = k.unknown || kind == 0
	i := slices.IndexFunc(k.known, func(in kindIn) bool { return in.kind == kind })
	if i < 0 {
		i = len(k.known)
		k.known = append(k.known, kindIn{kind: kind, first: place})
	}
	k.known[i].people++
}

// writeKinds writes those of the blocks that were loaded.
func (l *loading) writeKinds(ctx context.Context) error {
	var rows [][]any
	for i := range l.blocks {
		if b := &l.blocks[i]; !b.kinds.unknown {
			for _, k := range b.kinds.known {
				rows = append(rows, []any{l.incident, b.no, k.kind, k.people, k.first})
			}
		}
	}
	_, err := l.tx.CopyFrom(ctx, pgx.Identifier{"kind"}, []string{"incident", "block", "kind", "people", "first"}, pgx.CopyFromRows(rows))
	return err
}

// Alike groups the people of a wave's blocks to which nobody wrote anything yet by their shape, under the rule
// that makes somebody a child: below an age, counted on a day. It names whole blocks only, and none of a wave
// that was loaded under another rule. What it says of a block only opens chunks: whoever reads the block finds what
// each person really is, and a later survey who was passed over.
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
		people, err := sealedPeople(ctx, tx, incident, len(ids), `id = ANY($2)`, ids)
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

// alikeGroups lists them by kind and block.
func alikeGroups(ctx context.Context, tx pgx.Tx, incident string, wave int, rules childhood) ([]alikeGroup, error) {
	rows, err := tx.Query(ctx, `SELECT k.kind, b.no, k.people::bigint, k.first FROM block b
		JOIN wave w ON w.incident = b.incident AND w.no = b.wave JOIN kind k ON k.incident = b.incident AND k.block = b.no
		WHERE b.incident = $1 AND b.wave = $2 AND b.version = 0 AND w.child_age = $3 AND w.ages_on = $4
			AND NOT EXISTS (SELECT FROM refusal f WHERE f.incident = b.incident AND f.person BETWEEN b.lo AND b.hi)
		ORDER BY 1, 2`, incident, wave, rules.age, rules.day())
	if err != nil {
		return nil, err
	}
	var out []alikeGroup
	var kind int32
	var in breach.AlikeIn
	var first int16
	_, err = pgx.ForEachRow(rows, []any{&kind, &in.Block, &in.People, &first}, func() error {
		if n := len(out); n == 0 || out[n-1].kind != kind {
			out = append(out, alikeGroup{kind: kind, first: personAt(in.Block, first)})
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
