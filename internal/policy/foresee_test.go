package policy

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestForeseeLate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	p := builtin(t, "mooc")
	slow := Measured{Tally: breach.Tally{breach.Attempted: 1000, breach.Pending: 9000, breach.Unreachable: 3}, Remaining: 9000, PerSecond: 1, Deadline: now.Add(time.Hour)}
	d := ForeseeLate(p, slow, now)
	require.True(t, d.Announce)
	require.Equal(t, UncoveredTooLate, d.Reason)
	require.Zero(t, d.Covers, "nobody loses their own message")
	require.Equal(t, []string{
		"Of 10,003 people: 1,000 attempted, 9,000 pending, 3 unreachable.",
		"At the measured 1.0 per second, 3,600 of the remaining 9,000 can be told in the 1h0m0s until 2026-03-02 13:00 UTC; 5,400 people cannot.",
		"So the public is told now.", nobodyLoses,
	}, d.Because)

	with := func(change func(*Profile, *Measured)) Decision {
		q, m := p, slow
		change(&q, &m)
		return ForeseeLate(q, m, now)
	}
	for name, c := range map[string]struct {
		change func(*Profile, *Measured)
		reason string
		says   bool
	}{
		"in time":         {func(_ *Profile, m *Measured) { m.PerSecond = 100 }, AnnouncementNotNeeded, false},
		"no deadline":     {func(_ *Profile, m *Measured) { m.Deadline = time.Time{} }, AnnouncementNotNeeded, false},
		"no rate":         {func(_ *Profile, m *Measured) { m.PerSecond = 0 }, AnnouncementNotNeeded, false},
		"nobody left":     {func(_ *Profile, m *Measured) { m.Remaining = 0 }, AnnouncementNotNeeded, false},
		"deadline passed": {func(_ *Profile, m *Measured) { m.Deadline, m.PerSecond = now.Add(-time.Hour), 0 }, UncoveredTooLate, true},
		"not covered":     {func(q *Profile, _ *Measured) { q.Announcement.Covers = []string{UncoveredNoContact} }, AnnouncementNotCounted, false},
		"too few":         {func(q *Profile, _ *Measured) { q.Announcement.MinUncovered = MinUncovered{Count: 1e6} }, AnnouncementBelowMinimum, false},
		"a share":         {func(q *Profile, _ *Measured) { q.Announcement.MinUncovered = MinUncovered{Count: 1e6, Share: 0.5} }, UncoveredTooLate, true},
	} {
		d := with(c.change)
		require.Equal(t, c.says, d.Announce, name)
		require.Equal(t, c.reason, d.Reason, name)
		require.NotEmpty(t, d.Because, name)
	}
	said := AnnounceDecided("mei", slow)
	require.True(t, said.Announce)
	require.Contains(t, said.Because[1], "mei")
}

// Less time, a slower rate or more people never make an announcement unnecessary; and it never covers anybody.
func TestForeseeingIsMonotonic(t *testing.T) {
	t.Parallel()
	p := builtin(t, "mooc")
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
		m := Measured{Remaining: rapid.Int64Range(0, 1e6).Draw(t, "remaining"), PerSecond: rapid.Float64Range(0.001, 1e4).Draw(t, "rate"),
			Deadline: now.Add(time.Duration(rapid.IntRange(-1e6, 1e6).Draw(t, "due")) * time.Second)}
		m.Tally = breach.Tally{breach.Pending: m.Remaining, breach.Attempted: 7}
		a := ForeseeLate(p, m, now)
		worse := m
		worse.PerSecond *= rapid.Float64Range(0.01, 1).Draw(t, "slower")
		worse.Remaining += rapid.Int64Range(0, 1e5).Draw(t, "more")
		b := ForeseeLate(p, worse, now.Add(time.Duration(rapid.IntRange(0, 1e5).Draw(t, "later"))*time.Second))
		require.Zero(t, a.Covers+b.Covers)
		require.False(t, a.Announce && !b.Announce, "%+v, then %+v", a, b)
	})
}

func TestRateIsTheSlowerOfMeasuredAndLimit(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s := Sent{Messages: 1000, First: now.Add(-100 * time.Second), Last: now, Left: 1000}
	for limit, want := range map[float64]float64{0: 10, 4: 4, 40: 10} {
		s.Limit = limit
		rate, limited := s.Rate(now)
		require.InDelta(t, want, rate, 1e-9)
		require.Equal(t, limit == 4, limited)
	}
	s.Limit = 4
	due := now.Add(time.Minute)
	e := EstimateHandover(s, []breach.Duty{dutyToTell(&due, breach.Applies, "")}, now)
	require.Equal(t, 190*time.Second, e.LateBy)
	require.Equal(t, []string{AdviceProvider, AdviceAnnounce}, e.Advice, "more connections do not help against a limit")
	s.Limit = 0
	rate, _ := s.Rate(now.Add(100 * time.Second))
	require.InDelta(t, 5, rate, 1e-9, "silence is slowness")

	p := builtin(t, "mooc")
	for i := range p.Providers {
		p.Providers[i].Limits = nil
	}
	require.Zero(t, p.Capacity())
	for i := range p.Providers {
		p.Providers[i].Limits = &Limits{PerSecond: 5}
	}
	require.InDelta(t, 5*float64(len(p.Providers)), p.Capacity(), 1e-9)
	p.Providers[0].Limits = &Limits{PerDomain: &DomainRates{Default: 1}}
	require.Zero(t, p.Capacity(), "one without a limit of its own")
}

