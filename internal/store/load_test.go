package store

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestLoadPeople(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r, dup := b.load(people(1, 2500))
	require.Equal(t, breach.LoadReport{Wave: 1, Added: 2500, Digest: r.Digest}, r)
	require.Empty(t, dup)
	blocks, err := b.Blocks(b.ctx, b.id, 1)
	require.NoError(t, err)
	require.Len(t, blocks, 3)
	require.Equal(t, []int64{2001, 2500}, []int64{blocks[2].Lo, blocks[2].Hi})
	snap, err := b.Snapshot(b.ctx, b.id, 1)
	require.NoError(t, err)
	require.Equal(t, r.Digest, snap.Digest)
	require.Equal(t, int64(2500), snap.Reachable[breach.SMS])
	subjects, err := b.Subjects(b.ctx, b.id, blocks[2])
	require.NoError(t, err)
	require.Equal(t, someone(2001), subjects[0].Person)
	require.Regexp(t, `^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$`, subjects[0].Ref)
	b.sound(2500)
}

func TestDuplicatesAreListedWithTheirRow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	noID := breach.Person{Name: "Mei  Chen", Email: "Mei@Example.org"}
	sister := breach.Person{Name: "Lan Chen", Email: "mei@example.org"}
	bare := breach.Person{Name: "No Contact"}
	r, dup := b.load(listOf(someone(1), noID, someone(1), sister, breach.Person{Name: "mei chen ", Email: "mei@example.org", Phone: "+8613800000000"}, bare, bare))
	require.Equal(t, int64(4), r.Added)
	require.Equal(t, []DuplicateRow{{3, 1, 1}, {5, 2, 1}, {7, 6, 1}}, dup)

	// A later list starts at a new block and has nobody of the earlier one.
	r, dup = b.load(listOf(someone(2), someone(1), someone(3), someone(2)))
	require.Equal(t, breach.LoadReport{Wave: 2, Added: 2, Duplicates: 2, Already: breach.Already{ID: 1}, Digest: r.Digest}, r)
	require.Equal(t, []DuplicateRow{{2, 0, 1}, {4, 1, 2}}, dup)
	blocks, err := b.Blocks(b.ctx, b.id, 2)
	require.NoError(t, err)
	require.Equal(t, []int64{1001, 1002}, []int64{blocks[0].Lo, blocks[0].Hi})

	r, _ = b.load(people(1, 3))
	require.Equal(t, breach.LoadReport{Duplicates: 3, Already: breach.Already{ID: 3}}, r, "nobody new makes no wave")
	waves, err := b.WaveNumbers(b.ctx, b.id)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, waves)
	b.sound(6)
}

// Duplicates far apart in a long list are found by their row too.
func TestDuplicateRowsAcrossBatches(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, dup := b.load(func(yield func(breach.Person, error) bool) {
		for n := range 2*batchSize + 10 {
			k := n + 1
			if n%5000 == 4999 {
				k = 3 // row 3 again and again
			}
			if !yield(someone(k), nil) {
				return
			}
		}
		yield(someone(15_001), nil)
	})
	require.Equal(t, []DuplicateRow{{5000, 3, 1}, {10000, 3, 1}, {15000, 3, 1}, {20000, 3, 1}, {20011, 15001, 1}}, dup)
}

func TestTwoLoadersAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	reports := make([]breach.LoadReport, 4)
	var wg sync.WaitGroup
	for i := range reports {
		wg.Go(func() { reports[i], _ = b.load(people(1, 1500)) })
	}
	wg.Wait()
	added := int64(0)
	for _, r := range reports {
		added += r.Added
		require.Equal(t, int64(1500), r.Added+r.Duplicates)
	}
	require.Equal(t, int64(1500), added)
	b.sound(1500)
}

func TestFailedLoadChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	broken := errors.New("line 12001 is cut off")
	_, _, err := b.LoadPeople(b.ctx, b.id, wei, &breach.Source{}, func(yield func(breach.Person, error) bool) {
		for n := range 12_000 {
			if !yield(someone(n), nil) {
				return
			}
		}
		yield(breach.Person{}, broken)
	}, 0, day, day)
	require.Equal(t, broken, err)
	b.sound(0)
	_, _, err = b.LoadPeople(b.ctx, b.id, wei, &breach.Source{}, listOf(), 0, day, day)
	requireCode(t, breach.ErrInvalid, err)
	_, _, err = b.LoadPeople(b.ctx, b.id, wei, nil, people(1, 1), 0, day, day)
	requireCode(t, breach.ErrInvalid, err)
	_, _, err = b.LoadPeople(b.ctx, "nobody", wei, &breach.Source{}, people(1, 1), 0, day, day)
	requireCode(t, breach.ErrNotFound, err)
}

