package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestClosingAsksWhyDutiesAreLeftUndone(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	o := sampleOverview()
	o.Incident.State = breach.IncidentMonitoring
	o.Awaited = []breach.Awaited{{What: "close", Role: breach.RoleLead, Since: ago(0)}}
	o.Waves = nil
	d.overview = func(string) (breach.Overview, error) { return o, nil }
	d.close = func(string, breach.Actor) error {
		return breach.Errorf(breach.ErrConflict, "duties that apply were not done: eu-gdpr/authority/initial; do them, or close with a reason")
	}
	var reasons []string
	d.closeLeaving = func(_, reason string, by breach.Actor) error {
		if len(reason) < 10 {
			return breach.Errorf(breach.ErrInvalid, "the reason cannot be used")
		}
		reasons = append(reasons, by.ID+": "+reason)
		return nil
	}
	s := newSite(t, d).as(lead)
	here := "/console/incidents/" + sampleID
	require.Contains(t, s.get(here).one("#waiting").text(), "3 duties that apply or may apply were not done")
	p := s.send(here+"/close", url.Values{})
	require.Equal(t, http.StatusConflict, p.status)
	require.Contains(t, p.one("#problem").text(), "duties that apply were not done: eu-gdpr/authority/initial")
	require.Contains(t, p.one("main").text(), "Notify the supervisory authority")
	require.Contains(t, p.one("main").text(), "sg-pdpa/authority/initial")
	require.Contains(t, p.one("main").text(), "Send a copy to the Attorney General Nobody can tell yet whether it applies.")
	require.NotContains(t, p.one("main").text(), "cn-pipl-57/authority/notice", "that one was filed")
	wellMade(t, p, "close")

	for _, short := range []string{"", "  ", "no"} {
		p = s.send(here+"/close", url.Values{"reason": {short}})
		require.Equal(t, http.StatusUnprocessableEntity, p.status)
		require.Contains(t, p.one("#re-e").text(), "10 to 2,000 characters")
		require.Equal(t, strings.TrimSpace(short), p.one("#re").text(), "what was written is not lost")
	}
	require.Empty(t, reasons)
	p = s.send(here+"/close", url.Values{"reason": {"the authority closed its own file"}})
	require.Equal(t, here, p.path)
	require.Contains(t, p.one(".flash").text(), "duties were left undone")
	require.Equal(t, []string{lead.ID + ": the authority closed its own file"}, reasons)

	d.close = func(string, breach.Actor) error {
		return breach.Errorf(breach.ErrForbidden, "the role does not close incidents")
	}
	p = newSite(t, d).as(responder).send(here+"/close", url.Values{})
	require.Equal(t, here, p.path, "who may not close is not asked for a reason")
	require.Empty(t, newSite(t, d).as(responder).get(here+"/close").all("main form"))
	o.Duties = nil
	require.Contains(t, s.get(here+"/close").one("main").text(), "No duty is left undone.")
	d.close = func(string, breach.Actor) error {
		return breach.Errorf(breach.ErrConflict, "3 people are not accounted for")
	}
	require.Contains(t, s.send(here+"/close", url.Values{}).one(".flash").text(), "3 people are not accounted for")
}

func TestAReportUnderWayIsNotLeftUndone(t *testing.T) {
	t.Parallel()
	o := sampleOverview()
	ids := func() (out []string) {
		for _, d := range undone(o) {
			out = append(out, d.ID)
		}
		return out
	}
	require.Equal(t, []string{"sg-pdpa/authority/initial", "us-ca/authority/copy"}, ids(), "the approved plan files the other one")
	o.Awaited = []breach.Awaited{{What: "mend", Ref: "eu-gdpr/authority/initial"}}
	require.Len(t, ids(), 3, "which was refused")
	o.Total = 0
	require.Len(t, ids(), 5, "and nobody is on a list")
	media := breach.Duty{Obligation: breach.Obligation{ID: "us-hipaa/media/notice", Duty: "notify_media", Verdict: breach.Applies}}
	public := breach.Duty{Obligation: breach.Obligation{ID: "id-pdp/public/notice", Duty: "public_notice", Verdict: breach.Applies}}
	o.Duties = []breach.Duty{media, public}
	require.Equal(t, []string{media.ID}, ids(), "the public was told by the page")
	o.Announcement = nil
	require.Equal(t, []string{media.ID, public.ID}, ids())
	o.Filings = []breach.Filing{{Obligation: media.ID, Route: breach.RouteByHand}}
	require.Equal(t, []string{public.ID}, ids(), "the media by hand")
}

