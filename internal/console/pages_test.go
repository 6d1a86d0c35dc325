package console

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// everyPath is each page that can be looked at.
var everyPath = []string{
	"/console/", "/console/?show=mine", "/console/?show=draft", "/console/?show=closed", "/console/?show=nonsense",
	"/console/incidents/" + sampleID, "/console/incidents/9tzc-4hve", "/console/incidents/m6gd-e9sk", "/console/incidents/x2pb-7rma",
	"/console/incidents/" + sampleID + "/approve", "/console/incidents/" + sampleID + "/approve?wave=1", "/console/incidents/9tzc-4hve/approve",
	"/console/incidents/" + sampleID + "/timeline", "/console/incidents/" + sampleID + "/timeline?upto=120", "/console/incidents/" + sampleID + "/stop",
	"/console/incidents/9tzc-4hve/stop", "/console/incidents/" + sampleID + "/close", "/console/incidents/m6gd-e9sk/close", "/console/person", "/console/legend", "/console/calls", "/console/letters", "/console/incidents/" + sampleID + "/returns",
	"/console/incidents/" + sampleID + "/load", "/console/incidents/m6gd-e9sk/load",
}

func TestEveryPageForEveryRoleAndLanguage(t *testing.T) {
	t.Parallel()
	for _, who := range []breach.Actor{lead, author, responder, reader} {
		for _, lang := range []string{english, chinese} {
			t.Run(who.ID+" "+lang, func(t *testing.T) {
				t.Parallel()
				s := newSite(t, sampleDesk()).as(who)
				s.get("/console/?lang=" + lang)
				for _, path := range everyPath {
					p := s.get(path)
					require.Equal(t, http.StatusOK, p.status, path)
					require.Equal(t, lang, p.one("html").attr("lang"), path)
					wellMade(t, p, path)
				}
			})
		}
	}
}

func TestPagesBeforeSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t, sampleDesk())
	for _, path := range append([]string{"/console/nowhere", "/console/incidents/none"}, everyPath...) {
		p := s.get(path)
		require.Contains(t, p.path, "/console/sign-in", path)
		wellMade(t, p, path)
		require.NotContains(t, p.text(), "Larkfield", path)
	}
	p := s.get("/console/incidents/" + sampleID + "/parts/people")
	require.Contains(t, p.path, "/console/sign-in")
}

func TestErrorPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, sampleDesk()).as(lead)
	for _, path := range []string{"/console/nowhere", "/console/incidents/none", "/console/incidents/a%20b", "/console/incidents/none/approve", "/console/incidents/none/timeline",
		"/console/incidents/" + sampleID + "/parts/nothing", "/console/incidents/" + sampleID + "/texts/2/beef", "/console/incidents/" + sampleID + "/texts/x/beef"} {
		p := s.get(path)
		require.Equal(t, http.StatusNotFound, p.status, path)
		wellMade(t, p, path)
		require.Equal(t, p.header.Get("Request-Id"), p.one("main .mono").text(), "the reference number is on the page and in the header")
	}
}

func TestFailuresInsideStayInside(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	d.incidents = func() ([]breach.Incident, error) {
		return nil, breach.Errorf(breach.ErrInternal, "row of lin@mail.example broke in /var/lib")
	}
	s := newSite(t, d)
	p := s.post("/console/sign-in", map[string][]string{"token": {"token-" + lead.ID}})
	require.Equal(t, http.StatusInternalServerError, p.status)
	require.NotContains(t, p.raw, "lin@mail.example")
	require.NotContains(t, p.raw, "/var/lib")
	require.Contains(t, p.text(), "Nothing was lost")
	wellMade(t, p, "internal")
}

