// Package bench runs the benchmark as an operator does, in the small, and kills it. It starts the program and
// reads what it answers.
//
// Imports of ours: none.
package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// program builds tocsin-standalone once, or takes the one that TOCSIN_STANDALONE_BIN names.
var program = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("TOCSIN_STANDALONE_BIN"); path != "" {
		return filepath.Abs(path)
	}
	path := filepath.Join(scratch, "tocsin-standalone")
	out, err := exec.Command("go", "build", "-o", path, "github.com/tocsin-engine/tocsin/cmd/tocsin-standalone").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build tocsin-standalone: %w\n%s", err, out)
	}
	return path, nil
})

// scratch holds what the tests build and keep; PostgreSQL's user may pass through.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "tocsin-bench-test-"); err == nil {
		err = os.Chmod(scratch, 0o711)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}

// answer is what scripts read.
type answer struct {
	People    int     `json:"people"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"per_second"`
	Baseline  float64 `json:"baseline_per_second"`
	Ratio     float64 `json:"ratio"`
	PeakRSS   int64   `json:"worker_peak_rss_bytes"`
	History   int64   `json:"temporal_history_events"`
	CPU       float64 `json:"cpu_us_per_message"`
	Resumed   bool    `json:"resumed"`
	Unknown   int64   `json:"unknown"`
	Repeated  int64   `json:"repeated"`
	Lost      int64   `json:"lost"`
	Balanced  bool    `json:"balanced"`
	Sink      struct {
		Messages int `json:"messages"`
		People   int `json:"people"`
		Copies   int `json:"copies"`
		OtherIDs int `json:"other_ids"`
	} `json:"sink"`
}

// life is one start of the benchmark, in a process group of its own.
type life struct {
	cmd      *exec.Cmd
	out, err bytes.Buffer
}

func begin(t *testing.T, args ...string) *life {
	t.Helper()
	bin, err := program()
	require.NoError(t, err)
	l := &life{cmd: exec.Command(bin, append([]string{"bench", "deliver", "-o", "json"}, args...)...)}
	l.cmd.Stdout, l.cmd.Stderr = &l.out, &l.err
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	l.cmd.WaitDelay = 5 * time.Second
	require.NoError(t, l.cmd.Start())
	timer := time.AfterFunc(3*time.Minute, l.kill)
	t.Cleanup(func() {
		timer.Stop()
		if l.cmd.ProcessState == nil { // nobody waited for its end
			l.kill()
		}
	})
	return l
}

func (l *life) kill() { _ = syscall.Kill(-l.cmd.Process.Pid, syscall.SIGKILL) }

func (l *life) end(t *testing.T) (a answer) {
	t.Helper()
	require.NoError(t, l.cmd.Wait(), "%s", l.err.String())
	require.NoError(t, json.Unmarshal(l.out.Bytes(), &a), "JSON alone belongs on stdout: %s", l.out.String())
	return a
}

func dataDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(scratch, t.Name())
	require.NoError(t, os.Mkdir(dir, 0o711))
	return dir
}

func TestBenchMeasuresTheWholeProduct(t *testing.T) {
	t.Parallel()
	a := begin(t, "--people", "300").end(t)
	require.Equal(t, 300, a.People)
	require.Positive(t, a.Seconds)
	require.InEpsilon(t, 300/a.Seconds, a.PerSecond, 0.1)
	require.Greater(t, a.Baseline, a.PerSecond, "nothing is faster than a client that only sends")
	require.InDelta(t, a.PerSecond/a.Baseline, a.Ratio, 0.01)
	require.Positive(t, a.PeakRSS)
	require.Greater(t, a.History, int64(10))
	require.Less(t, a.History, int64(2000))
	require.Positive(t, a.CPU)
	require.False(t, a.Resumed)
	require.Zero(t, a.Lost+a.Unknown+a.Repeated)
	require.True(t, a.Balanced)
	require.Equal(t, 300, a.Sink.People)
	require.Equal(t, 300, a.Sink.Messages)
}

// The whole process group is killed in the middle of the send; the same call again goes on, loses nobody, and
// what it repeats is what the ledger did not know.
func TestBenchGoesOnAfterKill(t *testing.T) {
	t.Parallel()
	const people, most = 3000, 1000
	dir := dataDir(t)
	args := []string{"--people", strconv.Itoa(people), "--data-dir", dir}
	l := begin(t, args...)
	for since := time.Now(); ; time.Sleep(time.Millisecond) {
		record, _ := os.ReadFile(filepath.Join(dir, "bench", "taken"))
		if bytes.Count(record, []byte("@bench.test ")) > 100 {
			break
		}
		require.Less(t, time.Since(since), 2*time.Minute, "nothing is sent: %s", l.err.String())
	}
	l.kill()
	require.Error(t, l.cmd.Wait())
	before, err := os.ReadFile(filepath.Join(dir, "bench", "taken"))
	require.NoError(t, err)
	t.Logf("killed after %d messages", bytes.Count(before, []byte("@bench.test ")))

	a := begin(t, args...).end(t)
	t.Logf("%+v", a)
	require.True(t, a.Resumed)
	require.Zero(t, a.Lost)
	require.True(t, a.Balanced)
	require.Equal(t, people, a.Sink.People)
	require.LessOrEqual(t, a.Unknown, int64(most))
	require.Equal(t, a.Unknown, a.Repeated, "the policy repeats what nobody knows")
	require.LessOrEqual(t, int64(a.Sink.Copies), a.Repeated, "what arrived twice is on record as repeated")
	require.Zero(t, a.Sink.OtherIDs, "a repeated message keeps its Message-ID")
}
