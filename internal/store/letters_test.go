package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// letters loads people and records the intents of letters to all of them; the ids of the letters come back.
func (b *bench) letters(n int) []string {
	b.t.Helper()
	require.NoError(b.t, b.SetSufficiency(b.ctx, b.id, breach.Sufficiency{breach.Letter: {Proof: breach.Delivered, Quiet: 14 * 24 * time.Hour, Wait: time.Hour}}))
	b.load(people(1, n))
	l := b.lease(breach.Letter, 1, time.Minute)
	var list []breach.Intent
	var ids []string
	for i := 1; i <= n; i++ {
		in := intent(int64(i), breach.Letter, 1)
		list, ids = append(list, in), append(ids, in.AttemptID)
	}
	require.NoError(b.t, b.Intend(b.ctx, l, list))
	return ids
}

func item(attempt string) breach.PostItem {
	return breach.PostItem{Attempt: attempt, Delivery: "d-" + attempt, Country: "DE", Pages: 2, Body: []byte(`{"Name":"Canary Kanarienvogel"}`)}
}

// A letter goes from the spool into one batch, to the printer, to the post and back, and counts at each step.
func TestLetterFromSpoolToReturn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids := b.letters(3)
	for _, id := range append(ids, ids[0]) { // the same again changes nothing
		require.NoError(t, b.KeepLetter(b.ctx, item(id), day))
	}
	requireCode(t, breach.ErrNotFound, b.KeepLetter(b.ctx, item("nobody-1"), day))
	var plain int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM letter WHERE position('Kanarien'::bytea in body) > 0`).Scan(&plain))
	require.Zero(t, plain, "the text lies sealed")

	batch, err := b.OpenLetterBatch(b.ctx, 2, nil, day)
	require.NoError(t, err)
	require.Len(t, batch.Items, 2)
	require.Equal(t, item(batch.Items[0].Attempt), batch.Items[0])
	again, err := b.OpenLetterBatch(b.ctx, 2, nil, day.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, batch, again, "until it is closed it is the same batch")
	known, _, err := b.TakeLetterWord(b.ctx, ids[0], Receipt{State: breach.Delivered}, day, day)
	require.NoError(t, err)
	require.False(t, known, "nobody printed it yet")

	require.NoError(t, b.PublishLetterBatch(b.ctx, batch.ID, "abc"))
	requireCode(t, breach.ErrConflict, b.PublishLetterBatch(b.ctx, batch.ID, "other"))
	for range 2 {
		require.NoError(t, b.CloseLetterBatch(b.ctx, batch.ID, day))
	}
	counts, err := b.ChannelCounts(b.ctx, b.id)
	require.NoError(t, err)
	require.Equal(t, int64(2), counts[breach.Letter]["accepted"])
	var bodies int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM letter WHERE body IS NOT NULL`).Scan(&bodies))
	require.Equal(t, 1, bodies, "what was handed over is removed from the ledger")
	found, err := b.FindLetter(b.ctx, batch.Items[0].Attempt, day)
	require.NoError(t, err)
	require.True(t, found)

	posted, later := batch.Items[0].Attempt, day.Add(72*time.Hour)
	word := func(attempt string, r Receipt, on time.Time) (known, news bool) {
		known, news, err := b.TakeLetterWord(b.ctx, attempt, r, on, later)
		require.NoError(t, err)
		return known, news
	}
	for i := range 2 {
		known, news := word(posted, Receipt{State: breach.Delivered, Detail: "posted 2026-03-16"}, day.Add(48*time.Hour))
		require.True(t, known)
		require.Equal(t, i == 0, news, "the same word again is no news")
	}
	require.NoError(t, b.Settle(b.ctx, b.id, 1, day.Add(48*time.Hour+14*24*time.Hour-time.Minute)))
	require.Equal(t, int64(0), b.sound(3)[breach.Reached])
	require.NoError(t, b.Settle(b.ctx, b.id, 1, day.Add(48*time.Hour+14*24*time.Hour)))
	require.Equal(t, int64(1), b.sound(3)[breach.Reached], "posted, and not returned within the time")
	known, news := word(posted, Receipt{State: breach.FailedPermanent, Reason: "mail_returned", Detail: "moved"}, later)
	require.True(t, known && news)
	require.Equal(t, int64(0), b.sound(3)[breach.Reached], "what came back was not delivered")
	known, news = word(posted, Receipt{State: breach.Delivered}, later)
	require.True(t, known)
	require.False(t, news, "a late word of posting does not undo the return")
	known, _ = word("nobody-1", Receipt{State: breach.Delivered}, later)
	require.False(t, known)
}

