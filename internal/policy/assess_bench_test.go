package policy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/intake"
)

// benchFacts is an incident of many countries of which a good deal is known: few regimes fall out early.
const benchFacts = `
incident: {nature: [confidentiality, integrity], cause: hacking, malicious: true, possible_only: false, occurred_from: 2026-11-01T08:00:00Z, detected_at: 2026-11-20T08:00:00Z, aware_at: 2026-11-20T10:00:00Z}
organisation: {country: CN, sectors: [education], roles: [controller], attributes: {critical_infrastructure: false}}
people: {total: 1200000, by_country: {CN: 1000000, US: 50000, DE: 50000, JP: 20000, KR: 20000, SG: 10000, GB: 20000, BR: 10000, IN: 10000, AU: 5000, CA: 5000}, by_region: {US-CA: 20000, US-NY: 10000, US-TX: 10000, US-FL: 10000}, minors: 1200, categories: [students]}
data: {classes: [name, email, phone, national_id, password_hash, health], encrypted: false, hashed: weak, public_before: false, volume: profile}
exposure: {recipients: unknown, exfiltrated: "yes", misuse_seen: false}
`

// BenchmarkAssess is one incident against every pack of this program. The promise is below 5 ms, and 1,000
// incidents a second on one core. Where nothing is known, nothing falls out early, and every duty explains itself.
func BenchmarkAssess(b *testing.B) {
	b.Run("known", func(b *testing.B) { benchJudge(b, testFacts(b, benchFacts)) })
	b.Run("nothing_known", func(b *testing.B) { benchJudge(b, breach.Facts{}) })
	b.Run("hibp", func(b *testing.B) { benchJudge(b, realBreaches(b)...) })
}

func benchJudge(b *testing.B, all ...breach.Facts) {
	r, p := loadTestRules(b), testProfile(b, "mooc")
	b.ReportAllocs()
	n, before := 0, processorTime(b)
	for b.Loop() {
		if _, err := r.Judge(all[n%len(all)], p, testNow); err != nil {
			b.Fatal(err)
		}
		n++
	}
	took := processorTime(b) - before
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "incidents/s")
	b.ReportMetric(float64(took.Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

// processorTime is what this process has used, collecting garbage included: the clock on the wall also counts what
// others do on a busy machine.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// realBreaches are the breach records of Have I Been Pwned. They say what was taken, and little else.
func realBreaches(b *testing.B) (out []breach.Facts) {
	list, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "incidents", "hibp", "breaches.json"))
	if err != nil {
		b.Skip("SKIPPED: ../shared/data/incidents is not there; no real breach record was measured")
	}
	var records []json.RawMessage
	require.NoError(b, json.Unmarshal(list, &records))
	for _, one := range records {
		file, _, err := intake.FromHIBP(one)
		require.NoError(b, err)
		out = append(out, file.Facts)
	}
	require.NotEmpty(b, out)
	return out
}
