package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// runningView asks why duties are late, or for a hold, and shows the holds that there are.
type runningView struct {
	ID, Base, Title string
	CSRF            string
	May, Open       bool
	MayChannel      bool // keeps channels from being used; only a lead ends that
	Late            []dutyChoice
	Holdable        []dutyChoice // duties whose law knows a delay
	Channels        []dutyChoice // that may be kept from being used
	Holds           []holdRow
	Orders          []string
	ByHand          []dutyChoice // duties that a person may have carried out
	Questions       []question
	Zone            string
	Kept            url.Values // what was written, when something was wrong with the form
	Problems        []string
}

type dutyChoice struct {
	ID, Title, Law string
	Texted         bool // a text of its own can be written
}

type holdRow struct {
	ID, Kind, Whom, AskedBy, Reference, Reason, By string
	At, End                                        moment
	Active                                         bool
	Duties                                         []string
	Released                                       string
}

// Was gives back what was written in a field.
func (v runningView) Was(field string) string { return v.Kept.Get(field) }

// In gives the view to one of several forms of a page: what was written in another one is not for it.
func (v runningView) In(kind string) runningView {
	if of := breach.HoldKind(v.Kept.Get("kind")); of != breach.HoldKind(kind) {
		v.Kept, v.Problems = nil, nil
	}
	return v
}

// Ticked says that a box was ticked, or an option chosen.
func (v runningView) Ticked(field, value string) bool { return slices.Contains(v.Kept[field], value) }

func (s *server) runningView(v *visit, o breach.Overview) runningView {
	view := runningView{
		ID: o.Incident.ID, Base: base + "incidents/" + o.Incident.ID, Title: v.l.incidentTitle(o.Incident), CSRF: v.session.csrf,
		Open: o.Incident.State != breach.IncidentClosed, Zone: s.Zone.String(), Orders: v.l.orders(o),
		ByHand: v.l.byHand(o), Questions: v.l.questions(o),
	}
	late := o.Unexplained()
	for _, d := range o.Duties {
		one := dutyChoice{ID: d.ID, Title: v.l.T(titleOf(d)), Law: d.Citation}
		if slices.Contains(late, d.ID) {
			view.Late = append(view.Late, one)
		}
		if d.Hold != nil && d.Hold.LawEnforcement && d.Verdict != breach.DoesNotApply {
			view.Holdable = append(view.Holdable, one)
		}
	}
	for _, c := range breach.Channels {
		view.Channels = append(view.Channels, dutyChoice{ID: string(c), Title: v.l.channel(string(c))})
	}
	for _, h := range o.Holds {
		row := holdRow{
			ID: h.ID, Kind: v.l.T(holdKinds[h.Kind]), Whom: v.l.holdWhom(h, o.At), AskedBy: h.AskedBy, Reference: h.Reference, Reason: h.Reason, By: v.l.actor(h.By),
			At: v.l.At(h.At), End: v.l.At(h.End()), Active: h.Active(o.At), Released: h.ReleaseReason,
		}
		for _, id := range h.Obligations {
			row.Duties = append(row.Duties, v.l.T(dutyTitle(o, id)))
		}
		view.Holds = append(view.Holds, row)
	}
	slices.Reverse(view.Holds)
	return view
}

var holdKinds = map[breach.HoldKind]string{
	breach.HoldLawEnforcement: "Asked for by law enforcement",
	breach.HoldChannel:        "Channels that are not used",
}

func (l speech) holdWhom(h breach.Hold, now time.Time) string {
	over := !h.Active(now)
	switch {
	case h.Kind == breach.HoldChannel:
		var by []string
		for _, c := range h.Channels {
			by = append(by, l.channel(string(c)))
		}
		if over {
			return l.T("Nobody was told by %s.", strings.Join(by, l.T(", ")))
		}
		return l.T("Nobody is told by %s.", strings.Join(by, l.T(", ")))
	case len(h.Jurisdictions) == 0 && over:
		return l.T("Reports waited; people did not.")
	case len(h.Jurisdictions) == 0:
		return l.T("Reports wait; people do not.")
	case over:
		return l.T("Nobody in %s was told by any channel.", strings.Join(h.Jurisdictions, l.T(", ")))
	}
	return l.T("Nobody in %s is told by any channel.", strings.Join(h.Jurisdictions, l.T(", ")))
}

// orders says whose people wait for what must be filed first.
func (l speech) orders(o breach.Overview) (out []string) {
	for _, w := range o.Waits.Of(breach.HoldOrder) {
		if len(w.Jurisdictions) == 0 {
			out = append(out, l.T("Everybody waits until this is filed: %s.", l.T(dutyTitle(o, w.Ref))))
			continue
		}
		out = append(out, l.T("People in %s wait until this is filed: %s.", strings.Join(w.Jurisdictions, l.T(", ")), l.T(dutyTitle(o, w.Ref))))
	}
	return out
}