// A letter that was asked about before it came never comes: it was counted as not sent.
func TestLetterThatWasNotThere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids := b.letters(1)
	found, err := b.FindLetter(b.ctx, ids[0], day)
	require.NoError(t, err)
	require.False(t, found)
	requireCode(t, breach.ErrConflict, b.KeepLetter(b.ctx, item(ids[0]), day))
	batch, err := b.OpenLetterBatch(b.ctx, 10, nil, day)
	require.NoError(t, err)
	require.Nil(t, batch)
}

// While sending is paused, letters that wait stay out of batches.
func TestPausedLettersStay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids := b.letters(2)
	require.NoError(t, b.KeepLetter(b.ctx, item(ids[0]), day))
	require.NoError(t, b.exec(`UPDATE incident SET paused = true WHERE id = $1`, b.id))
	batch, err := b.OpenLetterBatch(b.ctx, 10, nil, day)
	require.NoError(t, err)
	require.Nil(t, batch)
	st, err := b.LetterStanding(b.ctx)
	require.NoError(t, err)
	require.Equal(t, breach.PostStanding{Waiting: 1, Held: 1}, st)
}

// Two processes never hand letters over at once, and every letter is in one batch.
func TestLettersAreHandedOverByOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids := b.letters(25)
	for _, id := range ids {
		require.NoError(t, b.KeepLetter(b.ctx, item(id), day))
	}
	unlock, ok, err := b.LockLetters(b.ctx)
	require.NoError(t, err)
	require.True(t, ok)
	_, second, err := b.LockLetters(b.ctx)
	require.NoError(t, err)
	require.False(t, second)
	unlock()
	unlock, ok, err = b.LockLetters(b.ctx)
	require.NoError(t, err)
	require.True(t, ok)
	unlock()
	seen := map[string]int{}
	for {
		batch, err := b.OpenLetterBatch(b.ctx, 10, nil, day)
		require.NoError(t, err)
		if batch == nil {
			break
		}
		for _, it := range batch.Items {
			seen[it.Attempt]++
		}
		require.NoError(t, b.PublishLetterBatch(b.ctx, batch.ID, "sum"))
		require.NoError(t, b.CloseLetterBatch(b.ctx, batch.ID, day))
	}
	require.Len(t, seen, 25)
	for id, n := range seen {
		require.Equal(t, 1, n, "letter %s", id)
	}
	require.Equal(t, int64(25), b.sound(25)[breach.Attempted])
}

// A receipt that comes while a letter lies in the spool stops it; what was handed over is not called back.
func TestALateReceiptStopsTheLetterInTheSpool(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids := b.letters(3)
	for i, id := range ids {
		require.NoError(t, b.KeepLetter(b.ctx, item(id), day))
		in := intent(int64(i+1), breach.Letter, 1)
		require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{{Person: in.Person, Addressee: in.Addressee, Channel: breach.Letter, Try: 1, State: breach.HandedOver, Provider: in.Provider, At: day}}))
	}
	require.NoError(t, b.SetSufficiency(b.ctx, b.id, breach.Sufficiency{breach.Letter: {Proof: breach.Delivered, Wait: time.Hour}, breach.SMS: {Proof: breach.Delivered, Wait: time.Hour}}))
	n, err := b.DropLetters(b.ctx, b.id, nil, day)
	require.NoError(t, err)
	require.Zero(t, n, "nobody was told")

	sms := breach.AttemptEvent{Person: 2, Addressee: breach.ToSelf, Channel: breach.SMS, Try: 1, State: breach.Delivered, Provider: "gateway", At: day}
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{sms}))
	told, err := b.ToldInBlock(b.ctx, b.id, 1)
	require.NoError(t, err)
	require.Equal(t, []int64{2}, told)
	waiting, err := b.LetterIncidents(b.ctx)
	require.NoError(t, err)
	require.Equal(t, []string{b.id}, waiting)
	for _, want := range []int{1, 0} {
		n, err := b.DropLetters(b.ctx, b.id, nil, day)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	batch, err := b.OpenLetterBatch(b.ctx, 10, nil, day)
	require.NoError(t, err)
	require.Len(t, batch.Items, 2)
	require.NotContains(t, []string{batch.Items[0].Attempt, batch.Items[1].Attempt}, ids[1])
	subjects, err := b.Subjects(b.ctx, b.id, breach.Block{No: 1, Lo: 1, Hi: 3})
	require.NoError(t, err)
	require.Equal(t, breach.Reached, subjects[1].Outcome)
	for _, a := range subjects[1].Attempts {
		require.True(t, a.Channel != breach.Letter || a.Unbegun(), "it counts as never begun")
	}
}