// wellMade checks what holds for every page: one main heading, headings in order, named landmarks, labels,
// no ids twice, nothing inline, and a form's proof that it is ours.
func wellMade(t *testing.T, p *page, path string) {
	t.Helper()
	require.Len(t, p.all("h1"), 1, path)
	require.Len(t, p.all("main#main"), 1, path)
	require.Len(t, p.all("a.skip[href=#main]"), 1, path)
	require.True(t, strings.HasSuffix(p.one("title").text(), "· Tocsin"), path)
	ids, level := map[string]bool{}, 0
	for d := range p.doc.Descendants() {
		if d.Type != html.ElementNode {
			continue
		}
		n := node{d}
		if id := n.attr("id"); id != "" {
			require.False(t, ids[id], "%s: id %s is there twice", path, id)
			ids[id] = true
		}
		for _, a := range n.Attr {
			require.NotEqual(t, "style", a.Key, "%s: inline style", path)
			require.False(t, strings.HasPrefix(a.Key, "on"), "%s: inline script in %s", path, a.Key)
			require.NotContains(t, strings.ToLower(a.Val), "javascript:", path)
		}
		switch n.Data {
		case "h1", "h2", "h3", "h4":
			now := int(n.Data[1] - '0')
			require.LessOrEqual(t, now, level+1, "%s: %s after h%d", path, n.Data, level)
			level = now
		case "script":
			require.NotEmpty(t, n.attr("src"), "%s: inline script", path)
			require.Nil(t, n.FirstChild)
		case "style":
			t.Fatalf("%s: inline style sheet", path)
		case "nav", "aside":
			require.True(t, n.has("aria-label") || n.has("aria-labelledby"), "%s: %s has no name", path, n.Data)
		case "form":
			if n.attr("method") == "post" && n.attr("action") != "/console/sign-in" {
				require.Len(t, n.all("input[name=csrf]"), 1, path)
				require.NotEmpty(t, n.all("input[name=csrf]")[0].attr("value"), path)
			}
		case "svg":
			if strings.Contains(n.attr("class"), "bar") {
				require.Equal(t, "img", n.attr("role"), path)
				require.NotEmpty(t, n.attr("aria-label"), path)
			}
		}
	}
	labelled(t, p, ids, path)
}

// labelled checks that fields have labels and that references to ids lead somewhere.
func labelled(t *testing.T, p *page, ids map[string]bool, path string) {
	t.Helper()
	labels := map[string]bool{}
	for _, l := range p.all("label[for]") {
		labels[l.attr("for")] = true
	}
	for _, kind := range []string{"input", "select", "textarea"} {
		for _, f := range p.all(kind) {
			if f.attr("type") != "hidden" && f.Parent.Data != "label" {
				require.True(t, labels[f.attr("id")], "%s: field %s has no label", path, f.attr("name"))
			}
		}
	}
	for d := range p.doc.Descendants() {
		if d.Type != html.ElementNode {
			continue
		}
		n := node{d}
		for _, key := range []string{"aria-labelledby", "aria-describedby"} {
			for _, id := range strings.Fields(n.attr(key)) {
				require.True(t, ids[id], "%s: %s leads to %s, which is not there", path, key, id)
			}
		}
		if href := n.attr("href"); n.Data == "a" && strings.HasPrefix(href, "#") {
			require.True(t, ids[href[1:]], "%s: link to %s leads nowhere", path, href)
		}
	}
}

func TestLinksToTheLegendLeadSomewhere(t *testing.T) {
	t.Parallel()
	s := newSite(t, sampleDesk()).as(lead)
	there := map[string]bool{}
	for _, row := range s.get("/console/legend").all("dl.words div") {
		require.NotEmpty(t, row.all("dt")[0].text())
		require.NotEmpty(t, row.all("dd")[0].text())
		there["/console/legend#"+row.attr("id")] = true
	}
	for _, m := range breach.Machines {
		for _, st := range m.States {
			require.True(t, there["/console/legend#"+m.Name+"-"+st.ID], st.ID)
		}
	}
	for _, path := range everyPath {
		for _, a := range s.get(path).all("a") {
			if href := a.attr("href"); strings.HasPrefix(href, "/console/legend#") {
				require.True(t, there[href], "%s: %s", path, href)
			}
		}
	}
}

const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>{{.}}'` + "\u202e"

