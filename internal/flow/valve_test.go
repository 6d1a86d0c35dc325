package flow_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/flow"
)

var start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func lane(incident string, n int64) flow.Asker { return flow.Asker{Incident: incident, Lane: n} }

// Whatever is asked when and by whom, over no stretch of time does more get through than the rate allows and one
// second of it at once; the limits of a domain and of a country hold beside that of the whole.
func TestAValveNeverLetsMoreThrough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.SampledFrom([]float64{0.3, 1, 3, 20, 200}).Draw(t, "rate")
		slow := rapid.SampledFrom([]float64{0.2, 1, 2, 50}).Draw(t, "slow")
		v := flow.NewValve()
		v.SetLimits(start, "p", flow.Limits{Whole: rate, Domain: flow.Table{By: map[string]float64{"slow": slow}}, Country: flow.Table{Default: 2 * slow}})
		v.SetShare(start, 1)
		var all, domain, country []time.Time
		now := start
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 1500).Draw(t, "ms")) * time.Millisecond)
			who := lane(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "incident"), int64(rapid.IntRange(1, 2).Draw(t, "lane")))
			for range rapid.IntRange(1, 30).Draw(t, "messages") {
				to := flow.Goal{Domain: rapid.SampledFrom([]string{"slow", "fast", ""}).Draw(t, "domain"), Country: rapid.SampledFrom([]string{"CN", ""}).Draw(t, "country")}
				a := v.Take(now, who, to)
				if !a.OK {
					require.False(t, a.At.Before(now))
					continue
				}
				all = append(all, now)
				if to.Domain == "slow" {
					domain = append(domain, now)
				}
				if to.Country != "" {
					country = append(country, now)
				}
			}
		}
		within(t, all, rate)
		within(t, domain, slow)
		within(t, country, 2*slow)
	})
}

// within checks every stretch of time between two messages: the one that held the most began where messages were
// furthest behind the rate.
func within(t require.TestingT, times []time.Time, rate float64) {
	behind := math.Inf(1)
	for i, at := range times {
		due := rate * at.Sub(start).Seconds()
		behind = min(behind, float64(i)-due)
		if n := float64(i+1) - due - behind; n > max(1, rate)+1e-6 {
			require.Fail(t, "too many", "%g more than a rate of %g allows", n, rate)
		}
	}
}

// Processes that each hold an equal share stay below the limit together, also while they come and go, as long as
// those who stay learn of a new one before it begins.
func TestSharersStayBelowTheLimit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.SampledFrom([]float64{5, 40, 300}).Draw(t, "rate")
		n := rapid.IntRange(1, 6).Draw(t, "processes")
		valves := make([]*flow.Valve, n)
		for i := range valves {
			valves[i] = flow.NewValve()
			valves[i].SetLimits(start, "p", flow.Limits{Whole: rate})
			valves[i].SetShare(start, 1/float64(n))
		}
		total, now := 0, start
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 700).Draw(t, "ms")) * time.Millisecond)
			if rapid.IntRange(0, 9).Draw(t, "change") == 0 {
				for _, v := range valves { // one dies, or comes back: shares never add up to more than 1
					v.SetShare(now, 1/float64(n+rapid.IntRange(0, 2).Draw(t, "more")))
				}
			}
			for _, v := range valves {
				for range rapid.IntRange(0, 200).Draw(t, "messages") {
					if v.Take(now, lane("a", 1), flow.Goal{}).OK {
						total++
					}
				}
			}
		}
		most := rate*now.Sub(start).Seconds() + float64(n)*max(1, rate/float64(n))
		require.LessOrEqual(t, float64(total), most+1e-6)
	})
}

func TestANewcomerSendsNothing(t *testing.T) {
	t.Parallel()
	v := flow.NewValve()
	require.True(t, v.Take(start, lane("a", 1), flow.Goal{Domain: "x"}).OK, "without limits nobody is asked")
	v.SetLimits(start, "p", flow.Limits{Whole: 100})
	for i := range 50 {
		a := v.Take(start.Add(time.Duration(i)*100*time.Millisecond), lane("a", 1), flow.Goal{})
		require.False(t, a.OK)
		require.True(t, a.Whole)
	}
	v.SetShare(start.Add(5*time.Second), 0.5)
	n := 0
	for range 100 {
		if v.Take(start.Add(6*time.Second), lane("a", 1), flow.Goal{}).OK {
			n++
		}
	}
	require.Equal(t, 50, n, "what it may have begun with is counted from its share on")
}

func TestTheStrictestOfSeveralPoliciesHolds(t *testing.T) {
	t.Parallel()
	v := flow.NewValve()
	v.SetShare(start, 1)
	v.SetLimits(start, "lenient", flow.Limits{Whole: 100, Domain: flow.Table{By: map[string]float64{"x": 5}}})
	v.SetLimits(start, "strict", flow.Limits{Whole: 10})
	require.InDelta(t, 10, v.Limit(), 0)
	v.SetLimits(start, "strict", flow.Limits{})
	require.InDelta(t, 100, v.Limit(), 0, "a policy that no longer limits is not in the way")
}

// hungry are lanes that ask for as much as they can, each at its own beat; beat says how often, in milliseconds, and
// batch how much.
type hungry struct {
	who         flow.Asker
	beat, batch int
	got         int
}

func feed(v *flow.Valve, lanes []*hungry, seconds int) {
	for ms := range seconds * 1000 {
		for _, l := range lanes {
			if ms%l.beat != 0 {
				continue
			}
			for range l.batch {
				if v.Take(start.Add(time.Duration(ms)*time.Millisecond), l.who, flow.Goal{}).OK {
					l.got++
				}
			}
		}
	}
}

