package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// showStatus writes an incident for people: what must be done first, then clocks, then people.
func showStatus(p *page, v breach.Overview) {
	p.para(0, titleOf(v.Incident))
	p.para(0, stateWord(breach.IncidentMachine, string(v.Incident.State))+": "+breach.IncidentMachine.Meaning(string(v.Incident.State)))
	p.line("id " + v.Incident.ID + ", policy " + v.Incident.Policy + ", facts no. " + strconv.Itoa(v.Incident.FactRevision))
	if a := v.Assessment; a != nil {
		p.line("severity " + severity(*a))
	}
	showFlags(p, v)
	showAwaited(p, v)
	showNotes(p, v.Notes)
	showNumbers(p, v.Numbers)
	showDuties(p, v)
	showPeople(p, v)
	showChannels(p, v)
	showOutside(p, v)
}

func severity(a breach.Assessment) string {
	switch {
	case a.Score != nil:
		return fmt.Sprintf("%s (%.2f, %s)", a.Level, *a.Score, a.Scheme)
	case len(a.Range) == 2:
		return fmt.Sprintf("up to %s (%.2f to %.2f while facts are missing, %s)", a.Level, a.Range[0], a.Range[1], a.Scheme)
	}
	return a.Level
}

func showFlags(p *page, v breach.Overview) {
	if v.Stopped {
		p.line("! Sending was stopped for good.")
	} else if v.Paused {
		p.line("! Sending is paused.")
	}
	showRamp(p, v)
	showRunning(p, v)
	showSenders(p, v)
	if e := v.Estimate; e != nil {
		said := "At the present rate the last message goes out at " + e.LastHandover.Format("2006-01-02 15:04 MST")
		if e.LateBy > 0 {
			p.para(0, "! "+said+", "+span(e.LateBy)+" too late for "+e.Obligation+": "+advice(e.Advice, v.Incident.ID)+".")
		} else {
			p.para(0, said+".")
		}
	}
	if !v.EngineAnswers {
		p.para(0, "! The workflow engine does not answer: what waits for whom is not known now. What was recorded is safe.")
	}
	if !v.Balanced {
		p.para(0, "! The outcomes do not add up to the people: run tocsin invariant "+v.Incident.ID)
	}
}

// advice says what helps against a delivery that comes too late.
func advice(codes []string, id string) string {
	var out []string
	for _, c := range codes {
		switch c {
		case "more_connections":
			out = append(out, "open more connections")
		case "another_provider":
			out = append(out, "add a second provider")
		case "announce_now":
			out = append(out, "announce it to the public now with tocsin announce now "+id)
		default:
			out = append(out, strings.ReplaceAll(c, "_", " "))
		}
	}
	return strings.Join(out, "; or ")
}

// awaitedWords says what somebody must do.
var awaitedWords = map[string]string{
	"load_people": "load the list of affected people", "submit": "submit the plan of list %s", "submit_reports": "submit the reports to authorities for approval", "approve": "read and approve, or return, the plan",
	"mend": "look into list %s", "lift": "look into brake %s and lift it", "explain_delay": "say why %s is late", "acknowledge": "enter the authority's number for %s", "close": "close the incident",
}

func showAwaited(p *page, v breach.Overview) {
	if len(v.Awaited) == 0 && len(v.Missing) == 0 {
		return
	}
	p.head("Waits for")
	var unfiled []breach.Awaited
	for _, a := range v.Awaited {
		if a.What == "mend" && strings.Contains(a.Ref, "/") { // a report, not a list
			unfiled = append(unfiled, a)
			continue
		}
		words, known := awaitedWords[a.What]
		if !known {
			words = strings.ReplaceAll(a.What, "_", " ")
		}
		if strings.Contains(words, "%s") {
			words = fmt.Sprintf(words, a.Ref)
		}
		who := "a " + string(a.Role)
		if a.NotBy != "" {
			who += " other than " + a.NotBy
		}
		p.para(2, who+" to "+words+" (for "+span(v.At.Sub(a.Since))+")")
		if a.What == "approve" {
			p.exact("    plan " + a.Ref + "\n")
		}
	}
	showUnfiled(p, unfiled, v.At)
	for _, m := range v.Missing {
		p.para(2, "missing: "+m)
	}
}

