package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/httpapi"
)

// desk is a fake whose methods are its function fields. What a test does not set answers with a zero
// value and counts as a call.
type desk struct {
	open      func(breach.IncidentFile, breach.Actor) (breach.Opened, error)
	deeds     []string // ids under which incidents were opened
	openDraft func(breach.IncidentFile, []string) (breach.Opened, error)
	detect    func(breach.Detection) (breach.Detected, error)
	amend     func(string, []byte) (breach.Amended, error)
	load      func(io.Reader, breach.Reading) (any, breach.LoadReport, error)
	submit    func(string, int) (breach.Submitted, error)
	approve   func(string, string) (breach.PlanRecord, error)
	give      func(string, string, string) (breach.PlanRecord, error)
	ack       func(string, string, string) (breach.Filing, error)
	overview  func(string) (breach.Overview, error)
	plan      func(string, int) (breach.PlanRecord, []breach.Text, error)
	timeline  func(string, int64, int) ([]breach.AuditEntry, error)
	find      func(breach.PersonQuery, string) (breach.PersonView, error)
	invariant func(string) (breach.Invariant, error)
	evidence  func() (string, io.ReadSeekCloser, error)
	verb      func(string) error
	notices   []breach.FeedNotice

	mu    sync.Mutex
	calls []string
}

func (d *desk) called(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, what)
}

func (d *desk) count(what string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, c := range d.calls {
		if c == what {
			n++
		}
	}
	return n
}

func (d *desk) Open(ctx context.Context, f breach.IncidentFile, by breach.Actor) (breach.Opened, error) {
	d.called("open")
	d.mu.Lock()
	d.deeds = append(d.deeds, breach.DeedOf(ctx))
	d.mu.Unlock()
	if d.open == nil {
		return breach.Opened{Incident: "inc1"}, nil
	}
	return d.open(f, by)
}

func (d *desk) OpenDraft(_ context.Context, f breach.IncidentFile, notes []string, _ breach.Actor) (breach.Opened, error) {
	d.called("open draft")
	if d.openDraft == nil {
		return breach.Opened{Incident: "inc1"}, nil
	}
	return d.openDraft(f, notes)
}

func (d *desk) Detect(_ context.Context, x breach.Detection) (breach.Detected, error) {
	d.called("detect")
	if d.detect == nil {
		return breach.Detected{Incident: "inc1", First: true}, nil
	}
	return d.detect(x)
}

func (d *desk) Amend(_ context.Context, id string, patch []byte, _ breach.Actor) (breach.Amended, error) {
	d.called("amend")
	if d.amend == nil {
		return breach.Amended{}, nil
	}
	return d.amend(id, patch)
}

func (d *desk) LoadList(_ context.Context, _ string, _ breach.Actor, list io.Reader, how breach.Reading) (any, breach.LoadReport, error) {
	d.called("load")
	if d.load == nil {
		_, err := io.Copy(io.Discard, list)
		return map[string]int{"rows": 1}, breach.LoadReport{Wave: 1, Added: 1}, err
	}
	return d.load(list, how)
}

func (d *desk) Submit(_ context.Context, id string, wave int, _ breach.Actor) (breach.Submitted, error) {
	d.called("submit")
	if d.submit == nil {
		return breach.Submitted{PlanHash: "abc"}, nil
	}
	return d.submit(id, wave)
}

func (d *desk) SubmitReports(_ context.Context, id string, _ breach.Actor) (breach.Submitted, error) {
	d.called("submit reports")
	if d.submit == nil {
		return breach.Submitted{PlanHash: "abc"}, nil
	}
	return d.submit(id, -1)
}

func (d *desk) CloseLeaving(_ context.Context, _, reason string, _ breach.Actor) error {
	return d.did("close leaving: " + reason)
}

func (d *desk) Approve(_ context.Context, id string, c breach.Consent, _ breach.Actor) (breach.PlanRecord, error) {
	d.called("approve")
	if c.Unreviewed {
		d.called("approve with unreviewed texts")
	}
	if d.approve == nil {
		return breach.PlanRecord{Hash: c.PlanHash}, nil
	}
	return d.approve(id, c.PlanHash)
}

