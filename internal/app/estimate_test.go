package app

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

func TestEstimateWhilePeopleAreBeingTold(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	first, due := now.Add(-100*time.Second), now.Add(10*time.Second)
	v := breach.Overview{
		Incident: breach.Incident{State: breach.IncidentNotifying}, At: now, Total: 1200,
		People: breach.Tally{breach.Attempted: 1000, breach.Pending: 200},
		Duties: []breach.Duty{{Obligation: breach.Obligation{
			ID: "x/individuals/notice", Duty: "notify_individuals", Verdict: breach.Applies, DueAt: &due,
		}}},
	}
	sent := policy.Sent{Messages: 1000, First: first, Last: now, Left: 200}
	narrow := sent
	narrow.Limit = 5
	e := estimate(v, sent)
	require.NotNil(t, e)
	require.InDelta(t, 10, e.PerSecond, 1e-9)
	require.Equal(t, now.Add(20*time.Second), e.LastHandover)
	require.Equal(t, 10*time.Second, e.LateBy)
	require.Equal(t, []string{policy.AdviceConnections, policy.AdviceProvider, policy.AdviceAnnounce}, e.Advice)

	e = estimate(v, narrow)
	require.Equal(t, 30*time.Second, e.LateBy, "the providers take no more")
	require.Equal(t, []string{policy.AdviceProvider, policy.AdviceAnnounce}, e.Advice)
	v.Announcement = &breach.Notice{}
	require.Equal(t, []string{policy.AdviceProvider}, estimate(v, narrow).Advice, "it is announced already")

	v.Stages = []breach.Stage{{Wave: 1, Name: policy.StageFull, Since: first}, {Wave: 2, Name: policy.StageRamp, People: 1000, Since: now}}
	require.Nil(t, estimate(v, sent), "the stage of a list is watched: that is no slowness")
	v.Stages[1].Name = policy.StageFull
	require.NotNil(t, estimate(v, sent))
	for kind, held := range map[breach.BrakeKind]bool{breach.BrakeGate: true, breach.BrakeStop: true, breach.BrakeWarn: false} {
		v.Brakes = breach.Brakes{{Kind: kind, Wave: 2, Channel: breach.Email}}
		require.Equal(t, held, estimate(v, sent) == nil, kind)
	}
	v.Brakes = nil

	require.Nil(t, estimate(v, policy.Sent{Left: 200}), "not begun")
	sent.Left = 0
	require.Nil(t, estimate(v, sent), "nobody left")
}

func TestADutyToPeopleIsDoneWhenNobodyIsLeft(t *testing.T) {
	t.Parallel()
	people, report := breach.Obligation{Duty: "notify_individuals"}, breach.Obligation{Duty: "notify_authority"}
	onTheWay := &breach.Overview{Total: 3, People: breach.Tally{breach.Attempted: 2, breach.Covered: 1}}
	stopped := &breach.Overview{Total: 3, People: breach.Tally{breach.Attempted: 2, breach.Pending: 1}, Incident: breach.Incident{State: breach.IncidentMonitoring}}
	require.True(t, told(people, breach.ObligationAwaitingApproval, onTheWay))
	require.False(t, told(people, breach.ObligationAwaitingApproval, stopped), "somebody was not told, whatever the state is")
	require.True(t, told(people, breach.ObligationClosed, stopped))
	require.False(t, told(people, breach.ObligationDrafting, &breach.Overview{}), "no list was loaded")
	require.False(t, told(report, breach.ObligationClosed, onTheWay))
}
