package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// closeView asks why an incident is closed although duties that apply, or may apply, were not done.
type closeView struct {
	ID, Base, Title string
	CSRF            string
	May             bool
	Undone          []undoneDuty
	Problem         *problem
	Reason          string // kept when something was wrong with the form
	WriteErr        string
}

type undoneDuty struct {
	Title, Law, ID string
	Untold         bool // nobody can tell whether it applies
}

func (s *server) closePage(v *visit) error {
	view, err := s.closeView(v)
	if err != nil {
		return err
	}
	return s.showClose(v, http.StatusOK, view)
}

func (s *server) showClose(v *visit, status int, view closeView) error {
	return v.show(status, "close", frame{Title: v.l.T("Close incident %s", view.ID), Here: "incidents", HoldsFigures: true, Main: view})
}

func (s *server) closeView(v *visit) (closeView, error) {
	id, err := v.incidentID()
	if err != nil {
		return closeView{}, err
	}
	o, err := s.Desk.Overview(v.r.Context(), id)
	if err != nil {
		return closeView{}, err
	}
	view := closeView{
		ID: id, Base: base + "incidents/" + id, Title: v.l.incidentTitle(o.Incident), CSRF: v.session.csrf,
		May: may(v.actor, breach.RoleLead) && o.Incident.State != breach.IncidentClosed,
	}
	for _, d := range undone(o) {
		view.Undone = append(view.Undone, undoneDuty{v.l.T(titleOf(d)), v.l.law(d), d.ID, d.Verdict == breach.CannotTell})
	}
	return view, nil
}

// undone lists the duties that apply, or of which nobody can tell, and that keep an incident from being closed without
// a reason. A report that is just being filed is not among them: it is waited for, reason or not.
func undone(o breach.Overview) []breach.Duty {
	var out []breach.Duty
	underway := map[string]bool{}
	for _, w := range o.Waves {
		if w.Plan == nil || w.Plan.State != breach.PlanApproved {
			continue
		}
		for _, r := range w.Plan.Plan.Reports {
			underway[r.Channel] = true
		}
	}
	for _, a := range o.Awaited {
		if a.What == "mend" {
			underway[a.Ref] = false
		}
	}
	for _, d := range o.Duties {
		filed := slices.ContainsFunc(o.Filings, func(f breach.Filing) bool { return f.Obligation == d.ID })
		told := d.Duty == "notify_individuals" && o.Total > 0
		shown := d.Duty == "public_notice" && o.Announcement != nil
		if d.OwedAtEnd() && !filed && !told && !shown && !underway[d.ID] {
			out = append(out, d)
		}
	}
	return out
}

// close closes an incident. Where that is refused because duties are undone, the refusal is shown with its
// words, and the reason for closing all the same is asked for in place.
func (s *server) close(v *visit) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	reason := strings.TrimSpace(v.r.PostFormValue("reason"))
	_, asked := v.r.Form["reason"]
	said := "The incident is closed. Its evidence is being sealed."
	switch {
	case reason != "":
		said = "The incident is closed, and duties were left undone. Your reason stands on the record; the evidence is being sealed."
		err = s.Desk.CloseLeaving(v.r.Context(), id, reason, v.actor)
	case asked:
		err = breach.Errorf(breach.ErrInvalid, "there is no reason")
	default:
		err = s.Desk.Close(v.r.Context(), id, v.actor)
	}
	if err != nil {
		return s.notClosed(v, id, reason, asked, err)
	}
	v.session.say(notice{kind: "done", text: said})
	v.redirect(base + "incidents/" + url.PathEscape(id))
	return nil
}

func (s *server) notClosed(v *visit, id, reason string, asked bool, err error) error {
	code := breach.CodeOf(err)
	wrong := asked && code == breach.ErrInvalid
	if !wrong && (asked || code != breach.ErrConflict) {
		return s.refused(v, id, err)
	}
	view, unread := s.closeView(v)
	if unread != nil || (!wrong && len(view.Undone) == 0) || !view.May {
		return s.refused(v, id, err)
	}
	view.Reason = reason
	if wrong {
		view.WriteErr = v.l.T("Say why, in 10 to 2,000 characters.")
		return s.showClose(v, http.StatusUnprocessableEntity, view)
	}
	p, status := v.problemOf(err)
	view.Problem = &p
	return s.showClose(v, status, view)
}
