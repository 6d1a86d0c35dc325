package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const approvePath = "/console/incidents/" + sampleID + "/approve"

func TestThePlanIsShownWhole(t *testing.T) {
	t.Parallel()
	s := newSite(t, sampleDesk()).as(lead)
	p := s.get(approvePath)
	require.Equal(t, "Approve what 41,300 people will be told", p.one("h1").text())
	for _, id := range []string{"p1", "p2", "p3", "p4", "p5"} {
		p.one("section#" + id)
	}
	rec, texts := samplePlan(2)
	require.Len(t, p.all("article.text"), len(texts))
	require.Len(t, p.all("iframe"), 4, "three e-mails and the announcement")
	part := p.one("#p1").text()
	require.Contains(t, part, "Larkfield: your account data was exposed 3-15 Nov.")
	require.Contains(t, part, "【云雀田学堂】您的孩子的账户信息可被外部读取")
	require.Contains(t, part, "https://larkfield.example/n")
	require.Contains(t, part, "Number of people: 184,210")
	require.Contains(t, part, "Said to be not known yet: cause")
	require.Contains(t, part, "password, password hash - Change your password, and wherever you use the same one.", "every wording that depends on the person")
	require.Contains(t, part, "Not reviewed: Deutsch.")
	require.Contains(t, p.one("#p2").text(), "318 children")
	require.Contains(t, p.one("#p3").text(), "1 Email 38,480")
	require.Contains(t, p.one("#p4").text(), "PIPL art. 57(2)")
	require.Equal(t, rec.Hash, strings.ReplaceAll(p.one(".hash").text(), " ", ""))
	require.Equal(t, "2", p.all("form input[name=wave]")[0].attr("value"))
}

func TestTextsInFrames(t *testing.T) {
	t.Parallel()
	s := newSite(t, sampleDesk()).as(reader)
	frames := s.get(approvePath).all("iframe")
	for _, f := range frames {
		require.Equal(t, "allow-same-origin", f.attr("sandbox"), "no scripts, no forms, no way out")
		require.NotEmpty(t, f.attr("title"))
		p := s.get(f.attr("src"))
		require.Equal(t, http.StatusOK, p.status)
		csp := p.header.Get("Content-Security-Policy")
		require.Contains(t, csp, "sandbox allow-same-origin;")
		require.Contains(t, csp, "default-src 'none'")
		require.NotContains(t, csp, "allow-scripts")
		require.NotContains(t, csp, "script-src")
		require.Equal(t, "SAMEORIGIN", p.header.Get("X-Frame-Options"))
		require.NotContains(t, p.raw, "{{")
	}
	p := s.get(frames[0].attr("src"))
	require.Contains(t, p.text(), "Dear name of the person")
	require.Len(t, p.all("mark"), 2)
	require.Len(t, p.all("ul li"), 2, "the usual wording of the advice")
}

func TestMarksNeverBreakTheMarkup(t *testing.T) {
	t.Parallel()
	page := speech{lang: english}.framed(breach.TextBody{Kind: breach.KindNotice, Channel: "email", Parts: map[string]string{
		"html": `<html><head><title>{{name}}</title><style>a{{b}}</style></head><body><a title="{{name}}">{{nobody}} {{ broken }} {{name</a>&lt;{{name}}&gt;</body></html>`}})
	require.Contains(t, string(page), `<title>{{name}}</title><style>a{{b}}</style>`)
	require.Contains(t, string(page), `<a title="{{name}}">`)
	require.Contains(t, string(page), `>Nobody</mark> {{ broken }} {{name</a>&lt;<mark`)
}

// deciding are the forms that decide; another one beside them only tries a notice out.
func deciding(p *page) (out []node) {
	for _, f := range p.all("main form") {
		if !strings.HasSuffix(f.attr("action"), "/test") {
			out = append(out, f)
		}
	}
	return out
}

func TestWhoMayDecide(t *testing.T) {
	t.Parallel()
	for who, why := range map[breach.Actor]string{
		author: "You submitted this plan, so you cannot approve it.", responder: "A person whose role is lead must decide.", reader: "A person whose role is lead must decide.",
	} {
		p := newSite(t, sampleDesk()).as(who).get(approvePath)
		require.Empty(t, deciding(p), "%s has no form", who.ID)
		require.Contains(t, p.one(".decide").text(), why, who.ID)
	}
	d := sampleDesk()
	rec, texts := samplePlan(2)
	rec.State, rec.DecidedBy, rec.DecidedAt, rec.Comment = breach.PlanReturned, lead.ID, at(0), "Say which passwords."
	d.plan = func(string, int) (breach.PlanRecord, []breach.Text, error) { return rec, texts, nil }
	p := newSite(t, d).as(lead).get(approvePath)
	require.Empty(t, deciding(p))
	require.Contains(t, p.one(".decide").text(), "Returned by wei.lin")
	require.Contains(t, p.one(".decide").text(), "Say which passwords.")
}

