package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestWhatMailServersReport(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 3))
	l := b.lease(breach.Email, 1, time.Minute)
	require.NoError(t, b.Intend(b.ctx, l, []breach.Intent{intent(1, breach.Email, 1), intent(2, breach.Email, 1), intent(3, breach.Email, 1)}))
	for p := range int64(3) {
		require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{event(p+1, breach.Email, 1, breach.Accepted, day)}))
	}
	require.NoError(t, b.Settle(b.ctx, b.id, 1, day.Add(49*time.Hour)))
	require.Equal(t, int64(3), b.sound(3)[breach.Reached])
	later := day.Add(50 * time.Hour)
	say := func(r breach.Returned) bool {
		r.At = later
		known, err := b.RecordReturned(b.ctx, r)
		require.NoError(t, err)
		return known
	}
	for _, kind := range []breach.ReturnKind{breach.ReturnDelayed, breach.ReturnRelayed, breach.ReturnComplained, breach.ReturnUnclassified} {
		require.True(t, say(breach.Returned{Attempt: "a-1-email-1", Kind: kind}))
	}
	require.Equal(t, int64(3), b.sound(3)[breach.Reached], "these move nothing")
	gone := breach.Returned{Attempt: "a-1-email-1", Block: 1, Kind: breach.ReturnFailed, Reason: "no_such_address", Detail: "5.1.1 no", Reporter: "mx.example"}
	require.True(t, say(gone))
	require.True(t, say(gone))
	require.Equal(t, int64(1), b.sound(3)[breach.Pending], "goes on to the next channel")
	require.True(t, say(breach.Returned{Delivery: "a-2-email", Kind: breach.ReturnFailed}))
	require.Equal(t, int64(2), b.sound(3)[breach.Pending], "found by the Message-ID")
	require.True(t, say(breach.Returned{Attempt: "a-3-email-1", Block: 9, Kind: breach.ReturnDelivered}), "in another block than was said")
	require.False(t, say(breach.Returned{Attempt: "nobody-1", Kind: breach.ReturnFailed}))
	require.False(t, say(breach.Returned{Delivery: "nobody", Kind: breach.ReturnFailed}))

	var n, orphans int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*), count(*) FILTER (WHERE incident IS NULL) FROM receipt`).Scan(&n, &orphans))
	require.Equal(t, []int{9, 2}, []int{n, orphans})
	_, err := b.RecordReturned(b.ctx, breach.Returned{Attempt: "a-1-email-1", Kind: "accepted", At: later})
	requireCode(t, breach.ErrInvalid, err)

	s := b.lease(breach.SMS, 1, time.Minute)
	require.NoError(t, b.Intend(b.ctx, s, []breach.Intent{intent(1, breach.SMS, 1)}))
	require.False(t, say(breach.Returned{Attempt: "a-1-sms-1", Kind: breach.ReturnFailed}), "no mail server knows of text messages")
}
