package store

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func filed(b *bench, obligation string, at time.Time) breach.Filing {
	return breach.Filing{Incident: b.id, Obligation: obligation, Route: "portal", SHA256: "s", Status: "filed", FiledAt: at}
}

func (b *bench) facts() (breach.Facts, int) {
	b.t.Helper()
	file, rev, err := b.File(b.ctx, b.id, 0)
	require.NoError(b.t, err)
	return file.Facts, rev
}

// Whatever order filings come in, how often each is said and how many come at once: the facts have exactly what was
// filed, each with the instant that was recorded first, by one revision a filing that is judged.
func TestFilingsEnterTheFacts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const many = 12
	var all sync.WaitGroup
	for i := range 3 * many {
		all.Go(func() {
			obligation := fmt.Sprintf("law-%d/authority/initial", i%many)
			if err := b.SaveFiling(b.ctx, filed(b, obligation, day.Add(time.Duration(i)*time.Minute))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	have, rev := b.facts()
	require.Equal(t, 1+many, rev)
	require.Equal(t, many, b.notes("facts.filed"))
	list, err := b.Filings(b.ctx, b.id)
	require.NoError(t, err)
	want := map[string]time.Time{}
	for _, f := range list {
		want[f.Obligation] = f.FiledAt
	}
	require.Equal(t, want, have.Incident.FiledAt)
	queued, err := b.PendingCommands(b.ctx, b.id)
	require.NoError(t, err)
	var judged []string
	for _, c := range queued {
		judged = append(judged, c.ID)
	}
	for r := 2; r <= rev; r++ {
		require.True(t, slices.Contains(judged, breach.AmendmentID(b.id, r)), "revision %d is judged", r)
	}
}

// What a person entered before stands, and what a person took back comes back by no repetition.
func TestAFilingLeavesWhatAPersonSaid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	said, _ := b.facts()
	earlier := day.Add(-time.Hour)
	said.Incident.FiledAt = map[string]time.Time{"law/authority/initial": earlier}
	_, err := b.Amend(b.ctx, b.id, said, 1, wei, day)
	require.NoError(t, err)
	require.NoError(t, b.SaveFiling(b.ctx, filed(b, "law/authority/initial", day)))
	have, rev := b.facts()
	require.Equal(t, 2, rev)
	require.Equal(t, earlier, have.Incident.FiledAt["law/authority/initial"])

	have.Incident.FiledAt = nil
	_, err = b.Amend(b.ctx, b.id, have, 2, wei, day)
	require.NoError(t, err)
	again := filed(b, "law/authority/initial", day)
	again.Acknowledgement, again.AcknowledgedAt, again.Status = "N-1", &day, "acknowledged"
	require.NoError(t, b.SaveFiling(b.ctx, again))
	have, rev = b.facts()
	require.Equal(t, 3, rev)
	require.Empty(t, have.Incident.FiledAt)
}

// A report that was under way when the incident was closed is in the facts when it is opened again.
func TestAFilingOfAClosedIncidentEntersTheFacts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.exec(`UPDATE incident SET state = 'closed' WHERE id = $1`, b.id))
	require.NoError(t, b.SaveFiling(b.ctx, filed(b, "law/authority/initial", day)))
	have, _ := b.facts()
	require.Len(t, have.Incident.FiledAt, 1)
	requireCode(t, breach.ErrNotFound, b.SaveFiling(b.ctx, breach.Filing{Incident: "none", Obligation: "law/authority/initial", Route: "portal", Status: "filed", FiledAt: day}))
}

// The first instant at which everybody was told stays; a list that comes later opens the question again until its
// people are told, too.
func TestTheInstantOfTheLastPersonEntersTheFacts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 3)) // at day
	first, second := day.Add(time.Hour), day.Add(3*time.Hour)
	for range 2 {
		require.NoError(t, b.SaveTold(b.ctx, b.id, first))
	}
	have, rev := b.facts()
	require.Equal(t, 3, rev)
	require.Equal(t, first, *have.Incident.IndividualsNotifiedAt)
	require.True(t, have.List.Told(first))

	_, _, err := b.LoadPeople(b.ctx, b.id, wei, &breach.Source{Format: "csv", SHA256: "0"}, people(4, 5), 14, day, day.Add(2*time.Hour))
	require.NoError(t, err)
	have, _ = b.facts()
	require.False(t, have.List.Told(first))
	for range 2 {
		require.NoError(t, b.SaveTold(b.ctx, b.id, second))
	}
	have, rev = b.facts()
	require.Equal(t, 5, rev)
	require.Equal(t, first, *have.Incident.IndividualsNotifiedAt, "what counts from it began then")
	require.True(t, have.List.Told(first))
	require.Equal(t, 2, b.notes("facts.told"))
}
