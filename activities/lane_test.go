package activities_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// states counts the latest attempt of everybody on a channel.
func (b *bench) states(c breach.Channel) map[breach.AttemptState]int {
	out := map[breach.AttemptState]int{}
	for _, p := range b.Ledger.People() {
		for _, a := range p.Attempts {
			if a.Channel == c {
				out[a.State]++
			}
		}
	}
	return out
}

// when runs something the nth time that a call of the ledger comes by.
func when(op string, wrote bool, nth int32, do func() error) activitiestest.Fault {
	var n atomic.Int32
	return func(o string, w bool) error {
		if o == op && w == wrote && n.Add(1) == nth {
			return do()
		}
		return nil
	}
}

func TestLeaseLostBetweenBatches(t *testing.T) {
	t.Parallel()
	b, plan := newBench(t, people(4)...)
	b.survey(1)
	b.Limits.Batch = 1
	b.Ledger.Break(when("Record", true, 1, func() error { b.Ledger.Steal(); return nil }))
	out, err := b.lane(plan, 1, breach.Email)
	require.NoError(t, err)
	require.Equal(t, activities.LaneOut{Sent: 2, Open: 1}, out, "the chunk is somebody else's now")
	require.Len(t, b.Post.Sent(), 2, "one batch, the one that was under way, and nothing that was not intended before")
	require.Equal(t, map[breach.AttemptState]int{breach.Accepted: 2}, b.states(breach.Email))
}

func TestLeaseLostBeforeTheFirstByte(t *testing.T) {
	t.Parallel()
	b, plan := newBench(t, people(4)...)
	b.survey(1)
	b.Ledger.Break(when("Intend", false, 1, func() error { b.Ledger.Steal(); return nil }))
	_, err := b.lane(plan, 1, breach.Email)
	require.NoError(t, err, "a lost lease is no error")
	require.Empty(t, b.Post.Sent())
	require.Empty(t, b.states(breach.Email))
}

// The keeper notices during a batch: what is under way is given up by its sender, what was not begun is not
// begun, what was sent is recorded.
func TestLeaseLostDuringABatch(t *testing.T) {
	t.Parallel()
	b, plan := newBench(t, people(4)...)
	b.survey(1)
	b.Limits = activities.Limits{Batch: 4, Parallel: 1, Lease: 50 * time.Millisecond, Margin: time.Second}
	never := make(chan struct{})
	b.Post.Script = func(_ string, m delivery.Message, _ int) activitiestest.Reply {
		if m.To == "someone.1@mail.example" {
			b.Ledger.Steal()
			return activitiestest.Reply{Wait: never}
		}
		return activitiestest.Reply{}
	}
	_, err := b.lane(plan, 1, breach.Email)
	require.NoError(t, err)
	require.Len(t, b.Post.Sent(), 1)
	// The thief recorded all four as unknown; that the first one went out is a fact and moves it on.
	require.Equal(t, map[breach.AttemptState]int{breach.Accepted: 1, breach.Unknown: 3}, b.states(breach.Email))
	require.Len(t, b.Ledger.Named("someone").Events, 2)
}

func TestLeaseThatCannotBeRenewedEndsTheBatch(t *testing.T) {
	t.Parallel()
	b, plan := newBench(t, people(2)...)
	b.survey(1)
	b.Limits = activities.Limits{Batch: 4, Parallel: 1, Lease: 50 * time.Millisecond, Margin: time.Second}
	b.Post.Script = func(string, delivery.Message, int) activitiestest.Reply {
		b.Ledger.Break(func(op string, _ bool) error {
			if op == "Renew" {
				return errors.New("no connection")
			}
			return nil
		})
		return activitiestest.Reply{Wait: make(chan struct{})}
	}
	_, err := b.lane(plan, 1, breach.Email)
	require.NoError(t, err)
	require.Empty(t, b.Post.Sent())
	require.Equal(t, map[breach.AttemptState]int{breach.FailedTemporary: 2}, b.states(breach.Email))
}

// A database whose clock is an hour behind or ahead of this machine's changes nothing.
func TestClocksMayDiffer(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{-time.Hour, time.Hour} {
		t.Run(fmt.Sprint(skew), func(t *testing.T) {
			t.Parallel()
			b, plan := newBench(t, people(4)...)
			b.Ledger.SetClock(func() time.Time { return time.Now().Add(skew) })
			b.survey(1)
			_, err := b.lane(plan, 1, breach.Email)
			require.NoError(t, err)
			require.Len(t, b.Post.Sent(), 4)
		})
	}
}

