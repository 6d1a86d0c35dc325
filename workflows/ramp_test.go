package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// lifts lets go on what holds the list, as the API does.
func (p *play) lifts(name string) {
	p.then(name, now, func() { require.NotZero(p.t, p.led.Lift(p.env.Now())) })
	p.asks(protocol.UpdateLift, ordered(wei), func(a *answer) { require.NoError(p.t, a.err()) })
}

// ramp changes the policy's stages and guard.
func (p *play) ramp(change func(*policy.Ramp)) {
	p.stage.Profiles.Change(func(q *policy.Profile) {
		r := *q.Ramp
		canary := *r.Canary
		r.Canary = &canary
		change(&r)
		q.Ramp = &r
	})
}

func TestASampleGoesFirst(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("c", 100)...)
	p.submits(1)
	p.approves(1)
	p.then("the sample is out", func() bool { return len(p.stage.Post.Sent()) > 0 }, func() {
		require.Len(t, p.stage.Post.Sent(), 20)
	})
	p.after(time.Minute, "it is watched", func() { require.Len(t, p.stage.Post.Sent(), 20) })
	p.after(2*time.Minute, "all is well: everybody", func() { require.Len(t, p.stage.Post.Sent(), 100) })
	p.closes()
	require.NoError(t, p.run())
	p.everybodyOnce()
	require.Equal(t, []string{"canary", "full"}, p.led.StageNames())
}

func TestASickSampleHoldsTheRest(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("c", 100)...)
	sick := true
	p.stage.Post.Script = func(string, delivery.Message, int) activitiestest.Reply {
		if !sick {
			return activitiestest.Reply{}
		}
		return activitiestest.Reply{Failure: &delivery.Failure{Reason: delivery.ReasonPolicyBlock}}
	}
	p.submits(1)
	p.approves(1)
	p.after(time.Hour, "the sample was refused: nobody else is tried", func() {
		require.Empty(t, p.stage.Post.Sent())
		b, err := p.led.Brakes(t.Context(), incident)
		require.NoError(t, err)
		require.Len(t, b, 1)
		require.Equal(t, breach.Brake{ID: 1, Kind: breach.BrakeStop, Wave: 1, Stage: "canary", Channel: breach.Email, Provider: "smtp", Out: 20, Failed: 20,
			Reason: delivery.ReasonPolicyBlock, At: b[0].At}, b[0])
		require.Equal(t, int64(80), p.led.Outcomes()[breach.Pending], "they are due and wait")
		require.Equal(t, "delivering", p.wave(1))
		sick = false
	})
	p.lifts("the cause is mended")
	p.then("the others are told", func() bool { return len(p.stage.Post.Sent()) == 80 }, func() {})
	p.closes()
	require.NoError(t, p.run())
	require.Empty(t, p.led.Unexplained())
	require.Equal(t, int64(20), p.led.Outcomes()[breach.Covered], "who was refused for good is covered by the announcement")
}

func TestAPersonLooksAtTheSample(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("c", 100)...)
	p.ramp(func(r *policy.Ramp) { r.Canary.Gate = policy.GateHuman })
	p.submits(1)
	p.approves(1)
	p.after(48*time.Hour, "nobody has looked", func() { require.Len(t, p.stage.Post.Sent(), 20) })
	p.lifts("somebody looks and lets it go on")
	p.then("everybody", func() bool { return len(p.stage.Post.Sent()) == 100 }, func() {})
	p.closes()
	require.NoError(t, p.run())
	p.everybodyOnce()
}

func TestStopWhileASampleIsWatched(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("c", 100)...)
	p.submits(1)
	p.approves(1)
	p.then("the sample is out", func() bool { return len(p.stage.Post.Sent()) > 0 }, func() {})
	p.gated(protocol.UpdateStop, true, true)
	p.then("it ends", p.waveIs(1, "delivered"), func() {
		require.Len(t, p.stage.Post.Sent(), 20)
		require.Equal(t, int64(80), p.led.Outcomes()[breach.Pending])
		p.env.CancelWorkflow()
	})
	require.Error(t, p.run())
}

func TestALiftDoesNotSkipTheSteps(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc")
	p.led.BlockSize = breach.BlockSize
	p.led.Load(crowd("c", 2500)...)
	p.stage.Limits.Batch = 100
	p.ramp(func(r *policy.Ramp) { r.Canary.Gate = policy.GateHuman })
	p.submits(1)
	p.approves(1)
	p.after(time.Hour, "nobody has looked", func() { require.Len(t, p.stage.Post.Sent(), 20) })
	p.lifts("somebody looks")
	p.then("the first thousand", func() bool { return len(p.stage.Post.Sent()) > 20 }, func() {})
	p.after(2*time.Minute, "are watched", func() {
		require.GreaterOrEqual(t, len(p.stage.Post.Sent()), 1000)
		require.Less(t, len(p.stage.Post.Sent()), 1020)
	})
	p.then("everybody", func() bool { return len(p.stage.Post.Sent()) == 2500 }, func() {})
	p.closes()
	require.NoError(t, p.run())
	p.everybodyOnce()
	require.Equal(t, []string{"canary", "ramp", "full"}, p.led.StageNames())
}

func TestASickSendIsNoticedHoweverFastItIs(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("c", 300)...)
	p.ramp(func(r *policy.Ramp) {
		r.Canary, r.Steps, r.Guard = nil, nil, &policy.Guard{Warn: 0.05, Stop: 0.10, From: 100}
	})
	p.stage.Post.Script = func(string, delivery.Message, int) activitiestest.Reply {
		return activitiestest.Reply{Failure: &delivery.Failure{Reason: delivery.ReasonPolicyBlock}}
	}
	p.submits(1)
	p.approves(1)
	p.then("a brake is on record", func() bool { b, err := p.led.Brakes(t.Context(), incident); return err == nil && len(b) > 0 }, func() {
		b, err := p.led.Brakes(t.Context(), incident)
		require.NoError(t, err)
		require.Equal(t, breach.BrakeStop, b[0].Kind)
		p.env.CancelWorkflow()
	})
	require.Error(t, p.run())
}
