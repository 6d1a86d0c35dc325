package console

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// incidentView is the page of one incident. Each part can be asked for alone.
type incidentView struct {
	ID, Base, Title string
	State           badge
	Meta            []string
	Aware           *moment
	CSRF            string
	Gate            gateView
	Lede            ledeView
	Stages          []stage
	Rail            railView
	Waiting         waitingView
	Log             []event
	People          peopleView
	Channels        channelsView
	Failures        failuresView
	Countries       []countryRow
	Duties          dutiesView
	Amended         *amendedView
	Missing         []string
	Numbers         []string // on which lists and facts differ, or that were decided
	Notes           []string // of detectors and imported files, for a person to decide
	Waves           []waveRow
	Reports         []reportRow
	Announcement    announcementView
	Evidence        *evidenceView

	versions map[string]string
}

// livePart is how a part of the page names itself to the script that keeps it fresh.
type livePart struct{ Name, Version, URL string }

// Part gives the attributes of one part.
func (v incidentView) Part(name string) livePart {
	return livePart{name, v.versions[name], v.Base + "/parts/" + name}
}

// gateView says whether sending can be paused, resumed or stopped, and by this person.
type gateView struct {
	Paused, Stopped, MayAct, CanPause, CanStop bool
}

// ledeView is the sentence that says it all, and what proves it.
type ledeView struct {
	Strong   string
	Rest     []string
	Waiting  string
	Announce bool // announcing now is proposed, and this person may decide it
}

type evidenceView struct {
	File, SHA256 string
	At           moment
}

func (s *server) incident(v *visit) error {
	view, err := s.incidentView(v, s.Desk.Overview)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "incident", frame{
		Title: v.l.T("Incident %s", view.ID), Here: "incidents", Live: view.Base + "/events", HoldsFigures: true, Main: view,
	})
}

// part answers with one part as it is now. It is cheap: pages that watch the same incident share what was
// read within the last second.
func (s *server) part(v *visit) error {
	name := v.r.PathValue("part")
	if !slices.Contains(partNames, name) {
		return breach.Errorf(breach.ErrNotFound, "there is no such part of the page")
	}
	view, err := s.incidentView(v, s.hub.overview)
	if err != nil {
		return err
	}
	return v.showPart("incident", "part-"+name, view)
}

func (s *server) incidentView(v *visit, read overviewOf) (incidentView, error) {
	id, err := v.incidentID()
	if err != nil {
		return incidentView{}, err
	}
	ctx := v.r.Context()
	o, err := read(ctx, id)
	if err != nil {
		return incidentView{}, err
	}
	last, err := s.Desk.Timeline(ctx, id, max(0, o.Revision-lastEvents), lastEvents)
	if err != nil {
		return incidentView{}, err
	}
	return s.buildIncident(v, o, last), nil
}

func (s *server) buildIncident(v *visit, o breach.Overview, last []breach.AuditEntry) incidentView {
	l, inc := v.l, o.Incident
	view := incidentView{
		ID: inc.ID, Base: base + "incidents/" + inc.ID, Title: l.incidentTitle(inc), CSRF: v.session.csrf,
		State: l.stateBadge(inc.State), Meta: l.meta(o), Gate: gate(o, v.actor),
		Stages: l.stages(o), Rail: l.rail(o), Log: l.events(o, last, true),
		People: l.people(o), Channels: l.channels(o), Failures: l.failures(o, s.Reasons), Countries: l.countries(o),
		Duties: l.duties(o), Waves: l.waves(o), Reports: l.reports(o), Announcement: l.announcement(o),
		versions: versions(o),
	}
	view.Waiting = l.waiting(o, v.actor)
	view.Amended = l.amended(o)
	view.Lede = l.lede(o, view.Waiting.Mine)
	view.Announcement.Now = announceable(o) && may(v.actor, breach.RoleLead)
	view.Lede.Announce = view.Announcement.Now && o.Estimate != nil && slices.Contains(o.Estimate.Advice, "announce_now")
	view.Missing, view.Notes, view.Numbers = o.Missing, o.Notes, l.numbers(o.Numbers)
	if inc.AwareAt != nil {
		at := l.At(*inc.AwareAt)
		view.Aware = &at
	}
	if o.Evidence != nil {
		view.Evidence = &evidenceView{o.Evidence.File, o.Evidence.SHA256, l.At(o.Evidence.At)}
	}
	return view
}

// incidentTitle is never empty: it is the text of links.
func (l speech) incidentTitle(inc breach.Incident) string {
	if inc.Title == "" {
		return l.T("Incident without a title")
	}
	return inc.Title
}

func (l speech) stateBadge(s breach.IncidentState) badge {
	w := l.word(breach.IncidentMachine, string(s))
	b := badge{"is-line", "hand", w.Text, w.Anchor}
	switch s {
	case breach.IncidentDraft:
		b.Class, b.Icon = "is-ask", "ask"
	case breach.IncidentOpen, breach.IncidentAssessing:
		b.Icon = "clock"
	case breach.IncidentClosed:
		b.Class, b.Icon = "is-done", "check"
	}
	return b
}

