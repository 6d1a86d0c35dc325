package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func unreachedDesk() (*fakeDesk, *[]breach.UnreachedQuery) {
	d, asked := sampleDesk(), &[]breach.UnreachedQuery{}
	until, last := sampleNow.Add(time.Hour), ago(time.Hour)
	d.unreached = func(q breach.UnreachedQuery) (breach.UnreachedPage, error) {
		*asked = append(*asked, q)
		page := breach.UnreachedPage{People: []breach.Unreached{
			{Reference: "REF-0001", Wave: 1, Outcome: breach.Unreachable, Reason: "failed_everywhere", LastAttempt: &last, Tried: []breach.Tried{
				{Channel: breach.Email, Addressee: breach.ToSelf, Tries: 2, State: breach.FailedPermanent, Reason: "no_such_mailbox", At: last}}},
			{Reference: "REF-0002", Wave: 2, Outcome: breach.Attempted, Reason: "quiet_period", Until: &until},
			{Reference: "REF-0003", Wave: 2, Outcome: breach.Covered, Reason: "not_allowed", Promises: []string{"objection"}},
		}}
		if q.After == "" {
			page.Counts = []breach.UnreachedCount{{Outcome: breach.Attempted, People: 1200}, {Outcome: breach.Unreachable, Reason: "failed_everywhere", People: 30}, {Outcome: breach.Covered, Reason: "not_allowed", People: 1}}
			page.Next = "zz"
		}
		if q.Contacts {
			page.People[0].Masked = []string{"email l•••@•••.example"}
		}
		return page, nil
	}
	return d, asked
}

func TestWhoIsNotReachedAndWhy(t *testing.T) {
	t.Parallel()
	d, asked := unreachedDesk()
	s := newSite(t, d).as(responder)
	here := "/console/incidents/" + sampleID + "/unreached"
	require.Equal(t, here, s.get("/console/incidents/"+sampleID).one("#people a[href="+here+"]").attr("href"))
	p := s.get(here)
	wellMade(t, p, here)
	require.Equal(t, "1,231 people", p.one("#reasons .soft").text())
	require.Contains(t, p.one("#reasons svg.bar").attr("aria-label"), "On the way 97.5 %")
	require.Len(t, p.all("#reasons rect"), 6, "three in the bar, three beside the words")
	rows := p.one("#people").text()
	for _, said := range []string{"REF-0001", "Every allowed channel failed.", "2 tries", "A message was taken; it counts as proof when no failure follows.", "They objected to this channel."} {
		require.Contains(t, rows, said)
	}
	var why, triedSoFar []string
	for _, cell := range p.all("#people td") {
		switch cell.attr("data-l") {
		case "Why":
			why = append(why, cell.text())
		case "Tried so far":
			triedSoFar = append(triedSoFar, cell.text())
		}
	}
	require.Contains(t, why[2], "They objected to this channel.")
	require.Equal(t, "Nothing yet", triedSoFar[2], "a promise is no try")
	require.NotContains(t, p.one("main").text(), "•••")
	require.Equal(t, breach.UnreachedQuery{Limit: unreachedPerPage}, (*asked)[0])

	p = s.get(here + "?outcome=unreachable&reason=failed_everywhere&after=zz")
	require.Equal(t, breach.UnreachedQuery{Limit: unreachedPerPage, Outcome: breach.Unreachable, Reason: "failed_everywhere", After: "zz"}, (*asked)[1])
	require.Contains(t, p.one(".filters").text(), "Only: Not reachable: every allowed channel failed")
	require.Empty(t, p.all("a[rel=next]"))
	require.Equal(t, http.StatusNotFound, s.get(here+"?reason=%3Cb%3E").status)

	p = s.send(here, url.Values{"outcome": {"unreachable"}, "reason": {""}, "after": {""}})
	require.Contains(t, p.one("#people").text(), "email l•••@•••.example")
	require.True(t, (*asked)[len(*asked)-1].Contacts)
	require.Empty(t, p.all("main form"), "they are shown already")

	n := len(*asked)
	p = newSite(t, d).as(reader).get(here)
	require.Contains(t, p.one("main").text(), "Your role sees numbers, not people.")
	require.Len(t, *asked, n, "who may not see them is not shown them")
}

