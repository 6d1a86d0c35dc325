package store

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/standalone/pgchild/pgtest"
)

// A database that takes no writes for a while, as in a fail-over: connections that were opened meanwhile are not
// kept when it is over.
func TestReadOnlyConnectionsAreNotKept(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dsn := pgtest.New(t, migrateForTest)
	s, err := Open(ctx, Config{DatabaseURL: dsn, KeyDir: t.TempDir(), MaxConns: 4})
	require.NoError(t, err)
	defer s.Close()
	admin, err := pgx.Connect(ctx, dsn)
	require.NoError(t, err)
	defer admin.Close(ctx)
	name := pgx.Identifier{admin.Config().Database}.Sanitize()
	write := func() error {
		_, err := s.pool.Exec(ctx, `CREATE TABLE written (at timestamptz DEFAULT now()); DROP TABLE written`)
		return err
	}
	run := func(sql string) {
		_, err := admin.Exec(ctx, sql)
		require.NoError(t, err)
	}
	require.NoError(t, write())
	run(`ALTER DATABASE ` + name + ` SET default_transaction_read_only = on`)
	run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	require.Eventually(t, func() bool {
		err := write()
		return err != nil && strings.Contains(err.Error(), "read-only")
	}, 10*time.Second, 10*time.Millisecond)
	run(`SET default_transaction_read_only = off`) // our own session was opened before
	run(`ALTER DATABASE ` + name + ` RESET default_transaction_read_only`)
	require.NoError(t, write())
}
