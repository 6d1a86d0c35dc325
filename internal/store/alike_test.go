package store

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// varied is somebody of one of many shapes.
func varied(n int) breach.Person {
	p := someone(n)
	switch n % 7 {
	case 0:
		p.Phone, p.Objections = "", []breach.Channel{breach.SMS}
	case 1:
		p.BirthDate, p.Guardian = "2015-06-01", &breach.Guardian{Email: "g@example.org"}
	case 2:
		p.Country, p.PushToken, p.PushPlatform = "BR", "token", "apns"
	case 3:
		p.Objections = []breach.Channel{breach.Push, breach.Email}
	case 4:
		p.Objections = []breach.Channel{breach.Email, breach.Push}
	}
	return p
}

func TestAlikePeopleAreCountedByShape(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const n = 3500
	list := make([]breach.Person, n)
	for i := range list {
		list[i] = varied(i + 1)
	}
	b.load(listOf(list...))
	groups, err := b.Alike(b.ctx, b.id, 1, 14, day)
	require.NoError(t, err)
	require.Len(t, groups, 5, "order of objections makes no shape")
	counted := map[breach.Shape]map[int64]int64{}
	for _, g := range groups {
		require.Empty(t, g.Subject.Attempts)
		require.Equal(t, breach.Pending, g.Subject.Outcome)
		in := map[int64]int64{}
		for _, k := range g.Blocks {
			in[k.Block] = k.People
		}
		shape := g.Subject.Person.Shape(g.Subject.Person.IsChild(14, day))
		require.NotContains(t, counted, shape)
		counted[shape] = in
	}
	want := map[breach.Shape]map[int64]int64{}
	for i, p := range list {
		shape := p.Shape(p.IsChild(14, day))
		if want[shape] == nil {
			want[shape] = map[int64]int64{}
		}
		want[shape][blockOf(int64(i+1))]++
	}
	require.Equal(t, want, counted)
}

// Whoever has a past, or whose shape was found under another rule, is not among them.
func TestAlikeLeavesOutBlocksWithAPast(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 5500))
	require.Equal(t, []int64{1, 2, 3, 4, 5, 6}, b.alikeIn(14, day))
	require.Empty(t, b.alikeIn(16, day), "another age")
	require.Empty(t, b.alikeIn(14, day.AddDate(0, 0, 1)), "another day")
	require.NoError(t, b.Refuse(b.ctx, b.id, []breach.Refusal{{Person: 1500, Channel: breach.SMS, Reason: "objection", At: day}}))
	require.NoError(t, b.SetOutcomes(b.ctx, b.id, []breach.PersonEvent{{Person: 2500, Outcome: breach.Held, By: "wei.lin", At: day}}))
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{event(3500, breach.Email, 1, breach.Accepted, day)}))
	require.NoError(t, b.Intend(b.ctx, b.lease(breach.Email, 1, time.Minute), []breach.Intent{intent(1, breach.Email, 1)}))
	require.Equal(t, []int64{5, 6}, b.alikeIn(14, day))
	require.NoError(t, b.exec(`DELETE FROM kind WHERE incident = $1 AND block = 5`, b.id))
	require.Equal(t, []int64{6}, b.alikeIn(14, day), "people whose kinds are not known must be looked at")
	require.NoError(t, b.exec(`UPDATE wave SET child_age = NULL WHERE incident = $1`, b.id))
	require.Empty(t, b.alikeIn(14, day), "a list that was loaded before there were kinds")
}

func TestAChangedKindIsTampering(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 10))
	require.NoError(t, b.exec(`UPDATE recipient SET kind = 2 WHERE incident = $1 AND id = 4`, b.id))
	blocks, err := b.Blocks(b.ctx, b.id, 1)
	require.NoError(t, err)
	_, err = b.Subjects(b.ctx, b.id, blocks[0])
	requireCode(t, breach.ErrTampered, err)
}

func (b *bench) alikeIn(age int, on time.Time) (blocks []int64) {
	b.t.Helper()
	groups, err := b.Alike(b.ctx, b.id, 1, age, on)
	require.NoError(b.t, err)
	for _, g := range groups {
		for _, in := range g.Blocks {
			blocks = append(blocks, in.Block)
		}
	}
	slices.Sort(blocks)
	return slices.Compact(blocks)
}
