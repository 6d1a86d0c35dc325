package console

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Each part of the score is shown with its reason; a person sets one, and what the facts give stays beside it.
func TestAPartOfTheScoreIsSetByHand(t *testing.T) {
	t.Parallel()
	one, two := 1.0, 2.0
	o := sampleOverview()
	o.Incident.State = breach.IncidentNotifying
	o.Assessment.Flags = []string{"FLAG_COUNT", "FLAG_UNINTELLIGIBLE"}
	o.Assessment.Cells = []breach.SeverityCell{
		{Cell: "dpc", Value: &two, Why: "a person set it", Derived: &breach.SeverityCell{Cell: "dpc", Value: &one, Why: "simple data"},
			Override: &breach.SeverityOverride{Cell: "dpc", Value: 2, Reason: "customers of a <luxury> seller", By: "wei.lin"}},
		{Cell: "ei", Range: []float64{0.25, 1}, Why: "may name people", Missing: []string{"data.classes"}},
	}
	d := sampleDesk()
	d.overview = func(string) (breach.Overview, error) { return o, nil }
	var set []breach.SeverityOverride
	d.setSeverity = func(o breach.SeverityOverride, by breach.Actor) error {
		require.Equal(t, responder.ID, by.ID)
		set = append(set, o)
		return nil
	}
	here := "/console/incidents/" + sampleID
	s := newSite(t, d).as(responder)
	require.Equal(t, "Severity", s.get(here).one(".subnav a[href="+here+"/severity]").text())
	p := s.get(here + "/severity")
	wellMade(t, p, "severity")
	main := p.one("main").text()
	for _, want := range []string{"Kind of data (DPC)", "customers of a <luxury> seller", "Simple data", "0.25–1", "May name people", "More than 100 people"} {
		require.Contains(t, main, want)
	}
	require.Len(t, p.all("select[name=set] option"), 8)

	p = s.send(here+"/severity", url.Values{"set": {"ei=0.5"}, "why": {"short"}})
	require.Equal(t, http.StatusUnprocessableEntity, p.status)
	require.Equal(t, "ei=0.5", p.one("select[name=set] option[selected]").attr("value"), "what was chosen is kept")
	p = s.send(here+"/severity", url.Values{"set": {"nonsense"}, "why": {"long enough a reason"}})
	require.Equal(t, http.StatusUnprocessableEntity, p.status)
	p = s.send(here+"/severity", url.Values{"set": {"ei=0.5"}, "why": {"initials without the table"}})
	require.Contains(t, p.one(".flash").text(), "The value is set.")
	require.Equal(t, []breach.SeverityOverride{{Cell: "ei", Value: 0.5, Reason: "initials without the table"}}, set)

	require.Empty(t, newSite(t, d).as(reader).get(here+"/severity").all("main form"))
	o.Assessment = nil
	require.Contains(t, s.get(here+"/severity").one("main").text(), "Nothing is assessed yet.")
}
