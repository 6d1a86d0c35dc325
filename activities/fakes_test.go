package activities_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
)

const incident = "case-1"

// bench runs single activities as a worker would, over the ports of a test.
type bench struct {
	*activitiestest.Stage
	t *testing.T
}

// newBench loads people, judges, and approves the plan of their list.
func newBench(t *testing.T, people ...breach.Person) (*bench, string) {
	t.Helper()
	b := &bench{activitiestest.NewStage("mooc", time.Now), t}
	b.Ledger.Load(people...)
	return b, b.approved()
}

func (b *bench) approved() (plan string) {
	b.t.Helper()
	_, err := run(b, b.Assess().Facts, activities.JudgeIn{Incident: incident})
	require.NoError(b.t, err)
	b.Ledger.ExplainAll() // the clock of these tests is the real one, long after awareness
	out, err := run(b, b.Approve().Compose, activities.ComposeIn{Incident: incident, Wave: 1, Author: "wei.lin"})
	require.NoError(b.t, err)
	require.Empty(b.t, out.Problems)
	require.NoError(b.t, b.Ledger.Decide(1, out.PlanHash, breach.Actor{ID: "mei.zhou", Role: breach.RoleLead}, true, b.Now()))
	return out.PlanHash
}

// run executes one activity inside the SDK, with its failures as Temporal would keep them.
func run[In, Out any](b *bench, f func(context.Context, In) (Out, error), in In) (out Out, err error) {
	b.t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.SetTestTimeout(30 * time.Second)
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&activities.Calm{}}})
	env.RegisterActivity(f)
	v, err := env.ExecuteActivity(f, in)
	if err == nil {
		err = v.Get(&out)
	}
	return out, err
}

// survey opens the chunks of a round.
func (b *bench) survey(round int) activities.SurveyOut {
	b.t.Helper()
	out, err := run(b, b.Resolve().Survey, activities.SurveyIn{Incident: incident, Wave: 1, Round: round})
	require.NoError(b.t, err)
	return out
}

func (b *bench) lane(plan string, round int, c breach.Channel) (activities.LaneOut, error) {
	b.t.Helper()
	return run(b, b.Deliver().Lane, activities.LaneIn{Incident: incident, Wave: 1, Round: round, Channel: c, PlanHash: plan, Slice: time.Minute})
}

func people(n int) []breach.Person {
	var out []breach.Person
	for i := range n {
		out = append(out, activitiestest.Someone("someone", i))
	}
	return out
}

func codeOf(err error) breach.Code {
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return breach.Code(app.Type())
	}
	return ""
}
