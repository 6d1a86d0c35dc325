package console

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// announceView asks why the public is told now.
type announceView struct {
	ID, Base, Title string
	CSRF            string
	May, Possible   bool
	There           bool
	Estimate        string
	Left            string
	Why             string
	WriteErr        string
}

func (s *server) announcePage(v *visit) error {
	view, err := s.announceView(v)
	if err != nil {
		return err
	}
	return s.showAnnounce(v, http.StatusOK, view)
}

func (s *server) showAnnounce(v *visit, status int, view announceView) error {
	return v.show(status, "announce", frame{Title: v.l.T("Announce now, incident %s", view.ID), Here: "incidents", HoldsFigures: true, Main: view})
}

func (s *server) announceView(v *visit) (view announceView, err error) {
	id, err := v.incidentID()
	if err != nil {
		return view, err
	}
	o, err := s.Desk.Overview(v.r.Context(), id)
	if err != nil {
		return view, err
	}
	view = announceView{
		ID: id, Base: base + "incidents/" + id, Title: v.l.incidentTitle(o.Incident), CSRF: v.session.csrf,
		May: may(v.actor, breach.RoleLead), Possible: announceable(o), There: o.Announcement != nil, Left: v.l.People(o.People[breach.Pending]),
	}
	if o.Estimate != nil {
		view.Estimate = v.l.estimated(*o.Estimate)
	}
	return view, nil
}

// announceable says that an approved plan holds a page that is not published yet.
func announceable(o breach.Overview) bool {
	return o.Announcement == nil && o.Incident.State != breach.IncidentClosed && slices.ContainsFunc(o.Waves, func(w breach.Wave) bool {
		return w.Plan != nil && w.Plan.State == breach.PlanApproved && len(w.Plan.Plan.Announcement) > 0
	})
}

// announceNow has the approved page published while people go on being told.
func (s *server) announceNow(v *visit) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	why := strings.TrimSpace(v.r.PostFormValue("why"))
	if _, err = s.Desk.AnnounceNow(v.r.Context(), id, why, v.actor); err == nil {
		v.session.say(notice{kind: "done", text: "The announcement is being published. People go on being told one by one."})
		v.redirect(base + "incidents/" + url.PathEscape(id))
		return nil
	}
	if !wrongIn(err, "why") {
		return s.refused(v, id, err)
	}
	view, unread := s.announceView(v)
	if unread != nil {
		return unread
	}
	view.Why, view.WriteErr = why, v.l.T("Say why, in 10 to 2,000 characters.")
	return s.showAnnounce(v, http.StatusUnprocessableEntity, view)
}

// adviceWords say what helps against a delivery that comes too late.
var adviceWords = map[string]string{
	"more_connections": "open more connections",
	"another_provider": "add a second provider",
	"announce_now":     "announce it to the public now",
}

func (l speech) advice(codes []string) string {
	said := make([]string, 0, len(codes))
	for _, c := range codes {
		said = append(said, l.T(cmp.Or(adviceWords[c], humanise(c))))
	}
	return strings.Join(said, l.T("; "))
}
