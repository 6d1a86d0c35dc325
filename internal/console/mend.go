package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// mendView shows what would keep a plan from being approved, lets a person let gaps go by name, and decide about
// numbers on which facts and lists differ.
type mendView struct {
	ID, Base, Title string
	CSRF            string
	May             bool
	NotYet          string // why there is nothing to look at
	Problems        []string
	Open            []openGap
	Lists           []openGap // signs that a list would tell wrong people
	Contents        *contentsView
	Numbers         []string
	Fields          []choice

	Reason, ReasonErr string
	Value, Why        string
	NumberErr         string
}

// openGap is a gap that nobody let go.
type openGap struct {
	gapView
	Name   string // of the box: duty and field
	Do     string
	Ticked bool
}

func (s *server) mendPage(v *visit) error {
	view, err := s.mendView(v)
	if err != nil {
		return err
	}
	return s.showMend(v, http.StatusOK, view)
}

func (s *server) showMend(v *visit, status int, view mendView) error {
	return v.show(status, "mend", frame{Title: v.l.T("Texts and numbers, incident %s", view.ID), Here: "incidents", Main: view})
}

func (s *server) mendView(v *visit) (view mendView, err error) {
	id, err := v.incidentID()
	if err != nil {
		return view, err
	}
	o, err := s.Desk.Overview(v.r.Context(), id)
	if err != nil {
		return view, err
	}
	view = mendView{
		ID: id, Base: base + "incidents/" + id, Title: v.l.incidentTitle(o.Incident), CSRF: v.session.csrf,
		May: may(v.actor, breach.RoleResponder) && o.Incident.State != breach.IncidentClosed, Numbers: v.l.numbers(o.Numbers),
		Reason: strings.TrimSpace(v.r.PostFormValue("reason")), Value: v.r.PostFormValue("value"), Why: strings.TrimSpace(v.r.PostFormValue("why")),
	}
	for _, n := range o.Numbers {
		view.Fields = append(view.Fields, choice{n.Field, v.l.numberName(n.Field), n.Field == v.r.PostFormValue("field")})
	}
	check, err := s.Desk.CheckPlan(v.r.Context(), id, 0)
	if code := breach.CodeOf(err); err != nil && (code == breach.ErrConflict || code == breach.ErrInvalid) {
		p, _ := v.problemOf(err)
		view.NotYet = p.Detail
		return view, nil
	}
	if err != nil {
		return view, err
	}
	view.Problems, view.Contents = check.Problems, v.l.contents(&check.Contents)
	view.Contents.LetGo, view.Contents.Lists = nil, nil
	for i, g := range v.l.gaps(check.Contents.Gaps) {
		if of := check.Contents.Gaps[i]; of.Waived == nil {
			name := of.Obligation + ":" + of.Field
			open := openGap{g, name, v.l.composed(of.Do), v.r.Method == http.MethodPost && slices.Contains(v.r.Form["gap"], name)}
			if of.Kind == breach.GapList {
				view.Lists = append(view.Lists, open)
			} else {
				view.Open = append(view.Open, open)
			}
			continue
		}
		view.Contents.LetGo = append(view.Contents.LetGo, g)
	}
	return view, nil
}

// waive lets the gaps go that are ticked, for one reason.
func (s *server) waive(v *visit) error {
	view, err := s.mendView(v)
	if err != nil {
		return err
	}
	var list []breach.Waiver
	for _, name := range v.r.Form["gap"] {
		if i := strings.LastIndexByte(name, ':'); i > 0 {
			list = append(list, breach.Waiver{Obligation: name[:i], Field: name[i+1:]})
		}
	}
	switch n := len([]rune(view.Reason)); {
	case len(list) == 0:
		view.ReasonErr = v.l.T("Tick what is let go.")
	case n < 10 || n > 2000:
		view.ReasonErr = v.l.T("Say why, in 10 to 2,000 characters.")
	default:
		if _, err := s.Desk.WaiveContents(v.r.Context(), view.ID, 0, list, view.Reason, v.actor); err != nil {
			return s.refused(v, view.ID, err)
		}
		return s.mended(v, view.ID, "It is let go. Submit the plan; whoever approves it sees this.")
	}
	return s.showMend(v, http.StatusUnprocessableEntity, view)
}

// decideNumber records which number is right.
func (s *server) decideNumber(v *visit) error {
	view, err := s.mendView(v)
	if err != nil {
		return err
	}
	value, wrong := strconv.ParseInt(strings.TrimSpace(view.Value), 10, 64)
	switch n := len([]rune(view.Why)); {
	case wrong != nil || value < 0:
		view.NumberErr = v.l.T("Write a number from 0, in digits.")
	case n < 10 || n > 2000:
		view.NumberErr = v.l.T("Say why, in 10 to 2,000 characters.")
	default:
		d := breach.NumberDecision{Field: v.r.PostFormValue("field"), Value: value, Reason: view.Why}
		if _, err := s.Desk.DecideNumber(v.r.Context(), view.ID, d, v.actor); err != nil {
			return s.refused(v, view.ID, err)
		}
		return s.mended(v, view.ID, "The number is decided. The duties are judged anew.")
	}
	return s.showMend(v, http.StatusUnprocessableEntity, view)
}

func (s *server) mended(v *visit, id, said string) error {
	v.session.say(notice{kind: "done", text: said})
	v.redirect(base + "incidents/" + url.PathEscape(id) + "/mend")
	return nil
}
