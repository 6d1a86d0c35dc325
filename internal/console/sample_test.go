package console

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// An invented incident, as it stands at one invented instant.
var sampleNow = time.Date(2026, 11, 17, 19, 40, 0, 0, time.UTC)

const sampleID = "7q4k-md2x"

func ago(d time.Duration) time.Time { return sampleNow.Add(-d) }
func at(d time.Duration) *time.Time { t := sampleNow.Add(d); return &t }

var sampleReasons = map[string]Reason{
	"no_such_address":     {"The mailbox does not exist", "Goes on to the next channel", "Nothing. If you hold newer addresses, load them as a new list"},
	"mailbox_full":        {"The mailbox is full", "Tried again later, then the next channel", "Nothing"},
	"blocked_by_receiver": {"The receiving server refuses the message", "Goes on to the next channel", "Ask your mail team to contact that server's postmaster"},
	"number_not_in_use":   {"The number is not in use", "Goes on to the next channel", "Nothing"},
	"opted_out":           {"The person stopped messages from this number", "Goes on to the next channel", "Nothing; never argue with the carrier"},
	"no_answer":           {"The provider did not answer", "The provider is asked; never sent again blindly", "Nothing, or decide by hand"},
}

func sampleDuties() []breach.Duty {
	clock := func(from string, started time.Duration, value int, unit string) *breach.Clock {
		return &breach.Clock{From: from, StartedAt: at(started), Value: value, Unit: unit, Counting: "clock_hours"}
	}
	soft := clock("aware_at", -46*time.Hour, 72, "hours")
	soft.Soft = "immediately"
	provisional := clock("detected_at", -47*time.Hour, 3, "calendar_days")
	provisional.Provisional = true
	rules := breach.RuleRef{Version: "2026-11-22", SHA256: strings.Repeat("4be207d9", 8)}
	return []breach.Duty{
		{Obligation: breach.Obligation{ID: "cn-pipl-57/individuals/notice", Regime: "cn-pipl-57", Duty: "notify_individuals", Title: "Tell the people whose information is concerned",
			Verdict: breach.Applies, DueAt: at(17*time.Hour + 12*time.Minute), Clock: soft, Binding: "house_policy", Citation: "PIPL art. 57(2)", Rules: rules,
			Because: []string{"Personal information of people in mainland China leaked or may have leaked", "That harm was effectively avoided is not proven, so the duty applies"}}},
		{Obligation: breach.Obligation{ID: "eu-gdpr/individuals/notice", Regime: "eu-gdpr", Duty: "notify_individuals", Title: "Tell the people whose data are concerned",
			Verdict: breach.Applies, DueAt: at(17*time.Hour + 12*time.Minute), Clock: soft, Binding: "house_policy", Citation: "GDPR art. 34(1)", Rules: rules,
			Because: []string{"A high risk to people is likely: passwords, weakly hashed"}}},
		{Obligation: breach.Obligation{ID: "eu-gdpr/authority/initial", Regime: "eu-gdpr", Duty: "notify_authority", Title: "Notify the supervisory authority",
			Verdict: breach.Applies, DueAt: at(17*time.Hour + 26*time.Minute), Clock: clock("aware_at", -54*time.Hour-34*time.Minute, 72, "hours"), Binding: "law", Citation: "GDPR art. 33(1), (3)", Rules: rules,
			Because: []string{"19,440 people live in the European Union", "A risk to people is not unlikely"}}, State: breach.ObligationAwaitingApproval},
		{Obligation: breach.Obligation{ID: "sg-pdpa/authority/initial", Regime: "sg-pdpa", Duty: "notify_authority", Title: "Notify the commission",
			Verdict: breach.Applies, DueAt: at(3*time.Hour + 5*time.Minute), Clock: provisional, Binding: "law", Citation: "PDPA 26D", Rules: rules,
			Because: []string{"6,120 people in Singapore; the threshold is 500"}}, State: breach.ObligationDrafting},
		{Obligation: breach.Obligation{ID: "us-ca/authority/copy", Regime: "us-ca", Duty: "notify_authority", Title: "Send a copy to the Attorney General",
			Verdict: breach.CannotTell, Clock: &breach.Clock{From: "individuals_notified_at", Provisional: true}, Binding: "law", Citation: "Civil Code 1798.82(f)", Rules: rules,
			Because: []string{"Applies when more than 500 residents of California are told"}, Missing: []string{"people.by_region.US-CA"}}},
		{Obligation: breach.Obligation{ID: "cn-pipl-57/authority/notice", Regime: "cn-pipl-57", Duty: "notify_authority", Title: "Notify the department that protects personal information",
			Verdict: breach.Applies, DueAt: at(-52 * time.Hour), Clock: clock("aware_at", -55*time.Hour, 4, "hours"), Binding: "house_policy", Citation: "PIPL art. 57(1)", Rules: rules,
			Because: []string{"No threshold: even a possible leak counts"}}, State: breach.ObligationAcknowledged},
		{Obligation: breach.Obligation{ID: "cn-cac-incident-2025/authority/initial_other", Regime: "cn-cac-incident-2025", Duty: "notify_authority", Title: "Report to the provincial cyberspace administration",
			Verdict: breach.DoesNotApply, Citation: "CAC Measures (2025) art. 4", Rules: rules, Because: []string{"184,210 people; the number starts at 1,000,000"}}},
	}
}

