package crash

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

//go:embed testdata/incident.yaml
var incidentFile string

// deployment is the product as several processes, as deploy/ describes it: PostgreSQL, Temporal, the API and
// workers, each looked after on its own. It is worked with by the operator's commands.
type deployment struct {
	*rig
	database *database
	temporal *part
	serve    *part
	workers  []*part

	url          string
	author, lead string // tokens
	incident     string
	looking      sync.WaitGroup
	over         chan struct{} // closed when nobody is to be asked any more
}

// deploy starts all parts. prepare is called when the database is there and empty. A worker whose clock can be
// set wrong follows the file that clock names.
func deploy(r *rig, workers int, clock string, prepare func(*deployment)) *deployment {
	t := r.t
	t.Helper()
	d := &deployment{rig: r, over: make(chan struct{})}
	tocsin, err := operator()
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(r.file("data/temporal"), 0o711))
	require.NoError(t, os.Chmod(r.file("data"), 0o711))
	require.NoError(t, os.MkdirAll(r.file("policies"), 0o700))
	policy, err := os.ReadFile("testdata/policy.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(r.file("policies/crash.yaml"), policy, 0o600))
	t.Cleanup(d.stop)
	t.Cleanup(func() {
		if t.Failed() {
			d.tellLogs()
		}
	})

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	d.database, err = startDatabase(ctx, r.file("data/postgres"))
	require.NoError(t, err)
	prepare(d)
	d.temporal = startPart("temporal", r.file("temporal.log"), func() *exec.Cmd {
		return exec.Command(r.bin, "part", "temporal", "--dir", r.file("data/temporal"))
	})
	environment := d.environment()
	command := func(bin string, args ...string) func() *exec.Cmd {
		return func() *exec.Cmd {
			c := exec.Command(bin, args...)
			c.Env = append(environment, "TEMPORAL_NAMESPACE=tocsin", "TEMPORAL_ADDRESS="+read(r.file("data/temporal/address")))
			return c
		}
	}
	out, err := command(tocsin, "migrate")().CombinedOutput()
	require.NoError(t, err, "%s", out)
	d.author, d.lead = d.token(command, tocsin, "crash.author", breach.RoleResponder), d.token(command, tocsin, "crash.lead", breach.RoleLead)
	d.await("Temporal", patience, func() bool { return read(r.file("data/temporal/address")) != "" })
	d.serve = startPart("serve", r.file("serve.log"), command(tocsin, "serve"))
	for i := range workers {
		name := "worker-" + strconv.Itoa(i+1)
		start := command(tocsin, "worker")
		if clock != "" {
			start = command(r.bin, "part", "worker", "--clock", clock)
		}
		d.workers = append(d.workers, startPart(name, r.file(name+".log"), start))
	}
	d.await("the API", patience, func() bool {
		res, err := http.Get(d.url + "/readyz")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return d
}

func read(path string) string {
	b, _ := os.ReadFile(path)
	return strings.TrimSpace(string(b))
}

func (d *deployment) token(command func(string, ...string) func() *exec.Cmd, tocsin, id string, role breach.Role) string {
	d.t.Helper()
	out, err := command(tocsin, "token", "add", "--id", id, "--role", string(role), "-o", "json")().Output()
	require.NoError(d.t, err)
	var who struct{ Token string }
	require.NoError(d.t, json.Unmarshal(out, &who))
	return who.Token
}

// environment is the settings file of this deployment.
func (d *deployment) environment() []string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(d.t, err)
	listen := l.Addr().String()
	require.NoError(d.t, l.Close())
	d.url = "http://" + listen
	server, _ := d.database.now()
	at := d.at.SMTP
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + d.dir, "TMPDIR=" + os.TempDir(),
		"TOCSIN_LISTEN=" + listen, "TOCSIN_DATA_DIR=" + d.file("data"), "TOCSIN_DATABASE_URL=" + server.DSN("tocsin"),
		"TOCSIN_POLICY_DIR=" + d.file("policies"), "TOCSIN_POLICY_DEFAULT=crash", "TOCSIN_LOG_LEVEL=warn",
		"TOCSIN_SMTP_ADDR=" + at.Address, "TOCSIN_SMTP_CA_FILE=" + at.CAFile, "TOCSIN_SMTP_USERNAME=" + at.Username, "TOCSIN_SMTP_PASSWORD=" + at.Password,
		"TOCSIN_SMTP_FROM=notice@crash-learning.example", "TOCSIN_SMTP_ENVELOPE_DOMAIN=bounce.crash-learning.example",
		"TOCSIN_SMTP_CONNECT_TIMEOUT=3s", "TOCSIN_SMTP_COMMAND_TIMEOUT=3s", "TOCSIN_SMTP_ANSWER_TIMEOUT=3s", "TOCSIN_SMTP_BACKOFF_MAX=2s",
	}
}

