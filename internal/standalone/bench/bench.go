// Package bench measures the product: it carries one incident with generated people through the real story
// (open, load, submit, approve by a second person, deliver) with the worker in a process of its own, and in
// the same run a bare client that sends the same bytes to the same mail server. Killed at any moment, it goes
// on when it is started again with the same directory.
//
// It is part of the composition: it sees both sides, but not the Temporal server, which whoever calls it
// starts.
package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/render"
	"github.com/tocsin-engine/tocsin/worker"
)

// Options of a benchmark.
type Options struct {
	People      int
	SMTP        string // host:port of a mail server; empty starts one that only counts
	Connections int    // to the mail server, for the product and for the bare client
	Profile     string // directory for CPU profiles of the send; empty means none
	Screen      *Screen
}

// Stack is the running product that is measured, without its worker.
type Stack struct {
	Desk      *app.Desk
	Settings  app.Settings
	Client    client.Client // of Temporal
	Temporal  string        // host:port
	Namespace string
	BaseURL   string // of API and console
	Keys      string // directory
	Logs      string // directory
	Postgres  string // directory of the database child
	Database  string // DSN
	Failed    <-chan error
}

// The two identities.
var (
	author   = breach.Actor{ID: "bench.author", Name: "Bench Author", Role: breach.RoleResponder}
	approver = breach.Actor{ID: "bench.approver", Name: "Bench Approver", Role: breach.RoleLead}
)

// Bench is one run on one data directory.
type Bench struct {
	o       Options
	dir     string
	memory  memory
	resumed bool
	sink    *child // nil when the mail server is somebody else's
	worker  *child
	plain   plain
	began   int64 // most memory of the worker before it began to work, bytes

	imported time.Duration // the import of this start, until it is stored; 0 when it was done before
	judged   time.Duration // the same, until the duties were judged anew by it
	planned  time.Duration // from submitting to the plan
	approved time.Duration // how long the approver's call took
	stands   time.Time     // when it was answered; zero in a run that goes on
}

// memory is what survives a kill, in a file.
type memory struct {
	People   int    `json:"people"`
	Incident string `json:"incident"`
	SMTP     string `json:"smtp"` // as it was asked for
}

// New checks the options.
func New(o Options) (*Bench, error) {
	switch {
	case o.People < 1 || o.People > 10_000_000:
		return nil, breach.Errorf(breach.ErrInvalid, "the number of people is between 1 and 10,000,000")
	case o.Connections < 1 || o.Connections > 1000:
		return nil, breach.Errorf(breach.ErrInvalid, "the number of connections is between 1 and 1,000")
	}
	if o.SMTP != "" {
		if _, err := reachable(o.SMTP); err != nil {
			return nil, err
		}
	}
	return &Bench{o: o}, nil
}

// reachable says whether a mail server is on this machine (local) or in this network. Load goes nowhere else.
func reachable(address string) (local bool, err error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false, breach.Errorf(breach.ErrInvalid, "the mail server is written as HOST:PORT")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	found, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return false, breach.Errorf(breach.ErrInvalid, "the mail server's name leads nowhere")
	}
	local = true
	for _, ip := range found {
		if !ip.IP.IsLoopback() && !ip.IP.IsPrivate() {
			return false, breach.Errorf(breach.ErrInvalid, "the benchmark sends its load to this machine or a private network only")
		}
		local = local && ip.IP.IsLoopback()
	}
	return local, nil
}

// Configure takes the data directory, once it is locked, and starts the mail server.
func (b *Bench) Configure(dataDir string, s *app.Settings) (err error) {
	if s.Policies, err = policies(); err != nil {
		return err
	}
	s.DefaultPolicy = policyName
	b.dir = filepath.Join(dataDir, "bench")
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return fmt.Errorf("make the benchmark's directory: %w", err)
	}
	if err := b.recall(); err != nil {
		return err
	}
	b.plain = plain{address: b.o.SMTP, connections: b.o.Connections}
	if b.o.SMTP != "" {
		return nil
	}
	if !b.resumed {
		if err := os.RemoveAll(b.recordFile()); err != nil {
			return fmt.Errorf("begin a new record: %w", err)
		}
	}
	b.o.Screen.Say("Starting the mail server")
	b.sink, b.plain.address, err = start(RoleSink, sinkSettings{Record: b.recordFile()}, filepath.Join(b.dir, "sink.log"))
	return err
}

func (b *Bench) recordFile() string { return filepath.Join(b.dir, "taken") }
func (b *Bench) memoryFile() string { return filepath.Join(b.dir, "incident.json") }

