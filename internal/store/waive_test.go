package store

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// What is let go stands on the record once, with who did it and why, in the order of deciding; a closed incident
// takes nothing more.
func TestGapsAreLetGoOnTheRecord(t *testing.T) {
	t.Parallel()
	b := setup(t)
	waiver := func(field, reason string, at time.Time) breach.Waiver {
		return breach.Waiver{Obligation: "us-ma/individuals/notice", Field: field, Reason: reason, By: noor.ID, At: at}
	}
	first, later := waiver("freeze_is_free", "settled with counsel", day), waiver("nature", "people get a letter of their own", day.Add(time.Hour))
	for range 2 { // the same request again
		require.NoError(t, b.Waive(b.ctx, b.id, []breach.Waiver{first}, day))
	}
	again := waiver("freeze_is_free", "another reason than before", day.Add(time.Hour))
	require.NoError(t, b.Waive(b.ctx, b.id, []breach.Waiver{later, again}, day.Add(time.Hour)))
	list, err := b.Waivers(b.ctx, b.id)
	require.NoError(t, err)
	require.Equal(t, []breach.Waiver{first, later, again}, list)
	require.Equal(t, 3, b.notes(actionWaived))
	list, err = b.Waivers(b.ctx, "inc2")
	require.NoError(t, err)
	require.Empty(t, list)

	requireCode(t, breach.ErrNotFound, b.Waive(b.ctx, "inc2", []breach.Waiver{first}, day))
	require.NoError(t, b.exec(`UPDATE incident SET state = 'closed' WHERE id = $1`, b.id))
	requireCode(t, breach.ErrConflict, b.Waive(b.ctx, b.id, []breach.Waiver{waiver("dpo", "too late for this one", day)}, day))
}

// Every list adds to what the facts know of the people: a revision of its own, which is judged, with numbers and
// nobody's name. A list that nobody was added from changes nothing.
func TestListsAreCountedIntoTheFacts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	german, texan, silent := someone(11), someone(12), breach.Person{ExternalID: "u-13", Name: "Canary Name"}
	german.Country = "DE"
	texan.Country, texan.Region, texan.BirthDate = "US", "US-TX", "2015-01-01"
	b.load(listOf(someone(1), someone(2), german, texan, silent))
	file, rev, err := b.File(b.ctx, b.id, 0)
	require.NoError(t, err)
	require.Equal(t, 2, rev)
	require.Equal(t, &breach.ListFacts{
		LoadedAt: day, Lists: 1, Total: 5, ByCountry: map[string]int64{"CN": 2, "DE": 1, "US": 1}, NoCountry: 1,
		ByRegion: map[string]int64{"US-TX": 1}, ChildAge: 14, Minors: 1, NoAge: 4, NoContact: 2,
	}, file.Facts.List, "a child without a guardian has no usable contact, and neither has who names none")
	require.Nil(t, file.Facts.People.Total, "the estimate is left as it was")

	b.load(listOf(someone(1), someone(2))) // nobody new
	b.load(listOf(someone(1), someone(20)))
	file, rev, err = b.File(b.ctx, b.id, 0)
	require.NoError(t, err)
	require.Equal(t, 3, rev)
	require.EqualValues(t, 6, file.Facts.List.Total)
	require.EqualValues(t, 2, file.Facts.List.Lists)
	require.EqualValues(t, 3, file.Facts.List.ByCountry["CN"])
	require.Equal(t, 2, b.notes("people.counted"))
	queued, err := b.PendingCommands(b.ctx, b.id)
	require.NoError(t, err)
	amended := 0
	for _, c := range queued {
		require.NotContains(t, strings.ToLower(string(c.Payload)), "canary")
		if c.Name == "amend" {
			amended++
		}
	}
	require.Equal(t, 2, amended, "each is judged")
}
