package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// run runs a child under an id of its own. One that still runs under the same id (the story was started
// anew, the child was not lost) is waited for, less and less often: the ledger makes a second walk harmless.
func (s *story) run(ctx workflow.Context, id, name string, input func() (any, error), out any, begun func(workflow.ChildWorkflowFuture)) error {
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		in, err := input()
		if err != nil {
			return err
		}
		f := workflow.ExecuteChildWorkflow(child(ctx, id), name, in)
		begun(f)
		err = f.Get(ctx, out)
		var running *temporal.ChildWorkflowExecutionAlreadyStartedError
		if !errors.As(err, &running) {
			return err
		}
		if err := workflow.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

func alone(workflow.ChildWorkflowFuture) {}

func plain(in any) func() (any, error) { return func() (any, error) { return in, nil } }

// deliver runs the child that tells everybody of a wave. It goes on after the rounds that the ledger has.
func (s *story) deliver(ctx workflow.Context, w *wave) (out DeliverResult, err error) {
	input := func() (any, error) {
		v, err := verify(ctx, activities.VerifyIn{Incident: s.in.Incident, Wave: w.no, PlanHash: w.planHash})
		return DeliverInput{Incident: s.in.Incident, Wave: w.no, PlanHash: w.planHash, Paused: s.paused, Round: v.Rounds}, err
	}
	err = s.run(ctx, protocol.DeliverID(s.in.Incident, w.no), protocol.WorkflowDeliver, input, &out,
		func(f workflow.ChildWorkflowFuture) { w.child = f })
	return out, err
}

// announce decides whether the public is told about a wave, and tells it.
func (s *story) announce(ctx workflow.Context, w *wave) error {
	in := DeliverInput{Incident: s.in.Incident, Wave: w.no, PlanHash: w.planHash}
	var out AnnounceResult
	if err := s.run(ctx, protocol.AnnounceID(in.Incident, in.Wave), protocol.WorkflowAnnounce, plain(in), &out, alone); err != nil {
		return err
	}
	s.announced = s.announced || out.Published
	w.postponed = out.Postponed
	s.note(ctx, "announce", out.Reason)
	return nil
}

// report files one approved report, unless it was filed before this story began.
func (s *story) report(ctx workflow.Context, w *wave, obligation string) {
	r := s.filing(obligation)
	if r != nil && !r.failed {
		return
	}
	if r == nil {
		r = &report{obligation: obligation}
		s.reports = append(s.reports, r)
	}
	r.failed, r.late, r.since = false, false, workflow.Now(ctx)
	out, err := s.fileReport(ctx, w, obligation)
	r.since = workflow.Now(ctx)
	if err == nil && out.Unexplained {
		r.failed, r.late = true, true
		s.note(ctx, "report", obligation+" waits: it is late, and nobody has said why")
		return
	}
	if err != nil {
		r.failed = true
		s.note(ctx, "report", obligation+" was not filed: "+why(err))
		s.record(ctx, obligation, why(err))
		return
	}
	r.state = out.State
	s.met(obligation)
	s.note(ctx, "report", obligation+" "+string(out.State))
	s.tell(ctx, "look") // people may have waited for it
}

// fileReport runs the child that files a report, again after a hold that keeps it back.
func (s *story) fileReport(ctx workflow.Context, w *wave, obligation string) (out ReportResult, err error) {
	in := ReportInput{Incident: s.in.Incident, Wave: w.no, PlanHash: w.planHash, Obligation: obligation}
	for {
		out = ReportResult{}
		err = s.run(ctx, protocol.ReportID(in.Incident, obligation), protocol.WorkflowReport, plain(in), &out, alone)
		if err != nil || out.HeldUntil.IsZero() {
			return out, err
		}
		s.note(ctx, "report", obligation+" waits: a hold keeps it back")
		wait := max(out.HeldUntil.Sub(workflow.Now(ctx)), time.Second)
		free := func() bool { return s.closed || !s.onHold(obligation, workflow.Now(ctx)) }
		if _, err = workflow.AwaitWithTimeout(ctx, wait, free); err != nil {
			return out, err
		}
	}
}

func (s *story) filing(obligation string) *report {
	for _, r := range s.reports {
		if r.obligation == obligation {
			return r
		}
	}
	return nil
}

// tell passes a decision on to every delivery that runs, also to one that an earlier story began.
func (s *story) tell(ctx workflow.Context, what string) {
	for _, w := range s.waves {
		if w.state != waveDelivering || w.child == nil {
			continue
		}
		// A child that is about to start is waited for; one that runs already makes this fail.
		_ = w.child.GetChildWorkflowExecution().Get(ctx, nil)
		workflow.SignalExternalWorkflow(ctx, protocol.DeliverID(s.in.Incident, w.no), "", protocol.SignalDeliverControl, protocol.Control{Do: what})
	}
}

// why says what went wrong in the words of the step that failed, without what the engine wraps around them.
func why(err error) string {
	var app *temporal.ApplicationError
	var late *temporal.TimeoutError
	switch {
	case errors.As(err, &app):
		return app.Message()
	case errors.As(err, &late):
		return "a step did not answer in time"
	case temporal.IsCanceledError(err):
		return "it was cancelled"
	}
	return "it was ended from outside"
}
