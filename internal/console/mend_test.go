package console

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// gappyDesk is a desk whose plan lacks two things, with one let go, and whose lists and facts differ.
func gappyDesk(o breach.Overview) *fakeDesk {
	d := sampleDesk()
	d.overview = func(string) (breach.Overview, error) { return o, nil }
	d.checkPlan = func() (breach.PlanCheck, error) {
		gap := func(duty, field string) breach.ContentGap {
			return breach.ContentGap{Obligation: duty, Field: field, Kind: breach.GapMissing, Says: "your right to <complain>", Citation: "art. 1", Do: "Write it"}
		}
		done := gap("br-lgpd/individuals/notice", "dpo")
		done.Waived = &breach.Waiver{Reason: "no officer is appointed", By: "wei.lin"}
		return breach.PlanCheck{Problems: []string{"contact.name: is missing"}, Contents: breach.ContentCheck{
			Checked: []string{"a", "b"}, Gaps: []breach.ContentGap{gap("us-ma/individuals/notice", "freeze_is_free"), done, gap("us-ma/individuals/notice", "police_report_right")},
		}}, nil
	}
	return d
}

func gappyOverview() breach.Overview {
	seven, nine := int64(7), int64(9)
	o := sampleOverview()
	o.Incident.State = breach.IncidentAssessing
	o.Numbers = []breach.NumberCount{{Field: "people.by_country.DE", Estimate: &seven, List: &nine, Drives: &nine, Open: true}}
	return o
}

// What keeps a plan from being approved is let go gap by gap, with a reason, by whom that may do.
func TestGapsAreLetGoByName(t *testing.T) {
	t.Parallel()
	d := gappyDesk(gappyOverview())
	var let []breach.Waiver
	d.waive = func(gaps []breach.Waiver, reason string, by breach.Actor) error {
		require.Equal(t, "settled with counsel", reason)
		require.Equal(t, responder.ID, by.ID)
		let = gaps
		return nil
	}
	here := "/console/incidents/" + sampleID
	for _, lang := range []string{chinese, english} {
		s := newSite(t, d).as(responder)
		s.get("/console/?lang=" + lang)
		require.Len(t, s.get(here).all(".subnav a[href="+here+"/mend]"), 1)
		p := s.get(here + "/mend")
		require.Equal(t, http.StatusOK, p.status)
		wellMade(t, p, "mend")
		require.Len(t, p.all("input[name=gap]"), 2, "what was let go has no box, and no box is ticked beforehand")
		require.Empty(t, p.all("input[name=gap][checked]"))
		for _, want := range []string{"your right to <complain>", "no officer is appointed", "contact.name: is missing"} {
			require.Contains(t, p.one("main").text(), want)
		}
	}
	s := newSite(t, d).as(responder)
	require.Empty(t, s.get(here+"/mend?gap=us-ma/individuals/notice:freeze_is_free").all("input[name=gap][checked]"), "no link ticks a box")
	one := "us-ma/individuals/notice:freeze_is_free"
	for _, wrong := range []url.Values{{"reason": {"settled with counsel"}}, {"gap": {one}, "reason": {"short"}}} {
		p := s.send(here+"/mend/waive", wrong)
		require.Equal(t, http.StatusUnprocessableEntity, p.status)
		require.Len(t, p.all("input[name=gap][checked]"), len(wrong["gap"]), "what was ticked is kept")
		require.Equal(t, wrong.Get("reason"), p.one("#rs").text())
	}
	require.Nil(t, let)
	p := s.send(here+"/mend/waive", url.Values{"gap": {one}, "reason": {"settled with counsel"}})
	require.Contains(t, p.one(".flash").text(), "It is let go.")
	require.Equal(t, []breach.Waiver{{Obligation: "us-ma/individuals/notice", Field: "freeze_is_free"}}, let)
	require.Empty(t, newSite(t, d).as(reader).get(here+"/mend").all("main form textarea"), "who only reads decides nothing")
}

// A number on which lists and facts differ is decided with a reason, and nothing but a number is taken.
func TestANumberIsDecided(t *testing.T) {
	t.Parallel()
	d := gappyDesk(gappyOverview())
	d.checkPlan = func() (breach.PlanCheck, error) {
		return breach.PlanCheck{}, breach.Errorf(breach.ErrConflict, "the facts are not judged yet")
	}
	var got []breach.NumberDecision
	d.decideNumber = func(n breach.NumberDecision, by breach.Actor) error {
		require.Equal(t, responder.ID, by.ID)
		got = append(got, n)
		return nil
	}
	s := newSite(t, d).as(responder)
	here := "/console/incidents/" + sampleID
	p := s.get(here + "/mend")
	wellMade(t, p, "mend")
	require.Contains(t, p.one("main").text(), "the facts are not judged yet")
	require.Equal(t, "people.by_country.DE", p.one("select[name=field] option").attr("value"))
	for _, wrong := range []url.Values{
		{"value": {"-1"}, "why": {"two rows are tests"}}, {"value": {"seven"}, "why": {"two rows are tests"}}, {"value": {"99999999999999999999"}, "why": {"two rows are tests"}},
		{"value": {"7"}, "why": {"short"}},
	} {
		wrong.Set("field", "people.by_country.DE")
		require.Equal(t, http.StatusUnprocessableEntity, s.send(here+"/mend/number", wrong).status)
	}
	require.Empty(t, got)
	p = s.send(here+"/mend/number", url.Values{"field": {"people.by_country.DE"}, "value": {" 7 "}, "why": {"two rows are tests"}})
	require.Contains(t, p.one(".flash").text(), "The number is decided.")
	require.Equal(t, []breach.NumberDecision{{Field: "people.by_country.DE", Value: 7, Reason: "two rows are tests"}}, got)
}
