package policy

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestStages(t *testing.T) {
	t.Parallel()
	mooc, err := equipped("mooc")
	require.NoError(t, err)
	names := func(p Profile, total int64) (out []string) {
		for _, s := range p.Stages(total) {
			out = append(out, s.Name+" "+strconv.FormatInt(s.People, 10))
		}
		return out
	}
	require.Equal(t, []string{"full 0"}, names(mooc, 79), "a sample of a quarter is no sample")
	require.Equal(t, []string{"canary 20", "full 0"}, names(mooc, 1999))
	require.Equal(t, []string{"canary 20", "ramp 1000", "full 0"}, names(mooc, 2000))
	require.Equal(t, []string{"canary 20", "ramp 1000", "ramp 20000", "full 0"}, names(mooc, 1_000_000))
	require.Equal(t, []string{"full 0"}, names(Profile{}, 1_000_000))

	short := mooc.Compressed(1000)
	require.Equal(t, 120*time.Millisecond, short.Ramp.Canary.Watch)
	require.Equal(t, 2*time.Minute, mooc.Ramp.Canary.Watch, "the original is left alone")
}

func health(c breach.Channel, provider, domain string, out int64, failed map[string]int64) breach.Health {
	return breach.Health{Channel: c, Provider: provider, Domain: domain, Out: out, Failed: failed}
}

func TestGuardBrakesOnlyWhatIsSick(t *testing.T) {
	t.Parallel()
	g := DefaultGuard
	counts := []breach.Health{
		health(breach.Email, "smtp", "well.example", 5000, map[string]int64{"no_such_address": 20}),
		health(breach.Email, "smtp", "sick.example", 1000, map[string]int64{"blocked_by_receiver": 90, "no_such_address": 10}),
		health(breach.Email, "smtp", "small.example", 120, map[string]int64{"no_such_address": 90}),
		health(breach.Email, "smtp", "", 4000, map[string]int64{"no_such_address": 10}),
		health(breach.SMS, "twilio", "", 1000, map[string]int64{"filtered_by_carrier": 50}),
		health(breach.Push, "fcm", "", 999, map[string]int64{"app_removed": 900}),
	}
	require.Equal(t, []breach.Brake{
		{Kind: breach.BrakeStop, Channel: breach.Email, Provider: "smtp", Domain: "sick.example", Out: 1000, Failed: 100, Reason: "blocked_by_receiver"},
		{Kind: breach.BrakeStop, Channel: breach.Email, Provider: "smtp", Domain: "small.example", Out: 120, Failed: 90, Reason: "no_such_address"},
		{Kind: breach.BrakeWarn, Channel: breach.SMS, Provider: "twilio", Out: 1000, Failed: 50, Reason: "filtered_by_carrier"},
	}, g.Running(counts), "sick domains do not stop the others, and 999 say nothing yet")

	counts[3].Failed = map[string]int64{"no_such_address": 2000}
	all := g.Running(counts)
	require.Contains(t, all, breach.Brake{Kind: breach.BrakeStop, Channel: breach.Email, Provider: "smtp", Out: 9000, Failed: 2020, Reason: "no_such_address"})
}

func TestGuardOfASmallStage(t *testing.T) {
	t.Parallel()
	g := DefaultGuard
	judge := func(sick, out int64) breach.BrakeKind {
		for _, b := range g.AfterStage([]breach.Health{health(breach.Email, "smtp", "", out, map[string]int64{"rejected": sick})}) {
			return b.Kind
		}
		return ""
	}
	require.Empty(t, judge(0, 20))
	require.Empty(t, judge(2, 2), "two may be people's own")
	require.Equal(t, breach.BrakeWarn, judge(3, 20), "three of twenty may be chance")
	require.Equal(t, breach.BrakeStop, judge(5, 20))
	require.Equal(t, breach.BrakeStop, judge(3, 3))
	require.Equal(t, breach.BrakeStop, judge(100, 1000), "a thousand are judged by their share")
	require.Equal(t, breach.BrakeWarn, judge(99, 1000))
}

func TestGuardLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		g := Guard{Warn: 0.05, Stop: rapid.Float64Range(0.05, 1).Draw(rt, "stop"), From: rapid.Int64Range(1, 5000).Draw(rt, "from")}
		out := rapid.Int64Range(0, 100_000).Draw(rt, "out")
		sick := rapid.Int64Range(0, out).Draw(rt, "sick")
		h := health(breach.Email, "smtp", "", out, map[string]int64{"rejected": sick})
		order := map[breach.BrakeKind]int{"": 0, breach.BrakeWarn: 1, breach.BrakeStop: 2}
		if got := g.Running([]breach.Health{h}); out < g.From && len(got) > 0 {
			rt.Fatalf("%d messages say nothing, yet %v", out, got)
		}
		if sick < out {
			more := health(breach.Email, "smtp", "", out, map[string]int64{"rejected": sick + 1})
			if order[g.judge(more)] < order[g.judge(h)] {
				rt.Fatal("one more failure never looks better")
			}
		}
		if order[g.judge(h)] > 0 && float64(sick) < g.Warn*float64(out) {
			rt.Fatalf("%d of %d is below the limit", sick, out)
		}
	})
}

func TestSampleShowsEverything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(rt, "crowds")
		crowds := make([]breach.Crowd, n)
		id := int64(1)
		for i := range crowds {
			people := rapid.Int64Range(1, 50).Draw(rt, "people")
			crowds[i] = breach.Crowd{
				Locale:   rapid.SampledFrom([]string{"en", "zh-Hans", "ar", "de"}).Draw(rt, "locale"),
				Channels: rapid.SliceOfNDistinct(rapid.SampledFrom(breach.Channels[:]), 0, 3, rapid.ID[breach.Channel]).Draw(rt, "channels"),
				Minor:    rapid.Bool().Draw(rt, "minor"), Guardian: rapid.Bool().Draw(rt, "guardian"),
				First: id, Last: id + people - 1, People: people,
			}
			id += people
		}
		before := slices.Clone(crowds)
		size := rapid.Int64Range(20, 60).Draw(rt, "size")
		got := Sample(crowds, size)
		require.Equal(rt, before, crowds, "the crowds are left alone")
		require.LessOrEqual(rt, int64(len(got)), size)
		require.True(rt, slices.IsSorted(got))
		require.Len(rt, slices.Compact(slices.Clone(got)), len(got), "nobody twice")
		shown := map[string]bool{}
		var listed int64
		for _, c := range crowds {
			if len(c.Channels) > 0 {
				listed += c.People
			}
		}
		require.GreaterOrEqual(rt, int64(len(got)), min(size, listed)/2, "as large as was asked for, but for people met twice")
		for _, id := range got {
			i := slices.IndexFunc(crowds, func(c breach.Crowd) bool { return c.First <= id && id <= c.Last })
			if len(crowds[i].Channels) == 0 {
				continue // met while spreading over the list
			}
			for _, f := range features(crowds[i]) {
				shown[f] = true
			}
		}
		for _, c := range crowds {
			if len(c.Channels) == 0 {
				continue
			}
			for _, f := range features(c) {
				require.True(rt, shown[f], f)
			}
		}
	})
}

func TestRampIsChecked(t *testing.T) {
	t.Parallel()
	mooc, err := equipped("mooc")
	require.NoError(t, err)
	for where, spoil := range map[string]func(*Ramp){
		"ramp.canary.people":   func(r *Ramp) { r.Canary.People = 500 },
		"ramp.canary.gate":     func(r *Ramp) { r.Canary.Gate = "perhaps" },
		"ramp.steps[0].people": func(r *Ramp) { r.Steps[0].People = 1500 },
		"ramp.steps[1].people": func(r *Ramp) { r.Steps[1].People = 1000 },
		"ramp.steps[1].watch":  func(r *Ramp) { r.Steps[1].Watch = -time.Second },
		"ramp.guard":           func(r *Ramp) { r.Guard.Warn = 0.5 },
		"ramp.guard.from":      func(r *Ramp) { r.Guard.From = 0 },
	} {
		p, err := ParseProfile(mooc.Canonical(), nil)
		require.NoError(t, err)
		spoil(p.Ramp)
		var found []string
		for _, f := range checkProfile(p, nil) {
			found = append(found, f.Where)
		}
		require.Contains(t, found, where)
	}
}