// Every incident that asks for as much as it can gets at least its part of the limit, whatever number of lanes
// others ask from; lanes of one incident get the same.
func TestIncidentsShareEqually(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.SampledFrom([]float64{4, 30, 400}).Draw(t, "rate")
		v := flow.NewValve()
		v.SetLimits(start, "p", flow.Limits{Whole: rate})
		v.SetShare(start, 1)
		const seconds = 5
		incidents := rapid.IntRange(1, 3).Draw(t, "incidents")
		var lanes []*hungry
		for i := range incidents {
			for l := range rapid.IntRange(1, 3).Draw(t, "lanes") {
				lanes = append(lanes, &hungry{
					who: lane(fmt.Sprint(i), int64(l)), beat: rapid.IntRange(40, 300).Draw(t, "beat"),
					batch: int(math.Ceil(0.4*rate)) + rapid.IntRange(1, 30).Draw(t, "batch"),
				})
			}
		}
		feed(v, lanes, seconds)
		got, count := map[string]int{}, map[string]int{}
		for _, l := range lanes {
			got[l.who.Incident] += l.got
			count[l.who.Incident]++
		}
		fair := rate * seconds / float64(incidents)
		for i, n := range got {
			require.GreaterOrEqual(t, float64(n), 0.85*fair-float64(count[i])-1, "incident %s of %v", i, got)
		}
		for _, l := range lanes {
			part := fair / float64(count[l.who.Incident])
			require.GreaterOrEqual(t, float64(l.got), 0.7*part-2, "lane %v of %v", l.who, got)
		}
	})
}

// A clock that goes back gives nothing, and what it passes a second time neither.
func TestAClockThatGoesBack(t *testing.T) {
	t.Parallel()
	v := flow.NewValve()
	v.SetLimits(start, "p", flow.Limits{Whole: 10})
	v.SetShare(start, 1)
	n := 0
	for _, s := range []int{2, 0, 1, 2, 1, 2} {
		for range 100 {
			if v.Take(start.Add(time.Duration(s)*time.Second), lane("a", 1), flow.Goal{}).OK {
				n++
			}
		}
	}
	require.Equal(t, 10, n)
}

// What a modest incident leaves goes to the other, and the modest one gets all that it asks for.
func TestWhatIsNotUsedGoesToOthers(t *testing.T) {
	t.Parallel()
	v := flow.NewValve()
	v.SetLimits(start, "p", flow.Limits{Whole: 100})
	v.SetShare(start, 1)
	modest, huge := &hungry{who: lane("modest", 1), beat: 100, batch: 1}, &hungry{who: lane("huge", 1), beat: 10, batch: 200}
	feed(v, []*hungry{modest, huge}, 20)
	require.GreaterOrEqual(t, modest.got, 195)
	require.GreaterOrEqual(t, modest.got+huge.got, 1990)
}

// An incident that comes late is not behind one that took everything until then.
func TestALateIncidentGetsItsPartAtOnce(t *testing.T) {
	t.Parallel()
	v := flow.NewValve()
	v.SetLimits(start, "p", flow.Limits{Whole: 100})
	v.SetShare(start, 1)
	huge := &hungry{who: lane("huge", 1), beat: 10, batch: 200}
	feed(v, []*hungry{huge}, 60)
	small, now := 0, start.Add(time.Minute)
	for ms := 0; small < 50; ms += 10 {
		require.Less(t, ms, 1200, "50 people at half of 100 a second")
		for _, who := range []flow.Asker{huge.who, lane("small", 1)} {
			for range 60 {
				if v.Take(now.Add(time.Duration(ms)*time.Millisecond), who, flow.Goal{}).OK && who.Incident == "small" {
					small++
				}
			}
		}
	}
}

// One that comes late does not make up for the time when it was not there.
func TestALateIncidentTakesNoMoreThanItsPart(t *testing.T) {
	t.Parallel()
	v := flow.NewValve()
	v.SetLimits(start, "p", flow.Limits{Whole: 100})
	v.SetShare(start, 1)
	old := &hungry{who: lane("old", 1), beat: 50, batch: 60}
	feed(v, []*hungry{old}, 20)
	got := map[string]int{}
	for ms := 0; ms < 5000; ms += 50 {
		for _, who := range []flow.Asker{lane("new", 1), old.who} {
			for range 60 {
				if v.Take(start.Add(20*time.Second+time.Duration(ms)*time.Millisecond), who, flow.Goal{}).OK {
					got[who.Incident]++
				}
			}
		}
	}
	require.InDelta(t, got["old"], got["new"], 30)
}

// One slow domain holds nobody else up.
func TestADomainsLimitIsItsOwn(t *testing.T) {
	t.Parallel()
	v := flow.NewValve()
	v.SetLimits(start, "p", flow.Limits{Domain: flow.Table{Default: 2}})
	v.SetShare(start, 1)
	who := lane("a", 1)
	require.True(t, v.Take(start, who, flow.Goal{Domain: "slow"}).OK)
	a := v.Take(start, who, flow.Goal{Domain: "slow"})
	require.False(t, a.OK)
	require.False(t, a.Whole)
	require.Equal(t, start.Add(500*time.Millisecond), a.At)
	for i := range 20_000 {
		require.True(t, v.Take(start, who, flow.Goal{Domain: fmt.Sprint(i)}).OK)
	}
	require.True(t, v.Take(start.Add(500*time.Millisecond), who, flow.Goal{Domain: "slow"}).OK)
}

func BenchmarkTake(b *testing.B) {
	v := flow.NewValve()
	v.SetLimits(start, "p", flow.Limits{Whole: 1e9, Domain: flow.Table{Default: 1e9}})
	v.SetShare(start, 1)
	now := start.Add(time.Second)
	for b.Loop() {
		v.Take(now, lane("a", 1), flow.Goal{Domain: "example.org"})
	}
}
