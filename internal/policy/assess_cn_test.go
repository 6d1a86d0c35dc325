package policy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const cac = "cn-cac-incident-2025/authority/"

// cnCommon is an incident of a Chinese learning platform below every grade.
const cnCommon = `
incident: {nature: [confidentiality], cause: hacking, malicious: true, possible_only: false, detected_at: 2026-03-02T09:00:00+08:00, aware_at: 2026-03-02T11:00:00+08:00}
organisation: {country: CN, sectors: [education], roles: [controller], attributes: {critical_infrastructure: false}}
people: {total: 1200, by_country: {CN: 1200}, minors: 0, vulnerable: false, categories: [students]}
data: {classes: [name, email, password_hash], encrypted: false, key_compromised: false, hashed: weak, public_before: false, volume: some}
exposure: {recipients: unknown, exfiltrated: "yes"}
availability: {backup: true, restored_after_hours: 0, service_impact: none}
impact: {direct_loss: {CNY: 0}, outage_hours: 0, harm_effectively_avoided: false}
determinations: [{question: cn-cac-incident-2025/qualitative_backstop, answer: false, reason: checked against the guide}]
`

func amended(t testing.TB, base, patch string) breach.Facts {
	t.Helper()
	f, err := breach.MergeFacts(testFacts(t, base), []byte(patch))
	require.NoError(t, err)
	return f
}

func TestCACThresholds(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	const cii = `"organisation":{"attributes":{"critical_infrastructure":true}}`
	for name, c := range map[string]struct {
		patch, phase string
		want         breach.Verdict
		missing      []string
		question     bool
	}{
		"999,999 people":                   {`{"people":{"total":999999}}`, "initial_other", no, nil, false},
		"1,000,000 people":                 {`{"people":{"total":1000000}}`, "initial_other", yes, nil, false},
		"1,000,001 people":                 {`{"people":{"total":1000001}}`, "initial_other", yes, nil, false},
		"999,999, the question open":       {`{"people":{"total":999999},"determinations":null}`, "initial_other", breach.CannotTell, nil, true},
		"1,000,000, the question open":     {`{"people":{"total":1000000},"determinations":null}`, "initial_other", yes, nil, false},
		"a person says that it is graded":  {`{"determinations":[{"question":"cn-cac-incident-2025/qualitative_backstop","answer":true,"reason":"x"}]}`, "initial_other", yes, nil, false},
		"nobody counted":                   {`{"people":{"total":null}}`, "initial_other", breach.CannotTell, []string{"people.total"}, false},
		"the loss is not known":            {`{"impact":{"direct_loss":null}}`, "initial_other", breach.CannotTell, []string{"impact.direct_loss.CNY"}, false},
		"the loss is known in USD only":    {`{"impact":{"direct_loss":{"CNY":null,"USD":1}}}`, "initial_other", breach.CannotTell, []string{"impact.direct_loss.CNY"}, false},
		"CNY 4,999,999":                    {`{"impact":{"direct_loss":{"CNY":4999999}}}`, "initial_other", no, nil, false},
		"CNY 5,000,000":                    {`{"impact":{"direct_loss":{"CNY":5000000}}}`, "initial_other", yes, nil, false},
		"a million, but nothing leaked":    {`{"people":{"total":1000000},"exposure":{"recipients":"none","exfiltrated":"no"}}`, "initial_other", no, nil, false},
		"a million, leak not known":        {`{"people":{"total":1000000},"exposure":{"recipients":null,"exfiltrated":"unknown"}}`, "initial_other", yes, nil, false},
		"CII is told elsewhere":            {`{"people":{"total":1000000},` + cii + `}`, "initial_other", no, nil, false},
		"CII, a million":                   {`{"people":{"total":1000000},` + cii + `}`, "initial_cii", yes, nil, false},
		"CII, 29 minutes":                  {`{"impact":{"outage_hours":0.483},` + cii + `}`, "initial_cii", no, nil, false},
		"CII, 30 minutes":                  {`{"impact":{"outage_hours":0.5},` + cii + `}`, "initial_cii", yes, nil, false},
		"30 minutes of anybody else":       {`{"impact":{"outage_hours":0.5}}`, "initial_other", no, nil, false},
		"CII or not is not known":          {`{"people":{"total":1000000},"organisation":{"attributes":{"critical_infrastructure":null}}}`, "initial_cii", breach.CannotTell, []string{"organisation.attributes.critical_infrastructure"}, false},
		"a ministry, not asked yet":        {`{"people":{"total":1000000},"organisation":{"sectors":["government"]}}`, "initial_other", yes, nil, false},
		"a ministry":                       {`{"people":{"total":1000000},"organisation":{"sectors":["government"]},"determinations":[{"question":"cn-cac-incident-2025/central_organ","answer":true,"reason":"x"}]}`, "initial_central", yes, nil, false},
		"a ministry does not report twice": {`{"people":{"total":1000000},"organisation":{"sectors":["government"]},"determinations":[{"question":"cn-cac-incident-2025/central_organ","answer":true,"reason":"x"}]}`, "initial_other", no, nil, false},
		"not in China at all":              {`{"people":{"total":2000000,"by_country":{"CN":null,"DE":2000000}},"organisation":{"country":"DE"}}`, "initial_other", no, nil, false},
		"country of people not known":      {`{"people":{"total":2000000,"by_country":null},"organisation":{"country":"DE"}}`, "initial_other", breach.CannotTell, []string{"people.by_country"}, false},
		"map does not add up":              {`{"people":{"total":2000000,"by_country":{"CN":null,"DE":1999999}},"organisation":{"country":"DE"}}`, "initial_other", breach.CannotTell, []string{"people.by_country.CN"}, false},
	} {
		o := obligation(t, judge(t, rules, amended(t, cnCommon, c.patch)), cac+c.phase)
		require.Equal(t, c.want, o.Verdict, "%s: %v", name, o.Because)
		require.Equal(t, c.missing, o.Missing, name)
		if c.question {
			require.Contains(t, o.Questions, "cn-cac-incident-2025/qualitative_backstop", name)
		}
		if c.want == no {
			require.Nil(t, o.DueAt, name)
			require.Nil(t, o.Clock, name)
		} else {
			require.NotNil(t, o.DueAt, name)
			require.Equal(t, c.want == breach.CannotTell, o.Clock.Provisional, name)
		}
		require.NotEmpty(t, o.Because, name)
	}
}

