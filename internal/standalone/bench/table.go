package bench

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// The table stands between these lines of a page.
const (
	tableBegin = "<!-- bench:begin -->"
	tableEnd   = "<!-- bench:end -->"
)

// Table measures every number of people in turn, several times over, and with the last of them how soon the product
// answers, each in a process of its own, and writes the tables into a page, in the place of those before. Machines are
// faster and slower from minute to minute: the sizes take turns, and the run whose ratio is in the middle stands for its
// size. What was measured before a failure is written all the same.
func Table(ctx context.Context, page, version string, sizes []int, runs int, progress io.Writer) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return breach.Errorf(breach.ErrInvalid, "the page cannot be read: %w", err)
	}
	if _, err := insert(text, ""); err != nil {
		return err
	}
	if len(sizes) == 0 || runs < 1 {
		return breach.Errorf(breach.ErrInvalid, "nothing is to be measured: name at least one number of people and one run")
	}
	all, err := deliverAll(ctx, sizes, runs, progress)
	if len(all) == 0 {
		return err
	}
	head := fmt.Sprintf("Measured on %s with version %s on %s.\n\n", time.Now().UTC().Format(time.DateOnly), version, machine())
	head += table(all)
	last := middle(all[len(all)-1])
	if answers, err := measure[Answers](ctx, "answers", last.People, progress); err == nil {
		head += "\n" + answersTable(answers, last)
	} else {
		fmt.Fprintln(progress, "stopped: "+err.Error())
	}
	out, err := insert(text, head)
	if err != nil {
		return err
	}
	return os.WriteFile(page, out, 0o644)
}

// deliverAll gives the runs of each size. With an error it gives those that ended well before.
func deliverAll(ctx context.Context, sizes []int, runs int, progress io.Writer) (all [][]Result, err error) {
	bySize := make([][]Result, len(sizes))
	for run := range runs {
		for i, n := range sizes {
			fmt.Fprintf(progress, "\n%d people, run %d of %d\n", n, run+1, runs)
			r, failed := measure[Result](ctx, "deliver", n, progress)
			if failed != nil {
				fmt.Fprintln(progress, "stopped: "+failed.Error())
				return slices.DeleteFunc(bySize, func(of []Result) bool { return len(of) == 0 }), failed
			}
			fmt.Fprint(progress, r.Text())
			bySize[i] = append(bySize[i], r)
		}
	}
	return slices.DeleteFunc(bySize, func(of []Result) bool { return len(of) == 0 }), nil
}

// middle is the run with the median ratio; of an even number the lower of the two.
func middle(runs []Result) Result {
	sorted := slices.SortedFunc(slices.Values(runs), func(a, b Result) int { return cmp.Compare(a.Ratio, b.Ratio) })
	return sorted[(len(sorted)-1)/2]
}

// measure runs one size with this program.
func measure[T any](ctx context.Context, what string, people int, progress io.Writer) (r T, err error) {
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	c := exec.CommandContext(ctx, self, "bench", what, "--people", strconv.Itoa(people), "-o", "json")
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = time.Minute
	c.Stderr = progress
	out, err := c.Output()
	if err != nil {
		return r, fmt.Errorf("the run with %d people did not end well: %w", people, err)
	}
	return r, json.Unmarshal(out, &r)
}

func insert(page []byte, table string) ([]byte, error) {
	head, rest, found := bytes.Cut(page, []byte(tableBegin+"\n"))
	_, tail, closed := bytes.Cut(rest, []byte(tableEnd))
	if !found || !closed {
		return nil, breach.Errorf(breach.ErrInvalid, "the page has no place for the table: it stands between %s and %s", tableBegin, tableEnd)
	}
	return fmt.Appendf(nil, "%s%s\n%s\n%s%s", head, tableBegin, strings.TrimSpace(table), tableEnd, tail), nil
}

// table is Markdown. The middle run speaks, but for what must hold in every run: the most memory, the longest history, and
// all who were lost.
func table(sizes [][]Result) string {
	var b strings.Builder
	b.WriteString("| people | s | messages/s | bare client/s | ratio | of all runs | worker memory, most | CPU us a message: worker, PostgreSQL, rest | longest history | import rows/s | lost |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, runs := range sizes {
		r := middle(runs)
		var ratios []string
		var memory, history, lost int64
		for _, one := range runs {
			ratios = append(ratios, fmt.Sprintf("%.2f", one.Ratio))
			memory, history, lost = max(memory, one.WorkerPeakRSSBytes), max(history, one.TemporalHistoryEvents), lost+one.Lost
		}
		fmt.Fprintf(&b, "| %d | %.1f | %.0f | %.0f | %.2f | %s | %.0f MB | %.0f, %.0f, %.0f | %d | %.0f | %d |\n", r.People, r.Seconds, r.PerSecond, r.BaselinePerSecond,
			r.Ratio, strings.Join(ratios, " "), float64(memory)/1e6, r.CPUMicrosPerMessage, r.PostgresCPU, r.RestCPU, history, r.ImportPerSec, lost)
	}
	return b.String()
}

// answersTable compares with what a run with as many people sent.
func answersTable(a Answers, r Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| how soon, %d people | measured |\n|---|---|\n", a.People)
	fmt.Fprintf(&b, "| a detector's call: incident open, clock running, workflow started, answer given | %.0f ms, 95th percentile %.0f ms (of %d) |\n", a.DetectP50, a.DetectP95, a.Detected)
	fmt.Fprintf(&b, "| stop button to the last message handed over | %.0f ms, %d messages |\n", a.StopMillis, a.SentAfterStop)
	fmt.Fprintf(&b, "| the incident's page | %.0f ms, 95th percentile %.0f ms (of %d); the first look %.0f ms |\n", a.PageP50, a.PageP95, a.Looks, a.PageFirst)
	fmt.Fprintf(&b, "| one Temporal activity per person, the same mail transport | %.0f messages/s: the product sends %.0f times as many |\n", a.PerActivity, r.PerSecond/max(a.PerActivity, 1))
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
