package console

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// dutiesView is what the laws ask for, what nobody can tell yet, and what they do not ask for.
type dutiesView struct {
	Judged bool
	Cards  []dutyCard
	Not    []dutyCard
	NotSay string
}

type dutyCard struct {
	Title, Law string
	Badges     []badge
	Because    []string
	Missing    []string
	Clock      *clock
	Word       string // instead of a clock
	WordClass  string
	Due        moment
	Note       string
}

func (l speech) duties(o breach.Overview) dutiesView {
	v := dutiesView{Judged: o.Assessment != nil}
	type sorted struct {
		dutyCard
		row railRow
	}
	var asked []sorted
	for _, d := range o.Duties {
		kind, filing := stand(o, d)
		card := l.dutyCard(o, d, kind, filing)
		if kind == notAsked {
			v.Not = append(v.Not, card)
			continue
		}
		row := railRow{kind: kind}
		if d.DueAt != nil {
			row.at = *d.DueAt
		}
		asked = append(asked, sorted{card, row})
	}
	slices.SortStableFunc(asked, func(a, b sorted) int {
		if n := railOrder[a.row.kind] - railOrder[b.row.kind]; n != 0 {
			return n
		}
		return a.row.at.Compare(b.row.at)
	})
	for _, a := range asked {
		v.Cards = append(v.Cards, a.dutyCard)
	}
	v.NotSay = l.Count(int64(len(v.Not)), "1 other duty was looked at and does not apply, with its reason", "%s other duties were looked at and do not apply, with reasons")
	return v
}

func (l speech) dutyCard(o breach.Overview, d breach.Duty, kind standing, filing *breach.Filing) dutyCard {
	c := dutyCard{Title: l.T(titleOf(d)), Law: l.law(d), Because: d.Because, Missing: d.Missing}
	switch d.Verdict {
	case breach.Applies:
		c.Badges = append(c.Badges, badge{"is-line", "check", l.T("Applies"), "verdict-applies"})
	case breach.CannotTell:
		c.Badges = append(c.Badges, badge{"is-ask", "ask", l.T("Cannot tell"), "verdict-cannot_tell"})
	default:
		c.Badges = append(c.Badges, badge{"", "no", l.T("Does not apply"), "verdict-does_not_apply"})
	}
	if d.Clock != nil && d.Clock.Provisional && kind != done && d.Verdict == breach.Applies {
		c.Badges = append(c.Badges, badge{"is-ask", "ask", l.T("Provisional"), "duty-provisional"})
	}
	if d.Overdue && kind != done {
		c.Badges = append(c.Badges, badge{"is-now", "warn", l.T("Overdue"), "duty-overdue"})
	}
	switch kind {
	case done:
		l.dutyDone(&c, o, d, filing)
	case unknown:
		c.Word, c.WordClass, c.Note = l.T("Cannot tell"), "t-ask", l.T("no deadline yet")
		if d.DueAt != nil {
			c.Due, c.Note = l.At(*d.DueAt), l.T("if it applies")
		}
	case timeless:
		c.Word, c.Note = l.T("No deadline"), l.counted(d)
	case running:
		if d.HeldUntil != nil {
			c.Badges = append(c.Badges, badge{"is-soon", "pause", l.T("On hold"), ""})
		}
		if d.State != "" && d.State != breach.ObligationDrafting {
			c.Badges = append(c.Badges, l.dutyState(d.State))
		}
		clock := l.clock(*d.DueAt)
		c.Clock, c.Due, c.Note = &clock, clock.Due, l.counted(d)
		if d.HeldUntil != nil {
			c.Note = l.T("on hold until %s, its clock stands still", l.At(*d.HeldUntil).Shown) + l.T("; ") + c.Note
		}
	case notAsked:
		c.Note = l.T("No deadline")
	}
	return c
}