func TestCACClocksAndPhases(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	at := func(s string) *time.Time {
		v, err := time.Parse(time.RFC3339, s)
		require.NoError(t, err)
		v = v.UTC()
		return &v
	}
	graded := func(patch string) breach.Judgement {
		f := amended(t, cnCommon, `{"people":{"total":1000000,"by_country":{"CN":1000000}}}`)
		f, err := breach.MergeFacts(f, []byte(patch))
		require.NoError(t, err)
		return judge(t, rules, f)
	}
	o := obligation(t, graded(`{}`), cac+"initial_other")
	require.Equal(t, at("2026-03-02T13:00:00+08:00"), o.DueAt, "four hours from detection")
	require.Equal(t, &breach.Clock{From: "detected_at", StartedAt: at("2026-03-02T09:00:00+08:00"), Value: 4, Unit: "hours", Counting: "clock_hours"}, o.Clock)
	require.Equal(t, "law", o.Binding)
	require.True(t, o.Overdue, "nothing was filed by %v", testNow)
	require.Empty(t, o.Missing)

	o = obligation(t, graded(`{"incident":{"filed_at":{"`+cac+`initial_other":"2026-03-02T14:00:00+08:00"}}}`), cac+"initial_other")
	require.False(t, o.Overdue, "late, but done")

	o = obligation(t, graded(`{"organisation":{"attributes":{"critical_infrastructure":true}}}`), cac+"initial_cii")
	require.Equal(t, at("2026-03-02T10:00:00+08:00"), o.DueAt)

	o = obligation(t, graded(`{}`), cac+"supplement")
	require.Equal(t, yes, o.Verdict, "a later phase takes the verdict of its first one")
	dueByGeneralTerm(t, o)
	require.Equal(t, "filed_at["+cac+"initial_other]", o.Clock.From)

	o = obligation(t, graded(`{}`), cac+"summary")
	require.Equal(t, yes, o.Verdict)
	require.Equal(t, at("2026-04-01T23:59:59+08:00"), o.DueAt, "provisional, from when it was noticed")
	require.True(t, o.Clock.Provisional)
	require.False(t, o.Overdue)
	require.Equal(t, []string{"cause", "measures_taken", "consequences", "recurrence_prevention", "accountability", "lessons"}, o.Contents)
	o = obligation(t, graded(`{"incident":{"handled_at":"2026-03-10T20:00:00Z"}}`), cac+"summary")
	require.Equal(t, at("2026-04-10T23:59:59+08:00"), o.DueAt, "from the end of handling, which was the 11th in China")
	require.False(t, o.Clock.Provisional)

	o = obligation(t, judge(t, rules, testFacts(t, cnCommon)), cac+"summary")
	require.Equal(t, no, o.Verdict)
	require.Equal(t, no, obligation(t, graded(`{}`), cac+"escalation_authority").Verdict)
}

