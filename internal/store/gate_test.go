package store

import (
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// sending has everything approved that a gate needs to be moved.
func sending(t *testing.T) *bench {
	t.Helper()
	b := setup(t)
	b.load(people(1, 5))
	_, hash := b.submit(1, 1, wei.ID)
	require.NoError(t, b.approve(hash, noor))
	return b
}

func TestGate(t *testing.T) {
	t.Parallel()
	b := sending(t)
	move := func(id string, m breach.GateMove) error { return b.MoveGate(b.ctx, b.id, id, m, wei, day) }
	requireCode(t, breach.ErrConflict, move("g1", breach.GateResume))
	require.NoError(t, move("g2", breach.GatePause))
	requireCode(t, breach.ErrConflict, move("g3", breach.GatePause))
	require.NoError(t, move("g2", breach.GatePause), "the same again changes nothing")
	require.NoError(t, move("g4", breach.GateResume))
	require.NoError(t, move("g2", breach.GatePause), "also later")
	require.NoError(t, move("g5", breach.GatePause))
	require.NoError(t, move("g6", breach.GateStop), "also what is paused can be stopped")
	paused, stopped, err := b.Gate(b.ctx, b.id)
	require.NoError(t, err)
	require.True(t, paused && stopped)
	for _, m := range []breach.GateMove{breach.GatePause, breach.GateResume, breach.GateStop} {
		requireCode(t, breach.ErrConflict, move("g7", m))
	}
	queued, err := b.PendingCommands(b.ctx, b.id)
	require.NoError(t, err)
	var names []string
	for _, q := range queued {
		if q.ID[0] == 'g' {
			names = append(names, q.Name+" "+q.ID)
		}
	}
	require.Equal(t, []string{"pause g2", "resume g4", "pause g5", "stop g6"}, names, "the story hears exactly what the ledger took")
	_, _, err = b.Gate(b.ctx, "nobody")
	requireCode(t, breach.ErrNotFound, err)
	requireCode(t, breach.ErrNotFound, b.MoveGate(b.ctx, "nobody", "x", breach.GateStop, wei, day))
}

func TestGateNeedsSomethingToSend(t *testing.T) {
	t.Parallel()
	b := setup(t)
	requireCode(t, breach.ErrConflict, b.MoveGate(b.ctx, b.id, "1", breach.GatePause, wei, day))
	b.load(people(1, 5))
	requireCode(t, breach.ErrConflict, b.MoveGate(b.ctx, b.id, "2", breach.GateStop, wei, day))
	paused, stopped, err := b.Gate(b.ctx, b.id)
	require.NoError(t, err)
	require.False(t, paused || stopped)
}

// Of those who press at the same instant one is taken and the others are told; a stop is never lost.
func TestGateMovesAtOnce(t *testing.T) {
	t.Parallel()
	b := sending(t)
	errs := make([]error, 9)
	var wg sync.WaitGroup
	for i := range errs {
		m := breach.GatePause
		if i == 4 {
			m = breach.GateStop
		}
		wg.Go(func() { errs[i] = b.MoveGate(b.ctx, b.id, strconv.Itoa(i), m, wei, day) })
	}
	wg.Wait()
	taken := 0
	for i, err := range errs {
		if i == 4 {
			require.NoError(t, err)
		} else if err == nil {
			taken++
		}
	}
	require.LessOrEqual(t, taken, 1)
	_, stopped, err := b.Gate(b.ctx, b.id)
	require.NoError(t, err)
	require.True(t, stopped)
}
