package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// deliver runs the child that tells everybody of a wave. A delivery that still runs under the same id (the
// story was started anew, the delivery was not lost) is waited for: the ledger makes a second walk harmless.
func (s *story) deliver(ctx workflow.Context, w *wave) (DeliverResult, error) {
	in := DeliverInput{Incident: s.in.Incident, Wave: w.no, PlanHash: w.planHash}
	for {
		w.child = workflow.ExecuteChildWorkflow(child(ctx, protocol.DeliverID(in.Incident, in.Wave)), protocol.WorkflowDeliver, in)
		var out DeliverResult
		err := w.child.Get(ctx, &out)
		var running *temporal.ChildWorkflowExecutionAlreadyStartedError
		if !errors.As(err, &running) {
			return out, err
		}
		if err := workflow.Sleep(ctx, 10*time.Second); err != nil {
			return out, err
		}
	}
}

// announce decides whether the public is told about a wave, and tells it.
func (s *story) announce(ctx workflow.Context, w *wave) error {
	in := DeliverInput{Incident: s.in.Incident, Wave: w.no, PlanHash: w.planHash}
	var out AnnounceResult
	err := workflow.ExecuteChildWorkflow(child(ctx, protocol.AnnounceID(in.Incident, in.Wave)), protocol.WorkflowAnnounce, in).Get(ctx, &out)
	if err != nil {
		return err
	}
	s.announced = s.announced || out.Published
	s.note(ctx, "announce", out.Reason)
	return nil
}

// report files one approved report.
func (s *story) report(ctx workflow.Context, w *wave, obligation string) {
	r := &report{obligation: obligation, since: workflow.Now(ctx)}
	for _, have := range s.reports {
		if have.obligation == obligation {
			return // filed before this story began
		}
	}
	s.reports = append(s.reports, r)
	in := ReportInput{Incident: s.in.Incident, Wave: w.no, PlanHash: w.planHash, Obligation: obligation}
	var out ReportResult
	err := workflow.ExecuteChildWorkflow(child(ctx, protocol.ReportID(in.Incident, obligation)), protocol.WorkflowReport, in).Get(ctx, &out)
	if err != nil {
		s.note(ctx, "report", obligation+" was not filed: "+err.Error())
		return
	}
	r.state, r.since = out.State, workflow.Now(ctx)
	s.met(obligation)
	s.note(ctx, "report", obligation+" "+string(out.State))
}

// tell passes a decision on to every delivery that runs.
func (s *story) tell(ctx workflow.Context, what string) {
	for _, w := range s.waves {
		if w.state == waveDelivering && w.child != nil {
			w.child.SignalChildWorkflow(ctx, protocol.SignalDeliverControl, protocol.Control{Do: what})
		}
	}
}
