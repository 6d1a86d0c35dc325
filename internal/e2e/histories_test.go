package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/converter"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/payload"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// recordInto names the folder that histories are written to.
const recordInto = "TOCSIN_RECORD_HISTORIES"

// historyLimit keeps what is committed for every release small.
const historyLimit = 300 << 10

// TestRecordHistories runs whole incidents and writes their histories for the replay test of workflows.
func TestRecordHistories(t *testing.T) {
	into := os.Getenv(recordInto)
	if into == "" {
		t.Skip("this is a tool, no test: it records the histories that workflows/replay_test.go replays; run it with make histories RELEASE=0.1")
	}
	require.NoError(t, os.MkdirAll(into, 0o755))
	w := ownWorld(t, dataDir(t), nil)
	keep := recorder{t: t, w: w, into: into}
	keep.mooc()
	keep.stopped()
	keep.chinesepod()
}

type recorder struct {
	t    *testing.T
	w    *world
	into string
}

// mooc is a story with everything that people may decide: a plan that is returned, facts that are amended,
// a pause, a second list, an acknowledgement, closing and reopening.
func (r recorder) mooc() {
	t, w, c := r.t, r.w, newCrowd()
	people := append(slowly(c, 40), theForty(c)...)
	k := w.open(t, example(t))
	k.load(t, listOf(t, people), "")
	k.lead.do(t, http.MethodPost, k.path("/plan/return"), map[string]string{"plan_hash": k.submit(t), "comment": "say more about passwords"}, nil)
	k.submit(t)
	var amended breach.Amended
	k.author.do(t, http.MethodPatch, k.path(""), map[string]any{"people": map[string]any{"minors": 12}}, &amended)
	k.approve(t, k.submit(t))
	k.until(t, "the first messages", func(v breach.Overview) bool { return v.People[breach.Reached] > 0 })
	k.author.do(t, http.MethodPost, k.path("/send/pause"), nil, nil)
	k.author.do(t, http.MethodPost, k.path("/send/resume"), nil, nil)
	v := k.told(t)
	for _, f := range v.Filings {
		if f.Status == "filed" {
			k.lead.do(t, http.MethodPost, k.path("/acknowledgements"), map[string]string{"obligation": f.Obligation, "number": "A-1"}, nil)
		}
	}
	k.load(t, listOf(t, c.some(10)), "")
	k.approve(t, k.submit(t))
	k.until(t, "the second list", func(v breach.Overview) bool { return v.People[breach.Pending] == 0 && awaits(v, "close") })
	k.closed(t)
	r.write("mooc", protocol.WorkflowIncident, protocol.IncidentID(k.id))
	r.write("mooc", protocol.WorkflowDeliver, protocol.DeliverID(k.id, 1))
	r.write("mooc", protocol.WorkflowAnnounce, protocol.AnnounceID(k.id, 1))
	require.NotEmpty(t, v.Filings)
	r.write("mooc", protocol.WorkflowReport, protocol.ReportID(k.id, v.Filings[0].Obligation))

	k.lead.do(t, http.MethodPost, k.path("/reopen"), nil, nil)
	k.until(t, "the story to go on", func(v breach.Overview) bool { return v.EngineAnswers && v.Incident.State != breach.IncidentClosed })
	k.load(t, listOf(t, c.some(2)), "")
	k.approve(t, k.submit(t))
	k.until(t, "the last list", func(v breach.Overview) bool { return v.People[breach.Pending] == 0 && awaits(v, "close") })
	k.closed(t)
	r.write("mooc-reopened", protocol.WorkflowIncident, protocol.IncidentID(k.id))
}

// stopped is a delivery that is stopped for good in the middle.
func (r recorder) stopped() {
	t, c := r.t, newCrowd()
	k := r.w.open(t, example(t))
	k.tell(t, slowly(c, 240))
	k.until(t, "the first messages", func(v breach.Overview) bool { return v.Channels[breach.Email]["accepted"] > 0 })
	k.author.do(t, http.MethodPost, k.path("/send/stop"), nil, nil)
	k.until(t, "the end of delivery", func(v breach.Overview) bool { return v.Stopped && v.Incident.State != breach.IncidentNotifying })
	r.write("stopped", protocol.WorkflowDeliver, protocol.DeliverID(k.id, 1))
}

// chinesepod is the same people under a policy without third parties.
func (r recorder) chinesepod() {
	t := r.t
	file := example(t)
	file.Policy = "chinesepod"
	k := r.w.open(t, file)
	k.tell(t, theForty(newCrowd()))
	k.told(t)
	k.closed(t)
	r.write("chinesepod", protocol.WorkflowIncident, protocol.IncidentID(k.id))
	r.write("chinesepod", protocol.WorkflowDeliver, protocol.DeliverID(k.id, 1))
}

// write records the newest run of a workflow as <workflow>-<name>.json.
func (r recorder) write(name, workflow, id string) {
	t := r.t
	t.Helper()
	h, err := r.w.history(t.Context(), id, "")
	require.NoError(t, err)
	require.NoError(t, r.w.readable(t.Context(), h))
	b, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(h)
	require.NoError(t, err)
	// The SDK puts the machine's name into the names of its own task queues.
	if machine, err := os.Hostname(); err == nil {
		b = bytes.ReplaceAll(b, []byte(machine+":"), []byte("machine:"))
	}
	require.Less(t, len(b), historyLimit, "%s of %s is too long to be committed; make its story shorter", workflow, name)
	require.NoError(t, os.WriteFile(filepath.Join(r.into, workflow+"-"+name+".json"), append(b, '\n'), 0o644))
	t.Logf("%s-%s.json: %d events, %d bytes", workflow, name, len(h.GetEvents()), len(b))
}

// history reads one run as Temporal stored it; an empty run is the newest.
func (w *world) history(ctx context.Context, id, run string) (*historypb.History, error) {
	h := &historypb.History{}
	events := w.Client.GetWorkflowHistory(ctx, id, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			return nil, fmt.Errorf("read the history of %s: %w", id, err)
		}
		h.Events = append(h.Events, e)
	}
	return h, nil
}

// readable decrypts everything in a history, the texts of failures too, and takes stack traces out, which
// name places of the machine that built the product.
func (w *world) readable(ctx context.Context, h *historypb.History) error {
	keys, err := payload.LoadKeys(filepath.Join(w.Dir.Keys(), "payload.key"))
	if err != nil {
		return err
	}
	codec, err := payload.NewCodec(keys)
	if err != nil {
		return err
	}
	err = proxy.VisitPayloads(ctx, h, proxy.VisitPayloadsOptions{
		Visitor: func(_ *proxy.VisitPayloadsContext, p []*commonpb.Payload) ([]*commonpb.Payload, error) {
			return codec.Decode(p)
		},
	})
	if err != nil {
		return fmt.Errorf("decrypt a history: %w", err)
	}
	return proxy.VisitFailures(ctx, h, proxy.VisitFailuresOptions{Visitor: func(_ *proxy.VisitFailuresContext, f *failurepb.Failure) error {
		converter.DecodeCommonFailureAttributes(converter.GetDefaultDataConverter(), f)
		f.EncodedAttributes, f.StackTrace = nil, ""
		return nil
	}})
}
