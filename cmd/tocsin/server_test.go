package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
	"github.com/tocsin-engine/tocsin/internal/httpapi"
	"github.com/tocsin-engine/tocsin/internal/intake"
	"github.com/tocsin-engine/tocsin/internal/recipients"
)

var opened = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// desk is a server's other side with one incident, inc1, and a memory of what it was told.
type desk struct {
	httpapi.CallDesk // nil: no command asks a server for calls, or for letters
	httpapi.LetterDesk
	httpapi.ReturnDesk
	httpapi.FeedDesk

	mu      sync.Mutex
	state   breach.IncidentState
	paused  bool
	people  int64
	plan    *breach.PlanRecord
	texts   []breach.Text
	filing  breach.Filing
	looks   int
	answers map[string][]byte
	pack    []byte
	owes    bool // a report was not filed
	broken  bool // the texts of the plan are not those that it covers
}

func newServer(pack []byte) (*httptest.Server, *desk) {
	d := &desk{state: breach.IncidentOpen, answers: map[string][]byte{}, pack: pack}
	h, err := httpapi.New(httpapi.Config{
		Desk: d, Answers: d, Callbacks: d, ParseDetection: intake.ParseCloudEvent, Log: slog.New(slog.DiscardHandler),
		ParseDraft: intake.Read,
	})
	if err != nil {
		panic(err)
	}
	return httptest.NewServer(h), d
}

func (d *desk) known(id string) error {
	if id != "inc1" {
		return breach.Errorf(breach.ErrNotFound, "there is no incident with this id")
	}
	return nil
}

func (d *desk) Open(_ context.Context, f breach.IncidentFile, _ breach.Actor) (breach.Opened, error) {
	if f.Policy != "" && f.Policy != "mooc" && f.Policy != "chinesepod" {
		return breach.Opened{}, breach.Errorf(breach.ErrUnknownPolicy, "there is no policy of that name")
	}
	return breach.Opened{Incident: "inc1", Missing: f.Missing()}, nil
}

func (d *desk) OpenDraft(ctx context.Context, f breach.IncidentFile, notes []string, by breach.Actor) (breach.Opened, error) {
	out, err := d.Open(ctx, f, by)
	out.Notes = notes
	return out, err
}

func (d *desk) Detect(context.Context, breach.Detection) (breach.Detected, error) {
	return breach.Detected{Incident: "inc1", First: true}, nil
}

func (d *desk) Amend(_ context.Context, id string, patch []byte, _ breach.Actor) (breach.Amended, error) {
	due := opened.Add(72 * time.Hour)
	_, err := breach.MergeFile(breach.IncidentFile{}, patch)
	if err == nil {
		err = d.known(id)
	}
	return breach.Amended{Voided: true, Changes: []breach.DutyChange{
		{Obligation: "eu-gdpr/authority/initial", From: breach.CannotTell, To: breach.Applies, DueTo: &due, Why: "people in the EEA are concerned"},
	}}, err
}