func (d *desk) Return(_ context.Context, id, hash, comment string, _ breach.Actor) (breach.PlanRecord, error) {
	d.called("return")
	if d.give == nil {
		return breach.PlanRecord{Hash: hash, Comment: comment}, nil
	}
	return d.give(id, hash, comment)
}

func (d *desk) did(what string) error {
	d.called(what)
	if d.verb == nil {
		return nil
	}
	return d.verb(what)
}

func (d *desk) Pause(context.Context, string, breach.Actor) error  { return d.did("pause") }
func (d *desk) Resume(context.Context, string, breach.Actor) error { return d.did("resume") }
func (d *desk) Lift(context.Context, string, int64, breach.Actor) error {
	return d.did("lift")
}
func (d *desk) Stop(context.Context, string, breach.Actor) error   { return d.did("stop") }
func (d *desk) Close(context.Context, string, breach.Actor) error  { return d.did("close") }
func (d *desk) Reopen(context.Context, string, breach.Actor) error { return d.did("reopen") }

func (d *desk) Returns(context.Context, string) ([]breach.ReturnCount, error) {
	return []breach.ReturnCount{}, d.did("returns")
}

func (d *desk) Feed(context.Context) (breach.Feed, error) {
	return breach.Feed{Notices: d.notices}, d.did("feed")
}

func (d *desk) FeedFor(_ context.Context, ids []string) ([]breach.FeedPerson, error) {
	return []breach.FeedPerson{}, d.did(fmt.Sprintf("feed for %d", len(ids)))
}

func (d *desk) AcknowledgeInApp(_ context.Context, seen []breach.Seen, by breach.Actor) (int, error) {
	return len(seen), d.did("seen by " + by.ID)
}

func (d *desk) Letters(context.Context) (breach.PostOverview, error) {
	return breach.PostOverview{}, d.did("letters")
}

func (d *desk) LettersOf(_ context.Context, batch string, _ breach.Actor) ([]breach.PostedLetter, error) {
	return nil, d.did("letters of " + batch)
}

func (d *desk) TakeLetterWords(_ context.Context, kind breach.PostWords, file []byte, _ breach.Actor) (breach.PostTold, error) {
	return breach.PostTold{}, d.did(fmt.Sprintf("letters %s %d", kind, len(file)))
}

func (d *desk) CallQueue(context.Context, breach.Actor) (breach.CallQueue, error) {
	return breach.CallQueue{}, d.did("call queue")
}

func (d *desk) TakeCall(_ context.Context, w breach.CallWish, _ breach.Actor) (*breach.QueuedCall, error) {
	return &breach.QueuedCall{Number: "•••76"}, d.did("take " + w.Incident + " " + w.Locale)
}

func (d *desk) CallNumber(_ context.Context, call string, _ breach.Actor) (string, error) {
	return "+15005559876", d.did("number " + call)
}

func (d *desk) EndCall(_ context.Context, call string, r breach.CallResult, _ breach.Actor) error {
	return d.did("outcome " + call + " " + r.Outcome + " " + r.Back.Format("2006-01-02 15:04"))
}

func (d *desk) LeaveCall(_ context.Context, call string, _ breach.Actor) error {
	return d.did("leave " + call)
}

func (d *desk) Unreached(_ context.Context, _ string, q breach.UnreachedQuery, _ breach.Actor) (breach.UnreachedPage, error) {
	return breach.UnreachedPage{People: []breach.Unreached{}}, d.did(fmt.Sprintf("unreached %s %s %q %d %v", q.Outcome, q.Reason, q.After, q.Limit, q.Contacts))
}

func (d *desk) PlanRevision(_ context.Context, _ string, wave, revision int) (breach.PlanRecord, []breach.Text, error) {
	return breach.PlanRecord{Hash: "abc"}, nil, d.did(fmt.Sprintf("plan %d version %d", wave, revision))
}

func (d *desk) SMSCost(context.Context, string, breach.PlanRecord, []breach.Text) (*breach.SMSCost, error) {
	return nil, nil //nolint:nilnil // there is nothing to cost
}

func (d *desk) FirstWays(context.Context, string, breach.PlanRecord) (*breach.Ways, error) {
	return &breach.Ways{First: []breach.FirstWay{{Channel: breach.Email, Provider: "smtp", People: 2}}}, nil
}

