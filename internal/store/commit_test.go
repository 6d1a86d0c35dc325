package store

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// lanes leases one chunk of each of the first n blocks.
func (b *bench) lanes(n int) []*breach.Lease {
	b.t.Helper()
	blocks, err := b.Blocks(b.ctx, b.id, 1)
	require.NoError(b.t, err)
	nos := make([]int64, n)
	for i := range nos {
		nos[i] = blocks[i].No
	}
	require.NoError(b.t, b.OpenChunks(b.ctx, b.id, 1, 1, breach.Email, nos))
	var out []*breach.Lease
	for i := range n {
		l, _, err := b.Lease(b.ctx, b.id, 1, 1, breach.Email, fmt.Sprintf("lane-%d", i), time.Minute)
		require.NoError(b.t, err)
		require.NotNil(b.t, l)
		out = append(out, l)
	}
	return out
}

// begun is a write that intends the first n people of a lease.
func begun(l *breach.Lease, n int64) breach.Write {
	w := breach.Write{Incident: l.Incident, Lease: l}
	for p := l.Block.Lo; p < l.Block.Lo+n; p++ {
		w.Intents = append(w.Intents, intent(p, l.Channel, 1))
	}
	return w
}

// ended is a write with what became of the first n people, after which the chunk is done.
func ended(l *breach.Lease, n int64) breach.Write {
	w := breach.Write{Incident: l.Incident, Lease: l, Finish: true}
	for p := l.Block.Lo; p < l.Block.Lo+n; p++ {
		w.Events = append(w.Events, event(p, l.Channel, 1, breach.Accepted, day.Add(time.Minute)))
	}
	return w
}

// What many lanes write in one transaction has one answer a lane: who lost a lease keeps nobody else from
// writing, and the facts that came with it are recorded all the same.
func TestCommitAnswersEachLane(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 3500))
	l := b.lanes(4)
	for _, err := range b.Commit(b.ctx, []breach.Write{begun(l[0], 3), begun(l[1], 3), begun(l[2], 3)}) {
		require.NoError(t, err)
	}
	require.NoError(t, b.exec(`UPDATE chunk SET epoch = epoch + 1, owner = 'thief' WHERE incident = $1 AND block = $2`, b.id, l[1].Block.No))
	stolen := ended(l[1], 3)
	stolen.Intents, stolen.Finish = []breach.Intent{intent(l[1].Block.Lo+10, breach.Email, 1)}, false
	open := ended(l[2], 2)
	bad := begun(l[3], 1)
	bad.Intents[0].Person = 1
	errs := b.Commit(b.ctx, []breach.Write{ended(l[0], 3), stolen, open, bad})
	require.NoError(t, errs[0])
	requireCode(t, breach.ErrConflict, errs[1])
	requireCode(t, breach.ErrConflict, errs[2])
	require.ErrorContains(t, errs[2], "1 attempts")
	requireCode(t, breach.ErrInvalid, errs[3])
	require.Equal(t, breach.Tally{breach.Attempted: 8, breach.Pending: 3492}, compact(b.sound(3500)))
	require.NoError(t, b.Commit(b.ctx, []breach.Write{ended(l[2], 3)})[0])
	_, left, err := b.Lease(b.ctx, b.id, 1, 1, breach.Email, "another", time.Minute)
	require.NoError(t, err)
	require.Equal(t, 2, left, "two are finished")
}

// One write that cannot be written keeps nobody else from writing.
func TestCommitSurvivesABadWrite(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 5))
	nobody := breach.Write{Incident: b.id, Events: []breach.AttemptEvent{event(4711, breach.Email, 1, breach.Accepted, day)}}
	fine := breach.Write{Incident: b.id, Events: []breach.AttemptEvent{event(1, breach.Email, 1, breach.Accepted, day)}}
	errs := b.Commit(b.ctx, []breach.Write{nobody, fine})
	requireCode(t, breach.ErrInvalid, errs[0])
	require.NoError(t, errs[1])
	require.Equal(t, breach.Tally{breach.Attempted: 1, breach.Pending: 4}, compact(b.sound(5)))
}

func TestNothingIsIntendedUnderAClosedGate(t *testing.T) {
	t.Parallel()
	b := sending(t)
	l := b.lease(breach.Email, 1, time.Minute)
	w := begun(l, 2)
	require.NoError(t, b.Commit(b.ctx, []breach.Write{w})[0])
	require.NoError(t, b.MoveGate(b.ctx, b.id, "p", breach.GatePause, wei, day))
	next := breach.Write{Incident: b.id, Lease: l, Intents: []breach.Intent{intent(3, breach.Email, 1)}, Events: ended(l, 2).Events}
	err := b.Commit(b.ctx, []breach.Write{next})[0]
	requireCode(t, breach.ErrConflict, err)
	require.ErrorContains(t, err, "paused")
	require.Equal(t, int64(2), b.sound(5)[breach.Attempted], "what was sent is recorded")
	require.NoError(t, b.MoveGate(b.ctx, b.id, "r", breach.GateResume, wei, day))
	require.NoError(t, b.Commit(b.ctx, []breach.Write{next})[0])
}

// A lane of an older round intends nothing once a newer round of its block was opened.
func TestNewerRoundFencesTheOlder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 5))
	old := b.lease(breach.Email, 1, time.Minute)
	b.lease(breach.Email, 2, time.Minute)
	requireCode(t, breach.ErrConflict, b.Commit(b.ctx, []breach.Write{begun(old, 1)})[0])
}

// Receipts, decisions and lanes write to the same block at once: what a lane remembers is never taken for more
// than it is.
func TestWhatIsRememberedIsNeverStale(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 400))
	l := b.lanes(1)[0]
	block, err := b.Blocks(b.ctx, b.id, 1)
	require.NoError(t, err)
	_, err = b.Subjects(b.ctx, b.id, block[0])
	require.NoError(t, err)
	other, err := Open(b.ctx, Config{DatabaseURL: b.dsn, KeyDir: b.keys})
	require.NoError(t, err)
	t.Cleanup(other.Close)
	var wg sync.WaitGroup
	wg.Go(func() { // another process records receipts about the same people
		for p := int64(1); p <= 400; p += 7 {
			if err := other.Record(b.ctx, b.id, []breach.AttemptEvent{event(p, breach.SMS, 1, breach.FailedPermanent, day)}); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Go(func() {
		for p := int64(3); p <= 400; p += 7 {
			if err := other.SetOutcomes(b.ctx, b.id, []breach.PersonEvent{{Person: p, Outcome: breach.Exempt, Reason: "x", By: noor.ID, At: day}}); err != nil {
				t.Error(err)
			}
		}
	})
	for p := int64(1); p <= 400; p += 20 {
		w := breach.Write{Incident: b.id, Lease: l}
		for q := p; q < p+20; q++ {
			w.Intents = append(w.Intents, intent(q, breach.Email, 1))
			if q > 20 {
				w.Events = append(w.Events, event(q-20, breach.Email, 1, breach.Delivered, day.Add(time.Minute)))
			}
		}
		require.NoError(t, b.Commit(b.ctx, []breach.Write{w})[0])
	}
	wg.Wait()
	b.sound(400)
	after, err := other.Subjects(b.ctx, b.id, block[0])
	require.NoError(t, err)
	for _, s := range after {
		emails := 0
		for _, a := range s.Attempts {
			if a.Channel == breach.Email {
				emails++
			}
		}
		require.Equal(t, 1, emails, "person %d", s.ID)
	}
}