// heldSaid says in the lede what keeps people from being told.
func (l speech) heldSaid(o breach.Overview) (out []string) {
	for _, h := range o.Holds {
		switch {
		case o.Incident.State == breach.IncidentClosed:
		case h.Active(o.At):
			out = append(out, l.T("On hold until %s, as %s asked:", l.At(h.End()).Shown, h.AskedBy)+" "+l.holdWhom(h, o.At))
		case h.Alarm(o.At):
			out = append(out, l.T("The hold that %s asked for ended by itself at %s: who it kept is told from now on, and its clocks run again.", h.AskedBy, l.At(h.End()).Shown))
		}
	}
	return append(out, l.orders(o)...)
}

// running serves a page of this kind; role is who may act on it.
func (s *server) running(page, title string, role breach.Role) action {
	return func(v *visit) error { return s.showRunning(v, page, title, role, http.StatusOK, nil, nil) }
}

func (s *server) showRunning(v *visit, page, title string, role breach.Role, status int, kept url.Values, problems []string) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	o, err := s.Desk.Overview(v.r.Context(), id)
	if err != nil {
		return err
	}
	view := s.runningView(v, o)
	view.May, view.Kept, view.Problems = may(v.actor, role), kept, problems
	view.MayChannel = may(v.actor, breach.RoleResponder)
	return v.show(status, page, frame{Title: v.l.T(title, id), Here: "incidents", HoldsFigures: true, Main: view})
}

// answered shows the incident, or the page again with what is wrong with its form.
func (s *server) answered(v *visit, page, title string, role breach.Role, said string, err error) error {
	id := v.r.PathValue("id")
	if err == nil {
		v.session.say(notice{kind: "done", text: said})
		v.redirect(base + "incidents/" + url.PathEscape(id))
		return nil
	}
	p, status := v.problemOf(err)
	switch breach.CodeOf(err) {
	case breach.ErrInvalid, breach.ErrConflict, breach.ErrNoDelay:
	default:
		return s.refused(v, id, err)
	}
	var problems []string
	for _, f := range p.Fields {
		problems = append(problems, f.Where+": "+f.What)
	}
	if len(problems) == 0 {
		problems = []string{p.Detail}
	}
	return s.showRunning(v, page, title, role, status, v.r.Form, problems)
}

const (
	delayTitle = "Why is it late? Incident %s"
	holdTitle  = "Holds of incident %s"
)

// delay puts on record why duties are late.
func (s *server) delay(v *visit) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	err = s.Desk.ExplainDelay(v.r.Context(), id, v.r.Form["obligation"], strings.TrimSpace(v.r.PostFormValue("why")), v.actor)
	return s.answered(v, "delay", delayTitle, breach.RoleResponder, "Why it is late stands on the record. What was refused for that goes on.", err)
}

// placeHold places a hold at the request of law enforcement, or on channels.
func (s *server) placeHold(v *visit) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	f := v.r.PostFormValue
	until, err := time.ParseInLocation("2006-01-02T15:04", f("until"), s.Zone)
	if err != nil {
		until = time.Time{} // refused like one that lies in the past
	}
	h := breach.Hold{Kind: breach.HoldKind(f("kind")), Form: f("form"), AskedBy: f("asked_by"), Reference: f("reference"), Reason: f("reason"), Until: until.UTC(), Obligations: v.r.Form["obligation"]}
	for _, c := range v.r.Form["channel"] {
		h.Channels = append(h.Channels, breach.Channel(c))
	}
	_, err = s.Desk.Hold(v.r.Context(), id, h, v.actor)
	return s.answered(v, "hold", holdTitle, breach.RoleLead, "The hold is placed. It ends by itself.", err)
}

// releaseHold ends a hold before its time.
func (s *server) releaseHold(v *visit) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	err = s.Desk.ReleaseHold(v.r.Context(), id, v.r.PostFormValue("hold"), strings.TrimSpace(v.r.PostFormValue("why")), v.actor)
	return s.answered(v, "hold", holdTitle, breach.RoleLead, "The hold is over: who was held is told, and the clocks run on.", err)
}

// amendedView is what the newest amendment of facts changed.
type amendedView struct {
	Revision int
	By       string
	At       moment
	Facts    []string
	Changes  []amendedDuty
}

type amendedDuty struct{ Title, Says, Why string }

func (l speech) amended(o breach.Overview) *amendedView {
	a := o.Amended
	if a == nil || a.Revision < 2 {
		return nil
	}
	v := &amendedView{Revision: a.Revision, By: l.actor(a.By), At: l.At(a.At)}
	for _, f := range a.Facts {
		said := strings.TrimPrefix(f.Path, "facts.")
		if f.From != "" || f.To != "" {
			said += ": " + known(f.From) + " → " + known(f.To)
		}
		v.Facts = append(v.Facts, said)
	}
	for _, c := range a.Changes {
		if c.Weighty() || len(c.ContentsAdded)+len(c.ContentsRemoved) > 0 {
			_, says, _ := strings.Cut(c.Says(), ": ")
			v.Changes = append(v.Changes, amendedDuty{l.T(dutyTitle(o, c.Obligation)), says, c.Why})
		}
	}
	return v
}

func known(s string) string {
	if s == "" {
		return "?"
	}
	return s
}