func (d *desk) TestNotice(_ context.Context, _ string, q breach.TestQuery, _ breach.Actor) (breach.TestsSent, error) {
	return breach.TestsSent{Tests: []breach.TestSent{}}, d.did(fmt.Sprintf("test %d %d %v %s %s %s", q.Wave, q.Person, q.Worst, q.Channel, q.Locale, q.To))
}

func (d *desk) Preview(_ context.Context, _ string, q breach.PreviewQuery, _ breach.Actor) (breach.Previews, error) {
	return breach.Previews{Previews: []breach.Preview{}}, d.did(fmt.Sprintf("preview %d %d %v %s", q.Wave, q.Person, q.Worst, q.Channel))
}

func (d *desk) WouldTryAgain(_ context.Context, _ string, r breach.Retry, _ breach.Actor) (breach.Retried, error) {
	return breach.Retried{}, d.did("would try again " + r.Reason + string(r.Channel))
}

func (d *desk) TryAgain(_ context.Context, _ string, r breach.Retry, _ breach.Actor) (breach.Retried, error) {
	return breach.Retried{Decision: "d", People: 3}, d.did("try again " + r.Reason + string(r.Channel) + ": " + r.Why)
}

func (d *desk) AnnounceNow(_ context.Context, _, why string, _ breach.Actor) (breach.AnnounceNow, error) {
	return breach.AnnounceNow{Wave: 1}, d.did("announce now: " + why)
}

func (d *desk) Hold(_ context.Context, _ string, h breach.Hold, _ breach.Actor) (breach.Hold, error) {
	return h, d.did("hold " + h.AskedBy)
}

func (d *desk) ReleaseHold(_ context.Context, _, hold, _ string, _ breach.Actor) error {
	return d.did("release " + hold)
}

func (d *desk) ExplainDelay(_ context.Context, _ string, obligations []string, why string, _ breach.Actor) error {
	return d.did("explain " + obligations[0] + ": " + why)
}

func (d *desk) Done(_ context.Context, _, obligation, said string, done time.Time, _ breach.Actor) (breach.Filing, error) {
	return breach.Filing{Obligation: obligation, Said: said, FiledAt: done}, d.did("done " + obligation + ": " + said)
}

func (d *desk) DutyText(_ context.Context, _, obligation string) (breach.DutyText, error) {
	return breach.DutyText{Obligation: obligation}, d.did("text of " + obligation)
}

func (d *desk) Answer(_ context.Context, _, question string, answer bool, why string, _ breach.Actor) (breach.Amended, error) {
	return breach.Amended{}, d.did(fmt.Sprintf("answer %s %t: %s", question, answer, why))
}

func (d *desk) Revisions(context.Context, string) ([]breach.Revision, error) {
	return nil, d.did("revisions")
}

func (d *desk) DecideAbout(context.Context, string, breach.Outcome, breach.Outcome, string, breach.Actor) (int64, error) {
	return 7, d.did("decide about")
}

func (d *desk) FileAgain(context.Context, string, string, breach.Actor) error {
	return d.did("file again")
}

func (d *desk) Acknowledge(_ context.Context, id, obligation, number string, _ breach.Actor) (breach.Filing, error) {
	d.called("acknowledge")
	if d.ack == nil {
		return breach.Filing{Incident: id, Obligation: obligation, Acknowledgement: number}, nil
	}
	return d.ack(id, obligation, number)
}

func (d *desk) Incidents(context.Context) ([]breach.Incident, error) {
	d.called("incidents")
	return nil, nil
}

func (d *desk) Overview(_ context.Context, id string) (breach.Overview, error) {
	d.called("overview")
	if d.overview == nil {
		return breach.Overview{Incident: breach.Incident{ID: id}, Total: 3, People: breach.Tally{breach.Reached: 3}}, nil
	}
	return d.overview(id)
}

func (d *desk) CheckPlan(_ context.Context, _ string, wave int) (breach.PlanCheck, error) {
	return breach.PlanCheck{Wave: wave, Problems: []string{}, Contents: breach.ContentCheck{Checked: []string{}}}, d.did(fmt.Sprintf("check plan %d", wave))
}

