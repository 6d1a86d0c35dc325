package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
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

// Table measures every number of people in turn, and with the last of them how soon the product answers, each in a
// process of its own, and writes the tables into a page, in the place of those before. What was measured before a
// failure is written all the same.
func Table(ctx context.Context, page, version string, sizes []int, progress io.Writer) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return breach.Errorf(breach.ErrInvalid, "the page cannot be read: %w", err)
	}
	if _, err := insert(text, ""); err != nil {
		return err
	}
	var rows []Result
	for _, n := range sizes {
		fmt.Fprintf(progress, "\n%d people\n", n)
		r, err := measure[Result](ctx, "deliver", n, progress)
		if err != nil {
			if len(rows) == 0 {
				return err
			}
			fmt.Fprintln(progress, "stopped: "+err.Error())
			break
		}
		fmt.Fprint(progress, r.Text())
		rows = append(rows, r)
	}
	head := fmt.Sprintf("Measured on %s with version %s on %s.\n\n", time.Now().UTC().Format(time.DateOnly), version, machine())
	head += table(rows)
	if answers, err := measure[Answers](ctx, "answers", rows[len(rows)-1].People, progress); err == nil {
		head += "\n" + answersTable(answers, rows[len(rows)-1])
	} else {
		fmt.Fprintln(progress, "stopped: "+err.Error())
	}
	out, err := insert(text, head)
	if err != nil {
		return err
	}
	return os.WriteFile(page, out, 0o644)
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

// table is Markdown.
func table(rows []Result) string {
	var b strings.Builder
	b.WriteString("| people | s | messages/s | bare client/s | ratio | worker memory | CPU us a message: worker, PostgreSQL, rest | longest history | import rows/s | lost |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %d | %.1f | %.0f | %.0f | %.2f | %.0f MB | %.0f, %.0f, %.0f | %d | %.0f | %d |\n", r.People, r.Seconds, r.PerSecond, r.BaselinePerSecond,
			r.Ratio, float64(r.WorkerPeakRSSBytes)/(1<<20), r.CPUMicrosPerMessage, r.PostgresCPU, r.RestCPU, r.TemporalHistoryEvents, r.ImportPerSec, r.Lost)
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
