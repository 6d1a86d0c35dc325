package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

var wei = breach.Actor{ID: "wei.lin", Role: breach.RoleResponder}

// failedEverywhere has everybody of the list tried in vain.
func (b *bench) failedEverywhere() {
	b.t.Helper()
	ctx, at := context.Background(), b.Now()
	for _, p := range b.Ledger.People() {
		require.NoError(b.t, b.Ledger.Record(ctx, incident, []breach.AttemptEvent{
			{Person: p.ID, Addressee: breach.ToSelf, Channel: breach.Email, Try: 1, State: breach.FailedPermanent, Provider: "x", At: at},
			{Person: p.ID, Addressee: breach.ToSelf, Channel: breach.SMS, Try: 1, State: breach.FailedPermanent, Provider: "x", At: at},
		}))
		require.NoError(b.t, b.Ledger.SetOutcomes(ctx, incident, []breach.PersonEvent{{Person: p.ID, Outcome: breach.Unreachable, Reason: policy.UncoveredFailedEverywhere, By: "tocsin", At: at}}))
	}
}

// A walk that breaks off goes on with those who are left, and sets nobody back twice.
func TestTryingAgainGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	b, _ := newBench(t, people(11)...) // three blocks
	b.failedEverywhere()
	b.Ledger.DecideAgain(breach.Retry{ID: "d1"}, wei)
	broken := 0
	b.Ledger.Break(func(op string, wrote bool) error {
		if op != "StartAfresh" || !wrote {
			return nil
		}
		if broken++; broken > 2 {
			return nil
		}
		return breach.Errorf(breach.ErrUnavailable, "nobody knows whether it was written")
	})
	in := activities.AgainIn{Incident: incident, Decision: "d1"}
	for range 2 {
		_, err := run(b, b.Again().Start, in)
		require.Error(t, err)
		require.Empty(t, b.Ledger.Notes("people.tried_again"), "it is not done")
		require.EqualValues(t, 11, b.Ledger.Outcomes()[breach.Pending]+b.Ledger.Outcomes()[breach.Unreachable])
	}
	for range 2 {
		out, err := run(b, b.Again().Start, in)
		require.NoError(t, err)
		require.Equal(t, activities.AgainOut{People: 11, Waves: []int{1}}, out)
	}
	require.Equal(t, breach.Tally{breach.Pending: 11}, b.Ledger.Outcomes())
	require.Len(t, b.Ledger.Notes("people.tried_again"), 1)
	for _, p := range b.Ledger.People() {
		require.True(t, p.Attempts[0].Past && p.Attempts[1].Past)
	}
	require.EqualValues(t, 11, b.survey(2).Due[breach.Email], "with all channels from the first on")

	// Unreachable once more, the same decision sets them back no second time.
	b.failedEverywhere()
	_, err := run(b, b.Again().Start, in)
	require.NoError(t, err)
	require.Equal(t, breach.Tally{breach.Unreachable: 11}, b.Ledger.Outcomes())
	_, err = run(b, b.Again().Start, activities.AgainIn{Incident: incident, Decision: "nobody's"})
	require.Equal(t, breach.ErrNotFound, codeOf(err))
}

func TestNobodyIsTriedAgainOnceSendingWasStopped(t *testing.T) {
	t.Parallel()
	b, _ := newBench(t, people(3)...)
	b.failedEverywhere()
	b.Ledger.DecideAgain(breach.Retry{ID: "d1"}, wei)
	b.Ledger.SetGate(true, true)
	out, err := run(b, b.Again().Start, activities.AgainIn{Incident: incident, Decision: "d1"})
	require.NoError(t, err)
	require.True(t, out.Over)
	require.Empty(t, out.Waves)
	require.Equal(t, breach.Tally{breach.Unreachable: 3}, b.Ledger.Outcomes())
	open, err := b.Ledger.OpenRetries(context.Background(), incident)
	require.NoError(t, err)
	require.Empty(t, open, "that is what came of it")
}

func TestWhatIsForeseen(t *testing.T) {
	t.Parallel()
	b, plan := newBench(t, people(5)...)
	b.Stage.Now = func() time.Time { return activitiestest.Aware.Add(100 * time.Hour) } // the deadline was at 72
	in := activities.AnnounceIn{Incident: incident, Wave: 1, PlanHash: plan}
	look := func() activities.ForeseeOut {
		out, err := run(b, b.Announce().Foresee, in)
		require.NoError(t, err)
		return out
	}
	b.Ledger.SetGate(true, false)
	require.Equal(t, activities.ForeseeOut{}, look(), "nothing is decided while sending is paused")
	b.Ledger.SetGate(false, false)
	ctx := context.Background()
	require.NoError(t, b.Ledger.SetStage(ctx, incident, breach.Stage{Wave: 1, Name: policy.StageRamp, People: 4, Since: b.Now()}))
	require.Equal(t, activities.ForeseeOut{}, look(), "a stage is watched")
	require.NoError(t, b.Ledger.SetStage(ctx, incident, breach.Stage{Wave: 1, Name: policy.StageFull, Since: b.Now()}))
	for _, k := range []breach.Brake{{Kind: breach.BrakeGate, Wave: 1}, {Kind: breach.BrakeStop, Channel: breach.Email}} {
		require.NoError(t, b.Ledger.SetBrake(ctx, incident, k))
		require.Equal(t, activities.ForeseeOut{}, look(), "people are held by a %s", k.Kind)
		b.Ledger.Lift(b.Now())
	}
	b.Profiles.Change(func(p *policy.Profile) { p.Announcement.Covers = nil })
	require.True(t, look().Never)
	b.Profiles.Change(nil)
	out := look()
	require.True(t, out.Published)
	require.Contains(t, out.Because[1], "has passed with 5 people still to be told")
	require.True(t, look().Published)
	require.Len(t, b.Ledger.Published(), 1)
	require.Len(t, b.Ledger.Notes("announce.early"), 1)
	require.Equal(t, breach.Tally{breach.Pending: 5}, b.Ledger.Outcomes())

	early, err := run(b, b.Announce().Early, activities.EarlyIn{Incident: incident, AnnounceNow: breach.AnnounceNow{Wave: 1, PlanHash: plan, By: "mei.zhou"}})
	require.NoError(t, err)
	require.Equal(t, out.Reference, early.Reference, "it is one page, whoever decides")
	_, err = run(b, b.Announce().Early, activities.EarlyIn{Incident: incident, AnnounceNow: breach.AnnounceNow{Wave: 1, PlanHash: "another", By: "mei.zhou"}})
	require.Error(t, err, "only what was approved is published")
}

// Whoever tells people one by one at a price above the policy's limit is told so by the final decision.
func TestCostIsMeasuredByThoseWhoAreLeft(t *testing.T) {
	t.Parallel()
	b, plan := newBench(t, people(5)...)
	b.Stage.Now = func() time.Time { return activitiestest.Aware.Add(time.Hour) }
	b.Ledger.Amend(func(f *breach.IncidentFile) {
		f.Facts.Contacts.CostPerPerson = map[string]map[string]float64{"email": {"CNY": 1e6}}
	})
	out, err := run(b, b.Announce().Decide, activities.AnnounceIn{Incident: incident, Wave: 1, PlanHash: plan})
	require.NoError(t, err)
	require.True(t, out.Announce)
	require.Equal(t, policy.UncoveredTooCostly, out.Reason)
	require.Contains(t, string(b.Ledger.Notes("announce.decided")[0].Data), "CNY 5000000.00")
}
