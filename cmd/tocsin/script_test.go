package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tocsin": main})
}

// TestScripts runs the program itself: offline commands on files, the others against a server of our own
// API over a fake desk. `damage` in a script makes that desk lie.
func TestScripts(t *testing.T) {
	t.Parallel()
	pack, pub := samplePack(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			srv, d := newServer(pack)
			env.Defer(srv.Close)
			env.Setenv("TOCSIN_SERVER", srv.URL)
			env.Setenv("TOCSIN_TOKEN", "token-of-wei.lin")
			env.Setenv("LEAD", "token-of-ana.costa")
			env.Values["desk"] = d
			root, err := filepath.Abs("../..")
			if err != nil {
				return err
			}
			env.Setenv("EXAMPLES", filepath.Join(root, "examples"))
			if err := os.WriteFile(filepath.Join(env.WorkDir, "pack.zip"), pack, 0o600); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(env.WorkDir, "evidence.pub"), pub, 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// exits STATUS COMMAND...: the one status that is meant, not just any failure.
			"exits": func(ts *testscript.TestScript, _ bool, args []string) {
				err := ts.Exec("sh", append([]string{"-c", `want=$1; shift; "$@"; got=$?; test $got = $want || { echo "exit status $got, not $want" >&2; exit 99; }; exit 0`, "sh"}, args...)...)
				ts.Check(err)
			},
			"damage": func(ts *testscript.TestScript, _ bool, _ []string) {
				d, _ := ts.Value("desk").(*desk)
				d.mu.Lock()
				defer d.mu.Unlock()
				d.broken = true
			},
			// owe: a report to an authority is still to be filed.
			"owe": func(ts *testscript.TestScript, _ bool, _ []string) {
				d, _ := ts.Value("desk").(*desk)
				d.mu.Lock()
				defer d.mu.Unlock()
				d.owes = true
			},
			// narrow FILE: no line is wider than 80 columns.
			"narrow": func(ts *testscript.TestScript, _ bool, args []string) {
				for _, l := range strings.Split(ts.ReadFile(args[0]), "\n") {
					if cells(l) > 80 {
						ts.Fatalf("%d columns: %s", cells(l), l)
					}
				}
			},
			// flip FILE: one byte in its middle is another one.
			"flip": func(ts *testscript.TestScript, _ bool, args []string) {
				path := ts.MkAbs(args[0])
				b, err := os.ReadFile(path)
				ts.Check(err)
				b[len(b)/2] ^= 1
				ts.Check(os.WriteFile(path, b, 0o600))
			},
		},
	})
}

// samplePack is a small evidence pack with its public key.
func samplePack(t *testing.T) (pack, public []byte) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	var b bytes.Buffer
	w, err := evidence.NewWriter(&b, key, evidence.Meta{Product: "tocsin", Incident: "inc1", CreatedAt: opened})
	require.NoError(t, err)
	lines, err := w.Lines("audit.jsonl")
	require.NoError(t, err)
	prev := ""
	for seq := int64(1); seq <= 3; seq++ {
		e := breach.AuditEntry{Seq: seq, At: opened, Actor: "wei.lin", Action: "incident.opened", Data: []byte(`{}`), Prev: prev}
		e.Hash = evidence.ChainHash(prev, seq, e.At, e.Actor, e.Action, e.Data)
		prev = e.Hash
		require.NoError(t, lines.Add(e))
	}
	require.NoError(t, lines.Close())
	people, err := w.Lines("people.jsonl")
	require.NoError(t, err)
	require.NoError(t, people.Add(evidence.PersonRecord{Person: 1, Commitment: evidence.Commitment("r", make([]byte, 16)), Wave: 1, Outcome: breach.Unreachable}))
	require.NoError(t, people.Close())
	approvals, err := w.Lines("approvals.jsonl")
	require.NoError(t, err)
	require.NoError(t, approvals.Close())
	require.NoError(t, w.JSON("counts.json", evidence.CountsOf(breach.Tally{breach.Unreachable: 1})))
	_, err = w.Close()
	require.NoError(t, err)
	public, err = evidence.EncodePublicKey(pub)
	require.NoError(t, err)
	return b.Bytes(), public
}

