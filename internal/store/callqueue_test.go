package store

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// callBench has calls on the list: the first two people share a number.
func callBench(t *testing.T, n int) (*bench, []breach.Intent) {
	t.Helper()
	b := setup(t)
	b.load(people(1, n))
	l := b.lease(breach.Voice, 1, time.Minute)
	var list []breach.Intent
	for i := range n {
		list = append(list, intent(int64(i+1), breach.Voice, 1))
	}
	require.NoError(t, b.Intend(b.ctx, l, list))
	for i, in := range list {
		locale := []string{"en", "zh-Hans"}[i%2]
		to := fmt.Sprintf("+1500555%04d", max(i, 1))
		require.NoError(t, b.KeepCall(b.ctx, breach.CallScript{Attempt: in.AttemptID, Locale: locale, Text: "script", Machine: "short", To: to}, day.Add(time.Duration(i)*time.Second)))
	}
	return b, list
}

func always(string, breach.Person) (time.Time, error) { return time.Time{}, nil }

func (b *bench) take(by string, at time.Time, w breach.CallWish) *breach.HeldCall {
	b.t.Helper()
	h, err := b.TakeCall(b.ctx, w, by, at, at.Add(15*time.Minute), always, nil)
	require.NoError(b.t, err)
	return h
}

func (b *bench) entries(action string) (n int) {
	b.t.Helper()
	require.NoError(b.t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM audit WHERE incident = $1 AND action = $2`, b.id, action).Scan(&n))
	return n
}

// A call, and a number that several people share, is with one caller at a time, until the time is over.
func TestNobodyIsShownToTwoCallersAtOnce(t *testing.T) {
	t.Parallel()
	b, list := callBench(t, 3)
	now := day.Add(time.Minute)
	ada := b.take("ada", now, breach.CallWish{})
	require.Equal(t, list[0].AttemptID, ada.Attempt)
	require.Equal(t, "+15005550001", ada.To)
	require.Equal(t, breach.ToSelf, ada.Addressee)
	require.NotEmpty(t, ada.Who.Country)
	bob := b.take("bob", now, breach.CallWish{})
	require.Equal(t, list[2].AttemptID, bob.Attempt, "the second person has the number that ada is calling")
	require.Nil(t, b.take("cleo", now, breach.CallWish{}))
	require.Equal(t, ada.Attempt, b.take("ada", now.Add(10*time.Minute), breach.CallWish{}).Attempt, "a caller keeps the call")
	require.Equal(t, 2, b.entries("call.taken"))

	listed, err := b.CallList(b.ctx, "ada", nil, now, now.Add(time.Hour))
	require.NoError(t, err)
	require.Empty(t, listed, "nor is it on a list")

	waiting, err := b.CallsWaiting(b.ctx, now)
	require.NoError(t, err)
	require.Equal(t, []breach.CallsWaiting{{Incident: b.id, Locale: "en", Taken: 2}, {Incident: b.id, Locale: "zh-Hans", Now: 1}}, waiting)

	later := now.Add(20 * time.Minute) // bob's time is over, ada's was made longer
	require.Equal(t, bob.Attempt, b.take("cleo", later, breach.CallWish{}).Attempt)
	_, err = b.CallNumber(b.ctx, bob.Attempt, "bob", later)
	require.Equal(t, breach.ErrConflict, breach.CodeOf(err))
	reached := breach.CallWord{Heard: breach.HeardKey, State: breach.Delivered, Ended: true}
	require.Equal(t, breach.ErrConflict, breach.CodeOf(b.EndCall(b.ctx, bob.Attempt, "bob", breach.CallResult{Outcome: "reached"}, reached, later)))

	number, err := b.CallNumber(b.ctx, ada.Attempt, "ada", later)
	require.NoError(t, err)
	require.Equal(t, "+15005550001", number)
	require.Equal(t, 1, b.entries("call.number"))
	for range 2 { // the same click again changes nothing
		require.NoError(t, b.EndCall(b.ctx, ada.Attempt, "ada", breach.CallResult{Outcome: "reached"}, reached, later))
	}
	require.Equal(t, breach.ErrConflict, breach.CodeOf(b.EndCall(b.ctx, ada.Attempt, "ada", breach.CallResult{Outcome: "refused"}, reached, later)))
	require.Equal(t, breach.ErrNotFound, breach.CodeOf(b.EndCall(b.ctx, "none", "ada", breach.CallResult{}, reached, later)))
	require.Equal(t, 1, b.entries("call.ended"))
	require.Equal(t, list[1].AttemptID, b.take("ada", later, breach.CallWish{}).Attempt, "the number is free again")
}

func TestCallsWaitForTheirHour(t *testing.T) {
	t.Parallel()
	b, list := callBench(t, 3)
	now := day.Add(time.Minute)
	require.Equal(t, list[1].AttemptID, b.take("ada", now, breach.CallWish{Locale: "zh-Hans"}).Attempt)
	require.Nil(t, b.take("bob", now, breach.CallWish{Incident: "another"}))
	back := now.Add(3 * time.Hour)
	require.NoError(t, b.EndCall(b.ctx, list[1].AttemptID, "ada", breach.CallResult{Outcome: "call_back", Back: back}, breach.CallWord{}, now))
	require.Nil(t, b.take("ada", now, breach.CallWish{Locale: "zh-Hans"}))
	require.NotNil(t, b.take("ada", back, breach.CallWish{Locale: "zh-Hans"}))
	for range 2 {
		require.NoError(t, b.LeaveCall(b.ctx, list[1].AttemptID, "ada", time.Time{}, back))
	}
	none, err := b.CallOf(b.ctx, "ada", back)
	require.NoError(t, err)
	require.Nil(t, none)

	asleep := func(_ string, who breach.Person) (time.Time, error) { return back.Add(time.Hour), nil }
	h, err := b.TakeCall(b.ctx, breach.CallWish{}, "ada", back, back.Add(time.Hour), asleep, nil)
	require.NoError(t, err)
	require.Nil(t, h)
	waiting, err := b.CallsWaiting(b.ctx, back)
	require.NoError(t, err)
	require.Equal(t, int64(2), waiting[0].Later)

	_, err = b.pool.Exec(b.ctx, `UPDATE incident SET paused = true`)
	require.NoError(t, err)
	require.Nil(t, b.take("ada", back.Add(2*time.Hour), breach.CallWish{}))
}

// However many callers there are, and however fast they press: each call is given to one of them.
func TestManyCallersTakeDifferentCalls(t *testing.T) {
	t.Parallel()
	const callers = 8
	b, _ := callBench(t, callers+1)
	var all sync.Map
	var pressed sync.WaitGroup
	for i := range callers {
		pressed.Go(func() {
			h, err := b.TakeCall(b.ctx, breach.CallWish{}, fmt.Sprintf("caller-%d", i), day.Add(time.Hour), day.Add(2*time.Hour), always, nil)
			if err != nil || h == nil {
				t.Error("a call waits for everybody", err)
				return
			}
			if _, twice := all.LoadOrStore(h.To, i); twice {
				t.Error("the same number for two callers")
			}
		})
	}
	pressed.Wait()
}
