// Package standalone runs the whole product on one machine in one process: a PostgreSQL child, a Temporal
// server with its Web UI, worker, API and console. Only this package, cmd/tocsin-standalone and the
// end-to-end tests contain the Temporal server, whose first build takes minutes.
//
// It is a composition root: it sees both sides.
package standalone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/obs"
	"github.com/tocsin-engine/tocsin/internal/payload"
	"github.com/tocsin-engine/tocsin/internal/standalone/datadir"
	"github.com/tocsin-engine/tocsin/internal/standalone/pgchild"
	"github.com/tocsin-engine/tocsin/internal/standalone/temporalserver"
	"github.com/tocsin-engine/tocsin/internal/store"
	"github.com/tocsin-engine/tocsin/worker"
)

// Namespace of the embedded Temporal server.
const Namespace = "tocsin"

// Options of a stack.
type Options struct {
	DataDir     string // empty means the default of this user
	Listen      string // of API and console, host:port; empty means a free port on 127.0.0.1
	DatabaseURL string // empty means a PostgreSQL child in the data directory
	// Configure adds providers and policies to the settings once the public address is known.
	Configure func(*app.Settings) error
	// Worker starts the worker in another process, once everything that it needs runs, and returns what ends
	// it; nil means in this one.
	Worker func(ctx context.Context, s *Stack) (stop func(), err error)
	Log    *slog.Logger
	// Step is told what is being started, for people who wait; may be nil.
	Step func(what string)
}

// Stack is a running product.
type Stack struct {
	Product  *app.Product
	Settings app.Settings
	Dir      *datadir.Dir
	Temporal *temporalserver.Server
	Client   client.Client
	Database string // DSN of the ledger
	BaseURL  string

	owner    owner
	postgres *pgchild.Server
	cancel   context.CancelFunc
	failed   chan error
	wait     sync.WaitGroup
	closers  []func()
}

// Start starts everything. What was started is stopped again when a later part fails.
func Start(ctx context.Context, o Options) (_ *Stack, err error) {
	s := &Stack{failed: make(chan error, 4)}
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()
	if o.Step == nil {
		o.Step = func(string) {}
	}
	listener, err := s.ground(&o)
	if err != nil {
		return nil, err
	}
	if err := s.database(ctx, o); err != nil {
		return nil, err
	}
	if err := s.workflows(ctx, o); err != nil {
		return nil, err
	}
	o.Step("Starting worker, API and console")
	s.Settings.Owner = s.owner.name
	s.Settings.Store = store.Config{DatabaseURL: s.Database, KeyDir: s.Dir.Keys(), DefaultPolicy: s.Settings.DefaultPolicy}
	if s.Product, err = app.Build(ctx, s.Settings, s.Client); err != nil {
		return nil, err
	}
	s.closers = append(s.closers, func() { _ = s.Product.Close() })
	if err := s.takeOver(ctx); err != nil {
		return nil, err
	}
	if o.Worker == nil {
		o.Worker = func(_ context.Context, s *Stack) (func(), error) { return worker.Start(s.Client, s.Product.Ports) }
	}
	stopWorkers, err := o.Worker(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("start the worker: %w", err)
	}
	s.closers = append(s.closers, stopWorkers)
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.wait.Go(func() {
		if err := s.Product.ServeOn(run, listener, o.Log); err != nil && run.Err() == nil {
			s.failed <- fmt.Errorf("the API ended: %w", err)
		}
	})
	s.wait.Go(func() { s.Product.CatchUp(run, o.Log) })
	s.wait.Go(func() {
		if err := s.Product.Receive(run, o.Log); err != nil {
			s.failed <- fmt.Errorf("bounces cannot be taken: %w", err)
		}
	})
	s.wait.Go(func() { s.watchPostgres(run) })
	s.wait.Go(func() { s.sweep(run, o.Log) })
	return s, nil
}