// A worker that stops in the middle of a batch records what it sent.
func TestStoppedWorkerRecordsFacts(t *testing.T) {
	t.Parallel()
	b, plan := newBench(t, people(4)...)
	b.survey(1)
	ctx, stop := context.WithCancel(t.Context())
	b.Limits.Batch, b.Limits.Parallel = 4, 1
	b.Post.Script = func(_ string, m delivery.Message, _ int) activitiestest.Reply {
		if m.To == "someone.1@mail.example" {
			stop()
		}
		return activitiestest.Reply{}
	}
	_, err := b.Deliver().Lane(ctx, activities.LaneIn{Incident: incident, Wave: 1, Round: 1, Channel: breach.Email, PlanHash: plan, Slice: time.Minute})
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, b.Post.Sent(), 2)
	require.Equal(t, map[breach.AttemptState]int{breach.Accepted: 2, breach.FailedTemporary: 2}, b.states(breach.Email))
	require.Equal(t, breach.Tally{breach.Attempted: 2, breach.Pending: 2}, b.Ledger.Outcomes())
}

// A worker that is about to stop lets what is under way come to its end and begins nothing more.
func TestStoppingWorkerBeginsNothing(t *testing.T) {
	t.Parallel()
	b, plan := newBench(t, people(7)...)
	b.survey(1)
	stop := make(chan struct{})
	b.Limits.Batch, b.Limits.Parallel = 3, 1
	b.Post.Script = func(_ string, m delivery.Message, _ int) activitiestest.Reply {
		if m.To == "someone.1@mail.example" {
			close(stop)
		}
		return activitiestest.Reply{}
	}
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerStopChannel(stop)
	lane := b.Deliver().Lane
	env.RegisterActivity(lane)
	v, err := env.ExecuteActivity(lane, activities.LaneIn{Incident: incident, Wave: 1, Round: 1, Channel: breach.Email, PlanHash: plan, Slice: time.Minute})
	require.NoError(t, err, "it ends in order")
	var out activities.LaneOut
	require.NoError(t, v.Get(&out))
	require.Positive(t, out.Open, "the rest is for another worker")
	require.Len(t, b.Post.Sent(), 2)
	states := b.states(breach.Email)
	require.Equal(t, 2, states[breach.Accepted])
	require.Positive(t, states[breach.FailedTemporary], "what was intended is said not to have been sent")
	require.Len(t, states, 2, "nothing is unknown: %v", states)
}

func TestActivityWithLittleTimeLeftBeginsNoBatch(t *testing.T) {
	t.Parallel()
	b, plan := newBench(t, people(4)...)
	b.survey(1)
	b.Limits.Reserve = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	out, err := b.Deliver().Lane(ctx, activities.LaneIn{Incident: incident, Wave: 1, Round: 1, Channel: breach.Email, PlanHash: plan, Slice: time.Minute})
	require.NoError(t, err)
	require.Equal(t, 1, out.Open)
	require.Empty(t, b.Post.Sent())
}

func TestGateIsAskedBeforeEachBatch(t *testing.T) {
	t.Parallel()
	b, plan := newBench(t, people(4)...)
	b.survey(1)
	b.Limits.Batch = 1
	b.Ledger.Break(when("Record", true, 1, func() error { b.Ledger.SetGate(true, true); return nil }))
	out, err := b.lane(plan, 1, breach.Email)
	require.NoError(t, err)
	require.True(t, out.Paused)
	require.True(t, out.Stopped)
	require.Len(t, b.Post.Sent(), 2, "one batch, and the one that was intended meanwhile")
}

// A wrong text, profile, list or approval: the lane sends nothing.
func TestLaneChecksTheApprovalItself(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(*bench)
		code breach.Code
	}{
		"no approval":    {func(b *bench) {}, breach.ErrNoApproval},
		"text":           {func(b *bench) { b.Ledger.Tamper("text") }, breach.ErrTampered},
		"plan":           {func(b *bench) { b.Ledger.Tamper("plan") }, breach.ErrTampered},
		"list":           {func(b *bench) { b.Ledger.Tamper("list") }, breach.ErrTampered},
		"people":         {func(b *bench) { b.Ledger.Tamper("people") }, breach.ErrTampered},
		"approval":       {func(b *bench) { b.Ledger.Tamper("approval") }, breach.ErrTampered},
		"another policy": {func(b *bench) { b.Profiles.Change(func(p *policy.Profile) { p.Announcement.KeepDays++ }) }, breach.ErrTampered},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, plan := newBench(t, people(4)...)
			b.survey(1)
			if name == "no approval" {
				plan = "0000000000000000"
			}
			c.do(b)
			_, err := b.lane(plan, 1, breach.Email)
			require.Equal(t, c.code, codeOf(err), "%v", err)
			require.Empty(t, b.Post.Sent())
		})
	}
}
