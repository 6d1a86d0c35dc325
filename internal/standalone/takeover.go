package standalone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/standalone/datadir"
)

// owner names this start of a data directory, in leases and as a worker. All starts of one directory begin
// alike, and the directory's lock proves that every one but the present has ended: what they held can be
// taken over at once, without waiting until leases and heartbeats run out.
type owner struct{ prefix, name string }

func newOwner(d *datadir.Dir) (owner, error) {
	id, err := d.Installation()
	if err != nil {
		return owner{}, err
	}
	prefix := "standalone/" + id + "/"
	return owner{prefix: prefix, name: prefix + app.NewOwner()}, nil
}

// former reports whether an identity is that of an earlier start.
func (o owner) former(identity string) bool {
	return strings.HasPrefix(identity, o.prefix) && identity != o.name
}

// takeOver releases what earlier starts held: chunks of the ledger, and activities that their workers had
// begun. It runs before this start's own worker.
func (s *Stack) takeOver(ctx context.Context) error {
	if _, err := s.Product.Store.ReleaseLeases(ctx, s.owner.prefix); err != nil {
		return err
	}
	return s.endOrphans(ctx)
}

// sweepAfter is when workflows are looked at again that Temporal did not list yet when we started: it lists
// them a moment after they began, and the process may have been killed within that moment.
var sweepAfter = []time.Duration{time.Second, 4 * time.Second}

func (s *Stack) sweep(ctx context.Context, log *slog.Logger) {
	for _, wait := range sweepAfter {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		if err := s.endOrphans(ctx); err != nil && ctx.Err() == nil {
			log.Warn("work of an earlier start could not be taken over at once; it goes on when its heartbeat runs out")
		}
	}
}

// endOrphans fails every activity that a worker of an earlier start had begun, so that it is retried now.
func (s *Stack) endOrphans(ctx context.Context) error {
	var page []byte
	for {
		list, err := s.Client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: Namespace, Query: `ExecutionStatus = "Running"`, PageSize: 200, NextPageToken: page,
		})
		if err != nil {
			return fmt.Errorf("list what runs: %w", err)
		}
		for _, w := range list.GetExecutions() {
			if err := s.endOrphansOf(ctx, w.GetExecution()); err != nil {
				return err
			}
		}
		if page = list.GetNextPageToken(); len(page) == 0 {
			return nil
		}
	}
}

func (s *Stack) endOrphansOf(ctx context.Context, w *commonpb.WorkflowExecution) error {
	d, err := s.Client.DescribeWorkflowExecution(ctx, w.GetWorkflowId(), w.GetRunId())
	if gone(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at what runs: %w", err)
	}
	for _, a := range d.GetPendingActivities() {
		if !s.orphan(a) {
			continue
		}
		err := s.Client.CompleteActivityByID(ctx, Namespace, w.GetWorkflowId(), w.GetRunId(), a.GetActivityId(), nil,
			temporal.NewApplicationError("the process that worked on it has ended", "interrupted"))
		if err != nil && !gone(err) {
			return fmt.Errorf("take over an activity: %w", err)
		}
	}
	return nil
}

func (s *Stack) orphan(a *workflowpb.PendingActivityInfo) bool {
	return a.GetState() == enumspb.PENDING_ACTIVITY_STATE_STARTED && s.owner.former(a.GetLastWorkerIdentity())
}

// gone says that a workflow or activity ended meanwhile.
func gone(err error) bool {
	var missing *serviceerror.NotFound
	return errors.As(err, &missing)
}