func (d *desk) LoadList(ctx context.Context, id string, _ breach.Actor, list io.Reader, how breach.Reading) (any, breach.LoadReport, error) {
	if err := d.known(id); err != nil {
		return nil, breach.LoadReport{}, err
	}
	s, err := recipients.Read(ctx, list, recipients.OptionsFor(how, opened, 0), func(recipients.Row) error { return nil })
	if err != nil {
		return s, breach.LoadReport{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.people = s.Accepted + s.Repaired + s.Flagged
	return s, breach.LoadReport{Wave: 1, Added: d.people}, nil
}

// swap gives how many people are loaded, and forgets them.
func (d *desk) swap() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.people
	d.people = 0
	return n
}

func (d *desk) Submit(_ context.Context, id string, wave int, by breach.Actor) (breach.Submitted, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.people == 0 {
		return breach.Submitted{Problems: []string{"people: no list is loaded", "narrative.en.remedies"}}, d.known(id)
	}
	text, err := breach.NewText(breach.TextBody{Kind: "notice", Channel: "sms", Locale: "zh-Hans", Variant: "self", Parts: map[string]string{"text": "您好：我们发现一起安全事件。" + strings.Repeat("请修改密码，", 20)}})
	if err != nil {
		return breach.Submitted{}, err
	}
	d.texts = []breach.Text{text}
	p := breach.Plan{Incident: id, Wave: max(wave, 1), Revision: 1, Notices: []breach.NoticeRef{text.Ref}, People: breach.PeopleSnapshot{
		Total: d.people, Reachable: map[breach.Channel]int64{breach.SMS: d.people}, ByLocale: map[string]int64{"zh-Hans": d.people},
	}, Channels: breach.ChannelPlan{Policy: "mooc", Order: []breach.Channel{breach.Email, breach.SMS}}}
	d.plan = &breach.PlanRecord{Plan: p, Hash: p.Hash(), State: breach.PlanAwaiting, Author: by.ID, CreatedAt: opened}
	return breach.Submitted{PlanHash: d.plan.Hash}, nil
}

func (d *desk) SubmitReports(_ context.Context, id string, by breach.Actor) (breach.Submitted, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	text, err := breach.NewText(breach.TextBody{Kind: breach.KindReport, Channel: "eu-gdpr/authority/initial", Locale: "en", Parts: map[string]string{"title": "Initial report", "text": "Controller: Larkfield"}})
	if err != nil {
		return breach.Submitted{}, err
	}
	d.texts = []breach.Text{text}
	p := breach.Plan{Incident: id, Wave: 2, Revision: 1, Reports: []breach.NoticeRef{text.Ref}, Channels: breach.ChannelPlan{Policy: "mooc"}}
	d.plan = &breach.PlanRecord{Plan: p, Hash: p.Hash(), State: breach.PlanAwaiting, Author: by.ID, CreatedAt: opened}
	return breach.Submitted{PlanHash: d.plan.Hash}, d.known(id)
}

func (d *desk) decide(hash string, by breach.Actor, state breach.PlanState, comment string) (breach.PlanRecord, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.plan == nil:
		return breach.PlanRecord{}, breach.Errorf(breach.ErrConflict, "no plan has been submitted yet")
	case d.plan.Hash != hash:
		return breach.PlanRecord{}, breach.Errorf(breach.ErrOldHash, "no present plan has this hash")
	case d.plan.Author == by.ID:
		return breach.PlanRecord{}, breach.Errorf(breach.ErrSelfApproval, "the author of a plan cannot approve it")
	}
	d.plan.State, d.plan.DecidedBy, d.plan.DecidedAt, d.plan.Comment = state, by.ID, &opened, comment
	if state == breach.PlanApproved {
		d.state = breach.IncidentNotifying
	}
	return *d.plan, nil
}

func (d *desk) Approve(_ context.Context, _ string, c breach.Consent, by breach.Actor) (breach.PlanRecord, error) {
	if d.plan != nil && d.plan.Hash == c.PlanHash && d.plan.Author != by.ID && len(d.plan.Plan.Unreviewed()) > 0 && !c.Unreviewed {
		return breach.PlanRecord{}, breach.Errorf(breach.ErrUnreviewed, "nobody has signed off %d of the texts", len(d.plan.Plan.Unreviewed()))
	}
	return d.decide(c.PlanHash, by, breach.PlanApproved, "")
}

func (d *desk) Return(_ context.Context, _, hash, comment string, by breach.Actor) (breach.PlanRecord, error) {
	return d.decide(hash, by, breach.PlanReturned, comment)
}

func (d *desk) gate(id string, paused bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state != breach.IncidentNotifying {
		return breach.Errorf(breach.ErrConflict, "nothing is being sent")
	}
	d.paused = paused
	return d.known(id)
}

