package workflows

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// Option profiles by intent. No option literal stands in a story.

// patient is the retry rule of everything that must come to pass: for ever, with back-off, except for
// errors that would be the same again.
var patient = &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 20 * time.Second}

// quick is a decision or a small write in the ledger.
func quick(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: protocol.QueueIncident, StartToCloseTimeout: 30 * time.Second, RetryPolicy: patient,
	})
}

// answer is a step that a person waits for: it is tried for a while, then the person is told.
func answer(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: protocol.QueueIncident, StartToCloseTimeout: 60 * time.Second, ScheduleToCloseTimeout: 3 * time.Minute, RetryPolicy: patient,
	})
}

// walk goes over all people of a wave and says that it is alive.
func walk(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: protocol.QueueIncident, StartToCloseTimeout: time.Hour, HeartbeatTimeout: 30 * time.Second, RetryPolicy: patient,
	})
}

// A child that another story began is looked after in these steps.
const (
	firstWait = 10 * time.Second
	lastWait  = 15 * time.Minute
)

// While people are told, the story looks ahead now and then: soon at first, every hour later, and after days less
// often still, so that its history stays short.
const (
	firstForesight = time.Minute
	hourly         = time.Hour
	longForesight  = 24 * time.Hour
)

// laneSlice is how long a lane works before it reports back.
const laneSlice = 30 * time.Second

// lane hands messages over on its channel's own task queue. Incidents take turns there: a small one does not wait
// behind all lanes of a large one.
func lane(c breach.Channel, incident string) func(workflow.Context) workflow.Context {
	return func(ctx workflow.Context) workflow.Context {
		return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			TaskQueue: protocol.QueueFor(c), StartToCloseTimeout: laneSlice + 5*time.Minute, HeartbeatTimeout: 15 * time.Second, RetryPolicy: patient,
			Priority: temporal.Priority{FairnessKey: incident},
		})
	}
}

// filing hands a report to an authority: it is tried for about a minute, then somebody learns of it.
func filing(ctx workflow.Context) workflow.Context {
	awhile := *patient
	awhile.MaximumAttempts = 8
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: protocol.QueueReport, StartToCloseTimeout: 2 * time.Minute, RetryPolicy: &awhile,
	})
}

// child runs a heavy part with a history of its own. It is abandoned, not ended, if its parent should end
// first: what was approved goes on.
func child(ctx workflow.Context, id string) workflow.Context {
	return workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: id, TaskQueue: protocol.QueueIncident, ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	})
}
