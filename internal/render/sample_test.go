package render

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

func ptr[T any](v T) *T { return &v }

const (
	sampleReference = "LKF-N7Q4-KMD2-XE8V"
	samplePage      = "LKF-2026-11"
)

// sampleFile is a complete incident in two languages.
func sampleFile() breach.IncidentFile {
	return breach.IncidentFile{
		Policy: "mooc",
		Facts: breach.Facts{
			Incident: breach.IncidentFacts{
				Title: ptr("Backup of course accounts readable from outside"), Nature: []string{"confidentiality"}, Cause: ptr("error"),
				OccurredFrom: ptr(time.Date(2026, 11, 3, 2, 0, 0, 0, time.UTC)), DetectedAt: ptr(time.Date(2026, 11, 15, 12, 5, 0, 0, time.UTC)),
				AwareAt: ptr(time.Date(2026, 11, 15, 13, 40, 0, 0, time.UTC)),
			},
			Organisation: breach.Organisation{Name: ptr("Larkfield Learning"), Country: ptr("CN")},
			People:       breach.PeopleFacts{Total: ptr(int64(184000)), ByCountry: map[string]int64{"CN": 150000, "DE": 34000}, Categories: []string{"students"}},
			Data:         breach.DataFacts{Classes: []string{"name", "email", "phone", "password_hash"}, Hashed: ptr("weak")},
		},
		Narrative: map[string]breach.Narrative{
			"en": {
				Summary:         "From 3 to 15 November 2026 a backup of our course accounts could be read from outside our network. *We closed it* on 15 November at 21:40.",
				Consequences:    "Somebody could work out your password and try it on other sites, or pretend to be us.",
				MeasuresTaken:   "1. Closed the access.\n2. Signed everybody out.\n3. Told the authorities.",
				MeasuresPlanned: "By 30 November every password is stored in a stronger form.",
				IndividualSteps: "- Change your Larkfield password.\n- Be careful with calls from people who know your name & number.",
				Remedies:        "A free call-back line and a check of your account, until 31 March 2027.",
			},
			"zh-Hans": {
				Summary:         "2026 年 11 月 3 日至 15 日，我们的一份课程账户备份可以从外部网络读取。11 月 15 日 21:40 我们关闭了访问。",
				Consequences:    "他人可能推算出您的密码并尝试登录其他网站，也可能冒充我们与您联系。",
				MeasuresTaken:   "1. 关闭访问。\n2. 使全部登录失效。\n3. 向主管部门报告。",
				MeasuresPlanned: "11 月 30 日前，所有密码将改用更强的方式保存。",
				IndividualSteps: "- 修改您在云雀田学堂的密码。\n- 对能说出您姓名的陌生来电保持警惕。",
				Remedies:        "免费回电服务和账户检查，至 2027 年 3 月 31 日。",
			},
		},
		Contact: breach.Contact{Name: "Privacy desk", Email: "privacy@larkfield.example", Phone: "+86 400 000 0000", Address: "8 Lark Road, Hangzhou"},
	}
}

func sampleScope() Scope {
	return Scope{
		Policy: "mooc", Title: "Backup readable from outside", DefaultLocale: "zh-Hans", Locales: []string{"zh-Hans", "en"},
		Channels: []breach.Channel{breach.Email, breach.SMS, breach.Push}, Guardian: true, MinorAge: 14, AnswerDays: 15,
		ContactRequired: []string{"name", "email"}, PublicBaseURL: "https://larkfield.example", PageReference: samplePage,
	}
}

func sampleDuties() []breach.Obligation {
	duty := func(id, regime, phase string, v breach.Verdict, contents ...string) breach.Obligation {
		return breach.Obligation{ID: id, Regime: regime, Duty: "notify_authority", Phase: phase, Verdict: v, Contents: contents, Title: "Report to the authority", Citation: "art 1"}
	}
	individuals := breach.Obligation{ID: "cn-pipl-57/individuals/notice", Regime: "cn-pipl-57", Duty: "notify_individuals", Verdict: breach.Applies}
	return []breach.Obligation{
		duty("cn-pipl-57/authority/notice", "cn-pipl-57", "notice", breach.Applies, "data_categories", "cause", "consequences", "measures_taken", "individual_steps", "contact_point"),
		duty("cn-cac-incident-2025/authority/initial_other", "cn-cac-incident-2025", "initial_other", breach.CannotTell, "controller_id", "systems"),
		duty("cn-cac-incident-2025/authority/summary", "cn-cac-incident-2025", "summary", breach.CannotTell, "cause", "lessons"),
		duty("eu-gdpr/authority/initial", "eu-gdpr", "initial", breach.Applies, "nature", "dpo", "other_authorities"),
		duty("mooc/authority/report", "mooc", "report", breach.Applies),
		duty("us-hhs/authority/first", "us-hhs", "first", breach.DoesNotApply),
		individuals,
	}
}

func sampleEngine(t testing.TB) *Engine {
	t.Helper()
	e, err := New()
	require.NoError(t, err)
	return e
}

func sampleTexts(t testing.TB, e *Engine) []breach.Text {
	t.Helper()
	texts, problems, err := e.Texts(sampleFile(), sampleScope(), sampleDuties(), []string{"zh-CN", "en-US", "de-DE"})
	require.NoError(t, err)
	require.Empty(t, problems)
	return texts
}

func samplePerson() breach.Person {
	return breach.Person{
		Name: "Ana Brook", Email: "ana@mail.test", Phone: "+14045550151", PushToken: "token-1", Locale: "en-US",
		DataClasses: []string{"email", "password_hash"}, Guardian: &breach.Guardian{Name: "Rosa Brook", Email: "rosa@mail.test", Phone: "+14045550152"},
	}
}

// noticeText finds one text.
func noticeText(t testing.TB, texts []breach.Text, c breach.Channel, locale string, to breach.Addressee) breach.Text {
	t.Helper()
	for _, x := range texts {
		if x.Ref.Kind == breach.KindNotice && x.Ref.Channel == string(c) && x.Ref.Locale == locale && x.Ref.Variant == string(to) {
			return x
		}
	}
	t.Fatalf("no text for %s %s %s", c, locale, to)
	return breach.Text{}
}

// written is a message as somebody reads it.
func written(e *Engine, text breach.Text, p breach.Person, to breach.Addressee, reference string) (delivery.Message, error) {
	m, err := e.Message(text, p, to, reference)
	return m.Plain(), err
}
