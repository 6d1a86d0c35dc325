package policy

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

var testNow = time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)

var loadOnce = sync.OnceValues(func() (*Rules, error) { return LoadRules() })

func loadTestRules(t testing.TB) *Rules {
	t.Helper()
	r, err := loadOnce()
	require.NoError(t, err)
	return r
}

func testFacts(t testing.TB, yaml string) breach.Facts {
	t.Helper()
	f, err := breach.ParseFacts([]byte(yaml))
	require.NoError(t, err)
	return f
}

func testProfile(t testing.TB, name string) Profile {
	t.Helper()
	p, err := equipped(name)
	require.NoError(t, err)
	return p
}

func judge(t testing.TB, r *Rules, f breach.Facts) breach.Judgement {
	t.Helper()
	j, err := r.Judge(f, testProfile(t, "mooc"), testNow)
	require.NoError(t, err)
	return j
}

func obligation(t testing.TB, j breach.Judgement, id string) breach.Obligation {
	t.Helper()
	for _, o := range j.Obligations {
		if o.ID == id {
			return o
		}
	}
	t.Fatalf("no obligation %s", id)
	return breach.Obligation{}
}
