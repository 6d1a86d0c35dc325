package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/simulator"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
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
	if scratch, err = os.MkdirTemp("", "tocsin-crash-"); err == nil {
		err = os.Chmod(scratch, 0o711)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if code == 0 || os.Getenv("TOCSIN_CRASH_KEEP") == "" {
		_ = os.RemoveAll(scratch)
	} else {
		fmt.Fprintln(os.Stderr, "kept:", scratch)
	}
	os.Exit(code)
}

// rig is a product that can be killed, with the far ends of its wires in a process of their own.
type rig struct {
	t       *testing.T
	bin     string
	dir     string
	people  []person
	at      simulator.Endpoints
	sims    *exec.Cmd
	begin   time.Time
	started int // how many times the product was started
}

// newRig starts the simulators, which accept rate emails a second.
func newRig(t *testing.T, people int, rate float64) *rig {
	t.Helper()
	bin, err := program()
	require.NoError(t, err)
	r := &rig{t: t, bin: bin, dir: filepath.Join(scratch, strings.ToLower(t.Name()[len("TestMainJob12Crash"):])), people: crowd(people), begin: time.Now()}
	require.NoError(t, os.Mkdir(r.dir, 0o711))
	writeList(t, r.file("people.csv"), r.people)
	r.sims = exec.Command(bin, "simulators", "--dir", r.file("witness"), "--rate", strconv.FormatFloat(rate, 'f', -1, 64), "--latency", "25ms")
	r.sims.Stderr = os.Stderr
	require.NoError(t, r.sims.Start())
	t.Cleanup(func() { r.stopSimulators() })
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	r.at, err = simulator.Await(ctx, r.file("witness"))
	require.NoError(t, err)
	return r
}

func (r *rig) file(name string) string { return filepath.Join(r.dir, name) }

// stopSimulators ends the witness in order, so that its log can be opened.
func (r *rig) stopSimulators() {
	if r.sims.ProcessState == nil {
		_ = r.sims.Process.Signal(syscall.SIGTERM)
		_ = r.sims.Wait()
	}
}

// say prints a line with the time since the rig was made.
func (r *rig) say(format string, args ...any) {
	r.t.Logf("%6.1fs  %s", time.Since(r.begin).Seconds(), fmt.Sprintf(format, args...))
}

// run is one life of the product.
type run struct {
	*rig
	cmd   *exec.Cmd
	log   string // what it told people
	ended chan error
}

// start runs the demo on the rig's data directory: the first time it begins, later it goes on.
func (r *rig) start() *run {
	r.t.Helper()
	r.started++
	life := &run{rig: r, log: r.file(fmt.Sprintf("demo-%d.log", r.started)), ended: make(chan error, 1)}
	log, err := os.Create(life.log)
	require.NoError(r.t, err)
	defer log.Close()
	life.cmd = exec.Command(r.bin, "demo", "--exit", "--simulators", r.file("witness"), "--people", r.file("people.csv"),
		"--data-dir", r.file("data"), "--summary", r.file("summary.json"))
	life.cmd.Stdout, life.cmd.Stderr = log, log
	life.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(r.t, life.cmd.Start())
	go func() { life.ended <- life.cmd.Wait() }()
	r.t.Cleanup(func() { _ = syscall.Kill(-life.cmd.Process.Pid, syscall.SIGKILL) })
	return life
}

// kill ends the product without warning, as the kernel or a power cut would. Its PostgreSQL must go too.
func (l *run) kill() {
	l.t.Helper()
	require.NoError(l.t, syscall.Kill(-l.cmd.Process.Pid, syscall.SIGKILL))
	<-l.ended
	since := time.Now()
	for len(l.postgres()) > 0 {
		require.Less(l.t, time.Since(since), 5*time.Second, "PostgreSQL outlives the product: %v", l.postgres())
		time.Sleep(10 * time.Millisecond)
	}
}

// finish waits for the end of the story.
func (l *run) finish(patience time.Duration) {
	l.t.Helper()
	require.NoError(l.t, l.wait(patience), "the product did not end well:\n%s", l.told())
}

// wait waits for the product to end by itself.
func (l *run) wait(patience time.Duration) error {
	l.t.Helper()
	select {
	case err := <-l.ended:
		return err
	case <-time.After(patience):
		l.t.Fatalf("the product did not end within %s:\n%s", patience, l.told())
		return nil
	}
}

func (l *run) told() string {
	b, err := os.ReadFile(l.log)
	require.NoError(l.t, err)
	return string(b)
}

// until waits for something to become true while the product runs.
func (l *run) until(what string, patience time.Duration, is func() bool) {
	l.t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(5 * time.Millisecond) {
		select {
		case err := <-l.ended:
			l.t.Fatalf("the product ended (%v) before %s:\n%s", err, what, l.told())
		default:
		}
		if time.Now().After(end) {
			l.t.Fatalf("after %s still not: %s:\n%s", patience, what, l.told())
		}
	}
}

// approved says that the second person has decided: from here on messages go out.
func (l *run) approved() bool { return strings.Contains(l.told(), "approves exactly this") }

// postgres lists the processes of the rig's database server: they work in its data directory.
func (r *rig) postgres() (pids []int) {
	entries, err := os.ReadDir("/proc")
	require.NoError(r.t, err)
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if cwd, err := os.Readlink(filepath.Join("/proc", e.Name(), "cwd")); err == nil && strings.HasPrefix(cwd, r.file("data")) {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// outboxNow counts the messages that the providers hold, by channel.
func (r *rig) outboxNow() map[string]int {
	r.t.Helper()
	res, err := http.Get(r.at.OutboxURL + "/outbox/counts.json")
	require.NoError(r.t, err)
	defer res.Body.Close()
	var c outbox.Counts
	require.NoError(r.t, json.NewDecoder(res.Body).Decode(&c))
	return c.Channels
}

// control turns a fault on or off at the far end.
func (r *rig) control(body string) {
	r.t.Helper()
	res, err := http.Post(r.at.ControlURL, "application/json", strings.NewReader(body))
	require.NoError(r.t, err)
	require.NoError(r.t, res.Body.Close())
	require.Equal(r.t, http.StatusOK, res.StatusCode)
}
