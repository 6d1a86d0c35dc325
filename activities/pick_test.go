package activities_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// withBackup gives the policy a second mail server, and limits for both.
func withBackup(limits, backup *policy.Limits) func(*policy.Profile) {
	return func(p *policy.Profile) {
		var out []policy.Provider
		for _, v := range p.Providers {
			if v.ID == "smtp" {
				v.Limits = limits
				out = append(out, v)
				v.ID, v.Kind, v.Limits = "backup", "smtp_backup", backup
			}
			out = append(out, v)
		}
		p.Providers, p.Ramp = out, nil
	}
}

// limited opens a round of people under limits.
func limited(t *testing.T, n int, change func(*policy.Profile)) (*bench, string) {
	t.Helper()
	b := &bench{activitiestest.NewStage("mooc", time.Now), t}
	b.Profiles.Change(change)
	b.Limits.Batch, b.Limits.Parallel = 40, 40
	b.Ledger.Load(people(n)...)
	plan := b.approved()
	b.survey(1)
	return b, plan
}

func down(kinds ...string) func(string, delivery.Message, int) activitiestest.Reply {
	return failing(delivery.ReasonProviderDown, kinds...)
}

// failing has providers of some kinds fail for a reason of their own.
func failing(reason string, kinds ...string) func(string, delivery.Message, int) activitiestest.Reply {
	return func(kind string, _ delivery.Message, _ int) activitiestest.Reply {
		if slices.Contains(kinds, kind) {
			return activitiestest.Reply{Failure: delivery.Temporary(reason, "no", 0)}
		}
		return activitiestest.Reply{}
	}
}

// A limit is kept to, and nothing is intended before it may begin.
func TestALimitIsKept(t *testing.T) {
	t.Parallel()
	b, plan := limited(t, 60, withBackup(&policy.Limits{PerSecond: 40}, nil))
	began := time.Now()
	out, err := b.lane(plan, 1, breach.Email)
	took := time.Since(began)
	require.NoError(t, err)
	require.Equal(t, 60, out.Sent)
	require.Len(t, b.Post.Sent(), 60)
	require.GreaterOrEqual(t, took, time.Duration(59)*time.Second/40-50*time.Millisecond, "all but the first wait for their turn")
	require.Less(t, took, 5*time.Second)
	for _, s := range b.Post.Sent() {
		require.Equal(t, "smtp", s.Kind, "a limit is no reason to go elsewhere")
	}
}

// One slow domain holds nobody else up.
func TestASlowDomainIsPassedOver(t *testing.T) {
	t.Parallel()
	b := &bench{activitiestest.NewStage("mooc", time.Now), t}
	b.Profiles.Change(withBackup(&policy.Limits{PerDomain: &policy.DomainRates{By: map[string]float64{"slow.example": 2}}}, nil))
	b.Limits.Batch, b.Limits.Parallel = 40, 40
	all := people(40)
	for i := range all[:4] {
		all[i].Email = fmt.Sprintf("p%d@SLOW.example", i)
	}
	b.Ledger.Load(all...)
	plan := b.approved()
	b.survey(1)
	_, err := b.lane(plan, 1, breach.Email)
	require.NoError(t, err)
	first := b.Post.Sent()
	require.GreaterOrEqual(t, len(first), 37, "whoever is not slow is told in the first round")
	require.Less(t, len(first), 40, "the slow ones are left to the next one, while other chunks wait")
	left := b.survey(2)
	require.EqualValues(t, 40-len(first), left.Due[breach.Email])
	_, err = b.lane(plan, 2, breach.Email)
	require.NoError(t, err)
	require.Len(t, b.Post.Sent(), 40)
	for _, s := range b.Post.Sent()[len(first):] {
		require.Contains(t, s.Message.To, "@SLOW.example")
	}
}

