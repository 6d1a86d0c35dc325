package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Incidents as somebody would tell them, and what each regime says.
func TestAsiaCases(t *testing.T) {
	t.Parallel()
	const (
		jpReport, jpPeople = "jp-appi/authority/preliminary", "jp-appi/individuals/notice"
		krReport, krPeople = "kr-pipa/authority/report", "kr-pipa/individuals/notice"
		sgReport, sgPeople = "sg-pdpa/authority/report", "sg-pdpa/individuals/notice"
		myReport, myPeople = "my-pdpa/authority/report", "my-pdpa/individuals/notice"
		phReport, phPeople = "ph-dpa/authority/initial", "ph-dpa/individuals/notice"
		thReport, thPeople = "th-pdpa/authority/report", "th-pdpa/individuals/notice"
		inBoard            = `"incident":{"detected_at":"2027-06-01T00:00:00Z","aware_at":"2027-06-01T00:00:00Z"}`
	)
	answer := func(q, a string) string {
		return `"determinations":[{"question":"` + q + `","answer":` + a + `,"reason":"x"}]`
	}
	classes := func(c string) string { return `"data":{"classes":["` + strings.ReplaceAll(c, " ", `","`) + `"]}` }
	for _, c := range []struct {
		name, country, patch string
		want                 map[string]breach.Verdict
	}{
		// Japan: four doors, of which only the last counts people.
		{"900 people, card data", "JP", livingIn("JP", 900) + "," + classes("name payment_card"), map[string]breach.Verdict{jpReport: yes, jpPeople: yes, "jp-appi/authority/final": yes}},
		{"900 names by mistake", "JP", livingIn("JP", 900), map[string]breach.Verdict{jpReport: no, jpPeople: no, "jp-appi/authority/final": no}},
		{"one patient", "JP", livingIn("JP", 1) + "," + classes("name health"), map[string]breach.Verdict{jpReport: yes, jpPeople: yes}},
		{"one name, hacked", "JP", livingIn("JP", 1) + "," + asiaHack, map[string]breach.Verdict{jpReport: yes, jpPeople: yes}},
		{"one name, taken by an insider", "JP", livingIn("JP", 1) + `,"incident":{"cause":"misuse","malicious":true}`, map[string]breach.Verdict{jpReport: yes}},
		{"a loss of which the purpose is not known", "JP", `"incident":{"cause":"physical","malicious":null}`, map[string]breach.Verdict{jpReport: tell}},
		{"hacked, perhaps", "JP", `"incident":{"cause":"hacking","possible_only":true}`, map[string]breach.Verdict{jpReport: yes}},
		{"hacked, encrypted, safe key", "JP", asiaHack + "," + asiaSafe, map[string]breach.Verdict{jpReport: no, jpPeople: no}},
		{"hacked, encrypted, key not looked after", "JP", asiaHack + `,"data":{"encrypted":true,"key_compromised":null}`, map[string]breach.Verdict{jpReport: yes, jpPeople: yes}},
		{"sign-ins sent to somebody by mistake", "JP", classes("email password"), map[string]breach.Verdict{jpReport: tell}},
		{"a person says that they open payments", "JP", classes("email password") + "," + answer("jp-appi/financial_misuse_risk", "true"), map[string]breach.Verdict{jpReport: yes}},
		{"a person says that they do not", "JP", classes("email password") + "," + answer("jp-appi/financial_misuse_risk", "false"), map[string]breach.Verdict{jpReport: no}},
		{"an entrusted party, nobody told yet", "JP", asiaHack + `,"organisation":{"roles":["processor"]}`, map[string]breach.Verdict{jpReport: yes}},
		{"an entrusted party that told", "JP", asiaHack + `,"organisation":{"roles":["processor"]},` + answer("jp-appi/entrusting_operator_told", "true"), map[string]breach.Verdict{jpReport: no, jpPeople: no}},

		// Korea: people from the first one, the authority from 1,000, sensitive data or intruders.
		{"one person, hacked", "KR", livingIn("KR", 1) + "," + asiaHack, map[string]breach.Verdict{krReport: yes, krPeople: yes, "kr-pipa/authority/supplement": yes}},
		{"999 by mistake", "KR", livingIn("KR", 999), map[string]breach.Verdict{krReport: no, krPeople: yes}},
		{"one resident number", "KR", livingIn("KR", 1) + "," + classes("name national_id"), map[string]breach.Verdict{krReport: yes, krPeople: yes}},
		{"nobody knows the cause", "KR", `"incident":{"cause":null}`, map[string]breach.Verdict{krReport: tell, krPeople: yes}},
		{"1,000, deleted by a trusted recipient", "KR", livingIn("KR", 1000) + `,"exposure":{"recipients":"known_trusted","deletion_confirmed":true}`, map[string]breach.Verdict{krReport: no, krPeople: yes}},
		{"1,000, not known whether deleted", "KR", livingIn("KR", 1000) + `,"exposure":{"recipients":"known_trusted","deletion_confirmed":null}`, map[string]breach.Verdict{krReport: yes, krPeople: yes}},
		{"encryption does not exempt", "KR", asiaHack + "," + asiaSafe, map[string]breach.Verdict{krReport: yes, krPeople: yes}},
		{"perhaps hacked", "KR", `"incident":{"cause":"hacking","malicious":true,"possible_only":true}`, map[string]breach.Verdict{krReport: tell, krPeople: tell, "kr-pipa/individuals/possibility_notice": tell}},
		{"perhaps, and a person decides", "KR", asiaMaybe + "," + answer("kr-pipa/possibly_affected", "true"), map[string]breach.Verdict{"kr-pipa/individuals/possibility_notice": yes}},
		{"established", "KR", asiaHack, map[string]breach.Verdict{"kr-pipa/individuals/possibility_notice": no}},
		{"ransomware, nothing left the house", "KR", `"incident":{"nature":["availability"],"cause":"malware"},"exposure":{"exfiltrated":"no","recipients":"none"}`, map[string]breach.Verdict{krReport: yes, krPeople: yes}},
		{"the same before the amendment", "KR", `"incident":{"nature":["availability"],"cause":"malware","aware_at":"2026-09-01T00:00:00Z"},"exposure":{"exfiltrated":"no","recipients":"none"}`, map[string]breach.Verdict{"kr-pipa-2023/authority/report": no, "kr-pipa-2023/individuals/notice": no, krReport: no}},

		// Singapore: harm by a closed list, or 500 people; people only for harm.
		{"600 people, no listed data", "SG", livingIn("SG", 600), map[string]breach.Verdict{sgReport: yes, sgPeople: no}},
		{"600 people, a person finds harm", "SG", livingIn("SG", 600) + "," + answer("sg-pdpa/significant_harm", "true"), map[string]breach.Verdict{sgReport: yes, sgPeople: yes}},
		{"600 people, a person finds none", "SG", livingIn("SG", 600) + "," + classes("name health") + "," + answer("sg-pdpa/significant_harm", "false"), map[string]breach.Verdict{sgReport: yes, sgPeople: no}},
		{"one patient", "SG", classes("name health"), map[string]breach.Verdict{sgReport: yes, sgPeople: yes}},
		{"health without a name", "SG", classes("device_id health"), map[string]breach.Verdict{sgReport: no, sgPeople: no}},
		{"account and password", "SG", classes("account_id password"), map[string]breach.Verdict{sgReport: yes, sgPeople: yes}},
		{"email and password", "SG", classes("email password"), map[string]breach.Verdict{sgReport: tell, sgPeople: tell}},
		{"classes not known", "SG", `"data":{"classes":null}`, map[string]breach.Verdict{sgReport: tell, sgPeople: tell}},
		{"a patient, encrypted", "SG", `"data":{"classes":["name","health"],"encrypted":true}`, map[string]breach.Verdict{sgReport: yes, sgPeople: no}},
		{"a patient, harm averted", "SG", classes("name health") + `,"impact":{"harm_effectively_avoided":true}`, map[string]breach.Verdict{sgReport: yes, sgPeople: no}},
		{"a patient, directed to be silent", "SG", classes("name health") + "," + answer("sg-pdpa/directed_not_to_notify", "true"), map[string]breach.Verdict{sgReport: yes, sgPeople: no}},
		{"within the house", "SG", classes("name health") + `,"exposure":{"recipients":"none","exfiltrated":"no"},` + answer("sg-pdpa/internal_only", "true"), map[string]breach.Verdict{sgReport: no, sgPeople: no}},
		{"an intermediary", "SG", classes("name health") + `,"organisation":{"roles":["processor"]}`, map[string]breach.Verdict{sgReport: no, sgPeople: no, "sg-pdpa/other/controller_notice": yes}},

		// India: CERT-In for what is listed; from May 2027 the Board and everybody, for one person.
		{"one person, trivial, 2026", "IN", livingIn("IN", 1), map[string]breach.Verdict{"in-certin/authority/report": yes, "in-dpdp/authority/first": no, "in-dpdp/individuals/notice": no}},
		{"one person, trivial, 2027", "IN", livingIn("IN", 1) + "," + inBoard, map[string]breach.Verdict{"in-dpdp/authority/first": yes, "in-dpdp/authority/detailed": yes, "in-dpdp/individuals/notice": yes}},
		{"a disk that broke", "IN", `"incident":{"nature":["availability"],"cause":"physical"},"exposure":{"exfiltrated":"no","recipients":"none"}`, map[string]breach.Verdict{"in-certin/authority/report": tell}},
		{"a disk that broke, looked up", "IN", `"incident":{"nature":["availability"],"cause":"physical"},"exposure":{"exfiltrated":"no","recipients":"none"},` + answer("in-certin/listed_type", "false"), map[string]breach.Verdict{"in-certin/authority/report": no}},
		{"a processor", "IN", `"organisation":{"roles":["processor"]},` + inBoard, map[string]breach.Verdict{"in-certin/authority/report": yes, "in-dpdp/authority/first": no, "in-dpdp/individuals/notice": no}},

		// China: three laws and a standard side by side; the exemption of PIPL 57(2) is taken over by one of them.
		{"harm averted", "CN", `"impact":{"harm_effectively_avoided":true}`, map[string]breach.Verdict{"cn-ndsr-2025/authority/report": yes, "cn-ndsr-2025/individuals/notice": no, "cn-pipl-57/individuals/notice": no, "cn-pipl-57/authority/notice": yes}},
		{"nothing left the house", "CN", `"incident":{"nature":["availability"]},"exposure":{"exfiltrated":"no","recipients":"none"}`, map[string]breach.Verdict{"cn-ndsr-2025/individuals/notice": no, "cn-gbt-35273-10/individuals/notice": no, "cn-dsl-29/authority/report": yes}},
		{"identity numbers", "CN", classes("name national_id"), map[string]breach.Verdict{"cn-gbt-35273-10/individuals/notice": yes}},
		{"one child", "CN", `"people":{"minors":1}`, map[string]breach.Verdict{"cn-minors-online/authority/report": yes, "cn-minors-online/individuals/notice": yes, "cn-gbt-35273-10/individuals/notice": yes}},
		{"children or not, not known", "CN", `"people":{"minors":null}`, map[string]breach.Verdict{"cn-minors-online/authority/report": tell, "cn-minors-online/individuals/notice": tell}},
		{"perhaps a child", "CN", `"people":{"minors":1},` + asiaMaybe, map[string]breach.Verdict{"cn-minors-online/authority/report": yes}},
		{"from abroad", "CN", `"organisation":{"country":"NP"}`, map[string]breach.Verdict{"cn-dsl-29/authority/report": tell, "cn-ndsr-2025/authority/report": yes}},

		// Hong Kong and Macau.
		{"infrastructure, serious", "HK", `"organisation":{"attributes":{"critical_infrastructure":true}},"availability":{"service_impact":"serious"},` + asiaHack, map[string]breach.Verdict{"hk-ci-653/authority/serious": yes, "hk-ci-653/authority/other": no, "hk-ci-653/authority/written_report": yes}},
		{"infrastructure, no disruption", "HK", `"organisation":{"attributes":{"critical_infrastructure":true}},` + asiaHack, map[string]breach.Verdict{"hk-ci-653/authority/serious": no, "hk-ci-653/authority/other": yes, "hk-ci-653/authority/written_report": yes}},
		{"infrastructure, disruption not known", "HK", `"organisation":{"attributes":{"critical_infrastructure":true}},"availability":{"service_impact":null},` + asiaHack, map[string]breach.Verdict{"hk-ci-653/authority/serious": tell, "hk-ci-653/authority/other": yes}},
		{"infrastructure of Macau", "MO", `"organisation":{"attributes":{"critical_infrastructure":true}}`, map[string]breach.Verdict{"mo-pdpa/authority/infrastructure_alert": yes, "mo-pdpa/authority/notice": no}},

		// Taiwan.
		{"no breach of the Act", "TW", answer("tw-pdpa-current/no_violation", "true"), map[string]breach.Verdict{"tw-pdpa-current/individuals/notice": no}},
		{"a bank, major or not", "TW", `"organisation":{"sectors":["finance"]}`, map[string]breach.Verdict{"tw-pdpa-current/authority/financial_sector": tell, "tw-pdpa-current/authority/digital_economy": no}},
		{"a bank, out of order", "TW", `"organisation":{"sectors":["finance"]},"availability":{"service_impact":"serious"}`, map[string]breach.Verdict{"tw-pdpa-current/authority/financial_sector": yes}},

		// Thailand, Indonesia, Vietnam.
		{"encrypted", "TH", asiaHack + "," + asiaSafe, map[string]breach.Verdict{thReport: no, thPeople: no}},
		{"encrypted, key not known", "TH", asiaHack + `,"data":{"encrypted":true,"key_compromised":null}`, map[string]breach.Verdict{thReport: yes}},
		{"patients, hacked", "TH", asiaHack + "," + classes("name health"), map[string]breach.Verdict{thReport: yes, thPeople: yes}},
		{"perhaps", "TH", asiaMaybe, map[string]breach.Verdict{thReport: tell}},
		{"encryption does not exempt", "ID", asiaHack + "," + asiaSafe, map[string]breach.Verdict{"id-pdp/authority/written_notice": yes, "id-pdp/individuals/notice": yes, "id-pdp/public/notice": tell}},
		{"an office out of order", "ID", `"organisation":{"sectors":["government"]},"availability":{"service_impact":"serious"}`, map[string]breach.Verdict{"id-pdp/public/notice": yes}},
		{"one identity card", "VN", classes("name national_id"), map[string]breach.Verdict{"vn-pdpl/authority/report": yes, "vn-pdpl/individuals/notice": no}},
		{"customers of a bank", "VN", `"organisation":{"sectors":["finance"]},` + classes("name balance"), map[string]breach.Verdict{"vn-pdpl/authority/report": yes, "vn-pdpl/individuals/notice": yes}},
		{"a person finds nothing to notify", "VN", answer("vn-pdpl/notifiable", "false"), map[string]breach.Verdict{"vn-pdpl/authority/report": no}},
		{"a processor", "VN", classes("name national_id") + `,"organisation":{"roles":["processor"]}`, map[string]breach.Verdict{"vn-pdpl/authority/report": no, "vn-pdpl/other/controller_notice": yes}},

		// Malaysia and the Philippines.
		{"one patient", "MY", classes("name health"), map[string]breach.Verdict{myReport: yes, myPeople: yes, "my-pdpa/authority/supplement": yes}},
		{"1,001 names, hacked", "MY", livingIn("MY", 1001) + "," + asiaHack, map[string]breach.Verdict{myReport: yes, myPeople: tell}},
		{"a patient, encrypted", "MY", `"data":{"classes":["name","health"],"encrypted":true}`, map[string]breach.Verdict{myReport: no, myPeople: no}},
		{"1,001 patients, encrypted", "MY", livingIn("MY", 1001) + `,"data":{"classes":["name","health"],"encrypted":true}`, map[string]breach.Verdict{myReport: yes, myPeople: no}},
		{"names and emails, hacked", "PH", asiaHack, map[string]breach.Verdict{phReport: no, phPeople: no}},
		{"one patient, hacked", "PH", asiaHack + "," + classes("name health"), map[string]breach.Verdict{phReport: yes, phPeople: yes, "ph-dpa/authority/full_report": yes}},
		{"one patient, by mistake", "PH", classes("name health"), map[string]breach.Verdict{phReport: tell, phPeople: tell}},
		{"a person sees a real risk", "PH", classes("name health") + "," + answer("ph-dpa/real_risk", "true"), map[string]breach.Verdict{phReport: yes, phPeople: yes}},
		{"a person sees none", "PH", classes("name health") + "," + answer("ph-dpa/real_risk", "false"), map[string]breach.Verdict{phReport: no, phPeople: no}},
		{"the Commission exempts", "PH", asiaHack + "," + classes("name health") + "," + answer("ph-dpa/npc_exempted", "true"), map[string]breach.Verdict{phReport: yes, phPeople: no}},
		{"encrypted", "PH", asiaHack + `,"data":{"classes":["name","health"],"encrypted":true}`, map[string]breach.Verdict{phReport: no, phPeople: no}},
	} {
		all := asiaVerdicts(t, c.country, "{"+c.patch+"}")
		for id, want := range c.want {
			require.Contains(t, all, id)
			require.Equal(t, want, all[id].Verdict, "%s, %s: %s: %v", c.country, c.name, id, all[id].Because)
		}
	}
}

