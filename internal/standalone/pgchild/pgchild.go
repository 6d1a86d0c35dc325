// Package pgchild runs PostgreSQL as a child process, so that one machine needs no set-up.
//
// The server listens on a Unix socket only, in a directory that nobody else may enter, and it
// never outlives its parent: on Linux the kernel tells it to shut down when the parent dies, by
// kill -9 too; elsewhere the next start shuts the orphan down. Existing data is never deleted.
//
// Imports of ours: none. It does not import the Temporal server, so that the fast test loop can
// use it.
package pgchild

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	superuser = "postgres"
	// port only names the socket file: there is no TCP listener.
	port         = 5432
	clusterName  = "tocsin"
	startTimeout = 60 * time.Second
	fastTimeout  = 30 * time.Second
	hardTimeout  = 5 * time.Second
)

// Options of a server. The zero value of every field but Dir is usable.
type Options struct {
	// Dir holds everything of this server (data/, postgres.log, the socket). It is made if it is
	// missing. When this process is root, it is handed to the user that PostgreSQL runs as.
	Dir string
	// BinDir is the directory with postgres and initdb; empty means to look for it.
	BinDir string
	// MaxConnections is 200 if zero.
	MaxConnections int
	// SharedBuffers is "256MB" if empty.
	SharedBuffers string
	// Throwaway trades durability for speed (no fsync). Only for data that tests may lose.
	Throwaway bool
}

// Server is a running PostgreSQL. Its methods may be called from several goroutines.
type Server struct {
	dir    string
	bin    Binaries
	socket string
	lock   *os.File
	proc   *tethered

	mu       sync.Mutex
	stopping bool
	done     chan struct{}
	err      error
}

// Start starts PostgreSQL on o.Dir, initialising it when it is new, and returns when it takes
// connections. ctx bounds the start only, not the life of the server. The directory belongs to
// one process at a time; what a killed predecessor left behind is waited for, never removed.
//
// Errors: *MissingError (no binaries; says the install command), *VersionError (the data belongs
// to another major version), *InUseError, *UnreachableDirError (root only).
func Start(ctx context.Context, o Options) (_ *Server, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL's directory: %w", err)
	}
	bin, err := choose(o.BinDir, filepath.Join(dir, "data"))
	if err != nil {
		return nil, err
	}
	cred, err := runAs()
	if err != nil {
		return nil, err
	}
	if err := prepareDir(dir, cred); err != nil {
		return nil, err
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, bin: bin, lock: lock, done: make(chan struct{})}
	defer func() {
		if err != nil {
			s.release()
		}
	}()
	if err := waitForPrevious(ctx, s.dataDir()); err != nil {
		return nil, err
	}
	if err := disown(dir); err != nil {
		return nil, err
	}
	if err := s.initialise(ctx, cred, o.Throwaway); err != nil {
		return nil, err
	}
	if s.socket, err = socketDir(dir, cred); err != nil {
		return nil, err
	}
	if err := s.launch(ctx, cred, o); err != nil {
		return nil, err
	}
	return s, nil
}

// DSN is the connection URL of one database of this server, as pgx, goose and psql read it. It
// contains no secret: who may enter the socket's directory may connect.
func (s *Server) DSN(database string) string {
	q := url.Values{"host": {s.socket}, "port": {strconv.Itoa(port)}, "sslmode": {"disable"}}
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + database, RawQuery: q.Encode()}
	return u.String()
}

