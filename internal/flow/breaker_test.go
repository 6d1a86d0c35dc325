package flow_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/flow"
)

var rules = flow.Rules{Row: 3, Share: 0.5, Least: 10, Window: 5 * time.Second, Pause: 2 * time.Second, Most: 16 * time.Second, Lost: time.Minute}

func state(b *flow.Breaker) flow.State {
	s, _, _ := b.Status()
	return s
}

// fall opens a closed breaker.
func fall(b *flow.Breaker, now time.Time) {
	for range rules.Row {
		b.Failed(now, false, "provider_unreachable", 0)
	}
}

func TestABreakerOpensProbesAndCloses(t *testing.T) {
	t.Parallel()
	b, now := flow.NewBreaker(rules), start
	for range 20 {
		require.True(t, b.Admit(now).OK)
		b.Failed(now, false, "provider_unreachable", 0)
		b.Failed(now, false, "provider_unreachable", 0)
		b.Worked(now, false)
		now = now.Add(20 * time.Second)
	}
	require.Equal(t, flow.Closed, state(b), "two failures in a row are not three")
	fall(b, now)
	s, since, reason := b.Status()
	require.Equal(t, flow.Open, s)
	require.Equal(t, now, since)
	require.Equal(t, "provider_unreachable", reason)
	require.False(t, b.Admit(now.Add(999*time.Millisecond)).OK)
	down, at := b.Down(now)
	require.True(t, down)
	require.Equal(t, b.Admit(now).At, at)

	first := b.Admit(at)
	require.True(t, first.OK && first.Probe)
	require.False(t, b.Admit(at).OK, "one message finds out")
	b.Worked(at, false)
	require.Equal(t, flow.HalfOpen, state(b), "what was under way before says nothing")
	b.Failed(at, true, "no_answer", 0)
	_, longer := b.Down(at)
	require.GreaterOrEqual(t, longer.Sub(at), 2*time.Second, "the second pause is longer")

	require.True(t, b.Admit(longer).Probe)
	b.Abandon()
	require.True(t, b.Admit(longer).Probe, "one that was not sent found nothing out")
	b.Worked(longer, true)
	require.Equal(t, flow.Closed, state(b))
	require.True(t, b.Admit(longer).OK)
	require.False(t, b.Admit(longer).Probe)
}

func TestAHighShareOpensIt(t *testing.T) {
	t.Parallel()
	b := flow.NewBreaker(rules)
	for i := range 5 {
		now := start.Add(time.Duration(i) * time.Second)
		b.Worked(now, false)
		b.Failed(now, false, "provider_busy", 0)
	}
	require.Equal(t, flow.Open, state(b))
	b = flow.NewBreaker(rules)
	for i := range 30 {
		now := start.Add(time.Duration(i) * 4 * time.Second)
		b.Worked(now, false)
		b.Failed(now, false, "provider_busy", 0)
	}
	require.Equal(t, flow.Closed, state(b), "few results are too few to say")
}

// A provider's wish is honoured: nothing begins before, whether the breaker opens or not.
func TestAProvidersWishIsHonoured(t *testing.T) {
	t.Parallel()
	b := flow.NewBreaker(rules)
	b.Failed(start, false, "provider_busy", 4*time.Second)
	require.Equal(t, flow.Closed, state(b))
	p := b.Admit(start.Add(3 * time.Second))
	require.False(t, p.OK)
	require.Equal(t, start.Add(4*time.Second), p.At)
	require.True(t, b.Admit(p.At).OK)
	fall(b, p.At)
	b.Failed(p.At, false, "provider_busy", 10*time.Second)
	_, at := b.Down(p.At)
	require.Equal(t, p.At.Add(10*time.Second), at)
	b.Failed(p.At, false, "provider_busy", time.Hour)
	_, at = b.Down(p.At)
	require.Equal(t, p.At.Add(rules.Most), at, "not for ever")
}

// A probe whose result never comes does not keep the provider closed for ever.
func TestALostProbe(t *testing.T) {
	t.Parallel()
	b := flow.NewBreaker(rules)
	fall(b, start)
	_, at := b.Down(start)
	require.True(t, b.Admit(at).Probe)
	require.False(t, b.Admit(at.Add(rules.Lost-time.Second)).OK)
	require.True(t, b.Admit(at.Add(rules.Lost)).Probe)
}

// Whatever happens in whatever order: at most one probe is out, nothing begins during a pause, a pause is between
// half and all of its length and never longer than the longest, and a row of failures opens it.
func TestTheLawsOfABreaker(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b, now := flow.NewBreaker(rules), start
		var out bool // a probe is
		var outAt, until time.Time
		row := 0
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 4000).Draw(t, "ms")) * time.Millisecond)
			before := state(b)
			switch rapid.SampledFrom([]string{"admit", "worked", "failed", "probe worked", "probe failed", "abandon"}).Draw(t, "what") {
			case "admit":
				p := b.Admit(now)
				lost := out && !now.Before(outAt.Add(rules.Lost))
				switch {
				case p.Probe:
					require.True(t, !out || lost, "a second probe")
					require.NotEqual(t, flow.Closed, before)
					out, outAt = true, now
				case p.OK:
					require.Equal(t, flow.Closed, before)
				default:
					require.True(t, p.At.After(now))
				}
				if p.OK {
					require.False(t, now.Before(until), "in a pause")
				}
			case "worked":
				b.Worked(now, false)
				row = 0
				require.Equal(t, before, state(b), "a message that was under way closes nothing")
			case "failed":
				b.Failed(now, false, "x", 0)
				row++
				if before == flow.Closed && row >= rules.Row {
					require.Equal(t, flow.Open, state(b))
				}
			case "probe worked":
				if out {
					b.Worked(now, true)
					require.Equal(t, flow.Closed, state(b))
					out, row = false, 0
				}
			case "probe failed":
				if out {
					b.Failed(now, true, "x", 0)
					require.Equal(t, flow.Open, state(b))
					out = false
				}
			case "abandon":
				if out {
					b.Abandon()
					out = false
				}
			}
			if after := state(b); before != after && after == flow.Open && !out {
				_, at := b.Down(now)
				if at.After(now) {
					require.GreaterOrEqual(t, at.Sub(now), rules.Pause/2)
					require.LessOrEqual(t, at.Sub(now), rules.Most)
				}
				until = at
			}
			if state(b) == flow.Closed {
				until = time.Time{}
			}
			require.Equal(t, out, state(b) == flow.HalfOpen)
		}
	})
}