// tellLogs prints the end of what each part told its operator: a failure elsewhere has no other trace.
func (d *deployment) tellLogs() {
	const most = 4096
	for _, p := range append([]*part{d.serve, d.temporal}, d.workers...) {
		if p == nil {
			continue
		}
		log := read(p.log)
		d.t.Logf("the end of the log of %s:\n%s", p.name, log[max(0, len(log)-most):])
	}
}

// stop ends all parts in order.
func (d *deployment) stop() {
	select {
	case <-d.over:
	default:
		close(d.over)
	}
	d.looking.Wait()
	parts := append([]*part{d.serve}, d.workers...)
	var ending sync.WaitGroup
	for _, p := range append(parts, d.temporal) {
		if p != nil {
			ending.Go(p.stop)
		}
	}
	ending.Wait()
	if d.database != nil {
		for _, pid := range d.postgres() {
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
		d.database.stop()
	}
}

// await waits for something to become true.
func (d *deployment) await(what string, patience time.Duration, is func() bool) {
	d.t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(40 * time.Millisecond) {
		if time.Now().After(end) {
			d.t.Fatalf("after %s still not: %s; logs are in %s", patience, what, d.dir)
		}
	}
}

// try carries an operator's command out and reads its answer.
func (d *deployment) try(token string, out any, args ...string) error {
	d.t.Helper()
	tocsin, err := operator()
	require.NoError(d.t, err)
	c := exec.Command(tocsin, append(args, "-o", "json")...)
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + d.dir, "TOCSIN_SERVER=" + d.url, "TOCSIN_TOKEN=" + token}
	var said strings.Builder
	c.Stderr = &said
	answer, err := c.Output()
	if err != nil {
		return fmt.Errorf("tocsin %s: %w\n%s%s", strings.Join(args, " "), err, answer, said.String())
	}
	if out != nil {
		require.NoError(d.t, json.Unmarshal(answer, out), "%s", answer)
	}
	return nil
}

// do carries a command out, again while parts are away.
func (d *deployment) do(token string, patience time.Duration, out any, args ...string) {
	d.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(500 * time.Millisecond) {
		err := d.try(token, out, args...)
		if err == nil {
			return
		}
		if time.Now().After(end) {
			d.t.Fatal(err)
		}
	}
}