func TestDeadlineToTell(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	duty := func(hours int, change func(*breach.Obligation)) breach.Obligation {
		due := now.Add(time.Duration(hours) * time.Hour)
		o := breach.Obligation{Duty: "notify_individuals", Verdict: breach.Applies, Basis: bindingLaw, Binding: bindingLaw, DueAt: &due}
		change(&o)
		return o
	}
	same := func(*breach.Obligation) {}
	soft := func(o *breach.Obligation) { o.Binding = bindingHouse }
	none := []breach.Obligation{
		duty(1, func(o *breach.Obligation) { o.Verdict = breach.CannotTell }),
		duty(1, func(o *breach.Obligation) { o.Verdict, o.Binding = breach.CannotTell, bindingHouse }),
		duty(1, func(o *breach.Obligation) { o.Basis, o.Binding = bindingHouse, bindingHouse }), // a promise
		duty(1, func(o *breach.Obligation) { o.Duty = "notify_authority" }), duty(1, func(o *breach.Obligation) { o.DueAt = nil }),
	}
	for name, c := range map[string]struct {
		more  []breach.Obligation
		hours int
		house bool
	}{
		"the earliest":       {[]breach.Obligation{duty(9, same), duty(5, same), duty(7, soft)}, 5, false},
		"the house's number": {[]breach.Obligation{duty(9, same), duty(7, soft)}, 7, true},
		"at once":            {[]breach.Obligation{duty(7, soft), duty(7, same), duty(7, soft)}, 7, false},
		"no basis yet":       {[]breach.Obligation{duty(3, func(o *breach.Obligation) { o.Basis = "" })}, 3, false},
	} {
		due, house := DeadlineToTell(append(c.more, none...))
		require.Equal(t, now.Add(time.Duration(c.hours)*time.Hour), due, name)
		require.Equal(t, c.house, house, name)
	}
	due, house := DeadlineToTell(none)
	require.True(t, due.IsZero() && !house)
}

// With the shipped rules and the sample incident, a send that is too slow for the duty to tell people has the
// public told early; no sentence says that the law names the number.
func TestPromise_M12_ASlowSendIsForeseenWithTheShippedRules(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../examples/incident.json")
	require.NoError(t, err)
	file, err := breach.ParseIncident(raw)
	require.NoError(t, err)
	p := builtin(t, "mooc")
	at := func(f breach.Facts) Measured {
		j, err := loadTestRules(t).Judge(f, p, *f.Incident.AwareAt)
		require.NoError(t, err)
		m := Measured{Tally: breach.Tally{breach.Attempted: 100_000, breach.Pending: 900_000}, Remaining: 900_000, PerSecond: 3}
		m.Deadline, m.HouseTerm = DeadlineToTell(j.Obligations)
		return m
	}
	m, now := at(file.Facts), file.Facts.Incident.AwareAt.Add(time.Hour)
	require.Equal(t, file.Facts.Incident.DetectedAt.Add(72*time.Hour).UTC(), m.Deadline)
	require.True(t, m.HouseTerm)
	d := ForeseeLate(p, m, now)
	require.True(t, d.Announce, "%v", d.Because)
	require.Equal(t, UncoveredTooLate, d.Reason)
	final := DecideAnnouncement(p, m, now)
	require.True(t, final.Announce)
	for _, says := range []string{d.Because[1], final.Because[1]} {
		require.Contains(t, says, "cannot.")
		require.Contains(t, says, "the house's own deadline for a duty of the law, which names no number")
	}
	m.PerSecond = 300
	require.False(t, ForeseeLate(p, m, now).Announce, "fast enough")

	// Where only the organisation's own policy promises it, a person decides.
	abroad, err := breach.MergeFacts(file.Facts, []byte(`{"organisation":{"country":"NP","regions":null},"people":{"by_country":{"CN":null,"DE":null,"FR":null,"SG":null,"NP":1000,"US":null,"HK":null,"GB":null,"TW":null,"BR":null,"JP":null,"KR":null,"IN":null,"AU":null},"by_region":null}}`))
	require.NoError(t, err)
	require.Zero(t, at(abroad).Deadline)
}

func TestCostOf(t *testing.T) {
	t.Parallel()
	p := builtin(t, "mooc") // limit in CNY
	prices := map[string]map[string]float64{"sms": {"CNY": 0.05}, "email": {"CNY": 0}, "letter": {"USD": 1}}
	require.Equal(t, &Money{Currency: "CNY", Amount: 50}, CostOf(p, map[breach.Channel]int64{breach.SMS: 1000, breach.Email: 7, breach.Push: 0}, prices))
	require.Nil(t, CostOf(p, map[breach.Channel]int64{breach.Letter: 1}, prices), "a price in another currency is not compared")
	p.Announcement.CostLimit = nil
	require.Nil(t, CostOf(p, nil, prices))
}
