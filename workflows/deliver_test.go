package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/protocol"
	"github.com/tocsin-engine/tocsin/workflows"
)

// A lost answer is settled and repeated within seconds, whoever else waits for two days.
func TestRepeatDoesNotWaitForOthers(t *testing.T) {
	t.Parallel()
	p, plan := deliverOnly(t, theCast()[:7]...)
	p.stage.Post.Script = activitiestest.Scripted(theWeather())
	p.then("repeated", func() bool { return len(p.stage.Post.To("lostmail.4@mail.example")) == 2 }, func() {
		require.Less(t, p.env.Now().Sub(activitiestest.Aware.Add(2*time.Hour)), time.Minute)
	})
	p.play(workflows.Deliver, workflows.DeliverInput{Incident: incident, Wave: 1, PlanHash: plan})
	var out workflows.DeliverResult
	require.NoError(t, p.env.GetWorkflowResult(&out))
	require.Equal(t, int64(7), out.Tally.Sum())
	require.False(t, out.Stopped)
}

// A provider that cannot be asked is looked at less and less often, and not for ever.
func TestProviderThatCannotBeAskedDoesNotFillTheHistory(t *testing.T) {
	t.Parallel()
	p, plan := deliverOnly(t, theCast()[4:5]...)
	p.stage.Post.Script = activitiestest.Scripted(theWeather())
	p.stage.Post.Deaf = map[string]bool{"twilio": true, "gateway": true}
	p.play(workflows.Deliver, workflows.DeliverInput{Incident: incident, Wave: 1, PlanHash: plan})
	require.NoError(t, p.env.GetWorkflowError())
	require.Less(t, p.led.Calls("Unsettled"), 400, "a day of looks")
	require.Equal(t, breach.Attempted, p.led.Named("lostsms").Outcome)
	require.Len(t, p.stage.Post.To("+442079460005"), 1, "never sent again blindly")
}

// A long history is continued as a new run: the pause and the rounds go along, nobody is told twice.
func TestDeliveryContinuesAsNew(t *testing.T) {
	t.Parallel()
	p, plan := deliverOnly(t, crowd("some", 5)...)
	p.led.SetGate(true, false)
	p.then("paused", func() bool { return p.led.Calls("Gate") > 0 }, func() {
		p.env.SignalWorkflow(protocol.SignalDeliverControl, protocol.Control{Do: "pause"})
	})
	p.after(time.Minute, "the history is long", func() {
		p.env.SetContinueAsNewSuggested(true)
		p.led.SetGate(false, false)
		p.env.SignalWorkflow(protocol.SignalDeliverControl, protocol.Control{Do: "resume"})
	})
	p.play(workflows.Deliver, workflows.DeliverInput{Incident: incident, Wave: 1, PlanHash: plan})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, p.env.GetWorkflowError(), &again)
	require.Equal(t, protocol.WorkflowDeliver, again.WorkflowType.Name)
	var in workflows.DeliverInput
	require.NoError(t, decode(again, &in))
	require.Equal(t, workflows.DeliverInput{Incident: incident, Wave: 1, PlanHash: plan, Round: 1}, in)

	next := p.again(t)
	next.play(workflows.Deliver, in)
	require.NoError(t, next.env.GetWorkflowError())
	next.everybodyOnce()
}

// A brake that is lifted at the very end of a run is lifted for the next one too: whom it held go out step by step.
func TestALiftGoesAlongToTheNextRun(t *testing.T) {
	t.Parallel()
	p, plan := deliverOnly(t, crowd("some", 100)...)
	require.NoError(t, p.led.SetBrake(t.Context(), incident, breach.Brake{Kind: breach.BrakeGate, Wave: 1, Stage: "canary"}))
	p.after(time.Minute, "the history is long", func() {
		require.Empty(t, p.stage.Post.Sent())
		p.led.Lift(p.env.Now())
		p.env.SetContinueAsNewSuggested(true)
		p.env.SignalWorkflow(protocol.SignalDeliverControl, protocol.Control{Do: "lift"})
	})
	p.play(workflows.Deliver, workflows.DeliverInput{Incident: incident, Wave: 1, PlanHash: plan, Stage: 1})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, p.env.GetWorkflowError(), &again)
	var in workflows.DeliverInput
	require.NoError(t, decode(again, &in))
	require.Zero(t, in.Stage)
}

// An adapter that panics, one that is not there, one that gives an unexplained error, and people whose data
// cannot be rendered: everybody else is told, and each ends with what can be said of them.
func TestWhatGoesWrongWithOneGoesWrongWithOne(t *testing.T) {
	t.Parallel()
	people := crowd("fine", 4)
	people = append(people, activitiestest.Someone("panic", 1), activitiestest.Someone("puzzle", 2),
		activitiestest.Someone("unrenderable", 3), activitiestest.Someone("explosive", 4))
	p, plan := deliverOnly(t, people...)
	p.stage.Post.Script = activitiestest.Scripted(map[string][]activitiestest.Reply{
		"panic.1@mail.example":  {{Panic: "mail for panic.1@mail.example"}, {Panic: "again"}, {Panic: "again"}},
		"puzzle.2@mail.example": {{Err: errPuzzle}},
	})
	p.stage.Post.Absent = map[string]bool{"fcm": true}
	p.play(workflows.Deliver, workflows.DeliverInput{Incident: incident, Wave: 1, PlanHash: plan})
	require.NoError(t, p.env.GetWorkflowError())
	require.Equal(t, breach.Unknown, p.led.Named("panic").Events[0].State)
	require.Equal(t, breach.Unknown, p.led.Named("puzzle").Events[0].State)
	require.Equal(t, breach.Reached, p.led.Named("puzzle").Outcome, "repeated, recognisable as the same")
	require.Equal(t, breach.Reached, p.led.Named("panic").Outcome, "by SMS, after the mail adapter was given up")
	for _, name := range []string{"unrenderable", "explosive"} {
		require.Equal(t, breach.Unreachable, p.led.Named(name).Outcome)
		require.Equal(t, delivery.ReasonBadInput, p.led.Named(name).Events[0].Reason)
	}
	require.Equal(t, int64(6), p.led.Outcomes()[breach.Reached])
	require.Empty(t, p.led.Unexplained())
}