func (d *desk) Pause(_ context.Context, id string, _ breach.Actor) error  { return d.gate(id, true) }
func (d *desk) Resume(_ context.Context, id string, _ breach.Actor) error { return d.gate(id, false) }
func (d *desk) Hold(_ context.Context, _ string, h breach.Hold, by breach.Actor) (breach.Hold, error) {
	h.ID, h.By, h.At = "h1", by.ID, time.Now()
	return h, nil
}

func (d *desk) ReleaseHold(context.Context, string, string, string, breach.Actor) error {
	return breach.Errorf(breach.ErrNotFound, "there is no hold of this id")
}

func (d *desk) ExplainDelay(context.Context, string, []string, string, breach.Actor) error {
	return nil
}

func (d *desk) Done(_ context.Context, _, obligation, said string, done time.Time, _ breach.Actor) (breach.Filing, error) {
	return breach.Filing{Obligation: obligation, Route: breach.RouteByHand, Said: said, Status: "filed", FiledAt: done}, nil
}

func (d *desk) DutyText(_ context.Context, _, obligation string) (breach.DutyText, error) {
	return breach.DutyText{Obligation: obligation, To: "the credit bureaus", Locale: "en", Title: "Notice", Text: "NOTICE OF AN INCIDENT\nnot known yet", Open: []string{"notice_date"}, Lacking: []string{"lessons"}}, nil
}

func (d *desk) Answer(context.Context, string, string, bool, string, breach.Actor) (breach.Amended, error) {
	return breach.Amended{}, nil
}

func (d *desk) Revisions(context.Context, string) ([]breach.Revision, error) {
	return []breach.Revision{{Revision: 1, By: "wei.lin"}}, nil
}

func (d *desk) Lift(context.Context, string, int64, breach.Actor) error {
	return breach.Errorf(breach.ErrNotFound, "no brake holds anything")
}
func (d *desk) Stop(_ context.Context, id string, _ breach.Actor) error { return d.gate(id, true) }

func (d *desk) Close(_ context.Context, id string, _ breach.Actor) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.owes {
		return breach.Errorf(breach.ErrConflict, "duties that apply were not done: eu-gdpr/authority/initial; do them, or close with a reason why they are left undone")
	}
	d.state = breach.IncidentClosed
	return d.known(id)
}

func (d *desk) CloseLeaving(_ context.Context, id, reason string, _ breach.Actor) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(reason) < 10 {
		return breach.Errorf(breach.ErrInvalid, "the reason cannot be used").With(breach.FieldError{Where: "reason", What: "says in 10 to 2,000 characters why"})
	}
	d.state = breach.IncidentClosed
	return d.known(id)
}

func (d *desk) Reopen(_ context.Context, id string, _ breach.Actor) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state = breach.IncidentMonitoring
	return d.known(id)
}

// Unreached gives 2,500 people in pages of a thousand.
func (d *desk) Unreached(_ context.Context, id string, q breach.UnreachedQuery, _ breach.Actor) (breach.UnreachedPage, error) {
	if err := d.known(id); err != nil {
		return breach.UnreachedPage{}, err
	}
	page := breach.UnreachedPage{People: []breach.Unreached{}}
	if q.After == "" {
		page.Counts = []breach.UnreachedCount{{Outcome: breach.Unreachable, Reason: "failed_everywhere", People: 2400}, {Outcome: breach.Held, People: 100}}
	}
	from, _ := strconv.Atoi(q.After)
	for n := from + 1; n <= min(from+q.Limit, 2500); n++ {
		at := opened
		u := breach.Unreached{Reference: fmt.Sprintf("REF-%04d", n), Wave: 1, Outcome: breach.Unreachable, Reason: "failed_everywhere", Promises: []string{},
			Why: "Every allowed channel was tried, and each failed (email: the mailbox does not exist).", LastAttempt: &at,
			Tried: []breach.Tried{{Channel: breach.Email, Addressee: breach.ToGuardian, Tries: 2, State: breach.FailedPermanent, Reason: "no_such_mailbox", At: at}}}
		if q.Contacts {
			u.Masked = []string{"email =•••@•••.example"}
		}
		page.People = append(page.People, u)
	}
	if from+q.Limit < 2500 {
		page.Next = strconv.Itoa(from + q.Limit)
	}
	return page, nil
}

