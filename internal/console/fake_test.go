package console

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// fakeDesk answers with functions; one that is not set must not be called.
type fakeDesk struct {
	returns       []breach.ReturnCount
	letters       breach.PostOverview
	lettersOf     []breach.PostedLetter
	postTold      breach.PostTold
	post          func(what string) error
	callQueue     func(by breach.Actor) breach.CallQueue
	call          func(what string) error
	processors    func() (breach.Register, error)
	erased        func(what string) error
	running       func(what string, with any) error
	incidents     func() ([]breach.Incident, error)
	overview      func(incident string) (breach.Overview, error)
	plan          func(incident string, wave int) (breach.PlanRecord, []breach.Text, error)
	timeline      func(incident string, after int64, limit int) ([]breach.AuditEntry, error)
	submit        func(incident string, wave int, by breach.Actor) (breach.Submitted, error)
	approve       func(incident, hash string, by breach.Actor) (breach.PlanRecord, error)
	smsCost       *breach.SMSCost
	ways          *breach.Ways
	testNotice    func(q breach.TestQuery) (breach.TestsSent, error)
	giveBack      func(incident, hash, comment string, by breach.Actor) (breach.PlanRecord, error)
	pause         func(incident string, by breach.Actor) error
	resume        func(incident string, by breach.Actor) error
	lift          func(incident string, brake int64, by breach.Actor) error
	stop          func(incident string, by breach.Actor) error
	close         func(incident string, by breach.Actor) error
	submitReports func(incident string, by breach.Actor) (breach.Submitted, error)
	closeLeaving  func(incident, reason string, by breach.Actor) error
	findPerson    func(incident string, by breach.Actor, q breach.PersonQuery, reason string) (breach.PersonView, error)
	authenticate  func(token string) (breach.Actor, error)
	unreached     func(q breach.UnreachedQuery) (breach.UnreachedPage, error)
	wouldTryAgain func(r breach.Retry) (breach.Retried, error)
	tryAgain      func(r breach.Retry, by breach.Actor) (breach.Retried, error)
	announceNow   func(why string, by breach.Actor) error
	setSeverity   func(o breach.SeverityOverride, by breach.Actor) error
	checkPlan     func() (breach.PlanCheck, error)
	waive         func(gaps []breach.Waiver, reason string, by breach.Actor) error
	decideNumber  func(d breach.NumberDecision, by breach.Actor) error
	judgeList     func(list io.Reader, how breach.Reading, bad io.Writer) (breach.ListJudged, error)
	takeList      func(list io.Reader, how breach.Reading) (breach.ListJudged, breach.LoadReport, error)
}

func (f *fakeDesk) Returns(context.Context, string) ([]breach.ReturnCount, error) {
	return f.returns, nil
}
func (f *fakeDesk) Letters(context.Context) (breach.PostOverview, error) { return f.letters, nil }
func (f *fakeDesk) LettersOf(_ context.Context, batch string, _ breach.Actor) ([]breach.PostedLetter, error) {
	return f.lettersOf, f.post(batch)
}
func (f *fakeDesk) TakeLetterWords(_ context.Context, kind breach.PostWords, file []byte, _ breach.Actor) (breach.PostTold, error) {
	return f.postTold, f.post(string(kind) + " " + string(file))
}
func (f *fakeDesk) CallQueue(_ context.Context, by breach.Actor) (breach.CallQueue, error) {
	if f.callQueue == nil {
		return breach.CallQueue{}, nil
	}
	return f.callQueue(by), nil
}
func (f *fakeDesk) TakeCall(_ context.Context, w breach.CallWish, by breach.Actor) (*breach.QueuedCall, error) {
	return f.callQueue(by).Mine, f.call("take " + w.Incident + " " + w.Locale)
}
func (f *fakeDesk) CallNumber(_ context.Context, call string, _ breach.Actor) (string, error) {
	return "+8613800138017", f.call("number " + call)
}
func (f *fakeDesk) EndCall(_ context.Context, call string, r breach.CallResult, _ breach.Actor) error {
	return f.call("end " + call + " " + r.Outcome + " " + r.Back.Format("01-02 15:04"))
}
func (f *fakeDesk) LeaveCall(_ context.Context, call string, _ breach.Actor) error {
	return f.call("leave " + call)
}
func (f *fakeDesk) Processors(context.Context, string) (breach.Register, error) {
	if f.processors == nil {
		return breach.Register{}, nil
	}
	return f.processors()
}
func (f *fakeDesk) Erase(context.Context, string, breach.Actor) (breach.Register, error) {
	return breach.Register{}, f.erased("")
}
func (f *fakeDesk) RequestedErasure(_ context.Context, _, provider, reference string, _ breach.Actor) error {
	return f.erased(provider + " " + reference)
}
func (f *fakeDesk) JudgeList(_ context.Context, _ string, _ breach.Actor, list io.Reader, how breach.Reading, bad io.Writer) (breach.ListJudged, error) {
	return f.judgeList(list, how, bad)
}
func (f *fakeDesk) TakeList(_ context.Context, _ string, _ breach.Actor, list io.Reader, how breach.Reading) (breach.ListJudged, breach.LoadReport, error) {
	return f.takeList(list, how)
}

