package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestACorrectedPersonTakesTheirPlace(t *testing.T) {
	t.Parallel()
	b := setup(t)
	flawed := someone(2)
	flawed.Email, flawed.Phone = "", ""
	first, _ := b.load(listOf(someone(1), flawed, someone(3)))
	before, err := b.Snapshot(b.ctx, b.id, 1)
	require.NoError(t, err)

	// Without being named as corrections, rows of the same people change nothing.
	b.load(listOf(someone(2)))
	same, err := b.Snapshot(b.ctx, b.id, 1)
	require.NoError(t, err)
	require.Equal(t, before, same)

	source := &breach.Source{Format: "csv", SHA256: "ab", Fixes: true}
	r, _, err := b.LoadPeople(b.ctx, b.id, wei, source, listOf(someone(2), someone(3), someone(4)), 14, day, day)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 2, 1}, []int64{r.Added, r.Duplicates, r.Replaced}, "who was not changed is not replaced; who was rejected is new")
	after, err := b.Snapshot(b.ctx, b.id, 1)
	require.NoError(t, err)
	require.Equal(t, before.Total, after.Total)
	require.Equal(t, before.Reachable[breach.Email]+1, after.Reachable[breach.Email])
	require.NotEqual(t, first.Digest, after.Digest)
	blocks, err := b.Blocks(b.ctx, b.id, 1)
	require.NoError(t, err)
	require.Equal(t, after.Digest, breach.DigestOfBlocks(blocks), "blocks carry the digest of the people as they are now")
	found, err := b.FindPerson(b.ctx, b.id, PersonQuery{Email: someone(2).Email}, wei, "a test", day)
	require.NoError(t, err)
	require.Equal(t, someone(2), found.Subject.Person)
	file, _, err := b.File(b.ctx, b.id, 0)
	require.NoError(t, err)
	require.EqualValues(t, 4, file.Facts.List.Total)
	b.sound(4)
}

func TestCorrectionsAndApprovalExcludeEachOther(t *testing.T) {
	t.Parallel()
	b := setup(t)
	flawed := someone(2)
	flawed.Email = ""
	b.load(listOf(someone(1), flawed))
	_, hash := b.submit(1, 1, wei.ID)
	fix := func(p breach.Person) int64 {
		r, _, err := b.LoadPeople(b.ctx, b.id, wei, &breach.Source{Fixes: true}, listOf(p), 14, day, day)
		require.NoError(t, err)
		return r.Replaced
	}
	require.EqualValues(t, 1, fix(someone(2)))
	require.Error(t, b.approve(hash, noor), "the plan names other people")
	_, hash = b.submit(1, 2, wei.ID)
	require.NoError(t, b.approve(hash, noor))
	require.Zero(t, fix(flawed), "what was approved stays as it is")
	b.sound(2)
}

func TestOnePersonInTwoFilesInTwoSpellingsIsOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(listOf(breach.Person{Name: "Zoë Le Goff", Email: "zoe@bücher.test"}, breach.Person{Name: "王伟", Phone: "+8613800000000"}))
	r, dup := b.load(listOf(breach.Person{Name: "Le Goff, ZOE\u0308", Email: "Zoe@xn--bcher-kva.test"}, breach.Person{Name: "伟 王", Phone: "+8613800000000"}))
	require.Equal(t, breach.LoadReport{Duplicates: 2, Already: breach.Already{NameAndEmail: 1, NameAndPhone: 1}}, r)
	require.Equal(t, []DuplicateRow{{1, 0, 1}, {2, 0, 1}}, dup)
}
