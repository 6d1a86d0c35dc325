package pgchild

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// TestMain lets this test binary be the parent that gets killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("TOCSIN_TEST_PGCHILD_PARENT"); dir != "" {
		s, err := Start(context.Background(), Options{Dir: dir, Throwaway: true})
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println("pid", s.PID())
		select {}
	}
	os.Exit(m.Run())
}

// enterableTemp is a temporary directory that PostgreSQL's user can enter too.
func enterableTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tocsin-pgchild-test-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o711))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func start(t *testing.T, o Options) *Server {
	t.Helper()
	o.Throwaway = true
	s, err := Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

func one(t *testing.T, dsn, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	var v string
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&v))
	return v
}

func execute(t *testing.T, dsn, sql string) error {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), sql)
	return err
}

func TestStartStopRestartKeepsData(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(enterableTemp(t), "pg")
	s := start(t, Options{Dir: dir})
	require.NoError(t, s.CreateDatabase(t.Context(), "tocsin"))
	require.NoError(t, s.CreateDatabase(t.Context(), "tocsin"), "twice is harmless")
	require.Empty(t, one(t, s.DSN("tocsin"), "SHOW listen_addresses"), "Unix socket only")
	require.Equal(t, "on", one(t, s.DSN("tocsin"), "SHOW data_checksums"))
	require.NoError(t, execute(t, s.DSN("tocsin"), "CREATE TABLE kept AS SELECT 'yes' AS v"))

	_, err := Start(t.Context(), Options{Dir: dir})
	var inUse *InUseError
	require.ErrorAs(t, err, &inUse)

	require.NoError(t, s.Stop())
	require.NoError(t, s.Stop(), "twice is harmless")
	require.NoError(t, s.Err())
	select {
	case <-s.Done():
	default:
		t.Fatal("Done is not closed after Stop")
	}
	again := start(t, Options{Dir: dir})
	require.Equal(t, "yes", one(t, again.DSN("tocsin"), "SELECT v FROM kept"))
}

