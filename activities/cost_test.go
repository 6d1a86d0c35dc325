package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// atOnce is a policy that uses all channels at once and pays 1 for a part of a text message.
func atOnce(limit float64) func(*policy.Profile) {
	return func(p *policy.Profile) {
		one := 1.0
		p.Strategy, p.Ramp = policy.Blast, nil
		if limit > 0 {
			p.AtMost = &policy.AtMost{Cost: &policy.Money{Currency: "CNY", Amount: limit}}
		}
		for i := range p.Providers {
			if p.Providers[i].Channel == breach.SMS {
				p.Providers[i].PricePerPart = &policy.PartPrice{Currency: "CNY", Other: &one}
			}
		}
	}
}

func stageOf(t *testing.T, change func(*policy.Profile), who ...breach.Person) (*bench, string) {
	t.Helper()
	b := &bench{activitiestest.NewStage("mooc", time.Now), t}
	b.Profiles.Change(change)
	b.Ledger.Load(who...)
	return b, b.approved()
}

// All channels at once: everybody gets the email and the text message in the same round, whatever comes first.
func TestABlastUsesEveryChannelOnce(t *testing.T) {
	t.Parallel()
	b, plan := stageOf(t, atOnce(0), people(3)...)
	out := b.survey(1)
	require.Equal(t, map[breach.Channel]int64{breach.Email: 3, breach.SMS: 3}, out.Due)
	for _, c := range []breach.Channel{breach.SMS, breach.Email} {
		_, err := b.lane(plan, 1, c)
		require.NoError(t, err)
	}
	require.Len(t, b.Post.Sent(), 6)
	require.Empty(t, b.survey(2).Due)
}

// What would cost more than the policy allows waits until a person lets it go on; what costs nothing goes.
func TestCostsBeyondTheLimitWaitForAPerson(t *testing.T) {
	t.Parallel()
	b, plan := stageOf(t, atOnce(5), people(4)...) // four messages of two parts
	out := b.survey(1)
	require.Equal(t, int64(4), out.Due[breach.Email])
	require.Zero(t, out.Due[breach.SMS])
	require.Equal(t, int64(4), out.Braked)
	brakes, err := b.Ledger.Brakes(t.Context(), incident)
	require.NoError(t, err)
	require.Len(t, brakes, 1)
	require.Equal(t, breach.BrakeCost, brakes[0].Reason)
	require.Equal(t, "cost-1", brakes[0].Stage)
	require.Contains(t, brakes[0].Cause(), "more than the policy allows")
	_, err = b.lane(plan, 1, breach.Email)
	require.NoError(t, err)
	require.Equal(t, int64(4), b.survey(2).Braked, "it waits")

	require.Equal(t, 1, b.Ledger.Lift(b.Now()))
	out = b.survey(3)
	require.Equal(t, map[breach.Channel]int64{breach.SMS: 4}, out.Due, "up to the next multiple of the limit")
	_, err = b.lane(plan, 3, breach.SMS)
	require.NoError(t, err)
	require.Len(t, b.Post.Sent(), 8)
}

func TestCostsWithinTheLimitHoldNobody(t *testing.T) {
	t.Parallel()
	b, _ := stageOf(t, atOnce(8), people(4)...)
	require.Equal(t, map[breach.Channel]int64{breach.Email: 4, breach.SMS: 4}, b.survey(1).Due)
}

// A receipt that comes while a slow chunk is under way stops what of it was not begun.
func TestALateReceiptStopsWhatTheChunkHasNotBegun(t *testing.T) {
	t.Parallel()
	b, plan := newBench(t, people(3)...)
	b.survey(1)
	b.Limits.Batch, b.Limits.Parallel, b.Limits.Lease, b.Limits.Margin = 1, 1, 500*time.Millisecond, 100*time.Millisecond
	b.Post.Script = func(string, delivery.Message, int) activitiestest.Reply {
		time.Sleep(300 * time.Millisecond)
		return activitiestest.Reply{}
	}
	b.Ledger.Break(when("ToldInBlock", false, 1, func() error {
		at := b.Now()
		sms := breach.AttemptEvent{Person: 3, Addressee: breach.ToSelf, Channel: breach.SMS, Try: 1, State: breach.Delivered, Provider: "twilio", At: at}
		go func() { _ = b.Ledger.Record(t.Context(), incident, []breach.AttemptEvent{sms}) }()
		return nil
	}))
	_, err := b.lane(plan, 1, breach.Email)
	require.NoError(t, err)
	require.Len(t, b.Post.Sent(), 2)
	require.Equal(t, breach.Reached, b.Ledger.People()[2].Outcome)
}