func TestMissingStartIsProvisional(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	for name, c := range map[string]struct{ patch, due, missing string }{
		"detection unknown":      {`{"incident":{"detected_at":null}}`, "2026-03-02T15:00:00+08:00", "incident.detected_at"},
		"both unknown":           {`{"incident":{"detected_at":null,"aware_at":null}}`, "", "incident.detected_at"},
		"never from occurrence":  {`{"incident":{"detected_at":null,"aware_at":null,"occurred_from":"2026-01-01T00:00:00Z"}}`, "", "incident.detected_at"},
		"detection is the start": {`{}`, "2026-03-02T13:00:00+08:00", ""},
	} {
		o := obligation(t, judge(t, rules, amended(t, cnCommon, c.patch)), "cn-pipl-57/authority/notice")
		require.Equal(t, yes, o.Verdict, name)
		require.Equal(t, c.missing != "", o.Clock.Provisional, name)
		if c.missing == "" {
			require.Empty(t, o.Missing)
		} else {
			require.Contains(t, o.Missing, c.missing, name)
		}
		if c.due == "" {
			require.Nil(t, o.DueAt, name)
			continue
		}
		require.Equal(t, c.due, o.DueAt.In(time.FixedZone("", 8*3600)).Format(time.RFC3339), name)
	}
	gdpr := amended(t, cnCommon, `{"organisation":{"country":"FR"},"incident":{"aware_at":null}}`)
	o := obligation(t, judge(t, rules, gdpr), "eu-gdpr/authority/initial")
	require.Equal(t, time.Date(2026, 3, 5, 1, 0, 0, 0, time.UTC), *o.DueAt, "72 hours from detection for want of awareness")
	require.True(t, o.Clock.Provisional)
	require.Equal(t, "aware_at", o.Clock.From)
}

