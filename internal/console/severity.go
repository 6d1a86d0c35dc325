package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// severityView shows each cell of the score with its reason, and lets a person set one.
type severityView struct {
	ID, Base, Title string
	CSRF            string
	Score           string
	Flags           []string
	Cells           []severityRow
	May             bool
	Set, Why        string
	WriteErr        string
}

type severityRow struct {
	Name, Value, Why string
	Derived          string // what the facts give, where a person set the cell
	Said             string // by whom, and why
	Choices          []choice
}

// choice is one value that a cell can be set to.
type choice struct {
	ID, Text string
	Selected bool
}

var cellWords = map[string]string{
	"dpc": "Kind of data (DPC)", "ei": "Ease of identification (EI)", "confidentiality": "Circumstances: confidentiality",
	"integrity": "Circumstances: integrity", "availability": "Circumstances: availability", "malice": "Circumstances: malice",
}

var flagWords = map[string]string{
	"FLAG_COUNT": "More than 100 people are affected.", "FLAG_UNINTELLIGIBLE": "Nobody can read the data: good encryption or hash.",
}

func (s *server) severityPage(v *visit) error {
	view, err := s.severityView(v, "")
	if err != nil {
		return err
	}
	return s.showSeverity(v, http.StatusOK, view)
}

func (s *server) showSeverity(v *visit, status int, view severityView) error {
	return v.show(status, "severity", frame{Title: v.l.T("Severity, incident %s", view.ID), Here: "incidents", Main: view})
}

func (s *server) severityView(v *visit, set string) (view severityView, err error) {
	id, err := v.incidentID()
	if err != nil {
		return view, err
	}
	o, err := s.Desk.Overview(v.r.Context(), id)
	if err != nil {
		return view, err
	}
	view = severityView{
		ID: id, Base: base + "incidents/" + id, Title: v.l.incidentTitle(o.Incident), CSRF: v.session.csrf, Set: set,
		May: may(v.actor, breach.RoleResponder) && o.Incident.State != breach.IncidentClosed,
	}
	if o.Assessment == nil {
		return view, nil
	}
	view.Score = v.l.severity(*o.Assessment)
	for _, f := range o.Assessment.Flags {
		view.Flags = append(view.Flags, v.l.T(flagWords[f]))
	}
	for _, c := range o.Assessment.Cells {
		row := severityRow{Name: v.l.T(cellWords[c.Cell]), Value: points(c), Why: upperFirst(c.Why)}
		if c.Derived != nil {
			row.Derived, row.Why = points(*c.Derived), upperFirst(c.Derived.Why)
		}
		if c.Override != nil {
			row.Said = v.l.T("%s: %s", v.l.actor(c.Override.By), c.Override.Reason)
		}
		for _, value := range breach.SeverityCells[c.Cell] {
			text := strconv.FormatFloat(value, 'f', -1, 64)
			row.Choices = append(row.Choices, choice{c.Cell + "=" + text, text, set == c.Cell+"="+text})
		}
		view.Cells = append(view.Cells, row)
	}
	return view, nil
}

// points shows a value, or the interval while facts are missing.
func points(c breach.SeverityCell) string {
	text := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	switch {
	case c.Value != nil:
		return text(*c.Value)
	case len(c.Range) == 2:
		return text(c.Range[0]) + "–" + text(c.Range[1])
	}
	return ""
}

// setSeverity sets one cell by hand, with the reason.
func (s *server) setSeverity(v *visit) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	set, why := v.r.PostFormValue("set"), strings.TrimSpace(v.r.PostFormValue("why"))
	cell, text, _ := strings.Cut(set, "=")
	value, wrong := strconv.ParseFloat(text, 64)
	if n := len([]rune(why)); wrong == nil && n >= 10 && n <= 2000 {
		_, err = s.Desk.SetSeverityCell(v.r.Context(), id, breach.SeverityOverride{Cell: cell, Value: value, Reason: why}, v.actor)
		if err != nil {
			return s.refused(v, id, err)
		}
		v.session.say(notice{kind: "done", text: "The value is set. The duties are judged anew."})
		v.redirect(base + "incidents/" + url.PathEscape(id) + "/severity")
		return nil
	}
	view, err := s.severityView(v, set)
	if err != nil {
		return err
	}
	view.Why, view.WriteErr = why, v.l.T("Say why, in 10 to 2,000 characters.")
	return s.showSeverity(v, http.StatusUnprocessableEntity, view)
}
