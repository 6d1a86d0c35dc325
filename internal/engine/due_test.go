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

// A delivery that rests is woken when the first of its people fails, and as more fail; a trickle is gathered, and who
// waits for another try wakes nobody twice.
func TestDeliveriesThatRestAreWoken(t *testing.T) {
	t.Parallel()
	var d resting
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	list := breach.WaitingList{DueList: breach.DueList{Incident: "a", Wave: 1}, Pending: 1}
	at := func(later time.Duration, pending int64) int {
		now, list.Pending = now.Add(later), pending
		return len(d.pick([]breach.WaitingList{list}, now))
	}
	require.Equal(t, 1, at(0, 1))
	require.Zero(t, at(time.Hour, 1), "nothing new")
	require.Equal(t, 1, at(time.Second, 2))
	require.Zero(t, at(time.Second, 3), "the next ones are gathered")
	require.Equal(t, 1, at(time.Minute, 3))
	list.Stopped = 1
	require.Equal(t, 1, at(time.Minute, 3), "somebody wants no more text messages")
	require.Zero(t, at(time.Hour, 3))
	woken := 0
	for i := range int64(24 * 60 * 12) { // another failure every five seconds for a day
		woken += at(5*time.Second, 4+i)
	}
	require.Greater(t, woken, 90)
	require.Less(t, woken, 120)
	require.Empty(t, d.pick(nil, now))
	require.Equal(t, 1, at(0, 1), "it was over, and began anew")
}
