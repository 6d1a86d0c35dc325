package workflows_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/workflows"
)

// histories holds one folder per release with histories that a real server recorded (make histories).
const histories = "testdata/histories"

// TestReplay runs every recorded history through the present code: a story that began under an older release
// must go on under this one. When it fails, the change needs an id in versions.go; a history is never
// recorded anew to make it pass.
func TestReplay(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(histories); os.IsNotExist(err) {
		t.Skipf("NO HISTORY IS RECORDED YET: run make histories, which writes %s/<release>/<workflow>-<name>.json, and commit what it writes", histories)
	}
	replayer, names := newReplayer(t)
	covered := map[string][]string{}
	files, err := filepath.Glob(filepath.Join(histories, "*", "*.json"))
	require.NoError(t, err)
	quiet := log.NewStructuredLogger(slog.New(slog.DiscardHandler))
	for _, file := range files {
		release := filepath.Base(filepath.Dir(file))
		covered[release] = append(covered[release], workflowOf(t, file))
		if err := replayer.ReplayWorkflowHistoryFromJSONFile(quiet, file); err != nil {
			t.Errorf("%s no longer replays; give the change an id in versions.go: %v", file, err)
		}
	}
	if len(covered) == 0 {
		t.Fatalf("%s holds no history: run make histories", histories)
	}
	for release, types := range covered {
		for _, name := range names {
			if !slices.Contains(types, name) {
				t.Errorf("release %s has no history of workflow %s (register.go): run make histories, or add a story that uses it", release, name)
			}
		}
	}
}

// newReplayer registers all workflows and lists their names.
func newReplayer(t *testing.T) (worker.WorkflowReplayer, []string) {
	t.Helper()
	r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{})
	require.NoError(t, err)
	n := &named{WorkflowReplayer: r}
	workflows.Register(n)
	require.NotEmpty(t, n.names)
	return r, n.names
}

type named struct {
	worker.WorkflowReplayer
	names []string
}

func (n *named) RegisterWorkflowWithOptions(w any, o workflow.RegisterOptions) {
	n.names = append(n.names, o.Name)
	n.WorkflowReplayer.RegisterWorkflowWithOptions(w, o)
}

func (n *named) RegisterDynamicWorkflow(any, workflow.DynamicRegisterOptions) {
	panic("a dynamic workflow has no name that a history could be looked up by")
}

// workflowOf reads which workflow a history is of.
func workflowOf(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	var h historypb.History
	require.NoError(t, temporalproto.CustomJSONUnmarshalOptions{DiscardUnknown: true}.Unmarshal(raw, &h), file)
	require.NotEmpty(t, h.Events, file)
	started := h.Events[0].GetWorkflowExecutionStartedEventAttributes()
	require.NotNil(t, started, "%s does not begin with the start of a workflow", file)
	return started.GetWorkflowType().GetName()
}

// anotherStory is a Report that began with a timer, which Report never sets. It was not recorded: it shows
// that the replayer can fail.
const anotherStory = `{"events": [
	{"eventId": "1", "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED", "workflowExecutionStartedEventAttributes": {
		"workflowType": {"name": "Report"}, "taskQueue": {"name": "incident"}, "originalExecutionRunId": "run",
		"input": {"payloads": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "e30="}]}, "attempt": 1}},
	{"eventId": "2", "eventType": "EVENT_TYPE_WORKFLOW_TASK_SCHEDULED", "workflowTaskScheduledEventAttributes": {"taskQueue": {"name": "incident"}, "attempt": 1}},
	{"eventId": "3", "eventType": "EVENT_TYPE_WORKFLOW_TASK_STARTED", "workflowTaskStartedEventAttributes": {"scheduledEventId": "2"}},
	{"eventId": "4", "eventType": "EVENT_TYPE_WORKFLOW_TASK_COMPLETED", "workflowTaskCompletedEventAttributes": {"scheduledEventId": "2", "startedEventId": "3"}},
	{"eventId": "5", "eventType": "EVENT_TYPE_TIMER_STARTED", "timerStartedEventAttributes": {"timerId": "5", "startToFireTimeout": "1s", "workflowTaskCompletedEventId": "4"}},
	{"eventId": "6", "eventType": "EVENT_TYPE_TIMER_FIRED", "timerFiredEventAttributes": {"timerId": "5", "startedEventId": "5"}},
	{"eventId": "7", "eventType": "EVENT_TYPE_WORKFLOW_TASK_SCHEDULED", "workflowTaskScheduledEventAttributes": {"taskQueue": {"name": "incident"}, "attempt": 1}},
	{"eventId": "8", "eventType": "EVENT_TYPE_WORKFLOW_TASK_STARTED", "workflowTaskStartedEventAttributes": {"scheduledEventId": "7"}},
	{"eventId": "9", "eventType": "EVENT_TYPE_WORKFLOW_TASK_COMPLETED", "workflowTaskCompletedEventAttributes": {"scheduledEventId": "7", "startedEventId": "8"}},
	{"eventId": "10", "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED", "workflowExecutionCompletedEventAttributes": {"workflowTaskCompletedEventId": "9"}}]}`

func TestReplayNoticesAnotherStory(t *testing.T) {
	t.Parallel()
	replayer, _ := newReplayer(t)
	file := filepath.Join(t.TempDir(), "another.json")
	require.NoError(t, os.WriteFile(file, []byte(anotherStory), 0o600))
	require.Equal(t, "Report", workflowOf(t, file))
	err := replayer.ReplayWorkflowHistoryFromJSONFile(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), file)
	require.ErrorContains(t, err, "TMPRL1100")
}
