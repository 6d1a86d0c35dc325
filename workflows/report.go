package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/breach"
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
}

// Report files one approved report. An authority that answers with its number acknowledges it at once;
// otherwise a person enters the number later.
func Report(ctx workflow.Context, in ReportInput) (ReportResult, error) {
	out, err := file(ctx, activities.FileIn(in))
	return ReportResult{State: out.State}, err
}
