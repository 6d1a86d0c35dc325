package e2e

import (
	"context"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/standalone"
	"github.com/tocsin-engine/tocsin/internal/standalone/datadir"
	"github.com/tocsin-engine/tocsin/internal/standalone/pgchild"
)

// refusedStart starts a product that must not start.
func refusedStart(t *testing.T, o standalone.Options) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := standalone.Start(ctx, o)
	if err == nil {
		s.Stop()
	}
	require.Error(t, err)
	return err
}

// tree lists every file below a directory with its content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			out[path] = "directory"
			return err
		}
		b, err := os.ReadFile(path)
		out[path] = string(b)
		return err
	}))
	return out
}

// The product refuses a directory that is not its own, or of another version, and changes nothing in it.
func TestMainJob14ForeignDataDirectory(t *testing.T) {
	t.Parallel()
	write := func(name, text string) string {
		dir := dataDir(t)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		return dir
	}
	for _, x := range []struct {
		dir  string
		as   any
		says []string
	}{
		{write("tocsin-data-version", "7\n"), new(*datadir.VersionError), []string{`"7"`, "use the build that wrote it", "nothing was changed"}},
		{write("tocsin-data-version", "what is this"), new(*datadir.VersionError), []string{"nothing was changed"}},
		{write("thesis.doc", "chapter one"), new(*datadir.ForeignError), []string{"choose an empty or a new directory"}},
	} {
		before := tree(t, x.dir)
		err := refusedStart(t, standalone.Options{DataDir: x.dir})
		require.ErrorAs(t, err, x.as)
		for _, s := range append(x.says, x.dir) {
			require.ErrorContains(t, err, s)
		}
		require.Equal(t, before, tree(t, x.dir))
	}
	file := filepath.Join(write("data", "a file"), "data")
	require.ErrorContains(t, refusedStart(t, standalone.Options{DataDir: file}), "is a file")
}

// A directory that another process uses is left alone, and so is a port.
func TestMainJob14DirectoryAndPortInUse(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	err := refusedStart(t, standalone.Options{DataDir: w.dir})
	require.True(t, standalone.ErrInUse(err), "%v", err)
	require.ErrorContains(t, err, strconv.Itoa(os.Getpid()))
	require.ErrorContains(t, err, "stop it first")
	k := w.open(t, example(t))
	require.Equal(t, k.id, k.overview(t).Incident.ID, "the one that runs goes on")

	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	dir := dataDir(t)
	err = refusedStart(t, standalone.Options{DataDir: dir, Listen: taken.Addr().String()})
	require.Equal(t, breach.ErrInvalid, breach.CodeOf(err))
	require.ErrorContains(t, err, taken.Addr().String())
	require.ErrorContains(t, err, "--listen")
	require.NoDirExists(t, filepath.Join(dir, "postgres"))
	require.NoFileExists(t, filepath.Join(dir, "temporal", "temporal.sqlite"))
	again, err := datadir.Open(dir)
	require.NoError(t, err, "the directory is free again")
	require.NoError(t, again.Close())
}

// Without PostgreSQL the product says what to install and makes no data. The binaries are found by a
// variable of the whole process, so this test does not run beside others.
func TestMainJob14PostgreSQLMissing(t *testing.T) { //nolint:paralleltest // it sets an environment variable
	empty := t.TempDir()
	t.Setenv(pgchild.BinEnv, empty)
	dir := dataDir(t)
	err := refusedStart(t, standalone.Options{DataDir: dir})
	var missing *pgchild.MissingError
	require.ErrorAs(t, err, &missing)
	for _, s := range []string{empty, pgchild.BinEnv, pgchild.InstallCommand()} {
		require.ErrorContains(t, err, s)
	}
	require.NoDirExists(t, filepath.Join(dir, "postgres"))

	// Data that another PostgreSQL made is not touched either.
	data := filepath.Join(dir, "postgres", "data")
	require.NoError(t, os.MkdirAll(data, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("9\n"), 0o600))
	t.Setenv(pgchild.BinEnv, "")
	var version *pgchild.VersionError
	require.ErrorAs(t, refusedStart(t, standalone.Options{DataDir: dir}), &version)
	require.Equal(t, 9, version.DataMajor)
	require.Equal(t, map[string]string{data: "directory", filepath.Join(data, "PG_VERSION"): "9\n"}, tree(t, data))
}