func TestNothingIsChosenBeforehand(t *testing.T) {
	t.Parallel()
	p := newSite(t, sampleDesk()).as(lead).get(approvePath)
	require.Len(t, deciding(p), 2, "approving and returning are two forms")
	for _, f := range deciding(p) {
		first := f.all("button")[0]
		require.True(t, first.has("disabled"), "the Enter key must not decide: a disabled first button takes it")
		require.Len(t, f.all("button[name=decision]"), 1)
	}
	require.False(t, p.one("input[name=unreviewed]").has("checked"))
	require.Equal(t, "Approve for 41,300 people", p.one("button[value=approve]").text())
}

func TestApproving(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	rec, _ := samplePlan(2)
	var asked []string
	d.approve = func(incident, hash string, by breach.Actor) (breach.PlanRecord, error) {
		asked = append(asked, incident, hash, by.ID)
		rec.State = breach.PlanApproved
		return rec, nil
	}
	s := newSite(t, d).as(lead)
	form := url.Values{"decision": {"approve"}, "wave": {"2"}, "plan_hash": {rec.Hash}}
	p := s.send(approvePath, form)
	require.Equal(t, http.StatusUnprocessableEntity, p.status, "unreviewed texts need a tick of their own")
	require.Contains(t, p.one("#tick-e").text(), "Confirm that the unreviewed texts are sent")
	require.Equal(t, "tick-e", p.one("input[name=unreviewed]").attr("aria-describedby"))
	require.Empty(t, asked)

	form.Set("unreviewed", "yes")
	p = s.send(approvePath, form)
	require.Equal(t, []string{sampleID, rec.Hash, lead.ID}, asked, "exactly what was shown")
	require.Equal(t, "/console/incidents/"+sampleID, p.path)
	require.Contains(t, p.one(".flash").text(), "You approved the plan for 41,300 people.")
	require.Empty(t, s.get("/console/incidents/"+sampleID).all(".flash"), "it is said once")
}

func TestReturning(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	rec, _ := samplePlan(2)
	var comment string
	d.giveBack = func(_, _, c string, _ breach.Actor) (breach.PlanRecord, error) {
		comment, rec.State = c, breach.PlanReturned
		return rec, nil
	}
	s := newSite(t, d).as(lead)
	p := s.send(approvePath, url.Values{"decision": {"return"}, "wave": {"2"}, "plan_hash": {rec.Hash}, "comment": {"  "}})
	require.Equal(t, http.StatusUnprocessableEntity, p.status)
	require.Contains(t, p.one("#cm-e").text(), "Say what must change.")
	require.Empty(t, comment)
	p = s.send(approvePath, url.Values{"decision": {"return"}, "wave": {"2"}, "plan_hash": {rec.Hash}, "comment": {"Say which passwords."}})
	require.Equal(t, "Say which passwords.", comment)
	require.Contains(t, p.one(".flash").text(), "You returned the plan to priya.raman.")
	require.Equal(t, http.StatusUnprocessableEntity, s.send(approvePath, url.Values{"plan_hash": {rec.Hash}}).status, "no decision is none")
}

