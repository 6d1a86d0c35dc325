package store

import (
	"context"
	"time"

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

// CheckInvariant recounts an incident's people from the rows, block by block, and compares. All figures are
// of one instant.
func (s *Store) CheckInvariant(ctx context.Context, incident string) (Invariant, error) {
	out := Invariant{Tally: breach.Tally{}, Recount: breach.Tally{}}
	err := s.inSnapshot(ctx, "check the invariant", func(tx pgx.Tx) error {
		kept, err := keptByBlock(ctx, tx, incident)
		if err != nil {
			return err
		}
		counted, err := countedByBlock(ctx, tx, incident)
		if err != nil {
			return err
		}
		for _, k := range kept {
			same := true
			for _, o := range breach.Outcomes {
				out.Tally[o] += k.tally[o]
				same = same && k.tally[o] == counted[k.no][o]
			}
			if !same {
				out.Blocks = append(out.Blocks, k.no)
			}
		}
		for _, o := range breach.Outcomes {
			for _, t := range counted {
				out.Recount[o] += t[o]
			}
			out.People += out.Recount[o]
		}
		return nil
	})
	out.Equal = len(out.Blocks) == 0 && out.Tally.Sum() == out.People
	return out, err
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

func countedByBlock(ctx context.Context, tx pgx.Tx, incident string) (map[int64]breach.Tally, error) {
	rows, err := tx.Query(ctx, `WITH last AS (
			SELECT DISTINCT ON (person) person, outcome FROM person_outcome_each WHERE incident = $1 ORDER BY person, seq DESC)
		SELECT (r.id - 1) / $2 + 1, coalesce(l.outcome, 'pending'), count(*)
		FROM recipient r LEFT JOIN last l ON l.person = r.id WHERE r.incident = $1 GROUP BY 1, 2`, incident, int64(breach.BlockSize))
	if err != nil {
		return nil, err
	}
	out := map[int64]breach.Tally{}
	var no, n int64
	var o breach.Outcome
	_, err = pgx.ForEachRow(rows, []any{&no, &o, &n}, func() error {
		if out[no] == nil {
			out[no] = breach.Tally{}
		}
		out[no][o] = n
		return nil
	})
	return out, err
}

// ChannelCounts counts attempts by their present state, per channel, and under "repeated" those that were
// sent again. Every state is there, also with zero.
func (s *Store) ChannelCounts(ctx context.Context, incident string) (map[breach.Channel]breach.ChannelCounts, error) {
	out, err := channelCounts(ctx, s.pool, incident)
	return out, clean("count the attempts", err)
}

// channelCounts adds what came into a state and subtracts what went out of it again, so that nothing needs
// to be sorted.
func channelCounts(ctx context.Context, q querier, incident string) (map[breach.Channel]breach.ChannelCounts, error) {
	rows, err := q.Query(ctx, `SELECT channel, 'intended', sum(cardinality(places))::bigint FROM intent WHERE incident = $1 GROUP BY channel
		UNION ALL SELECT channel, state, sum(cardinality(places))::bigint FROM outcome WHERE incident = $1 AND moved_from IS NOT NULL GROUP BY channel, state
		UNION ALL SELECT channel, moved_from, -sum(cardinality(places))::bigint FROM outcome WHERE incident = $1 AND moved_from IS NOT NULL GROUP BY channel, moved_from
		UNION ALL SELECT channel, 'repeated', sum(cardinality(places))::bigint FROM outcome WHERE incident = $1 AND moved_from IS NOT NULL
			AND settlement = 'repeated' GROUP BY channel`, incident)
	if err != nil {
		return nil, err
	}
	out := map[breach.Channel]breach.ChannelCounts{}
	var c breach.Channel
	var state string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&c, &state, &n}, func() error {
		if out[c] == nil {
			out[c] = breach.ChannelCounts{"repeated": 0}
			for _, s := range breach.AttemptStates {
				out[c][string(s)] = 0
			}
		}
		out[c][state] += n
		return nil
	})
	for _, counts := range out {
		counts[string(breach.Intended)] = max(0, counts[string(breach.Intended)])
	}
	return out, err
}