// onTerminal runs a command as on a terminal.
func onTerminal(ctx context.Context, t *testing.T, server string, args ...string) (out, errOut string, status int) {
	t.Helper()
	var o, e bytes.Buffer
	c := &cli{
		in: strings.NewReader(""), out: &o, err: &e, now: time.Now, width: 80, outTTY: true, errTTY: true,
		env: func(name string) string {
			return map[string]string{"TOCSIN_SERVER": server, "TOCSIN_TOKEN": "token-of-ana.costa"}[name]
		},
		environ: func() []string { return nil },
	}
	status = c.execute(ctx, args)
	return o.String(), e.String(), status
}

func TestWatchRedrawsUntilItIsClosed(t *testing.T) {
	t.Parallel()
	srv, d := newServer(nil)
	defer srv.Close()
	go func() {
		time.Sleep(350 * time.Millisecond)
		d.mu.Lock()
		d.state = breach.IncidentClosed
		d.mu.Unlock()
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	out, _, status := onTerminal(ctx, t, srv.URL, "incident", "status", "inc1", "--watch", "--every", "100ms")
	require.Equal(t, exitDone, status)
	require.Greater(t, strings.Count(out, "\x1b[H\x1b[2J"), 2)
	require.Contains(t, out, "Closed")
	require.NotContains(t, strings.ReplaceAll(out, "\x1b[H\x1b[2J", ""), "\x1b", "a title cannot move the cursor")
}

func TestAnInterruptedWatchIsNoFailure(t *testing.T) {
	t.Parallel()
	srv, _ := newServer(nil)
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
	defer cancel()
	_, errOut, status := onTerminal(ctx, t, srv.URL, "incident", "status", "inc1", "-w", "--every", "100ms")
	require.Equal(t, exitDone, status, errOut)
}

func TestUploadsShowProgressOnATerminal(t *testing.T) {
	t.Parallel()
	srv, _ := newServer(nil)
	defer srv.Close()
	path := filepath.Join(t.TempDir(), "people.csv")
	require.NoError(t, os.WriteFile(path, []byte("id,email\n"+strings.Repeat("x1,a@example.com\n", 20000)), 0o600))
	out, errOut, status := onTerminal(t.Context(), t, srv.URL, "recipients", "load", "inc1", path)
	require.Equal(t, exitDone, status, errOut)
	require.Contains(t, errOut, "sending  [########################################] 100%")
	require.NotContains(t, out, "[###")
}

// TestARequestThatGotLostIsCarriedOutOnce cuts the first answer off.
func TestARequestThatGotLostIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	srv, d := newServer(nil)
	defer srv.Close()
	d.state = breach.IncidentNotifying
	inner := srv.Config.Handler
	cut := cutter(2, inner)
	srv.Config.Handler = cut
	_, errOut, status := onTerminal(t.Context(), t, srv.URL, "person", "find", "inc1", "--email", "li.na@example.com")
	require.Equal(t, exitDone, status, errOut)
	require.Equal(t, 1, d.looks)
}

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	t.Parallel()
	c := &cli{width: 80}
	var visit func(args []string)
	visit = func(args []string) {
		cmd, _, err := c.root().Find(args)
		require.NoError(t, err)
		if cmd.Name() != "completion" && cmd.Name() != "help" && (!cmd.HasParent() || cmd.Parent().Name() != "completion") {
			require.NotEmpty(t, cmd.Example, cmd.CommandPath())
			require.NotEmpty(t, cmd.Short, cmd.CommandPath())
			var b bytes.Buffer
			cmd.SetOut(&b)
			require.NoError(t, cmd.Help())
			for _, l := range strings.Split(b.String(), "\n") {
				require.LessOrEqual(t, cells(l), 80, "%s: %s", cmd.CommandPath(), l)
			}
		}
		for _, sub := range cmd.Commands() {
			visit(append(args[:len(args):len(args)], sub.Name()))
		}
	}
	visit(nil)
}