func TestDecisionsThatAreRefusedSayWhyInPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
		says   string
	}{
		{breach.Errorf(breach.ErrOldHash, "the newest plan of list 2 has another hash"), 409, "Read the plan again and approve its present hash."},
		{breach.Errorf(breach.ErrSelfApproval, "whoever submitted a plan cannot approve it"), 403, "Ask another person whose role is lead."},
		{breach.Errorf(breach.ErrAlreadyDecided, "the plan of list 2 is approved already"), 409, "This plan was already decided."},
		{breach.Errorf(breach.ErrTampered, "text 3 differs"), 409, "Stop, find out who changed it"},
		{breach.Errorf(breach.ErrForbidden, "only a lead can approve"), 403, "Your role does not allow this."},
	} {
		d := sampleDesk()
		d.approve = func(string, string, breach.Actor) (breach.PlanRecord, error) { return breach.PlanRecord{}, c.err }
		d.giveBack = func(string, string, string, breach.Actor) (breach.PlanRecord, error) {
			return breach.PlanRecord{}, c.err
		}
		s := newSite(t, d).as(lead)
		p := s.send(approvePath, url.Values{"decision": {"approve"}, "unreviewed": {"yes"}, "wave": {"2"}, "plan_hash": {"0ld"}})
		require.Equal(t, c.status, p.status)
		require.Contains(t, p.one("#problem").text(), c.says)
		require.Contains(t, p.one("#problem").text(), "Nothing was decided by this.")
		rec, _ := samplePlan(2)
		require.Equal(t, rec.Hash, p.all("input[name=plan_hash]")[0].attr("value"), "the form is for the plan that is shown")
		wellMade(t, p, "refused decision")
		p = s.send(approvePath, url.Values{"decision": {"return"}, "comment": {"Too long."}, "wave": {"2"}, "plan_hash": {"0ld"}})
		require.Equal(t, c.status, p.status)
		require.Equal(t, "Too long.", p.one("textarea").text(), "what was written is not lost")
	}
	d := sampleDesk()
	d.approve = func(string, string, breach.Actor) (breach.PlanRecord, error) {
		return breach.PlanRecord{}, breach.Errorf(breach.ErrUnavailable, "away")
	}
	p := newSite(t, d).as(lead).send(approvePath, url.Values{"decision": {"approve"}, "unreviewed": {"yes"}, "wave": {"2"}})
	require.Equal(t, http.StatusServiceUnavailable, p.status)
}

func TestATamperedTextCannotBeApprovedHere(t *testing.T) {
	t.Parallel()
	rec, texts := samplePlan(2)
	changed := texts[0]
	changed.Body = []byte(strings.ReplaceAll(string(changed.Body), "November", "December"))
	for name, list := range map[string][]breach.Text{"changed": append([]breach.Text{changed}, texts[1:]...), "missing": texts[1:]} {
		d := sampleDesk()
		d.plan = func(string, int) (breach.PlanRecord, []breach.Text, error) { return rec, list, nil }
		s := newSite(t, d).as(lead)
		p := s.get(approvePath)
		require.Empty(t, p.all("main form"), name)
		require.Contains(t, p.one(".decide").text(), "A text is not the one that its hash names.", name)
		if name == "changed" {
			require.NotContains(t, p.raw, "December")
			frame := strings.Replace(p.all("iframe")[0].attr("src"), p.all("iframe")[0].attr("src")[strings.LastIndex(p.all("iframe")[0].attr("src"), "/")+1:], changed.Ref.SHA256, 1)
			require.Equal(t, http.StatusConflict, s.get(frame).status)
		}
	}
}

func TestPauseResumeStopCloseSubmit(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	o := sampleOverview()
	var did []string
	note := func(what string) func(string, breach.Actor) error {
		return func(id string, by breach.Actor) error { did = append(did, what+" "+id+" "+by.ID); return nil }
	}
	d.pause, d.resume, d.stop, d.close = note("pause"), note("resume"), note("stop"), note("close")
	d.submit = func(id string, wave int, by breach.Actor) (breach.Submitted, error) {
		did = append(did, "submit "+id+" "+by.ID)
		if wave == 3 {
			return breach.Submitted{Problems: []string{"narrative.en.summary"}}, nil
		}
		return breach.Submitted{PlanHash: "x"}, nil
	}
	d.overview = func(string) (breach.Overview, error) { return o, nil }
	s := newSite(t, d).as(responder)
	here := "/console/incidents/" + sampleID
	for _, c := range []struct{ path, says string }{
		{"/pause", "Sending is paused."}, {"/resume", "Sending goes on"}, {"/stop", "Sending is stopped for good."}, {"/close", "The incident is closed."}, {"/submit", "The plan waits for a second person."},
	} {
		p := s.send(here+c.path, url.Values{})
		require.Equal(t, here, p.path)
		require.Contains(t, p.one(".flash").text(), c.says)
	}
	p := s.send(here+"/submit", url.Values{"wave": {"3"}})
	require.Contains(t, p.one(".flash").text(), "narrative.en.summary")
	id := sampleID + " " + responder.ID
	require.Equal(t, []string{"pause " + id, "resume " + id, "stop " + id, "close " + id, "submit " + id, "submit " + id}, did)

	require.NotEmpty(t, s.get(here).all("form[action="+here+"/pause]"))
	o.Paused = true
	p = s.get(here)
	require.Empty(t, p.all("form[action="+here+"/pause]"))
	require.NotEmpty(t, p.all("form[action="+here+"/resume]"))
	require.Contains(t, p.one(".lede").text(), "Sending is paused.")
	o.Stopped = true
	require.Empty(t, s.get(here).all("form[action="+here+"/resume]"))
	require.Contains(t, s.get(here+"/stop").text(), "Sending was stopped already.")
	o.Paused, o.Stopped = false, false
	as := newSite(t, d).as(reader)
	require.Empty(t, as.get(here).all("main form"), "a reader changes nothing")
	require.Contains(t, as.get(here+"/stop").text(), "Your role may not stop sending.")
}

