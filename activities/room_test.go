package activities_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// A brake on the other provider leaves whom the first one failed where they are: the survey finds them due there, so a
// lane that turned them away would send nothing, round after round.
func TestNobodyIsTurnedToABrakedProvider(t *testing.T) {
	t.Parallel()
	b, plan := limited(t, 3, func(p *policy.Profile) {
		withBackup(nil, nil)(p)
		*p = p.Compressed(1_000_000)
		p.CompressedBy = 0
	})
	b.Post.Script = func(_ string, m delivery.Message, nth int) activitiestest.Reply {
		if nth == 1 && m.To == "someone.0@mail.example" {
			return activitiestest.Reply{Failure: delivery.Temporary(delivery.ReasonProviderBusy, "421", 0)}
		}
		return activitiestest.Reply{}
	}
	_, err := b.lane(plan, 1, breach.Email)
	require.NoError(t, err)
	require.NoError(t, b.Ledger.SetBrake(t.Context(), incident, breach.Brake{Kind: breach.BrakeStop, Channel: breach.Email, Provider: "backup"}))
	time.Sleep(20 * time.Millisecond)
	require.EqualValues(t, 1, b.survey(2).Due[breach.Email])
	out, err := b.lane(plan, 2, breach.Email)
	require.NoError(t, err)
	require.Equal(t, 1, out.Sent, "who is due is sent to")
	sent := b.Post.To("someone.0@mail.example")
	require.Len(t, sent, 1)
	require.Equal(t, "smtp", sent[0].Kind)
}

// A pause that lasts gives the room of what was intended back within seconds, and costs nobody a try or a wait.
func TestAPauseHoldsNoRoom(t *testing.T) {
	t.Parallel()
	b := &bench{activitiestest.NewStage("mooc", time.Now), t}
	b.Profiles.Change(func(p *policy.Profile) { p.Ramp = nil })
	b.Limits.Batch, b.Limits.Parallel = 4, 1
	b.Ledger.Load(people(4)...)
	plan := b.approved()
	b.survey(1)
	b.Post.Script = func(_ string, m delivery.Message, _ int) activitiestest.Reply {
		if m.To == "someone.0@mail.example" {
			b.Ledger.SetGate(true, false)
			time.Sleep(time.Second) // the keeper sees it
		}
		return activitiestest.Reply{}
	}
	began := time.Now()
	out, err := b.lane(plan, 1, breach.Email)
	require.NoError(t, err)
	require.Less(t, time.Since(began), 6*time.Second, "all of them wait for the same two seconds")
	require.True(t, out.Paused)
	told := len(b.Post.Sent())
	require.Equal(t, 1, told)
	require.Equal(t, map[breach.AttemptState]int{breach.Accepted: 1, breach.FailedTemporary: 3}, b.states(breach.Email))

	b.Ledger.SetGate(false, false)
	next := b.survey(2)
	require.EqualValues(t, 3, next.Due[breach.Email], "they go out at once after the pause")
	_, err = b.lane(plan, 2, breach.Email)
	require.NoError(t, err)
	require.Len(t, b.Post.Sent(), 4)
	require.Zero(t, b.survey(3).Sum(), "and nobody is told twice")
}

// A mail server that hangs with all that may be in flight does not keep an SMS waiting.
func TestAHungProviderKeepsNobodyElseWaiting(t *testing.T) {
	t.Parallel()
	b := &bench{activitiestest.NewStage("mooc", time.Now), t}
	b.Profiles.Change(func(p *policy.Profile) { p.Ramp = nil })
	b.Limits.Batch, b.Limits.InFlight = 2, 6
	urgent := activitiestest.Someone("urgent", 9)
	urgent.Email = ""
	b.Ledger.Load(append(people(8), urgent)...)
	plan := b.approved()
	b.survey(1)
	hung := make(chan struct{})
	b.Post.Script = func(_ string, m delivery.Message, _ int) activitiestest.Reply {
		if m.Channel == breach.Email {
			return activitiestest.Reply{Wait: hung}
		}
		return activitiestest.Reply{}
	}
	d := b.Deliver()
	in := activities.LaneIn{Incident: incident, Wave: 1, Round: 1, Channel: breach.Email, PlanHash: plan, Slice: time.Minute}
	var mails sync.WaitGroup
	for range 2 {
		mails.Go(func() { _, _ = run(b, d.Lane, in) })
	}
	require.Eventually(t, func() bool { return b.states(breach.Email)[breach.Intended] >= 4 }, 10*time.Second, 20*time.Millisecond)
	time.Sleep(300 * time.Millisecond) // the other lane waits for room
	in.Channel = breach.SMS
	began := time.Now()
	out, err := run(b, d.Lane, in)
	took := time.Since(began)
	close(hung)
	mails.Wait()
	require.NoError(t, err)
	require.Equal(t, 1, out.Sent)
	require.Less(t, took, 5*time.Second)
	require.Len(t, b.Post.Sent(), 9)
}
