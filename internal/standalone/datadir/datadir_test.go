package datadir_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/standalone/datadir"
)

const versionFile = "tocsin-data-version"

// TestMain lets this test binary be another process that opens the directory.
func TestMain(m *testing.M) {
	if dir := os.Getenv("TOCSIN_TEST_DATADIR"); dir != "" {
		_, err := datadir.Open(dir)
		if err != nil {
			_, _ = os.Stdout.WriteString(err.Error())
			os.Exit(3)
		}
		os.Exit(0) // without Close, as a killed process would
	}
	os.Exit(m.Run())
}

func otherProcess(t *testing.T, dir string) (string, error) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TOCSIN_TEST_DATADIR="+dir)
	out, err := cmd.Output()
	return string(out), err
}

func TestOpenMakesEverything(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "data")
	d, err := datadir.Open(path)
	require.NoError(t, err)
	require.Equal(t, path, d.Path())
	for _, sub := range []string{d.Temporal(), d.Keys(), d.Outbox(), d.Evidence(), d.Announcements(), d.Logs()} {
		fi, err := os.Stat(sub)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o700), fi.Mode().Perm(), sub)
	}
	require.NoDirExists(t, d.Postgres(), "made by its owner")
	fi, err := os.Stat(path)
	require.NoError(t, err)
	require.Zero(t, fi.Mode().Perm()&0o066, "nobody else may look into it")
	require.NoError(t, d.Close())
	require.NoError(t, d.Close(), "twice is harmless")

	d, err = datadir.Open(path)
	require.NoError(t, err, "again")
	require.NoError(t, d.Close())
}

func TestOneProcessAtATime(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	_, err := otherProcess(t, path)
	require.NoError(t, err)
	d, err := datadir.Open(path)
	require.NoError(t, err, "the lock of an ended process is gone")

	said, err := otherProcess(t, path)
	require.Error(t, err)
	require.Contains(t, said, "in use")
	require.Contains(t, said, fmt.Sprintf("(pid %d)", os.Getpid()))

	_, err = datadir.Open(path)
	var inUse *datadir.InUseError
	require.ErrorAs(t, err, &inUse)
	require.Equal(t, os.Getpid(), inUse.PID)
	require.NoError(t, d.Close())
	_, err = otherProcess(t, path)
	require.NoError(t, err)
}

func TestWhatIsNotOursIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, content, want string
	}{
		"newer format":   {versionFile, "2\n", `format "2"`},
		"damaged format": {versionFile, strings.Repeat("x", 500), `format "xxxx`},
		"empty format":   {versionFile, "", `format ""`},
		"other files":    {"thesis.txt", "years of work", "no data directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(path, c.file), []byte(c.content), 0o600))
			before := listing(t, path)
			_, err := datadir.Open(path)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "nothing was changed")
			require.Less(t, len(err.Error()), 400)
			require.Empty(t, cmp.Diff(before, listing(t, path)))
		})
	}
}

func listing(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		fi, err := e.Info()
		require.NoError(t, err)
		got[e.Name()] = fi.Mode().String() + " " + string(b)
	}
	return got
}

func TestFileInsteadOfDirectory(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := datadir.Open(file)
	require.ErrorContains(t, err, "is a file")
}

func TestDefault(t *testing.T) {
	xdg := t.TempDir()
	t.Setenv("XDG_DATA_HOME", xdg)
	got, err := datadir.Default()
	require.NoError(t, err)
	if os.Geteuid() == 0 {
		require.Equal(t, "/var/lib/tocsin", got)
		return
	}
	require.Equal(t, filepath.Join(xdg, "tocsin"), got)
}

func TestInstallationStaysTheSame(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "d")
	d, err := datadir.Open(path)
	require.NoError(t, err)
	id, err := d.Installation()
	require.NoError(t, err)
	require.Len(t, id, 32)
	require.NoError(t, d.Close())
	again, err := datadir.Open(path)
	require.NoError(t, err)
	same, err := again.Installation()
	require.NoError(t, err)
	require.Equal(t, id, same)
	require.NoError(t, again.Close())

	other, err := datadir.Open(filepath.Join(t.TempDir(), "d"))
	require.NoError(t, err)
	different, err := other.Installation()
	require.NoError(t, err)
	require.NotEqual(t, id, different)
	require.NoError(t, other.Close())
}
