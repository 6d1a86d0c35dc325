package app

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// What the vendor says afterwards of a call comes to the same as what it would have said at its end.
func TestTheEndOfACallIsLearnedAfterwards(t *testing.T) {
	t.Parallel()
	for state, heard := range map[breach.AttemptState]breach.CallHeard{breach.Delivered: breach.HeardKey, breach.Accepted: breach.HeardThrough, breach.FailedTemporary: breach.HeardNothing} {
		require.Equal(t, breach.CallWord{Ended: true, Heard: heard, State: state, ProviderRef: "CA1"}, endOf(delivery.Receipt{State: state, ProviderRef: "CA1"}))
	}
	w := endOf(delivery.Receipt{State: breach.FailedTemporary, Reason: delivery.ReasonMachine, Detail: "call completed"})
	require.Equal(t, breach.CallWord{Ended: true, Heard: breach.HeardMachine, State: breach.FailedTemporary, Reason: delivery.ReasonMachine, Detail: "call completed"}, w)
}

// In an hour every message has its turn once, none of them too early or too late.
func TestEveryMissedMessageHasItsTurn(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	seen := map[int]int{}
	for range int(missedEvery / pollEvery) {
		q := missed(now)
		require.Equal(t, missedAfter, now.Sub(q.Until))
		require.Greater(t, q.Until.Sub(q.Since), 12*time.Hour)
		seen[q.Turn]++
		now = now.Add(pollEvery)
	}
	require.Len(t, seen, missed(now).Turns)
}
