package store

import (
	"context"
	"math"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Invariant compares the tallies with a recount of the rows.
type Invariant struct {
	People  int64        `json:"people"`  // rows of people
	Tally   breach.Tally `json:"tally"`   // as kept per block
	Recount breach.Tally `json:"recount"` // from the last outcome row of each person; without one: pending
	Blocks  []int64      `json:"blocks"`  // whose tally is not what their rows say
	Equal   bool         `json:"equal"`
}

// Standing is where everybody of an incident stands, recounted from the rows at one instant.
type Standing struct {
	Invariant
	Countries map[string]breach.Tally // the country is empty where it is not known
}

// Standing recounts an incident's people from the rows, block by block, and compares. All figures are of one
// instant. What is recorded of people comes in rows of many, and is folded here: a block at a time, without
// sorting anybody.
func (s *Store) Standing(ctx context.Context, incident string) (Standing, error) {
	out := Standing{Invariant: Invariant{Tally: breach.Tally{}, Recount: breach.Tally{}}, Countries: map[string]breach.Tally{}}
	err := s.inSnapshot(ctx, "count where people stand", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL work_mem = '64MB'`); err != nil { // for the places of a million people: 13 MB
			return err
		}
		kept, err := keptByBlock(ctx, tx, incident)
		if err != nil {
			return err
		}
		last, err := lastStandings(ctx, tx, incident)
		if err != nil {
			return err
		}
		counted := map[int64]breach.Tally{}
		if err := peopleByCountry(ctx, tx, incident, func(block int64, country string, places []int16) {
			in, of := tallyOf(counted, block), tallyOf(out.Countries, country)
			for o, n := range last.tally(block, places) {
				in[o] += n
				of[o] += n
			}
		}); err != nil {
			return err
		}
		out.compare(kept, counted)
		return nil
	})
	return out, err
}

// CheckInvariant is Standing without the countries.
func (s *Store) CheckInvariant(ctx context.Context, incident string) (Invariant, error) {
	out, err := s.Standing(ctx, incident)
	return out.Invariant, err
}

func tallyOf[K comparable](of map[K]breach.Tally, k K) breach.Tally {
	t := of[k]
	if t == nil {
		t = breach.Tally{}
		of[k] = t
	}
	return t
}

// compare takes in what was kept and what was counted, and names the blocks where these differ.
func (i *Invariant) compare(kept []keptTally, counted map[int64]breach.Tally) {
	for _, k := range kept {
		same := true
		for _, o := range breach.Outcomes {
			i.Tally[o] += k.tally[o]
			same = same && k.tally[o] == counted[k.no][o]
		}
		if !same {
			i.Blocks = append(i.Blocks, k.no)
		}
	}
	for _, o := range breach.Outcomes {
		for _, t := range counted {
			i.Recount[o] += t[o]
		}
		i.People += i.Recount[o]
	}
	i.Equal = len(i.Blocks) == 0 && i.Tally.Sum() == i.People
}

type keptTally struct {
	no    int64
	tally breach.Tally
}

func keptByBlock(ctx context.Context, tx pgx.Tx, incident string) ([]keptTally, error) {
	return collect(ctx, tx, func(row pgx.CollectableRow) (k keptTally, err error) {
		n := make([]int64, len(breach.Outcomes))
		into := []any{&k.no}
		for i := range n {
			into = append(into, &n[i])
		}
		if err := row.Scan(into...); err != nil {
			return k, err
		}
		k.tally = breach.Tally{}
		for i, o := range breach.Outcomes {
			k.tally[o] = n[i]
		}
		return k, nil
	}, `SELECT no, `+sumOfTallies+` FROM block WHERE incident = $1 GROUP BY no ORDER BY no`, incident)
}

// standing is an outcome with its reason.
type standing struct {
	Outcome breach.Outcome
	Reason  string
}

// standings is what was recorded last of everybody of whom anything was.
type standings struct {
	kinds  []standing // the first is that of people of whom nothing was recorded
	blocks map[int64]*[breach.BlockSize]uint16
}

// lastStandings folds what is recorded of people, the later over the earlier: a block's versions say which is which.
func lastStandings(ctx context.Context, tx pgx.Tx, incident string) (*standings, error) {
	rows, err := tx.Query(ctx, `SELECT block, outcome, reason, places FROM person_outcome WHERE incident = $1 ORDER BY block, version, part`, incident)
	if err != nil {
		return nil, err
	}
	all := &standings{kinds: []standing{{Outcome: breach.Pending}}, blocks: map[int64]*[breach.BlockSize]uint16{}}
	number := map[standing]uint16{all.kinds[0]: 0}
	var block int64
	var is standing
	var places []int16
	_, err = pgx.ForEachRow(rows, []any{&block, &is.Outcome, &is.Reason, &places}, func() error {
		n, known := number[is]
		if !known {
			if len(all.kinds) > math.MaxUint16 {
				return breach.Errorf(breach.ErrInternal, "people stand in more ways than can be counted")
			}
			n = uint16(len(all.kinds))
			number[is], all.kinds = n, append(all.kinds, is)
		}
		of := all.blocks[block]
		if of == nil {
			of = new([breach.BlockSize]uint16)
			all.blocks[block] = of
		}
		for _, place := range places {
			if place < 0 || place >= breach.BlockSize {
				return breach.Errorf(breach.ErrTampered, "block %d has an outcome of somebody who is not in it", block)
			}
			of[place] = n
		}
		return nil
	})
	return all, err
}

// tally counts some people of a block by outcome.
func (all *standings) tally(block int64, places []int16) breach.Tally {
	of, out := all.blocks[block], breach.Tally{}
	if of == nil {
		out[breach.Pending] = int64(len(places))
		return out
	}
	counts := make([]int64, len(all.kinds))
	for _, place := range places {
		counts[of[place]]++
	}
	for i, n := range counts {
		if n > 0 {
			out[all.kinds[i].Outcome] += n
		}
	}
	return out
}

// count counts those of whom anything was recorded.
func (all *standings) count() map[standing]int64 {
	out := map[standing]int64{}
	for _, of := range all.blocks {
		for _, kind := range of {
			if kind > 0 {
				out[all.kinds[kind]]++
			}
		}
	}
	return out
}

// peopleByCountry gives the places of a block's people, country by country.
func peopleByCountry(ctx context.Context, tx pgx.Tx, incident string, each func(block int64, country string, places []int16)) error {
	rows, err := tx.Query(ctx, `SELECT (id - 1) / $2 + 1, country, array_agg(((id - 1) % $2)::smallint)
		FROM recipient WHERE incident = $1 GROUP BY 1, 2`, incident, int64(breach.BlockSize))
	if err != nil {
		return err
	}
	var block int64
	var country string
	var places []int16
	_, err = pgx.ForEachRow(rows, []any{&block, &country, &places}, func() error {
		each(block, country, places)
		return nil
	})
	return err
}
