package store

import (
	"fmt"
	"slices"
	"strings"
	"sync"
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

func TestTakeOverMakesInterruptedAttemptsUnknown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 5))
	l := b.lease(breach.SMS, 1, time.Minute)
	require.NoError(t, b.Intend(b.ctx, l, []breach.Intent{intent(1, breach.SMS, 1), intent(2, breach.SMS, 1), intent(3, breach.SMS, 1)}))
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{event(1, breach.SMS, 1, breach.HandedOver, day)}))

	none, open, err := b.Lease(b.ctx, b.id, 1, 1, breach.SMS, "lane-2", time.Minute)
	require.NoError(t, err)
	require.Nil(t, none, "the lease is still held")
	require.Equal(t, 1, open)
	require.NoError(t, b.exec(`UPDATE chunk SET lease_until = clock_timestamp() - interval '1 second' WHERE incident = $1`, b.id))
	next, _, err := b.Lease(b.ctx, b.id, 1, 1, breach.SMS, "lane-2", time.Minute)
	require.NoError(t, err)
	require.Equal(t, 2, next.Epoch)
	require.Equal(t, breach.Tally{breach.Attempted: 3, breach.Pending: 2}, compact(b.sound(5)))

	unsettled, err := b.Unsettled(b.ctx, b.id, 1)
	require.NoError(t, err)
	require.Len(t, unsettled, 2)
	require.Equal(t, "a-2-sms-1", unsettled[0].AttemptID)
	require.Equal(t, intent(2, breach.SMS, 1).Text, unsettled[0].Text)
	require.Equal(t, someone(2), unsettled[0].Subject.Person)
	require.Equal(t, reasonInterrupted, unsettled[0].Attempt.Reason)
	other, err := b.Unsettled(b.ctx, b.id, 2)
	require.NoError(t, err)
	require.Empty(t, other)

	// The former owner may not intend or finish any more; what it did send is a fact all the same.
	requireCode(t, breach.ErrConflict, b.Intend(b.ctx, l, []breach.Intent{intent(4, breach.SMS, 1)}))
	ok, err := b.Renew(b.ctx, l, time.Minute)
	require.NoError(t, err)
	require.False(t, ok)
	require.NoError(t, b.Finish(b.ctx, l), "a lost lease finishes nothing")
	late := event(2, breach.SMS, 1, breach.Delivered, day.Add(time.Minute))
	late.Epoch = 1
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{late}))
	require.Equal(t, breach.Tally{breach.Reached: 1, breach.Attempted: 2, breach.Pending: 2}, compact(b.sound(5)))

	// The new owner may not send the same attempt again.
	requireCode(t, breach.ErrConflict, b.Intend(b.ctx, next, []breach.Intent{intent(3, breach.SMS, 1)}))
	settled := event(3, breach.SMS, 1, breach.Reconciled, day)
	settled.Settlement = breach.Repeated
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{settled}))
	require.NoError(t, b.Intend(b.ctx, next, []breach.Intent{intent(3, breach.SMS, 2)}))
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{event(3, breach.SMS, 2, breach.Delivered, day)}))
	require.NoError(t, b.Finish(b.ctx, next))
	counts, err := b.ChannelCounts(b.ctx, b.id)
	require.NoError(t, err)
	require.Equal(t, breach.ChannelCounts{"intended": 0, "handed_over": 1, "accepted": 0, "delivered": 2, "failed_temporary": 0,
		"failed_permanent": 0, "unknown": 0, "reconciled": 1, "repeated": 1}, counts[breach.SMS])
	done, open, err := b.Lease(b.ctx, b.id, 1, 1, breach.SMS, "lane-3", time.Minute)
	require.NoError(t, err)
	require.Nil(t, done)
	require.Zero(t, open)
}

// Who knows that an owner has ended need not wait until the end of its lease.
func TestLeasesOfAnEndedOwnerAreReleased(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 5))
	l := b.lease(breach.SMS, 1, time.Hour)
	require.NoError(t, b.Intend(b.ctx, l, []breach.Intent{intent(1, breach.SMS, 1)}))
	_, err := b.ReleaseLeases(b.ctx, "")
	requireCode(t, breach.ErrInvalid, err)
	for _, others := range []string{"lane-11", "lane_", "LANE", "%"} {
		n, err := b.ReleaseLeases(b.ctx, others)
		require.NoError(t, err)
		require.Zero(t, n, others)
	}
	n, err := b.ReleaseLeases(b.ctx, "lane-")
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
	requireCode(t, breach.ErrConflict, b.Intend(b.ctx, l, []breach.Intent{intent(2, breach.SMS, 1)}))
	next, _, err := b.Lease(b.ctx, b.id, 1, 1, breach.SMS, "other-2", time.Minute)
	require.NoError(t, err)
	require.Equal(t, 2, next.Epoch)
	unsettled, err := b.Unsettled(b.ctx, b.id, 1)
	require.NoError(t, err)
	require.Len(t, unsettled, 1)
	require.NoError(t, b.Finish(b.ctx, next))
	n, err = b.ReleaseLeases(b.ctx, "other-")
	require.NoError(t, err)
	require.Zero(t, n, "what is done stays done")
}