// CreateDatabase makes a database unless it is there already.
func (s *Server) CreateDatabase(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, s.DSN("postgres"))
	if err != nil {
		return fmt.Errorf("create database %s: connect: %w", name, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var there bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&there); err != nil {
		return fmt.Errorf("create database %s: look it up: %w", name, err)
	}
	if there {
		return nil
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

// PID of the postmaster.
func (s *Server) PID() int { return s.proc.pid }

// LogFile is where PostgreSQL writes its log.
func (s *Server) LogFile() string { return filepath.Join(s.dir, "postgres.log") }

// BinDir is the directory of the binaries in use (psql and pg_dump usually live there too).
func (s *Server) BinDir() string { return s.bin.Dir }

// Done is closed when the server has ended, by Stop or by itself; Err says which.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err is nil while the server runs and after a Stop, and says what happened when the server ended
// by itself.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Stop shuts the server down: connections are ended and everything is written to disk. It returns
// when the process is gone; calling it again is harmless.
func (s *Server) Stop() error {
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	for _, step := range []struct {
		sig  syscall.Signal
		wait time.Duration
	}{{syscall.SIGINT, fastTimeout}, {syscall.SIGQUIT, hardTimeout}, {syscall.SIGKILL, hardTimeout}} {
		select {
		case <-s.done:
			return s.Err()
		default:
		}
		s.proc.signal(step.sig)
		select {
		case <-s.done:
			return s.Err()
		case <-time.After(step.wait):
		}
	}
	return fmt.Errorf("PostgreSQL (pid %d) does not end; look at %s", s.PID(), s.LogFile())
}

func (s *Server) dataDir() string { return filepath.Join(s.dir, "data") }

// launch starts the postmaster and waits until it is ready. Shared memory of a predecessor that was
// killed with its backends still busy is in use for a moment; then the start is tried again.
func (s *Server) launch(ctx context.Context, cred *syscall.Credential, o Options) error {
	for {
		from, err := s.startProcess(cred, o)
		if err != nil {
			return err
		}
		err = s.waitReady(ctx)
		if err == nil {
			go s.watch()
			return nil
		}
		if said := s.logSince(from); !strings.Contains(said, "shared memory block") || ctx.Err() != nil {
			return fmt.Errorf("PostgreSQL did not start: %w%s; the whole log is in %s", err, lastLines(said), s.LogFile())
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// startProcess returns the length of the log before this start, so that a failure can quote its part.
func (s *Server) startProcess(cred *syscall.Credential, o Options) (int64, error) {
	log, err := openLog(s.LogFile())
	if err != nil {
		return 0, err
	}
	defer log.Close()
	var from int64
	if fi, err := log.Stat(); err == nil {
		from = fi.Size()
	}
	cmd := exec.Command(filepath.Join(s.bin.Dir, "postgres"), s.arguments(o)...) //nolint:noctx // ended in order, not killed with a context
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.dir, environment(), log, log
	cmd.SysProcAttr = childAttributes(cred)
	s.proc, err = tether(cmd)
	if err != nil {
		return 0, fmt.Errorf("start PostgreSQL: %w", err)
	}
	return from, nil
}

func (s *Server) arguments(o Options) []string {
	if o.MaxConnections == 0 {
		o.MaxConnections = 200
	}
	if o.SharedBuffers == "" {
		o.SharedBuffers = "256MB"
	}
	set := []string{
		"cluster_name=" + clusterName,
		"listen_addresses=",
		"port=" + strconv.Itoa(port),
		`unix_socket_directories="` + strings.ReplaceAll(s.socket, `"`, `""`) + `"`,
		"unix_socket_permissions=0700",
		"max_connections=" + strconv.Itoa(o.MaxConnections),
		"shared_buffers=" + o.SharedBuffers,
		"timezone=UTC",
		"log_timezone=UTC",
		// DETAIL and CONTEXT lines quote rows ("Key (email)=(...) already exists"): people's data
		// has no place in a log.
		"log_error_verbosity=terse",
		"log_min_error_statement=panic",
		"logging_collector=off",
		"log_destination=stderr",
	}
	if o.Throwaway {
		set = append(set, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum_naptime=1h")
	}
	args := []string{"-D", s.dataDir()}
	for _, v := range set {
		args = append(args, "-c", v)
	}
	return args
}

// waitReady waits until our postmaster (and not a predecessor) says that it is ready. It ends the
// process when the time is over.
func (s *Server) waitReady(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.proc.done:
			return fmt.Errorf("it ended at once (%w)", orExited(s.proc.err))
		case <-ctx.Done():
			s.proc.signal(syscall.SIGKILL)
			<-s.proc.done
			return fmt.Errorf("it was not ready in time (%w)", ctx.Err())
		case <-tick.C:
			if p, err := readPidFile(s.dataDir()); err == nil && p.pid == s.proc.pid && p.ready {
				return nil
			}
		}
	}
}

func (s *Server) watch() {
	<-s.proc.done
	s.mu.Lock()
	if !s.stopping {
		s.err = fmt.Errorf("PostgreSQL (pid %d) ended by itself (%w); its log is in %s; start again, the data is kept",
			s.proc.pid, orExited(s.proc.err), s.LogFile())
	}
	s.mu.Unlock()
	s.release()
	close(s.done)
}

func (s *Server) release() {
	if s.socket != "" && s.socket != s.dir {
		_ = os.RemoveAll(s.socket)
	}
	_ = unlock(s.lock)
}

func orExited(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}