func (d *desk) WouldTryAgain(_ context.Context, id string, _ breach.Retry, _ breach.Actor) (breach.Retried, error) {
	return breach.Retried{People: 2400, Covered: 12, Stays: map[string]int64{"no_contact": 30, "may_have_arrived": 2}}, d.known(id)
}

func (d *desk) TryAgain(ctx context.Context, id string, r breach.Retry, by breach.Actor) (breach.Retried, error) {
	out, err := d.WouldTryAgain(ctx, id, r, by)
	out.Decision = "d1"
	return out, err
}

func (d *desk) AnnounceNow(_ context.Context, id, _ string, by breach.Actor) (breach.AnnounceNow, error) {
	return breach.AnnounceNow{Wave: 1, PlanHash: "aa", By: by.ID}, d.known(id)
}

func (d *desk) DecideAbout(context.Context, string, breach.Outcome, breach.Outcome, string, breach.Actor) (int64, error) {
	return 7, nil
}

func (d *desk) FileAgain(context.Context, string, string, breach.Actor) error { return nil }

func (d *desk) Acknowledge(_ context.Context, id, obligation, number string, _ breach.Actor) (breach.Filing, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.filing = breach.Filing{Incident: id, Obligation: obligation, Route: "portal", Status: "acknowledged", FiledAt: opened, Acknowledgement: number}
	return d.filing, d.known(id)
}

func (d *desk) Incidents(context.Context) ([]breach.Incident, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return []breach.Incident{d.incident()}, nil
}

func (d *desk) incident() breach.Incident {
	return breach.Incident{ID: "inc1", Title: "泄露的凭据表 \x1b[31m", Policy: "mooc", State: d.state, OpenedBy: "wei.lin", OpenedAt: opened, FactRevision: 2}
}

func (d *desk) Overview(_ context.Context, id string) (breach.Overview, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	due, late, score := opened.Add(72*time.Hour), opened.Add(-2*time.Hour), 3.0
	v := breach.Overview{
		Incident: d.incident(), At: opened.Add(90 * time.Minute), Total: 1000, Balanced: true, EngineAnswers: true, Paused: d.paused,
		Assessment: &breach.Assessment{Scheme: "enisa-2013", Score: &score, Level: "high"},
		Duties: []breach.Duty{
			{Obligation: breach.Obligation{ID: "eu-gdpr/authority/initial", Duty: "notify_authority", Title: "Notify the supervisory authority", Verdict: breach.Applies, DueAt: &due}, State: breach.ObligationDrafting},
			{Obligation: breach.Obligation{ID: "cn-pipl-57/authority/notice", Duty: "notify_authority", Title: "Notify the department", Verdict: breach.Applies, DueAt: &late, Clock: &breach.Clock{Provisional: true}}},
			{Obligation: breach.Obligation{ID: "us-x/authority/y", Duty: "notify_authority", Verdict: breach.DoesNotApply}},
		},
		People:   breach.Tally{breach.Reached: 812, breach.Attempted: 100, breach.Pending: 48, breach.Unreachable: 40},
		Channels: map[breach.Channel]breach.ChannelCounts{breach.Email: {"accepted": 900, "failed_permanent": 12}},
		Failures: []breach.FailureCount{{Channel: breach.Email, Reason: "no_such_mailbox", Count: 12}},
		Waves:    []breach.Wave{{Wave: 1, Total: 1000, LoadedBy: "wei.lin", LoadedAt: opened}},
		Awaited:  []breach.Awaited{{What: "approve", Role: breach.RoleLead, NotBy: "wei.lin", Ref: strings.Repeat("ab", 32), Since: opened}},
		Missing:  []string{"narrative.en.remedies"}, Notes: []string{"data.estimated_people is 900: an estimate"}, Revision: 7,
	}
	if d.plan != nil {
		plan := *d.plan
		if plan.Plan.Wave > 1 {
			v.Waves = append(v.Waves, breach.Wave{Wave: 2, LoadedBy: plan.Author, LoadedAt: opened})
		}
		v.Waves[len(v.Waves)-1].Plan = &plan
	}
	if d.filing.Obligation != "" {
		v.Filings = []breach.Filing{d.filing}
	}
	return v, d.known(id)
}