func TestPeopleAreTriedAgainWithAReason(t *testing.T) {
	t.Parallel()
	d, _ := unreachedDesk()
	d.wouldTryAgain = func(r breach.Retry) (breach.Retried, error) {
		require.Equal(t, "failed_everywhere", r.Reason)
		return breach.Retried{People: 30, Covered: 4, Stays: map[string]int64{"no_contact": 7, "may_have_arrived": 1}}, nil
	}
	var tried []breach.Retry
	d.tryAgain = func(r breach.Retry, by breach.Actor) (breach.Retried, error) {
		if r.Channel == breach.Letter {
			return breach.Retried{}, breach.Errorf(breach.ErrInvalid, "nobody was tried again").With(breach.FieldError{Where: "channel", What: "must be a channel such as email"})
		}
		if len(r.Why) < 10 {
			return breach.Retried{}, breach.Errorf(breach.ErrInvalid, "the reason cannot be used").With(breach.FieldError{Where: "why", What: "says why"})
		}
		tried = append(tried, r)
		if len(tried) > 1 {
			return breach.Retried{}, breach.Errorf(breach.ErrConflict, "nobody can be tried again").With(breach.FieldError{Where: "no_contact", What: "7 people stay as they are"})
		}
		return breach.Retried{Decision: "d", People: 30}, nil
	}
	s := newSite(t, d).as(responder)
	here := "/console/incidents/" + sampleID
	require.Contains(t, s.get(here+"/unreached?reason=failed_everywhere").one(".head .btn").attr("href"), "/again?reason=failed_everywhere")
	p := s.get(here + "/again?reason=failed_everywhere")
	wellMade(t, p, "again")
	text := p.one("main").text()
	for _, said := range []string{"30 people", "4 people", "They count as not told until the new tries are over", "7 people: no usable contact", "it is not sent again blindly", "Try 30 people again"} {
		require.Contains(t, text, said)
	}
	form := url.Values{"reason": {"failed_everywhere"}, "channel": {"email"}, "why": {"no"}}
	p = s.send(here+"/again", form)
	require.Equal(t, http.StatusUnprocessableEntity, p.status)
	require.Contains(t, p.one("#wy-e").text(), "10 to 2,000 characters")
	require.Equal(t, "no", p.one("#wy").text(), "what was written is not lost")
	form.Set("why", "the mail server was down for a day")
	form.Set("channel", "letter")
	p = s.send(here+"/again", form)
	require.Contains(t, p.one(".flash").text(), "channel: must be a channel such as email", "the reason is not what was wrong")
	require.Empty(t, tried)
	form.Set("channel", "email")
	p = s.send(here+"/again", form)
	require.Equal(t, here, p.path)
	require.Contains(t, p.one(".flash").text(), "They are tried again: 30 people.")
	require.Equal(t, []breach.Retry{{Reason: "failed_everywhere", Channel: breach.Email, Why: "the mail server was down for a day"}}, tried)
	require.Contains(t, s.send(here+"/again", form).one(".flash").text(), "7 people stay as they are", "a second click finds nobody")

	require.Contains(t, newSite(t, d).as(reader).get(here+"/again").one("main").text(), "Your role may not send.")
	stopped := sampleOverview()
	stopped.Stopped = true
	d.overview = func(string) (breach.Overview, error) { return stopped, nil }
	require.Contains(t, s.get(here+"/again").one("main").text(), "Sending was stopped for good")
}