// When a provider falls silent, or wants our account or sender no more, people go to the next one that the policy permits;
// only the messages that found it out have used up a try, and nobody is told twice or lost.
func TestFailOverToTheNextProvider(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{delivery.ReasonProviderDown, delivery.ReasonAuth, delivery.ReasonProviderBusy} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			b, plan := limited(t, 300, withBackup(nil, nil))
			b.Post.Script = failing(reason, "smtp")
			out, err := b.lane(plan, 1, breach.Email)
			require.NoError(t, err)
			require.Zero(t, out.Open)
			states := b.states(breach.Email)
			require.Equal(t, 300, states[breach.Accepted]+states[breach.FailedTemporary])
			require.LessOrEqual(t, states[breach.FailedTemporary], 2*40, "what was under way when it was found out")
			for _, s := range b.Post.Sent() {
				require.Equal(t, "smtp_backup", s.Kind)
			}
			for _, p := range b.Ledger.People() {
				for _, a := range p.Attempts {
					require.Equal(t, map[string]string{"failed_temporary": "smtp", "accepted": "backup"}[string(a.State)], a.Provider, "the record names who took it")
				}
			}
		})
	}
}

// Whom a provider failed goes to the other one at the next try, also when the first works again.
func TestTheNextTryGoesToTheOtherProvider(t *testing.T) {
	t.Parallel()
	b, plan := limited(t, 3, func(p *policy.Profile) {
		withBackup(nil, nil)(p)
		*p = p.Compressed(1_000_000)
		p.CompressedBy = 0
	})
	b.Post.Script = func(kind string, m delivery.Message, nth int) activitiestest.Reply {
		if nth == 1 && kind == "smtp" {
			switch m.To {
			case "someone.0@mail.example":
				return activitiestest.Reply{Failure: delivery.Temporary(delivery.ReasonProviderBusy, "421", 0)}
			case "someone.1@mail.example":
				return activitiestest.Reply{Failure: delivery.Temporary(delivery.ReasonGreylisted, "450", 0)}
			}
		}
		return activitiestest.Reply{}
	}
	_, err := b.lane(plan, 1, breach.Email)
	require.NoError(t, err)
	time.Sleep(20 * time.Millisecond)
	require.EqualValues(t, 2, b.survey(2).Due[breach.Email])
	_, err = b.lane(plan, 2, breach.Email)
	require.NoError(t, err)
	kinds := map[string]string{}
	for _, s := range b.Post.Sent() {
		kinds[s.Message.To] = s.Kind
	}
	require.Equal(t, map[string]string{
		"someone.0@mail.example": "smtp_backup", "someone.1@mail.example": "smtp", "someone.2@mail.example": "smtp",
	}, kinds, "a mailbox that asks for patience is no provider's fault")
}

// When every provider of a channel is down, nothing is begun, and nobody loses a try; one message finds out whether
// one works again.
func TestNothingIsBegunWhileAllAreDown(t *testing.T) {
	t.Parallel()
	b, plan := limited(t, 200, withBackup(nil, nil))
	b.Post.Script = down("smtp", "smtp_backup")
	d := b.Deliver()
	lane := func() activities.LaneOut {
		out, err := run(b, d.Lane, activities.LaneIn{Incident: incident, Wave: 1, Round: 1, Channel: breach.Email, PlanHash: plan, Slice: 3 * time.Second})
		require.NoError(t, err)
		return out
	}
	tries := func() int { return b.states(breach.Email)[breach.FailedTemporary] }
	lane()
	found := tries()
	require.LessOrEqual(t, found, 4*40, "both were found out")
	require.GreaterOrEqual(t, found, 20)
	var out activities.LaneOut
	for i := 0; ; i++ {
		require.Less(t, i, 10)
		if out = lane(); out.Rest > 4*time.Second {
			break
		}
	}
	require.LessOrEqual(t, tries(), found+10, "one message at a time finds out")
	before := tries()
	again := lane()
	require.Equal(t, before, tries())
	require.Zero(t, again.Sent)
	require.Positive(t, again.Rest, "the lane says when it is worth going on")
	for _, p := range b.Ledger.People() {
		require.Equal(t, breach.Pending, p.Outcome)
	}
}