// showUnfiled names the reports that could not be filed. What keeps one of them mostly keeps all, so that it is said once.
func showUnfiled(p *page, reports []breach.Awaited, now time.Time) {
	if len(reports) == 0 {
		return
	}
	p.para(2, "a "+string(reports[0].Role)+" to mend what kept these reports from being filed (tocsin timeline says what), then: tocsin report file")
	var rows [][]string
	for _, r := range reports {
		rows = append(rows, []string{r.Ref, "for " + span(now.Sub(r.Since))})
	}
	p.table(4, rows)
}

func showDuties(p *page, v breach.Overview) {
	if len(v.Duties) == 0 {
		return
	}
	p.head("Duties")
	var rows [][]string
	left := slices.Clone(v.Duties)
	slices.SortStableFunc(left, func(a, b breach.Duty) int { return compareDue(a.DueAt, b.DueAt) })
	for _, d := range left {
		if d.Verdict != breach.DoesNotApply {
			rows = append(rows, dutyRows(d, v.At)...)
		}
	}
	p.table(2, rows)
}

// dutyRows are the two lines of one duty: its clock and what it is, its id and where it stands.
func dutyRows(d breach.Duty, now time.Time) [][]string {
	o, state := d.Obligation, d.State
	title := o.Title
	if title == "" {
		title = o.Duty + " " + o.Addressee
	}
	facts := []string{o.ID}
	if state != "" {
		facts = append(facts, strings.ToLower(stateWord(breach.ObligationMachine, string(state))))
	}
	if o.Verdict != breach.Applies {
		facts = append(facts, verdictWords(o.Verdict))
	}
	if d.HeldUntil != nil {
		facts = append(facts, "on hold until "+instant(*d.HeldUntil)+", its clock stands still")
	}
	if !o.Verified {
		facts = append(facts, "RULE NOT VERIFIED")
	}
	if o.Binding == "house_policy" {
		facts = append(facts, "deadline of our own")
	}
	return [][]string{{clock(o, state, d.HeldUntil, now), title}, {"", strings.Join(facts, ", ")}}
}

// clock says how long a duty has.
func clock(o breach.Obligation, state breach.ObligationState, held *time.Time, now time.Time) string {
	var word string
	switch {
	case state == breach.ObligationFiled, state == breach.ObligationAcknowledged, state == breach.ObligationClosed:
		word = "done"
	case o.DueAt == nil && o.Clock != nil && o.Clock.Soft != "":
		word = "promptly"
	case o.DueAt == nil:
		word = "no date"
	case held != nil:
		word = "on hold"
	case now.After(*o.DueAt):
		word = "OVERDUE " + span(now.Sub(*o.DueAt))
	default:
		word = span(o.DueAt.Sub(now)) + " left"
	}
	if o.Clock != nil && o.Clock.Provisional && o.DueAt != nil {
		word += "*"
	}
	return word
}

func compareDue(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return a.Compare(*b)
}

func verdictWords(v breach.Verdict) string {
	switch v {
	case breach.Applies:
		return "applies"
	case breach.DoesNotApply:
		return "does not apply"
	case breach.CannotTell:
		return "cannot tell yet"
	}
	return string(v)
}