func (d *desk) CheckPlan(_ context.Context, id string, wave int) (breach.PlanCheck, error) {
	gap := breach.ContentGap{Obligation: "eu-gdpr/individuals/notice", Field: "dpo", Kind: breach.GapMissing, Says: "the data protection officer",
		Texts: []string{"email en self"}, Citation: "GDPR art. 34(2)", Verified: true, Do: "Write it as contents.<language>.dpo of the incident"}
	note := breach.ContentNote{Kind: breach.NoteMayBeRequired, Field: "legal_rights", Says: "Required if the duty turns out to apply: rights", Obligations: []string{"jp-appi/individuals/notice"}}
	estimate, list := int64(900), int64(1203)
	number := breach.NumberCount{Field: "people.total", Estimate: &estimate, List: &list, Drives: &list, Open: true, Says: "1,203 from the list loaded at 2026-03-01T08:00:00Z, the estimate said 900"}
	return breach.PlanCheck{Wave: wave, Problems: []string{}, Numbers: []breach.NumberCount{number},
		Contents: breach.ContentCheck{Checked: []string{gap.Obligation}, Gaps: []breach.ContentGap{gap}, Notes: []breach.ContentNote{note}}}, d.known(id)
}

func (d *desk) WaiveContents(_ context.Context, id string, _ int, gaps []breach.Waiver, _ string, _ breach.Actor) ([]breach.Waiver, error) {
	return gaps, d.known(id)
}

func (d *desk) DecideNumber(_ context.Context, id string, _ breach.NumberDecision, _ breach.Actor) (breach.Amended, error) {
	return breach.Amended{}, d.known(id)
}

func (d *desk) PlanRevision(ctx context.Context, id string, wave, revision int) (breach.PlanRecord, []breach.Text, error) {
	text := func(body string) breach.Text {
		t, err := breach.NewText(breach.TextBody{Kind: breach.KindNotice, Channel: "sms", Locale: "en", Variant: "self", Parts: map[string]string{"text": body}})
		if err != nil {
			panic(err)
		}
		return t
	}
	t := text("We are sorry.\nCall the hotline of the first version, which is quite a long line so that it has to be wrapped.")
	if revision == 2 {
		t = text("We are sorry.\nCall 116 117.\nYour code: {{reference}}")
	} else if revision != 1 {
		return breach.PlanRecord{}, nil, breach.Errorf(breach.ErrNotFound, "the plan of list %d has no version %d", wave, revision)
	}
	p := breach.Plan{Incident: id, Wave: 1, Revision: revision, Notices: []breach.NoticeRef{t.Ref}}
	return breach.PlanRecord{Plan: p, Hash: p.Hash(), State: breach.PlanReturned, Author: "wei.lin", CreatedAt: opened}, []breach.Text{t}, d.known(id)
}

func (d *desk) SMSCost(context.Context, string, breach.PlanRecord, []breach.Text) (*breach.SMSCost, error) {
	price := 0.05
	c := &breach.SMSCost{}
	c.Add(breach.SMSLine{Locale: "zh-Hans", Country: "CN", Provider: "gateway", People: 1200, Parts: 2, UCS2: true, Currency: "CNY", Price: &price})
	c.Add(breach.SMSLine{Locale: "zh-Hans", Country: "SG", Provider: "twilio", People: 3, Parts: 2, UCS2: true})
	c.Sum()
	return c, nil
}

