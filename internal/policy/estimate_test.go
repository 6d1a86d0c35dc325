package policy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func dutyToTell(due *time.Time, verdict breach.Verdict, state breach.ObligationState) breach.Duty {
	return breach.Duty{Obligation: breach.Obligation{ID: "x/individuals/notice", Duty: "notify_individuals", Verdict: verdict, DueAt: due}, State: state}
}

func TestEstimateHandover(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	soon, late := now.Add(90*time.Second), now.Add(time.Hour)
	sent := Sent{Messages: 1000, First: now.Add(-100 * time.Second), Last: now, Left: 1000} // 10 a second, 100 s to go
	e := EstimateHandover(sent, []breach.Duty{dutyToTell(&late, breach.Applies, ""), dutyToTell(&soon, breach.CannotTell, "")}, now)
	require.InDelta(t, 10, e.PerSecond, 1e-9)
	require.Equal(t, now.Add(100*time.Second), e.LastHandover)
	require.Equal(t, &soon, e.DueAt, "a duty that may apply counts")
	require.Equal(t, 10*time.Second, e.LateBy)
	require.Equal(t, []string{AdviceConnections, AdviceProvider, AdviceAnnounce}, e.Advice)

	moment := now.Add(100*time.Second - time.Millisecond)
	e = EstimateHandover(sent, []breach.Duty{dutyToTell(&moment, breach.Applies, "")}, now)
	require.Equal(t, time.Second, e.LateBy, "late by a moment is late, and is said with its advice")
	require.NotEmpty(t, e.Advice)

	e = EstimateHandover(sent, []breach.Duty{dutyToTell(&late, breach.Applies, ""), dutyToTell(&soon, breach.Applies, breach.ObligationClosed), dutyToTell(&soon, breach.DoesNotApply, "")}, now)
	require.Zero(t, e.LateBy)
	require.Empty(t, e.Advice)
	require.Equal(t, &late, e.DueAt)
	require.Nil(t, EstimateHandover(sent, nil, now).DueAt)

	for _, s := range []Sent{{}, {Messages: 5, First: now.Add(-time.Minute), Last: now, Left: 5}, {Messages: 1000, First: now, Last: now, Left: 5}, {Messages: 1000, First: now.Add(-time.Minute), Last: now}} {
		require.Nil(t, EstimateHandover(s, nil, now), "%+v", s)
	}
}

// What holds people back on purpose is no slowness.
func TestAtFullPace(t *testing.T) {
	t.Parallel()
	full, ramp := breach.Stage{Wave: 1, Name: StageFull}, breach.Stage{Wave: 2, Name: StageRamp, People: 1000}
	gate, stop, warn := breach.Brake{Kind: breach.BrakeGate, Wave: 2}, breach.Brake{Kind: breach.BrakeStop, Channel: breach.Email, Domain: "mail.example"}, breach.Brake{Kind: breach.BrakeWarn}
	for name, c := range map[string]struct {
		stages        []breach.Stage
		brakes        breach.Brakes
		all, one, two bool
	}{
		"told at once":        {nil, nil, true, true, true},
		"everybody":           {[]breach.Stage{full}, breach.Brakes{warn}, true, true, true},
		"a stage of one list": {[]breach.Stage{full, ramp}, nil, false, true, false},
		"a sample":            {[]breach.Stage{{Wave: 1, Name: StageCanary}}, nil, false, false, true},
		"a gate of one list":  {[]breach.Stage{full}, breach.Brakes{gate}, false, true, false},
		"a brake":             {[]breach.Stage{full}, breach.Brakes{stop}, false, false, false},
	} {
		require.Equal(t, []bool{c.all, c.one, c.two}, []bool{AtFullPace(c.stages, c.brakes, 0), AtFullPace(c.stages, c.brakes, 1), AtFullPace(c.stages, c.brakes, 2)}, name)
	}
}

