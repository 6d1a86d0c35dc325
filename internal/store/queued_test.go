package store

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

var mei = breach.Actor{ID: "mei.zhou", Role: breach.RoleLead}

// spooled has n letters in the spool.
func (b *bench) spooled(n int) []string {
	b.t.Helper()
	ids := b.letters(n)
	for _, id := range ids {
		require.NoError(b.t, b.KeepLetter(b.ctx, item(id), day))
	}
	return ids
}

// batch lists the letters of the open batch.
func (b *bench) batch(atOnce AtOnce, at time.Time) (out []string) {
	b.t.Helper()
	batch, err := b.OpenLetterBatch(b.ctx, 10, atOnce, at)
	require.NoError(b.t, err)
	if batch == nil {
		return nil
	}
	for _, it := range batch.Items {
		out = append(out, it.Attempt)
	}
	return out
}

func (b *bench) outcome(person int64, o breach.Outcome) {
	b.t.Helper()
	require.NoError(b.t, b.SetOutcomes(b.ctx, b.id, []breach.PersonEvent{{Person: person, Outcome: o, Reason: "x", By: mei.ID, At: day}}))
}

// As long as the printer has not got a batch, what happens to its people happens to their letters.
func TestABatchThatWaitsAtTheDoorIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids := b.spooled(4)
	require.Equal(t, ids, b.batch(nil, day))

	require.NoError(t, b.exec(`UPDATE incident SET paused = true WHERE id = $1`, b.id))
	require.Empty(t, b.batch(nil, day), "the printer was down, and somebody paused the sending")
	list, err := b.LetterBatches(b.ctx)
	require.NoError(t, err)
	require.Empty(t, list)
	require.NoError(t, b.exec(`UPDATE incident SET paused = false WHERE id = $1`, b.id))

	b.outcome(2, breach.Withdrawn)
	require.Equal(t, []string{ids[0], ids[2], ids[3]}, b.batch(nil, day))
	require.Equal(t, 1, b.entries("letters.dropped"))
	sms := breach.AttemptEvent{Person: 3, Addressee: breach.ToSelf, Channel: breach.SMS, Try: 1, State: breach.Delivered, Provider: "gateway", At: day}
	require.NoError(t, b.SetSufficiency(b.ctx, b.id, breach.Sufficiency{breach.Letter: {Proof: breach.Delivered}, breach.SMS: {Proof: breach.Delivered}}))
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{sms}))
	every := func(string) bool { return true }
	require.Equal(t, []string{ids[0], ids[2], ids[3]}, b.batch(every, day), "all channels at once")
	require.Equal(t, []string{ids[0], ids[3]}, b.batch(nil, day))

	batch, err := b.OpenLetterBatch(b.ctx, 10, nil, day)
	require.NoError(t, err)
	require.NoError(t, b.PublishLetterBatch(b.ctx, batch.ID, "sum"))
	b.outcome(4, breach.Withdrawn)
	require.Equal(t, []string{ids[0], ids[3]}, b.batch(nil, day), "what the printer has got stays as it is")
	require.NoError(t, b.CloseLetterBatch(b.ctx, batch.ID, day))
	require.Empty(t, b.batch(nil, day))
}

// Whoever must not be told is not told by a policy with all channels at once either.
func TestWithdrawnPeopleGetNoLetterWhereAllChannelsAreUsed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids := b.spooled(3)
	b.outcome(1, breach.Exempt)
	b.outcome(3, breach.Held)
	n, err := b.DropLetters(b.ctx, b.id, func(string) bool { return true }, day)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Equal(t, []string{ids[1]}, b.batch(nil, day))
}

// A hold keeps what lies queued, too, until it is over.
func TestAHoldKeepsLettersAndCallsThatAreQueued(t *testing.T) {
	t.Parallel()
	b := heldBench(t)
	german, french, another := someone(1), someone(2), someone(3)
	german.Country, french.Country, another.Country = "DE", "FR", "DE"
	b.load(listOf(german, french, another))
	letters, calls := b.lease(breach.Letter, 1, time.Minute), b.lease(breach.Voice, 1, time.Minute)
	var post, call []breach.Intent
	for i := int64(1); i <= 3; i++ {
		post, call = append(post, intent(i, breach.Letter, 1)), append(call, intent(i, breach.Voice, 1))
	}
	require.NoError(t, b.Intend(b.ctx, letters, post))
	require.NoError(t, b.Intend(b.ctx, calls, call))
	for i := range post {
		require.NoError(t, b.KeepLetter(b.ctx, item(post[i].AttemptID), day))
		require.NoError(t, b.KeepCall(b.ctx, breach.CallScript{Attempt: call[i].AttemptID, Locale: "en", Text: "script", To: "+150055500" + string(rune('1'+i)) + "0"}, day))
	}
	_, err := b.PlaceHold(b.ctx, b.id, police("h1"), mei, day)
	require.NoError(t, err)
	require.Equal(t, []string{post[1].AttemptID}, b.batch(nil, day), "people in Germany wait")
	listed := func(by string, at time.Time) (out []string) {
		t.Helper()
		got, err := b.CallList(b.ctx, by, nil, at, at.Add(time.Hour))
		require.NoError(t, err)
		for _, c := range got {
			out = append(out, c.Attempt)
		}
		slices.Sort(out)
		return out
	}
	require.Equal(t, []string{call[1].AttemptID}, listed("ada", day))
	require.Nil(t, b.take("bob", day.Add(time.Minute), breach.CallWish{}))

	later := day.Add(101 * time.Hour)
	require.ElementsMatch(t, []string{post[0].AttemptID, post[1].AttemptID, post[2].AttemptID}, b.batch(nil, later))
	require.Equal(t, call[0].AttemptID, b.take("bob", later, breach.CallWish{}).Attempt)
	require.Len(t, listed("ada", later), 2)
}