func (f *fakeDesk) CheckPlan(context.Context, string, int) (breach.PlanCheck, error) {
	return f.checkPlan()
}
func (f *fakeDesk) WaiveContents(_ context.Context, _ string, _ int, gaps []breach.Waiver, reason string, by breach.Actor) ([]breach.Waiver, error) {
	return gaps, f.waive(gaps, reason, by)
}
func (f *fakeDesk) DecideNumber(_ context.Context, _ string, d breach.NumberDecision, by breach.Actor) (breach.Amended, error) {
	return breach.Amended{}, f.decideNumber(d, by)
}

func (f *fakeDesk) Unreached(_ context.Context, _ string, q breach.UnreachedQuery, _ breach.Actor) (breach.UnreachedPage, error) {
	return f.unreached(q)
}
func (f *fakeDesk) WouldTryAgain(_ context.Context, _ string, r breach.Retry, _ breach.Actor) (breach.Retried, error) {
	return f.wouldTryAgain(r)
}
func (f *fakeDesk) TryAgain(_ context.Context, _ string, r breach.Retry, by breach.Actor) (breach.Retried, error) {
	return f.tryAgain(r, by)
}
func (f *fakeDesk) AnnounceNow(_ context.Context, _, why string, by breach.Actor) (breach.AnnounceNow, error) {
	return breach.AnnounceNow{}, f.announceNow(why, by)
}

func (f *fakeDesk) SetSeverityCell(_ context.Context, _ string, o breach.SeverityOverride, by breach.Actor) (breach.Amended, error) {
	return breach.Amended{}, f.setSeverity(o, by)
}

