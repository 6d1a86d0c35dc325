package e2e

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/worker"
)

// addGuarded makes a policy known that lets a person look at a sample, sends slowly, and brakes soon.
func addGuarded(p *worker.Policies) error {
	profile, err := policy.Builtin("mooc")
	if err != nil {
		return err
	}
	profile.Name = "guarded"
	for i := range profile.Providers {
		if profile.Providers[i].Kind == "smtp" {
			profile.Providers[i].Limits = &policy.Limits{PerSecond: 120}
		}
	}
	profile.Ramp = &policy.Ramp{
		Canary: &policy.RampStep{People: 12, Watch: time.Hour, Gate: policy.GateHuman},
		Guard:  &policy.Guard{Warn: 0.05, Stop: 0.10, From: 300},
	}
	p.Add(profile)
	return nil
}

// A sample goes first and a person looks at it; then a domain that refuses everybody is held back, and nobody else.
func TestMainJob04SampleAndBrakes(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	c := newCrowd()
	well, sick := c.some(350), c.some(450)
	for i := range sick {
		sick[i].Email = c.email("bounce.simulator.test")
	}
	file := example(t)
	file.Policy = "guarded"
	k := w.open(t, file)
	k.tell(t, append(append([]human{}, well...), sick...))

	v := k.until(t, "a person to be asked to look at the sample", func(v breach.Overview) bool { return awaits(v, "lift") })
	require.Equal(t, []breach.Stage{{Wave: 1, Name: "canary", People: 12, Since: v.Stages[0].Since}}, v.Stages)
	out := func() (n int) {
		for _, h := range well {
			n += w.taken(h.Email)
		}
		return n
	}
	first := out()
	require.Positive(t, first)
	require.Less(t, first, 12, "some of the sample are refused")
	require.GreaterOrEqual(t, v.People[breach.Pending], int64(800-12), "nobody else was written to")
	k.author.do(t, http.MethodPost, k.path("/send/lift"), map[string]any{}, nil)

	var b breach.Brake
	v = k.until(t, "the sick domain to be held back", func(v breach.Overview) bool {
		stops := slices.DeleteFunc(slices.Clone(v.Brakes), func(b breach.Brake) bool { return b.Kind == breach.BrakeWarn }) // before the domain had a name, its provider looked less well
		if len(stops) != 1 || v.People[breach.Reached] != 350 {
			return false
		}
		b = stops[0]
		return true
	})
	require.Equal(t, "bounce.simulator.test", b.Domain)
	require.Equal(t, breach.Email, b.Channel)
	require.Equal(t, "no_such_address", b.Reason)
	require.Equal(t, b.Out, b.Failed)
	require.Positive(t, v.People[breach.Pending], "they wait, none is lost")
	require.True(t, v.Balanced)
	require.Equal(t, 350, out(), "everybody else was told, once")

	problem := k.author.try(t, http.MethodPost, k.path("/send/lift"), map[string]any{"brake": b.ID + 1000}, nil)
	require.Equal(t, breach.ErrNotFound, problem.code())
	k.author.do(t, http.MethodPost, k.path("/send/lift"), map[string]any{"brake": b.ID}, nil)
	lifted := 0
	v = k.until(t, "the end of delivery", func(v breach.Overview) bool {
		for _, b := range v.Brakes {
			if b.Kind == breach.BrakeStop && lifted < 5 {
				lifted++
				k.author.try(t, http.MethodPost, k.path("/send/lift"), map[string]any{"brake": b.ID}, nil)
			}
		}
		return awaits(v, "close") && v.People[breach.Covered] == 450 // who was refused for good is covered by the announcement
	})
	require.Zero(t, v.People[breach.Pending])
	require.True(t, k.recorded(t, "brake.set") && k.recorded(t, "brake.lifted") && k.recorded(t, "send.stage"))
	k.closed(t)
}