func showPeople(p *page, v breach.Overview) {
	p.head(fmt.Sprintf("People %s", count(v.Total)))
	for _, w := range v.Waves {
		state := "no plan yet"
		if w.Plan != nil {
			state = "plan " + strings.ReplaceAll(string(w.Plan.State), "_", " ")
		}
		if w.Total == 0 {
			p.line(fmt.Sprintf("  list %d: 0 people, reports to authorities only, %s", w.Wave, state))
			continue
		}
		p.line(fmt.Sprintf("  list %d: %s people, loaded by %s, %s", w.Wave, count(w.Total), w.LoadedBy, state))
	}
	if v.Total == 0 {
		p.line("  no list is loaded yet")
		return
	}
	for _, o := range breach.Outcomes {
		n := v.People[o]
		if n == 0 {
			continue
		}
		word := stateWord(breach.PersonMachine, string(o))
		p.line(fmt.Sprintf("  %-24s %9s %6.1f%%  %s", word, count(n), 100*float64(n)/float64(v.Total), bar(n, v.Total, max(4, p.width-48))))
	}
}

// bar shows a share; what is there is never drawn as nothing.
func bar(n, of int64, width int) string {
	if of <= 0 || n <= 0 {
		return ""
	}
	full := int(n * int64(width) / of)
	return strings.Repeat("#", max(full, 1))
}

func showChannels(p *page, v breach.Overview) {
	rows := [][]string{}
	for _, c := range breach.Channels {
		counts := v.Channels[c]
		var parts []string
		for _, s := range breach.AttemptStates {
			if n := counts[string(s)]; n > 0 {
				parts = append(parts, count(n)+" "+strings.ReplaceAll(string(s), "_", " "))
			}
		}
		if n := counts["repeated"]; n > 0 {
			parts = append(parts, count(n)+" repeated")
		}
		if len(parts) > 0 {
			rows = append(rows, []string{string(c), strings.Join(parts, ", ")})
		}
	}
	if len(rows) > 0 {
		p.head("Messages")
		p.table(2, rows)
	}
	if v.InApp > 0 {
		p.line("  acknowledged in the app: " + count(v.InApp))
	}
	rows = rows[:0]
	for _, f := range v.Failures {
		rows = append(rows, []string{count(f.Count), string(f.Channel), strings.ReplaceAll(f.Reason, "_", " ")})
	}
	if len(rows) > 0 {
		p.head("Failures")
		p.table(2, rows)
	}
}

func showOutside(p *page, v breach.Overview) {
	if a := v.Announcement; a != nil {
		p.head("Announcement")
		p.exact("  " + a.URL + "\n")
		p.para(2, a.Reason+"; published "+instant(a.PublishedAt)+", kept until "+instant(a.KeepUntil))
		for _, b := range a.Because {
			p.para(4, b)
		}
	}
	if len(v.Filings) > 0 {
		p.head("Reports")
		for _, f := range v.Filings {
			showFiling(p, f)
		}
	}
	if e := v.Evidence; e != nil {
		p.head("Evidence")
		p.line("  " + e.File)
		p.line("  manifest " + e.SHA256)
	}
}

func showFiling(p *page, f breach.Filing) {
	if f.Route == breach.RouteByHand {
		p.para(2, f.Obligation+": done "+instant(f.FiledAt)+" by hand: "+f.Said)
		return
	}
	p.para(2, f.Obligation+": filed "+instant(f.FiledAt)+" by "+f.Route)
	if f.DelayReason != "" {
		p.para(4, "late: "+f.DelayReason)
	}
	if f.Acknowledgement != "" {
		p.para(4, "acknowledged as "+f.Acknowledgement)
	} else {
		p.line("    no acknowledgement yet")
	}
}

func stateWord(m breach.Machine, id string) string {
	for _, s := range m.States {
		if s.ID == id {
			return s.Word
		}
	}
	return id
}

// instant shows a time as everybody reads it the same.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// span is a length of time in its two largest units.
func span(d time.Duration) string {
	d = max(d, 0)
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case days > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case hours > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%d min", minutes)
	}
	return fmt.Sprintf("%d s", int(d.Seconds()))
}

// count groups digits by thousands.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
