package pgtest_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/standalone/pgchild/pgtest"
)

var migrations atomic.Int32

func migrate(dsn string) error {
	migrations.Add(1)
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, dsn) // left open on purpose: copies must work all the same
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE TABLE thing (v int); INSERT INTO thing VALUES (7)")
	return err
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func TestEveryTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	t.Run("group", func(t *testing.T) {
		for i := range 4 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				conn := connect(t, pgtest.New(t, migrate))
				var n int
				require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM thing WHERE v = 7").Scan(&n))
				require.Equal(t, 1, n)
				_, err := conn.Exec(t.Context(), "INSERT INTO thing VALUES (7)")
				require.NoError(t, err)
			})
		}
	})
	require.EqualValues(t, 1, migrations.Load(), "the template is filled once")
}

func TestDSNIsEmpty(t *testing.T) {
	t.Parallel()
	var n int
	require.NoError(t, connect(t, pgtest.DSN(t)).QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&n))
	require.Zero(t, n)
}

// TestKilledTestProcessLeavesNothing runs this binary again and kills it.
func TestKilledTestProcessLeavesNothing(t *testing.T) {
	t.Parallel()
	if os.Getenv("TOCSIN_TEST_PGTEST_VICTIM") != "" {
		var dir string
		require.NoError(t, connect(t, pgtest.DSN(t)).QueryRow(t.Context(), "SHOW data_directory").Scan(&dir))
		fmt.Fprintln(os.Stderr, dir)
		time.Sleep(time.Minute)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run", "TestKilledTestProcessLeavesNothing")
	cmd.Env = append(os.Environ(), "TOCSIN_TEST_PGTEST_VICTIM=1")
	errs, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(errs).ReadString('\n')
	require.NoError(t, err)
	dir := strings.TrimSpace(line)
	require.DirExists(t, dir)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	require.Eventually(t, func() bool {
		_, err := os.Stat(dir)
		return os.IsNotExist(err)
	}, 30*time.Second, 50*time.Millisecond, "the directory is removed")
}