var sampleTally = breach.Tally{
	breach.Reached: 121884, breach.Attempted: 31406, breach.Pending: 18733, breach.Held: 6120,
	breach.Unreachable: 1964, breach.Covered: 3871, breach.Exempt: 214, breach.Withdrawn: 18,
}

// sampleOverview is a send under way, with a second list that waits for approval.
func sampleOverview() breach.Overview {
	score := 3.5
	first, _ := samplePlan(1)
	first.State, first.DecidedBy, first.DecidedAt = breach.PlanApproved, lead.ID, at(-41*time.Hour)
	second, _ := samplePlan(2)
	o := breach.Overview{
		Incident: breach.Incident{ID: sampleID, Title: "Backup of course accounts readable from outside", Policy: "mooc", State: breach.IncidentNotifying,
			OpenedBy: "detector:edr", OpenedAt: ago(54*time.Hour + 48*time.Minute), AwareAt: at(-54*time.Hour - 34*time.Minute), FactRevision: 6},
		Organisation: "Larkfield Learning",
		Assessment:   &breach.Assessment{Scheme: "enisa-2013", Score: &score, Level: "high"},
		Duties:       sampleDuties(),
		People:       sampleTally, Total: sampleTally.Sum(), Balanced: true,
		Channels: map[breach.Channel]breach.ChannelCounts{
			breach.Email: {"intended": 20, "handed_over": 310, "accepted": 27000, "delivered": 118240, "failed_temporary": 642, "failed_permanent": 3189, "unknown": 0, "reconciled": 12, "repeated": 12},
			breach.SMS:   {"intended": 0, "handed_over": 0, "accepted": 965, "delivered": 3480, "failed_temporary": 0, "failed_permanent": 1300, "unknown": 57, "reconciled": 0, "repeated": 0},
			breach.Push:  {"intended": 0, "handed_over": 0, "accepted": 22400, "delivered": 0, "failed_temporary": 0, "failed_permanent": 311, "unknown": 0, "reconciled": 0, "repeated": 0},
		},
		Countries: []breach.CountryTally{
			{Country: "CN", People: breach.Tally{breach.Reached: 92280, breach.Attempted: 25890, breach.Pending: 16070, breach.Covered: 3461, breach.Exempt: 214}},
			{Country: "DE", People: breach.Tally{breach.Reached: 9020, breach.Attempted: 1370, breach.Pending: 843, breach.Unreachable: 1177}},
			{Country: "FR", People: breach.Tally{breach.Reached: 5101, breach.Attempted: 744, breach.Pending: 398, breach.Unreachable: 787}},
			{Country: "SG", People: breach.Tally{breach.Held: 6120}},
			{Country: "US", People: breach.Tally{breach.Reached: 1702, breach.Attempted: 391, breach.Pending: 217}},
			{Country: "", People: breach.Tally{breach.Reached: 300, breach.Attempted: 20}},
		},
		Failures: []breach.FailureCount{
			{Channel: breach.Email, Reason: "no_such_address", Count: 2871}, {Channel: breach.Email, Reason: "mailbox_full", Count: 642}, {Channel: breach.Email, Reason: "blocked_by_receiver", Count: 318},
			{Channel: breach.SMS, Reason: "number_not_in_use", Count: 1204}, {Channel: breach.SMS, Reason: "opted_out", Count: 96}, {Channel: breach.SMS, Reason: "no_answer", Count: 57},
			{Channel: breach.Push, Reason: "app_removed", Count: 311},
		},
		Waves: []breach.Wave{
			{Wave: 1, Total: 142910, LoadedBy: responder.ID, LoadedAt: ago(44 * time.Hour), Plan: &first},
			{Wave: 2, Total: 41300, LoadedBy: author.ID, LoadedAt: ago(2 * time.Hour), Plan: &second},
		},
		Announcement: &breach.Notice{Reference: "LKF-2026-11", URL: "https://notices.example/notices/LKF-2026-11", Reason: "no_contact", PublishedAt: ago(20 * time.Hour), KeepUntil: *at(90 * 24 * time.Hour)},
		Filings: []breach.Filing{{Obligation: "cn-pipl-57/authority/notice", Route: "portal", Status: "acknowledged", FiledAt: ago(52*time.Hour + 20*time.Minute),
			Acknowledgement: "2026-ZJ-004417", AcknowledgedAt: at(-51 * time.Hour)}},
		Awaited: []breach.Awaited{
			{What: "load_people", Role: breach.RoleResponder, Since: ago(5 * time.Hour)},
			{What: "approve", Role: breach.RoleLead, NotBy: author.ID, Ref: second.Hash, Since: ago(42 * time.Minute)},
		},
		Timings:       breach.Timings{DetectedAt: at(-54*time.Hour - 48*time.Minute), ApprovedAt: at(-41 * time.Hour), FirstHandover: at(-41 * time.Hour), LastHandover: at(-2 * time.Minute)},
		EngineAnswers: true, Revision: 240, RecountedAt: sampleNow, At: sampleNow,
	}
	return o
}