func (d *desk) WaiveContents(_ context.Context, _ string, _ int, gaps []breach.Waiver, reason string, _ breach.Actor) ([]breach.Waiver, error) {
	return gaps, d.did("waive " + gaps[0].Obligation + " " + gaps[0].Field + ": " + reason)
}

func (d *desk) DecideNumber(_ context.Context, _ string, n breach.NumberDecision, _ breach.Actor) (breach.Amended, error) {
	return breach.Amended{}, d.did(fmt.Sprintf("decide %s %d: %s", n.Field, n.Value, n.Reason))
}

func (d *desk) Plan(_ context.Context, id string, wave int) (breach.PlanRecord, []breach.Text, error) {
	d.called("plan")
	if d.plan == nil {
		return breach.PlanRecord{Hash: "abc"}, nil, nil
	}
	return d.plan(id, wave)
}

func (d *desk) Timeline(_ context.Context, id string, after int64, limit int) ([]breach.AuditEntry, error) {
	d.called("timeline")
	if d.timeline == nil {
		return nil, nil
	}
	return d.timeline(id, after, limit)
}

func (d *desk) FindPerson(_ context.Context, _ string, _ breach.Actor, q breach.PersonQuery, reason string) (breach.PersonView, error) {
	d.called("find")
	if d.find == nil {
		return breach.PersonView{Reference: "r1", Outcome: breach.Reached}, nil
	}
	return d.find(q, reason)
}

func (d *desk) Invariant(_ context.Context, id string) (breach.Invariant, error) {
	d.called("invariant")
	if d.invariant == nil {
		return breach.Invariant{People: 3, Equal: true}, nil
	}
	return d.invariant(id)
}

func (d *desk) SealEvidence(context.Context, string, breach.Actor) (breach.Sealed, error) {
	d.called("seal")
	return breach.Sealed{File: "pack.zip", SHA256: "ff"}, nil
}

func (d *desk) EvidenceFile(context.Context, string, breach.Actor) (string, io.ReadSeekCloser, error) {
	d.called("evidence")
	if d.evidence == nil {
		return "pack.zip", closer{strings.NewReader("PK...")}, nil
	}
	return d.evidence()
}

func (d *desk) Authenticate(_ context.Context, token string) (breach.Actor, error) {
	d.called("authenticate")
	role, known := map[string]breach.Role{
		"lead-token": breach.RoleLead, "responder-token": breach.RoleResponder,
		"reader-token": breach.RoleReader, "detector-token": breach.RoleDetector,
		"application-token": breach.RoleApplication,
	}[token]
	if !known {
		return breach.Actor{}, breach.Errorf(breach.ErrUnauthorized, "this token is not known")
	}
	return breach.Actor{ID: string(role) + ".one", Name: "One", Role: role}, nil
}

type closer struct{ io.ReadSeeker }

func (closer) Close() error { return nil }

// answers remembers in memory. Leases end when a test says so.
type answers struct {
	mu   sync.Mutex
	kept map[string]*keptAnswer
	fail error
	lost bool // somebody else took every request over
}

type keptAnswer struct {
	request, owner string
	answer         []byte
	status         int
}

func (a *answers) of(r breach.KeyedRequest) *keptAnswer { return a.kept[r.Actor+" "+r.Key] }

func (a *answers) ReserveKey(_ context.Context, r breach.KeyedRequest, _ time.Duration) (breach.KeyState, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.kept == nil {
		a.kept = map[string]*keptAnswer{}
	}
	k := a.of(r)
	switch {
	case k == nil:
		k = &keptAnswer{request: r.RequestHash, owner: r.Owner}
		a.kept[r.Actor+" "+r.Key] = k
	case k.request != r.RequestHash:
		return breach.KeyState{}, breach.Errorf(breach.ErrKeyUsed, "another request was sent under this key before")
	case k.owner == "" && k.status == 0:
		k.owner = r.Owner
	default:
		return breach.KeyState{Answer: k.answer, Status: k.status}, nil
	}
	return breach.KeyState{Yours: true, Deed: "deed-of-" + r.Key}, nil
}

func (a *answers) RenewKey(context.Context, breach.KeyedRequest, time.Duration) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.lost, nil
}

