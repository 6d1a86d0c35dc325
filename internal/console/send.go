package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// stopView says what has left and what has not, before sending is stopped for good.
type stopView struct {
	ID, Base, Title   string
	CSRF              string
	Gone, Left        string // people
	LeftNum           int64
	People            peopleView
	MayAct            bool
	Stopped, Possible bool
}

func (s *server) stopPage(v *visit) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	o, err := s.Desk.Overview(v.r.Context(), id)
	if err != nil {
		return err
	}
	p, g := o.People, gate(o, v.actor)
	left := p[breach.Pending] + p[breach.Held]
	view := stopView{
		ID: id, Base: base + "incidents/" + id, Title: v.l.incidentTitle(o.Incident), CSRF: v.session.csrf,
		Gone: v.l.People(p[breach.Reached] + p[breach.Attempted]), Left: v.l.People(left), LeftNum: left,
		People: v.l.people(o), MayAct: g.MayAct, Stopped: o.Stopped, Possible: g.CanStop,
	}
	return v.show(http.StatusOK, "stop", frame{Title: v.l.T("Stop sending, incident %s", id), Here: "incidents", HoldsFigures: true, Main: view})
}

func (s *server) stop(v *visit) error {
	return s.act(v, s.Desk.Stop, "Sending is stopped for good. Who was not told stays on the list and is shown below.")
}

func (s *server) pause(v *visit) error {
	return s.act(v, s.Desk.Pause, "Sending is paused. Messages that were handed over already cannot be taken back.")
}

func (s *server) resume(v *visit) error {
	return s.act(v, s.Desk.Resume, "Sending goes on with those who were not told yet.")
}

// act carries out a command and goes back to the incident, which says what came of it.
func (s *server) act(v *visit, do func(context.Context, string, breach.Actor) error, said string) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	if err := do(v.r.Context(), id, v.actor); err != nil {
		return s.refused(v, id, err)
	}
	v.session.say(notice{kind: "done", text: said})
	v.redirect(base + "incidents/" + url.PathEscape(id))
	return nil
}

// refused says on the incident's page why nothing was done. What is our own failure, or an incident that
// does not exist, has the error page.
func (s *server) refused(v *visit, id string, err error) error {
	return s.refusedOn(v, base+"incidents/"+url.PathEscape(id), err)
}

// refusedOn says it on another page.
func (s *server) refusedOn(v *visit, page string, err error) error {
	p, status := v.problemOf(err)
	if (status >= http.StatusInternalServerError && p.Code != breach.ErrUnavailable) || p.Code == breach.ErrNotFound {
		return err
	}
	n := notice{kind: "now", text: "%s. %s", args: []any{p.Title, p.Do}, ref: v.ref}
	if p.Code == breach.ErrUnavailable {
		n.kind = "soon"
	}
	var ours *breach.Error
	if errors.As(err, &ours) {
		for _, f := range ours.Fields {
			n.list = append(n.list, f.Where+": "+f.What)
		}
		if len(n.list) == 0 && p.Detail != "" {
			n.list = []string{p.Detail}
		}
	}
	v.session.say(n)
	v.redirect(page)
	return nil
}

// submit has a plan put together and put up for approval, or says what is missing. The field reports asks for
// one of reports to authorities alone.
func (s *server) submit(v *visit) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	wave, _ := strconv.Atoi(v.r.PostFormValue("wave")) // anything else is the newest
	var out breach.Submitted
	if v.r.PostFormValue("reports") != "" {
		out, err = s.Desk.SubmitReports(v.r.Context(), id, v.actor)
	} else {
		out, err = s.Desk.Submit(v.r.Context(), id, max(0, wave), v.actor)
	}
	if err != nil {
		return s.refused(v, id, err)
	}
	n := notice{kind: "done", text: "The plan waits for a second person. You cannot approve it yourself."}
	if len(out.Problems) > 0 {
		n = notice{kind: "soon", text: "The plan is not complete, so nobody can approve it yet. Fill in what is listed, then submit it again.", list: out.Problems}
	} else if len(out.Gaps) > 0 {
		n = notice{kind: "soon", text: "The texts do not hold what their regimes ask for, so nobody can approve the plan yet. Mend what is listed, or let it go by name with a reason under “Texts and numbers”.", list: gapList(out.Gaps)}
	}
	v.session.say(n)
	v.redirect(base + "incidents/" + url.PathEscape(id))
	return nil
}
