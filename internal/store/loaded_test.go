package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestWhatIsInDoubtAboutAListStandsInItsSnapshotAndOnTheRecord(t *testing.T) {
	t.Parallel()
	b := setup(t)
	none, err := b.LastProfile(b.ctx, b.id)
	require.NoError(t, err)
	require.Zero(t, none.People)
	doubts := []breach.ListDoubt{{Code: breach.DoubtShared, Field: "email", Count: 10, Of: 100}}
	source := &breach.Source{SHA256: "ab12", Rows: 102, Doubts: doubts, Profile: breach.ListProfile{People: 100, Shares: map[string]int64{"email": 90}}}
	_, _, err = b.LoadPeople(b.ctx, b.id, wei, source, people(1, 100), 0, day, day)
	require.NoError(t, err)
	b.load(people(101, 110))
	for wave, want := range map[int][]breach.ListDoubt{1: doubts, 2: nil} {
		snap, err := b.Snapshot(b.ctx, b.id, wave)
		require.NoError(t, err)
		require.Equal(t, want, snap.Doubts)
	}
	last, err := b.LastProfile(b.ctx, b.id)
	require.NoError(t, err)
	require.Zero(t, last.People, "the newest list says nothing of itself")
}
