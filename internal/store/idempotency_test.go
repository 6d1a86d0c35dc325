package store

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func keyed(owner string) breach.KeyedRequest {
	return breach.KeyedRequest{Actor: "wei", Key: "k", RequestHash: "h1", Owner: owner}
}

func TestAKeyHasOneOwnerAndOneAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first, err := b.ReserveKey(b.ctx, keyed("a"), time.Minute)
	require.NoError(t, err)
	require.True(t, first.Yours)
	require.Regexp(t, "^[0-9a-f]{32}$", first.Deed)
	second, err := b.ReserveKey(b.ctx, keyed("b"), time.Minute)
	require.NoError(t, err)
	require.Equal(t, breach.KeyState{}, second, "somebody else is at it")
	requireCode(t, breach.ErrConflict, b.SaveAnswer(b.ctx, keyed("b"), []byte("not mine"), 200))
	ours, err := b.RenewKey(b.ctx, keyed("b"), time.Minute)
	require.NoError(t, err)
	require.False(t, ours)

	require.NoError(t, b.SaveAnswer(b.ctx, keyed("a"), []byte("secret answer"), 201))
	requireCode(t, breach.ErrConflict, b.SaveAnswer(b.ctx, keyed("a"), []byte("later"), 500))
	require.NoError(t, b.GiveUpKey(b.ctx, keyed("a"), true))
	again, err := b.ReserveKey(b.ctx, keyed("c"), time.Minute)
	require.NoError(t, err)
	require.Equal(t, breach.KeyState{Answer: []byte("secret answer"), Status: 201}, again, "an answer stays")

	other := keyed("d")
	other.RequestHash = "h2"
	_, err = b.ReserveKey(b.ctx, other, time.Minute)
	requireCode(t, breach.ErrKeyUsed, err)
	other.Actor = "noor"
	state, err := b.ReserveKey(b.ctx, other, time.Minute)
	require.NoError(t, err)
	require.True(t, state.Yours, "a key belongs to whoever sent it")
	require.NotEqual(t, first.Deed, state.Deed)
}

// An owner that died is followed by the next try, under the same deed; one that renews is not.
func TestAReservationOutlivesItsOwnerForALease(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dead, err := b.ReserveKey(b.ctx, keyed("dead"), time.Millisecond)
	require.NoError(t, err)
	time.Sleep(5 * time.Millisecond)
	other := keyed("other")
	other.RequestHash = "h2"
	_, err = b.ReserveKey(b.ctx, other, time.Minute)
	requireCode(t, breach.ErrKeyUsed, err)
	heir, err := b.ReserveKey(b.ctx, keyed("heir"), time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, breach.KeyState{Yours: true, Deed: dead.Deed}, heir)
	requireCode(t, breach.ErrConflict, b.SaveAnswer(b.ctx, keyed("dead"), []byte("too late"), 200))

	ours, err := b.RenewKey(b.ctx, keyed("heir"), time.Minute)
	require.NoError(t, err)
	require.True(t, ours)
	late, err := b.ReserveKey(b.ctx, keyed("late"), time.Minute)
	require.NoError(t, err)
	require.False(t, late.Yours)

	require.NoError(t, b.GiveUpKey(b.ctx, keyed("heir"), false))
	next, err := b.ReserveKey(b.ctx, keyed("next"), time.Minute)
	require.NoError(t, err)
	require.Equal(t, breach.KeyState{Yours: true, Deed: dead.Deed}, next, "what failed on our side goes on at once")
	require.NoError(t, b.GiveUpKey(b.ctx, keyed("next"), true))
	anew, err := b.ReserveKey(b.ctx, other, time.Minute)
	require.NoError(t, err)
	require.True(t, anew.Yours, "a forgotten key is free")
	require.NotEqual(t, dead.Deed, anew.Deed)
}

func TestOfManyAtOnceOneIsTheOwner(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var wg sync.WaitGroup
	var owners atomic.Int32
	for i := range 30 {
		wg.Go(func() {
			state, err := b.ReserveKey(b.ctx, keyed(string(rune('a'+i))), time.Minute)
			if err != nil {
				t.Error(err)
			}
			if state.Yours {
				owners.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, owners.Load())
}

func TestOldKeysAreForgottenButNotUnderTheirOwner(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.ReserveKey(b.ctx, keyed("answered"), time.Minute)
	require.NoError(t, err)
	require.NoError(t, b.SaveAnswer(b.ctx, keyed("answered"), []byte("x"), 200))
	busy := keyed("busy")
	busy.Key = "busy"
	_, err = b.ReserveKey(b.ctx, busy, time.Minute)
	require.NoError(t, err)
	dead := keyed("dead")
	dead.Key = "dead"
	_, err = b.ReserveKey(b.ctx, dead, -time.Minute)
	require.NoError(t, err)
	forget := func(age time.Duration) int64 {
		n, err := b.ForgetKeys(b.ctx, age)
		require.NoError(t, err)
		return n
	}
	require.Zero(t, forget(7*24*time.Hour))
	require.NoError(t, b.exec(`UPDATE idempotency SET at = now() - interval '8 days'`))
	require.EqualValues(t, 2, forget(7*24*time.Hour))
	ours, err := b.RenewKey(b.ctx, busy, time.Minute)
	require.NoError(t, err)
	require.True(t, ours, "what is being carried out stays")
}
