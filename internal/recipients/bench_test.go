package recipients

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkImport reads and judges a plain list, nothing of which is to be repaired. One operation is one row.
func BenchmarkImport(b *testing.B) {
	var list strings.Builder
	list.WriteString("external_id,name,email,phone,locale,country,birth_date\n")
	for i := range b.N {
		fmt.Fprintf(&list, "B%07d,Person Ångström %d,p%d@bench.test,+642110%05d,en,NZ,19%02d-05-17\n", i, i, i, i%100_000, 30+i%60)
	}
	in := strings.NewReader(list.String())
	b.ReportAllocs()
	b.ResetTimer()
	kept := 0
	_, err := Read(context.Background(), in, Options{Country: "NZ", On: time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)}, func(r Row) error {
		if r.Verdict.Kept() {
			kept++
		}
		return nil
	})
	require.NoError(b, err)
	require.Equal(b, b.N, kept)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
