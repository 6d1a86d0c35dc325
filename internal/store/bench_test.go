package store

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// BenchmarkOutcomeCommit commits what the lanes of a worker do: the intents of one batch and the outcomes of the one
// before, four lanes in one transaction. One operation is one person who was told.
func BenchmarkOutcomeCommit(b *testing.B) {
	const lanes, batch = 4, 160
	l := setup(b)
	blocks := (b.N + breach.BlockSize - 1) / breach.BlockSize
	blocks = (blocks + lanes - 1) / lanes * lanes
	l.load(people(1, blocks*breach.BlockSize))
	l.openAll()
	l.measured(b, func() {
		for range blocks / lanes {
			l.tell(lanes, batch)
		}
	})
}

// BenchmarkLoad stores a list: encodes, encrypts, copies. One operation is one person.
func BenchmarkLoad(b *testing.B) {
	l := setup(b)
	l.measured(b, func() { l.load(people(1, b.N)) })
}

// openAll opens a chunk of every block.
func (b *bench) openAll() {
	list, err := b.Blocks(b.ctx, b.id, 1)
	require.NoError(b.t, err)
	nos := make([]int64, len(list))
	for i := range list {
		nos[i] = list[i].No
	}
	require.NoError(b.t, b.OpenChunks(b.ctx, b.id, 1, 1, breach.Email, nos))
}

// tell leases some blocks and sends to everybody of them as lanes do, batch after batch.
func (b *bench) tell(lanes int, batch int64) {
	leases := make([]*breach.Lease, lanes)
	for i := range leases {
		l, _, err := b.Lease(b.ctx, b.id, 1, 1, breach.Email, "lane", time.Minute)
		require.NoError(b.t, err)
		_, err = b.Subjects(b.ctx, l.Incident, l.Block)
		require.NoError(b.t, err)
		leases[i] = l
	}
	for at := int64(0); at <= breach.BlockSize; at += batch {
		writes := make([]breach.Write, len(leases))
		for i, l := range leases {
			w := breach.Write{Incident: l.Incident, Lease: l, Finish: at+batch > breach.BlockSize}
			for p := l.Block.Lo + at; p < min(l.Block.Lo+at+batch, l.Block.Hi+1); p++ {
				w.Intents = append(w.Intents, intent(p, l.Channel, 1))
			}
			for p := max(l.Block.Lo+at-batch, l.Block.Lo); p < min(l.Block.Lo+at, l.Block.Hi+1); p++ {
				w.Events = append(w.Events, event(p, l.Channel, 1, breach.Accepted, day.Add(time.Minute)))
			}
			if w.Finish { // the last batch lands with the chunk's end
				for _, in := range w.Intents {
					w.Events = append(w.Events, event(in.Person, l.Channel, 1, breach.Accepted, day.Add(time.Minute)))
				}
			}
			writes[i] = w
		}
		for _, err := range b.Commit(b.ctx, writes) {
			require.NoError(b.t, err)
		}
	}
}

// BenchmarkChunkLease leases a chunk, reads and opens its people, and gives it back as done. One operation is one person.
func BenchmarkChunkLease(b *testing.B) {
	l := setup(b)
	blocks := (b.N + breach.BlockSize - 1) / breach.BlockSize
	l.load(people(1, blocks*breach.BlockSize))
	l.openAll()
	l.measured(b, func() {
		for range blocks {
			lease, _, err := l.Lease(l.ctx, l.id, 1, 1, breach.Email, "lane", time.Minute)
			require.NoError(b, err)
			who, err := l.Subjects(l.ctx, l.id, lease.Block)
			require.NoError(b, err)
			require.Len(b, who, breach.BlockSize)
			require.NoError(b, l.Finish(l.ctx, lease))
		}
	})
}

// BenchmarkLoadPeople stores people who were judged already. One operation is one person.
func BenchmarkLoadPeople(b *testing.B) {
	l := setup(b)
	l.measured(b, func() { l.load(people(1, b.N)) })
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// measured times fn, and says what it cost PostgreSQL where the system tells.
func (b *bench) measured(t *testing.B, fn func()) {
	t.ReportAllocs()
	before := b.postgresCPU()
	t.ResetTimer()
	fn()
	t.StopTimer()
	if after := b.postgresCPU(); after > 0 {
		t.ReportMetric(float64((after-before).Nanoseconds())/float64(t.N), "postgres-ns/op")
	}
}

// postgresCPU is the time that the processes of this database's connections took, 0 where it cannot be told.
func (b *bench) postgresCPU() (sum time.Duration) {
	var pids []int
	require.NoError(b.t, b.pool.QueryRow(b.ctx, `SELECT array_agg(pid) FROM pg_stat_activity`).Scan(&pids))
	for _, pid := range pids {
		raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(raw), ") ")
		for _, ticks := range strings.Fields(rest)[11:13] { // user and system, in hundredths
			n, err := strconv.ParseInt(ticks, 10, 64)
			require.NoError(b.t, err)
			sum += time.Duration(n) * 10 * time.Millisecond
		}
	}
	return sum
}
