package console

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// railView is all clocks of an incident on one axis.
type railView struct {
	Ticks []tick
	Rows  []railRow
	More  []railRow // beyond what fits on one look
	Now   string    // place of now, in percent
	Live  bool      // now is on the axis

	NowAnchor, NowShift string // where its label stands
}

// railLine is a row with the axis that it is drawn on.
type railLine struct {
	Rail railView
	Row  railRow
}

// Shown and Hidden are the rows as they are drawn.
func (v railView) Shown() []railLine  { return v.lines(v.Rows) }
func (v railView) Hidden() []railLine { return v.lines(v.More) }

func (v railView) lines(rows []railRow) []railLine {
	var out []railLine
	for _, r := range rows {
		out = append(out, railLine{v, r})
	}
	return out
}

type tick struct{ X, Label string }

type railRow struct {
	Name, Law string
	Note      string // what stands under the time
	Due       moment
	Clock     clock
	Word      string // instead of a running clock: Filed, Cannot tell
	WordClass string
	Spent     *span
	Left      *span
	Done      *span
	Ask       *span
	DueX      string // place of the deadline; empty when it lies beyond the axis
	DoneX     string
	at        time.Time
	kind      standing
}

type span struct{ X, Width string }

// mostClocks stand on the page at once.
const mostClocks = 9

// axis maps instants to places.
type axis struct{ from, to time.Time }

func (a axis) at(t time.Time) float64 {
	x := 100 * float64(t.Sub(a.from)) / float64(a.to.Sub(a.from))
	return min(max(x, 0), 100)
}

func (a axis) span(from, to time.Time) *span {
	x, end := a.at(from), a.at(to)
	if end <= x {
		return nil
	}
	return &span{percent(x), percent(end - x)}
}

// rail puts the duties of an incident on one axis, the one that ends first on top, unknown ones next, those
// that are done last.
func (l speech) rail(o breach.Overview) railView {
	from := began(o)
	ax := axis{from, l.end(o, from)}
	var rows []railRow
	for _, d := range l.grouped(o) {
		rows = append(rows, l.railRow(o, d, ax))
	}
	slices.SortStableFunc(rows, func(a, b railRow) int {
		return cmp.Or(cmp.Compare(railOrder[a.kind], railOrder[b.kind]), a.at.Compare(b.at))
	})
	v := railView{Rows: rows, Now: percent(ax.at(l.now)), Live: l.now.Before(ax.to), NowAnchor: "start", NowShift: "6"}
	if ax.at(l.now) > 85 {
		v.NowAnchor, v.NowShift = "end", "-6"
	}
	if len(rows) > mostClocks {
		v.Rows, v.More = rows[:mostClocks], rows[mostClocks:]
	}
	v.Ticks = l.ticks(ax)
	return v
}

var railOrder = map[standing]int{running: 0, timeless: 1, unknown: 2, done: 3}

// began is the earliest instant that any clock counts from.
func began(o breach.Overview) time.Time {
	from := o.Incident.OpenedAt
	earlier := func(t *time.Time) {
		if t != nil && t.Before(from) {
			from = *t
		}
	}
	earlier(o.Timings.DetectedAt)
	earlier(o.Incident.AwareAt)
	for _, d := range o.Duties {
		if d.Verdict != breach.DoesNotApply && d.Clock != nil {
			earlier(d.Clock.StartedAt)
		}
	}
	return from
}

// end leaves room for now and for the near deadlines; one that is far beyond does not press the others
// together.
func (l speech) end(o breach.Overview, from time.Time) time.Time {
	var dues []time.Time
	for _, d := range o.Duties {
		if d.DueAt != nil && d.Verdict != breach.DoesNotApply && d.DueAt.After(from) {
			dues = append(dues, *d.DueAt)
		}
	}
	slices.SortFunc(dues, time.Time.Compare)
	to := from.Add(24 * time.Hour)
	if len(dues) > 0 {
		to = dues[0]
	}
	if l.now.After(to) && o.Incident.State != breach.IncidentClosed {
		to = l.now
	}
	reach := from.Add(5 * to.Sub(from))
	for _, d := range dues {
		if d.After(to) && d.Before(reach) {
			to = d
		}
	}
	return to.Add(to.Sub(from) / 20)
}

// duties of one kind that end at the same instant share a row.
type dutyGroup struct {
	breach.Duty
	laws []string
}

func (l speech) grouped(o breach.Overview) []dutyGroup {
	var out []dutyGroup
	for _, d := range o.Duties {
		kind, _ := stand(o, d)
		if kind == notAsked {
			continue
		}
		same := func(g dutyGroup) bool {
			k, _ := stand(o, g.Duty)
			return d.Duty == "notify_individuals" && g.Duty.Duty == d.Duty && k == kind && g.DueAt != nil && d.DueAt != nil && g.DueAt.Equal(*d.DueAt)
		}
		if i := slices.IndexFunc(out, same); i >= 0 {
			out[i].laws = append(out[i].laws, l.law(d))
			continue
		}
		out = append(out, dutyGroup{d, []string{l.law(d)}})
	}
	return out
}

