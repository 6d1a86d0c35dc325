package arch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if b, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil {
			require.Contains(t, string(b), "module "+module)
			return dir
		}
		require.NotEqual(t, filepath.Dir(dir), dir, "no go.mod above")
		dir = filepath.Dir(dir)
	}
}

func TestImports(t *testing.T) {
	t.Parallel()
	files, err := sources(moduleRoot(t))
	require.NoError(t, err)
	require.Greater(t, len(files), 20, "the sources were not found")
	broken, err := check(files)
	require.NoError(t, err)
	require.Empty(t, broken, "\n"+strings.Join(broken, "\n"))
}

// TestTheCheckerSees keeps TestImports from being green because it looks at nothing.
func TestTheCheckerSees(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pkg, file, imports string
		want               string // part of the complaint; empty means allowed
	}{
		"adapter in activities":        {"activities", "a.go", "internal/delivery/email", "activities may not"},
		"store in activities":          {"activities", "a.go", "internal/store", "activities may not"},
		"port package in activities":   {"activities", "a.go", "internal/delivery", ""},
		"adapter imports adapter":      {"internal/delivery/sms", "a.go", "internal/delivery/email", "may not"},
		"below an adapter":             {"internal/delivery/gateway", "a.go", "internal/delivery", ""},
		"unknown package":              {"internal/util", "a.go", "internal/breach", "has no row"},
		"unknown below a plain row":    {"internal/store/util", "a.go", "internal/breach", "has no row"},
		"root package":                 {".", "main.go", "internal/breach", "has no row"},
		"vocabulary imports something": {"internal/breach", "a.go", "internal/policy", "may not"},
		"simulator imports product":    {"internal/simulator/smtpsim", "a.go", "internal/breach", "may not"},
		"simulator imports simulator":  {"internal/simulator/smtpsim", "a.go", "internal/simulator/outbox", ""},
		"light root with server":       {"cmd/tocsin", "a.go", "internal/standalone/temporalserver", "may not"},
		"worker with server":           {"worker", "a.go", "internal/standalone", "may not"},
		"light root with store":        {"cmd/tocsin", "a.go", "internal/store", ""},
		"heavy root with server":       {"cmd/tocsin-standalone", "a.go", "internal/standalone/temporalserver", ""},
		"end to end":                   {"internal/e2e", "a_test.go", "internal/store", ""},
		"helper in product":            {"internal/store", "a.go", "internal/standalone/pgchild/pgtest", "may not"},
		"helper in test":               {"internal/store", "a_test.go", "internal/standalone/pgchild/pgtest", ""},
		"conformance in test":          {"internal/delivery/push", "a_test.go", "internal/delivery/deliverytest", ""},
		"external test":                {"internal/policy", "a_test.go", "internal/policy", ""},
		"import of itself":             {"internal/policy", "a.go", "internal/policy", "may not"},
		"pgx in engine":                {"internal/engine", "a.go", "!github.com/jackc/pgx/v5/pgxpool", "SQL lives"},
		"pgx in store":                 {"internal/store", "a.go", "!github.com/jackc/pgx/v5/pgxpool", ""},
		"workflow in activities":       {"activities", "a.go", "!go.temporal.io/sdk/workflow", "story"},
		"activity in workflows":        {"workflows", "a.go", "!go.temporal.io/sdk/activity", "side effects"},
		"activity in workflow tests":   {"workflows", "a_test.go", "!go.temporal.io/sdk/activity", ""},
		"client in httpapi":            {"internal/httpapi", "a.go", "!go.temporal.io/sdk/client", "only door"},
		"temporal in policy":           {"internal/policy", "a.go", "!go.temporal.io/sdk/temporal", "nothing of Temporal"},
		"server in engine":             {"internal/engine", "a.go", "!go.temporal.io/server/common/config", "minutes"},
		"vendor in another adapter":    {"internal/delivery/email", "a.go", "!github.com/twilio/twilio-go/client", "its adapter"},
		"vendor in its adapter":        {"internal/delivery/sms", "a.go", "!github.com/twilio/twilio-go/client", ""},
		"assert":                       {"internal/policy", "a_test.go", "!github.com/stretchr/testify/assert", "use require"},
		"require in product":           {"internal/policy", "a.go", "!github.com/stretchr/testify/require", "for tests"},
		"require in a test":            {"internal/policy", "a_test.go", "!github.com/stretchr/testify/require", ""},
		"anything else is free":        {"internal/policy", "a.go", "!gopkg.example/free", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			imported, foreign := strings.CutPrefix(c.imports, "!")
			if !foreign {
				imported = module + "/" + imported
			}
			broken, err := check([]source{{pkg: c.pkg, name: c.file, text: []byte("package p\n\nimport _ \"" + imported + "\"\n")}})
			require.NoError(t, err)
			if c.want == "" {
				require.Empty(t, broken)
				return
			}
			require.Len(t, broken, 1)
			require.Contains(t, broken[0], c.want)
		})
	}
}

func TestNarrowedNames(t *testing.T) {
	t.Parallel()
	file := func(name, body string) []source {
		return []source{{pkg: "workflows", name: name, text: []byte("package workflows\n\n" + body)}}
	}
	imp := `"` + module + `/internal/policy"`
	for body, want := range map[string]string{
		"import " + imp + "\nvar _ = policy.IsOverdue":     "",
		"import " + imp + "\nvar _ = policy.Evaluate":      "policy.Evaluate",
		"import rules " + imp + "\nvar _ = rules.Evaluate": "rules.Evaluate",
		"import . " + imp + "\nvar _ = Evaluate":           "with a dot",
	} {
		broken, err := check(file("a.go", body))
		require.NoError(t, err)
		if want == "" {
			require.Empty(t, broken)
			continue
		}
		require.Len(t, broken, 1)
		require.Contains(t, broken[0], want)
	}
	broken, err := check(file("a_test.go", "import "+imp+"\nvar _ = policy.Evaluate"))
	require.NoError(t, err)
	require.Empty(t, broken, "tests may look at rules")
}

// TestTableIsSound finds rows that name packages without a row, a typo as a rule.
func TestTableIsSound(t *testing.T) {
	t.Parallel()
	known := func(name string) bool {
		if name == anything || name == noServer {
			return true
		}
		plain := strings.TrimSuffix(name, "/...")
		if _, ok := rowOf(plain); ok {
			return true
		}
		for r := range rows {
			if strings.HasPrefix(r, plain+"/") {
				return true
			}
		}
		return false
	}
	for name, r := range rows {
		for _, list := range [][]string{r.may, r.inTests} {
			for _, m := range list {
				require.True(t, known(m), "row %s names %s", name, m)
			}
		}
		for m, names := range r.onlyNames {
			require.Contains(t, r.may, m)
			require.NotEmpty(t, names)
		}
	}
	for name, rule := range foreign {
		require.NotEmpty(t, rule.why, name)
		for _, m := range append(append([]string{}, rule.by...), rule.inTests...) {
			require.True(t, known(m), "rule for %s names %s", name, m)
		}
	}
}