// ground opens the data directory and the port, and prepares the settings.
func (s *Stack) ground(o *Options) (net.Listener, error) {
	if o.DataDir == "" {
		dir, err := datadir.Default()
		if err != nil {
			return nil, err
		}
		o.DataDir = dir
	}
	var err error
	if s.Dir, err = datadir.Open(o.DataDir); err != nil {
		return nil, err
	}
	s.closers = append(s.closers, func() { _ = s.Dir.Close() })
	if s.owner, err = newOwner(s.Dir); err != nil {
		return nil, err
	}
	if o.Log == nil {
		f, err := os.OpenFile(filepath.Join(s.Dir.Logs(), "tocsin.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, fmt.Errorf("open the log: %w", err)
		}
		s.closers = append(s.closers, func() { _ = f.Close() })
		if o.Log, err = obs.NewLogger(f, obs.LogOptions{Format: "json"}); err != nil {
			return nil, err
		}
	}
	listener, err := app.Listen(s.address(*o))
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, func() { _ = listener.Close() })
	s.BaseURL = "http://" + listener.Addr().String()
	_ = os.WriteFile(s.portFile(), []byte(listener.Addr().String()), 0o600)
	s.Settings = app.Settings{
		PublicBaseURL: s.BaseURL, Announcements: s.Dir.Announcements(), Evidence: s.Dir.Evidence(),
		Policies: &worker.Policies{}, DefaultPolicy: "mooc", Log: o.Log, Metrics: obs.NewMetrics(), Now: time.Now,
	}
	if o.Configure != nil {
		if err := o.Configure(&s.Settings); err != nil {
			return nil, err
		}
	}
	return listener, nil
}

func (s *Stack) portFile() string { return filepath.Join(s.Dir.Path(), "api-address") }

// address keeps the port of the last time with this data directory where it is free: callbacks of messages
// that were sent before a crash go to it.
func (s *Stack) address(o Options) string {
	if o.Listen != "" {
		return o.Listen
	}
	if b, err := os.ReadFile(s.portFile()); err == nil {
		if l, err := net.Listen("tcp", string(b)); err == nil {
			_ = l.Close()
			return string(b)
		}
	}
	return "127.0.0.1:0"
}

func (s *Stack) database(ctx context.Context, o Options) (err error) {
	s.Database = o.DatabaseURL
	if s.Database == "" {
		o.Step("Starting PostgreSQL")
		if s.postgres, err = pgchild.Start(ctx, pgchild.Options{Dir: s.Dir.Postgres()}); err != nil {
			return err
		}
		s.closers = append(s.closers, func() { _ = s.postgres.Stop() })
		if err := s.postgres.CreateDatabase(ctx, "tocsin"); err != nil {
			return err
		}
		s.Database = s.postgres.DSN("tocsin")
	}
	return store.Migrate(ctx, s.Database)
}

func (s *Stack) workflows(ctx context.Context, o Options) (err error) {
	o.Step("Starting the Temporal server")
	s.Temporal, err = temporalserver.Start(ctx, temporalserver.Options{
		Dir: s.Dir.Temporal(), Namespace: Namespace, LogFile: filepath.Join(s.Dir.Logs(), "temporal.log"),
	})
	if err != nil {
		return err
	}
	s.closers = append(s.closers, func() { _ = s.Temporal.Stop() })
	keys, err := payload.LoadOrCreateKeys(filepath.Join(s.Dir.Keys(), "payload.key"))
	if err != nil {
		return err
	}
	data, failure, err := payload.Converters(keys)
	if err != nil {
		return err
	}
	options := client.Options{
		HostPort: s.Temporal.HostPort(), Namespace: Namespace, DataConverter: data, FailureConverter: failure, Logger: o.Log,
		Identity: s.owner.name,
	}
	untrace, err := app.Trace(ctx, "tocsin-standalone", &options, o.Log)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, untrace)
	s.Client, err = client.Dial(options)
	if err != nil {
		return fmt.Errorf("connect to the Temporal server: %w", err)
	}
	s.closers = append(s.closers, s.Client.Close)
	return nil
}

func (s *Stack) watchPostgres(ctx context.Context) {
	if s.postgres == nil {
		return
	}
	select {
	case <-ctx.Done():
	case <-s.postgres.Done():
		if ctx.Err() == nil {
			s.failed <- fmt.Errorf("PostgreSQL ended while it was needed: %w; nothing that was answered is lost, start again with the same data directory", s.postgres.Err())
		}
	}
}

// Failed yields the first failure of a part that must not end.
func (s *Stack) Failed() <-chan error { return s.failed }

// Metrics is where the stack's own figures are.
func (s *Stack) Metrics() *prometheus.Registry { return s.Settings.Metrics }

// Stop ends everything in order; what was recorded stays, and the same data directory goes on from there.
func (s *Stack) Stop() {
	if s.cancel != nil {
		s.cancel()
	}
	s.wait.Wait()
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
	s.closers = nil
}

// ErrInUse tells whether a data directory is used by another process.
func ErrInUse(err error) bool {
	var in *datadir.InUseError
	return errors.As(err, &in)
}