func (a *answers) SaveAnswer(_ context.Context, r breach.KeyedRequest, answer []byte, status int) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fail != nil {
		return a.fail
	}
	k := a.of(r)
	if k == nil || k.owner != r.Owner {
		return breach.Errorf(breach.ErrConflict, "another try took over")
	}
	k.answer, k.status = answer, status
	return nil
}

func (a *answers) GiveUpKey(_ context.Context, r breach.KeyedRequest, forget bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if k := a.of(r); k != nil && k.owner == r.Owner {
		k.owner = ""
		if forget {
			delete(a.kept, r.Actor+" "+r.Key)
		}
	}
	return nil
}

type callbacks func(provider, attempt string, r *http.Request) error

func (c callbacks) Take(_ context.Context, provider, attempt string, r *http.Request) error {
	return c(provider, attempt, r)
}

// bench is one API over fakes, with what it logged and counted.
type bench struct {
	t       *testing.T
	desk    *desk
	answers *answers
	handler http.Handler
	log     *syncBuffer
	mu      sync.Mutex
	seen    []httpapi.Seen
}

func setup(t *testing.T, change func(*httpapi.Config)) *bench {
	t.Helper()
	b := &bench{t: t, desk: &desk{}, answers: &answers{}, log: &syncBuffer{}}
	cfg := httpapi.Config{
		Desk: b.desk, Answers: b.answers, PublicURL: "https://tocsin.example", Version: "test",
		Callbacks: callbacks(func(string, string, *http.Request) error { return nil }),
		Bounces:   b.desk,
		ParseDetection: func(_ string, body []byte, at time.Time) (breach.Detection, error) {
			return breach.Detection{Raw: body, ReceivedAt: at}, nil
		},
		ParseDraft: func(string, []byte) (breach.IncidentFile, []string, error) { return breach.IncidentFile{}, nil, nil },
		Metrics:    http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "tocsin_up 1\n") }),
		Log:        slog.New(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Observe: func(s httpapi.Seen) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.seen = append(b.seen, s)
		},
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	b.handler, err = httpapi.New(cfg)
	require.NoError(t, err)
	return b
}

type request struct {
	method, path, body string
	token              string
	header             map[string]string
}

func (b *bench) do(q request) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequest(q.method, q.path, strings.NewReader(q.body))
	if q.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if q.token != "" {
		r.Header.Set("Authorization", "Bearer "+q.token)
	}
	for k, v := range q.header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}

// problem checks that an answer is a complete problem of one kind and gives it.
func (b *bench) problem(w *httptest.ResponseRecorder, code breach.Code) httpapi.Problem {
	b.t.Helper()
	var p httpapi.Problem
	require.NoError(b.t, json.Unmarshal(w.Body.Bytes(), &p), w.Body.String())
	require.Equal(b.t, "https://tocsin.example/errors/"+string(code), p.Type, w.Body.String())
	require.Equal(b.t, "application/problem+json", w.Header().Get("Content-Type"))
	require.Equal(b.t, breach.Catalogue[code].HTTP, w.Code)
	require.Equal(b.t, w.Code, p.Status)
	require.Equal(b.t, breach.Catalogue[code].Title, p.Title)
	require.NotEmpty(b.t, p.Do)
	require.NotEmpty(b.t, p.Instance)
	require.Equal(b.t, p.Instance, w.Header().Get("Request-Id"))
	return p
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (d *desk) TakeBounce(_ context.Context, raw []byte, to []string) (breach.ReturnTaken, error) {
	d.called(fmt.Sprintf("bounce %s %v", raw, to))
	return breach.ReturnTaken{Kind: breach.ReturnFailed, Recorded: true}, nil
}

func (d *desk) Processors(context.Context, string) (breach.Register, error) {
	return breach.Register{Processors: []breach.Processor{}, Transfers: []breach.TransferSaid{}}, d.did("processors")
}

func (d *desk) Erase(context.Context, string, breach.Actor) (breach.Register, error) {
	return breach.Register{Processors: []breach.Processor{}, Transfers: []breach.TransferSaid{}}, d.did("erase")
}

func (d *desk) RequestedErasure(_ context.Context, _, provider, reference string, _ breach.Actor) error {
	return d.did("requested " + provider + ": " + reference)
}
