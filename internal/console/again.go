package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// retryView says what trying people again would come to, and asks why.
type retryView struct {
	ID, Base, Title string
	CSRF            string
	MayAct          bool
	Possible        bool
	People, Covered string
	Any, AnyCovered bool
	Stays           []stayRow
	Channels        []channelChoice
	Reason          string // code of the filter, empty for all
	Filter          string // the same in words
	Why             string // kept when something was wrong with the form
	WriteErr        string
}

type stayRow struct{ People, Text string }

type channelChoice struct {
	ID, Text string
	Selected bool
}

func (s *server) retryPage(v *visit) error {
	view, err := s.retryView(v)
	if err != nil {
		return err
	}
	return s.showRetry(v, http.StatusOK, view)
}

func (s *server) showRetry(v *visit, status int, view retryView) error {
	return v.show(status, "again", frame{Title: v.l.T("Try again, incident %s", view.ID), Here: "incidents", HoldsFigures: true, Main: view})
}

func (s *server) retryView(v *visit) (view retryView, err error) {
	id, err := v.incidentID()
	if err != nil {
		return view, err
	}
	o, err := s.Desk.Overview(v.r.Context(), id)
	if err != nil {
		return view, err
	}
	view = retryView{
		ID: id, Base: base + "incidents/" + id, Title: v.l.incidentTitle(o.Incident), CSRF: v.session.csrf, MayAct: may(v.actor, breach.RoleResponder),
		Possible: triable(o), Reason: v.r.FormValue("reason"),
	}
	channel := breach.Channel(v.r.FormValue("channel"))
	for _, c := range breach.Channels {
		if _, used := o.Channels[c]; used {
			view.Channels = append(view.Channels, channelChoice{string(c), v.l.channel(string(c)), c == channel})
		}
	}
	if !reasonCode.MatchString(view.Reason) {
		return view, breach.Errorf(breach.ErrNotFound, "there is no such reason")
	}
	if view.Reason != "" {
		view.Filter = v.l.reason(view.Reason, s.Reasons)
	}
	if !view.MayAct || !view.Possible {
		return view, nil
	}
	would, err := s.Desk.WouldTryAgain(v.r.Context(), id, breach.Retry{Reason: view.Reason, Channel: channel}, v.actor)
	if err != nil {
		return view, err
	}
	view.People, view.Any = v.l.People(would.People), would.People > 0
	view.Covered, view.AnyCovered = v.l.People(would.Covered), would.Covered > 0
	for _, why := range slices.Sorted(keys(would.Stays)) {
		view.Stays = append(view.Stays, stayRow{v.l.People(would.Stays[why]), v.l.reason(why, s.Reasons)})
	}
	return view, nil
}

// wrongIn says that what was written in one field of a form cannot be used.
func wrongIn(err error, field string) bool {
	var ours *breach.Error
	return breach.CodeOf(err) == breach.ErrInvalid && errors.As(err, &ours) &&
		slices.ContainsFunc(ours.Fields, func(f breach.FieldError) bool { return f.Where == field })
}

// retry has those tried again whom no channel reached.
func (s *server) retry(v *visit) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	r := breach.Retry{Reason: v.r.PostFormValue("reason"), Channel: breach.Channel(v.r.PostFormValue("channel")), Why: strings.TrimSpace(v.r.PostFormValue("why"))}
	out, err := s.Desk.TryAgain(v.r.Context(), id, r, v.actor)
	if err != nil {
		if !wrongIn(err, "why") {
			return s.refused(v, id, err)
		}
		view, unread := s.retryView(v)
		if unread != nil {
			return unread
		}
		view.Why, view.WriteErr = r.Why, v.l.T("Say why, in 10 to 2,000 characters.")
		return s.showRetry(v, http.StatusUnprocessableEntity, view)
	}
	v.session.say(notice{kind: "done", text: "They are tried again: %s.", args: []any{v.l.People(out.People)}})
	v.redirect(base + "incidents/" + url.PathEscape(id))
	return nil
}
