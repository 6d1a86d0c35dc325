package console

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// unreachedView is the list of those who are not reached, and why, page by page.
type unreachedView struct {
	ID, Base, Title string
	CSRF            string
	MayAct          bool
	Total           string
	Bar             bar
	Reasons         []reasonRow
	Filter          string // in words, empty without
	All             string // address without a filter
	Outcome, Reason string
	After           string
	Rows            []unreachedRow
	Masked          bool
	Next, First     string // addresses, empty at the ends
	Again           string // address of trying them again, empty when that makes no sense
}

// reasonRow is how many people are not reached for one reason.
type reasonRow struct {
	Class, Text, People, Share, Link string
	Here                             bool
}

type unreachedRow struct {
	Reference, List, Why string
	Promises             []string // that keep a channel from them
	Badge                badge
	Until                *moment
	Last                 *moment
	Tried                []string
	Contacts             []string
}

const unreachedPerPage = 100

var reasonCode = regexp.MustCompile(`^[a-z_]{0,40}$`)

func (s *server) unreachedPage(v *visit) error { return s.showUnreached(v, false) }

// unreachedContacts shows which contacts the people of one page have, masked. It is a form and no link: every
// look is on record.
func (s *server) unreachedContacts(v *visit) error { return s.showUnreached(v, true) }

func (s *server) showUnreached(v *visit, contacts bool) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	o, err := s.Desk.Overview(v.r.Context(), id)
	if err != nil {
		return err
	}
	view := unreachedView{
		ID: id, Base: base + "incidents/" + id, Title: v.l.incidentTitle(o.Incident), CSRF: v.session.csrf, MayAct: may(v.actor, breach.RoleResponder), Masked: contacts,
		Outcome: v.r.FormValue("outcome"), Reason: v.r.FormValue("reason"), After: v.r.FormValue("after"),
	}
	if view.MayAct {
		if err := s.fillUnreached(v, o, &view); err != nil {
			return err
		}
	}
	return v.show(http.StatusOK, "unreached", frame{Title: v.l.T("Not reached, incident %s", id), Here: "incidents", HoldsFigures: true, Main: view})
}

func (s *server) fillUnreached(v *visit, o breach.Overview, view *unreachedView) error {
	if !reasonCode.MatchString(view.Reason) {
		return breach.Errorf(breach.ErrNotFound, "there is no such reason")
	}
	page, err := s.Desk.Unreached(v.r.Context(), view.ID, breach.UnreachedQuery{
		Outcome: breach.Outcome(view.Outcome), Reason: view.Reason, After: view.After, Limit: unreachedPerPage, Contacts: view.Masked,
	}, v.actor)
	if err != nil {
		return err
	}
	here := view.Base + "/unreached"
	view.All = here
	if view.Outcome != "" || view.Reason != "" {
		view.Filter = v.l.reasonOf(breach.Outcome(view.Outcome), view.Reason, s.Reasons)
	}
	v.l.countReasons(page.Counts, view, s.Reasons)
	for _, u := range page.People {
		view.Rows = append(view.Rows, v.l.unreached(u, s.Reasons))
	}
	if page.Next != "" {
		view.Next = here + filtered(view.Outcome, view.Reason, page.Next)
	}
	if view.After != "" {
		view.First = here + filtered(view.Outcome, view.Reason, "")
	}
	if triable(o) {
		view.Again = view.Base + "/again" + filtered("", view.Reason, "")
	}
	return nil
}

// triable says that trying people again may come to something.
func triable(o breach.Overview) bool {
	return o.People[breach.Unreachable]+o.People[breach.Covered] > 0 && !o.Stopped && o.Incident.State != breach.IncidentClosed
}

func filtered(outcome, reason, after string) string {
	q := url.Values{}
	for name, value := range map[string]string{"outcome": outcome, "reason": reason, "after": after} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// countReasons draws how many people are not reached, and why.
func (l speech) countReasons(counts []breach.UnreachedCount, view *unreachedView, failures map[string]Reason) {
	numbers := make([]int64, len(counts))
	var total int64
	for i, c := range counts {
		numbers[i] = c.People
		total += c.People
	}
	widths, tenths := drawn(numbers, thinnest), shares(numbers)
	x, said := 0.0, make([]string, 0, len(counts))
	for i, c := range counts {
		row := reasonRow{
			Class: outcomeClasses[c.Outcome], Text: l.reasonOf(c.Outcome, c.Reason, failures), People: l.Num(c.People), Share: share(tenths[i], c.People),
			Link: view.All + filtered(string(c.Outcome), c.Reason, ""), Here: string(c.Outcome) == view.Outcome && c.Reason == view.Reason,
		}
		view.Reasons = append(view.Reasons, row)
		view.Bar.Rects = append(view.Bar.Rects, rect{row.Class, percent(x), percent(widths[i])})
		x += widths[i]
		said = append(said, row.Text+" "+row.Share)
	}
	view.Total = l.People(total)
	view.Bar.Label = l.T("Not reached, by reason") + l.T(": ") + strings.Join(said, l.T(", "))
}

// reasonOf names an outcome with its reason.
func (l speech) reasonOf(o breach.Outcome, reason string, failures map[string]Reason) string {
	word := l.T(wordOf(breach.PersonMachine, string(o)))
	switch {
	case reason == "":
		return word
	case o == "":
		return upperFirst(l.reason(reason, failures))
	}
	return word + l.T(": ") + l.reason(reason, failures)
}

func (l speech) unreached(u breach.Unreached, failures map[string]Reason) unreachedRow {
	row := unreachedRow{
		Reference: u.Reference, List: l.Num(int64(u.Wave)), Badge: outcomeBadge(l, u.Outcome), Contacts: u.Masked,
		Why: upperFirst(sentence(l.reason(u.Reason, failures))),
	}
	for _, p := range u.Promises {
		row.Promises = append(row.Promises, upperFirst(sentence(l.reason(p, failures))))
	}
	for _, t := range u.Tried {
		said := l.channel(string(t.Channel)) + l.T(": ") + l.T(wordOf(breach.AttemptMachine, string(t.State)))
		if t.Reason != "" {
			said += l.T(", ") + l.reason(t.Reason, failures)
		}
		row.Tried = append(row.Tried, said+l.T("; ")+l.Count(int64(t.Tries), "1 try", "%s tries"))
	}
	if u.Until != nil {
		until := l.At(*u.Until)
		row.Until = &until
	}
	if u.LastAttempt != nil {
		last := l.At(*u.LastAttempt)
		row.Last = &last
	}
	return row
}
