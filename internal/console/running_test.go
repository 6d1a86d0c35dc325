package console

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const heldDuty = "eu-gdpr/individuals/notice"

// runningDesk shows a duty that is late, one that is on hold, an order, and an amendment.
func runningDesk() (d *fakeDesk, asked *[]string, with *[]any) {
	d, asked, with = sampleDesk(), &[]string{}, &[]any{}
	d.overview = func(string) (breach.Overview, error) {
		o := sampleOverview()
		o.Incident.State = breach.IncidentNotifying
		until, past := o.At.Add(30*time.Hour), o.At.Add(-time.Hour)
		o.Duties = append(o.Duties,
			breach.Duty{Obligation: breach.Obligation{ID: heldDuty, Duty: "notify_individuals", Verdict: breach.Applies, Title: "Tell the people concerned", DueAt: &until,
				Hold: &breach.HoldRule{LawEnforcement: true}, Jurisdiction: "EU/EEA"}, HeldBy: "h1", HeldUntil: &until},
			breach.Duty{Obligation: breach.Obligation{ID: "sg-pdpa/authority/notice", Duty: "notify_authority", Verdict: breach.Applies, Title: "Notify the commission", DueAt: &past, Overdue: true}},
		)
		o.Holds = breach.Holds{{ID: "h1", Kind: breach.HoldLawEnforcement, AskedBy: "LKA Berlin", Reference: "4 Js 118/26", Reason: "arrests are planned",
			Obligations: []string{heldDuty}, Jurisdictions: []string{"EU/EEA"}, By: "mei.tan", At: past, Until: until}}
		o.Waits = breach.Waits{{Kind: breach.HoldOrder, Ref: "sg-pdpa/authority/notice", Obligation: "sg-pdpa/individuals/notice", Jurisdictions: []string{"SG"}}}
		o.Awaited = []breach.Awaited{{What: "explain_delay", Role: breach.RoleResponder, Ref: "sg-pdpa/authority/notice", Since: o.At}}
		o.Amended = &breach.Revision{Revision: 3, By: "wei.lin", At: past, Facts: []breach.FactChange{{Path: "facts.people.total", From: "10", To: "4000"}},
			Changes: []breach.DutyChange{{Obligation: heldDuty, From: breach.CannotTell, To: breach.Applies, Why: "4,000 people"}}}
		return o, nil
	}
	d.running = func(what string, w any) error { *asked, *with = append(*asked, what), append(*with, w); return nil }
	return d, asked, with
}

func TestHoldsOrdersAndAmendmentsAreShown(t *testing.T) {
	t.Parallel()
	d, _, _ := runningDesk()
	s := newSite(t, d).as(responder)
	p := s.get("/console/incidents/" + sampleID)
	lede := p.one("#story").text()
	require.Contains(t, lede, "as LKA Berlin asked: Nobody in EU/EEA is told by any channel.")
	require.Contains(t, lede, "People in SG wait until this is filed: Notify the commission.")
	duties := p.one("#duties").text()
	require.Contains(t, duties, "On hold")
	require.Contains(t, duties, "its clock stands still")
	require.Contains(t, duties, "What revision 3 of the facts changed")
	require.Contains(t, duties, "people.total: 10 → 4000")
	require.Contains(t, duties, "applies, before cannot tell. 4,000 people")
	require.Contains(t, p.one("#waiting").text(), "Say why it is late: Notify the commission")
	page := s.get("/console/incidents/" + sampleID + "/hold").text()
	require.Contains(t, page, "4 Js 118/26")
	require.Contains(t, page, "A lead places and ends holds.")
	require.NotContains(t, page, "Place the hold")
}

