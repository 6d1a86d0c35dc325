package crash

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/simulator"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// The two programs: built once, or those that TOCSIN_STANDALONE_BIN and TOCSIN_BIN name.
var (
	program  = built("tocsin-standalone", "TOCSIN_STANDALONE_BIN")
	operator = built("tocsin", "TOCSIN_BIN")
)

func built(name, variable string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		if path := os.Getenv(variable); path != "" {
			return filepath.Abs(path)
		}
		path := filepath.Join(scratch, name)
		out, err := exec.Command("go", "build", "-o", path, "github.com/tocsin-engine/tocsin/cmd/"+name).CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
		return path, nil
	})
}

// scratch holds what the tests build and keep; PostgreSQL's user may pass through.
var scratch string

// sideBySide is how many tests run at once unless -parallel says otherwise: they wait most of the time.
const sideBySide = "5"

func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", sideBySide)
	}
	var err error
	if scratch, err = os.MkdirTemp("", "tocsin-crash-"); err == nil {
		err = os.Chmod(scratch, 0o711)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := results.write(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if os.Getenv("TOCSIN_CRASH_KEEP") == "" {
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
	tell    func(string)    // takes a line for people
	started int             // how many times the product was started
	resumed []time.Duration // from a start to the first messages
	looks   atomic.Int64    // how often the invariant was looked at
	bound   int             // how many messages the crashes may have left unknown
	refused map[string]bool // contacts that the mail server refused for good
}

// newRig starts the simulators, which accept rate emails a second.
func newRig(t *testing.T, people int, rate float64) *rig {
	t.Helper()
	return rigFor(t, strings.ToLower(t.Name()[len("TestMainJob12Crash"):]), crowd(people), rate, "--latency", "25ms")
}

// rigFor starts the simulators as flags say, for people, in a directory of its own.
func rigFor(t *testing.T, name string, people []person, rate float64, flags ...string) *rig {
	t.Helper()
	bin, err := program()
	require.NoError(t, err)
	r := &rig{t: t, bin: bin, dir: filepath.Join(scratch, name), people: people, begin: time.Now(), tell: func(s string) { t.Helper(); t.Log(s) }}
	require.NoError(t, os.Mkdir(r.dir, 0o711))
	writeList(t, r.file("people.csv"), r.people)
	r.sims = exec.Command(bin, append([]string{"simulators", "--dir", r.file("witness"), "--rate", strconv.FormatFloat(rate, 'f', -1, 64)}, flags...)...)
	log, err := os.Create(r.file("simulators.log"))
	require.NoError(t, err)
	defer log.Close()
	r.sims.Stderr = log
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
	r.tell(fmt.Sprintf("%6.1fs  %s", time.Since(r.begin).Seconds(), fmt.Sprintf(format, args...)))
}

// run is one life of the product.
type run struct {
	*rig
	cmd   *exec.Cmd
	began time.Time
	log   string // what it told people
	ended chan error
}

// start runs the demo on the rig's data directory: the first time it begins, later it goes on.
func (r *rig) start() *run {
	r.t.Helper()
	r.started++
	life := &run{rig: r, began: time.Now(), log: r.file(fmt.Sprintf("demo-%d.log", r.started)), ended: make(chan error, 1)}
	log, err := os.Create(life.log)
	require.NoError(r.t, err)
	defer log.Close()
	life.cmd = exec.Command(r.bin, "demo", "--exit", "--simulators", r.file("witness"), "--people", r.file("people.csv"),
		"--data-dir", r.file("data"), "--summary", r.file("summary.json"))
	life.cmd.Stdout, life.cmd.Stderr = log, log
	life.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(r.t, life.cmd.Start())
	over := make(chan struct{})
	go func() {
		err := life.cmd.Wait()
		close(over)
		life.ended <- err
	}()
	var looking sync.WaitGroup
	looking.Go(func() { r.watchInvariant(over) })
	r.t.Cleanup(func() {
		select {
		case <-over:
		default:
			_ = syscall.Kill(-life.cmd.Process.Pid, syscall.SIGKILL)
		}
		looking.Wait()
	})
	return life
}

// kill ends the product without warning. Its PostgreSQL must go too: by itself, or killed in the same moment
// as in a power cut.
func (l *run) kill(both bool) {
	l.t.Helper()
	l.cut()
	database := 0
	if both {
		database = l.postmaster()
	}
	require.NoError(l.t, syscall.Kill(-l.cmd.Process.Pid, syscall.SIGKILL))
	if database != 0 {
		_ = syscall.Kill(database, syscall.SIGKILL) // it may be gone already
	}
	<-l.ended
	since := time.Now()
	for len(l.postgres()) > 0 {
		require.Less(l.t, time.Since(since), 20*time.Second, "PostgreSQL outlives the product: %v", l.postgres())
		time.Sleep(10 * time.Millisecond)
	}
}

// finish waits for the good end of the story.
func (l *run) finish() {
	l.t.Helper()
	require.NoError(l.t, l.wait(patience), "the product did not end well:\n%s", l.told())
	require.Empty(l.t, l.postgres(), "PostgreSQL ends with the product")
	l.say("done: the outbox holds %v", l.outboxNow())
}

// goesOn waits until a product that was started again hands messages over, which must not take long.
func (l *run) goesOn() {
	l.t.Helper()
	sent := func() int { n := l.outboxNow(); return n["email"] + n["sms"] + n["push"] }
	before := sent()
	l.until("sending goes on", patience, func() bool { return sent() > before+3 })
	l.resumed = append(l.resumed, time.Since(l.began))
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

// postmaster is the process of the database server that the others come from; 0 when there is none.
func (r *rig) postmaster() int {
	b, err := os.ReadFile(r.file("data/postgres/data/postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(b), "\n")
	pid, _ := strconv.Atoi(first)
	if !slices.Contains(r.postgres(), pid) {
		return 0 // what a killed one left behind
	}
	return pid
}

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

// having counts the people who have a contact for a channel.
func (r *rig) having(channel string) (n int) {
	for _, p := range r.people {
		if string(p.channel) == channel {
			n++
		}
	}
	return n
}

// watchInvariant asks the product again and again, as long as it lives, whether people add up.
func (r *rig) watchInvariant(over <-chan struct{}) {
	client := &http.Client{Timeout: 5 * time.Second}
	for {
		select {
		case <-over:
			return
		case <-time.After(500 * time.Millisecond):
		}
		if address, incident, token, ok := r.whom(); ok {
			r.look(client, "http://"+address, incident, token)
		}
	}
}

// look asks once whether people add up, if anybody answers.
func (r *rig) look(client *http.Client, url, incident, token string) {
	req, err := http.NewRequest(http.MethodGet, url+"/v1/incidents/"+incident+"/invariant", nil)
	if err != nil {
		return
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := client.Do(req)
	if err != nil {
		return // it does not listen yet, or is killed
	}
	var inv breach.Invariant
	err = json.NewDecoder(res.Body).Decode(&inv)
	_ = res.Body.Close()
	if err != nil || res.StatusCode != http.StatusOK {
		return
	}
	r.looks.Add(1)
	if n := inv.Tally.Sum(); !inv.Equal || n != inv.People || n != inv.Recount.Sum() || n != 0 && n != int64(len(r.people)) {
		r.t.Errorf("people do not add up: %+v", inv)
	}
}

// report prints what was found out.
func (r *rig) report(out result) {
	slowest := time.Duration(0)
	for _, d := range r.resumed {
		slowest = max(slowest, d)
	}
	r.say("%d people, %d interruptions: lost 0, told twice %d; unknown %d (confirmed %d, repeated %d, not knowable %d, answered late %d); slowest resume %.1f s; people added up in %d looks",
		len(r.people), out.kills, out.twice, out.unknown, out.confirmed, out.repeated, out.notKnowable, out.late, slowest.Seconds(), r.looks.Load())
}

// control turns a fault on or off at the far end.
func (r *rig) control(body string) {
	r.t.Helper()
	res, err := http.Post(r.at.ControlURL, "application/json", strings.NewReader(body))
	require.NoError(r.t, err)
	require.NoError(r.t, res.Body.Close())
	require.Equal(r.t, http.StatusOK, res.StatusCode)
}
