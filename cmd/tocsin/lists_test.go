package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/standalone/pgchild/pgtest"
)

func TestAListIsLoadedFromADatabaseWithoutShowingItsAddress(t *testing.T) {
	t.Parallel()
	srv, d := newServer(nil)
	defer srv.Close()
	dir := t.TempDir()
	secret := filepath.Join(dir, "dsn")
	dsn := pgtest.DSN(t)
	require.NoError(t, os.WriteFile(secret, []byte(dsn+"\n"), 0o600))
	sql := filepath.Join(dir, "people.sql")
	require.NoError(t, os.WriteFile(sql, []byte("select n as id, 'Person ' || n as name, 'p' || n || '@example.com' as \"E-mail\" from generate_series(1, 3000) n"), 0o600))
	t.Run("check", func(t *testing.T) {
		out, errOut, status := withEnv(t, srv.URL, []string{"CRM_DSN_FILE=" + secret}, "recipients", "check", "--sql", "@"+sql, "--dsn-env", "CRM_DSN")
		require.Equal(t, exitDone, status, errOut)
		require.Contains(t, out, "3,000 rows of SQL in UTF-8")
		require.NotContains(t, out+errOut, "127.0.0.1:")
	})
	out, errOut, status := withEnv(t, srv.URL, []string{"CRM_DSN_FILE=" + secret}, "recipients", "load", "inc1", "--sql", "@"+sql, "--dsn-env", "CRM_DSN")
	require.Equal(t, exitDone, status, errOut)
	require.Contains(t, out, "3,000 people added")
	require.EqualValues(t, 3000, d.swap())

	// A query that would write is refused with advice that helps, and one with columns of unknown names asks for a mapping.
	_, errOut, status = withEnv(t, srv.URL, []string{"CRM_DSN=" + dsn}, "recipients", "check", "--dsn-env", "CRM_DSN", "--sql", "create table x (a int)")
	require.NotEqual(t, exitDone, status)
	require.Contains(t, errOut, "the query would write")
	require.NotContains(t, errOut, "load it again")
	odd := []string{"recipients", "check", "--dsn-env", "CRM_DSN", "--sql", "select 'Person ' || n as name, 'p' || n || '@example.com' as elpost from generate_series(1, 9) n"}
	out, _, _ = withEnv(t, srv.URL, []string{"CRM_DSN=" + dsn}, odd...)
	require.Contains(t, out, "Not read: column 2.")
	require.Contains(t, out, "refused: unread_contact.email")
	out, errOut, status = withEnv(t, srv.URL, []string{"CRM_DSN=" + dsn}, append(odd, "--map", "elpost=email")...)
	require.Equal(t, exitDone, status, errOut)
	require.Contains(t, out, "email 9")

	// What is another list the second time is not loaded: the server sees it break off.
	_, errOut, status = withEnv(t, srv.URL, []string{"CRM_DSN=" + dsn}, "recipients", "load", "inc1", "--dsn-env", "CRM_DSN",
		"--sql", "select 'p' || n as name, clock_timestamp()::text as id from generate_series(1, 100) n")
	require.NotEqual(t, exitDone, status)
	require.Contains(t, errOut, "changed between the check and the loading")
	require.Zero(t, d.swap())
}

// withEnv runs a command with further environment variables.
func withEnv(t *testing.T, server string, env []string, args ...string) (out, errOut string, status int) {
	t.Helper()
	given := map[string]string{"TOCSIN_SERVER": server, "TOCSIN_TOKEN": "token-of-ana.costa"}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		given[name] = value
	}
	var o, e bytes.Buffer
	c := &cli{
		in: strings.NewReader(""), out: &o, err: &e, now: time.Now, width: 80,
		env: func(name string) string { return given[name] }, environ: func() []string { return nil },
	}
	status = c.execute(t.Context(), args)
	return o.String(), e.String(), status
}
