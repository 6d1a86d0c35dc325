package activities

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

func mailTo(address string) job {
	return job{sub: &breach.Subject{Person: breach.Person{Email: address}}, step: policy.Step{Addressee: breach.ToSelf, Channel: breach.Email}}
}

func heard(state breach.AttemptState, reason string) breach.AttemptEvent {
	return breach.AttemptEvent{Channel: breach.Email, Provider: "smtp", State: state, Reason: reason}
}

func unwatched() func() { return func() {} }

func TestGuardNamesOnlySharedDomains(t *testing.T) {
	t.Parallel()
	var g guard
	g.enter("i", 3, unwatched)
	g.count("i", []job{mailTo("a@Big.example"), mailTo("me@own.example"), mailTo("b@big.example")},
		[]breach.AttemptEvent{heard(breach.FailedPermanent, "rejected"), heard(breach.Accepted, ""), heard(breach.FailedTemporary, "try_later")})
	now := time.Now()
	add, tell := g.take("i", now)
	require.True(t, tell)
	require.Equal(t, []breach.Health{{Channel: breach.Email, Provider: "smtp", Out: 2, Failed: map[string]int64{"rejected": 1}}}, add)
	g.brake("i", breach.Brakes{{Kind: breach.BrakeStop, Channel: breach.SMS}}, nil)
	require.Len(t, g.brakes("i"), 1)
	_, tell = g.take("i", now)
	require.False(t, tell, "nothing new")
	_, tell = g.take("i", now.Add(readEvery))
	require.True(t, tell, "brakes are read all the same")

	g.leave("i")()
	g.enter("i", 3, unwatched)
	g.count("i", []job{mailTo("c@big.example"), mailTo("d@big.example")}, []breach.AttemptEvent{heard(breach.Unknown, "no_answer"), heard(breach.Accepted, "")})
	add, _ = g.take("i", now)
	sums := map[string]breach.Health{}
	for _, h := range add {
		sums[h.Domain] = h
	}
	require.Equal(t, int64(3), sums["big.example"].Out, "what a lane knew is kept for the next")
	require.Equal(t, map[string]int64{"rejected": 1, "no_answer": 1}, sums["big.example"].Failed, "with what was counted before it had a name")
	require.Equal(t, int64(-1), sums[""].Out)
}

func TestGuardIsWatchedFromTheFirstLaneToTheLast(t *testing.T) {
	t.Parallel()
	var g guard
	begun, ended := 0, 0
	begin := func() func() { begun++; return func() { ended++ } }
	g.enter("i", 3, begin)
	g.enter("i", 3, begin)
	g.leave("i")()
	require.Equal(t, []int{1, 0}, []int{begun, ended})
	g.leave("i")()
	require.Equal(t, []int{1, 1}, []int{begun, ended})
	g.enter("i", 3, begin)
	require.Equal(t, 2, begun)
	for n := range 3 * watchedCases {
		id := fmt.Sprint(n)
		g.enter(id, 3, begin)
		g.leave(id)()
	}
	require.LessOrEqual(t, len(g.cases), watchedCases)
	require.Contains(t, g.cases, "i", "one that is worked on is not forgotten")
}

// Whatever is counted, the sums are what happened, and no domain of few messages is named.
func TestGuardCountsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var g guard
		crowd := rapid.Int64Range(1, 10).Draw(rt, "crowd")
		g.enter("i", crowd, unwatched)
		want, seen := breach.Health{Failed: map[string]int64{}}, map[string]int64{}
		got := breach.Health{Failed: map[string]int64{}}
		take := func() {
			add, _ := g.take("i", time.Now())
			for _, h := range add {
				got.Add(h, 1)
				require.True(rt, h.Domain == "" || seen[h.Domain] >= crowd, "%s was named after %d messages", h.Domain, seen[h.Domain])
			}
		}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			if rapid.IntRange(0, 4).Draw(rt, "tell") == 0 {
				take()
				continue
			}
			domain := fmt.Sprintf("d%d.example", rapid.IntRange(0, 3).Draw(rt, "domain"))
			state := rapid.SampledFrom([]breach.AttemptState{breach.Accepted, breach.FailedPermanent, breach.FailedTemporary, breach.Unknown}).Draw(rt, "state")
			if state != breach.FailedTemporary {
				want.Out++
				seen[domain]++
			}
			if state == breach.FailedPermanent || state == breach.Unknown {
				want.Failed["why"]++
			}
			g.count("i", []job{mailTo("x@" + domain)}, []breach.AttemptEvent{heard(state, "why")})
		}
		take()
		require.Equal(rt, want.Out, got.Out)
		require.Equal(rt, want.Failed["why"], got.Failed["why"])
	})
}