func TestALeadAnnouncesNow(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	due := sampleNow.Add(time.Hour)
	o := sampleOverview()
	rec, _ := samplePlan(1)
	rec.State = breach.PlanApproved
	rec.Plan.Announcement = []breach.NoticeRef{{Kind: breach.KindAnnouncement, Channel: "page", Locale: "en", SHA256: strings.Repeat("ab", 32)}}
	o.Incident.State, o.Announcement = breach.IncidentNotifying, nil
	o.Waves = []breach.Wave{{Wave: 1, Total: 10, Plan: &rec}}
	o.Estimate = &breach.Estimate{Left: 5000, PerSecond: 1, LastHandover: sampleNow.Add(3 * time.Hour), DueAt: &due, LateBy: 2 * time.Hour, Advice: []string{"another_provider", "announce_now"}}
	d.overview = func(string) (breach.Overview, error) { return o, nil }
	var asked []string
	d.announceNow = func(why string, by breach.Actor) error {
		if len(why) < 10 {
			return breach.Errorf(breach.ErrInvalid, "the reason cannot be used").With(breach.FieldError{Where: "why", What: "says why"})
		}
		asked = append(asked, by.ID+": "+why)
		return nil
	}
	here := "/console/incidents/" + sampleID
	s := newSite(t, d).as(lead)
	p := s.get(here)
	require.Contains(t, p.one("#story").text(), "2 h 00 min too late. What helps: add a second provider; announce it to the public now.")
	require.Equal(t, here+"/announce", p.one("#story a[href="+here+"/announce]").attr("href"))
	require.Empty(t, newSite(t, d).as(responder).get(here).all("a[href="+here+"/announce]"))
	late := o.Estimate
	o.Estimate = nil
	p = s.get(here)
	require.Empty(t, p.all("#story a[href="+here+"/announce]"), "nothing asks for it")
	require.Equal(t, "Announce it now…", p.one("#announcement a[href="+here+"/announce]").text(), "a lead may decide at any time")
	o.Estimate = late
	p = s.get(here + "/announce")
	wellMade(t, p, "announce")
	require.Contains(t, p.one("main").text(), "Nobody's own message is taken away")
	p = s.send(here+"/announce", url.Values{"why": {"no"}})
	require.Equal(t, http.StatusUnprocessableEntity, p.status)
	p = s.send(here+"/announce", url.Values{"why": {"the relay is too slow for the deadline"}})
	require.Contains(t, p.one(".flash").text(), "The announcement is being published.")
	require.Equal(t, []string{lead.ID + ": the relay is too slow for the deadline"}, asked)
	require.Contains(t, newSite(t, d).as(responder).get(here+"/announce").one("main").text(), "a person whose role is lead")

	o.Announcement = &breach.Notice{Reference: "ABCD-EFGH", Reason: "too_late", Because: []string{"Of 10 people: 5 pending."}, PublishedAt: sampleNow, KeepUntil: sampleNow}
	require.Contains(t, s.get(here+"/announce").one("main").text(), "It is announced already.")
	p = s.get(here)
	require.Contains(t, p.one("#announcement").text(), "Of 10 people: 5 pending.")
	require.Empty(t, p.all("a[href="+here+"/announce]"))
}

func TestTheRecordSaysWhoTriedAgainAndWhoAnnounced(t *testing.T) {
	t.Parallel()
	l := speech{lang: english, zone: sampleZone, now: sampleNow}
	for action, c := range map[string]struct{ data, want string }{
		"send.again":         {`{"people":30,"why":"the server was down"}`, "wei.lin decided to try 30 people again: the server was down"},
		"people.tried_again": {`{"people":30}`, "They were set back to be told once more: 30 people."},
		"announce.asked":     {`{"why":"too slow"}`, "wei.lin decided that the public is told now: too slow"},
		"announce.early":     {`{"reason":"decided_by_a_lead"}`, "The announcement was published early, as wei.lin decided. People go on being told one by one."},
		"notice.previewed":   {`{"people":5}`, "wei.lin looked at the notice of 5 people, with names and contacts masked."},
		"unreached.viewed":   {`{"people":100}`, "wei.lin looked at the masked contacts of 100 people who are not reached."},
	} {
		require.Equal(t, c.want, l.told(sampleOverview(), breach.AuditEntry{Action: action, Actor: "wei.lin", Data: []byte(c.data)}), action)
	}
	require.Contains(t, l.told(sampleOverview(), breach.AuditEntry{Action: "announce.early", Actor: "tocsin", Data: []byte(`{"reason":"too_late"}`)}), "not everybody can be told in time")
}
