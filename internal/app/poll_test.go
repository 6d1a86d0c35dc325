package app

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// In an hour every message has its turn once, none of them too early or too late.
func TestEveryMissedMessageHasItsTurn(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	seen := map[int]int{}
	for range int(missedEvery / pollEvery) {
		q := missed(now)
		require.Equal(t, breach.SMS, q.Channel)
		require.Equal(t, missedAfter, now.Sub(q.Until))
		require.Greater(t, q.Until.Sub(q.Since), 12*time.Hour)
		seen[q.Turn]++
		now = now.Add(pollEvery)
	}
	require.Len(t, seen, missed(now).Turns)
}
