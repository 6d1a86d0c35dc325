package console

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// waitingView lists what somebody must do, the reader's own things first.
type waitingView struct {
	Items  []waitItem
	Mine   int
	Silent bool // the workflow engine does not answer: what is awaited is not known
	Closed bool
}

type waitItem struct {
	Mine, Next   bool // Next is the one thing to do first
	Who          string
	Title, Text  string
	Command      string // what to type, where the console cannot do it yet
	Since        moment
	Link, Button string
	Action       string            // address of a form
	Fields       map[string]string // of that form
}

// order puts the reader's own things first, and of those the ones that can be done here.
func (i waitItem) order() int {
	switch {
	case i.Mine && i.Button != "":
		return 0
	case i.Mine:
		return 1
	}
	return 2
}

func (l speech) waiting(o breach.Overview, by breach.Actor) waitingView {
	v := waitingView{Silent: !o.EngineAnswers && o.Incident.State != breach.IncidentClosed, Closed: o.Incident.State == breach.IncidentClosed}
	first := true
	late := 0
	for _, a := range o.Awaited {
		if a.What == "explain_delay" {
			late++
		}
	}
	said := false
	for _, a := range o.Awaited {
		if a.What == "explain_delay" && said { // one page asks for all of them
			continue
		}
		item := l.waitItem(o, a, by)
		if a.What == "explain_delay" && late > 1 {
			said, item.Title = true, l.Count(int64(late), "Say why 1 duty is late", "Say why %s duties are late")
		}
		if item.Mine {
			v.Mine++
		}
		v.Items = append(v.Items, item)
	}
	slices.SortStableFunc(v.Items, func(a, b waitItem) int { return a.order() - b.order() })
	for i := range v.Items { // one dark button a card: the next step
		if v.Items[i].Mine && v.Items[i].Button != "" && first {
			v.Items[i].Next, first = true, false
		}
	}
	return v
}

func (l speech) waitItem(o breach.Overview, a breach.Awaited, by breach.Actor) waitItem {
	own := a.NotBy != "" && a.NotBy == by.ID
	item := waitItem{Mine: may(by, a.Role) && !own, Since: l.At(a.Since)}
	here := base + "incidents/" + o.Incident.ID
	wave, _ := strconv.Atoi(a.Ref) // zero, the newest, where the thing names none
	switch a.What {
	case "load_people":
		item.Title, item.Text = l.T("Load the list of affected people"), l.T("A CSV file, read on the command line:")
		item.Command = "tocsin recipients load " + o.Incident.ID + " people.csv"
	case "submit":
		item.Title = l.T("Submit the plan for list %d", wave)
		item.Text = l.T("Texts, people, channels and rules are put together as they are now. Then a second person decides.")
		if len(o.Missing) > 0 {
			item.Text = l.Count(int64(len(o.Missing)), "1 thing is missing first; it is listed under “Missing”.", "%s things are missing first; they are listed under “Missing”.")
		}
		item.Action, item.Button, item.Fields = here+"/submit", l.T("Submit for approval"), map[string]string{"wave": a.Ref}
	case "submit_reports":
		item.Title, item.Text = l.T("Submit the reports to authorities"), l.T("They are due whether or not the people are known yet. Then a second person decides.")
		item.Action, item.Button, item.Fields = here+"/submit", l.T("Submit for approval"), map[string]string{"reports": "1"}
	case "approve":
		l.waitApprove(&item, o, a, own)
	case "mend":
		if strings.Contains(a.Ref, "/") { // a report
			item.Title, item.Text = l.T("Not filed: %s", l.T(dutyTitle(o, a.Ref))), l.T("It was not taken. Mend what the last events name; then have it filed again.")
			item.Command = "tocsin report file " + o.Incident.ID + " " + a.Ref
			break
		}
		item.Title, item.Text = l.T("Sending of list %d broke off", wave), l.T("Nobody was lost. Mend what the last events name; then the operator lets it go on.")
	case "explain_delay":
		item.Title, item.Text = l.T("Say why it is late: %s", l.T(dutyTitle(o, a.Ref))), l.T("Its deadline has passed. Without a reason it is neither submitted nor filed.")
		item.Link, item.Button = here+"/delay", l.T("Say why")
	case "acknowledge":
		item.Title = l.T("Enter the number that the authority gave")
		item.Text = l.T(dutyTitle(o, a.Ref))
		item.Command = "tocsin report acknowledge " + o.Incident.ID + " " + a.Ref + " --number …"
	case "close":
		item.Title, item.Text = l.T("Close the incident"), l.T("Everybody was tried. Closing seals the evidence; it can be reopened.")
		item.Action, item.Button = here+"/close", l.T("Close the incident")
		if n := len(undone(o)); n > 0 {
			item.Text = l.Count(int64(n), "1 duty that applies or may apply was not done: see to it first, or close with a reason.", "%s duties that apply or may apply were not done: see to them first, or close with a reason.")
		}
	case "lift":
		l.waitLift(&item, o, a)
	default:
		item.Title = humanise(a.What)
	}
	if !item.Mine {
		item.Action, item.Command = "", ""
		item.Who = l.T(string(a.Role))
		if item.Link == "" {
			item.Button = ""
		}
	}
	return item
}

func (l speech) waitApprove(item *waitItem, o breach.Overview, a breach.Awaited, own bool) {
	item.Title, item.Button = l.T("Approve what people will be told"), l.T("Read and decide")
	item.Link = base + "incidents/" + o.Incident.ID + "/approve"
	for _, w := range o.Waves {
		if w.Plan != nil && w.Plan.Hash == a.Ref {
			item.Title = l.T("Approve what %s will be told", l.People(w.Plan.Plan.People.Total))
			if w.Plan.Plan.People.Total == 0 {
				item.Title = l.T("Approve the reports to authorities")
			}
			item.Text = l.T("Plan %d for list %d, by %s.", w.Plan.Plan.Revision, w.Wave, l.actor(w.Plan.Author))
			item.Link += "?wave=" + strconv.Itoa(w.Wave)
		}
	}
	switch {
	case own:
		item.Text += " " + l.T("You wrote it, so another person must decide.")
		item.Button = l.T("Read it")
	case !item.Mine:
		item.Button = l.T("Read it")
	}
}

func dutyTitle(o breach.Overview, id string) string {
	for _, d := range o.Duties {
		if d.ID == id {
			return titleOf(d)
		}
	}
	return id
}

// actor names who did something: the product itself, a detector, or a person by the id of the sign-in.
func (l speech) actor(id string) string {
	switch {
	case id == "tocsin" || id == "":
		return "Tocsin"
	case len(id) > 9 && id[:9] == "detector:":
		return l.T("a detector")
	}
	return id
}