func TestLongAndStrangePaths(t *testing.T) {
	t.Parallel()
	for name, sub := range map[string]string{
		"long":    strings.Repeat("a-long-name-", 10),
		"strange": `with space, 100% "quote" & 中文`,
		"quoted":  `100% "quote"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{Dir: filepath.Join(enterableTemp(t), sub)})
			require.Equal(t, "t", one(t, s.DSN("postgres"), "SELECT 't'"))
			sock := s.socket
			require.NoError(t, s.Stop())
			if sock != s.dir {
				require.NoDirExists(t, sock)
			}
		})
	}
}

func TestChildThatDiesIsReported(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(enterableTemp(t), "pg")
	s := start(t, Options{Dir: dir})
	require.NoError(t, s.CreateDatabase(t.Context(), "tocsin"))
	require.NoError(t, syscall.Kill(s.PID(), syscall.SIGKILL))
	select {
	case <-s.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("nobody noticed that PostgreSQL was killed")
	}
	require.ErrorContains(t, s.Err(), "ended by itself")
	require.ErrorContains(t, s.Err(), s.LogFile())
	require.ErrorContains(t, s.Stop(), "ended by itself")

	again := start(t, Options{Dir: dir})
	require.Equal(t, "t", one(t, again.DSN("tocsin"), "SELECT 't'"), "its shared memory is cleared away")
}

func TestKilledParentTakesPostgresWithItAndRestarts(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(enterableTemp(t), "pg")
	for range 3 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "TOCSIN_TEST_PGCHILD_PARENT="+dir)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		line, err := bufio.NewReader(out).ReadString('\n')
		require.NoError(t, err)
		pid, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "pid ")))
		require.NoError(t, err, line)
		require.True(t, alive(pid))
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
	}
	s := start(t, Options{Dir: dir})
	require.Equal(t, "t", one(t, s.DSN("postgres"), "SELECT 't'"))
}

func TestInterruptedInitdbIsRepeated(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(enterableTemp(t), "pg")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "data.new", "base"), 0o700))
	s := start(t, Options{Dir: dir})
	require.Equal(t, "t", one(t, s.DSN("postgres"), "SELECT 't'"))
	require.NoDirExists(t, filepath.Join(dir, "data.new"))
}

func TestForeignDataIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, content, want string
	}{
		"another major version": {"PG_VERSION", "9\n", "made by PostgreSQL 9"},
		"damaged version":       {"PG_VERSION", "??", "is damaged"},
		"something else":        {"thesis.txt", "years of work", "no PostgreSQL data directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(enterableTemp(t), "pg")
			file := filepath.Join(dir, "data", c.file)
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
			require.NoError(t, os.WriteFile(file, []byte(c.content), 0o600))
			_, err := Start(t.Context(), Options{Dir: dir})
			require.ErrorContains(t, err, c.want)
			got, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, c.content, string(got))
			if c.content == "9\n" {
				_, err = Start(t.Context(), Options{Dir: dir})
				var v *VersionError
				require.ErrorAs(t, err, &v)
				require.Equal(t, 9, v.DataMajor)
			}
		})
	}
}

func TestMissingBinariesSayTheInstallCommand(t *testing.T) {
	t.Parallel()
	err := error(&MissingError{Looked: []string{"PATH"}})
	require.ErrorContains(t, err, InstallCommand())
	require.ErrorContains(t, err, BinEnv)

	nowhere := filepath.Join(t.TempDir(), "nowhere")
	_, err = Start(t.Context(), Options{Dir: t.TempDir(), BinDir: nowhere})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, InstallCommand())
	require.ErrorContains(t, err, nowhere)
}

func TestMissingBinariesAreNoticed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(BinEnv, "")
	saved := usualPlaces
	usualPlaces = []string{t.TempDir() + "/*/bin"}
	t.Cleanup(func() { usualPlaces = saved })
	_, err := Start(t.Context(), Options{Dir: t.TempDir()})
	var missing *MissingError
	require.ErrorAs(t, err, &missing)
}

func TestDirectoryOutOfReach(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root changes the user that PostgreSQL runs as")
	}
	closed := filepath.Join(enterableTemp(t), "closed")
	require.NoError(t, os.Mkdir(closed, 0o700))
	_, err := Start(t.Context(), Options{Dir: filepath.Join(closed, "pg")})
	var out *UnreachableDirError
	require.ErrorAs(t, err, &out)
	require.Equal(t, closed, out.Parent)
}

func TestStartObeysItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Start(ctx, Options{Dir: filepath.Join(enterableTemp(t), "pg")})
	require.ErrorIs(t, err, context.Canceled)
}

func TestPostgresThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(enterableTemp(t), "pg")
	s := start(t, Options{Dir: dir})
	require.NoError(t, s.Stop())
	_, err := Start(t.Context(), Options{Dir: dir, SharedBuffers: "lots"})
	require.ErrorContains(t, err, "shared_buffers")
}

func TestTheEndOfALogNamesTheFault(t *testing.T) {
	t.Parallel()
	log := strings.Join([]string{
		"[1] LOG:  redo starts at 0/1", "[2] FATAL:  could not open file", "[1] LOG:  startup process (PID 2) exited with exit code 1",
		"[1] LOG:  terminating any other active server processes", "[1] LOG:  shutting down", "[1] LOG:  database system is shut down",
	}, "\n")
	require.Equal(t, "; it said: [2] FATAL:  could not open file | [1] LOG:  startup process (PID 2) exited with exit code 1 | "+
		"[1] LOG:  terminating any other active server processes | [1] LOG:  shutting down | [1] LOG:  database system is shut down", lastLines(log+"\n"))
	require.Equal(t, "; it said: a | b", lastLines("a\nb\n"))
	require.Empty(t, lastLines("\n"))
}

func FuzzReadPidFile(f *testing.F) {
	f.Add("123\n/data\n1700000000\n5432\n/run\n\n 1 2\nready   \n")
	f.Add("")
	f.Add("-1\n")
	f.Fuzz(func(t *testing.T, content string) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "postmaster.pid"), []byte(content), 0o600))
		p, err := readPidFile(dir)
		if err == nil {
			require.Positive(t, p.pid)
		}
	})
}

// What a killed postmaster left names a process that still counts: nobody took note of its end, or the number
// was given to another one since.
func TestStartOverWhatAKilledPostmasterLeft(t *testing.T) {
	t.Parallel()
	cred, err := runAs() // PostgreSQL passes over the processes of other users
	require.NoError(t, err)
	as := func(name string, args ...string) int {
		cmd := exec.Command(name, args...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
		require.NoError(t, cmd.Start())
		t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
		return cmd.Process.Pid
	}
	gone, other := as("true"), as("sleep", "60")
	require.Eventually(t, func() bool { return defunct(gone) }, 10*time.Second, time.Millisecond)
	require.False(t, defunct(other))

	dir := filepath.Join(enterableTemp(t), "pg")
	for _, pid := range []int{gone, other} {
		s := start(t, Options{Dir: dir})
		require.NoError(t, syscall.Kill(s.PID(), syscall.SIGKILL))
		<-s.Done()
		for _, name := range []string{"data/postmaster.pid", ".s.PGSQL.5432.lock"} {
			left, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			_, rest, _ := strings.Cut(string(left), "\n")
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(strconv.Itoa(pid)+"\n"+rest), 0o600))
		}
		again := start(t, Options{Dir: dir})
		require.Equal(t, "1", one(t, again.DSN("postgres"), "SELECT '1'"))
		require.NoError(t, again.Stop())
	}
}