func (d *desk) FirstWays(context.Context, string, breach.PlanRecord) (*breach.Ways, error) {
	return &breach.Ways{First: []breach.FirstWay{{Channel: breach.Email, Provider: "smtp", People: 90000}, {Channel: breach.SMS, Provider: "gateway", People: 1200}, {Channel: breach.SMS, Provider: "twilio", People: 3}}, Nobody: 7}, nil
}

func (d *desk) TestNotice(_ context.Context, id string, q breach.TestQuery, _ breach.Actor) (breach.TestsSent, error) {
	if q.To != "wei@larkfield.example" {
		return breach.TestsSent{}, breach.Errorf(breach.ErrForbidden, "tests go only to those whom the setting tests.to names")
	}
	sent := breach.TestSent{Why: "made up", Channel: q.Channel, Locale: "en", To: "w•••@•••.example", Provider: "smtp", State: breach.Accepted}
	if q.Person == 9 {
		sent.State, sent.None = "", "the plan has no text for this channel"
	}
	return breach.TestsSent{Tests: []breach.TestSent{sent}}, d.known(id)
}

func (d *desk) Preview(_ context.Context, id string, q breach.PreviewQuery, _ breach.Actor) (breach.Previews, error) {
	size := breach.SizeOfSMS("Hello")
	one := breach.Preview{
		Why: "person 1", Person: 1, Wave: 1, Addressee: breach.ToSelf, Channel: breach.Email, Locale: "en", Masked: []string{"email a•••@•••.test"},
		Subject: "Notice", Text: "Dear Axx,\n\nWe are sorry.", HTML: "<p>We are sorry.</p>",
	}
	if !q.Worst {
		return breach.Previews{Previews: []breach.Preview{one}}, d.known(id)
	}
	return breach.Previews{Looked: 3, Previews: []breach.Preview{one, {Why: "no email", Person: 2, Channel: breach.SMS, Locale: "en", Text: "Hello", SMS: &size}, {Why: "no name", Person: 3, None: "there is no contact of theirs"}}}, d.known(id)
}

func (d *desk) Plan(_ context.Context, id string, _ int) (breach.PlanRecord, []breach.Text, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.known(id); err != nil {
		return breach.PlanRecord{}, nil, err
	}
	if d.plan == nil {
		return breach.PlanRecord{}, nil, breach.Errorf(breach.ErrNotFound, "no plan has been submitted yet")
	}
	if d.broken {
		other, err := breach.NewText(breach.TextBody{Kind: "notice", Channel: "sms", Locale: "en", Parts: map[string]string{"text": "something else"}})
		return *d.plan, []breach.Text{other}, err
	}
	return *d.plan, d.texts, nil
}

func (d *desk) Timeline(_ context.Context, id string, after int64, limit int) ([]breach.AuditEntry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []breach.AuditEntry
	prev := ""
	for seq := int64(1); seq <= 620; seq++ {
		e := breach.AuditEntry{Seq: seq, At: opened.Add(time.Duration(seq) * time.Second), Actor: "wei.lin", Action: "plan.submitted", Data: json.RawMessage(`{"wave":1}`), Prev: prev}
		if d.broken && seq == 300 {
			e.Actor = "somebody.else"
		}
		e.Hash = evidence.ChainHash(prev, seq, e.At, "wei.lin", e.Action, e.Data)
		prev = e.Hash
		if seq > after && len(all) < limit {
			all = append(all, e)
		}
	}
	return all, d.known(id)
}

