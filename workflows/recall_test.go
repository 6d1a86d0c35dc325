package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// again starts the story anew over the ledger that another play left behind.
func (p *play) again(t *testing.T) *play {
	t.Helper()
	next := newPlay(t, p.led.Head().Policy)
	from := p.env.Now().Add(time.Minute)
	next.env.SetStartTime(from)
	next.stage.Ledger, next.stage.Post, next.stage.Office, next.stage.Vault = p.stage.Ledger, p.stage.Post, p.stage.Office, p.stage.Vault
	next.stage.Profiles = p.stage.Profiles
	next.led = p.led
	next.led.SetClock(next.env.Now)
	next.stage.Vault.Now = next.env.Now
	return next
}

// lost ends a play at a moment as if Temporal had forgotten it.
func (p *play) lost(name string, when func() bool) {
	p.then("lost "+name, when, func() { p.env.CancelWorkflow() })
	require.Error(p.t, p.run())
}

func TestStoryThatBeginsInTheMiddle(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]func(*play){
		"before the plan is submitted": func(p *play) { p.lost("", p.waveIs(1, "loaded")) },
		"while the plan waits":         func(p *play) { p.submits(1); p.lost("", p.waveIs(1, "awaiting_approval")) },
		"after the approval": func(p *play) {
			p.submits(1)
			p.then("the row is written, the story never hears of it", now, func() {
				require.NoError(t, p.led.Decide(1, p.planHash(1), mei, true, p.env.Now()))
			})
			p.lost("", now)
		},
		"in the middle of the send": func(p *play) {
			p.submits(1)
			p.approves(1)
			p.lost("", func() bool { return len(p.stage.Post.Sent()) > 2 })
		},
		"in the quiet period": func(p *play) {
			p.submits(1)
			p.approves(1)
			p.after(20*time.Hour, "later", func() {})
			p.lost("", now)
		},
		"after everything": func(p *play) {
			p.submits(1)
			p.approves(1)
			p.lost("", p.stateIs(breach.IncidentMonitoring))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlay(t, "mooc", append(theCast()[:7], crowd("some", 5)...)...)
			p.stage.Post.Script = activitiestest.Scripted(theWeather())
			lost(p)
			next := p.again(t)
			next.then("go on", func() bool { return next.status().State != "" && len(next.status().Clocks) > 0 }, func() {})
			next.then("to the end", func() bool {
				switch {
				case len(next.status().Waves) == 0:
				case next.wave(1) == "loaded":
					next.update(protocol.UpdateSubmit, submission(1)())
				case next.wave(1) == "awaiting_approval":
					next.approve(1)
				}
				return next.status().State == breach.IncidentMonitoring && next.wave(1) == "delivered"
			}, func() {})
			next.closes()
			require.NoError(t, next.run())
			require.Equal(t, breach.Tally{breach.Reached: 11, breach.Attempted: 1}, p.led.Outcomes())
			require.Empty(t, p.led.Unexplained())
			require.Len(t, p.stage.Post.To("easy.1@mail.example"), 1)
			require.Len(t, p.stage.Post.To("some3@mail.example"), 1)
			require.Len(t, p.stage.Office.Filed(), 1)
			require.Equal(t, 1, p.stage.Vault.Sealed())
			require.Len(t, p.led.Plans(), 1, "a plan that waits outlives a story that begins anew")
		})
	}
}

func TestRecallKnowsGateFilingsAndClocks(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("some", 2)...)
	p.stage.Office.Number = ""
	p.submits(1)
	p.approves(1)
	p.then("filed", func() bool { return len(p.led.Duty(activitiestest.DutyAuthority)) == 2 }, func() { p.led.SetGate(true, false) })
	p.lost("", now)

	next := p.again(t)
	next.then("recalled", func() bool { return len(next.status().Clocks) > 0 }, func() {
		st := next.status()
		require.True(t, st.Paused)
		require.True(t, next.met(activitiestest.DutyAuthority))
		require.Equal(t, []protocol.ReportStatus{{Obligation: activitiestest.DutyAuthority, State: breach.ObligationFiled}}, st.Reports)
		require.Contains(t, next.waits(), "acknowledge")
		at := next.env.Now()
		require.NoError(t, next.led.SaveFiling(t.Context(), breach.Filing{Obligation: activitiestest.DutyAuthority, Status: "acknowledged", Acknowledgement: "N-7", AcknowledgedAt: &at}))
	})
	next.gated(protocol.UpdateResume, false, false) // a pause of before can be ended
	next.lost("", next.stateIs(breach.IncidentMonitoring))

	last := next.again(t)
	last.then("everybody was told before this story began", last.stateIs(breach.IncidentMonitoring), func() {})
	last.after(100*time.Hour, "so no clock rings", func() {
		require.True(t, last.met(activitiestest.DutyPeople))
		require.Equal(t, breach.ObligationAcknowledged, last.status().Reports[0].State)
		require.NotContains(t, last.waits(), "acknowledge")
	})
	last.closes()
	require.NoError(t, last.run())
	require.Empty(t, last.led.Notes("clock.overdue"))
	last.everybodyOnce()
}

