package console

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const (
	doneTitle   = "Done outside Tocsin, incident %s"
	answerTitle = "Open questions of incident %s"
)

// question is one that no fact can answer, with the duties that wait for it.
type question struct {
	ID     string
	Duties []string
}

// byHand lists the duties that a person may have carried out: none to people on the lists, and none that is done.
func (l speech) byHand(o breach.Overview) (out []dutyChoice) {
	for _, d := range o.Duties {
		kind, filing := stand(o, d)
		if d.Verdict == breach.DoesNotApply || d.Duty == "notify_individuals" || kind == done || filing != nil {
			continue
		}
		title := l.T(titleOf(d))
		if d.Addressee != "" {
			title += l.T(", ") + d.Addressee
		}
		out = append(out, dutyChoice{d.ID, title, l.law(d), d.Duty == "notify_authority" || d.Duty == "notify_other"})
	}
	return out
}

func (l speech) questions(o breach.Overview) (out []question) {
	for _, d := range o.Duties {
		for _, id := range d.Questions {
			at := slices.IndexFunc(out, func(q question) bool { return q.ID == id })
			if at < 0 {
				at, out = len(out), append(out, question{ID: id})
			}
			out[at].Duties = append(out[at].Duties, l.T(titleOf(d)))
		}
	}
	return out
}

// stateDone puts on record that a person carried a duty out.
func (s *server) stateDone(v *visit) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	f := v.r.PostFormValue
	var at time.Time
	if written := f("at"); written != "" {
		if at, err = time.ParseInLocation("2006-01-02T15:04", written, s.Zone); err != nil {
			err = breach.Errorf(breach.ErrInvalid, "the instant cannot be read").With(breach.FieldError{Where: "at", What: "is a day and a time"})
			return s.answered(v, "done", doneTitle, breach.RoleLead, "", err)
		}
	}
	_, err = s.Desk.Done(v.r.Context(), id, f("obligation"), strings.TrimSpace(f("said")), at, v.actor)
	return s.answered(v, "done", doneTitle, breach.RoleLead, "It stands on the record that this is done. What follows it counts from there.", err)
}

// answerQuestion settles a question.
func (s *server) answerQuestion(v *visit) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	f := v.r.PostFormValue
	if a := f("answer"); a != "yes" && a != "no" {
		err = breach.Errorf(breach.ErrInvalid, "there is no answer").With(breach.FieldError{Where: "answer", What: "is yes or no"})
	} else {
		_, err = s.Desk.Answer(v.r.Context(), id, f("question"), a == "yes", strings.TrimSpace(f("why")), v.actor)
	}
	return s.answered(v, "answer", answerTitle, breach.RoleResponder, "The question is answered. The duties are judged anew.", err)
}

// dutyTextView is the text of a duty that a person carries out.
type dutyTextView struct {
	ID, Base, Title string
	breach.DutyText
}

func (s *server) dutyText(v *visit) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	t, err := s.Desk.DutyText(v.r.Context(), id, v.r.URL.Query().Get("obligation"))
	if err != nil {
		return err
	}
	o, err := s.Desk.Overview(v.r.Context(), id)
	if err != nil {
		return err
	}
	view := dutyTextView{ID: id, Base: base + "incidents/" + id, Title: v.l.T(dutyTitle(o, t.Obligation)), DutyText: t}
	return v.show(http.StatusOK, "dutytext", frame{Title: v.l.T("Text to send"), Here: "incidents", HoldsFigures: true, Main: view})
}
