package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Bounces and complaints are counted by provider, domain and reason; a report that came back is found by its own id.
func TestWhatCameBackIsCounted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 4))
	l := b.lease(breach.Email, 1, time.Minute)
	var list []breach.Intent
	for i := 1; i <= 4; i++ {
		list = append(list, intent(int64(i), breach.Email, 1))
	}
	require.NoError(t, b.Intend(b.ctx, l, list))
	for i, r := range []breach.Returned{
		{Kind: breach.ReturnFailed, Reason: "mailbox_full", Reporter: "MX1.mail.Example"}, {Kind: breach.ReturnFailed, Reason: "mailbox_full", Reporter: "mx2.mail.example."},
		{Kind: breach.ReturnComplained, Reporter: "<4711@x>"}, {Kind: breach.ReturnDelivered, Reporter: "mx1.mail.example"},
	} {
		r.Attempt, r.At = list[i].AttemptID, day.Add(time.Hour)
		known, err := b.RecordReturned(b.ctx, r)
		require.NoError(t, err)
		require.True(t, known)
	}
	got, err := b.CountReturns(b.ctx, b.id)
	require.NoError(t, err)
	at := day.Add(time.Hour).UTC()
	provider := list[0].Provider
	require.Equal(t, []breach.ReturnCount{
		{Provider: provider, Domain: "mail.example", Kind: breach.ReturnFailed, Reason: "mailbox_full", Count: 2, Last: at}, {Provider: provider, Kind: breach.ReturnComplained, Count: 1, Last: at},
	}, got)

	for _, r := range []breach.Returned{
		{Attempt: "filing-aa-1", Kind: breach.ReturnFailed, Reason: "mailbox_full", Detail: "550", At: day}, {Attempt: "filing-aa-1", Kind: breach.ReturnDelayed, At: day.Add(time.Hour)},
		{Delivery: "filing-bb", Kind: breach.ReturnUnclassified, At: day}, {Attempt: "filing-cc-1", Kind: breach.ReturnDelivered, At: day},
	} {
		known, err := b.RecordReturned(b.ctx, r)
		require.NoError(t, err)
		require.False(t, known)
	}
	reports, err := b.ReturnedAs(b.ctx, []string{"filing-aa", "filing-aa-1", "filing-bb", "filing-bb-1", "filing-cc-1"})
	require.NoError(t, err)
	require.Equal(t, map[string]breach.FilingReturn{
		"filing-aa-1": {Kind: breach.ReturnFailed, Reason: "mailbox_full", Detail: "550", At: day.UTC()}, "filing-bb": {Kind: breach.ReturnUnclassified, At: day.UTC()},
	}, reports)
}
