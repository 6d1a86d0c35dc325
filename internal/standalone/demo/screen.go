package demo

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/width"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Screen shows the story to a person: lines for what happens, and on a terminal a block beneath them that
// is redrawn in place. Without a terminal it prints a line when something changed.
type Screen struct {
	Out      io.Writer
	Terminal bool
	// Size tells the terminal's columns and rows as they are now; nil, and zeros, mean 80 by 24.
	Size  func() (columns, rows int)
	Begin time.Time
	Now   func() time.Time

	drawn  int
	last   string
	seenAt time.Time
}

// Say prints one line above the live block.
func (s *Screen) Say(text string) {
	s.erase()
	fmt.Fprintf(s.Out, "%7s  %s\n", s.since(), text)
}

func (s *Screen) since() string {
	return fmt.Sprintf("%.1fs", s.Now().Sub(s.Begin).Seconds())
}

// Show prints new entries of the record and redraws where people, channels and clocks stand.
func (s *Screen) Show(v breach.Overview, fresh []breach.AuditEntry) {
	for _, text := range sentences(fresh) {
		s.Say(text)
	}
	if !s.Terminal {
		line := bar(v.People, v.Total, 24, false) + "  " + tallyLine(v.People)
		if v.Total > 0 && line != s.last && s.Now().Sub(s.seenAt) >= time.Second {
			fmt.Fprintf(s.Out, "%7s  %s\n", s.since(), line)
			s.last, s.seenAt = line, s.Now()
		}
		return
	}
	s.erase()
	lines := s.fit(s.block(v))
	fmt.Fprint(s.Out, strings.Join(lines, "\n")+"\n")
	s.drawn = len(lines)
}

func (s *Screen) size() (columns, rows int) {
	if s.Size != nil {
		columns, rows = s.Size()
	}
	return cmp.Or(max(columns, 0), 80), cmp.Or(max(rows, 0), 24)
}

// fit cuts the block to what the terminal shows: a line that wraps, or one that has left the screen, could
// not be erased again.
func (s *Screen) fit(lines []string) []string {
	columns, rows := s.size()
	lines = lines[:min(len(lines), max(rows-2, 1))]
	for i := range lines {
		lines[i] = clip(lines[i], columns-1)
	}
	return lines
}

// clip cuts a line to a number of columns. Colours take none, and Chinese characters two.
func clip(line string, columns int) string {
	used := 0
	colour := false // inside of \x1b[...m
	for i, r := range line {
		switch {
		case r == '\x1b':
			colour = true
			continue
		case colour:
			colour = r != 'm'
			continue
		}
		n := 1
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			n = 2
		}
		if used += n; used > columns {
			return line[:i] + "\x1b[0m"
		}
	}
	return line
}

func (s *Screen) erase() {
	if s.drawn > 0 {
		fmt.Fprintf(s.Out, "\x1b[%dA\x1b[J", s.drawn)
		s.drawn = 0
	}
}

// block draws the live part: people by outcome, attempts by channel, the next clocks.
func (s *Screen) block(v breach.Overview) []string {
	columns, _ := s.size()
	names := min(max(columns-25, 10), 26)
	out := []string{"", fmt.Sprintf("  %s  %s", strings.ToUpper(word(breach.IncidentMachine, string(v.Incident.State))), v.Incident.Title)}
	line := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if v.Total > 0 {
		line("  %s", bar(v.People, v.Total, min(max(columns, 24), 100)-4, true))
		for _, o := range breach.Outcomes {
			n := v.People[o]
			line("  %s %-*.*s %9s  %5.1f %%", mark(o, true), names, names, word(breach.PersonMachine, string(o)), grouped(n), 100*float64(n)/float64(v.Total))
		}
		sum, says := "=", "adds up"
		if !v.Balanced {
			sum, says = "≠", "DOES NOT ADD UP"
		}
		line("  %s %-*.*s %9s  %s", sum, names, names, "Everybody", grouped(v.Total), says)
	}
	for _, c := range breach.Channels {
		if n := v.Channels[c]; n != nil {
			line("  %-7s %s", c, attempts(n))
		}
	}
	for _, d := range soonest(v.Duties, 4) {
		line("  %-9s %s (%s)", left(d, v.At), d.Title, stateWord(d, v.Incident.State))
	}
	return out
}

