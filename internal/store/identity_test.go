package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// One human in two files under two ids is one, by name and contact; a family, and two generations of one name, are not.
func TestOneHumanInTwoFilesUnderTwoIDs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(listOf(
		breach.Person{ExternalID: "shop-1", Name: "Mei Chen", Email: "mei@example.org", Phone: "+8613800000001"},
		breach.Person{ExternalID: "shop-2", Name: "Jan Novák", Phone: "+420601000001"},
		breach.Person{ExternalID: "shop-3", Name: "Ola Berg", Email: "ola@example.org", BirthDate: "1950-01-01"},
		breach.Person{ExternalID: "shop-4", Name: "Ana Reis", Email: "ana@example.org", Phone: "+351910000001"},
	))
	r, dup := b.load(listOf(
		breach.Person{ExternalID: "app-77", Name: "CHEN, Mei", Email: "Mei@Example.org"},                          // the same
		breach.Person{ExternalID: "app-78", Name: "Lan Chen", Email: "mei@example.org", Phone: "+8613800000001"},  // her sister
		breach.Person{ExternalID: "app-79", Name: "Jan Novák", Email: "jan@example.org", Phone: "+420601000001"},  // the same: the earlier row has no address
		breach.Person{ExternalID: "app-80", Name: "Ola Berg", Email: "ola@example.org", BirthDate: "1985-05-05"},  // the son
		breach.Person{ExternalID: "app-81", Name: "Ana Reis", Email: "other@example.org", Phone: "+351910000001"}, // two addresses: perhaps two people
		breach.Person{ExternalID: "shop-1", Name: "Bo Ek", Email: "bo@example.org"},                               // an id that was given anew
		breach.Person{ExternalID: "shop-2", Name: "Jan Novak jr", Phone: "+420601000001"},                         // the same id, and the number agrees
		breach.Person{Name: "Ana Reis", Email: "ana@example.org"},                                                 // the same, without an id
		breach.Person{ExternalID: "app-82", Email: "mei@example.org"},                                             // a contact alone says nothing
	))
	require.Equal(t, breach.Already{ID: 1, NameAndEmail: 2, NameAndPhone: 1, IDReused: 1}, r.Already)
	require.EqualValues(t, 5, r.Added)
	require.Equal(t, []DuplicateRow{{1, 0, 1}, {3, 0, 1}, {7, 0, 1}, {8, 0, 1}}, dup)
	b.sound(9)
	found, err := b.FindPerson(b.ctx, b.id, PersonQuery{Email: "bo@example.org"}, wei, "a test", day)
	require.NoError(t, err)
	require.Empty(t, found.Subject.Person.ExternalID, "the id is somebody else's")
	r, _ = b.load(listOf(breach.Person{ExternalID: "shop-1", Name: "Bo Ek", Email: "bo@example.org"}))
	require.Equal(t, breach.LoadReport{Duplicates: 1, Already: breach.Already{NameAndEmail: 1, IDReused: 1}}, r, "who was taken without an id is found without it")
}

// A long list is held against a long one without a question to the database per person.
func TestLongListsUnderOtherIDs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 3000))
	r, dup := b.load(func(yield func(breach.Person, error) bool) {
		for n := 1; n <= 6000; n++ {
			p := someone(n)
			p.ExternalID = fmt.Sprintf("other-%d", n)
			if !yield(p, nil) {
				return
			}
		}
	})
	require.Equal(t, []int64{3000, 3000, 3000}, []int64{r.Added, r.Duplicates, r.Already.NameAndEmail})
	require.Equal(t, DuplicateRow{3000, 0, 1}, dup[2999])
	b.sound(6000)
}

// A correction makes the plan that waits void: whoever submits again sees the people as they are.
func TestACorrectionVoidsThePlanThatWaits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	flawed := someone(2)
	flawed.Email = ""
	b.load(listOf(someone(1), flawed))
	_, hash := b.submit(1, 1, wei.ID)
	_, _, err := b.LoadPeople(b.ctx, b.id, wei, &breach.Source{Fixes: true}, listOf(someone(2)), 14, day, day)
	require.NoError(t, err)
	plan, err := b.Plan(b.ctx, b.id, 1)
	require.NoError(t, err)
	require.Equal(t, breach.PlanVoid, plan.State)
	requireCode(t, breach.ErrAlreadyDecided, b.approve(hash, noor))
	_, hash = b.submit(1, 2, wei.ID)
	require.NoError(t, b.approve(hash, noor))
	_, err = b.VerifyAudit(b.ctx, b.id)
	require.NoError(t, err)
}

// Whose contact is corrected after the approval is told there by a list of its own, and the earlier row is withdrawn,
// whatever became of it.
func TestACorrectionAfterApprovalIsToldAnew(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.SetSufficiency(b.ctx, b.id, quickRules))
	flawed, wrong := someone(2), someone(3)
	flawed.Email, flawed.Phone = "", ""
	wrong.Email = "stranger@example.org"
	b.load(listOf(someone(1), flawed, wrong, someone(4)))
	_, hash := b.submit(1, 1, wei.ID)
	require.NoError(t, b.approve(hash, noor))
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{event(1, breach.Email, 1, breach.Accepted, day), event(3, breach.Email, 1, breach.Accepted, day)}))
	renamed := someone(4)
	renamed.Name = "Another Name"
	r, _, err := b.LoadPeople(b.ctx, b.id, wei, &breach.Source{Fixes: true}, listOf(someone(1), someone(2), someone(3), renamed), 14, day, day.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, []int64{2, 2, 2, 0}, []int64{int64(r.Wave), r.Added, r.Anew, r.Replaced}, "who has no other contact is not told twice")
	tally := b.sound(6)
	require.Equal(t, []int64{2, 1, 3}, []int64{tally[breach.Withdrawn], tally[breach.Reached], tally[breach.Pending]})
	found, err := b.FindPerson(b.ctx, b.id, PersonQuery{ExternalID: someone(3).ExternalID}, wei, "a test", day)
	require.NoError(t, err)
	require.Equal(t, []any{2, someone(3)}, []any{found.Wave, found.Subject.Person}, "the id leads to the row that counts")
	old, err := b.FindPerson(b.ctx, b.id, PersonQuery{Email: "stranger@example.org"}, wei, "a test", day)
	require.NoError(t, err)
	require.Equal(t, []any{breach.Withdrawn, breach.ReasonCorrected}, []any{old.Subject.Outcome, old.Subject.Reason})
	file, _, err := b.File(b.ctx, b.id, 0)
	require.NoError(t, err)
	require.EqualValues(t, 4, file.Facts.List.Total, "one person counts once")
	blocks, err := b.Blocks(b.ctx, b.id, 1)
	require.NoError(t, err)
	_, err = b.Subjects(b.ctx, b.id, blocks[0])
	require.NoError(t, err, "what was approved stands as it was")
	r, _, err = b.LoadPeople(b.ctx, b.id, wei, &breach.Source{Fixes: true}, listOf(someone(1), someone(2), someone(3)), 14, day, day.Add(2*time.Hour))
	require.NoError(t, err)
	require.Equal(t, []int64{0, 3, 0}, []int64{r.Added, r.Duplicates, r.Anew}, "the same corrections again change nothing")
	_, err = b.VerifyAudit(b.ctx, b.id)
	require.NoError(t, err)
}