// A policy that permits no other provider for somebody is kept to, whoever is down.
func TestFailOverNeverLeavesThePolicy(t *testing.T) {
	t.Parallel()
	b := &bench{activitiestest.NewStage("mooc", time.Now), t}
	b.Profiles.Change(func(p *policy.Profile) { p.Ramp = nil })
	b.Limits.Batch, b.Limits.Parallel = 40, 40
	var all []breach.Person
	for i := range 60 {
		all = append(all, breach.Person{Name: "x", Phone: fmt.Sprintf("+86138000000%02d", i), Country: "CN", Locale: "zh-Hans"})
	}
	b.Ledger.Load(all...)
	plan := b.approved()
	b.survey(1)
	b.Post.Script = down("gateway")
	out, err := run(b, b.Deliver().Lane, activities.LaneIn{Incident: incident, Wave: 1, Round: 1, Channel: breach.SMS, PlanHash: plan, Slice: 2 * time.Second})
	require.NoError(t, err)
	require.NotZero(t, out.Open)
	require.Empty(t, b.Post.Sent(), "the other provider keeps data abroad")
	require.Empty(t, b.Ledger.People()[0].Refused, "being down is no refusal")
}

// A provider that is not configured on this worker is passed over for one that is.
func TestAProviderThatIsNotThere(t *testing.T) {
	t.Parallel()
	b, plan := limited(t, 5, withBackup(nil, nil))
	b.Post.Absent = map[string]bool{"smtp": true}
	_, err := b.lane(plan, 1, breach.Email)
	require.NoError(t, err)
	require.Len(t, b.Post.Sent(), 5)
	require.Equal(t, "smtp_backup", b.Post.Sent()[0].Kind)
}

// parts is what the ledger answers to a process that asks for its part of a limit.
type parts struct {
	mu     sync.Mutex
	answer func() (float64, error)
	asked  int
}

func (p *parts) ShareProviders(_ context.Context, _ string, words []breach.SenderWord) (map[string]float64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	part, err := p.answer()
	out := map[string]float64{}
	for _, w := range words {
		out[w.Provider] = part
	}
	return out, err
}

// A process sends nothing through a limited provider before the others know of it, and keeps to its part when the ledger
// no longer answers; through others it sends at once.
func TestAProcessKeepsToItsPart(t *testing.T) {
	t.Parallel()
	b, plan := limited(t, 30, withBackup(&policy.Limits{PerSecond: 20}, nil))
	d := b.Deliver()
	p := &parts{answer: func() (float64, error) { return 0, nil }}
	d.Shares = p
	lane := func(slice time.Duration) activities.LaneOut {
		out, err := run(b, d.Lane, activities.LaneIn{Incident: incident, Wave: 1, Round: 1, Channel: breach.Email, PlanHash: plan, Slice: slice})
		require.NoError(t, err)
		return out
	}
	require.Zero(t, lane(700*time.Millisecond).Sent)
	p.mu.Lock()
	require.GreaterOrEqual(t, p.asked, 2, "a newcomer asks more often")
	answered := false
	p.answer = func() (float64, error) {
		if answered {
			return 0, errors.New("the ledger is away")
		}
		answered = true
		return 0.5, nil
	}
	p.mu.Unlock()
	began := time.Now()
	lane(time.Minute)
	require.Len(t, b.Post.Sent(), 30)
	require.GreaterOrEqual(t, time.Since(began), 1800*time.Millisecond, "half of 20 a second, and a second of it at once at most")

	b, plan = limited(t, 5, withBackup(nil, nil))
	d = b.Deliver()
	d.Shares = &parts{answer: func() (float64, error) { return 0, errors.New("the ledger is away") }}
	require.Equal(t, 5, lane(time.Minute).Sent)
}