// text makes one text of the plan as the renderer does.
func text(b breach.TextBody, reviewed bool) breach.Text {
	t, err := breach.NewText(b)
	if err != nil {
		panic(err)
	}
	t.Ref.Reviewed = reviewed
	return t
}

const sampleMail = `<!doctype html>
<html lang="%s"><head><meta charset="utf-8"><title>Notice</title><style>body{margin:0;background:#f3f4f1;color:#151c20}.sheet{max-width:38rem;margin:0 auto;padding:24px;background:#fff;font:400 16px/1.55 Arial,"Noto Sans CJK SC",sans-serif}h1{font-size:22px}h2{font-size:17px;margin:20px 0 4px}</style></head>
<body><div class="sheet"><h1>%s</h1><p>{{greeting}}</p><h2>%s</h2><p>%s</p><ul>{{advice}}</ul><p class="code">{{reference}}</p></div></body></html>`

func sampleTexts() []breach.Text {
	greeting := breach.Choice{Pick: "first", Options: []breach.Option{{When: []string{"named"}, Text: "Dear {{name}}", HTML: "Dear {{name}}"}, {Text: "Hello,", HTML: "Hello,"}}}
	advice := breach.Choice{Pick: "all", Join: "\n", Options: []breach.Option{
		{When: []string{"password", "password_hash"}, Text: "- Change your password, and wherever you use the same one.", HTML: "<li>Change your password, and wherever you use the same one.</li>"},
		{When: []string{"phone"}, Text: "- Be careful with calls that know your name.", HTML: "<li>Be careful with calls that know your name.</li>"},
		{Text: "- Change your password.\n- Be careful with calls that know your name.", HTML: "<li>Change your password.</li><li>Be careful with calls that know your name.</li>"}}}
	choices := map[string]breach.Choice{"greeting": greeting, "advice": advice}
	mail := func(locale, variant, subject, what, body string, reviewed bool) breach.Text {
		return text(breach.TextBody{Kind: breach.KindNotice, Channel: "email", Locale: locale, Variant: variant, Choices: choices, Parts: map[string]string{
			"subject": subject, "text": "{{greeting}}\n\n" + what + "\n\n" + body + "\n\n{{advice}}\n\nReference {{reference}}", "html": fmt.Sprintf(sampleMail, locale, subject, what, body)}}, reviewed)
	}
	enBody, zhBody := strings.Repeat("From 3 to 15 November a backup of course accounts could be read from outside our network. We closed it on 15 November at 21:40. ", 3), strings.Repeat("11 月 3 日至 15 日，一份课程账户备份可从外部网络读取。我们已于 11 月 15 日 21:40 关闭访问。", 3)
	return []breach.Text{
		mail("en", "self", "Larkfield: a security incident concerns your personal information", "What happened", enBody, true),
		mail("zh-Hans", "self", "云雀田：一起安全事件涉及您的个人信息", "发生了什么", zhBody, true),
		mail("de", "self", "Larkfield: Ein Sicherheitsvorfall betrifft Ihre Daten", "Was geschehen ist", "Vom 3. bis 15. November war eine Sicherungskopie von außen lesbar.", false),
		text(breach.TextBody{Kind: breach.KindNotice, Channel: "sms", Locale: "en", Variant: "self", Parts: map[string]string{"text": "Larkfield: your account data was exposed 3-15 Nov. Change your password now. Details: larkfield.example/n Ref {{reference}}. We never ask for passwords."}}, true),
		text(breach.TextBody{Kind: breach.KindNotice, Channel: "sms", Locale: "zh-Hans", Variant: "guardian", Parts: map[string]string{"text": "【云雀田学堂】您的孩子的账户信息可被外部读取，请立即修改密码。编号 {{reference}}。我们不会索要密码。"}}, true),
		text(breach.TextBody{Kind: breach.KindNotice, Channel: "push", Locale: "en", Variant: "self", Parts: map[string]string{"title": "Larkfield: security notice", "body": "An important notice for you. Code {{reference}}", "link": "https://larkfield.example/n"}}, true),
		text(breach.TextBody{Kind: breach.KindAnnouncement, Channel: "page", Locale: "en", Parts: map[string]string{"title": "Larkfield: notice about a security incident", "html": "<header><h1>A security incident concerns personal information</h1></header><section><h2>What happened</h2><p>A backup could be read.</p></section>", "text": "What happened\nA backup could be read."}}, true),
		text(breach.TextBody{Kind: breach.KindReport, Channel: "eu-gdpr/authority/initial", Locale: "en", Parts: map[string]string{"title": "Notification of a personal data breach", "text": "Controller: Larkfield Learning\nNumber of people: 184,210\nCause: not known yet"}, Open: []string{"cause"}}, true),
	}
}