// resumed is the same case with a product that was started anew on the same data.
func (k *kase) resumed(w *world) *kase {
	return &kase{w: w, id: k.id, author: w.as(w.author), lead: w.as(w.lead)}
}

// PostgreSQL is killed in the middle of a send: the product says so, answers clearly as long as it runs, and
// a new start on the same data goes on and finishes.
func TestMainJob14PostgreSQLKilledHalfWay(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	w := ownWorld(t, dir, nil)
	people := slowly(newCrowd(), 120)
	k := w.open(t, example(t))
	k.tell(t, people)
	k.until(t, "the first messages", func(v breach.Overview) bool { return v.Channels[breach.Email]["accepted"] > 0 })
	killPostgres(t, dir)
	select {
	case err := <-w.Failed():
		require.ErrorContains(t, err, "PostgreSQL ended")
		require.ErrorContains(t, err, "start again with the same data directory")
	case <-time.After(20 * time.Second):
		require.Fail(t, "nobody noticed that PostgreSQL is gone")
	}
	status, answer, kind := k.lead.raw(t, "GET", k.path(""), nil)
	require.GreaterOrEqual(t, status, 500, "%s", answer)
	require.Equal(t, "application/problem+json", kind)
	require.NotContains(t, string(answer), "pgx")
	status, _, _ = k.lead.raw(t, "GET", "/readyz", nil)
	require.Equal(t, 503, status)
	began := time.Now()
	w.stop()
	require.Less(t, time.Since(began), time.Minute, "it ends in good time all the same")

	k = k.resumed(ownWorld(t, dir, nil))
	v := k.told(t)
	require.EqualValues(t, len(people), v.People[breach.Reached], "%+v", v.People)
	require.True(t, v.Balanced)
	var twice int64
	for _, h := range people {
		n := k.w.taken(h.Email)
		require.Positive(t, n, "%s was never told", h.ExternalID)
		twice += int64(n - 1)
	}
	// What was under way when the ledger went away may be repeated, recognisably; it is counted.
	require.LessOrEqual(t, twice, v.Channels[breach.Email]["repeated"])
	k.closed(t)
}

// killPostgres ends the PostgreSQL child of a data directory as the kernel would.
func killPostgres(t *testing.T, dir string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "postgres", "data", "postmaster.pid"))
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.SplitN(string(b), "\n", 2)[0])
	require.NoError(t, err)
	require.Greater(t, pid, 1)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
}

// Temporal's data is lost while one incident is being sent, one waits for an approval and one for its end.
// The ledger is the truth about people and approvals (ADR 0001): the stories come back from it and finish,
// and nobody is told twice.
func TestMainJob14TemporalLost(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	w := ownWorld(t, dir, nil)
	c := newCrowd()
	waiting, ended, half := c.some(7), c.some(6), slowly(c, 120)
	a, b, m := w.open(t, example(t)), w.open(t, example(t)), w.open(t, example(t))
	a.load(t, listOf(t, waiting), "")
	hash := a.submit(t)
	b.tell(t, ended)
	filed := b.told(t).Filings
	require.NotEmpty(t, filed)
	m.tell(t, half)
	m.until(t, "the first messages", func(v breach.Overview) bool { return v.Channels[breach.Email]["accepted"] > 0 })
	w.stop()
	// Temporal's SQLite driver keeps a file of one name open within a process, so the rest is put elsewhere.
	restored := filepath.Join(dataDir(t), "restored")
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "temporal")))
	require.NoError(t, os.Rename(dir, restored))

	w = ownWorld(t, restored, nil)
	sent := 0
	for _, h := range half {
		sent += w.taken(h.Email)
	}
	require.Positive(t, sent)
	require.Less(t, sent, len(half), "it was lost in the middle")
	a, b, m = a.resumed(w), b.resumed(w), m.resumed(w)
	v := a.until(t, "the approval to be asked for again", func(v breach.Overview) bool { return awaits(v, "approve") })
	require.Equal(t, hash, v.Waves[0].Plan.Hash)
	a.approve(t, hash)
	a.told(t)
	b.told(t)
	v = m.told(t)
	require.EqualValues(t, len(half), v.People[breach.Reached], "%+v", v.People)
	for _, k := range []*kase{a, b, m} {
		require.True(t, k.closed(t).Balanced)
	}
	require.Equal(t, filed, b.overview(t).Filings, "no report is filed again")
	for _, h := range append(append(waiting, ended...), half...) {
		require.Equal(t, 1, w.taken(h.Email), h.ExternalID)
	}
}