func TestPIPL(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	for name, c := range map[string]struct {
		patch             string
		authority, people breach.Verdict
	}{
		"as it is":                            {`{}`, yes, yes},
		"it only may have happened":           {`{"incident":{"possible_only":true}}`, yes, yes},
		"harm is avoided":                     {`{"impact":{"harm_effectively_avoided":true}}`, yes, no},
		"nobody knows whether it is":          {`{"impact":{"harm_effectively_avoided":null}}`, yes, yes},
		"a person says that it is":            {`{"determinations":[{"question":"cn-pipl-57/harm_effectively_avoided","answer":true,"reason":"x"}]}`, yes, no},
		"the authority orders notice":         {`{"impact":{"harm_effectively_avoided":true},"determinations":[{"question":"cn-pipl-57/harm_effectively_avoided","answer":false,"reason":"ordered"}]}`, yes, yes},
		"no personal information":             {`{"data":{"classes":[]}}`, no, no},
		"kinds of data not known":             {`{"data":{"classes":null}}`, yes, yes},
		"a foreign site with learners in CN":  {`{"organisation":{"country":"SG"}}`, yes, yes},
		"nobody in mainland China":            {`{"organisation":{"country":"HK"},"people":{"by_country":{"CN":null,"HK":1200}}}`, no, no},
		"country of the organisation unknown": {`{"organisation":{"country":null},"people":{"by_country":{"CN":null,"HK":1200}}}`, breach.CannotTell, breach.CannotTell},
		"before the law":                      {`{"incident":{"aware_at":"2021-10-31T15:59:59Z"}}`, no, no},
		"the law's first second in China":     {`{"incident":{"aware_at":"2021-10-31T16:00:00Z"}}`, yes, yes},
		"detection counts without awareness":  {`{"incident":{"aware_at":null,"detected_at":"2021-10-31T15:59:59Z"}}`, no, no},
	} {
		j := judge(t, rules, amended(t, cnCommon, c.patch))
		a, p := obligation(t, j, "cn-pipl-57/authority/notice"), obligation(t, j, "cn-pipl-57/individuals/notice")
		require.Equal(t, c.authority, a.Verdict, "%s: %v", name, a.Because)
		require.Equal(t, c.people, p.Verdict, "%s: %v", name, p.Because)
	}
	o := obligation(t, judge(t, rules, testFacts(t, cnCommon)), "cn-pipl-57/individuals/notice")
	require.Equal(t, "house_policy", o.Binding, "the law has no number")
	require.Equal(t, "immediately", o.Clock.Soft)
	require.Equal(t, time.Date(2026, 3, 5, 1, 0, 0, 0, time.UTC), *o.DueAt)
	require.Contains(t, o.Contents, "contact_point")
}

func TestPolicyClause(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	const people, report = "policy-cn-mooc-clause/individuals/notice", "policy-cn-mooc-clause/authority/handling_report"
	f := testFacts(t, cnCommon)
	under := func(p Profile, f breach.Facts, id string) breach.Obligation {
		j, err := rules.Judge(f, p, testNow)
		require.NoError(t, err)
		return obligation(t, j, id)
	}
	mooc := testProfile(t, "mooc")
	o := under(mooc, f, people)
	require.Equal(t, yes, o.Verdict)
	require.Equal(t, "house_policy", o.Binding, "a promise is not law")
	require.Equal(t, time.Date(2026, 3, 5, 1, 0, 0, 0, time.UTC), *o.DueAt)
	require.Equal(t, []string{"summary", "consequences", "measures_taken", "measures_planned", "individual_steps", "remedies_offered"}, o.Contents)
	require.Equal(t, yes, under(mooc, f, report).Verdict, "the law wants a report, so the promise does")

	mooc.Promises.PromptNotice = &Term{Value: 30, Unit: "calendar_days"}
	o = under(mooc, f, people)
	require.Equal(t, time.Date(2026, 4, 1, 15, 59, 59, 0, time.UTC), *o.DueAt, "the profile's own number")
	mooc.Promises.PromptNotice = nil
	require.Equal(t, time.Date(2026, 3, 5, 1, 0, 0, 0, time.UTC), *under(mooc, f, people).DueAt, "without one, the house default")

	for _, p := range []Profile{testProfile(t, "chinesepod"), {}} {
		for _, id := range []string{people, report} {
			o = under(p, f, id)
			require.Equal(t, no, o.Verdict, "%s under %q", id, p.Name)
			require.Contains(t, o.Because[0], "no clause")
		}
		require.Equal(t, yes, under(p, f, "cn-pipl-57/individuals/notice").Verdict, "the law does not ask for the policy")
	}
	elsewhere := amended(t, cnCommon, `{"organisation":{"country":"SG"},"people":{"by_country":{"CN":null,"SG":1200}}}`)
	require.Equal(t, no, under(testProfile(t, "mooc"), elsewhere, report).Verdict, "no law wants a report")
}