func TestTwoLanesNeverShareAChunk(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 4500))
	nos := []int64{1, 2, 3, 4, 5}
	require.NoError(t, b.OpenChunks(b.ctx, b.id, 1, 1, breach.Email, nos))
	require.NoError(t, b.OpenChunks(b.ctx, b.id, 1, 1, breach.Email, nos))
	got := make([]int64, 10)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			l, _, err := b.Lease(b.ctx, b.id, 1, 1, breach.Email, fmt.Sprint(i), time.Minute)
			require.NoError(t, err)
			if l != nil {
				got[i] = l.Block.No
			}
		})
	}
	wg.Wait()
	slices.Sort(got)
	require.Equal(t, append(make([]int64, 5), nos...), got)
}

func TestReceipts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 3))
	l := b.lease(breach.SMS, 1, time.Minute)
	require.NoError(t, b.Intend(b.ctx, l, []breach.Intent{intent(1, breach.SMS, 1), intent(2, breach.SMS, 1)}))
	say := func(id string, st breach.AttemptState) bool {
		known, err := b.RecordReceipt(b.ctx, "own", id, Receipt{State: st, ProviderRef: "SM1", Detail: "line\nbreak\x00\xff" + strings.Repeat("x", 300)}, day)
		require.NoError(t, err)
		return known
	}
	// The callback overtakes the answer of the hand-over, and comes twice.
	require.True(t, say("a-1-sms-1", breach.Delivered))
	require.True(t, say("a-1-sms-1", breach.Delivered))
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{event(1, breach.SMS, 1, breach.HandedOver, day)}))
	require.True(t, say("a-1-sms-1", breach.Accepted))
	require.Equal(t, int64(1), b.sound(3)[breach.Reached], "an older word does not undo a newer one")
	require.False(t, say("nobody", breach.Delivered))
	known, err := b.RecordReceipt(b.ctx, "someone-else", "a-2-sms-1", Receipt{State: breach.Delivered}, day)
	require.NoError(t, err)
	require.False(t, known, "another provider's word does not count")
	require.Equal(t, int64(1), b.sound(3)[breach.Reached])
	_, err = b.RecordReceipt(b.ctx, "own", "a-1-sms-1", Receipt{State: breach.Unknown}, day)
	requireCode(t, breach.ErrInvalid, err)
	var n int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM receipt`).Scan(&n))
	require.Equal(t, 4, n)
	for id, want := range map[string]string{"a-2-sms-1": "own", "nobody": "", "": "", "x\x00": ""} {
		provider, policy, err := b.SentBy(b.ctx, id)
		require.NoError(t, err)
		require.Equal(t, want, provider)
		require.Equal(t, want != "", policy != "")
	}

	// Covered by the announcement, then proof comes after all.
	ev := func(o breach.Outcome) breach.PersonEvent {
		return breach.PersonEvent{Person: 2, Outcome: o, Reason: "r", By: "tocsin", At: day}
	}
	require.NoError(t, b.SetOutcomes(b.ctx, b.id, []breach.PersonEvent{ev(breach.Covered)}))
	require.Equal(t, int64(2), b.sound(3)[breach.Pending], "only who is unreachable can be covered")
	require.NoError(t, b.SetOutcomes(b.ctx, b.id, []breach.PersonEvent{ev(breach.Unreachable), ev(breach.Covered)}))
	require.Equal(t, int64(1), b.sound(3)[breach.Covered])
	require.True(t, say("a-2-sms-1", breach.FailedPermanent))
	require.Equal(t, int64(1), b.sound(3)[breach.Covered])
	require.True(t, say("a-2-sms-1", breach.Delivered))
	require.Equal(t, int64(2), b.sound(3)[breach.Reached])
	require.NoError(t, b.SetOutcomes(b.ctx, b.id, []breach.PersonEvent{ev(breach.Unreachable)}))
	require.Equal(t, int64(2), b.sound(3)[breach.Reached], "proof stands against a decision that came too late")
}

func TestRecordRefusesOnlyWhatNamesNoAttempt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 1))
	good := event(1, breach.Email, 1, breach.Accepted, day)
	for name, change := range map[string]func(*breach.AttemptEvent){
		"nobody":        func(e *breach.AttemptEvent) { e.Person = 2 },
		"intended":      func(e *breach.AttemptEvent) { e.State = breach.Intended },
		"no settlement": func(e *breach.AttemptEvent) { e.State = breach.Reconciled },
		"no instant":    func(e *breach.AttemptEvent) { e.At = time.Time{} },
		"no try":        func(e *breach.AttemptEvent) { e.Try = 0 },
		"no channel":    func(e *breach.AttemptEvent) { e.Channel = "pigeon" },
	} {
		e := good
		change(&e)
		err := b.Record(b.ctx, b.id, []breach.AttemptEvent{e})
		require.Equal(t, breach.ErrInvalid, breach.CodeOf(err), name)
	}
	require.Equal(t, int64(1), b.sound(1)[breach.Pending])
}
