package demo

import (
	"fmt"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Links are the places to look at after a demo. The pages are empty when they end with the process.
type Links struct{ Console, Temporal, Outbox, DataDir string }

// Close shows how the story ended, what is open, and where to look. An address is never broken over lines:
// it has to stay something that a person can click.
func (s *Screen) Close(sum Summary, l Links) {
	s.erase()
	var b strings.Builder
	fmt.Fprintf(&b, "\n  Incident %s\n  Policy %s, %s\n\n", sum.Incident, sum.Policy, strings.ToLower(word(breach.IncidentMachine, string(sum.State))))
	line := func(name, text string) { fmt.Fprintf(&b, "  %-13s %s\n", name, text) }
	switch a := sum.Assessment; {
	case a == nil:
	case a.Score != nil:
		line("Severity", fmt.Sprintf("%s, %.2f by %s", a.Level, *a.Score, a.Scheme))
	case len(a.Range) == 2:
		line("Severity", fmt.Sprintf("%s, %.2f to %.2f by %s: facts are missing", a.Level, a.Range[0], a.Range[1], a.Scheme))
	}
	line("People", grouped(sum.People["total"]))
	for _, o := range breach.Outcomes {
		if n := sum.People[string(o)]; n > 0 {
			fmt.Fprintf(&b, "    %s %-25s %9s\n", mark(o, s.Terminal), word(breach.PersonMachine, string(o)), grouped(n))
		}
	}
	for _, r := range sum.Reports {
		text := r.Obligation + ", " + r.Status
		if r.Acknowledgement != "" {
			text += ", number " + r.Acknowledgement
		}
		line("Report", text)
	}
	if sum.Announcement.Published {
		line("Announcement", "published ("+plainly(sum.Announcement.Reason)+")")
		if l.Console != "" {
			line("", sum.Announcement.URL)
		}
	} else {
		line("Announcement", "none ("+plainly(sum.Announcement.Reason)+")")
	}
	if sum.Evidence.File != "" {
		line("Evidence", "verified: "+yes(sum.Evidence.Verified))
		line("", sum.Evidence.File)
	}
	for i, o := range sum.Open {
		name := ""
		if i == 0 {
			name = "Still open"
		}
		line(name, o.sentence())
	}
	b.WriteString("\n")
	if l.Console != "" {
		line("Console", l.Console)
		line("Temporal UI", l.Temporal)
		line("Outbox", l.Outbox)
	}
	line("Data", l.DataDir)
	b.WriteString("\n")
	fmt.Fprint(s.Out, b.String())
}

var openWords = map[string]string{
	"load_people": "load the list of affected people", "submit": "submit the plan",
	"submit_reports": "submit the reports to authorities for approval", "approve": "approve the plan",
	"mend": "mend", "file": "file the report", "acknowledge": "enter the authority's number for", "close": "close the incident", "amend": "add what is missing:",
}

// sentence says what somebody must do.
func (o SummaryOpen) sentence() string {
	text, known := openWords[o.What]
	if !known {
		text = plainly(o.What)
	}
	switch o.What {
	case "mend", "acknowledge", "amend", "file":
		text += " " + o.Ref
	}
	if o.Reason != "" && o.What == "mend" {
		text += ": " + o.Reason
	}
	return text
}

func plainly(code string) string { return strings.ReplaceAll(code, "_", " ") }

// grouped writes 1234567 as 1,234,567.
func grouped(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