func attempts(n breach.ChannelCounts) string {
	var parts []string
	for _, st := range breach.AttemptStates {
		if n[string(st)] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[string(st)], strings.ReplaceAll(string(st), "_", " ")))
		}
	}
	if n["repeated"] > 0 {
		parts = append(parts, fmt.Sprintf("%d repeated", n["repeated"]))
	}
	return strings.Join(parts, ", ")
}

// soonest lists duties with a deadline that applies, the nearest first; done ones last.
func soonest(all []breach.Duty, most int) []breach.Duty {
	var out []breach.Duty
	for _, d := range all {
		if d.Verdict == breach.Applies && d.DueAt != nil {
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(a, b breach.Duty) int { return a.DueAt.Compare(*b.DueAt) })
	return out[:min(most, len(out))]
}

func stateWord(d breach.Duty, at breach.IncidentState) string {
	switch {
	case d.State == "":
		return "open"
	case d.Duty == "notify_individuals" && at == breach.IncidentNotifying:
		return "being carried out"
	}
	return strings.ToLower(word(breach.ObligationMachine, string(d.State)))
}

func left(d breach.Duty, now time.Time) string {
	rest := d.DueAt.Sub(now)
	if rest < 0 {
		return "late"
	}
	if rest >= 48*time.Hour {
		return fmt.Sprintf("%d d %d h", int(rest.Hours())/24, int(rest.Hours())%24)
	}
	return fmt.Sprintf("%d h %02d m", int(rest.Hours()), int(rest.Minutes())%60)
}

func word(m breach.Machine, id string) string {
	for _, st := range m.States {
		if st.ID == id {
			return st.Word
		}
	}
	return id
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "NO"
}

var marks = map[breach.Outcome]struct{ glyph, colour string }{
	breach.Reached: {"█", "34"}, breach.Attempted: {"▒", "36"}, breach.Pending: {"░", "90"}, breach.Held: {"▚", "33"},
	breach.Unreachable: {"▓", "31"}, breach.Covered: {"▥", "35"}, breach.Exempt: {"▁", "37"}, breach.Withdrawn: {"▔", "37"},
}

func mark(o breach.Outcome, colour bool) string {
	m := marks[o]
	if !colour {
		return m.glyph
	}
	return "\x1b[" + m.colour + "m" + m.glyph + "\x1b[0m"
}

// bar draws shares by largest remainder, so that it is always exactly width wide.
func bar(t breach.Tally, total int64, width int, colour bool) string {
	if total == 0 {
		return strings.Repeat("·", width)
	}
	type share struct {
		o    breach.Outcome
		n    int
		rest int64
	}
	var shares []share
	used := 0
	for _, o := range breach.Outcomes {
		n := t[o] * int64(width)
		shares = append(shares, share{o, int(n / total), n % total})
		used += int(n / total)
	}
	order := slices.Clone(shares)
	slices.SortStableFunc(order, func(a, b share) int { return int(b.rest - a.rest) })
	extra := map[breach.Outcome]int{}
	for i := 0; used < width && i < len(order); i++ {
		extra[order[i].o]++
		used++
	}
	var b strings.Builder
	for _, s := range shares {
		if n := s.n + extra[s.o]; n > 0 {
			if colour {
				b.WriteString("\x1b[" + marks[s.o].colour + "m" + strings.Repeat(marks[s.o].glyph, n) + "\x1b[0m")
			} else {
				b.WriteString(strings.Repeat(marks[s.o].glyph, n))
			}
		}
	}
	return b.String()
}

func tallyLine(t breach.Tally) string {
	var parts []string
	for _, o := range breach.Outcomes {
		if t[o] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", strings.ToLower(word(breach.PersonMachine, string(o))), t[o]))
		}
	}
	return strings.Join(parts, ", ")
}