// A reopened incident takes a list that was found later; nobody of before hears anything again.
func TestReopened(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("some", 3)...)
	p.submits(1)
	p.approves(1)
	p.closes()
	require.NoError(t, p.run())
	require.NoError(t, p.led.SetState(t.Context(), incident, breach.IncidentMonitoring, "", p.env.Now()))
	p.led.Load(crowd("found", 2)...)

	next := p.again(t)
	next.then("months later", func() bool { return next.wave(1) == "delivered" }, func() {
		require.Equal(t, []string{"submit", "close"}, next.waits())
	})
	next.asks(protocol.UpdateClose, closing(mei), func(a *answer) { require.Equal(t, breach.ErrConflict, codeOf(a.failed)) })
	next.submits(2)
	next.approves(2)
	next.then("told", func() bool { return next.wave(2) == "delivered" }, func() {})
	next.closes()
	require.NoError(t, next.run())
	next.everybodyOnce()
	require.Equal(t, breach.Tally{breach.Reached: 5}, next.led.Outcomes())
	require.Equal(t, 2, next.stage.Vault.Sealed())
	require.Len(t, next.stage.Office.Filed(), 1)
}

// Reopened between the last look of a story and its end: the story that is ending goes on.
func TestReopenedAtTheLastMoment(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("some", 2)...)
	last := func(info *activity.Info) bool {
		return info.ActivityType.Name == activities.NameRecall && p.led.Head().State == breach.IncidentClosed
	}
	p.env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		if last(info) {
			p.env.SignalWorkflow(protocol.SignalReopened, nil) // it is handled before the answer
		}
	})
	p.env.SetOnActivityCompletedListener(func(info *activity.Info, _ converter.EncodedValue, _ error) {
		if last(info) { // the answer says closed
			require.NoError(t, p.led.SetState(t.Context(), incident, breach.IncidentMonitoring, "", p.env.Now()))
		}
	})
	p.submits(1)
	p.approves(1)
	p.closes()
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, p.run(), &again)
}

func TestStoryOfAClosedIncidentOnlySeals(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("some", 2)...)
	p.led.Put(breach.IncidentClosed)
	require.NoError(t, p.run())
	require.Equal(t, 1, p.stage.Vault.Sealed())
	require.Empty(t, p.led.Moves())
	require.Empty(t, p.stage.Post.Sent())
}

// What a lane that died long ago had intended is settled, although no chunk of the new rounds leads to it.
func TestAttemptThatWasForgottenIsSettled(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("some", 3)...)
	died := false
	p.led.Break(func(op string, wrote bool) error {
		if op == "Intend" && wrote {
			died = true
			return breach.Errorf(breach.ErrInvalid, "the worker is gone")
		}
		return nil
	})
	p.submits(1)
	p.approves(1)
	p.then("the lane died for good", p.waveIs(1, "failed"), func() { require.True(t, died); p.led.Break(nil) })
	p.lost("", now)
	require.Empty(t, p.stage.Post.Sent())

	next := p.again(t)
	monitored := next.stateIs(breach.IncidentMonitoring)
	// It was monitored before the lane died, too.
	next.then("close", func() bool { return next.led.Outcomes()[breach.Reached] == 3 && monitored() }, func() { next.close() })
	require.NoError(t, next.run())
	require.Equal(t, breach.Tally{breach.Reached: 3}, p.led.Outcomes())
	for _, who := range p.led.People() {
		require.Equal(t, breach.Repeated, who.Attempts[0].Settlement)
		require.Equal(t, delivery.ReasonCrash, who.Events[0].Reason)
	}
	next.everybodyOnce()
}

// deliverOnly plays the child alone.
func deliverOnly(t *testing.T, people ...breach.Person) (*play, string) {
	t.Helper()
	p := newPlay(t, "mooc", people...)
	plan := p.compose(t, 1)
	require.NoError(t, p.led.Decide(1, plan, mei, true, p.env.Now()))
	return p, plan
}

// compose judges and puts a plan up without a story.
func (p *play) compose(t *testing.T, wave int) (hash string) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(p.stage.Assess().Facts)
	env.RegisterActivity(p.stage.Approve().Compose)
	_, err := env.ExecuteActivity(p.stage.Assess().Facts, activities.JudgeIn{Incident: incident})
	require.NoError(t, err)
	v, err := env.ExecuteActivity(p.stage.Approve().Compose, activities.ComposeIn{Incident: incident, Wave: wave, Author: wei.ID})
	require.NoError(t, err)
	var out activities.ComposeOut
	require.NoError(t, v.Get(&out))
	require.Empty(t, out.Problems)
	return out.PlanHash
}