func TestReportsAlone(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	o := sampleOverview()
	rec, texts := samplePlan(1)
	var alone []breach.Text
	for _, x := range texts {
		if x.Ref.Kind == breach.KindReport {
			alone = append(alone, x)
		}
	}
	rec.Plan = breach.Plan{Incident: sampleID, Wave: 3, Revision: 1, Reports: rec.Plan.Reports, Channels: rec.Plan.Channels, Rules: rec.Plan.Rules}
	rec.Hash = rec.Plan.Hash()
	o.Waves = []breach.Wave{{Wave: 3, LoadedBy: responder.ID, LoadedAt: ago(0), Plan: &rec}}
	o.Total, o.People, o.Incident.State = 0, breach.Tally{}, breach.IncidentAssessing
	o.Awaited = []breach.Awaited{{What: "submit_reports", Role: breach.RoleResponder, Since: ago(0)}, {What: "approve", Role: breach.RoleLead, NotBy: author.ID, Ref: rec.Hash, Since: ago(0)}}
	d.overview = func(string) (breach.Overview, error) { return o, nil }
	d.plan = func(string, int) (breach.PlanRecord, []breach.Text, error) { return rec, alone, nil }
	asked := 0
	d.submitReports = func(string, breach.Actor) (breach.Submitted, error) {
		asked++
		return breach.Submitted{PlanHash: "x"}, nil
	}
	d.approve = func(string, string, breach.Actor) (breach.PlanRecord, error) {
		rec.State = breach.PlanApproved
		return rec, nil
	}
	s := newSite(t, d).as(lead)
	here := "/console/incidents/" + sampleID
	p := s.get(here)
	require.Contains(t, p.one("#waiting").text(), "Approve the reports to authorities")
	require.Equal(t, "1", p.one("#waiting input[name=reports]").attr("value"))
	require.Contains(t, p.one("#lists").text(), "List 3, 0 people: reports to authorities only")
	require.Contains(t, p.one("#lists").text(), "Asked for by "+responder.ID)
	require.Empty(t, p.all("form[action="+here+"/pause]"), "nobody is told, so there is nothing to pause")
	p = s.send(here+"/submit", url.Values{"reports": {"1"}})
	require.Equal(t, 1, asked)
	require.Contains(t, p.one(".flash").text(), "The plan waits for a second person.")

	p = s.get(here + "/approve?wave=3")
	wellMade(t, p, "reports alone")
	require.Equal(t, "Approve the reports to authorities", p.one("h1").text())
	require.Contains(t, p.one("#p2").text(), "0 people: reports to authorities only")
	require.NotContains(t, p.one("main").text(), "0 people will be told")
	require.Empty(t, p.all("#p3 table"))
	require.Equal(t, "Approve the reports", p.one("button[value=approve]").text())
	p = s.send(here+"/approve", url.Values{"decision": {"approve"}, "wave": {"3"}, "plan_hash": {rec.Hash}, "unreviewed": {"yes"}})
	require.Contains(t, p.one(".flash").text(), "You approved the reports to authorities.")
	require.Empty(t, s.get(here).all("form[action="+here+"/pause]"))
}

func TestEveryActionIsASentence(t *testing.T) {
	t.Parallel()
	o := sampleOverview()
	en, zh := speech{lang: english, zone: sampleZone, now: sampleNow}, speech{lang: chinese, zone: sampleZone, now: sampleNow}
	for _, c := range []struct{ actor, action, data, says string }{
		{"detector:edr", "intake.noted", `{"notes":["data.estimated_people is 9","data.countries is DE"]}`, "a detector noted what is close to a fact: 2 things. A person decides about it."},
		{responder.ID, "reports.begun", `{"wave":2}`, "jonas.albrecht asked for a plan of the reports alone, list 2."},
		{author.ID, "plan.submitted", `{"wave":2,"people":0}`, "priya.raman submitted the plan for list 2, 0 people: reports to authorities only."},
		{lead.ID, "close.reasoned", `{"reason":"it closed its file"}`, "wei.lin said why duties are left undone: it closed its file"},
		{lead.ID, "report.tried_again", `{"obligation":"eu-gdpr/authority/initial"}`, "wei.lin had a report filed again: Notify the supervisory authority."},
		{responder.ID, "send.paused", `{}`, "jonas.albrecht paused sending."},
		{responder.ID, "send.resumed", `{}`, "jonas.albrecht let sending go on."},
		{responder.ID, "send.stopped", `{}`, "jonas.albrecht stopped sending for good."},
		{"tocsin", "incident.moved", `{"from":"open","to":"notifying"}`, "The incident moved on: Notifying."},
		{lead.ID, "incident.moved", `{"from":"monitoring","to":"closed","open_duties":null}`, "wei.lin closed the incident."},
		{lead.ID, "incident.moved", `{"from":"monitoring","to":"closed","open_duties":["eu-gdpr/authority/initial"]}`, "wei.lin closed the incident and left undone: Notify the supervisory authority."},
		{lead.ID, "incident.moved", `{"from":"monitoring","to":"closed","untold_duties":["us-ca/authority/copy"]}`, "wei.lin closed the incident. Nobody could tell whether these apply, and they were not done: Send a copy to the Attorney General."},
		{lead.ID, "incident.moved", `{"from":"closed","to":"monitoring"}`, "wei.lin opened the incident again."},
		{lead.ID, "people.decided", `{"from":"held","to":"exempt","people":7}`, "wei.lin decided about 7 people: Exempt."},
		{"tocsin", "case.trouble", `{"reason":"the portal does not answer"}`, "Something waits for a person to mend it: the portal does not answer."},
		{"tocsin", "sufficiency.set", `{}`, "What counts as told was set by the policy."},
		{"tocsin", "announce.shown", `{}`, "The page that messages point to was put up."},
	} {
		e := breach.AuditEntry{Actor: c.actor, Action: c.action, Data: json.RawMessage(c.data), At: sampleNow}
		require.Equal(t, c.says, en.told(o, e), c.action)
		require.NotContains(t, zh.told(o, e), "记录：", c.action)
	}
}

func TestNotesAreOnThePage(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	o := sampleOverview()
	before := versions(o)
	o.Notes = []string{"data.estimated_people is 900 <b>: an estimate"}
	require.NotEqual(t, before["missing"], versions(o)["missing"])
	d.overview = func(string) (breach.Overview, error) { return o, nil }
	p := newSite(t, d).as(reader).get("/console/incidents/" + sampleID)
	require.Contains(t, p.one("#missing").text(), "Noted, for a person to decide")
	require.Contains(t, p.one("#missing").text(), "data.estimated_people is 900 <b>: an estimate")
	wellMade(t, p, "notes")
}