func (l speech) meta(o breach.Overview) []string {
	var out []string
	if o.Assessment != nil {
		if said := l.severity(*o.Assessment); said != "" {
			out = append(out, said)
		}
	}
	if o.Organisation != "" {
		out = append(out, o.Organisation)
	}
	if o.Incident.Policy != "" {
		out = append(out, l.T("Policy %s", o.Incident.Policy))
	}
	return out
}

// severity is the score in one line, or "" when there is none.
func (l speech) severity(a breach.Assessment) string {
	switch {
	case a.Score != nil:
		return l.T("Severity %s, %.2g (%s)", l.T(a.Level), *a.Score, scheme(a.Scheme))
	case len(a.Range) == 2:
		return l.T("Severity up to %s, between %.2g and %.2g (%s)", l.T(a.Level), a.Range[0], a.Range[1], scheme(a.Scheme))
	}
	return ""
}

// scheme names a scheme of severity.
func scheme(id string) string {
	name, year, found := strings.Cut(id, "-")
	if !found {
		return id
	}
	return strings.ToUpper(name) + " " + year
}

func gate(o breach.Overview, by breach.Actor) gateView {
	g := gateView{Paused: o.Paused, Stopped: o.Stopped, MayAct: may(by, breach.RoleResponder)}
	begun := o.Incident.State == breach.IncidentNotifying || slices.ContainsFunc(o.Waves, func(w breach.Wave) bool {
		return w.Plan != nil && w.Plan.State == breach.PlanApproved && w.Total > 0
	})
	open := begun && o.Incident.State != breach.IncidentClosed && !o.Stopped
	g.CanPause, g.CanStop = open && g.MayAct, open && g.MayAct
	return g
}

func (l speech) lede(o breach.Overview, mine int) ledeView {
	var v ledeView
	p, inc := o.People, o.Incident
	say := func(n int64, one, many string) {
		if n > 0 {
			v.Rest = append(v.Rest, l.Count(n, one, many))
		}
	}
	switch {
	case inc.State == breach.IncidentClosed:
		v.Strong = l.T("This incident is closed: everybody is accounted for.")
	case inc.State == breach.IncidentDraft:
		v.Strong = l.T("A detector opened this incident. Nobody has confirmed it yet, but the clock runs.")
	case o.Total == 0:
		v.Strong = l.T("Nobody is on a list yet, so nobody can be told.")
	case o.Stopped:
		v.Strong = l.T("Sending was stopped for good.")
	case o.Paused:
		v.Strong = l.T("Sending is paused.")
	}
	if o.Total > 0 {
		told := l.T("%s of %s people have been told, and it is confirmed.", l.Num(p[breach.Reached]), l.Num(o.Total))
		if v.Strong == "" {
			v.Strong = told
		} else {
			v.Rest = append(v.Rest, told)
		}
		say(p[breach.Attempted], "1 is on the way, not confirmed yet.", "%s are on the way, not confirmed yet.")
		say(p[breach.Pending], "1 still waits for a first message.", "%s still wait for a first message.")
		say(p[breach.Unreachable], "1 cannot be reached by any allowed channel.", "%s cannot be reached by any allowed channel.")
		say(p[breach.Covered], "1 is covered by the announcement.", "%s are covered by the announcement.")
		say(p[breach.Held], "1 must not be told yet.", "%s must not be told yet.")
	}
	if d, earliest := firstClock(o); d != nil {
		v.Rest = append(v.Rest, l.firstSaid(*d, earliest))
	}
	v.Rest = append(v.Rest, l.ramp(o)...)
	v.Rest = append(v.Rest, l.heldSaid(o)...)
	if e := o.Estimate; e != nil {
		v.Rest = append(v.Rest, l.estimated(*e))
	}
	if mine > 0 {
		v.Waiting = l.Count(int64(mine), "One thing waits for you.", "%s things wait for you.")
	}
	return v
}

func (l speech) firstSaid(d breach.Duty, earliest bool) string {
	at, left := l.At(*d.DueAt).Shown, d.DueAt.Sub(l.now)
	switch {
	case left < 0 && !earliest:
		return l.T("The first deadline, %s, passed at %s.", quoted(l, d), at)
	case earliest:
		return l.T("The earliest possible deadline, %s, is %s.", quoted(l, d), at)
	}
	return l.T("The first deadline, %s, is %s.", quoted(l, d), at)
}

// estimated says when the last message goes out, and what helps when that is too late.
func (l speech) estimated(e breach.Estimate) string {
	at := l.At(e.LastHandover).Shown
	if e.LateBy == 0 {
		return l.T("At the present rate the last message goes out at about %s.", at)
	}
	return l.T("At the present rate the last message goes out at about %s, %s too late. What helps: %s.", at, l.Span(e.LateBy), l.advice(e.Advice))
}

func quoted(l speech, d breach.Duty) string { return l.T("“%s”", l.T(titleOf(d))) }

// instant is a pointer's instant as shown, empty without one.
func (l speech) instant(t *time.Time) moment {
	if t == nil {
		return moment{}
	}
	return l.At(*t)
}
