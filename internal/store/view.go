package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

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
	err := s.pool.QueryRow(ctx, `SELECT (SELECT min(at) FROM approval WHERE incident = $1), min(at), max(until)
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
