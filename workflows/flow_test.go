package workflows_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
	"github.com/tocsin-engine/tocsin/workflows"
)

// deliverWith runs a delivery of ten people to its end, with a lane that answers as scripted, and tells when lanes ran.
func deliverWith(t *testing.T, lane func(nth int) activities.LaneOut, also func(*testsuite.TestWorkflowEnvironment)) (ran []time.Duration, out workflows.DeliverResult) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	begin := env.Now()
	rounds := 0
	name := func(f any, n string) { env.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: n}) }
	name(func(context.Context, activities.SurveyIn) (activities.SurveyOut, error) {
		if rounds++; rounds > 1 {
			return activities.SurveyOut{Final: true}, nil
		}
		return activities.SurveyOut{Due: map[breach.Channel]int64{breach.Email: 10}, Final: true}, nil
	}, activities.NameSurvey)
	name(func(context.Context, activities.LaneIn) (activities.LaneOut, error) {
		ran = append(ran, env.Now().Sub(begin))
		return lane(len(ran)), nil
	}, activities.NameLane)
	name(func(context.Context, activities.ReconcileIn) (activities.ReconcileOut, error) {
		return activities.ReconcileOut{}, nil
	}, activities.NameReconcile)
	name(func(context.Context, activities.SettleIn) (activities.SettleOut, error) {
		return activities.SettleOut{}, nil
	}, activities.NameSettle)
	if also != nil {
		also(env)
	}
	env.ExecuteWorkflow(workflows.Deliver, workflows.DeliverInput{Incident: incident, Wave: 1})
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, env.GetWorkflowError())
	require.NoError(t, env.GetWorkflowResult(&out))
	return ran, out
}

// While every provider is down the story waits as long as the lane says, and no longer; Open says nothing then.
func TestADeliveryWaitsForItsProviders(t *testing.T) {
	t.Parallel()
	answers := []activities.LaneOut{{Rest: 2 * time.Minute}, {Sent: 4, Open: 1, Rest: time.Millisecond}, {Open: 1, Rest: 10 * time.Second}, {Sent: 6}}
	ran, _ := deliverWith(t, func(nth int) activities.LaneOut { return answers[nth-1] }, nil)
	require.Len(t, ran, 4)
	require.InDelta(t, 2*time.Minute, ran[1]-ran[0], float64(time.Second))
	require.Less(t, ran[2]-ran[1], time.Second)
	require.InDelta(t, 10*time.Second, ran[3]-ran[2], float64(time.Second))
}

// A stop does not wait for a provider.
func TestAStopDoesNotWaitForProviders(t *testing.T) {
	t.Parallel()
	ran, out := deliverWith(t, func(int) activities.LaneOut { return activities.LaneOut{Rest: 2 * time.Minute} }, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() {
			env.SignalWorkflow(protocol.SignalDeliverControl, protocol.Control{Do: "stop"})
		}, 3*time.Second)
	})
	require.Len(t, ran, 1)
	require.True(t, out.Stopped)
}
