package breach_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestAChangeBeginsAtThirtyPoints(t *testing.T) {
	t.Parallel()
	earlier := breach.ListProfile{People: 1000, Shares: map[string]int64{"email": 60}, Countries: map[string]int64{"DE": 90}}
	for share, changed := range map[int64]bool{29: true, 30: true, 31: false, 60: false, 89: false, 90: true, 91: true} {
		now := breach.ListProfile{People: 1000, Shares: map[string]int64{"email": share}, Countries: map[string]int64{"DE": 90}}
		require.Equal(t, changed, len(now.Changes(earlier)) > 0, "%d", share)
	}
	now := breach.ListProfile{People: 50, Shares: map[string]int64{"email": 60}, Countries: map[string]int64{"FR": 90}}
	require.Equal(t, []breach.ListDoubt{
		{Code: breach.DoubtChanged, Field: "country_DE", Count: 0, Of: 90}, {Code: breach.DoubtChanged, Field: "country_FR", Count: 90},
	}, now.Changes(earlier))
	now.People = 49
	require.Empty(t, now.Changes(earlier), "a few people say nothing")
}
