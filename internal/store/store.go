package store

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Config says where the ledger and its keys are.
type Config struct {
	// DatabaseURL is a PostgreSQL URL or DSN of a migrated database.
	DatabaseURL string
	// AllowPlaintext says out loud that the connection may go unencrypted beyond this machine.
	AllowPlaintext bool
	// KeyDir holds kek.key (wraps the data keys) and approval.key (signs approvals). Both are made on the
	// first start, with mode 0600. It needs a back-up of its own, apart from the database's.
	KeyDir string
	// DefaultPolicy is the policy profile of drafts that detectors open.
	DefaultPolicy string
	// MaxConns bounds the pool; 0 means 16.
	MaxConns int32

	tracer pgx.QueryTracer // tests break statements with it
}

// Store is the ledger. It is safe for many goroutines.
type Store struct {
	pool          *pgxpool.Pool
	kek           tink.AEAD
	approvalKey   ed25519.PrivateKey
	defaultPolicy string
	boxes         sync.Map // incident -> *box
	hot           hot
}

// Open connects to a migrated ledger and takes its keys. A key file that is missing while the ledger holds
// data that it protects is an error, never a reason for a new key.
func Open(ctx context.Context, c Config) (*Store, error) {
	pc, err := pgxpool.ParseConfig(c.DatabaseURL)
	if err != nil {
		return nil, breach.Errorf(breach.ErrInvalid, "the database URL cannot be read; use postgres://user@host/name")
	}
	if !c.AllowPlaintext {
		if err := encrypted(pc.ConnConfig); err != nil {
			return nil, err
		}
	}
	pc.MaxConns = 16
	if c.MaxConns > 0 {
		pc.MaxConns = c.MaxConns
	}
	pc.ConnConfig.Tracer = c.tracer
	pc.ConnConfig.RuntimeParams["timezone"] = "UTC"
	pc.AfterConnect = compileNothing
	pc.AfterRelease = writable
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, clean("open the ledger", err)
	}
	s := &Store{pool: pool, defaultPolicy: c.DefaultPolicy}
	if err := checkSchema(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	if err := s.takeKeys(ctx, c.KeyDir); err != nil {
		pool.Close()
		return nil, clean("take the ledger's keys", err)
	}
	return s, nil
}

// encrypted refuses a connection that would go, or could fall back to go, over a network in plain text: names and
// contacts are sealed in it, and what is looked up is not (promise C03). PostgreSQL's own default, sslmode=prefer,
// falls back without a word.
func encrypted(c *pgx.ConnConfig) error {
	plain := func(host string, secure *tls.Config) bool {
		ip := net.ParseIP(host)
		here := strings.HasPrefix(host, "/") || host == "localhost" || ip != nil && ip.IsLoopback()
		return secure == nil && !here
	}
	bad := plain(c.Host, c.TLSConfig)
	for _, f := range c.Fallbacks {
		bad = bad || plain(f.Host, f.TLSConfig)
	}
	if bad {
		return breach.Errorf(breach.ErrInvalid, "the connection to PostgreSQL may go unencrypted over a network: add sslmode=verify-full (and sslrootcert=FILE) to database.url, or say database.allow_plaintext: true")
	}
	return nil
}

// compileNothing keeps the server from compiling queries: ours are over in less time than that takes, and the
// planner overrates those that unfold arrays.
func compileNothing(ctx context.Context, c *pgx.Conn) error {
	_, err := c.Exec(ctx, "SET jit = off")
	return err
}

// Close ends all connections.
func (s *Store) Close() { s.pool.Close() }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return clean("ping the ledger", s.pool.Ping(ctx)) }

// querier is what reading helpers need: the pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

const attemptsPerWrite = 5

// inTx runs fn in one transaction, again when PostgreSQL chose it as the victim of a deadlock. fn must
// start from scratch each time.
func (s *Store) inTx(ctx context.Context, what string, fn func(pgx.Tx) error) error {
	for try := 1; ; try++ {
		err := pgx.BeginFunc(ctx, s.pool, fn)
		if err == nil || !worthAnotherTry(err) || try == attemptsPerWrite || ctx.Err() != nil {
			return clean(what, err)
		}
		time.Sleep(time.Duration(try) * 5 * time.Millisecond)
	}
}

// inSnapshot runs reads that must all see the same instant.
func (s *Store) inSnapshot(ctx context.Context, what string, fn func(pgx.Tx) error) error {
	opts := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return clean(what, pgx.BeginTxFunc(ctx, s.pool, opts, fn))
}

// collect reads all rows of a query through scan.
func collect[T any](ctx context.Context, q querier, scan pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

// instant is t as PostgreSQL keeps it: UTC, microseconds. Everything that is hashed or signed uses it.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func notFound(format string, args ...any) error {
	return breach.Errorf(breach.ErrNotFound, "%s", fmt.Sprintf(format, args...))
}

// isNoRows tells an empty answer from a failure.
func isNoRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
