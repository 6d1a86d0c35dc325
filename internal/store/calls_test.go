package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// A call's script lies sealed while the call lasts, and of what was heard the most counts.
func TestCallFromScriptToEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.SetSufficiency(b.ctx, b.id, breach.Sufficiency{breach.Voice: {Proof: breach.Delivered, Wait: time.Hour}}))
	b.load(people(1, 4))
	l := b.lease(breach.Voice, 1, time.Minute)
	var list []breach.Intent
	for i := int64(1); i <= 4; i++ {
		list = append(list, intent(i, breach.Voice, 1))
	}
	require.NoError(t, b.Intend(b.ctx, l, list))
	for _, in := range list {
		script := breach.CallScript{Attempt: in.AttemptID, Locale: "en", Text: "Canary Kanarienvogel", Machine: "call us"}
		for range 2 {
			require.NoError(t, b.KeepCall(b.ctx, script, day))
		}
		got, err := b.CallScript(b.ctx, in.AttemptID)
		require.NoError(t, err)
		require.Equal(t, script, got)
	}
	requireCode(t, breach.ErrNotFound, b.KeepCall(b.ctx, breach.CallScript{Attempt: "nobody-1"}, day))
	requireCode(t, breach.ErrNotFound, b.TakeCallWord(b.ctx, "nobody-1", breach.CallWord{Ended: true}, day))
	var plain int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM call WHERE position('Kanarien'::bytea in script) > 0`).Scan(&plain))
	require.Zero(t, plain)

	var events []breach.AttemptEvent
	for _, in := range list {
		events = append(events, breach.AttemptEvent{Person: in.Person, Addressee: in.Addressee, Channel: in.Channel, Try: in.Try,
			State: breach.HandedOver, Provider: in.Provider, ProviderRef: "CA" + in.AttemptID, At: day})
	}
	require.NoError(t, b.Record(b.ctx, b.id, events))
	unheard, err := b.UnheardOf(b.ctx, UnheardQuery{Since: day.Add(-time.Hour), Most: 10})
	require.NoError(t, err)
	require.Len(t, unheard, 4)
	for _, u := range unheard {
		require.Equal(t, "CA"+u.Attempt, u.ProviderRef)
		require.True(t, u.Call)
	}
	hungUp := breach.CallWord{Ended: true, State: breach.FailedTemporary, Reason: "hung_up", ProviderRef: "CA1"}
	machine := breach.CallWord{Heard: breach.HeardMachine, State: breach.FailedTemporary, Reason: "answering_machine"}
	through := breach.CallWord{Heard: breach.HeardThrough, State: breach.Accepted}
	key := breach.CallWord{Heard: breach.HeardKey, State: breach.Delivered}
	for i, words := range [][]breach.CallWord{{key, through, hungUp}, {through, hungUp}, {machine, hungUp}, {hungUp}} {
		require.NoError(t, b.TakeCallWord(b.ctx, list[i].AttemptID, words[0], day))
		if len(words) > 1 {
			unheard, err = b.UnheardOf(b.ctx, UnheardQuery{Since: day.Add(-time.Hour), Most: 10})
			require.NoError(t, err)
			require.Len(t, unheard, 4-i, "its end was not told yet, and its script is kept for that long")
		}
		for _, w := range append(words, words[len(words)-1]) { // the vendor says things twice
			require.NoError(t, b.TakeCallWord(b.ctx, list[i].AttemptID, w, day))
		}
		_, err := b.CallScript(b.ctx, list[i].AttemptID)
		requireCode(t, breach.ErrNotFound, err)
	}
	unheard, err = b.UnheardOf(b.ctx, UnheardQuery{Since: day.Add(-time.Hour), Most: 10})
	require.NoError(t, err)
	require.Empty(t, unheard, "they are all over")
	counts, err := b.ChannelCounts(b.ctx, b.id)
	require.NoError(t, err)
	require.Equal(t, int64(1), counts[breach.Voice]["delivered"])
	require.Equal(t, int64(1), counts[breach.Voice]["accepted"])
	require.Equal(t, int64(2), counts[breach.Voice]["failed_temporary"])
}
