package store

import (
	"database/sql"
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
	judged := commands(t, b)
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

// A ledger of a release that recorded filings without putting them into the facts: after it was brought up, they enter
// once, in the order of their making, also when two processes do it. A person's word stays, and comes back by no
// repetition when it was taken back; a closed incident stays as it was sealed until it is opened again.
func TestFilingsOfAnEarlierLedgerEnterTheFacts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	said, _ := b.facts()
	word := day.Add(-time.Hour)
	said.Incident.FiledAt = map[string]time.Time{"law-b/authority/initial": word}
	_, err := b.Amend(b.ctx, b.id, said, 1, wei, day)
	require.NoError(t, err)
	require.NoError(t, b.OpenIncident(b.ctx, "sealed", someFile(), rules, wei, breach.IncidentOpen, day))
	require.NoError(t, b.SaveFiling(b.ctx, filed(b, "law-d/authority/initial", day)), "by a release that does")
	db, err := sql.Open("pgx", b.dsn)
	require.NoError(t, err)
	defer db.Close()
	p, err := migrator(db)
	require.NoError(t, err)
	_, err = p.DownTo(b.ctx, 27)
	require.NoError(t, err)
	require.NoError(t, b.exec(`INSERT INTO filing (incident, obligation, route, sha256, status, filed_at) VALUES
		($1, 'law-a/authority/initial', 'portal', 's', 'filed', $2), ($1, 'law-b/authority/initial', 'portal', 's', 'filed', $2),
		($1, 'law-c/authority/initial', 'email', 's', 'acknowledged', $2::timestamptz - interval '1 h'), ('sealed', 'law-a/authority/initial', 'portal', 's', 'filed', $2)`, b.id, day))
	require.NoError(t, b.exec(`UPDATE incident SET state = 'closed' WHERE id = 'sealed'`))
	_, err = p.Up(b.ctx)
	require.NoError(t, err)

	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			_, err := b.TellFilings(b.ctx, day.Add(time.Hour))
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	have, rev := b.facts()
	require.Equal(t, 5, rev, "opened, amended, one filed by this release, two of the earlier")
	require.Equal(t, map[string]time.Time{
		"law-a/authority/initial": day, "law-b/authority/initial": word, "law-c/authority/initial": day.Add(-time.Hour), "law-d/authority/initial": day,
	}, have.Incident.FiledAt)
	require.Equal(t, 3, b.notes("facts.filed"))
	have.Incident.FiledAt = nil
	_, err = b.Amend(b.ctx, b.id, have, rev, wei, day)
	require.NoError(t, err)
	n, err := b.TellFilings(b.ctx, day.Add(time.Hour))
	require.NoError(t, err)
	require.Zero(t, n)

	b.id = "sealed"
	_, rev = b.facts()
	require.Equal(t, 1, rev)
	require.NoError(t, b.SetState(b.ctx, b.id, breach.IncidentMonitoring, noor.ID, day))
	n, err = b.TellFilings(b.ctx, day.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	have, rev = b.facts()
	require.Equal(t, 2, rev)
	require.Equal(t, map[string]time.Time{"law-a/authority/initial": day}, have.Incident.FiledAt)
	require.True(t, slices.ContainsFunc(commands(t, b), func(id string) bool { return id == breach.AmendmentID(b.id, 2) }), "it is judged")
}

func commands(t *testing.T, b *bench) (ids []string) {
	t.Helper()
	queued, err := b.PendingCommands(b.ctx, b.id)
	require.NoError(t, err)
	for _, c := range queued {
		ids = append(ids, c.ID)
	}
	return ids
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
