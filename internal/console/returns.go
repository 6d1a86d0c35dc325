package console

import (
	"context"
	"net/http"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// ReturnDesk counts what came back.
type ReturnDesk interface {
	Returns(ctx context.Context, incident string) ([]breach.ReturnCount, error)
}

type returnsView struct {
	ID, Base, Title string
	Sums            []returnSum
	Rows            []returnRow
	Reports         []returnedReport
}

type returnSum struct{ Number, Word, Means string }

type returnRow struct {
	Badge                  badge
	Why, Do                string
	Provider, From, Number string
	Last                   moment
}

// returnedReport is a report that its authority's mail server did not take.
type returnedReport struct{ Title, Said, Do, Detail string }

// returnKinds are in the order of their weight.
var returnKinds = []struct {
	kind        breach.ReturnKind
	word, means string
	badge       badge
}{
	{breach.ReturnFailed, "Bounced", "The message did not arrive. The person goes on to the next channel.", badge{Class: "is-now", Icon: "warn"}},
	{breach.ReturnComplained, "Complaints", "The person told their provider that it is spam. Many of them make providers refuse the rest.", badge{Class: "is-soon", Icon: "warn"}},
	{breach.ReturnDelayed, "Delayed", "The server goes on trying. Nothing to do.", badge{Class: "is-soon", Icon: "clock"}},
	{breach.ReturnUnclassified, "Not clear", "A bounce by its form that does not say of what kind. It is kept and moves nothing.", badge{Class: "is-ask", Icon: "ask"}},
	{breach.ReturnRelayed, "Passed on", "Passed on to a server that reports nothing. Nothing to do.", badge{}},
}

// returnsPage shows bounces and complaints of an incident in numbers.
func (s *server) returnsPage(v *visit) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	o, err := s.Desk.Overview(v.r.Context(), id)
	if err != nil {
		return err
	}
	list, err := s.Desk.Returns(v.r.Context(), id)
	if err != nil {
		return err
	}
	view := returnsView{ID: id, Base: base + "incidents/" + id, Title: v.l.incidentTitle(o.Incident)}
	sums := map[breach.ReturnKind]int64{}
	for _, c := range list {
		sums[c.Kind] += c.Count
		view.Rows = append(view.Rows, v.l.returned(c, s.Reasons))
	}
	for _, k := range returnKinds[:4] {
		view.Sums = append(view.Sums, returnSum{v.l.Num(sums[k.kind]), v.l.T(k.word), v.l.T(k.means)})
	}
	for _, f := range o.Filings {
		if r := v.l.returnedReport(o, f, s.Reasons); r != nil {
			view.Reports = append(view.Reports, *r)
		}
	}
	return v.show(http.StatusOK, "returns", frame{Title: v.l.T("What came back, incident %s", id), Here: "incidents", HoldsFigures: true, Main: view})
}

func (l speech) returned(c breach.ReturnCount, failures map[string]Reason) returnRow {
	row := returnRow{Provider: c.Provider, From: c.Domain, Number: l.Num(c.Count), Last: l.At(c.Last)}
	for _, k := range returnKinds {
		if k.kind == c.Kind {
			row.Badge = k.badge
			row.Badge.Text, row.Why = l.T(k.word), l.T(k.means)
		}
	}
	if r, known := failures[c.Reason]; known {
		row.Why, row.Do = l.T(r.Cause), l.T(r.Do)
	} else if c.Reason != "" {
		row.Why = humanise(c.Reason)
	}
	return row
}

// returnedReport is nil for a report of which nothing came back that matters.
func (l speech) returnedReport(o breach.Overview, f breach.Filing, failures map[string]Reason) *returnedReport {
	r := f.Returned
	if r == nil || r.Kind == breach.ReturnRelayed {
		return nil
	}
	out := &returnedReport{Title: l.T(dutyTitle(o, f.Obligation)), Detail: r.Detail}
	switch r.Kind {
	case breach.ReturnFailed:
		out.Said = l.T("The authority's mail server sent the report back on %s.", l.At(r.At).Shown)
		if why, known := failures[r.Reason]; known {
			out.Said += l.T(" ") + l.T(why.Cause)
		}
		out.Do = l.T("The authority does not have it. File it by hand before the deadline, through its portal or an address that it confirms, and put its number on record; then mend the address in the settings.")
	case breach.ReturnDelayed:
		out.Said = l.T("The authority's mail server has not taken the report yet; ours goes on trying since %s.", l.At(r.At).Shown)
		out.Do = l.T("When the deadline is near, ask the authority whether it has the report.")
	default:
		out.Said = l.T("Something came back from the authority's mail server on %s that does not say whether it has the report.", l.At(r.At).Shown)
		out.Do = l.T("Ask the authority whether it has the report.")
	}
	return out
}
