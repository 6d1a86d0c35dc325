package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// A list that stays due is told of less and less often, so that no history grows without end; another is told of
// at once, and so is the same one when it is due anew.
func TestListsThatStayDueAreLeftAlone(t *testing.T) {
	t.Parallel()
	var d dueLists
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	one, two := breach.DueList{Incident: "a", Wave: 1}, breach.DueList{Incident: "a", Wave: 2}
	told := 0
	for range 24 * 60 * 12 { // a day, every five seconds
		told += len(d.pick([]breach.DueList{one}, now))
		now = now.Add(5 * time.Second)
	}
	require.Greater(t, told, 5)
	require.Less(t, told, 20)
	require.Equal(t, []breach.DueList{two}, d.pick([]breach.DueList{one, two}, now))
	require.Empty(t, d.pick(nil, now))
	require.Equal(t, []breach.DueList{one}, d.pick([]breach.DueList{one}, now))
}