func samplePlan(wave int) (breach.PlanRecord, []breach.Text) {
	texts := sampleTexts()
	p := breach.Plan{Incident: sampleID, Wave: wave, Revision: 4,
		People: breach.PeopleSnapshot{Total: []int64{0, 142910, 41300}[wave], Blocks: 143, Digest: strings.Repeat("ab12", 16), None: 2080, Guardian: 318,
			Reachable: map[breach.Channel]int64{breach.Email: 38480, breach.SMS: 8060, breach.Push: 9100}, ByLocale: map[string]int64{"zh-Hans": 29060, "en": 9120, "de": 3120}},
		Channels: breach.ChannelPlan{Policy: "mooc", SHA256: strings.Repeat("c0de", 16), Order: []breach.Channel{breach.Email, breach.SMS, breach.Push}},
		Rules:    breach.RulesSnapshot{FactRevision: 6, SHA256: strings.Repeat("4be2", 16)},
	}
	for _, t := range texts {
		switch t.Ref.Kind {
		case breach.KindNotice:
			p.Notices = append(p.Notices, t.Ref)
		case breach.KindAnnouncement:
			p.Announcement = append(p.Announcement, t.Ref)
		default:
			p.Reports = append(p.Reports, t.Ref)
		}
	}
	return breach.PlanRecord{Plan: p, Hash: p.Hash(), State: breach.PlanAwaiting, Author: author.ID, CreatedAt: ago(50 * time.Minute)}, texts
}

