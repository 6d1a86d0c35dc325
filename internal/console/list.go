package console

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// listView is all incidents, by the clock that runs out first.
type listView struct {
	Sums    []sumView
	Filters []filter
	Rows    []listRow
	Shown   string
	Empty   bool // there are none at all
}

type sumView struct{ Number, Text, Class string }

type filter struct {
	Text, URL string
	Current   bool
}

type listRow struct {
	ID, URL, Title  string
	Class           string
	Clock           *clock
	Word            badge // instead of a clock
	For             string
	DueSay          string
	What            string
	Meta            []string
	Unknown         string
	Steps           []string // classes of the small stages
	State           string
	People          string
	Bar             bar
	PeopleSay       string
	Waits, WaitsFor string

	first  int64 // when the first clock ends, for sorting
	closed bool
	mine   int
	draft  bool
}

// busy is how many incidents are read at once for the list.
const busy = 4

func (s *server) incidents(v *visit) error {
	ctx := v.r.Context()
	all, err := s.Desk.Incidents(ctx)
	if err != nil {
		return err
	}
	overviews := make([]*breach.Overview, len(all))
	var wait sync.WaitGroup
	slots := make(chan struct{}, busy)
	for i, inc := range all {
		if inc.State == breach.IncidentClosed || !plausible(inc.ID) {
			continue // of a closed one the head is enough
		}
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if o, err := s.hub.overview(ctx, inc.ID); err == nil {
				overviews[i] = &o
			} else {
				s.Log.WarnContext(ctx, "an incident of the list cannot be read", "incident", inc.ID, "code", string(breach.CodeOf(err)))
			}
		})
	}
	wait.Wait()
	return v.show(http.StatusOK, "incidents", frame{Title: v.l.T("Incidents"), Here: "incidents", HoldsFigures: true, Main: v.l.list(all, overviews, v.actor, v.r.URL.Query().Get("show"))})
}

func (l speech) list(all []breach.Incident, overviews []*breach.Overview, by breach.Actor, show string) listView {
	view := listView{Empty: len(all) == 0}
	rows := make([]listRow, 0, len(all))
	var sum sums
	for i, inc := range all {
		if !plausible(inc.ID) {
			continue
		}
		row := l.listRow(inc, overviews[i], by)
		rows = append(rows, row)
		if overviews[i] != nil {
			sum.add(l, *overviews[i], row.mine)
		}
	}
	slices.SortStableFunc(rows, func(a, b listRow) int {
		if a.closed != b.closed {
			return map[bool]int{true: 1, false: -1}[a.closed]
		}
		return cmp.Compare(a.first, b.first)
	})
	keep := map[string]func(listRow) bool{
		"": func(r listRow) bool { return !r.closed }, "mine": func(r listRow) bool { return r.mine > 0 },
		"draft": func(r listRow) bool { return r.draft }, "closed": func(r listRow) bool { return r.closed },
	}
	if keep[show] == nil {
		show = ""
	}
	for _, f := range []struct{ key, text string }{{"", "All running, %s"}, {"mine", "Waits for me, %s"}, {"draft", "Drafts, %s"}, {"closed", "Closed, %s"}} {
		n := 0
		for _, r := range rows {
			if keep[f.key](r) {
				n++
			}
		}
		url := base
		if f.key != "" {
			url += "?show=" + f.key
		}
		view.Filters = append(view.Filters, filter{l.T(f.text, l.Num(int64(n))), url, f.key == show})
	}
	running := 0
	for _, r := range rows {
		if !r.closed {
			running++
		}
		if keep[show](r) || (show == "" && r.closed) {
			view.Rows = append(view.Rows, r)
		}
	}
	view.Sums = sum.view(l)
	view.Shown = l.Count(int64(running), "1 incident runs; closed ones stand last.", "%s incidents run; closed ones stand last.")
	return view
}

// sums are the figures on top of the list.
type sums struct{ overdue, soon, mine, people int64 }

func (s *sums) add(l speech, o breach.Overview, mine int) {
	s.mine += int64(mine)
	s.people += o.People[breach.Pending] + o.People[breach.Held]
	for _, d := range o.Duties {
		if kind, _ := stand(o, d); kind != running {
			continue
		}
		switch left := d.DueAt.Sub(l.now); {
		case left < 0:
			s.overdue++
		case left < soonWithin:
			s.soon++
		}
	}
}

func (s sums) view(l speech) []sumView {
	one := func(n int64, class, single, many string) sumView {
		if n == 0 {
			class = ""
		}
		text := many
		if n == 1 {
			text = single
		}
		return sumView{l.Num(n), l.T(text), class}
	}
	return []sumView{
		one(s.overdue, "t-now", "duty is overdue", "duties are overdue"),
		one(s.soon, "t-soon", "clock ends in the next 24 hours", "clocks end in the next 24 hours"),
		one(s.mine, "", "thing waits for you", "things wait for you"),
		one(s.people, "", "person still to be told or held", "people still to be told or held"),
	}
}

