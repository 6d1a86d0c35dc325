package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// What printer and post said of a batch is counted, and shown letter by letter.
func TestWhatBecameOfBatches(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids := b.letters(5)
	for _, id := range ids {
		require.NoError(t, b.KeepLetter(b.ctx, item(id), day))
	}
	first, err := b.OpenLetterBatch(b.ctx, 4, nil, day)
	require.NoError(t, err)
	require.NoError(t, b.PublishLetterBatch(b.ctx, first.ID, "c0ffee"))
	require.NoError(t, b.CloseLetterBatch(b.ctx, first.ID, day))
	second, err := b.OpenLetterBatch(b.ctx, 4, nil, day.Add(time.Hour))
	require.NoError(t, err)

	later := day.Add(48 * time.Hour)
	for i, r := range []Receipt{{State: breach.Accepted}, {State: breach.Delivered}, {State: breach.FailedTemporary, Reason: "not_printed"}} {
		_, news, err := b.TakeLetterWord(b.ctx, first.Items[i].Attempt, r, later, later)
		require.NoError(t, err)
		require.True(t, news)
	}
	_, _, err = b.TakeLetterWord(b.ctx, first.Items[1].Attempt, Receipt{State: breach.FailedPermanent, Reason: "moved"}, later.Add(time.Hour), later.Add(time.Hour))
	require.NoError(t, err)

	list, err := b.LetterBatches(b.ctx)
	require.NoError(t, err)
	require.Equal(t, []breach.PostedBatch{
		{ID: second.ID, MadeAt: second.MadeAt, Letters: 1, Pages: 2},
		{ID: first.ID, MadeAt: first.MadeAt, HandedAt: new(day.UTC()), Checksum: "c0ffee", Letters: 4, Pages: 8, Printed: 2, Posted: 1, Failed: 1, Returned: 1},
	}, list)
	letters, err := b.LettersOf(b.ctx, first.ID)
	require.NoError(t, err)
	said := map[string]string{}
	for _, l := range letters {
		said[l.Letter] = l.State + " " + l.Reason
	}
	require.Equal(t, map[string]string{
		first.Items[0].Attempt: "printed ", first.Items[1].Attempt: "returned moved", first.Items[2].Attempt: "failed not_printed", first.Items[3].Attempt: "handed_over ",
	}, said)
	_, err = b.LettersOf(b.ctx, "none")
	require.Equal(t, breach.ErrNotFound, breach.CodeOf(err))
	of, err := b.IncidentsOfLetters(b.ctx, []string{first.Items[0].Attempt, first.Items[1].Attempt, "none"})
	require.NoError(t, err)
	require.Equal(t, map[string]int64{b.id: 2}, of)
}
