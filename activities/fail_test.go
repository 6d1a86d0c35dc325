package activities_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
)

const canary = "canary.person@mail.example"

// What a step's dependencies say of people must not come out of it, whatever step and whatever dependency.
func TestFailuresHoldNobody(t *testing.T) {
	t.Parallel()
	leaks := map[string]error{
		"driver":    errors.New(`duplicate key value: Key (email)=(` + canary + `) already exists`),
		"cancelled": fmt.Errorf("read %s: %w", canary, context.Canceled),
		"deadline":  fmt.Errorf("read %s: %w", canary, context.DeadlineExceeded),
		"internal":  breach.Errorf(breach.ErrInternal, "cannot encode %s", canary),
		"down":      fmt.Errorf("%s: %w", canary, breach.Errorf(breach.ErrUnavailable, "down")),
		"wrapped":   fmt.Errorf("row of %s: %w", canary, breach.Errorf(breach.ErrTampered, "a row was changed")),
	}
	for name, leak := range leaks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ops := []string{"Incident", "Subjects"}
			if name == "driver" {
				ops = append(ops, "File", "Judgement", "Approval", "Blocks", "Unsettled", "Settle", "Filing", "Gate", "Plan")
			}
			for _, op := range ops {
				b := &bench{activitiestest.NewStage("mooc", time.Now), t}
				b.Ledger.Load(activitiestest.Someone("someone", 1))
				plan := b.approved()
				b.Ledger.Break(func(o string, _ bool) error {
					if o == op {
						return leak
					}
					return nil
				})
				for step, err := range b.everyStep(plan) {
					if err == nil {
						continue
					}
					require.NotContains(t, everyWord(err), canary, "%s over %s", step, op)
				}
			}
		})
	}
}

// everyStep runs all activities and lists their errors.
func (b *bench) everyStep(plan string) map[string]error {
	errs := map[string]error{}
	note := func(name string, err error) { errs[name] = err }
	at := activities.AnnounceIn{Incident: incident, Wave: 1, PlanHash: plan}
	_, err := run(b, b.Case().Recall, activities.CaseIn{Incident: incident})
	note("recall", err)
	_, err = run(b, b.Assess().Facts, activities.JudgeIn{Incident: incident})
	note("judge", err)
	_, err = run(b, b.Approve().Compose, activities.ComposeIn{Incident: incident, Wave: 1, Author: "wei.lin"})
	note("compose", err)
	_, err = run(b, b.Approve().Verify, activities.VerifyIn{Incident: incident, Wave: 1, PlanHash: plan})
	note("verify", err)
	_, err = run(b, b.Resolve().Survey, activities.SurveyIn{Incident: incident, Wave: 1, Round: 1})
	note("survey", err)
	_, err = b.lane(plan, 1, breach.Email)
	note("lane", err)
	_, err = run(b, b.Deliver().Reconcile, activities.ReconcileIn{Incident: incident, Wave: 1})
	note("reconcile", err)
	_, err = run(b, b.Deliver().Settle, activities.SettleIn{Incident: incident, Wave: 1})
	note("settle", err)
	_, err = run(b, b.Announce().Decide, at)
	note("decide", err)
	_, err = run(b, b.Announce().Show, at)
	note("show", err)
	_, err = run(b, b.Announce().Publish, at)
	note("publish", err)
	_, err = run(b, b.Report().File, activities.FileIn{Incident: incident, Wave: 1, PlanHash: plan, Obligation: activitiestest.DutyAuthority})
	note("file", err)
	_, err = run(b, b.Report().Accept, activities.AcceptIn{Incident: incident, Obligation: activitiestest.DutyAuthority})
	note("accept", err)
	return errs
}

// everyWord is the error with all that it wraps.
func everyWord(err error) string {
	out := ""
	for ; err != nil; err = errors.Unwrap(err) {
		out += fmt.Sprintf("%v %+v\n", err, err)
	}
	return out
}

func TestFailuresSayWhetherTryingAgainHelps(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		code  breach.Code
		final bool
	}{
		"tampered":    {breach.Errorf(breach.ErrTampered, "a text was changed"), breach.ErrTampered, true},
		"not found":   {breach.Errorf(breach.ErrNotFound, "no such incident"), breach.ErrNotFound, true},
		"unavailable": {breach.Errorf(breach.ErrUnavailable, "down"), breach.ErrUnavailable, false},
		"driver":      {errors.New("connection reset"), breach.ErrInternal, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &bench{activitiestest.NewStage("mooc", time.Now), t}
			b.Ledger.Break(func(string, bool) error { return c.err })
			_, err := run(b, b.Case().Recall, activities.CaseIn{Incident: incident})
			var app *temporal.ApplicationError
			require.ErrorAs(t, err, &app)
			require.Equal(t, string(c.code), app.Type())
			require.Equal(t, c.final, app.NonRetryable())
		})
	}
}

// A panic in a step that handles people is an error that is tried again, in neutral words.
func TestPanicsHoldNobody(t *testing.T) {
	t.Parallel()
	b, plan := newBench(t, people(2)...)
	b.Ledger.Break(func(op string, _ bool) error {
		if op == "Subjects" || op == "Alike" || op == "Unsettled" {
			panic("index out of range in the row of " + canary)
		}
		return nil
	})
	for step, err := range b.everyStep(plan) {
		if err != nil {
			require.NotContains(t, everyWord(err), canary, step)
		}
	}
	_, err := run(b, b.Resolve().Survey, activities.SurveyIn{Incident: incident, Wave: 1, Round: 1})
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.False(t, app.NonRetryable())
}

// The worker's log gets the cause once; what stands in it is cleaned by the logger's handler.
func TestCauseGoesToTheLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.NewTextHandler(&out, nil))))
	env := suite.NewTestActivityEnvironment()
	stage := activitiestest.NewStage("mooc", time.Now)
	stage.Ledger.Break(func(string, bool) error { return errors.New("connection reset by peer") })
	env.RegisterActivity(stage.Case().Recall)
	_, err := env.ExecuteActivity(stage.Case().Recall, activities.CaseIn{Incident: incident})
	require.ErrorContains(t, err, "the worker's log has the cause")
	require.NotContains(t, err.Error(), "connection reset")
	require.Contains(t, out.String(), "connection reset by peer")
}
