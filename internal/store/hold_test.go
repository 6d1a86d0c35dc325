package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const (
	policeDuty = "xx-law/individuals/notice"
	firstDuty  = "sg-law/authority/report"
)

// heldBench has an incident whose judgement knows a delay, none, and an order.
func heldBench(t *testing.T) *bench {
	t.Helper()
	b := setup(t)
	due := day.Add(72 * time.Hour)
	pack := []byte("id: xx-law\n")
	rules := breach.RuleRef{SHA256: hexSum(pack)}
	j := breach.Judgement{Obligations: []breach.Obligation{
		{ID: policeDuty, Duty: "notify_individuals", Verdict: breach.Applies, DueAt: &due, Rules: rules, Jurisdiction: "DE", Hold: &breach.HoldRule{LawEnforcement: true}},
		{ID: "cn-law/individuals/notice", Duty: "notify_individuals", Verdict: breach.Applies, Rules: rules, Jurisdiction: "CN"},
		{ID: firstDuty, Duty: "notify_authority", Verdict: breach.Applies, Rules: rules, Clock: &breach.Clock{From: "aware_at"}},
		{ID: "sg-law/individuals/notice", Duty: "notify_individuals", Verdict: breach.Applies, Rules: rules, Jurisdiction: "SG", NotBefore: []string{firstDuty}},
	}}
	_, err := b.SaveJudgement(b.ctx, b.id, 1, j, map[string][]byte{hexSum(pack): pack}, day)
	require.NoError(t, err)
	return b
}

// commands lists the names of what is queued, holds and reasons alone.
func (b *bench) commands() (out []string) {
	b.t.Helper()
	list, err := b.PendingCommands(b.ctx, b.id)
	require.NoError(b.t, err)
	for _, c := range list {
		if c.Name == "hold" || c.Name == "explain" {
			out = append(out, c.Name)
		}
	}
	return out
}

func police(id string) breach.Hold {
	return breach.Hold{
		ID: id, Kind: breach.HoldLawEnforcement, Form: "written", AskedBy: "LKA Berlin", Reference: "4 Js 118/26",
		Reason: "arrests are planned for next week", Obligations: []string{policeDuty}, Until: day.Add(100 * time.Hour),
	}
}

func TestAHoldIsPlacedOnceAndReleased(t *testing.T) {
	t.Parallel()
	b := heldBench(t)
	lead := breach.Actor{ID: "mei.zhou", Role: breach.RoleLead}
	for range 2 { // the same request again
		h, err := b.PlaceHold(b.ctx, b.id, police("h1"), lead, day)
		require.NoError(t, err)
		require.Equal(t, []string{"DE"}, h.Jurisdictions)
		require.Equal(t, "mei.zhou", h.By)
	}
	all, err := b.Holds(b.ctx, b.id)
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, all[0].ID, all.On(policeDuty, day).ID)
	w, err := b.Waits(b.ctx, b.id, day)
	require.NoError(t, err)
	require.Len(t, w, 2, "the police, and the order that the law asks for")
	_, waits := w.On(breach.Person{Country: "DE"}, breach.Email, day)
	require.True(t, waits)
	_, waits = w.On(breach.Person{Country: "CN"}, breach.Email, day)
	require.False(t, waits, "other people are told")

	requireCode(t, breach.ErrNotFound, b.ReleaseHold(b.ctx, b.id, "h2", "c2", "over", lead, day))
	for range 2 {
		require.NoError(t, b.ReleaseHold(b.ctx, b.id, "h1", "c1", "the arrests are made", lead, day.Add(time.Hour)))
	}
	requireCode(t, breach.ErrConflict, b.ReleaseHold(b.ctx, b.id, "h1", "c3", "again", lead, day.Add(2*time.Hour)))
	require.Equal(t, []string{"hold", "hold"}, b.commands())
	require.NoError(t, b.SaveFiling(b.ctx, breach.Filing{Incident: b.id, Obligation: firstDuty, Route: "portal", SHA256: "x", Status: "filed", FiledAt: day}))
	w, err = b.Waits(b.ctx, b.id, day.Add(time.Hour))
	require.NoError(t, err)
	require.Empty(t, w)
	require.Equal(t, 1, b.notes("hold.placed"))
	require.Equal(t, 1, b.notes("hold.released"))
}