func TestHostileWordsStayWords(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	o := sampleOverview()
	o.Incident.Title, o.Incident.OpenedBy, o.Organisation, o.Incident.Policy = hostile, hostile, hostile, hostile
	for i := range o.Duties {
		o.Duties[i].Title, o.Duties[i].Citation, o.Duties[i].Because, o.Duties[i].Missing = hostile, hostile, []string{hostile}, []string{hostile}
	}
	o.Missing, o.Failures[0].Reason = []string{hostile}, hostile
	o.Waves[0].LoadedBy, o.Waves[0].Plan.Comment, o.Waves[0].Plan.Author = hostile, hostile, hostile
	o.Filings[0].Acknowledgement, o.Filings[0].Route, o.Filings[0].DelayReason = hostile, hostile, hostile
	o.Announcement.URL, o.Announcement.Reason, o.Announcement.Reference = "javascript:alert(3)", hostile, hostile
	o.Awaited[0].What, o.Evidence = hostile, &breach.Sealed{File: hostile, SHA256: hostile}
	o.Countries[0].Country, o.Assessment.Level, o.Assessment.Scheme = hostile, hostile, hostile
	d.overview = func(string) (breach.Overview, error) { return o, nil }
	d.incidents = func() ([]breach.Incident, error) {
		return []breach.Incident{o.Incident, {ID: hostile, Title: "x"}}, nil
	}
	d.timeline = func(string, int64, int) ([]breach.AuditEntry, error) {
		return []breach.AuditEntry{{Seq: 1, Actor: hostile, Action: hostile, Data: []byte(`{"x":"</pre><script>alert(4)</script>"}`), Hash: hostile}}, nil
	}
	d.plan = func(string, int) (breach.PlanRecord, []breach.Text, error) {
		rec, _ := samplePlan(2)
		bad := text(breach.TextBody{Kind: breach.KindNotice, Channel: "sms", Locale: "en", Variant: hostile, Parts: map[string]string{"text": hostile + "{{name}}"}}, false)
		rec.Author, rec.Plan.Notices, rec.Plan.Announcement, rec.Plan.Reports = hostile, []breach.NoticeRef{bad.Ref}, nil, nil
		rec.Plan.People.ByLocale, rec.Plan.Channels.Policy = map[string]int64{hostile: 1}, hostile
		return rec, []breach.Text{bad}, nil
	}
	s := newSite(t, d).as(lead)
	for _, path := range everyPath {
		p := s.get(path)
		require.Equal(t, http.StatusOK, p.status, path)
		wellMade(t, p, path)
		require.NotContains(t, p.one("title").text(), "alert", "titles are kept in the browser's history")
		require.Empty(t, p.all("main img"), path)
	}
}

func TestUnknownIsNeverZero(t *testing.T) {
	t.Parallel()
	s := newSite(t, sampleDesk()).as(lead)
	p := s.get("/console/incidents/9tzc-4hve")
	for _, row := range p.all(".tally tr") {
		for _, cell := range row.all("td.num") {
			require.Equal(t, "? not known", cell.text())
		}
	}
	require.Contains(t, p.one("#missing").text(), "contact.name", "what is missing is named")
	require.Contains(t, p.one("#people").text(), "Unknown is not zero")
	require.Contains(t, p.one(".rail").text(), "Cannot tell")
	p = s.get("/console/incidents/" + sampleID)
	require.Contains(t, p.one("#duties").text(), "Missing: people.by_region.US-CA")
	require.Contains(t, s.get("/console/").text(), "Not known yet. Unknown is not zero.")
}

func TestTheSentenceAndTheFigures(t *testing.T) {
	t.Parallel()
	p := newSite(t, sampleDesk()).as(lead).get("/console/incidents/" + sampleID)
	lede := p.one(".lede").text()
	for _, said := range []string{"121,884 of 184,210 people have been told", "31,406 are on the way", "18,733 still wait", "6,120 must not be told yet", "3,871 are covered", "1,964 cannot be reached", "2 things wait for you"} {
		require.Contains(t, lede, said)
	}
	require.Len(t, p.all(".stages li[aria-current=step]"), 1)
	require.Contains(t, p.one("#reports").text(), "2026-ZJ-004417")
	require.Contains(t, p.one("#announcement").text(), "3,871 people")
	require.Contains(t, p.one("#duties").text(), "The law says: “immediately”; 72 hours from awareness; house policy")
	require.Contains(t, p.one("#duties").text(), "184,210 people; the number starts at 1,000,000")
	failures := p.one("section[aria-labelledby=h-fa]").text()
	require.Contains(t, failures, "The mailbox does not exist")
	require.Contains(t, failures, "Nothing. If you hold newer addresses, load them as a new list.")
	require.Contains(t, failures, "app_removed", "a reason without words is shown by its name")
	require.Equal(t, "2,871", p.one("section[aria-labelledby=h-fa]").all("tbody tr")[0].all("td.num")[0].text())
}

