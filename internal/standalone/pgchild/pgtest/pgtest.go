// Package pgtest gives every test a PostgreSQL database of its own.
//
// One PostgreSQL is started per test process, on first use, without fsync, in a temporary
// directory. It ends with the test process however that ends, and its files are removed. A machine
// without PostgreSQL fails the test and says how to install it; nothing is skipped.
//
// Imports of ours: internal/standalone/pgchild. Only tests import it.
package pgtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/standalone/pgchild"
)

const patience = 2 * time.Minute

// DSN returns the URL of a fresh, empty database that lives as long as the test.
func DSN(tb testing.TB) string {
	tb.Helper()
	return New(tb, nil)
}

// New returns the URL of a fresh database that lives as long as the test. It is a copy of a
// template that migrate fills: once per test process and migrate function (closures made at one
// place in the source count as one function). Close all connections before the test ends.
func New(tb testing.TB, migrate func(dsn string) error) string {
	tb.Helper()
	s, err := shared()
	if err != nil {
		tb.Fatalf("these tests need PostgreSQL: %v", err)
	}
	tpl, err := s.template(migrate)
	if err != nil {
		tb.Fatalf("fill the template database: %v", err)
	}
	name := "test_" + strconv.FormatInt(s.count.Add(1), 10)
	if err := s.exec(fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, tpl)); err != nil {
		tb.Fatalf("make a database for the test: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.exec(fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", name)); err != nil {
			tb.Errorf("drop the test's database: %v", err)
		}
	})
	return s.pg.DSN(name)
}

type server struct {
	pg    *pgchild.Server
	alive *os.File // open as long as this process lives
	count atomic.Int64

	mu        sync.Mutex
	templates map[uintptr]*template
}

type template struct {
	once sync.Once
	name string
	err  error
}

var shared = sync.OnceValues(func() (*server, error) {
	dir, err := os.MkdirTemp("", "tocsin-pgtest-")
	if err != nil {
		return nil, err
	}
	// PostgreSQL runs as another user when the tests run as root, and has to get in.
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // others may pass through, not look around
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	pg, err := pgchild.Start(ctx, pgchild.Options{
		Dir: filepath.Join(dir, "pg"), Throwaway: true, MaxConnections: 300, SharedBuffers: "64MB",
	})
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	alive, err := removeAfterUs(dir, pg.PID())
	if err != nil {
		_ = pg.Stop()
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return &server{pg: pg, alive: alive, templates: map[uintptr]*template{}}, nil
})

// removeAfterUs leaves a shell behind that waits for the end of this process, by whatever means,
// then for the end of PostgreSQL, and removes the directory. A test process has no other place
// for that: there is no hook at its end, and none at all when it is killed.
// The pipe that is returned has to stay open: its end is how the shell notices ours.
func removeAfterUs(dir string, pid int) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	const script = `read -r nothing; kill -INT "$1"; n=0; while kill -0 "$1" && [ $n -lt 300 ]; do sleep 0.1; n=$((n+1)); done; rm -rf "$2"`
	cmd := exec.Command("/bin/sh", "-c", script, "sh", strconv.Itoa(pid), dir)
	cmd.Stdin = r
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is not for it
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the cleaner: %w", err)
	}
	return w, nil
}

func (s *server) template(migrate func(string) error) (string, error) {
	if migrate == nil {
		return "template0", nil
	}
	s.mu.Lock()
	key := reflect.ValueOf(migrate).Pointer()
	tpl, ok := s.templates[key]
	if !ok {
		tpl = &template{name: "template_" + strconv.Itoa(len(s.templates)+1)}
		s.templates[key] = tpl
	}
	s.mu.Unlock()
	tpl.once.Do(func() { tpl.err = s.fill(tpl.name, migrate) })
	return tpl.name, tpl.err
}

func (s *server) fill(name string, migrate func(string) error) error {
	if err := s.exec("CREATE DATABASE " + name + " TEMPLATE template0"); err != nil {
		return err
	}
	if err := migrate(s.pg.DSN(name)); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	// A connection that migrate left open would make every copy fail.
	if err := s.exec("ALTER DATABASE " + name + " ALLOW_CONNECTIONS false"); err != nil {
		return err
	}
	return s.exec("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '" + name + "'")
}

func (s *server) exec(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.pg.DSN("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, sql)
	return err
}