func TestGDPRScopeAndClocks(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	for name, c := range map[string]struct {
		patch string
		want  breach.Verdict
	}{
		"organisation in the EEA":       {`{"organisation":{"country":"NO"}}`, yes},
		"people in the EEA":             {`{"people":{"by_country":{"CN":1199,"IS":1}}}`, yes},
		"neither":                       {`{}`, no},
		"nobody in the one listed":      {`{"people":{"by_country":{"CN":1200,"DE":0}}}`, no},
		"the United Kingdom is not":     {`{"people":{"by_country":{"CN":1199,"GB":1}}}`, no},
		"countries unknown":             {`{"people":{"by_country":null}}`, breach.CannotTell},
		"countries do not add up":       {`{"people":{"by_country":{"CN":1199}}}`, breach.CannotTell},
		"total unknown":                 {`{"people":{"total":null}}`, breach.CannotTell},
		"total unknown, but one is":     {`{"people":{"total":null,"by_country":{"CN":1,"MT":1}}}`, yes},
		"organisation unknown":          {`{"organisation":{"country":null}}`, breach.CannotTell},
		"only possible so far":          {`{"organisation":{"country":"NO"},"incident":{"possible_only":true}}`, breach.CannotTell},
		"possible or not is not stated": {`{"organisation":{"country":"NO"},"incident":{"possible_only":null}}`, yes},
		"a processor":                   {`{"organisation":{"country":"NO","roles":["processor"]}}`, no},
		"processor and controller":      {`{"organisation":{"country":"NO","roles":["processor","controller"]}}`, yes},
		"nobody said which":             {`{"organisation":{"country":"NO","roles":null}}`, yes},
		"a person: risk unlikely":       {`{"organisation":{"country":"NO"},"determinations":[{"question":"eu-gdpr/risk_unlikely","answer":true,"reason":"x"}]}`, no},
		"a person overrules the rules":  {`{"organisation":{"country":"NO"},"data":{"encrypted":true},"determinations":[{"question":"eu-gdpr/risk_unlikely","answer":false,"reason":"x"}]}`, yes},
		"the rules alone":               {`{"organisation":{"country":"NO"},"data":{"encrypted":true}}`, no},
		"the last answer counts":        {`{"organisation":{"country":"NO"},"determinations":[{"question":"eu-gdpr/risk_unlikely","answer":true,"reason":"x"},{"question":"eu-gdpr/risk_unlikely","answer":false,"reason":"y"}]}`, yes},
	} {
		o := obligation(t, judge(t, rules, amended(t, cnCommon, c.patch)), "eu-gdpr/authority/initial")
		require.Equal(t, c.want, o.Verdict, "%s: %v", name, o.Because)
	}
	j := judge(t, rules, amended(t, cnCommon, `{"organisation":{"country":"NO"}}`))
	require.Equal(t, time.Date(2026, 3, 5, 3, 0, 0, 0, time.UTC), *obligation(t, j, "eu-gdpr/authority/initial").DueAt)
	require.Equal(t, "law", obligation(t, j, "eu-gdpr/authority/initial").Binding)
	require.Equal(t, "house_policy", obligation(t, j, "eu-gdpr/individuals/notice").Binding)
	require.Equal(t, yes, obligation(t, j, "eu-gdpr/authority/phased").Verdict)
	require.Equal(t, no, obligation(t, j, "eu-gdpr/other/controller_notice").Verdict)

	j = judge(t, rules, amended(t, cnCommon, `{"organisation":{"country":"NO"},"determinations":[{"question":"eu-gdpr/high_risk","answer":false,"reason":"x"}]}`))
	require.Equal(t, no, obligation(t, j, "eu-gdpr/individuals/notice").Verdict, "a person's answer decides")
	j = judge(t, rules, amended(t, cnCommon, `{"people":{"by_country":null}}`))
	require.Equal(t, []string{"people.by_country"}, obligation(t, j, "eu-gdpr/authority/initial").Missing)
}