// Nobody ends a hold that runs out: whoever looks is told that people are told again, for three days.
func TestAHoldThatEndedByItselfIsAlarming(t *testing.T) {
	t.Parallel()
	d, _, _ := runningDesk()
	with := d.overview
	d.overview = func(id string) (breach.Overview, error) {
		o, err := with(id)
		o.Holds[0].At, o.Holds[0].Until = o.At.Add(-72*time.Hour), o.At.Add(-time.Hour)
		return o, err
	}
	s := newSite(t, d).as(responder)
	lede := s.get("/console/incidents/" + sampleID).one("#story").text()
	require.Contains(t, lede, "The hold that LKA Berlin asked for ended by itself at ")
	require.Contains(t, lede, "who it kept is told from now on, and its clocks run again.")
	require.NotContains(t, lede, "is told by any channel")
	require.Contains(t, s.get("/console/incidents/"+sampleID+"/hold").text(), "Nobody in EU/EEA was told by any channel.")
}

func TestALeadPlacesAndEndsHolds(t *testing.T) {
	t.Parallel()
	d, asked, with := runningDesk()
	s := newSite(t, d).as(lead)
	at := "/console/incidents/" + sampleID
	p := s.send(at+"/hold", url.Values{"obligation": {heldDuty}, "asked_by": {"LKA Berlin"}, "reference": {"4"}, "form": {"oral"}, "kind": {"law_enforcement"},
		"until": {"2030-01-02T03:04"}, "reason": {"arrests are planned"}})
	require.Contains(t, p.text(), "The hold is placed. It ends by itself.")
	h := (*with)[0].(breach.Hold)
	require.Equal(t, breach.HoldLawEnforcement, h.Kind)
	require.Equal(t, []string{heldDuty}, h.Obligations)
	require.Equal(t, 2030, h.Until.Year())
	require.Equal(t, "oral", h.Form)
	require.Contains(t, s.send(at+"/hold/release", url.Values{"hold": {"h1"}, "why": {"the arrests are made"}}).text(), "The hold is over")
	require.Equal(t, []string{"hold", "release"}, *asked)

	d.running = func(string, any) error {
		return breach.Errorf(breach.ErrConflict, "the law behind cn-pipl-57/individuals/notice knows no delay at the request of law enforcement")
	}
	p = s.send(at+"/hold", url.Values{"kind": {"law_enforcement"}, "obligation": {heldDuty}, "form": {"oral"}, "asked_by": {"LKA<b>"}})
	require.Contains(t, p.text(), "knows no delay")
	require.Len(t, p.all(`input[value=LKA<b>]`), 1, "what was written is kept, and in its own form alone")
	require.Len(t, p.all(`input[name=obligation][checked]`), 1)
	require.Len(t, p.all(`option[selected]`), 1)
}

func TestChannelsAreHeldAndLifted(t *testing.T) {
	t.Parallel()
	d, asked, with := runningDesk()
	at := "/console/incidents/" + sampleID + "/hold"
	s := newSite(t, d).as(responder)
	p := s.get(at)
	require.Len(t, p.all(`input[name=channel]`), len(breach.Channels))
	require.Empty(t, p.all(`input[name=obligation]`), "a responder asks for no delay of law enforcement")
	require.Contains(t, p.text(), "A lead ends it.")
	p = s.send(at, url.Values{"kind": {"channel"}, "channel": {"sms", "push"}, "asked_by": {"Security team"}, "reference": {"SEC-7"},
		"until": {"2030-01-02T03:04"}, "reason": {"the gateway was taken over"}})
	require.Contains(t, p.text(), "The hold is placed. It ends by itself.")
	h := (*with)[0].(breach.Hold)
	require.Equal(t, breach.HoldChannel, h.Kind)
	require.Equal(t, []breach.Channel{breach.SMS, breach.Push}, h.Channels)
	require.Empty(t, h.Obligations)
	require.Empty(t, h.Form)

	d.running = func(string, any) error {
		return breach.Errorf(breach.ErrInvalid, "the hold cannot be placed as it is").With(breach.FieldError{Where: "channels", What: "name the channels that are not used"})
	}
	p = s.send(at, url.Values{"kind": {"channel"}, "asked_by": {"SOC"}, "channel": {"voice"}})
	require.Contains(t, p.text(), "name the channels")
	require.Len(t, p.all(`input[value=SOC]`), 1)
	require.Len(t, p.all(`input[value=voice][checked]`), 1)

	overview := d.overview
	d.overview = func(id string) (breach.Overview, error) {
		o, err := overview(id)
		o.Holds = append(o.Holds, breach.Hold{ID: "h2", Kind: breach.HoldChannel, AskedBy: "Security team", Reference: "SEC-7", Reason: "the gateway was taken over",
			Channels: []breach.Channel{breach.SMS}, By: "wei.lin", At: o.At.Add(-time.Minute), Until: o.At.Add(time.Hour)})
		return o, err
	}
	d.running = func(what string, w any) error { *asked, *with = append(*asked, what), append(*with, w); return nil }
	require.Empty(t, s.get(at).all(`input[name=hold]`), "only a lead ends it")
	boss := newSite(t, d).as(lead)
	p = boss.get(at)
	require.Contains(t, p.text(), "Nobody is told by SMS.")
	require.Len(t, p.all(`input[name=hold][value=h2]`), 1)
	require.Contains(t, boss.send(at+"/release", url.Values{"hold": {"h2"}, "why": {"the gateway is ours again"}}).text(), "The hold is over")
	require.Equal(t, "h2: the gateway is ours again", (*with)[len(*with)-1])
	require.Contains(t, newSite(t, d).as(reader).get(at).text(), "A responder or a lead keeps channels from being used.")
}