// Nobody is called who was told meanwhile, or must not be told; the number on the list may be an old one.
func TestCallsThatNobodyNeedsLeaveTheList(t *testing.T) {
	t.Parallel()
	b, list := callBench(t, 4)
	b.outcome(1, breach.Withdrawn)
	b.outcome(2, breach.Exempt)
	now := day.Add(time.Minute)
	require.Equal(t, list[2].AttemptID, b.take("ada", now, breach.CallWish{}).Attempt)
	require.NoError(t, b.LeaveCall(b.ctx, list[2].AttemptID, "ada", time.Time{}, now))
	b.outcome(3, breach.Withdrawn)
	got, err := b.CallList(b.ctx, "bob", nil, now, now.Add(time.Hour))
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, list[3].AttemptID, got[0].Attempt)
	require.Equal(t, 3, b.entries("calls.dropped"))
	_, err = b.CallScript(b.ctx, list[0].AttemptID)
	requireCode(t, breach.ErrNotFound, err)
	b.sound(4)
}

// A letter that cannot be printed failed for good, and its person goes on.
func TestALetterThatCannotBePrintedLeavesTheBatch(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids := b.spooled(2)
	require.Equal(t, ids, b.batch(nil, day))
	for range 2 {
		require.NoError(t, b.RejectLetters(b.ctx, []breach.UnsetLetter{{Attempt: ids[0], Why: "the address is too long"}, {Attempt: "nobody-1"}}, "cannot_be_sent", day))
	}
	require.Equal(t, ids[1:], b.batch(nil, day))
	subjects, err := b.Subjects(b.ctx, b.id, breach.Block{No: 1, Lo: 1, Hi: 2})
	require.NoError(t, err)
	require.Equal(t, breach.FailedPermanent, subjects[0].Attempts[0].State)
	require.Equal(t, "cannot_be_sent", subjects[0].Attempts[0].Reason)
}

// "Sent", which comes late after "could not be delivered", calls no next try off; "delivered" still counts.
func TestALateWordOnTheWayRevivesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 2))
	l := b.lease(breach.SMS, 1, time.Minute)
	list := []breach.Intent{intent(1, breach.SMS, 1), intent(2, breach.SMS, 1)}
	require.NoError(t, b.Intend(b.ctx, l, list))
	say := func(i int, state breach.AttemptState) breach.AttemptState {
		t.Helper()
		known, err := b.RecordReceipt(b.ctx, list[i].Provider, list[i].AttemptID, Receipt{State: state, ProviderRef: "SM1", Reason: map[bool]string{true: "handset_unreachable"}[state == breach.FailedTemporary]}, day)
		require.NoError(t, err)
		require.True(t, known)
		subjects, err := b.Subjects(b.ctx, b.id, breach.Block{No: 1, Lo: 1, Hi: 2})
		require.NoError(t, err)
		return subjects[i].Attempts[0].State
	}
	require.Equal(t, breach.Accepted, say(0, breach.Accepted))
	require.Equal(t, breach.FailedTemporary, say(1, breach.FailedTemporary))
	require.Equal(t, breach.FailedTemporary, say(1, breach.Accepted))
	require.Equal(t, breach.Delivered, say(1, breach.Delivered))
	require.Equal(t, breach.Delivered, say(1, breach.Accepted))
	var kept int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM receipt WHERE attempt = $1`, list[1].AttemptID).Scan(&kept))
	require.Equal(t, 3, kept, "every word is kept")
}

// A message that its provider was found to have is asked about as others are, each in its turn.
func TestAConfirmedMessageIsAskedAbout(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 5))
	l := b.lease(breach.SMS, 1, time.Minute)
	var list []breach.Intent
	for i := int64(1); i <= 5; i++ {
		list = append(list, intent(i, breach.SMS, 1))
	}
	require.NoError(t, b.Intend(b.ctx, l, list))
	for i, in := range list {
		ev := breach.AttemptEvent{Person: in.Person, Addressee: in.Addressee, Channel: breach.SMS, Try: 1, Provider: in.Provider, At: day, State: breach.HandedOver, ProviderRef: "SM" + in.AttemptID}
		if i < 2 {
			lost := ev
			lost.State, lost.ProviderRef, lost.Reason = breach.Unknown, "", "no_answer"
			require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{lost}))
			ev.State, ev.Settlement = breach.Reconciled, breach.Confirmed
		}
		require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{ev}))
	}
	seen := map[string]int{}
	for turn := range 3 {
		got, err := b.UnheardOf(b.ctx, UnheardQuery{Since: day.Add(-time.Hour), Until: day.Add(time.Hour), Turn: turn, Turns: 3, Most: 10})
		require.NoError(t, err)
		for _, u := range got {
			require.Equal(t, "SM"+u.Attempt, u.ProviderRef)
			seen[u.Attempt]++
		}
	}
	require.Len(t, seen, 5)
	for id, n := range seen {
		require.Equal(t, 1, n, id)
	}
	got, err := b.UnheardOf(b.ctx, UnheardQuery{Since: day.Add(-time.Hour), Until: day.Add(-time.Minute), Most: 10})
	require.NoError(t, err)
	require.Empty(t, got, "too fresh")
}
