package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// What was handed over by a channel that costs something is counted by provider and country; what was not begun is not.
func TestWhatCostsSomethingIsCounted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 3))
	l := b.lease(breach.SMS, 1, time.Minute)
	list := []breach.Intent{intent(1, breach.SMS, 1), intent(2, breach.SMS, 1), intent(3, breach.SMS, 1)}
	require.NoError(t, b.Intend(b.ctx, l, list))
	unbegun := breach.AttemptEvent{Person: 3, Addressee: breach.ToSelf, Channel: breach.SMS, Try: 1, State: breach.FailedTemporary, Reason: reasonInterrupted, Provider: list[2].Provider, At: day}
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{unbegun}))
	got, err := b.Handed(b.ctx, b.id)
	require.NoError(t, err)
	var n int64
	for _, h := range got {
		require.Equal(t, breach.SMS, h.Channel)
		require.Equal(t, list[0].Provider, h.Provider)
		n += h.Messages
	}
	require.Equal(t, int64(2), n)
}
