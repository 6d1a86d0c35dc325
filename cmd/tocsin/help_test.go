package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// commands lists every command that does something, in order.
func commands(root *cobra.Command) (out []*cobra.Command) {
	for _, c := range root.Commands() {
		if !c.HasSubCommands() {
			if c.Name() != "help" && !strings.HasPrefix(c.Name(), "__") && c.Parent().Name() != "completion" {
				out = append(out, c)
			}
			continue
		}
		out = append(out, commands(c)...)
	}
	return out
}

func TestEveryCommandHasHelpWithAnExampleWithin80Columns(t *testing.T) {
	t.Parallel()
	all := commands((&cli{}).root())
	require.Greater(t, len(all), 20)
	for _, cmd := range all {
		name := cmd.CommandPath()
		out, errOut, status := onTerminal(t.Context(), t, "http://127.0.0.1:1", append(strings.Fields(name)[1:], "--help")...)
		require.Equal(t, exitDone, status, name)
		require.Empty(t, errOut, "%s: help that was asked for is the answer", name)
		require.Contains(t, cmd.Example, name, "%s: the example shows this command", name)
		require.Contains(t, out, "Usage:", name)
		for _, l := range strings.Split(out, "\n") {
			require.LessOrEqual(t, cells(l), 80, "%s: %s", name, l)
		}
	}
}

// ending is one line of the table: a command and how it must end.
type ending struct {
	args   string
	status int
}

// lines covers every command but the roles of a server, which run until they are ended.
var lines = []ending{
	{"assess -f FACTS", exitDone},
	{"assess -f BAD", exitNo},
	{"assess --from hibp -f LIST", exitDone},
	{"assess -f /nonexistent/file", exitNo},
	{"channels check", exitNo},
	{"channels list --policy mooc", exitDone},
	{"channels list --policy none", exitNo},
	{"channels list --incident inc1", exitDone},
	{"channels erase inc1", exitDone},
	{"channels requested inc1 --provider gateway --reference letter-7", exitDone},
	{"config check", exitNo},
	{"detections map FINDING --source cloudevents", exitDone},
	{"detections map BAD", exitNo},
	{"evidence export inc1 -O OUT --force", exitDone},
	{"evidence verify PACK", exitDone},
	{"evidence verify BAD", exitNo},
	{"incident amend inc1 -f PATCH", exitDone},
	{"hold set inc1 --asked-by LKA --reference 4 --reason arrests-are-planned --until 2030-01-01T00:00:00Z --obligation a/b/c", exitDone},
	{"hold release inc1 h1 --why the-arrests-are-made", exitNo},
	{"hold list inc1", exitDone},
	{"incident revisions inc1", exitDone},
	{"report text inc1 us-fl/other/consumer_reporting_agencies", exitDone},
	{"report done inc1 us-hipaa/media/notice --said press-release-of-today", exitDone},
	{"incident answer inc1 us-hipaa/low_probability no --reason seen-on-a-forum", exitDone},
	{"report delay inc1 a/b/c --reason the-list-came-late", exitDone},
	{"report delay inc1 --all --reason the-list-came-late", exitNo},
	{"incident close inc1", exitDone},
	{"incident close inc1 --reason the-authority-closed-its-own-file", exitDone},
	{"incident close inc1 --reason no", exitNo},
	{"incident list", exitDone},
	{"incident open -f INCIDENT", exitDone},
	{"incident open -f BAD", exitNo},
	{"incident reopen inc1", exitDone},
	{"incident status inc1", exitDone},
	{"incident status none", exitNo},
	{"invariant inc1", exitDone},
	{"person decide inc1 --people unreachable --outcome exempt --reason no-law-asks-for-it", exitDone},
	{"announce now inc1 --why the-relay-is-too-slow", exitDone},
	{"announce now inc1 --why no", exitNo},
	{"person unreached inc1", exitDone},
	{"person unreached none", exitNo},
	{"person unreached inc1 --outcome reached", exitNo},
	{"send again inc1 --why the-relay-was-down", exitDone},
	{"send again inc1 --dry-run --channel email", exitDone},
	{"person find inc1 --email a@x.test --reason asked", exitNo},
	{"incident number inc1 --field people.total --value 7 --reason the-list-has-doubles", exitDone},
	{"plan approve inc1 --plan-hash 0123", exitNo},
	{"plan check inc1", exitNo},
	{"plan waive inc1 --gap a/b/c:dpo --reason no-officer-is-appointed", exitDone},
	{"plan return inc1 --plan-hash 0123 --comment x", exitNo},
	{"plan show inc1", exitNo},
	{"plan submit inc1", exitNo},
	{"plan submit inc1 --reports-alone", exitDone},
	{"recipients check PEOPLE", exitDone},
	{"recipients check BAD", exitNo},
	{"recipients load inc1 PEOPLE", exitDone},
	{"report acknowledge inc1 o --number 1", exitDone},
	{"report file inc1 o", exitDone},
	{"report list inc1", exitDone},
	{"rules lint", exitDone},
	{"rules schema", exitDone},
	{"rules list --where US --in-force yes", exitDone},
	{"rules show eu-gdpr", exitDone},
	{"rules show eu-gdpr/authority/initial", exitDone},
	{"rules show eu-gdpr/authority/nothing", exitNo},
	{"rules show none", exitNo},
	{"rules diff built-in built-in", exitDone},
	{"rules diff built-in BAD", exitNo},
	{"rules list --rules BAD", exitNo},
	{"assess -f FACTS --rules BAD", exitNo},
	{"rules lint BAD", exitNo},
	{"rules lint /nonexistent", exitNo},
	{"notice preview inc1 --person 1 --channel email", exitDone},
	{"notice preview inc1 --person 1 --channel voice", exitDone},
	{"notice preview inc1 --worst --out PAGE --force", exitDone},
	{"notice preview none --worst", exitNo},
	{"notice test inc1 --to wei@larkfield.example", exitDone},
	{"notice test inc1 --to wei@larkfield.example --person 9", exitNo},
	{"notice test inc1 --to somebody@else.example", exitNo},
	{"notice diff inc1 1 2", exitDone},
	{"notice diff inc1 1 3", exitNo},
	{"templates list", exitDone},
	{"templates list WORDS", exitDone},
	{"templates list /nonexistent", exitNo},
	{"templates lint", exitDone},
	{"templates lint BAD", exitNo},
	{"templates variables", exitDone},
	{"templates export WORDS", exitNo},
	{"templates sign-off WORDS --template notice/en --by A.Reader", exitDone},
	{"templates sign-off WORDS --template notice/tlh --by A.Reader", exitNo},
	{"send pause inc1", exitNo},
	{"send resume inc1", exitNo},
	{"send lift inc1 --brake 2", exitNo},
	{"send stop inc1", exitNo},
	{"timeline inc1", exitDone},
}