// ByCountry counts people by country and outcome; the country is empty where it is not known.
func (s *Store) ByCountry(ctx context.Context, incident string) (map[string]breach.Tally, error) {
	rows, err := s.pool.Query(ctx, `WITH last AS (
			SELECT DISTINCT ON (person) person, outcome FROM person_outcome_each WHERE incident = $1 ORDER BY person, seq DESC)
		SELECT r.country, coalesce(l.outcome, 'pending'), count(*)
		FROM recipient r LEFT JOIN last l ON l.person = r.id WHERE r.incident = $1 GROUP BY 1, 2`, incident)
	if err != nil {
		return nil, clean("count by country", err)
	}
	out := map[string]breach.Tally{}
	var country string
	var o breach.Outcome
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&country, &o, &n}, func() error {
		if out[country] == nil {
			out[country] = breach.Tally{}
		}
		out[country][o] = n
		return nil
	})
	return out, clean("count by country", err)
}

// Failures counts failed attempts by channel and reason code.
func (s *Store) Failures(ctx context.Context, incident string) (map[breach.Channel]map[string]int64, error) {
	rows, err := s.pool.Query(ctx, `SELECT channel, reason, sum(cardinality(places))::bigint FROM outcome WHERE incident = $1 AND moved_from IS NOT NULL
		AND state IN ('failed_temporary', 'failed_permanent') GROUP BY 1, 2`, incident)
	if err != nil {
		return nil, clean("count the failures", err)
	}
	out := map[breach.Channel]map[string]int64{}
	var c breach.Channel
	var reason string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&c, &reason, &n}, func() error {
		if out[c] == nil {
			out[c] = map[string]int64{}
		}
		out[c][reason] = n
		return nil
	})
	return out, clean("count the failures", err)
}

// SendTimes are the instants that a send is measured by (UTC); nil while there is none.
type SendTimes struct {
	ApprovedAt    *time.Time `json:"approved_at,omitempty"` // the first approval
	FirstHandover *time.Time `json:"first_handover,omitempty"`
	LastHandover  *time.Time `json:"last_handover,omitempty"`
}

// Timings returns when sending was approved and when the first and the last message was handed over.
func (s *Store) Timings(ctx context.Context, incident string) (SendTimes, error) {
	var t SendTimes
	err := s.pool.QueryRow(ctx, `SELECT (SELECT min(at) FROM approval WHERE incident = $1),
			min(at + (SELECT min(l) FROM unnest(later) l) * interval '1 microsecond'), max(at + (SELECT max(l) FROM unnest(later) l) * interval '1 microsecond')
		FROM outcome WHERE incident = $1 AND moved_from = 'intended' AND state IN ('handed_over', 'accepted', 'delivered')`, incident).
		Scan(&t.ApprovedAt, &t.FirstHandover, &t.LastHandover)
	t.ApprovedAt, t.FirstHandover, t.LastHandover = utc(t.ApprovedAt), utc(t.FirstHandover), utc(t.LastHandover)
	return t, clean("read the timings", err)
}

// WaveInfo is one list of people as it was loaded, and where its people stand.
type WaveInfo struct {
	Wave       int           `json:"wave"`
	People     int64         `json:"people"`
	Duplicates int64         `json:"duplicates"`
	Digest     string        `json:"digest"`
	Source     breach.Source `json:"source"`
	LoadedBy   string        `json:"loaded_by"`
	LoadedAt   time.Time     `json:"loaded_at"`
	Tally      breach.Tally  `json:"tally"`
}

// Waves lists the lists of people of an incident.
func (s *Store) Waves(ctx context.Context, incident string) ([]WaveInfo, error) {
	list, err := collect(ctx, s.pool, func(row pgx.CollectableRow) (w WaveInfo, err error) {
		err = row.Scan(&w.Wave, &w.People, &w.Duplicates, &w.Digest, &w.Source.Format, &w.Source.Encoding, &w.Source.SHA256, &w.LoadedBy, &w.LoadedAt)
		w.LoadedAt = w.LoadedAt.UTC()
		return w, err
	}, `SELECT no, people, duplicates, digest, format, encoding, sha256, loaded_by, loaded_at FROM wave WHERE incident = $1 ORDER BY no`, incident)
	if err != nil {
		return nil, clean("list the waves", err)
	}
	for i := range list {
		if list[i].Tally, err = s.Tally(ctx, incident, list[i].Wave); err != nil {
			return nil, err
		}
	}
	return list, nil
}