func (f *fakeDesk) Hold(_ context.Context, _ string, h breach.Hold, _ breach.Actor) (breach.Hold, error) {
	return h, f.running("hold", h)
}
func (f *fakeDesk) ReleaseHold(_ context.Context, _, hold, why string, _ breach.Actor) error {
	return f.running("release", hold+": "+why)
}
func (f *fakeDesk) ExplainDelay(_ context.Context, _ string, obligations []string, why string, _ breach.Actor) error {
	return f.running("explain", append(obligations, why))
}
func (f *fakeDesk) Done(_ context.Context, _, obligation, said string, done time.Time, _ breach.Actor) (breach.Filing, error) {
	return breach.Filing{}, f.running("done", []string{obligation, said, done.UTC().Format(time.RFC3339)})
}
func (f *fakeDesk) DutyText(_ context.Context, _, obligation string) (breach.DutyText, error) {
	return breach.DutyText{Obligation: obligation, To: "the credit bureaus", Locale: "en", Title: "Larkfield: <b>notice</b>", Text: "NOTICE\nto <the bureaus>", Open: []string{"notice_date"}, Lacking: []string{"lessons"}}, nil
}
func (f *fakeDesk) Answer(_ context.Context, _, question string, answer bool, why string, _ breach.Actor) (breach.Amended, error) {
	return breach.Amended{}, f.running("answer", []any{question, answer, why})
}
func (f *fakeDesk) Incidents(context.Context) ([]breach.Incident, error) { return f.incidents() }
func (f *fakeDesk) Overview(_ context.Context, incident string) (breach.Overview, error) {
	return f.overview(incident)
}
func (f *fakeDesk) Plan(_ context.Context, incident string, wave int) (breach.PlanRecord, []breach.Text, error) {
	return f.plan(incident, wave)
}
func (f *fakeDesk) Timeline(_ context.Context, incident string, after int64, limit int) ([]breach.AuditEntry, error) {
	return f.timeline(incident, after, limit)
}
func (f *fakeDesk) Submit(_ context.Context, incident string, wave int, by breach.Actor) (breach.Submitted, error) {
	return f.submit(incident, wave, by)
}
func (f *fakeDesk) Approve(_ context.Context, incident string, c breach.Consent, by breach.Actor) (breach.PlanRecord, error) {
	return f.approve(incident, c.PlanHash, by)
}
func (f *fakeDesk) SMSCost(context.Context, string, breach.PlanRecord, []breach.Text) (*breach.SMSCost, error) {
	return f.smsCost, nil
}
func (f *fakeDesk) FirstWays(context.Context, string, breach.PlanRecord) (*breach.Ways, error) {
	return f.ways, nil
}
func (f *fakeDesk) TestNotice(_ context.Context, _ string, q breach.TestQuery, _ breach.Actor) (breach.TestsSent, error) {
	return f.testNotice(q)
}
func (f *fakeDesk) Return(_ context.Context, incident, hash, comment string, by breach.Actor) (breach.PlanRecord, error) {
	return f.giveBack(incident, hash, comment, by)
}
func (f *fakeDesk) Pause(_ context.Context, incident string, by breach.Actor) error {
	return f.pause(incident, by)
}
func (f *fakeDesk) Resume(_ context.Context, incident string, by breach.Actor) error {
	return f.resume(incident, by)
}
func (f *fakeDesk) Lift(_ context.Context, incident string, brake int64, by breach.Actor) error {
	return f.lift(incident, brake, by)
}
func (f *fakeDesk) Stop(_ context.Context, incident string, by breach.Actor) error {
	return f.stop(incident, by)
}
func (f *fakeDesk) SubmitReports(_ context.Context, incident string, by breach.Actor) (breach.Submitted, error) {
	return f.submitReports(incident, by)
}
func (f *fakeDesk) CloseLeaving(_ context.Context, incident, reason string, by breach.Actor) error {
	return f.closeLeaving(incident, reason, by)
}
func (f *fakeDesk) Close(_ context.Context, incident string, by breach.Actor) error {
	return f.close(incident, by)
}
func (f *fakeDesk) FindPerson(_ context.Context, incident string, by breach.Actor, q breach.PersonQuery, reason string) (breach.PersonView, error) {
	return f.findPerson(incident, by, q, reason)
}
func (f *fakeDesk) Authenticate(_ context.Context, token string) (breach.Actor, error) {
	return f.authenticate(token)
}

// The people of the tests. Tokens are "token-" and the id.
var (
	lead      = breach.Actor{ID: "wei.lin", Name: "Wei Lin", Role: breach.RoleLead}
	author    = breach.Actor{ID: "priya.raman", Name: "Priya Raman", Role: breach.RoleLead}
	responder = breach.Actor{ID: "jonas.albrecht", Name: "Jonas Albrecht", Role: breach.RoleResponder}
	reader    = breach.Actor{ID: "ana.costa", Name: "Ana Costa", Role: breach.RoleReader}
	detector  = breach.Actor{ID: "scanner", Role: breach.RoleDetector}
)

func authenticate(token string) (breach.Actor, error) {
	for _, a := range []breach.Actor{lead, author, responder, reader, detector} {
		if token == "token-"+a.ID {
			return a, nil
		}
	}
	return breach.Actor{}, breach.Errorf(breach.ErrUnauthorized, "this token is not known")
}

// site is a console on a fake desk, with a browser that keeps cookies.
type site struct {
	*httptest.Server
	t      *testing.T
	client *http.Client
}

// newSite serves the console at the samples' present instant.
func newSite(t *testing.T, desk Desk) *site {
	t.Helper()
	return newSiteWith(t, desk, func(*Config) {})
}

func newSiteWith(t *testing.T, desk Desk, change func(*Config)) *site {
	t.Helper()
	done := make(chan struct{})
	c := Config{Desk: desk, Log: newSiteLog(), Now: func() time.Time { return sampleNow }, Reasons: sampleReasons, Done: done}
	change(&c)
	h, err := New(c)
	require.NoError(t, err)
	s := serve(t, h)
	t.Cleanup(func() { close(done) })
	return s
}

func newSiteLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

func serve(t *testing.T, h http.Handler) *site {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &site{Server: srv, t: t, client: &http.Client{Jar: jar, Timeout: 10 * time.Second}}
}