// Every deadline with the dates that the facts file gives, in the authority's zone. An empty due is a duty
// without a number in the law and without one in its pack.
func TestAsiaDeadlines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		country, id, patch, due, from string
		house                         bool
	}{
		{"CN", "cn-ndsr-2025/authority/report", `{}`, "2026-10-01T13:30:00+08:00", "detected_at", true},
		{"CN", "cn-ndsr-2025/individuals/notice", `{}`, "2026-10-04T09:30:00+08:00", "detected_at", true},
		{"CN", "cn-gbt-35273-10/authority/report", `{}`, "", "detected_at", true},
		{"CN", "cn-minors-online/individuals/notice", `{"people":{"minors":1}}`, "", "detected_at", true},
		{"CN", "cn-dsl-29/authority/report", `{}`, "", "detected_at", true},
		{"HK", "hk-pdpo/authority/dbn", `{}`, "2026-10-04T11:00:00+08:00", "aware_at", true},
		{"HK", "hk-pdpo/individuals/notice", `{}`, "", "aware_at", true},
		{"HK", "hk-ci-653/authority/serious", `{"organisation":{"attributes":{"critical_infrastructure":true}},"availability":{"service_impact":"serious"},"incident":{"cause":"hacking"}}`, "2026-10-01T23:00:00+08:00", "aware_at", false},
		{"HK", "hk-ci-653/authority/other", `{"organisation":{"attributes":{"critical_infrastructure":true}},"incident":{"cause":"hacking"}}`, "2026-10-03T11:00:00+08:00", "aware_at", false},
		{"HK", "hk-ci-653/authority/written_report", `{"organisation":{"attributes":{"critical_infrastructure":true}},"incident":{"cause":"hacking"}}`, "2026-10-15T23:59:59+08:00", "aware_at", false},
		{"TW", "tw-pdpa-current/individuals/notice", `{"incident":{"determined_at":"2026-10-02T00:00:00Z"}}`, "2026-10-05T08:00:00+08:00", "determined_at", true},
		{"TW", "tw-pdpa-current/authority/financial_sector", `{"organisation":{"sectors":["finance"]},"availability":{"service_impact":"serious"}}`, "2026-10-04T11:00:00+08:00", "aware_at", false},
		{"JP", "jp-appi/authority/preliminary", `{` + asiaHack + `}`, "2026-10-04T23:59:59+09:00", "aware_at", true},
		{"JP", "jp-appi/authority/final", `{` + asiaHack + `}`, "2026-11-30T23:59:59+09:00", "aware_at", false},
		{"JP", "jp-appi/authority/final", `{"data":{"classes":["name","health"]}}`, "2026-10-31T23:59:59+09:00", "aware_at", false},
		{"JP", "jp-appi/authority/final", `{"data":{"classes":["name","health"]},"incident":{"cause":null,"malicious":null}}`, "2026-10-31T23:59:59+09:00", "aware_at", false},                                          // the earlier one while nobody knows
		{"JP", "jp-appi/authority/final", `{"data":{"classes":["name","health"]},"incident":{"detected_at":"2028-01-29T15:00:00Z","aware_at":"2028-01-29T15:00:00Z"}}`, "2028-02-29T23:59:59+09:00", "aware_at", false}, // the 30th in Tokyo; leap year
		{"JP", "jp-appi/individuals/notice", `{` + asiaHack + `}`, "2026-10-06T23:59:59+09:00", "aware_at", true},
		{"KR", "kr-pipa/authority/report", `{` + asiaHack + `}`, "2026-10-04T12:00:00+09:00", "aware_at", false}, // over a weekend and a holiday
		{"KR", "kr-pipa/individuals/notice", `{}`, "2026-10-04T12:00:00+09:00", "aware_at", false},
		{"KR", "kr-pipa/individuals/possibility_notice", `{"incident":{"possible_only":true}}`, "2026-10-04T12:00:00+09:00", "aware_at", false},
		{"KR", "kr-pipa-2023/individuals/notice", `{"incident":{"aware_at":"2026-09-09T00:00:00Z"}}`, "2026-09-12T09:00:00+09:00", "aware_at", false},
		{"SG", "sg-pdpa/authority/report", `{"data":{"classes":["name","health"]},"incident":{"assessed_at":"2027-03-01T09:00:00+08:00"}}`, "2027-03-04T23:59:59+08:00", "assessed_at", false},
		{"SG", "sg-pdpa/individuals/notice", `{"data":{"classes":["name","health"]},"incident":{"assessed_at":"2027-03-01T09:00:00+08:00"}}`, "2027-03-04T23:59:59+08:00", "assessed_at", true},
		{"SG", "sg-pdpa/authority/report", `{"data":{"classes":["name","health"]}}`, "2026-10-04T23:59:59+08:00", "assessed_at", false}, // putting the assessment off gains nothing
		{"SG", "sg-pdpa/other/assessment", `{}`, "2026-10-31T23:59:59+08:00", "aware_at", true},
		{"IN", "in-certin/authority/report", `{}`, "2026-10-01T13:00:00+05:30", "detected_at", false},
		{"IN", "in-dpdp/authority/first", `{"incident":{"aware_at":"2027-05-14T20:30:00+05:30"}}`, "2027-05-15T02:30:00+05:30", "aware_at", true},
		{"IN", "in-dpdp/authority/detailed", `{"incident":{"aware_at":"2027-05-14T20:30:00+05:30"}}`, "2027-05-17T20:30:00+05:30", "aware_at", false},
		{"IN", "in-dpdp/individuals/notice", `{"incident":{"aware_at":"2027-05-14T20:30:00+05:30"}}`, "2027-05-17T20:30:00+05:30", "aware_at", true},
		{"TH", "th-pdpa/authority/report", `{}`, "2026-10-04T10:00:00+07:00", "aware_at", false},
		{"TH", "th-pdpa/individuals/notice", `{"data":{"classes":["name","health"]}}`, "2026-10-04T10:00:00+07:00", "aware_at", true},
		{"ID", "id-pdp/authority/written_notice", `{}`, "2026-10-04T10:00:00+07:00", "aware_at", false},
		{"ID", "id-pdp/individuals/notice", `{}`, "2026-10-04T10:00:00+07:00", "aware_at", false},
		{"VN", "vn-pdpl/authority/report", `{"data":{"classes":["name","health"]}}`, "2026-10-04T08:30:00+07:00", "detected_at", false},
		{"VN", "vn-pdpl/individuals/notice", `{"organisation":{"sectors":["finance"]},"data":{"classes":["name","balance"]}}`, "2026-10-04T08:30:00+07:00", "detected_at", false},
		{"MY", "my-pdpa/authority/report", `{"data":{"classes":["name","health"]}}`, "2026-10-04T11:00:00+08:00", "aware_at", false},
		{"MY", "my-pdpa/authority/supplement", `{"data":{"classes":["name","health"]},"incident":{"filed_at":{"my-pdpa/authority/report":"2026-10-03T20:00:00Z"}}}`, "2026-11-03T23:59:59+08:00", "filed_at[my-pdpa/authority/report]", false},
		{"MY", "my-pdpa/individuals/notice", `{"data":{"classes":["name","health"]},"incident":{"filed_at":{"my-pdpa/authority/report":"2026-10-03T20:00:00Z"}}}`, "2026-10-11T23:59:59+08:00", "filed_at[my-pdpa/authority/report]", false},
		{"PH", "ph-dpa/authority/initial", `{` + asiaHack + `,"data":{"classes":["name","health"]}}`, "2026-10-04T11:00:00+08:00", "aware_at", false},
		{"PH", "ph-dpa/authority/full_report", `{` + asiaHack + `,"data":{"classes":["name","health"]}}`, "2026-10-06T23:59:59+08:00", "detected_at", false},
		{"PH", "ph-dpa/individuals/notice", `{` + asiaHack + `,"data":{"classes":["name","health"]}}`, "2026-10-04T11:00:00+08:00", "aware_at", false},
	} {
		o := asiaVerdicts(t, c.country, c.patch)[c.id]
		require.NotEqual(t, no, o.Verdict, "%s: %v", c.id, o.Because)
		require.Equal(t, c.from, o.Clock.From, c.id)
		require.Equal(t, map[bool]string{true: "house_policy", false: "law"}[c.house], o.Binding, c.id)
		if c.due == "" {
			dueByGeneralTerm(t, o)
			continue
		}
		want, err := time.Parse(time.RFC3339, c.due)
		require.NoError(t, err)
		require.Equal(t, want.UTC(), *o.DueAt, "%s", c.id)
	}
}