// recall finds a run that was not finished.
func (b *Bench) recall() error {
	text, err := os.ReadFile(b.memoryFile())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, &b.memory)
	}
	switch {
	case err != nil:
		return fmt.Errorf("read what runs in this directory: %w", err)
	case b.memory.People != b.o.People:
		return breach.Errorf(breach.ErrInvalid, "a run with %d people is not finished in this directory: call it with --people %d, or choose another directory", b.memory.People, b.memory.People)
	case (b.memory.SMTP == "") != (b.o.SMTP == ""):
		return breach.Errorf(breach.ErrInvalid, "the run that is not finished in this directory uses another mail server; choose another directory")
	}
	b.resumed = true
	return nil
}

func (b *Bench) remember(incident string) error {
	b.memory = memory{People: b.o.People, Incident: incident, SMTP: b.o.SMTP}
	text, err := json.Marshal(b.memory)
	if err != nil {
		return err
	}
	if err := os.WriteFile(b.memoryFile()+".new", text, 0o600); err != nil {
		return fmt.Errorf("remember the run: %w", err)
	}
	return os.Rename(b.memoryFile()+".new", b.memoryFile())
}

// StartWorker starts the product's worker in a process of its own.
func (b *Bench) StartWorker(s Stack) (stop func(), err error) {
	b.o.Screen.Say("Starting the worker in a process of its own")
	var ready string
	b.worker, ready, err = start(RoleWorker, workerSettings{
		Database: s.Database, Keys: s.Keys, PayloadKeys: filepath.Join(s.Keys, "payload.key"), Temporal: s.Temporal,
		Namespace: s.Namespace, Owner: s.Settings.Owner, PublicBaseURL: s.Settings.PublicBaseURL,
		Announcements: s.Settings.Announcements, Evidence: s.Settings.Evidence, SMTP: b.plain.address, Connections: b.o.Connections,
	}, filepath.Join(s.Logs, "worker.log"))
	if err != nil {
		return nil, err
	}
	b.began, _ = strconv.ParseInt(ready, 10, 64)
	return b.worker.stop, nil
}

// Close ends the mail server.
func (b *Bench) Close() {
	if b.sink != nil {
		b.sink.stop()
	}
}

// Run carries the incident to the end of its sending and measures.
func (b *Bench) Run(ctx context.Context, s Stack) (Result, error) {
	return watched(ctx, b, s, b.run)
}

// watched measures until a part that is needed fails or the worker ends, and says then which it was.
func watched[T any](ctx context.Context, b *Bench, s Stack, measure func(context.Context, Stack) (T, error)) (T, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case err := <-s.Failed:
			cancel(err)
		case <-b.worker.over:
			cancel(errors.New("the worker ended while it was needed; the same --data-dir goes on from here"))
		case <-ctx.Done():
		}
	}()
	out, err := measure(ctx, s)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	return out, err
}

func (b *Bench) run(ctx context.Context, s Stack) (Result, error) {
	if err := b.open(ctx, s); err != nil {
		return Result{}, err
	}
	plan, err := b.plan(ctx, s)
	if err != nil {
		return Result{}, err
	}
	_, texts, err := s.Desk.Plan(ctx, b.memory.Incident, plan.Plan.Wave)
	if err != nil {
		return Result{}, err
	}
	words, err := render.New()
	if err != nil {
		return Result{}, err
	}
	if b.plain.letter, err = compose(ctx, worker.Words{Engine: words, PublicBaseURL: s.Settings.PublicBaseURL}, texts); err != nil {
		return Result{}, err
	}
	if plan.State != breach.PlanApproved {
		if err := b.bare(ctx); err != nil {
			return Result{}, err
		}
	}
	sent, err := b.deliver(ctx, s, plan)
	if err != nil {
		return Result{}, err
	}
	if err := b.bare(ctx); err != nil {
		return Result{}, err
	}
	r, err := b.result(ctx, s, plan.Plan.Wave, sent)
	if err != nil {
		return r, err
	}
	return r, os.Remove(b.memoryFile())
}

// Bounds of one half of the bare client's run: enough to measure, and no longer than needed where the mail
// server is slow.
const (
	bareLeast, bareMost = 5_000, 50_000
	bareLimit           = 5 * time.Second
)

// bare runs half of the bare client's messages, before and after the product's, so that both see the machine
// as it is.
func (b *Bench) bare(ctx context.Context) error {
	b.o.Screen.Say("Measuring the bare client")
	return b.plain.run(ctx, min(max(b.o.People/2, bareLeast), bareMost), bareLimit)
}
