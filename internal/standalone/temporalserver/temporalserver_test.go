package temporalserver_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/tocsin-engine/tocsin/internal/standalone/temporalserver"
)

const namespace = "tocsin"

// TestMain lets this test binary be the process that gets killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("TOCSIN_TEST_TEMPORAL_VICTIM"); dir != "" {
		s, err := temporalserver.Start(context.Background(), temporalserver.Options{Dir: dir, Namespace: namespace, UIPort: temporalserver.NoUI})
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println(s.HostPort())
		select {}
	}
	os.Exit(m.Run())
}

func start(t *testing.T, o temporalserver.Options) *temporalserver.Server {
	t.Helper()
	o.Namespace = namespace
	s, err := temporalserver.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	return s
}

func dial(t *testing.T, hostPort string) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: hostPort, Namespace: namespace})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func TestServerUIAndSearchAttributes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "with space, 100% & 中文?")
	started := time.Now()
	s := start(t, temporalserver.Options{Dir: dir, SearchAttributes: map[string]enumspb.IndexedValueType{
		"TocsinPolicy": enumspb.INDEXED_VALUE_TYPE_KEYWORD, "TocsinOpen": enumspb.INDEXED_VALUE_TYPE_BOOL,
	}})
	t.Logf("started in %s", time.Since(started))
	require.FileExists(t, filepath.Join(dir, "temporal.sqlite"))

	c := dial(t, s.HostPort())
	ns, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	require.NoError(t, err)
	require.Equal(t, temporalserver.Retention, ns.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())

	policy := temporal.NewSearchAttributeKeyKeyword("TocsinPolicy")
	_, err = c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "one", TaskQueue: "nobody", TypedSearchAttributes: temporal.NewSearchAttributes(policy.ValueSet("mooc")),
		Priority: temporal.Priority{FairnessKey: "incident-1"},
	}, "Unknown")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		got, err := c.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Query: `TocsinPolicy = "mooc"`})
		return err == nil && got.GetCount() == 1
	}, 10*time.Second, 20*time.Millisecond)

	require.Eventually(t, func() bool {
		res, err := http.Get(s.UIURL())
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	}, 10*time.Second, 20*time.Millisecond)
}

func TestRestartKeepsPortsAndAddsSearchAttributes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, temporalserver.Options{Dir: dir})
	hostPort, ui := first.HostPort(), first.UIURL()
	require.NoError(t, first.Stop())

	second := start(t, temporalserver.Options{Dir: dir, SearchAttributes: map[string]enumspb.IndexedValueType{
		"AddedLater": enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	}})
	require.Equal(t, hostPort, second.HostPort())
	require.Equal(t, ui, second.UIURL())
	later := temporal.NewSearchAttributeKeyKeyword("AddedLater")
	_, err := dial(t, hostPort).ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "two", TaskQueue: "nobody", TypedSearchAttributes: temporal.NewSearchAttributes(later.ValueSet("x")),
	}, "Unknown")
	require.NoError(t, err)
	require.NoError(t, second.Stop())

	taken, err := net.Listen("tcp", hostPort)
	require.NoError(t, err)
	defer taken.Close()
	third := start(t, temporalserver.Options{Dir: dir, UIPort: temporalserver.NoUI})
	require.NotEqual(t, hostPort, third.HostPort(), "another free port when the old one is taken")
	require.Empty(t, third.UIURL())
	_, err = dial(t, third.HostPort()).DescribeWorkflowExecution(t.Context(), "two", "")
	require.NoError(t, err)
}

func TestPortInUseIsClear(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	addr, ok := taken.Addr().(*net.TCPAddr)
	require.True(t, ok)
	port := addr.Port
	for _, o := range []temporalserver.Options{{Port: port}, {UIPort: port}} {
		o.Dir, o.Namespace = t.TempDir(), namespace
		_, err := temporalserver.Start(t.Context(), o)
		var inUse *temporalserver.PortInUseError
		require.ErrorAs(t, err, &inUse)
		require.Equal(t, port, inUse.Port)
		require.ErrorContains(t, err, fmt.Sprint(port))
		require.NoFileExists(t, filepath.Join(o.Dir, "temporal.sqlite"))
	}
}

func TestKillLosesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 3 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "TOCSIN_TEST_TEMPORAL_VICTIM="+dir)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		line, err := bufio.NewReader(out).ReadString('\n')
		require.NoError(t, err)
		require.NotContains(t, line, "error")
		c := dial(t, strings.TrimSpace(line))
		_, err = c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: fmt.Sprint("kept-", i), TaskQueue: "nobody"}, "Unknown")
		require.NoError(t, err)
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
		c.Close()
	}
	c := dial(t, start(t, temporalserver.Options{Dir: dir, UIPort: temporalserver.NoUI}).HostPort())
	for i := range 3 {
		d, err := c.DescribeWorkflowExecution(t.Context(), fmt.Sprint("kept-", i), "")
		require.NoError(t, err)
		require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, d.GetWorkflowExecutionInfo().GetStatus())
	}
}

func TestHalfMadeDatabaseIsMadeAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "temporal.sqlite.new"), []byte("half"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ports.json"), []byte(`{"frontend": 99999999`), 0o600))
	start(t, temporalserver.Options{Dir: dir, UIPort: temporalserver.NoUI})
	require.NoFileExists(t, filepath.Join(dir, "temporal.sqlite.new"))
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	_, err := temporalserver.Start(t.Context(), temporalserver.Options{Dir: t.TempDir()})
	require.ErrorContains(t, err, "required")
	_, err = temporalserver.Start(t.Context(), temporalserver.Options{Dir: t.TempDir(), Namespace: namespace, Host: "localhost"})
	require.ErrorContains(t, err, "IP address")
}