func TestChildrenAndGuardians(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(listOf(
		breach.Person{Name: "Child A", Email: "a@example.org", BirthDate: "2012-03-15", Guardian: &breach.Guardian{Email: "ga@example.org"}},
		breach.Person{Name: "Child B", Email: "b@example.org", BirthDate: "2012-03-15"},
		breach.Person{Name: "Fourteen today", Email: "c@example.org", BirthDate: "2012-03-14", Guardian: &breach.Guardian{Email: "gc@example.org"}},
	))
	snap, err := b.Snapshot(b.ctx, b.id, 1)
	require.NoError(t, err)
	require.Equal(t, int64(1), snap.Guardian)
	require.Equal(t, int64(1), snap.None, "a child without a reachable guardian")
	require.Equal(t, int64(2), snap.Reachable[breach.Email])

	// What reaches the child does not count where the guardian is addressed.
	require.NoError(t, b.SetSufficiency(b.ctx, b.id, quickRules))
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{event(1, breach.Email, 1, breach.Accepted, day)}))
	require.Equal(t, int64(3), b.sound(3)[breach.Pending])
	e := event(1, breach.Email, 1, breach.Accepted, day)
	e.Addressee = breach.ToGuardian
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{e}))
	require.Equal(t, int64(1), b.sound(3)[breach.Reached])
}

// A failure that is learned late, of before the proof came in, hides no proof.
func TestALateFailureHidesNoProof(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 1))
	require.NoError(t, b.SetSufficiency(b.ctx, b.id, quickRules))
	for _, e := range []breach.AttemptEvent{
		event(1, breach.Email, 1, breach.Accepted, day),
		event(1, breach.SMS, 1, breach.Delivered, day.Add(3*time.Minute)),
		event(1, breach.Email, 1, breach.FailedPermanent, day.Add(2*time.Minute)),
	} {
		require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{e}))
		require.Equal(t, int64(1), b.sound(1)[breach.Reached], "%s %s", e.Channel, e.State)
	}
}

// A bounce comes in after the delivery has ended, of a person to whom something else is under way that time alone makes
// proof: nobody waits for that any more, and they count as reached when the time is over nevertheless.
func TestProofThatCompletesAfterTheDelivery(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 2))
	rules := breach.Sufficiency{
		breach.Email:  {Proof: breach.Accepted, Quiet: time.Hour},
		breach.Letter: {Proof: breach.Delivered, Quiet: 4 * time.Hour},
		breach.Push:   {},
	}
	require.NoError(t, b.SetSufficiency(b.ctx, b.id, rules))
	for _, e := range []breach.AttemptEvent{
		event(1, breach.Email, 1, breach.Accepted, day),
		event(2, breach.Push, 1, breach.Accepted, day),
		event(1, breach.Letter, 1, breach.HandedOver, day),
	} {
		require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{e}))
	}
	settled := func(at time.Time, blocks int, reached int64) {
		t.Helper()
		n, err := b.SettleDue(b.ctx, at)
		require.NoError(t, err)
		require.Equal(t, blocks, n)
		require.Equal(t, reached, b.sound(2)[breach.Reached])
	}
	settled(day.Add(59*time.Minute), 0, 0)
	settled(day.Add(time.Hour), 1, 1)
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{event(1, breach.Letter, 1, breach.Delivered, day.Add(2*time.Hour))}))
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{event(1, breach.Email, 1, breach.FailedPermanent, day.Add(3*time.Hour))}))
	require.Equal(t, int64(2), b.sound(2)[breach.Attempted])
	settled(day.Add(5*time.Hour), 0, 0)
	require.NoError(t, b.Settle(b.ctx, b.id, 1, day.Add(5*time.Hour))) // a delivery that looks meanwhile takes nothing away
	settled(day.Add(6*time.Hour), 1, 1)
	settled(day.Add(1000*time.Hour), 0, 1)
}

func BenchmarkRecord(b *testing.B) {
	s := setup(b)
	s.load(people(1, 10_000))
	try := 0
	for b.Loop() {
		try++
		began := time.Now()
		for lo := int64(1); lo <= 10_000; lo += 500 {
			events := make([]breach.AttemptEvent, 500)
			for i := range events {
				events[i] = event(lo+int64(i), breach.Email, try, breach.Accepted, day)
			}
			require.NoError(b, s.Record(s.ctx, s.id, events))
		}
		b.ReportMetric(10_000/time.Since(began).Seconds(), "events/s")
	}
}