func TestEstimateIsSteady(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
		due := now.Add(time.Duration(rapid.IntRange(-1e6, 1e6).Draw(rt, "due")) * time.Second)
		s := Sent{
			Messages: rapid.Int64Range(0, 1e7).Draw(rt, "sent"), Left: rapid.Int64Range(0, 1e7).Draw(rt, "left"),
			First: now.Add(-time.Duration(rapid.IntRange(0, 1e6).Draw(rt, "took")) * time.Second), Last: now,
		}
		if rapid.Bool().Draw(rt, "parted") {
			s.Began, s.People = s.First, rapid.Int64Range(0, 2e7).Draw(rt, "people")
			s.Parts = []Part{{rapid.Int64Range(100, 1e7).Draw(rt, "of one part"), rapid.Float64Range(0.001, 1e6).Draw(rt, "limit")}}
		}
		duties := []breach.Duty{dutyToTell(&due, breach.Applies, "")}
		a := EstimateHandover(s, duties, now)
		later := now.Add(time.Duration(rapid.IntRange(0, 1e5).Draw(rt, "later")) * time.Second)
		b := EstimateHandover(s, duties, later)
		if (a == nil) != (b == nil) {
			rt.Fatal("what is measured does not change with the clock")
		}
		if a == nil {
			return
		}
		if b.LastHandover.Before(a.LastHandover) || a.LastHandover.Before(now) {
			rt.Fatalf("%v then %v", a.LastHandover, b.LastHandover)
		}
		if (a.LateBy > 0) != (len(a.Advice) > 0) || a.LateBy < 0 {
			rt.Fatalf("late by %v, advice %v", a.LateBy, a.Advice)
		}
	})
}

// The last message waits for the slowest domain or country, whatever all of them together take.
func TestEstimateKnowsTheNarrowestPart(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	p := Profile{
		Channels: []ChannelRule{{Channel: breach.Email}},
		Providers: []Provider{
			{ID: "a", Channel: breach.Email, Limits: &Limits{PerDomain: &DomainRates{Default: 50, By: map[string]float64{"mail.example": 4}}}},
			{ID: "b", Channel: breach.Email, Limits: &Limits{PerDomain: &DomainRates{Default: 50, By: map[string]float64{"mail.example": 6}}}},
			{ID: "c", Channel: breach.SMS, Limits: &Limits{PerCountry: &CountryRates{Default: 1}}},
		},
	}
	where := breach.Spread{People: 10_000, Domains: map[string]int64{"mail.example": 6000, "other.example": 1000}, Countries: map[string]int64{"DE": 9000}}
	require.Equal(t, []Part{{People: 6000, PerSecond: 10}, {People: 1000, PerSecond: 100}}, p.Parts(where), "the limits of a later channel do not hold for the first")
	pace := breach.Pace{Messages: 2000, First: now.Add(-20 * time.Second), Last: now}
	for left, seconds := range map[int64]float64{
		8000: 480, // 4800 of them by their share, 10 a second
		5000: 300,
		4500: 270, // 2,700 of them at 10 a second
		100:  6,
	} {
		s := SentBy(p, pace, where, left)
		rate, limited := s.Rate(now)
		require.True(t, limited)
		require.InDelta(t, seconds, float64(left)/rate, 1e-6, "%d left", left)
	}
	pace.Began = now.Add(-100 * time.Second) // at most 1,000 of the 6,000 are told
	rate, _ := SentBy(p, pace, where, 5500).Rate(now)
	require.InDelta(t, 500, 5500/rate, 1e-6)
	rate, _ = SentBy(p, pace, where, 4000).Rate(now)
	require.InDelta(t, 400, 4000/rate, 1e-6, "everybody who is left is of that part")

	p.Providers[1].Limits = nil
	require.Empty(t, p.Parts(where), "one of the providers takes them as they come")
	rate, limited := SentBy(p, pace, where, 5000).Rate(now)
	require.InDelta(t, 100, rate, 1e-9)
	require.False(t, limited)
}