// as signs somebody in.
func (s *site) as(a breach.Actor) *site {
	s.t.Helper()
	p := s.post("/console/sign-in", url.Values{"token": {"token-" + a.ID}})
	require.Equal(s.t, http.StatusOK, p.status, p.text())
	return s
}

// page is an answer, parsed.
type page struct {
	t      *testing.T
	status int
	header http.Header
	path   string
	raw    string
	doc    *html.Node
}

func (s *site) get(path string) *page {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.URL+path, nil)
	require.NoError(s.t, err)
	return s.do(r)
}

// post sends a form as a browser does from a page of the same site.
func (s *site) post(path string, form url.Values) *page {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.URL+path, strings.NewReader(form.Encode()))
	require.NoError(s.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return s.do(r)
}

func (s *site) do(r *http.Request) *page {
	s.t.Helper()
	resp, err := s.client.Do(r)
	require.NoError(s.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	doc, err := html.Parse(strings.NewReader(string(body)))
	require.NoError(s.t, err)
	return &page{s.t, resp.StatusCode, resp.Header, resp.Request.URL.RequestURI(), string(body), doc}
}

// csrf is the token of the forms of this sign-in.
func (s *site) csrf() string {
	s.t.Helper()
	return s.get("/console/").one("form[action=/console/sign-out] input[name=csrf]").attr("value")
}

// send posts a form of this sign-in.
func (s *site) send(path string, form url.Values) *page {
	s.t.Helper()
	form.Set("csrf", s.csrf())
	return s.post(path, form)
}

// node is an element of a page.
type node struct{ *html.Node }

func (n node) attr(name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func (n node) has(name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// text is what people read, with single spaces.
func (n node) text() string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func (p *page) text() string { return node{p.doc}.text() }

// one finds the only element that fits.
func (p *page) one(selector string) node {
	p.t.Helper()
	found := p.all(selector)
	require.Len(p.t, found, 1, selector)
	return found[0]
}

func (p *page) all(selector string) []node { return node{p.doc}.all(selector) }

// all understands "tag.class#id[name=value] descendant".
func (n node) all(selector string) []node {
	steps := strings.Fields(selector)
	found := []node{n}
	for _, step := range steps {
		var next []node
		seen := map[*html.Node]bool{}
		for _, from := range found {
			for d := range from.Descendants() {
				if d.Type == html.ElementNode && !seen[d] && fits(node{d}, step) {
					seen[d] = true
					next = append(next, node{d})
				}
			}
		}
		found = next
	}
	return found
}

func fits(n node, step string) bool {
	rest := ""
	if i := strings.IndexAny(step, ".#["); i >= 0 {
		step, rest = step[:i], step[i:]
	}
	if step != "" && n.Data != step {
		return false
	}
	for rest != "" {
		kind := rest[0]
		end := strings.IndexAny(rest[1:], ".#[") + 1
		if kind == '[' {
			end = strings.IndexByte(rest, ']') + 1
		}
		if end == 0 {
			end = len(rest)
		}
		what := rest[1:end]
		rest = rest[end:]
		switch kind {
		case '.':
			if !strings.Contains(" "+n.attr("class")+" ", " "+what+" ") {
				return false
			}
		case '#':
			if n.attr("id") != what {
				return false
			}
		case '[':
			if !n.attributed(strings.TrimSuffix(what, "]")) {
				return false
			}
		}
	}
	return true
}

// attributed understands name, name=value, name$=end and name*=part, with or without quotes; a selector of any other
// kind would find nothing for ever, and is a mistake of the test.
func (n node) attributed(what string) bool {
	m := regexp.MustCompile(`^([a-z-]+)(?:([$*]?=)"?([^"]*)"?)?$`).FindStringSubmatch(what)
	if m == nil {
		panic("the tests' selectors do not know [" + what + "]")
	}
	have := n.attr(m[1])
	switch m[2] {
	case "=":
		return n.has(m[1]) && have == m[3]
	case "$=":
		return strings.HasSuffix(have, m[3])
	case "*=":
		return strings.Contains(have, m[3])
	}
	return n.has(m[1])
}

// sources are the files of this package, for tests that read them.
var sources = os.DirFS(".")

var sampleZone = func() *time.Location {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		panic(err)
	}
	return zone
}()

func duration(t *testing.T, s string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(s)
	require.NoError(t, err)
	return d
}