func TestAHoldEndsByItself(t *testing.T) {
	t.Parallel()
	b := heldBench(t)
	_, err := b.PlaceHold(b.ctx, b.id, police("h1"), breach.Actor{ID: "mei.zhou", Role: breach.RoleLead}, day)
	require.NoError(t, err)
	w, err := b.Waits(b.ctx, b.id, day.Add(100*time.Hour))
	require.NoError(t, err)
	require.Len(t, w, 1)
	require.Equal(t, breach.HoldOrder, w[0].Kind)
}

func TestAHoldOfALawThatKnowsNoneIsRefused(t *testing.T) {
	t.Parallel()
	b := heldBench(t)
	h := police("h1")
	h.Obligations = []string{policeDuty, "cn-law/individuals/notice"}
	_, err := b.PlaceHold(b.ctx, b.id, h, breach.Actor{ID: "mei.zhou", Role: breach.RoleLead}, day)
	requireCode(t, breach.ErrNoDelay, err)
	require.ErrorContains(t, err, "knows no delay")
	all, err := b.Holds(b.ctx, b.id)
	require.NoError(t, err)
	require.Empty(t, all)
	require.Empty(t, b.commands())
}

func TestReasonsForDelayStandAndTheNewestCounts(t *testing.T) {
	t.Parallel()
	b := heldBench(t)
	by := breach.Actor{ID: "wei.lin", Role: breach.RoleResponder}
	require.NoError(t, b.ExplainDelays(b.ctx, b.id, "c1", []string{policeDuty, firstDuty}, "the list came late", by, day))
	require.NoError(t, b.ExplainDelays(b.ctx, b.id, "c1", []string{policeDuty}, "the same request again", by, day))
	require.NoError(t, b.ExplainDelays(b.ctx, b.id, "c2", []string{policeDuty}, "and the relay was down", by, day.Add(time.Hour)))
	list, err := b.Delays(b.ctx, b.id)
	require.NoError(t, err)
	require.Equal(t, []breach.Delay{
		{Obligation: firstDuty, Reason: "the list came late", By: "wei.lin", At: day},
		{Obligation: policeDuty, Reason: "and the relay was down", By: "wei.lin", At: day.Add(time.Hour)},
	}, list)
	_, err = b.pool.Exec(b.ctx, `DELETE FROM delay`)
	require.Error(t, err)
	require.Equal(t, []string{"explain", "explain"}, b.commands())
}

func TestRevisionsShowWhoAmendedWhatAndWhatFollowed(t *testing.T) {
	t.Parallel()
	b := heldBench(t)
	file, base, err := b.File(b.ctx, b.id, 0)
	require.NoError(t, err)
	n := int64(4000)
	file.Facts.People.Total = &n
	file.Contact.Name = "Somebody Else"
	rev, err := b.AmendFile(b.ctx, b.id, file, base, breach.Actor{ID: "wei.lin", Role: breach.RoleResponder}, day.Add(time.Hour))
	require.NoError(t, err)
	before, _, err := b.Judgement(b.ctx, b.id)
	require.NoError(t, err)
	after := before
	after.Obligations = append([]breach.Obligation{}, before.Obligations...)
	sooner := day.Add(24 * time.Hour)
	after.Obligations[0].DueAt, after.Obligations[0].Because = &sooner, []string{"4,000 people"}
	pack := []byte("id: xx-law\n")
	_, err = b.SaveJudgement(b.ctx, b.id, rev, after, map[string][]byte{hexSum(pack): pack}, day.Add(time.Hour))
	require.NoError(t, err)
	for _, most := range []int{0, 1} {
		list, err := b.Revisions(b.ctx, b.id, most)
		require.NoError(t, err)
		last := list[len(list)-1]
		require.Len(t, list, map[int]int{0: rev, 1: 1}[most])
		require.Equal(t, "wei.lin", last.By)
		paths := map[string]breach.FactChange{}
		for _, f := range last.Facts {
			paths[f.Path] = f
		}
		require.Equal(t, "4000", paths["facts.people.total"].To)
		require.Equal(t, breach.FactChange{Path: "contact.name"}, paths["contact.name"], "names are not shown")
		require.Len(t, last.Changes, 1)
		require.Equal(t, []string{"4,000 people"}, last.Changes[0].ReasonsAdded)
		require.Equal(t, sooner, *last.Changes[0].DueTo)
	}
	entries, err := b.Timeline(b.ctx, b.id, 0, 0)
	require.NoError(t, err)
	require.Contains(t, string(entries[len(entries)-1].Data), policeDuty+": due ")
}