// approve carries the incident to the point where people are told.
func (d *deployment) approve() {
	t := d.t
	t.Helper()
	n := len(d.people)
	day := time.Now().UTC().Add(-24 * time.Hour)
	text := strings.NewReplacer(
		"2026-01-05", day.Add(-24*time.Hour).Format(time.DateOnly), "2026-01-06", day.Format(time.DateOnly),
		"total: 0", "total: "+strconv.Itoa(n), "{NZ: 0}", fmt.Sprintf("{NZ: %d}", n),
	).Replace(incidentFile)
	require.NoError(t, os.WriteFile(d.file("incident.yaml"), []byte(text), 0o600))
	var opened struct{ Incident string }
	d.do(d.author, 0, &opened, "incident", "open", "-f", d.file("incident.yaml"))
	d.incident = opened.Incident
	var loaded struct{ Added int64 }
	d.do(d.author, 0, &loaded, "recipients", "load", d.incident, d.file("people.csv"))
	require.EqualValues(t, n, loaded.Added)
	var plan struct {
		Plan struct {
			Hash string `json:"hash"`
		} `json:"plan"`
	}
	submitted := d.try(d.author, nil, "plan", "submit", d.incident) // of a long list it takes longer than a caller waits
	d.await(fmt.Sprintf("the plan stands; submitting it said %v", submitted), patience, func() bool {
		return d.try(d.lead, &plan, "plan", "show", d.incident) == nil
	})
	d.looking.Go(func() { d.watch() })
	d.do(d.lead, patience, nil, "plan", "approve", d.incident, "--plan-hash", plan.Plan.Hash, "--accept-unreviewed")
}

// watch asks again and again, as long as anybody answers, whether people add up.
func (d *deployment) watch() {
	client := &http.Client{Timeout: 10 * time.Second}
	every := 500*time.Millisecond + time.Duration(len(d.people))*20*time.Microsecond
	for {
		select {
		case <-d.over:
			return
		case <-time.After(every):
			d.look(client, d.url, d.incident, d.lead)
		}
	}
}

// overview is how the incident stands; ok is false while nobody answers.
func (d *deployment) overview() (v breach.Overview, ok bool) {
	return d.ask(d.url, d.incident, d.lead)
}

// conclude waits until the delivery has ended by itself, closes the incident, and keeps what the product says
// about itself where the proof reads it.
func (d *deployment) conclude(patience time.Duration) {
	t := d.t
	t.Helper()
	var v breach.Overview
	for end := time.Now().Add(patience); ; time.Sleep(500 * time.Millisecond) {
		var ok bool
		if v, ok = d.overview(); ok && v.EngineAnswers && awaits(v, "close") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("after %s the delivery has not ended by itself: people %v, messages %v, awaited %v; the outbox holds %v; logs are in %s",
				patience, v.People, v.Channels, v.Awaited, d.outboxNow(), d.dir)
		}
	}
	d.do(d.lead, time.Minute, nil, "incident", "close", d.incident, "--reason", "whether New Zealand asks for a report is not what this suite tries")
	d.await("the incident is closed", time.Minute, func() bool {
		var ok bool
		v, ok = d.overview()
		return ok && v.Incident.State == breach.IncidentClosed && v.Evidence != nil
	})
	var sealed struct {
		File     string
		Verified bool
	}
	d.do(d.lead, 0, &sealed, "evidence", "export", d.incident, "-O", d.file("pack.zip"), "--force")
	sum := summary{Incident: d.incident, State: string(v.Incident.State), People: map[string]int64{"total": v.Total}, Deliveries: map[breach.Channel]map[string]int64{}}
	for o, n := range v.People {
		sum.People[string(o)] = n
	}
	for c, counts := range v.Channels {
		sum.Deliveries[c] = map[string]int64{}
		for what, n := range counts {
			sum.Deliveries[c][what] = n
		}
	}
	sum.Evidence.File, sum.Evidence.Verified = sealed.File, sealed.Verified
	b, err := json.Marshal(sum)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(d.file("summary.json"), b, 0o600))
	require.True(t, v.Balanced)
}

func awaits(v breach.Overview, what string) bool {
	for _, a := range v.Awaited {
		if a.What == what {
			return true
		}
	}
	return false
}

// sql carries a statement out as the database's owner, with a connection of its own.
func (d *deployment) sql(statement string) error {
	server, _ := d.database.now()
	ctx, cancel := context.WithTimeout(d.t.Context(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, filepath.Join(server.BinDir(), "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement, server.DSN("postgres")).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}
