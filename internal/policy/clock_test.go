package policy

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestRemindersOfUsualDeadlines(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 2, 8, 0, 0, 0, time.FixedZone("", 8*3600))
	after := func(hours ...float64) []time.Time {
		var out []time.Time
		for _, h := range hours {
			out = append(out, start.Add(time.Duration(h*float64(time.Hour))).UTC())
		}
		return out
	}
	for _, c := range []struct {
		name string
		span time.Duration
		want []time.Time
	}{
		{"72 hours", 72 * time.Hour, after(24, 36, 48, 57.6, 60, 70)},
		{"four hours: half and two hours left are one", 4 * time.Hour, after(2, 3.2)},
		{"one hour", time.Hour, after(0.5, 0.8)},
		{"two hours: two hours left is the start itself", 2 * time.Hour, after(1, 1.6)},
		{"nothing", 0, nil},
		{"due before the start", -time.Hour, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, Reminders(start, start.Add(c.span)))
		})
	}
}

func TestNextReminderNamesTheKindAndEndsWithOverdue(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	due := start.Add(4 * time.Hour)
	var kinds []string
	now := start
	for range 10 {
		at, kind, ok := NextReminder(start, due, now)
		if !ok {
			break
		}
		kinds = append(kinds, kind)
		now = at
	}
	require.Equal(t, []string{Reminder2h, ReminderFourFifths, ReminderOverdue}, kinds)
	require.Equal(t, due, now)
	require.True(t, IsOverdue(due, now))
	require.False(t, IsOverdue(due, now.Add(-1)))
	require.True(t, DoneInTime(due, due), "what is done at that very instant is in time")
	require.False(t, DoneInTime(due, due.Add(1)))
	require.Equal(t, due, OverdueAt(due))
}

func TestRemindersLieBetweenInOrderWithoutDoubles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "start"), 0)
		due := start.Add(time.Duration(rapid.Int64Range(-int64(time.Hour), int64(400*24*time.Hour)).Draw(t, "span")))
		all := Reminders(start, due)
		require.True(t, slices.IsSortedFunc(all, func(a, b time.Time) int { return a.Compare(b) }))
		for i, at := range all {
			require.True(t, at.After(start) && at.Before(due))
			require.True(t, i == 0 || at.After(all[i-1]))
		}
		now := start
		for _, want := range all {
			at, kind, ok := NextReminder(start, due, now)
			require.True(t, ok)
			require.NotEqual(t, ReminderOverdue, kind)
			require.Equal(t, want, at)
			now = at
		}
		if due.After(start) {
			at, kind, ok := NextReminder(start, due, now)
			require.True(t, ok)
			require.Equal(t, ReminderOverdue, kind)
			require.True(t, at.Equal(due))
		}
		_, _, ok := NextReminder(start, due, due)
		require.False(t, ok)
	})
}
