package store

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Many lanes, receipts and decisions on the same blocks at once: nothing deadlocks for good, and whoever
// recounts at any moment finds everybody once.
func TestManyWritersAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.SetSufficiency(b.ctx, b.id, quickRules))
	const n = 2500
	b.load(people(1, n))
	var writers sync.WaitGroup
	for w := range 6 {
		rnd := rand.New(rand.NewPCG(1, uint64(w)))
		writers.Go(func() {
			for i := range 12 {
				at := day.Add(time.Duration(i) * time.Minute)
				var events []breach.AttemptEvent
				var decisions []breach.PersonEvent
				for range 60 {
					p := 1 + rnd.Int64N(n)
					events = append(events, event(p, breach.SMS, 1+rnd.IntN(2), breach.AttemptStates[1+rnd.IntN(6)], at))
					decisions = append(decisions, breach.PersonEvent{Person: 1 + rnd.Int64N(n), Outcome: breach.Outcomes[rnd.IntN(len(breach.Outcomes))], By: "wei.lin", At: at})
				}
				require.NoError(t, b.Record(b.ctx, b.id, events))
				require.NoError(t, b.SetOutcomes(b.ctx, b.id, decisions))
				require.NoError(t, b.Note(b.ctx, b.id, fmt.Sprintf("%d/%d", w, i), "tocsin", "test.step", nil, at))
				if i%6 == 5 {
					require.NoError(t, b.Settle(b.ctx, b.id, 1, at))
				}
			}
		})
	}
	var over atomic.Bool
	var checker sync.WaitGroup
	looks := 0
	checker.Go(func() {
		for !over.Load() {
			b.sound(n)
			looks++
		}
	})
	writers.Wait()
	over.Store(true)
	checker.Wait()
	require.Positive(t, looks)
	b.sound(n)
	_, err := b.VerifyAudit(b.ctx, b.id)
	require.NoError(t, err)
}

// Lists are loaded while the facts are amended, duties judged and plans submitted: a load cannot read its file again, so
// it must never be the victim of a deadlock.
func TestLoadingBesideOtherWork(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const loads = 40
	pack := map[string][]byte{hexSum([]byte("a pack")): []byte("a pack")}
	var over atomic.Bool
	var others sync.WaitGroup
	beside := func(do func(i int) error) {
		others.Go(func() {
			for i := 0; !over.Load(); i++ {
				if err := do(i); breach.CodeOf(err) != breach.ErrConflict { // somebody else amended in between
					require.NoError(t, err)
				}
			}
		})
	}
	for range 2 {
		beside(func(i int) error {
			file, rev, err := b.File(b.ctx, b.id, 0)
			if err != nil {
				return err
			}
			_, err = b.Amend(b.ctx, b.id, file.Facts, rev, wei, day)
			return err
		})
	}
	beside(func(i int) error {
		_, err := b.SaveJudgement(b.ctx, b.id, i+1, breach.Judgement{}, pack, day)
		return err
	})
	beside(func(int) error {
		_, err := b.VoidPlans(b.ctx, b.id, "a test", day)
		return err
	})
	for n := range loads {
		r, _ := b.load(people(n*3+1, n*3+3))
		require.EqualValues(t, 3, r.Added)
	}
	over.Store(true)
	others.Wait()
	b.sound(3 * loads)
}