func TestWaitingPutsMineFirst(t *testing.T) {
	t.Parallel()
	for who, want := range map[breach.Actor][]string{
		lead:      {"Approve what 41,300 people will be told", "Load the list of affected people"},
		author:    {"Load the list of affected people", "Approve what 41,300 people will be told"},
		responder: {"Load the list of affected people", "Approve what 41,300 people will be told"},
		reader:    {"Load the list of affected people", "Approve what 41,300 people will be told"},
	} {
		p := newSite(t, sampleDesk()).as(who).get("/console/incidents/" + sampleID)
		var got []string
		for _, b := range p.all(".wait li div b") {
			got = append(got, b.text())
		}
		require.Equal(t, want, got, who.ID)
		mine := map[breach.Actor]int{lead: 2, author: 1, responder: 1}[who]
		require.Len(t, p.all(".wait .you"), mine, who.ID)
	}
	p := newSite(t, sampleDesk()).as(author).get("/console/incidents/" + sampleID)
	require.Contains(t, p.one("#waiting").text(), "You wrote it, so another person must decide.")

	d := sampleDesk()
	o := sampleOverview()
	o.Awaited, o.EngineAnswers = nil, false
	d.overview = func(string) (breach.Overview, error) { return o, nil }
	require.Contains(t, newSite(t, d).as(lead).get("/console/incidents/"+sampleID).one("#waiting").text(), "What is awaited is not known.")
}

func TestListOrder(t *testing.T) {
	t.Parallel()
	s := newSite(t, sampleDesk()).as(lead)
	p := s.get("/console/")
	var ids []string
	for _, row := range p.all(".inc") {
		ids = append(ids, row.all(".meta .mono")[0].text())
	}
	require.Equal(t, []string{"3f8w-qk6n", "9tzc-4hve", sampleID, "x2pb-7rma", "m6gd-e9sk"}, ids, "by the first clock, closed ones last")
	require.Contains(t, p.all(".inc")[0].text(), "Overdue 2 h 06 min late")
	require.Contains(t, p.all(".inc")[1].text(), "earliest possible,")
	var sums []string
	for _, li := range p.all(".sums li") {
		sums = append(sums, li.text())
	}
	require.Equal(t, []string{"1 duty is overdue", "4 clocks end in the next 24 hours", "5 things wait for you", "26,159 people still to be told or held"}, sums)
	require.Len(t, s.get("/console/?show=draft").all(".inc"), 1)
	require.Len(t, s.get("/console/?show=closed").all(".inc"), 1)

	d := sampleDesk()
	d.incidents = func() ([]breach.Incident, error) { return nil, nil }
	require.Contains(t, newSite(t, d).as(lead).get("/console/").text(), "There is no incident.")
	broken := sampleDesk()
	broken.overview = func(string) (breach.Overview, error) {
		return breach.Overview{}, breach.Errorf(breach.ErrUnavailable, "no")
	}
	p = newSite(t, broken).as(lead).get("/console/")
	require.Equal(t, http.StatusOK, p.status, "one incident that cannot be read does not hide the others")
	require.Contains(t, p.text(), "Not readable now")
}

func TestTimelinePages(t *testing.T) {
	t.Parallel()
	s := newSite(t, sampleDesk()).as(reader)
	p := s.get("/console/incidents/" + sampleID + "/timeline")
	numbers := func(p *page) (out []string) {
		for _, n := range p.all(".record .no") {
			out = append(out, n.text())
		}
		return out
	}
	got := numbers(p)
	require.Len(t, got, 100)
	require.Equal(t, "240", got[0])
	seen := len(got)
	for {
		older := p.all("a[rel=next]")
		if len(older) == 0 {
			break
		}
		p = s.get(older[0].attr("href"))
		seen += len(numbers(p))
	}
	require.Equal(t, 240, seen, "every entry is on one page")
	require.Equal(t, "1", numbers(p)[len(numbers(p))-1])
	require.Contains(t, p.text(), "Recorded: something.newer, by Tocsin.")
	p = s.get(p.one("a[rel=prev]").attr("href"))
	require.Equal(t, "140", numbers(p)[0])
}