func (l speech) railRow(o breach.Overview, g dutyGroup, ax axis) railRow {
	kind, filing := stand(o, g.Duty)
	row := railRow{Name: l.T(titleOf(g.Duty)), Law: strings.Join(slices.Compact(g.laws), l.T(", ")), kind: kind}
	start := ax.from
	if g.Clock != nil && g.Clock.StartedAt != nil {
		start = *g.Clock.StartedAt
	}
	if g.DueAt != nil {
		row.at = *g.DueAt
		row.Due = l.At(*g.DueAt)
		if g.DueAt.Before(ax.to) {
			row.DueX = percent(ax.at(*g.DueAt))
		}
	}
	switch kind {
	case done:
		l.railDone(&row, o, g, filing, start, ax)
	case unknown:
		row.Word, row.WordClass = l.T("Cannot tell"), "t-ask"
		row.Ask, row.Note = ax.span(start, ax.to), l.T("no deadline yet")
		if g.DueAt != nil {
			row.Note = l.T("if it applies")
		}
		row.DueX = ""
	case timeless:
		row.Word, row.Spent = l.T("No deadline"), ax.span(start, l.now)
		if g.Clock != nil && g.Clock.Soft != "" {
			row.Note = l.T("The law says: “%s”", g.Clock.Soft)
		}
	case running:
		row.Clock, row.Note = l.clock(*g.DueAt), l.binding(g.Duty)
		turn := l.now
		if g.DueAt.Before(turn) {
			turn = *g.DueAt
		}
		row.Spent, row.Left = ax.span(start, turn), ax.span(turn, *g.DueAt)
	}
	return row
}

func (l speech) railDone(row *railRow, o breach.Overview, g dutyGroup, filing *breach.Filing, start time.Time, ax axis) {
	row.Word, row.WordClass = l.T("Done"), "t-done"
	if g.Duty.Duty == "notify_individuals" {
		row.Word = l.T("Told")
	}
	var at *time.Time
	switch {
	case filing != nil:
		row.Word, at = l.T(wordOf(breach.ObligationMachine, filing.Status)), &filing.FiledAt
	case g.Duty.Duty == "notify_individuals":
		at = o.Timings.LastHandover
	}
	if g.DueAt != nil {
		row.Left = ax.span(start, *g.DueAt)
	}
	if at == nil {
		return
	}
	row.Due, row.Done, row.DoneX = l.At(*at), ax.span(start, *at), percent(ax.at(*at))
	if g.DueAt != nil {
		row.Note = l.T("in time")
		if at.After(*g.DueAt) {
			row.Note = l.T("late")
		}
	}
}

// binding says on what a deadline rests.
func (l speech) binding(d breach.Duty) string {
	switch {
	case d.Clock != nil && d.Clock.Provisional:
		return l.T("provisional")
	case d.Binding == "house_policy":
		return l.T("house policy")
	}
	return l.T("law")
}

// law is where a duty is written. A rule that nobody has checked against its source says so wherever it is named.
func (l speech) law(d breach.Duty) string {
	if d.Verified {
		return d.Citation
	}
	return d.Citation + l.T(", a rule that nobody has verified")
}

// titleOf is a duty in plain words.
func titleOf(d breach.Duty) string {
	if d.Title != "" {
		return d.Title
	}
	switch d.Duty {
	case "notify_individuals":
		return "Tell people"
	case "notify_authority":
		return "Report to the authority"
	case "notify_media":
		return "Tell the media"
	case "public_notice":
		return "Publish a notice"
	}
	return "Tell others"
}

// steps of the axis, the finest first.
var tickSteps = []time.Duration{time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour, 90 * 24 * time.Hour}

// ticks are at most six, at full hours or midnights of the shown zone.
func (l speech) ticks(ax axis) []tick {
	step := tickSteps[len(tickSteps)-1]
	for _, s := range tickSteps {
		if ax.to.Sub(ax.from)/s < 6 {
			step = s
			break
		}
	}
	first := ax.from.In(l.zone)
	t := time.Date(first.Year(), first.Month(), first.Day(), 0, 0, 0, 0, l.zone)
	var out []tick
	for ; t.Before(ax.to); t = t.Add(step) {
		if t.Before(ax.from) {
			continue
		}
		x := ax.at(t)
		if x < 3 || x > 97 {
			continue
		}
		label := l.Day(t)
		if local := t.In(l.zone); local.Hour() != 0 {
			label = local.Format("15:04")
		}
		out = append(out, tick{percent(x), label})
	}
	return out
}
