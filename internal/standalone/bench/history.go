package bench

import (
	"context"
	"errors"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// runs lists every run of every workflow of an incident. Temporal lists a run a moment after it began, so the
// two that matter most are added by name.
func runs(ctx context.Context, c client.Client, namespace, incident string, wave int) ([]*commonpb.WorkflowExecution, error) {
	out := []*commonpb.WorkflowExecution{{WorkflowId: protocol.IncidentID(incident)}, {WorkflowId: protocol.DeliverID(incident, wave)}}
	var page []byte
	for {
		list, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: namespace, PageSize: 500, NextPageToken: page})
		if err != nil {
			return nil, err
		}
		for _, w := range list.GetExecutions() {
			if strings.Contains(w.GetExecution().GetWorkflowId(), "/"+incident) {
				out = append(out, w.GetExecution())
			}
		}
		if page = list.GetNextPageToken(); len(page) == 0 {
			return out, nil
		}
	}
}

// stories says how long the longest history of one run is, and how long the activities of each kind took
// together, from being begun to being done.
func stories(ctx context.Context, c client.Client, namespace, incident string, wave int) (longest int64, took map[string]time.Duration, err error) {
	all, err := runs(ctx, c, namespace, incident, wave)
	if err != nil {
		return 0, nil, err
	}
	took = map[string]time.Duration{}
	seen := map[string]bool{}
	for _, w := range all {
		d, err := c.DescribeWorkflowExecution(ctx, w.GetWorkflowId(), w.GetRunId())
		var missing *serviceerror.NotFound
		if errors.As(err, &missing) {
			continue
		}
		if err != nil {
			return 0, nil, err
		}
		info := d.GetWorkflowExecutionInfo()
		run := info.GetExecution()
		if seen[run.GetRunId()] {
			continue
		}
		seen[run.GetRunId()] = true
		longest = max(longest, info.GetHistoryLength())
		if err := addActivities(ctx, c, run, took); err != nil {
			return 0, nil, err
		}
	}
	return longest, took, nil
}

func addActivities(ctx context.Context, c client.Client, run *commonpb.WorkflowExecution, took map[string]time.Duration) error {
	names, begun := map[int64]string{}, map[int64]time.Time{}
	end := func(scheduled int64, at time.Time) {
		if t, ok := begun[scheduled]; ok {
			took[names[scheduled]] += at.Sub(t)
		}
	}
	for it := c.GetWorkflowHistory(ctx, run.GetWorkflowId(), run.GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); it.HasNext(); {
		e, err := it.Next()
		if err != nil {
			return err
		}
		at := e.GetEventTime().AsTime()
		switch a := e.GetAttributes().(type) {
		case *historypb.HistoryEvent_ActivityTaskScheduledEventAttributes:
			names[e.GetEventId()] = a.ActivityTaskScheduledEventAttributes.GetActivityType().GetName()
		case *historypb.HistoryEvent_ActivityTaskStartedEventAttributes:
			begun[a.ActivityTaskStartedEventAttributes.GetScheduledEventId()] = at
		case *historypb.HistoryEvent_ActivityTaskCompletedEventAttributes:
			end(a.ActivityTaskCompletedEventAttributes.GetScheduledEventId(), at)
		case *historypb.HistoryEvent_ActivityTaskFailedEventAttributes:
			end(a.ActivityTaskFailedEventAttributes.GetScheduledEventId(), at)
		}
	}
	return nil
}
