package app

import (
	"bufio"
	"fmt"
	"io"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// BenchmarkLoadListMemory takes a list of b.N people through the whole of a server (judged, encrypted, stored) and
// reports the most memory that the process had: go test -bench LoadListMemory -benchtime 1000000x ./internal/app.
func BenchmarkLoadListMemory(b *testing.B) {
	h := newHouse(b)
	p := h.serverOn(&updates{failures: map[string]error{}}, nil)
	author := breach.Actor{ID: "wei.lin", Role: breach.RoleResponder}
	opened, err := p.Desk.Open(b.Context(), breach.IncidentFile{Policy: "mooc"}, author)
	require.NoError(b, err)
	list, in := io.Pipe()
	go func() {
		out := bufio.NewWriterSize(in, 1<<20)
		_, _ = fmt.Fprintln(out, "external_id,name,email,phone,locale,country,birth_date")
		for i := range b.N {
			_, _ = fmt.Fprintf(out, "B%07d,Person Ångström %d,p%d@bench.test,+642110%05d,en,NZ,19%02d-05-17\n", i, i, i, i%100_000, 30+i%60)
		}
		_ = in.CloseWithError(out.Flush())
	}()
	b.ResetTimer()
	stop, done, most := make(chan struct{}), make(chan struct{}), uint64(0)
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
	_, report, err := p.Desk.LoadList(b.Context(), opened.Incident, author, list, breach.Reading{})
	close(stop)
	<-done
	require.NoError(b, err)
	require.EqualValues(b, b.N, report.Added)
	b.ReportMetric(float64(most)/(1<<20), "peak-MB")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