// Progress draws a bar while a list is read.
func (s *Screen) Progress(r io.Reader, size int64) io.Reader {
	var done int64
	var drawn time.Time
	return progressReader{r, func(n int) {
		done += int64(n)
		if !s.Terminal || size <= 0 || s.Now().Sub(drawn) < 100*time.Millisecond {
			return
		}
		drawn = s.Now()
		columns, _ := s.size()
		wide := int64(min(max(columns-24, 1), 30))
		full := int(min(done*wide/size, wide))
		fmt.Fprintf(s.Out, "\r         reading %s%s %3d %%", strings.Repeat("█", full), strings.Repeat("░", int(wide)-full), min(done*100/size, 100))
	}}
}

// Done ends a progress bar.
func (s *Screen) Done() {
	if s.Terminal {
		fmt.Fprint(s.Out, "\r\x1b[K")
	}
}

// List says what became of the rows of a list.
func (s *Screen) List(summary any) {
	raw, err := json.Marshal(summary)
	if err != nil {
		return
	}
	var in struct {
		Rows                                              int64
		Accepted, Repaired, Flagged, Rejected, Duplicates int64
		ByProblem                                         map[string]int64 `json:"by_problem"`
	}
	if json.Unmarshal(raw, &in) != nil {
		return
	}
	s.Say(fmt.Sprintf("  rows %d: accepted %d, repaired %d, flagged %d, rejected %d, duplicates %d", in.Rows, in.Accepted, in.Repaired, in.Flagged, in.Rejected, in.Duplicates))
	problems := slices.SortedFunc(maps.Keys(in.ByProblem), func(a, b string) int {
		return cmp.Or(cmp.Compare(in.ByProblem[b], in.ByProblem[a]), cmp.Compare(a, b))
	})
	shown := problems[:min(mostProblems, len(problems))]
	for _, p := range shown {
		s.Say(fmt.Sprintf("    %s: %d", plainly(p), in.ByProblem[p]))
	}
	if more := len(problems) - len(shown); more > 0 {
		s.Say(fmt.Sprintf("    and %d more kinds; tocsin recipients check lists every row", more))
	}
}

// mostProblems is how many kinds of problems of a list are shown, the most frequent first.
const mostProblems = 8

// sentences puts entries of the record into words. A portal answers at once: what it took and acknowledged is one line.
func sentences(fresh []breach.AuditEntry) []string {
	var out []string
	filed := map[string]int{}
	for _, e := range fresh {
		text := words(e)
		report, acknowledged := strings.CutSuffix(text, " acknowledged")
		at, known := filed[report]
		switch {
		case text == "":
		case acknowledged && known:
			out[at] = report + " filed and acknowledged"
		default:
			if report, is := strings.CutSuffix(text, " filed"); is {
				filed[report] = len(out)
			}
			out = append(out, text)
		}
	}
	return out
}

// words puts an entry of the record into a sentence; empty for entries that are seen otherwise.
func words(e breach.AuditEntry) string {
	var d map[string]any
	_ = json.Unmarshal(e.Data, &d)
	get := func(k string) string {
		if v, ok := d[k]; ok && v != nil {
			if f, ok := v.(float64); ok {
				return fmt.Sprintf("%.0f", f)
			}
			return fmt.Sprint(v)
		}
		return "?"
	}
	switch e.Action {
	case "assess.judged":
		return "Duties assessed from fact revision " + get("revision") + ": severity " + get("level") + ", " + get("clocks") + " clocks run"
	case "announce.decided":
		return "Announcement decided from measured facts: " + strings.ReplaceAll(get("reason"), "_", " ")
	case "announce.published":
		return "Announcement " + get("reference") + " published; it covers " + get("covered") + " people"
	case "evidence.sealed":
		return "Evidence sealed: " + get("file")
	case "clock.reminder":
		return "Reminder: " + get("obligation") + " is due " + get("due_at")
	case "clock.overdue":
		return "OVERDUE: " + get("obligation")
	case "case.trouble":
		return "NEEDS A PERSON: " + get("what") + ": " + get("reason")
	}
	if strings.HasPrefix(e.Action, "report.") || strings.HasPrefix(e.Action, "filing.") {
		return "Report: " + get("obligation") + " " + strings.TrimPrefix(strings.TrimPrefix(e.Action, "report."), "filing.")
	}
	return ""
}