func (l speech) listRow(inc breach.Incident, o *breach.Overview, by breach.Actor) listRow {
	row := listRow{
		ID: inc.ID, URL: base + "incidents/" + inc.ID, Title: l.incidentTitle(inc), State: l.word(breach.IncidentMachine, string(inc.State)).Text,
		closed: inc.State == breach.IncidentClosed, draft: inc.State == breach.IncidentDraft, first: 1<<62 - 1,
	}
	switch {
	case row.closed:
		row.Word = badge{"is-done", "check", l.T("Closed"), ""}
		if inc.ClosedAt != nil {
			row.DueSay = l.At(*inc.ClosedAt).Shown
			row.first = -inc.ClosedAt.Unix() // the newest first
		}
		return row
	case o == nil:
		row.Word = badge{"is-ask", "ask", l.T("Not readable now"), ""}
		row.What = l.T("This incident cannot be read at the moment. What was recorded is safe.")
		return row
	}
	l.listClock(&row, *o)
	l.listPeople(&row, *o, by)
	return row
}

func (l speech) listClock(row *listRow, o breach.Overview) {
	applies, unknowns := 0, 0
	for _, d := range o.Duties {
		switch kind, _ := stand(o, d); {
		case kind == unknown:
			unknowns++
		case d.Verdict == breach.Applies:
			applies++
		}
	}
	if applies > 0 {
		row.Meta = append(row.Meta, l.Count(int64(applies), "1 duty applies", "%s duties apply"))
	}
	if unknowns > 0 {
		row.Unknown = l.T("Cannot tell, %d", unknowns)
	}
	for _, s := range l.stages(o) {
		switch {
		case s.Class == past:
			row.Steps = append(row.Steps, "on")
		case s.Current:
			row.Steps = append(row.Steps, "at")
		default:
			row.Steps = append(row.Steps, "")
		}
	}
	d, earliest := firstClock(o)
	if d == nil {
		row.Word = badge{"", "clock", l.T("No clock runs"), ""}
		row.What = l.T("No deadline is open.")
		return
	}
	c := l.clock(*d.DueAt)
	row.Clock, row.first, row.What = &c, d.DueAt.Unix(), l.T(titleOf(*d))+l.T(", ")+l.law(*d)
	switch {
	case earliest:
		row.DueSay = l.T("earliest possible,")
	case d.Clock != nil && d.Clock.Provisional:
		row.DueSay = l.T("provisional,")
	case c.Badge.Class == "is-now" && c.Badge.Icon == "warn":
		row.DueSay = l.T("was due")
	default:
		row.DueSay = l.T("due")
	}
	switch c.Class {
	case "t-now":
		row.Class = "inc-now"
	case "t-soon":
		row.Class = "inc-soon"
	}
}

func (l speech) listPeople(row *listRow, o breach.Overview, by breach.Actor) {
	row.People = l.Num(o.Total)
	if o.Total == 0 {
		row.PeopleSay = l.T("Not known yet. Unknown is not zero.")
	} else {
		row.Bar = l.bar(l.T("People by outcome"), o.People, thinnestSmall)
		row.PeopleSay = l.mostTelling(o.People)
	}
	if o.Total == 0 {
		row.People = ""
	}
	w := l.waiting(o, by)
	row.mine = w.Mine
	var mine, others []string
	for _, item := range w.Items {
		if item.Mine {
			mine = append(mine, item.Title)
		} else {
			others = append(others, item.Title)
		}
	}
	row.Waits, row.WaitsFor = l.firstOf(mine), l.firstOf(others)
	switch {
	case o.Stopped:
		row.State += l.T(", ") + l.T("stopped")
	case o.Paused:
		row.State += l.T(", ") + l.T("paused")
	}
}

// telling is the order in which outcomes say most about what is left to do.
var telling = []breach.Outcome{breach.Reached, breach.Pending, breach.Held, breach.Unreachable, breach.Attempted, breach.Covered, breach.Exempt, breach.Withdrawn}

// mostTelling says three outcomes at most; the bar beside it shows all.
func (l speech) mostTelling(t breach.Tally) string {
	var said []string
	for _, out := range telling {
		if n := t[out]; n > 0 && len(said) < 3 {
			said = append(said, l.Num(n)+" "+strings.ToLower(l.T(wordOf(breach.PersonMachine, string(out)))))
		}
	}
	return strings.Join(said, l.T(", "))
}

// firstOf says the first of several things and how many more there are.
func (l speech) firstOf(things []string) string {
	switch len(things) {
	case 0:
		return ""
	case 1:
		return things[0]
	}
	return l.T("%s, and %d more", things[0], len(things)-1)
}