func sampleTimeline(after int64, limit int) []breach.AuditEntry {
	kinds := []struct{ actor, action, data string }{
		{"detector:edr", "incident.detected", `{"policy":"mooc"}`}, {"tocsin", "duties.judged", `{"fact_revision":1,"level":"high","obligations":7}`},
		{responder.ID, "people.loaded", `{"wave":1,"added":142910,"duplicates":431}`}, {author.ID, "plan.submitted", `{"wave":1,"revision":4,"people":142910}`},
		{lead.ID, "plan.approved", `{"wave":1}`}, {"tocsin", "duty.moved", `{"obligation":"eu-gdpr/authority/initial","from":"drafting","to":"awaiting_approval"}`},
		{"tocsin", "report.filed", `{"obligation":"cn-pipl-57/authority/notice","route":"portal"}`}, {responder.ID, "send.paused", `{}`}, {responder.ID, "send.resumed", `{}`},
		{"tocsin", "clock.reminder", `{"obligation":"sg-pdpa/authority/initial","kind":"half"}`}, {"tocsin", "something.newer", `{"x":1}`},
	}
	var out []breach.AuditEntry
	for i := after + 1; i <= after+int64(limit) && i <= 240; i++ {
		k := kinds[int(i)%len(kinds)]
		out = append(out, breach.AuditEntry{Seq: i, At: ago(time.Duration(241-i) * 13 * time.Minute), Actor: k.actor, Action: k.action, Data: json.RawMessage(k.data), Hash: strings.Repeat("7f", 32)})
	}
	return out
}

// sampleDesk answers every question about the sample; tests replace what they look at.
func sampleDesk() *fakeDesk {
	d := &fakeDesk{authenticate: authenticate}
	d.overview = func(id string) (breach.Overview, error) {
		if o, ok := sampleOthers()[id]; ok {
			return o, nil
		}
		if id != sampleID {
			return breach.Overview{}, breach.Errorf(breach.ErrNotFound, "there is no such incident")
		}
		return sampleOverview(), nil
	}
	d.incidents = func() ([]breach.Incident, error) {
		all := []breach.Incident{sampleOverview().Incident}
		for _, id := range []string{"3f8w-qk6n", "9tzc-4hve", "x2pb-7rma", "m6gd-e9sk"} {
			all = append(all, sampleOthers()[id].Incident)
		}
		return all, nil
	}
	d.plan = func(id string, wave int) (breach.PlanRecord, []breach.Text, error) {
		if id != sampleID {
			return breach.PlanRecord{}, nil, breach.Errorf(breach.ErrNotFound, "no plan has been submitted yet")
		}
		if wave == 0 {
			wave = 2
		}
		rec, texts := samplePlan(wave)
		return rec, texts, nil
	}
	d.timeline = func(_ string, after int64, limit int) ([]breach.AuditEntry, error) {
		return sampleTimeline(after, limit), nil
	}
	d.returns = sampleReturns()
	d.callQueue, d.letters = sampleCalls, sampleLetters()
	d.findPerson = func(_ string, _ breach.Actor, q breach.PersonQuery, _ string) (breach.PersonView, error) {
		if q.Email != "lin@mail.example" {
			return breach.PersonView{}, breach.Errorf(breach.ErrNotFound, "nobody fits")
		}
		return breach.PersonView{Reference: "LKF-9C4W-T6HA-2ZPK", Wave: 1, Locale: "zh-Hans", Country: "CN", Outcome: breach.Reached, Masked: []string{"email l•••@•••.example", "phone •••17"}, History: []breach.PersonMoment{
			{At: ago(41 * time.Hour), What: "email accepted"}, {At: ago(40 * time.Hour), What: "email failed_permanent", Why: "no_such_address"},
			{At: ago(34 * time.Hour), What: "push refused", Why: "processor_abroad"}, {At: ago(33 * time.Hour), What: "sms handed_over"}, {At: ago(33*time.Hour - 19*time.Second), What: "sms delivered"}, {At: ago(33*time.Hour - 19*time.Second), What: "reached"},
		}}, nil
	}
	return d
}