// TestEveryCommandAnswersInJSONAloneAndEndsWithItsStatus runs each command: with -o json stdout is one JSON
// document or nothing, a server that is not there is status 3, a flag that does not exist is status 2.
func TestEveryCommandAnswersInJSONAloneAndEndsWithItsStatus(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pack, public := samplePack(t)
	file := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, b, 0o600))
		return path
	}
	file("evidence.pub", public)
	incident, err := os.ReadFile(filepath.Join("..", "..", "examples", "incident.json"))
	require.NoError(t, err)
	var parts map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(incident, &parts))
	files := strings.NewReplacer(
		"FACTS", file("facts.json", parts["facts"]), "INCIDENT", file("incident.json", incident), "BAD", file("bad", []byte("\x00{")),
		"PEOPLE", file("people.csv", []byte("external_id,email\n1,a@x.test\n")), "PACK", file("pack.zip", pack), "PATCH", file("patch.json", []byte(`{"facts":{}}`)),
		"FINDING", file("finding.json", []byte(`{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{}}`)), "OUT", filepath.Join(dir, "out.zip"),
		"PAGE", filepath.Join(dir, "page.html"), "WORDS", filepath.Join(dir, "words"), "LIST", file("list.json", []byte(`[{"Name":"X","PwnCount":1,"DataClasses":["Names"]}]`)),
	)
	file("words/README.md", []byte("words of our own"))
	tried := map[string]bool{}
	for _, r := range lines {
		t.Run(r.args, func(t *testing.T) {
			srv, _ := newServer(pack)
			defer srv.Close()
			args := append(strings.Fields(files.Replace(r.args)), "-o", "json")
			out, errOut, status := onTerminal(t.Context(), t, srv.URL, args...)
			require.Equal(t, r.status, status, "%s%s", out, errOut)
			if out != "" {
				dec := json.NewDecoder(strings.NewReader(out))
				var v any
				require.NoError(t, dec.Decode(&v), out)
				require.False(t, dec.More(), "one document: %s", out)
			}
			if r.status == exitDone {
				require.NotEmpty(t, out)
			}
			_, _, status = onTerminal(t.Context(), t, srv.URL, append(args, "--no-such-flag")...)
			require.Equal(t, exitUsage, status)
			if online(r.args) {
				out, errOut, status = onTerminal(t.Context(), t, "http://127.0.0.1:1", args...)
				require.Equal(t, exitFailed, status, errOut)
				require.Empty(t, out)
				require.Contains(t, errOut, "cannot be reached")
			}
		})
		tried[strings.Join(strings.Fields(r.args)[:min(2, len(strings.Fields(r.args)))], " ")] = true
		tried[strings.Fields(r.args)[0]] = true
	}
	for _, cmd := range commands((&cli{}).root()) {
		name := strings.TrimPrefix(cmd.CommandPath(), "tocsin ")
		needsDatabase := name == "serve" || name == "worker" || name == "migrate" || strings.HasPrefix(name, "token ") || strings.HasPrefix(name, "letters ") || strings.HasPrefix(name, "calls ")
		require.True(t, needsDatabase || tried[name], "%s is in no line of the table", name)
	}
}

// online says that a command asks a server, with input that is good enough to get there.
func online(args string) bool {
	first := strings.Fields(args)[0]
	return first != "assess" && first != "rules" && first != "config" && first != "channels" && first != "templates" && first != "detections" && !strings.Contains(args, "verify") &&
		!strings.Contains(args, " check ") && !strings.Contains(args, "BAD")
}
