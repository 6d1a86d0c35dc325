package query_test

import (
	"io"
	"runtime/metrics"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/recipients"
	"github.com/tocsin-engine/tocsin/internal/recipients/query"
	"github.com/tocsin-engine/tocsin/internal/standalone/pgchild/pgtest"
)

// BenchmarkMemory reads and judges the answer to a query of b.N people, and reports the most memory that the process had.
func BenchmarkMemory(b *testing.B) {
	src, err := query.Open(b.Context(), pgtest.DSN(b), `select 'B' || i external_id, 'Person Ångström ' || i as name, 'p' || i || '@bench.test' email,
		'+642110' || lpad((i % 100000)::text, 5, '0') phone, 'en' locale, 'NZ' country, date '1960-05-17' + (i % 9000)::int birth_date from generate_series(1, `+strconv.Itoa(b.N)+`) i`)
	require.NoError(b, err)
	defer src.Close()
	stop, done := make(chan struct{}), make(chan struct{})
	var most uint64
	go func() {
		defer close(done)
		sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		for {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64()-sample[1].Value.Uint64())
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	r, w := io.Pipe()
	go func() { _ = w.CloseWithError(src.Stream(b.Context(), w)) }()
	b.ResetTimer()
	s, err := recipients.Read(b.Context(), r, recipients.Options{Format: "sql", On: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}, func(recipients.Row) error { return nil })
	require.NoError(b, err)
	require.EqualValues(b, b.N, s.Accepted)
	close(stop)
	<-done
	b.ReportMetric(float64(most)/(1<<20), "peak-MB")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
