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

func TestGuardNamesOnlySharedDomains(t *testing.T) {
	t.Parallel()
	var g guard
	leave := g.watch("i", 3, nil)
	defer leave()
	g.count("i", []job{mailTo("a@Big.example"), mailTo("me@own.example"), mailTo("b@big.example")},
		[]breach.AttemptEvent{heard(breach.FailedPermanent, "rejected"), heard(breach.Accepted, ""), heard(breach.FailedTemporary, "try_later")})
	add, tell := g.due("i", time.Now(), false)
	require.True(t, tell)
	require.Equal(t, []breach.Health{{Channel: breach.Email, Provider: "smtp", Out: 2, Failed: map[string]int64{"rejected": 1}}}, add)
	_, tell = g.due("i", time.Now(), true)
	require.False(t, tell, "one tells at a time")
	g.heard("i", breach.Brakes{{Kind: breach.BrakeStop, Channel: breach.SMS}}, nil)
	require.Len(t, g.brakes("i"), 1)
	_, tell = g.due("i", time.Now(), false)
	require.False(t, tell, "not again within a second")

	g.count("i", []job{mailTo("c@big.example"), mailTo("d@big.example")}, []breach.AttemptEvent{heard(breach.Unknown, "no_answer"), heard(breach.Accepted, "")})
	add, _ = g.due("i", time.Now(), true)
	sums := map[string]breach.Health{}
	for _, h := range add {
		sums[h.Domain] = h
	}
	require.Equal(t, int64(3), sums["big.example"].Out)
	require.Equal(t, map[string]int64{"rejected": 1, "no_answer": 1}, sums["big.example"].Failed, "with what was counted before it had a name")
	require.Equal(t, int64(-1), sums[""].Out)
}

// Whatever is counted, the sums are what happened, and no domain of few messages is named.
func TestGuardCountsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var g guard
		crowd := rapid.Int64Range(1, 10).Draw(rt, "crowd")
		defer g.watch("i", crowd, nil)()
		want, seen := breach.Health{Failed: map[string]int64{}}, map[string]int64{}
		sums := map[string]*breach.Health{}
		now := time.Now()
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			if rapid.IntRange(0, 4).Draw(rt, "tell") == 0 {
				add, _ := g.due("i", now, true)
				for _, h := range add {
					if sums[h.Domain] == nil {
						sums[h.Domain] = &breach.Health{Failed: map[string]int64{}}
					}
					sums[h.Domain].Add(h, 1)
				}
				g.heard("i", nil, nil)
				continue
			}
			domain := fmt.Sprintf("d%d.example", rapid.IntRange(0, 3).Draw(rt, "domain"))
			state := rapid.SampledFrom([]breach.AttemptState{breach.Accepted, breach.FailedPermanent, breach.FailedTemporary, breach.Unknown}).Draw(rt, "state")
			g.count("i", []job{mailTo("x@" + domain)}, []breach.AttemptEvent{heard(state, "why")})
			if state != breach.FailedTemporary {
				want.Out++
				seen[domain]++
			}
			if state == breach.FailedPermanent || state == breach.Unknown {
				want.Failed["why"]++
			}
		}
		add, _ := g.due("i", now, true)
		got := breach.Health{Failed: map[string]int64{}}
		for _, h := range add {
			got.Add(h, 1)
			require.True(rt, h.Domain == "" || seen[h.Domain] >= crowd, "%s was named after %d messages", h.Domain, seen[h.Domain])
		}
		for _, h := range sums {
			got.Add(*h, 1)
		}
		require.Equal(rt, want.Out, got.Out)
		require.Equal(rt, want.Failed["why"], got.Failed["why"])
	})
}