func (l speech) dutyDone(c *dutyCard, o breach.Overview, d breach.Duty, filing *breach.Filing) {
	c.Word, c.WordClass = l.T("Done"), "t-done"
	switch {
	case filing != nil:
		c.Badges = append(c.Badges, l.dutyState(breach.ObligationState(filing.Status)))
		c.Word, c.Due = l.T("Filed"), l.At(filing.FiledAt)
		if filing.Acknowledgement != "" {
			c.Note = l.T("Acknowledgement %s", filing.Acknowledgement)
		}
	case d.Duty == "notify_individuals":
		c.Word, c.Due = l.T("Told"), l.instant(o.Timings.LastHandover)
		if o.Timings.LastHandover != nil {
			c.Note = l.T("last message handed over")
		}
	}
}

func (l speech) dutyState(s breach.ObligationState) badge {
	w := l.word(breach.ObligationMachine, string(s))
	switch s {
	case breach.ObligationAwaitingApproval:
		return badge{"is-soon", "pause", w.Text, w.Anchor}
	case breach.ObligationFiled, breach.ObligationAcknowledged, breach.ObligationClosed:
		return badge{"is-done", "check", w.Text, w.Anchor}
	}
	return badge{"", "clock", w.Text, w.Anchor}
}

var unitWords = map[string][2]string{
	"minutes": {"1 minute", "%s minutes"}, "hours": {"1 hour", "%s hours"}, "calendar_days": {"1 day", "%s days"},
	"business_days": {"1 working day", "%s working days"}, "months": {"1 month", "%s months"},
}

var startWords = map[string]string{
	"aware_at": "awareness", "detected_at": "detection", "determined_at": "the determination", "classified_at": "the classification",
	"assessed_at": "the end of the assessment", "material_at": "materiality", "handled_at": "the end of the handling",
	"individuals_notified_at": "the notice to people",
}

// counted says how a deadline was counted, and on what it rests.
func (l speech) counted(d breach.Duty) string {
	var said []string
	c := d.Clock
	if c != nil && c.Soft != "" {
		said = append(said, l.T("The law says: “%s”", c.Soft))
	}
	if c != nil && c.Value > 0 {
		unit, known := unitWords[c.Unit]
		span := l.Num(int64(c.Value)) + " " + strings.ReplaceAll(c.Unit, "_", " ")
		if known {
			span = l.Count(int64(c.Value), unit[0], unit[1])
		}
		from, known := startWords[c.From]
		if !known {
			from = strings.ReplaceAll(c.From, "_", " ")
		}
		said = append(said, l.T("%s from %s", span, l.T(from)))
	}
	switch {
	case d.Binding == "house_policy":
		said = append(said, l.T("house policy"))
	case len(said) == 0:
		said = append(said, l.T("law"))
	}
	return strings.Join(said, l.T("; "))
}

// reportRow is one report to an authority.
type reportRow struct {
	Title, Law, Route, Number, Delay string
	Badge                            badge
	Due, Filed                       moment
	Returned                         *returnedReport
	Late, Unknown                    bool
}

func (l speech) reports(o breach.Overview) []reportRow {
	var out []reportRow
	for _, d := range o.Duties {
		kind, filing := stand(o, d)
		if d.Duty != "notify_authority" || kind == notAsked {
			continue
		}
		row := reportRow{Title: l.T(titleOf(d)), Law: l.law(d), Due: l.instant(d.DueAt)}
		switch {
		case filing != nil:
			row.Badge = l.dutyState(breach.ObligationState(filing.Status))
			row.Filed, row.Route = l.At(filing.FiledAt), l.route(filing.Route)
			row.Number, row.Delay = filing.Acknowledgement, filing.DelayReason
			row.Returned = l.returnedReport(o, *filing, nil)
			row.Late = d.DueAt != nil && filing.FiledAt.After(*d.DueAt)
		case kind == unknown:
			row.Badge, row.Unknown = badge{"is-ask", "ask", l.T("Cannot tell"), "verdict-cannot_tell"}, true
		case d.State != "":
			row.Badge = l.dutyState(d.State)
		default:
			row.Badge = l.dutyState(breach.ObligationDrafting)
		}
		out = append(out, row)
	}
	return out
}