func (d *desk) FindPerson(_ context.Context, _ string, _ breach.Actor, q breach.PersonQuery, _ string) (breach.PersonView, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.looks++
	if q.Email != "li.na@example.com" {
		return breach.PersonView{}, breach.Errorf(breach.ErrNotFound, "nobody has this contact")
	}
	return breach.PersonView{Reference: "K7-21", Wave: 1, Locale: "zh-Hans", Country: "CN", Outcome: breach.Reached, Masked: []string{"email l•••@•••.com"},
		History: []breach.PersonMoment{{At: opened, What: "email accepted"}}}, nil
}

func (d *desk) Invariant(_ context.Context, id string) (breach.Invariant, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t, r := breach.Tally{breach.Reached: 3}, breach.Tally{breach.Reached: 3}
	if d.broken {
		r = breach.Tally{breach.Reached: 2}
	}
	return breach.Invariant{People: 3, Tally: t, Recount: r, Equal: !d.broken}, d.known(id)
}

func (d *desk) SealEvidence(_ context.Context, id string, _ breach.Actor) (breach.Sealed, error) {
	return breach.Sealed{File: "pack.zip", SHA256: "aa", At: opened}, d.known(id)
}

type nopCloser struct{ io.ReadSeeker }

func (nopCloser) Close() error { return nil }

func (d *desk) EvidenceFile(_ context.Context, id string, _ breach.Actor) (string, io.ReadSeekCloser, error) {
	return "pack.zip", nopCloser{strings.NewReader(string(d.pack))}, d.known(id)
}

func (d *desk) Authenticate(_ context.Context, token string) (breach.Actor, error) {
	for _, a := range []breach.Actor{{ID: "wei.lin", Role: breach.RoleResponder}, {ID: "ana.costa", Role: breach.RoleLead}, {ID: "scanner", Role: breach.RoleDetector}} {
		if token == "token-of-"+a.ID {
			return a, nil
		}
	}
	return breach.Actor{}, breach.Errorf(breach.ErrUnauthorized, "this token is not known")
}

func (d *desk) ReserveKey(_ context.Context, r breach.KeyedRequest, _ time.Duration) (breach.KeyState, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	b, ok := d.answers[r.Actor+r.Key]
	if ok {
		return breach.KeyState{Answer: b, Status: http.StatusOK}, nil
	}
	return breach.KeyState{Yours: true}, nil
}

func (d *desk) RenewKey(context.Context, breach.KeyedRequest, time.Duration) (bool, error) {
	return true, nil
}

func (d *desk) SaveAnswer(_ context.Context, r breach.KeyedRequest, answer []byte, _ int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answers[r.Actor+r.Key] = answer
	return nil
}

func (d *desk) GiveUpKey(context.Context, breach.KeyedRequest, bool) error { return nil }

func (d *desk) Take(context.Context, string, string, *http.Request) error { return nil }

// cutter lets n requests be carried out without their answers arriving.
func cutter(n int, next http.Handler) http.Handler {
	var mu sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n--
		lost := n >= 0
		mu.Unlock()
		if lost {
			next.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
}

func (d *desk) Processors(_ context.Context, id string) (breach.Register, error) {
	return breach.Register{Policy: "mooc", Location: "CN", Processors: []breach.Processor{
		{Provider: "gateway", Channel: breach.SMS, OperatedBy: "processor", Location: "CN", Contract: "agreement", Receives: []string{"phone", "notice"}, Deletes: "request",
			Handed: []breach.HandedTo{{Country: "CN", Messages: 40}}, Refused: []breach.RefusedTo{{People: 2, Reason: "objection"}},
			Told: &breach.ProcessorErased{How: "request", Messages: 40}},
	}, Transfers: []breach.TransferSaid{{PeopleIn: []string{"CN"}, OnlyIn: []string{"CN"}}}}, d.known(id)
}

func (d *desk) Erase(ctx context.Context, id string, _ breach.Actor) (breach.Register, error) {
	return d.Processors(ctx, id)
}

func (d *desk) RequestedErasure(_ context.Context, id, _, _ string, _ breach.Actor) error {
	return d.known(id)
}