func TestStoppingSaysWhatHasLeft(t *testing.T) {
	t.Parallel()
	p := newSite(t, sampleDesk()).as(responder).get("/console/incidents/" + sampleID + "/stop")
	require.Contains(t, p.text(), "Has left, cannot be taken back 153,290 people")
	require.Contains(t, p.text(), "Has not left, will not be sent 24,853 people")
	require.Equal(t, "Stop for good: 24,853 people will not be told", p.one(".btn-stop").text())
}

func TestCommandsThatAreRefusedSayWhy(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	d.pause = func(string, breach.Actor) error {
		return breach.Errorf(breach.ErrConflict, "sending was stopped for good")
	}
	d.submit = func(string, int, breach.Actor) (breach.Submitted, error) {
		return breach.Submitted{}, breach.Errorf(breach.ErrIncomplete, "no list").With(breach.FieldError{Where: "people", What: "load the list first"})
	}
	d.close = func(string, breach.Actor) error { return breach.Errorf(breach.ErrInternal, "secret inside") }
	d.stop = func(string, breach.Actor) error { return breach.Errorf(breach.ErrUnavailable, "away") }
	s := newSite(t, d).as(lead)
	here := "/console/incidents/" + sampleID
	p := s.send(here+"/pause", url.Values{})
	require.Contains(t, p.one(".flash").text(), "The incident is in another state. Look at the status, then decide again. Nothing was changed. sending was stopped for good")
	require.Equal(t, "alert", p.one(".flash").attr("role"))
	require.Contains(t, s.send(here+"/submit", url.Values{}).one(".flash").text(), "people: load the list first")
	require.Contains(t, s.send(here+"/stop", url.Values{}).one(".flash").text(), "What was recorded is safe and goes on by itself")
	p = s.send(here+"/close", url.Values{})
	require.Equal(t, http.StatusInternalServerError, p.status)
	require.NotContains(t, p.raw, "secret inside")
}

// A test is asked for on the page of the plan, and what became of it is said there.
func TestANoticeIsTriedFromThePlan(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	var asked breach.TestQuery
	d.testNotice = func(q breach.TestQuery) (breach.TestsSent, error) {
		asked = q
		if q.To != "me@larkfield.example" {
			return breach.TestsSent{}, breach.Errorf(breach.ErrForbidden, "not there").With(breach.FieldError{Where: "to", What: "is not among them"})
		}
		return breach.TestsSent{Tests: []breach.TestSent{{Why: "made up", Provider: "smtp", Locale: q.Locale, State: breach.Accepted}}}, nil
	}
	s := newSite(t, d).as(responder)
	form := s.get(approvePath).one("details form")
	require.Equal(t, "/console/incidents/"+sampleID+"/test", form.attr("action"))
	ask := url.Values{"wave": {"2"}, "channel": {"email"}, "locale": {"de"}, "to": {" me@larkfield.example "}}
	p := s.send(form.attr("action"), ask)
	require.Equal(t, breach.TestQuery{Wave: 2, Channel: breach.Email, Locale: "de", To: "me@larkfield.example"}, asked)
	require.Contains(t, p.text(), "The test was sent, marked as one.")
	ask.Set("to", "x@mail.test")
	ask.Set("whose", "worst")
	p = s.send(form.attr("action"), ask)
	require.True(t, asked.Worst)
	require.Empty(t, asked.Locale, "each in their own")
	require.Contains(t, p.text(), "is not among them")
	require.NotContains(t, p.raw, "x@mail.test")
	require.Empty(t, newSite(t, d).as(reader).get(approvePath).all("details form"), "a reader sends nothing")
}
