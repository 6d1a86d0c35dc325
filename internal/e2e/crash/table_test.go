package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The table stands between these lines of a page.
const (
	tableBegin = "<!-- chaos:begin -->"
	tableEnd   = "<!-- chaos:end -->"
)

// row is what came of one fault.
type row struct {
	fault  string
	people int
	what   string
	result
	looks  int64
	took   time.Duration
	seed   uint64
	failed bool
}

// verdict is the row in one line for people.
func (r row) verdict() string {
	if r.failed {
		return "FAILED"
	}
	return fmt.Sprintf("ok: %d people, lost %d, told twice %d of at most %d, unknown %d, refused for good %d, people added up in %d looks, %.0f s",
		r.people, r.lost, r.twice, r.bound, r.unknown, r.refused, r.looks, r.took.Seconds())
}

// results gathers the rows of one run. TOCSIN_CHAOS_TABLE names the page that they are written into.
var results gathered

type gathered struct {
	mu   sync.Mutex
	rows []row
}

func (g *gathered) add(r row) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rows = append(g.rows, r)
	if os.Getenv("TOCSIN_CHAOS_SHOW") != "" {
		fmt.Fprintf(os.Stderr, "%-38s %s\n", r.fault, r.verdict())
	}
}

// failed adds the row of a fault whose proof failed.
func (g *gathered) failed(t *testing.T, name string, people int, seed uint64, c *chaos) {
	if t.Failed() {
		g.add(row{fault: name, people: people, what: c.what, seed: seed, took: time.Since(c.begin), failed: true})
	}
}

// line gives what takes lines for people: at once where somebody watches, else with the test's own.
func (g *gathered) line(t *testing.T, name string) func(string) {
	if os.Getenv("TOCSIN_CHAOS_SHOW") == "" {
		return func(s string) { t.Helper(); t.Log(s) }
	}
	return func(s string) {
		g.mu.Lock()
		defer g.mu.Unlock()
		fmt.Fprintf(os.Stderr, "%-38s %s\n", name, s)
	}
}

// write puts the table into the page that was asked for.
func (g *gathered) write() error {
	page := os.Getenv("TOCSIN_CHAOS_TABLE")
	if page == "" || len(g.rows) == 0 {
		return nil
	}
	return g.writeInto(page)
}

// writeInto puts the table into a page, in the place of the one before.
func (g *gathered) writeInto(page string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return fmt.Errorf("read the page of the table: %w", err)
	}
	head, rest, found := strings.Cut(string(text), tableBegin+"\n")
	_, tail, closed := strings.Cut(rest, tableEnd)
	if !found || !closed {
		return fmt.Errorf("%s has no place for the table, between %s and %s", page, tableBegin, tableEnd)
	}
	version := os.Getenv("TOCSIN_CHAOS_VERSION")
	if version == "" {
		version = "unknown"
	}
	out := fmt.Sprintf("%s%s\nRun on %s with version %s on %s.\n\n%s%s%s", head, tableBegin, time.Now().UTC().Format(time.DateOnly), version, machine(), g.markdown(), tableEnd, tail)
	return os.WriteFile(page, []byte(out), 0o644)
}

func (g *gathered) markdown() string {
	place := func(r row) int { // that of its fault; what is not in the list comes last
		if i := slices.IndexFunc(table, func(f fault) bool { return f.name == r.fault }); i >= 0 {
			return i
		}
		return len(table)
	}
	slices.SortStableFunc(g.rows, func(a, b row) int { return place(a) - place(b) })
	var b strings.Builder
	b.WriteString("| fault | people | what was done | lost | told twice | at most | unknown: repeated, confirmed, other | refused for good | adds up | s | seed |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range g.rows {
		if r.failed {
			fmt.Fprintf(&b, "| %s | %d | %s | **failed** | | | | | | %.0f | %d |\n", r.fault, r.people, r.what, r.took.Seconds(), r.seed)
			continue
		}
		fmt.Fprintf(&b, "| %s | %d | %s | %d | %d | %d | %d: %d, %d, %d | %d | in %d looks | %.0f | %d |\n", r.fault, r.people, r.what, r.lost, r.twice, r.bound,
			r.unknown, r.repeated, r.confirmed, r.notKnowable+r.late, r.refused, r.looks, r.took.Seconds(), r.seed)
	}
	return b.String()
}

// machine names processor, cores and memory, as far as the system says.
func machine() string {
	model := valueOf("/proc/cpuinfo", "model name")
	if model == "" {
		model = runtime.GOARCH
	}
	text := fmt.Sprintf("%s, %d cores", model, runtime.NumCPU())
	if kb, err := strconv.ParseInt(strings.TrimSuffix(valueOf("/proc/meminfo", "MemTotal"), " kB"), 10, 64); err == nil {
		text += fmt.Sprintf(", %.0f GB of memory", float64(kb)/(1<<20))
	}
	return text + ", " + runtime.GOOS
}

// valueOf finds the first line "name : value" of a file.
func valueOf(file, name string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		key, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func TestTableTakesThePlaceOfTheOneBefore(t *testing.T) {
	t.Parallel()
	page := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(page, []byte("before\n"+tableBegin+"\nthe last one\n"+tableEnd+"\nafter\n"), 0o600))
	var g gathered
	g.rows = []row{{fault: "a fault", people: 7, result: result{twice: 3, bound: 960}, looks: 5, seed: 11}, {fault: "a bad one", failed: true}}
	for range 2 {
		require.NoError(t, g.writeInto(page))
	}
	text := read(page)
	require.True(t, strings.HasPrefix(text, "before\n"+tableBegin) && strings.HasSuffix(text, tableEnd+"\nafter"), text)
	require.NotContains(t, text, "the last one")
	require.Equal(t, 1, strings.Count(text, "| a fault | 7 |"))
	require.Contains(t, text, "| a bad one | 0 |  | **failed** |")
	require.NoError(t, os.WriteFile(page, []byte("no place"), 0o600))
	require.Error(t, g.writeInto(page))
}