func (l speech) route(r string) string {
	switch r {
	case "portal":
		return l.T("filing portal")
	case "email":
		return l.T("email")
	case breach.RouteByHand:
		return l.T("by hand")
	}
	return r
}

// waveRow is one list of people with its plan.
type waveRow struct {
	Wave          int
	People, By    string
	Alone         bool // reports to authorities only
	At            moment
	State         badge
	Plan, Decided string
	Comment       string
	Link          string
}

func (l speech) waves(o breach.Overview) []waveRow {
	var out []waveRow
	for _, w := range o.Waves {
		row := waveRow{Wave: w.Wave, People: l.toldBy(w.Total), Alone: w.Total == 0, By: l.actor(w.LoadedBy), At: l.At(w.LoadedAt), State: badge{"", "clock", l.T("No plan yet"), ""}}
		if p := w.Plan; p != nil {
			row.State = l.planState(p.State)
			row.Plan = l.T("Plan %d by %s", p.Plan.Revision, l.actor(p.Author))
			row.Link = base + "incidents/" + o.Incident.ID + "/approve?wave=" + strconv.Itoa(w.Wave)
			row.Comment = p.Comment
			if p.DecidedAt != nil {
				row.Decided = l.T("%s, %s", l.actor(p.DecidedBy), l.At(*p.DecidedAt).Shown)
			}
		}
		out = append(out, row)
	}
	return out
}

// toldBy says how many people a list or a plan is about.
func (l speech) toldBy(n int64) string {
	if n == 0 {
		return l.T("0 people: reports to authorities only")
	}
	return l.People(n)
}

func (l speech) planState(s breach.PlanState) badge {
	switch s {
	case breach.PlanAwaiting:
		return badge{"is-soon", "pause", l.T("Awaiting approval"), "plan-" + string(s)}
	case breach.PlanApproved:
		return badge{"is-done", "check", l.T("Approved"), "plan-" + string(s)}
	case breach.PlanReturned:
		return badge{"is-soon", "hand", l.T("Returned"), "plan-" + string(s)}
	case breach.PlanVoid:
		return badge{"", "no", l.T("Void"), "plan-" + string(s)}
	}
	return badge{Text: string(s)}
}

// announcementView is the public notice, or why there is none.
type announcementView struct {
	There          bool
	Now            bool // whoever looks may decide that the public is told now
	URL, Reference string
	Why            string
	Because        []string
	At, Until      moment
	Covered        string
	Unreached      string
}

var announcementReasons = map[string]string{
	"no_contact":           "Most of those whom it covers have no usable contact.",
	"not_allowed":          "Most of those whom it covers have contacts, but a promise or an objection closes each of them.",
	"failed_everywhere":    "Most of those whom it covers could not be reached by any allowed channel.",
	"guardian_unreachable": "Most of those whom it covers are children whose guardian cannot be reached.",
	"unreachable":          "Those whom it covers could not be reached one by one.",
	"too_late":             "At the measured rate not everybody could be told one by one before the deadline.",
	"decided_by_a_lead":    "A lead decided that the public is told now, while people go on being told one by one.",
	"too_costly":           "Telling everybody one by one would exceed the cost limit of the policy.",
}

func (l speech) announcement(o breach.Overview) announcementView {
	v := announcementView{Covered: l.People(o.People[breach.Covered])}
	if n := o.People[breach.Unreachable]; n > 0 {
		v.Unreached = l.Count(n, "1 person cannot be reached one by one.", "%s people cannot be reached one by one.")
	}
	a := o.Announcement
	if a == nil {
		return v
	}
	v.There, v.Reference, v.At, v.Until = true, a.Reference, l.At(a.PublishedAt), l.At(a.KeepUntil)
	if u, err := url.Parse(a.URL); err == nil && (u.Scheme == "https" || u.Scheme == "http") {
		v.URL = a.URL
	}
	v.Why, v.Because = a.Reason, a.Because
	if said, known := announcementReasons[a.Reason]; known {
		v.Why = l.T(said)
	}
	return v
}