// sampleOthers are further incidents of the list, each in another state.
func sampleOthers() map[string]breach.Overview {
	out := map[string]breach.Overview{}
	add := func(o breach.Overview) {
		o.EngineAnswers, o.At, o.Balanced = true, sampleNow, true
		out[o.Incident.ID] = o
	}
	due := func(d time.Duration, title string, v breach.Verdict) breach.Duty {
		return breach.Duty{Obligation: breach.Obligation{ID: "x/authority/" + title, Duty: "notify_authority", Title: title, Verdict: v, DueAt: at(d), Citation: "GDPR art. 33", Clock: &breach.Clock{From: "aware_at", StartedAt: at(-70 * time.Hour)}, Binding: "law"}}
	}
	add(breach.Overview{Incident: breach.Incident{ID: "3f8w-qk6n", Title: "Exam results file mailed to the wrong school", State: breach.IncidentMonitoring, OpenedBy: responder.ID, OpenedAt: ago(74 * time.Hour)},
		Duties: []breach.Duty{due(-126*time.Minute, "Notify the supervisory authority", breach.Applies)}, Assessment: &breach.Assessment{Level: "low"},
		People: breach.Tally{breach.Reached: 398, breach.Covered: 14}, Total: 412, Awaited: []breach.Awaited{{What: "close", Role: breach.RoleLead, Since: ago(time.Hour)}}})
	add(breach.Overview{Incident: breach.Incident{ID: "9tzc-4hve", Title: "Support mailbox forwarding to an outside address", State: breach.IncidentDraft, OpenedBy: "detector:siem", OpenedAt: ago(2 * time.Hour)}, Assessment: &breach.Assessment{Scheme: "enisa-2013", Range: []float64{1, 3.5}, Level: "high"},
		Duties: []breach.Duty{due(92*time.Minute, "Notify the supervisory authority", breach.CannotTell)}, People: breach.Tally{}, Missing: []string{"facts.data.classes", "contact.name"},
		Awaited: []breach.Awaited{{What: "load_people", Role: breach.RoleResponder, Since: ago(2 * time.Hour)}}})
	add(breach.Overview{Incident: breach.Incident{ID: "x2pb-7rma", Title: "Laptop with pupil records taken from a car", State: breach.IncidentAssessing, OpenedBy: responder.ID, OpenedAt: ago(20 * time.Hour)},
		Duties: []breach.Duty{due(52*time.Hour, "Notify the supervisory authority", breach.Applies)}, Assessment: &breach.Assessment{Level: "medium"}, People: breach.Tally{breach.Pending: 1306}, Total: 1306,
		Awaited: []breach.Awaited{{What: "submit", Role: breach.RoleResponder, Ref: "1", Since: ago(time.Hour)}}})
	closed := ago(100 * time.Hour)
	add(breach.Overview{Incident: breach.Incident{ID: "m6gd-e9sk", Title: "Webinar list shown to all who attended", State: breach.IncidentClosed, OpenedBy: responder.ID, OpenedAt: ago(900 * time.Hour), ClosedAt: &closed},
		People: breach.Tally{breach.Reached: 2071, breach.Covered: 4}, Total: 2075})
	return out
}