// What the packs say beside verdicts and dates.
func TestAsiaForm(t *testing.T) {
	t.Parallel()
	duties := map[string]*compiledPhase{}
	for id, ph := range loadTestRules(t).phases {
		duties[id] = ph
	}
	require.Equal(t, []string{"sg-pdpa/authority/report"}, duties["sg-pdpa/individuals/notice"].duty.NotBefore)
	require.True(t, duties["sg-pdpa/individuals/notice"].duty.Hold.Forbids)
	for id, ph := range duties {
		regime, _, _ := strings.Cut(id, "/")
		if regime == "jp-appi" || regime == "kr-pipa" || regime == "in-dpdp" || regime == "cn-ndsr-2025" {
			require.False(t, ph.duty.Hold.LawEnforcement, "%s knows no delay for the police", id)
		}
	}
	kr := duties["kr-pipa/individuals/notice"].duty.Substitutes[0]
	require.Equal(t, 30, kr.DurationDays)
	way := func(patch string) breach.Verdict {
		s, err := loadTestRules(t).Substitutes(amended(t, strings.ReplaceAll(asiaCommon, "XX", "KR"), patch), Profile{}, "kr-pipa/individuals/notice", testNow)
		require.NoError(t, err)
		return s[0].Verdict
	}
	require.Equal(t, yes, way(`{"contacts":{"missing":1}}`))
	require.Equal(t, tell, way(`{}`), "a just cause is a person's word")
	require.Contains(t, duties["kr-pipa/individuals/possibility_notice"].duty.Contents, "follow_up_promise")
	for _, id := range []string{"sg-pdpa/authority/report", "my-pdpa/authority/report", "th-pdpa/authority/report"} {
		require.Equal(t, []string{"delay_reason"}, duties[id].phase.Late, id)
	}
	o := asiaVerdicts(t, "KR", `{}`)["kr-pipa/individuals/notice"]
	require.Equal(t, []string{"data_categories", "occurred_at", "summary", "individual_steps", "measures_taken", "remedies_offered", "contact_point", "legal_rights"}, o.Contents)
	o = asiaVerdicts(t, "HK", `{}`)["hk-pdpo/authority/dbn"]
	require.Equal(t, "house_policy", o.Basis, "guidance is not law")
	for _, id := range []string{"cn-gbt-35273-10", "cn-minors-online", "kr-pipa-2023"} {
		for _, p := range loadTestRules(t).All() {
			require.False(t, p.ID == id && p.Verified, id)
		}
	}
}