func TestSomebodySaysWhyDutiesAreLate(t *testing.T) {
	t.Parallel()
	d, asked, with := runningDesk()
	s := newSite(t, d).as(responder)
	at := "/console/incidents/" + sampleID + "/delay"
	p := s.get(at)
	require.Len(t, p.all(`input[name=obligation][value=sg-pdpa/authority/notice]`), 1)
	require.Empty(t, p.all("input[value="+heldDuty+"]"), "what is on hold is not late")
	require.Contains(t, s.send(at, url.Values{"obligation": {"sg-pdpa/authority/notice"}, "why": {"found on a holiday"}}).text(), "stands on the record")
	require.Equal(t, []string{"explain"}, *asked)
	require.Equal(t, []string{"sg-pdpa/authority/notice", "found on a holiday"}, (*with)[0])
	d.running = func(string, any) error {
		return breach.Errorf(breach.ErrInvalid, "the reason cannot be used").With(breach.FieldError{Where: "why", What: "says why, in 10 to 2,000 characters; name no person"})
	}
	require.Contains(t, s.send(at, url.Values{"why": {"no"}}).text(), "says why, in 10 to 2,000 characters")
	require.Contains(t, newSite(t, d).as(reader).get(at).text(), "A responder or a lead says why.")
}

func TestALeadStatesWhatWasDoneByHand(t *testing.T) {
	t.Parallel()
	d, asked, with := runningDesk()
	s := newSite(t, d).as(lead)
	at := "/console/incidents/" + sampleID + "/done"
	p := s.get(at)
	require.Len(t, p.all(`input[name=obligation][value=sg-pdpa/authority/notice]`), 1)
	require.Empty(t, p.all("input[value="+heldDuty+"]"), "people are counted one by one")
	require.Contains(t, s.send(at, url.Values{"obligation": {"sg-pdpa/authority/notice"}, "said": {"form on the portal"}, "at": {"2026-03-02T10:00"}}).text(), "What follows it counts from there.")
	require.Equal(t, []string{"done"}, *asked)
	require.Equal(t, "form on the portal", (*with)[0].([]string)[1])
	require.Contains(t, s.send(at, url.Values{"obligation": {"x"}, "said": {"form on the portal"}, "at": {"yesterday"}}).text(), "is a day and a time")
	require.Len(t, *asked, 1)
	require.Contains(t, newSite(t, d).as(responder).get(at).text(), "A lead states this.")
}

