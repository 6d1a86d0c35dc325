package app

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestEstimateWhilePeopleAreBeingTold(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	first, due := now.Add(-100*time.Second), now.Add(10*time.Second)
	v := breach.Overview{
		Incident: breach.Incident{State: breach.IncidentNotifying}, At: now, Total: 1200,
		People:   breach.Tally{breach.Attempted: 1000, breach.Pending: 200},
		Channels: map[breach.Channel]breach.ChannelCounts{breach.Email: {"accepted": 990, "failed_permanent": 10, "intended": 40, "repeated": 3}},
		Timings:  breach.Timings{FirstHandover: &first, LastHandover: &now},
		Duties: []breach.Duty{{Obligation: breach.Obligation{
			ID: "x/individuals/notice", Duty: "notify_individuals", Verdict: breach.Applies, DueAt: &due,
		}}},
	}
	e := estimate(v)
	require.NotNil(t, e)
	require.InDelta(t, 10, e.PerSecond, 1e-9, "what is only intended was not handed over")
	require.Equal(t, now.Add(20*time.Second), e.LastHandover)
	require.Equal(t, 10*time.Second, e.LateBy)
	require.NotEmpty(t, e.Advice)

	for name, quiet := range map[string]func(*breach.Overview){
		"paused":       func(v *breach.Overview) { v.Paused = true },
		"stopped":      func(v *breach.Overview) { v.Stopped = true },
		"over":         func(v *breach.Overview) { v.Incident.State = breach.IncidentMonitoring },
		"not begun":    func(v *breach.Overview) { v.Timings = breach.Timings{} },
		"nobody left":  func(v *breach.Overview) { v.People = breach.Tally{breach.Attempted: 1200} },
		"too few sent": func(v *breach.Overview) { v.Channels = nil },
	} {
		other := v
		quiet(&other)
		require.Nil(t, estimate(other), name)
	}
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
