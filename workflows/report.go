package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// ReportInput names one report of an approved plan.
type ReportInput struct {
	Incident   string `json:"incident"`
	Wave       int    `json:"wave"`
	PlanHash   string `json:"plan_hash"`
	Obligation string `json:"obligation"`
}

// ReportResult is where the report stands.
type ReportResult struct {
	State breach.ObligationState `json:"state"`
	// HeldUntil says that a hold keeps it back, Unexplained that it is late and nobody has said why.
	HeldUntil   time.Time `json:"held_until,omitzero"`
	Unexplained bool      `json:"unexplained,omitempty"`
}

// Report files one approved report. An authority that answers with its number acknowledges it at once;
// otherwise a person enters the number later. One that does not take the report now gets it again, less and
// less often, and the record says why it has not taken it.
func Report(ctx workflow.Context, in ReportInput) (ReportResult, error) {
	said := ""
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		out, err := file(ctx, activities.FileIn(in))
		if err == nil || !passing(err) {
			return ReportResult(out), err
		}
		if reason := why(err); reason != said {
			said = reason
			err := trouble(ctx, activities.TroubleIn{
				Incident: in.Incident, What: in.Obligation, Reason: reason + "; it is tried again by itself", At: workflow.Now(ctx),
			})
			if err != nil {
				return ReportResult{}, err
			}
		}
		if err := workflow.Sleep(ctx, wait); err != nil {
			return ReportResult{}, err
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return ReportResult{}, workflow.NewContinueAsNewError(ctx, protocol.WorkflowReport, in)
		}
	}
}

// passing says that the same may succeed later.
func passing(err error) bool {
	var app *temporal.ApplicationError
	var late *temporal.TimeoutError
	return errors.As(err, &late) || (errors.As(err, &app) && !app.NonRetryable())
}