func TestSomebodyAnswersAQuestion(t *testing.T) {
	t.Parallel()
	d, asked, with := runningDesk()
	before := d.overview
	d.overview = func(id string) (breach.Overview, error) {
		o, err := before(id)
		if len(o.Duties) > 0 {
			o.Duties[0].Questions = []string{"us-hipaa/low_probability"}
		}
		return o, err
	}
	s := newSite(t, d).as(responder)
	at := "/console/incidents/" + sampleID + "/answer"
	require.Len(t, s.get(at).all(`input[name=question][value=us-hipaa/low_probability]`), 1)
	require.Contains(t, s.send(at, url.Values{"question": {"us-hipaa/low_probability"}, "answer": {"no"}, "why": {"it was seen on a forum"}}).text(), "The question is answered.")
	require.Equal(t, []any{"us-hipaa/low_probability", false, "it was seen on a forum"}, (*with)[0])
	require.Contains(t, s.send(at, url.Values{"question": {"q"}, "why": {"it was seen on a forum"}}).text(), "is yes or no")
	require.Len(t, *asked, 1)
	require.Contains(t, newSite(t, d).as(reader).get(at).text(), "A responder or a lead answers.")
}

func TestRecordOfHoldsAndDelays(t *testing.T) {
	t.Parallel()
	l := speech{lang: english, zone: time.UTC}
	for _, c := range []struct{ action, data, want string }{
		{"hold.placed", `{"asked_by":"LKA","reference":"4","until":"2026-12-01T12:00:00Z","reason":"arrests","obligations":["a"]}`, "mei.tan put a hold on record until 1 Dec 2026 12:00, as LKA asked (4): arrests"},
		{"hold.released", `{"reason":"made"}`, "mei.tan ended a hold early: made"},
		{"hold.expired", `{}`, "A hold ended by itself: who was held is told, and the clocks run on."},
		{"duty.delay_explained", `{"reason":"found late","obligations":["a"]}`, "mei.tan said why duties are late: found late"},
		{"duties.judged", `{"fact_revision":2,"level":"high","changes":["a: applies","b: due"]}`, "Duties were judged from revision 2 of the facts; severity high. 2 duties changed."},
	} {
		got := l.events(sampleOverview(), []breach.AuditEntry{{Actor: "mei.tan", Action: c.action, Data: []byte(c.data), At: sampleNow}}, false)
		require.Equal(t, c.want, got[0].Text)
	}
}

// What a person sends can be read before: on a page of its own, with what is still to be written.
func TestTheTextOfADutyDoneByHand(t *testing.T) {
	t.Parallel()
	o := sampleOverview()
	o.Duties = append(o.Duties, breach.Duty{Obligation: breach.Obligation{ID: "us-fl/other/bureaus", Duty: "notify_other", Verdict: breach.Applies, Title: "Tell the credit bureaus"}})
	d := sampleDesk()
	d.overview = func(string) (breach.Overview, error) { return o, nil }
	s := newSite(t, d).as(lead)
	at := "/console/incidents/" + sampleID + "/done"
	p := s.get(at)
	require.Contains(t, p.one("main").text(), "Tell the credit bureaus")
	require.Len(t, p.all(`main a[href*="done/text"]`), len(p.all("main input[type=radio]")))
	p = s.get(at + "/text?obligation=us-fl/other/bureaus")
	require.Equal(t, "Tell the credit bureaus", p.one("h1").text())
	require.Contains(t, p.one("#text").text(), "to <the bureaus>", "nothing in it is markup")
	require.Contains(t, p.one("main").text(), "A person must write this first: lessons")
	require.Contains(t, p.one("main").text(), "The facts do not say this yet: notice_date")
	wellMade(t, p, "dutytext")
}

func TestAReportThatWasNotTakenIsNoList(t *testing.T) {
	t.Parallel()
	d, _, _ := runningDesk()
	with := d.overview
	d.overview = func(id string) (breach.Overview, error) {
		o, err := with(id)
		o.Awaited = []breach.Awaited{{What: "mend", Role: breach.RoleLead, Ref: "sg-pdpa/authority/notice", Since: o.At}}
		return o, err
	}
	waiting := newSite(t, d).as(lead).get("/console/incidents/" + sampleID).one("#waiting").text()
	require.Contains(t, waiting, "Not filed: Notify the commission")
	require.Contains(t, waiting, "tocsin report file "+sampleID+" sg-pdpa/authority/notice")
	require.NotContains(t, waiting, "broke off")
}
