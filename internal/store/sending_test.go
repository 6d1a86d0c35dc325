package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestSendAndRecord(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 3))
	l := b.lease(breach.Email, 1, time.Minute)
	require.NoError(t, b.Intend(b.ctx, l, []breach.Intent{intent(1, breach.Email, 1), intent(2, breach.Email, 1)}))
	require.NoError(t, b.Intend(b.ctx, l, []breach.Intent{intent(1, breach.Email, 1)}), "again changes nothing")
	requireCode(t, breach.ErrConflict, b.Finish(b.ctx, l))
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{
		event(1, breach.Email, 1, breach.Accepted, day), event(2, breach.Email, 1, breach.FailedPermanent, day),
	}))
	require.NoError(t, b.Finish(b.ctx, l))
	require.Equal(t, breach.Tally{breach.Attempted: 1, breach.Pending: 2}, compact(b.sound(3)))

	counts, err := b.ChannelCounts(b.ctx, b.id)
	require.NoError(t, err)
	require.Equal(t, int64(1), counts[breach.Email]["accepted"])
	require.Equal(t, int64(1), counts[breach.Email]["failed_permanent"])
	require.Equal(t, int64(0), counts[breach.Email]["intended"])

	require.NoError(t, b.Settle(b.ctx, b.id, 1, day.Add(47*time.Hour)))
	require.Equal(t, int64(1), b.sound(3)[breach.Attempted])
	require.NoError(t, b.Settle(b.ctx, b.id, 1, day.Add(48*time.Hour)))
	require.Equal(t, int64(1), b.sound(3)[breach.Reached])
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{event(1, breach.Email, 1, breach.Delivered, day.Add(50*time.Hour))}))
	require.Equal(t, int64(1), b.sound(3)[breach.Reached], "better news does not undo proof")
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{event(1, breach.Email, 1, breach.FailedPermanent, day.Add(51*time.Hour))}))
	require.Equal(t, int64(3), b.sound(3)[breach.Pending], "a late bounce does")
}

// compact leaves out outcomes that nobody has.
func compact(t breach.Tally) breach.Tally {
	out := breach.Tally{}
	for o, n := range t {
		if n != 0 {
			out[o] = n
		}
	}
	return out
}
