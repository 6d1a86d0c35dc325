package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// At the end of retention every provider is told to delete what it got, again and again until it has; what cannot be
// deleted is listed, and all of it stands on the record.
func TestPromise_M25_ProcessorsAreToldToDelete(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 3))
	l := b.lease(breach.SMS, 1, time.Minute)
	var list []breach.Intent
	for i := range int64(3) {
		list = append(list, intent(i+1, breach.SMS, 1))
	}
	provider := list[0].Provider
	require.NoError(t, b.Intend(b.ctx, l, list))
	for i, ref := range []string{"SM1", "SM2", ""} { // of the third one nobody knows an id
		require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{{Person: int64(i + 1), Addressee: breach.ToSelf, Channel: breach.SMS, Try: 1,
			State: breach.HandedOver, Provider: provider, ProviderRef: ref, At: day}}))
	}
	terms := []breach.ErasureTerm{{Provider: provider, How: "delete"}, {Provider: "domestic", How: "request"}, {Provider: "ours", How: "nothing"}}
	requireCode(t, breach.ErrConflict, b.BeginErasure(b.ctx, b.id, terms, "tocsin", day))

	for p := range int64(3) {
		require.NoError(t, b.SetOutcomes(b.ctx, b.id, []breach.PersonEvent{{Person: p + 1, Outcome: breach.Withdrawn, Reason: "x", By: noor.ID, At: day}}))
	}
	require.NoError(t, b.CloseIncident(b.ctx, b.id, noor.ID, breach.Left{}, day))
	due := func() (n int) {
		list, err := b.Retained(b.ctx)
		require.NoError(t, err)
		for _, r := range list {
			if r.Incident == b.id {
				require.Equal(t, day, r.ClosedAt)
				n++
			}
		}
		return n
	}
	require.Equal(t, 1, due())
	later := day.AddDate(0, 0, 30)
	for range 2 {
		require.NoError(t, b.BeginErasure(b.ctx, b.id, terms, "tocsin", later))
	}
	require.Zero(t, due())

	items, err := b.TakeErasures(b.ctx, 10, later)
	require.NoError(t, err)
	require.Len(t, items, 2)
	again, err := b.TakeErasures(b.ctx, 10, later)
	require.NoError(t, err)
	require.Empty(t, again, "somebody has them")
	require.NoError(t, b.Erased(b.ctx, items[0], "deleted", "", later, later))
	require.NoError(t, b.Erased(b.ctx, items[1], "open", "busy", later.Add(time.Hour), later))
	again, err = b.TakeErasures(b.ctx, 10, later.Add(2*time.Hour)) // also after a crash: the lease is over
	require.NoError(t, err)
	require.Len(t, again, 1)
	require.Equal(t, 2, again[0].Tries)
	require.NoError(t, b.Erased(b.ctx, again[0], "kept", "the provider refused to delete it", later, later))

	requireCode(t, breach.ErrNotFound, b.RequestedErasure(b.ctx, b.id, provider, "letter 7", wei, later))
	require.NoError(t, b.RequestedErasure(b.ctx, b.id, "domestic", "letter 7", wei, later))
	told, err := b.Erasures(b.ctx, b.id)
	require.NoError(t, err)
	require.Equal(t, []int64{3, 1, 1, 0, 1}, []int64{told[provider].Messages, told[provider].Deleted, told[provider].Kept, told[provider].Open, told[provider].Unnamed})
	require.NotNil(t, told[provider].DoneAt)
	require.Equal(t, "letter 7", told["domestic"].Reference)
	require.NotNil(t, told["ours"].DoneAt)
	require.Equal(t, 1, b.notes("processors.deleted"))
	require.Equal(t, 1, b.notes("processors.begun"))
	require.Equal(t, 1, b.notes("processors.requested"))
	got, err := b.HandedTo(b.ctx, b.id)
	require.NoError(t, err)
	require.NotEmpty(t, got)
}
