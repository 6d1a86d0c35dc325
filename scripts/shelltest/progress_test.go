package shelltest

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

const build = "scripts/build-progress.sh -o /dev/null ./scripts/smokecheck"

// inRoot runs a command in the root of the checkout and gives both its outputs together.
func inRoot(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	var out bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, &out, &out
	require.NoError(t, cmd.Run(), out.String())
	return out.String()
}

func TestBuildProgressInAPipeIsPlainLines(t *testing.T) {
	t.Parallel()
	out := inRoot(t, "sh", "-c", build)
	require.Contains(t, out, "looking at what is to be built")
	require.Contains(t, out, "built ./scripts/smokecheck in ")
	require.NotContains(t, out, "\r")
	require.NotContains(t, out, "\x1b")
}

func TestBuildProgressNeverWrapsALineThatItWritesOver(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("script"); err != nil {
		t.Skip("no script(1) here, which makes a terminal: apt-get install bsdutils")
	}
	for _, columns := range []string{"30", "80"} {
		out := inRoot(t, "script", "-qec", "stty cols "+columns+"; "+build, "/dev/null")
		over := 0
		for _, l := range strings.Split(out, "\r\x1b[K")[1:] {
			l, _, whole := strings.Cut(l, "\n")
			if whole {
				continue // the end, which stays on the screen
			}
			over++
			limit := map[string]int{"30": 29, "80": 79}[columns]
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(l, "\r")), limit, l)
		}
		require.Positive(t, over, out)
		require.Contains(t, out, "built ./scripts/smokecheck")
	}
}

func TestAFunctionIsNoProgram(t *testing.T) {
	t.Parallel()
	inRoot(t, "bash", "-c", ". scripts/lib.sh; nothing_like_it() { :; }; have bash && ! have nothing_like_it")
}
