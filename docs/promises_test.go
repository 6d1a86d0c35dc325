// Package docs_test keeps the documentation true: what it names must exist.
//
// Imports of ours: none.
package docs_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// promise is one row of PROMISES.md.
type promise struct {
	id, status string
	tests      []string // directory.Name or directory.Name/subtest
}

var (
	promiseRow = regexp.MustCompile(`^\| ([MC]\d\d) \| [^|]+ \| ([^|]+) \| [^|]+ \|([^|]*)\|$`)
	quoted     = regexp.MustCompile("`([^`]+)`")
	testName   = regexp.MustCompile(`^([a-z0-9/]+)\.((?:Test|Fuzz)[A-Za-z0-9_]+)(?:/(.+))?$`)
	statuses   = regexp.MustCompile(`^(kept|(in part|later): .*(issue [3-6]|a later issue).*)$`)
	declared   = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Za-z0-9_]+)\(`)
	namedAfter = regexp.MustCompile(`^TestPromise((?:_[MC]\d\d)+)_`)
)

func promises(page string) (out []promise) {
	for _, line := range strings.Split(page, "\n") {
		m := promiseRow.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		p := promise{id: m[1], status: strings.TrimSpace(m[2])}
		for _, t := range quoted.FindAllStringSubmatch(m[3], -1) {
			p.tests = append(p.tests, t[1])
		}
		out = append(out, p)
	}
	return out
}

// tests are the test functions of the tree: by directory, then by name; and the text of each directory's test
// files, for names of subtests.
type tests struct {
	names map[string][]string
	text  map[string]string
}

func testsBelow(t *testing.T, root string) tests {
	t.Helper()
	all := tests{names: map[string][]string{}, text: map[string]string{}}
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "bin"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		dir := filepath.ToSlash(rel)
		for _, m := range declared.FindAllStringSubmatch(string(b), -1) {
			all.names[dir] = append(all.names[dir], m[1])
		}
		all.text[dir] += string(b)
		return err
	}))
	return all
}

func (a tests) missing(ref string) string {
	m := testName.FindStringSubmatch(ref)
	switch {
	case m == nil:
		return ref + " is not written as directory.TestName"
	case !slices.Contains(a.names[m[1]], m[2]):
		return fmt.Sprintf("there is no %s in %s", m[2], m[1])
	case m[3] != "" && !strings.Contains(a.text[m[1]], `"`+m[3]+`"`):
		return fmt.Sprintf("%s has no subtest %q", m[2], m[3])
	}
	return ""
}

// wrong says everything that does not hold.
func wrong(rows []promise, all tests) (out []string) {
	byID := map[string]promise{}
	for _, p := range rows {
		if _, twice := byID[p.id]; twice {
			out = append(out, p.id+" has two rows")
		}
		byID[p.id] = p
		if !statuses.MatchString(p.status) {
			out = append(out, fmt.Sprintf("%s: the status %q is none", p.id, p.status))
		}
		if len(p.tests) == 0 && !strings.HasPrefix(p.status, "later") {
			out = append(out, p.id+" is kept and names no test")
		}
		for _, ref := range p.tests {
			if what := all.missing(ref); what != "" {
				out = append(out, p.id+": "+what)
			}
		}
	}
	for _, id := range ids() {
		if _, ok := byID[id]; !ok {
			out = append(out, id+" has no row")
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(all.names)) {
		for _, name := range all.names[dir] {
			if m := namedAfter.FindStringSubmatch(name); m != nil && !named(byID, strings.Split(m[1], "_")[1:], dir+"."+name) {
				out = append(out, dir+"."+name+" is in the row of none of its promises")
			}
		}
	}
	return out
}

func named(rows map[string]promise, ids []string, ref string) bool {
	return slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(rows[id].tests, ref) })
}

func ids() (out []string) {
	for n := 1; n <= 25; n++ {
		out = append(out, fmt.Sprintf("M%02d", n))
	}
	for n := 1; n <= 5; n++ {
		out = append(out, fmt.Sprintf("C%02d", n))
	}
	return out
}

func page(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(b)
}

func TestPromisesAreProven(t *testing.T) {
	t.Parallel()
	all := testsBelow(t, "..")
	require.Greater(t, len(all.names), 20, "the tests were not found")
	bad := wrong(promises(page(t, "PROMISES.md")), all)
	require.Empty(t, bad, strings.Join(bad, "\n"))
}

// The check itself must see what it is there for.
func TestPromisesCheckSees(t *testing.T) {
	t.Parallel()
	all := testsBelow(t, "..")
	text := page(t, "PROMISES.md")
	for what, spoil := range map[string][2]string{
		"no such test":         {"internal/policy.TestPIPL`", "internal/policy.TestPIPLX`"},
		"another directory":    {"internal/policy.TestPIPL`", "internal/render.TestPIPL`"},
		"no such subtest":      {"/no contact name`", "/no contact nome`"},
		"no row":               {"| M25 |", "| X25 |"},
		"two rows":             {"| M25 |", "| M24 |"},
		"no status":            {"| M02 | The basic situation of the incident and its possible impact | kept |", "| M02 | The basic situation of the incident and its possible impact | soon |"},
		"kept without a test":  {"later: a later issue | Replies and", "kept | Replies and"},
		"a promise's own test": {"`internal/policy.TestPromise_C01_NoThirdPartyGetsAnything` ", ""},
	} {
		spoiled := strings.Replace(text, spoil[0], spoil[1], 1)
		require.NotEqual(t, text, spoiled, what)
		require.NotEmpty(t, wrong(promises(spoiled), all), what)
	}
}
