package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Who comes again with another contact and the push token of which the earlier list learned that it is gone gets no push.
func TestATokenThatIsGoneStaysGoneForLaterLists(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.SetSufficiency(b.ctx, b.id, quickRules))
	var list []breach.Person
	for n := range 4 {
		p := someone(n + 1)
		p.Email, p.PushToken = "wrong"+p.Email, "token-"+p.ExternalID
		list = append(list, p)
	}
	b.load(listOf(list...))
	_, hash := b.submit(1, 1, wei.ID)
	require.NoError(t, b.approve(hash, noor))
	events := []breach.AttemptEvent{event(1, breach.Push, 1, breach.FailedPermanent, day), event(2, breach.Push, 1, breach.FailedPermanent, day), event(3, breach.Push, 1, breach.FailedPermanent, day)}
	events[0].Reason, events[1].Reason, events[2].Reason = "app_removed", "app_removed", "token_of_another_app"
	require.NoError(t, b.Record(b.ctx, b.id, events))
	for n := range list {
		list[n].Email = someone(n + 1).Email
	}
	list[1].PushToken = "a newer one"
	r, _, err := b.LoadPeople(b.ctx, b.id, wei, &breach.Source{Fixes: true}, listOf(list...), 14, day, day.Add(time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 4, r.Anew)
	blocks, err := b.Blocks(b.ctx, b.id, r.Wave)
	require.NoError(t, err)
	who, err := b.Subjects(b.ctx, b.id, blocks[0])
	require.NoError(t, err)
	require.Len(t, who, 4)
	for i, want := range []string{reasonGone, "", "", ""} {
		require.Equal(t, want, who[i].Refused[breach.Push], i)
		require.Empty(t, who[i].Refused[breach.Email])
	}
}
