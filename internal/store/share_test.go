package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func (b *bench) share(owner string, demand bool) float64 {
	b.t.Helper()
	got, err := b.ShareProviders(b.ctx, owner, []breach.SenderWord{{Provider: "smtp", Demand: demand, PerSecond: 200, State: "closed"}})
	require.NoError(b.t, err)
	require.Len(b.t, got, 1)
	return got["smtp"]
}

// older makes what an owner said so much older.
func (b *bench) older(owner string, by time.Duration) {
	b.t.Helper()
	require.NoError(b.t, b.exec(`UPDATE sender SET began = began - $2 * interval '1 microsecond', seen_at = seen_at - $2 * interval '1 microsecond'
		WHERE owner = $1`, owner, by.Microseconds()))
}

func TestProcessesShareAProvider(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.Zero(t, b.share("a", true), "nobody knows it yet")
	b.older("a", time.Second)
	require.Zero(t, b.share("a", true), "others say their word once a second")
	b.older("a", 2*time.Second)
	require.InDelta(t, 1, b.share("a", true), 0)
	require.Zero(t, b.share("b", true))
	require.InDelta(t, 0.5, b.share("a", true), 0, "the new one counts before it begins")
	b.older("b", 2*time.Second)
	require.InDelta(t, 0.5, b.share("b", true), 0)

	require.Zero(t, b.share("b", false), "who wants nothing gets nothing")
	require.InDelta(t, 1, b.share("a", true), 0, "and leaves it to others")
	require.Zero(t, b.share("b", true), "who comes back is new")

	b.older("b", 4*time.Second)
	require.InDelta(t, 1, b.share("a", true), 0, "the part of one that died is free")
	require.Zero(t, b.share("b", true), "and one that was thought dead is new")
	b.older("a", 2*time.Hour)
	b.share("b", true)
	var n int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM sender`).Scan(&n))
	require.Equal(t, 1, n, "who is gone for long is forgotten")
}

// Whoever comes and goes in whatever order: parts never add up to more than the whole once everybody has said a word.
func TestSharesNeverAddUpToMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for round := range 8 {
		for i := range 5 {
			if (round+i)%3 == 0 {
				continue // it says nothing this time
			}
			b.share(fmt.Sprint(i), (round*i)%4 != 1)
		}
		require.NoError(t, b.exec(`UPDATE sender SET began = began - interval '1 second', seen_at = seen_at - interval '1 second'`))
		sum := 0.0
		for i := range 5 {
			if (round+i)%3 != 0 {
				sum += b.share(fmt.Sprint(i), (round*i)%4 != 1)
			}
		}
		require.LessOrEqual(t, sum, 1+1e-9, "round %d", round)
	}
}

func TestSendersAreListed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	none, err := b.Senders(b.ctx)
	require.NoError(t, err)
	require.Empty(t, none)
	since := day.Add(time.Hour)
	for owner, w := range map[string]breach.SenderWord{
		"a": {Provider: "smtp", Demand: true, PerSecond: 200, State: "closed"},
		"b": {Provider: "smtp", Demand: true, PerSecond: 100, State: "open", Since: since, Reason: "provider_unreachable"},
		"c": {Provider: "twilio", State: "half_open", Since: since, Reason: "no_answer"},
	} {
		_, err := b.ShareProviders(b.ctx, owner, []breach.SenderWord{w})
		require.NoError(t, err)
	}
	list, err := b.Senders(b.ctx)
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, 2, list[0].Processes)
	require.InDelta(t, 100, list[0].PerSecond, 0)
	require.Equal(t, 1, list[0].Down)
	require.Equal(t, since.UTC(), list[0].Since.UTC())
	require.Equal(t, "provider_unreachable", list[0].Reason)
	require.Zero(t, list[1].Processes)
	require.Equal(t, 1, list[1].Down)
}
