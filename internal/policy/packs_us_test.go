package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// The tables of this file were written by hand from the collected facts on the regimes, not from the packs.

const open = breach.CannotTell

// usCommon is a hacker's copy of names with social security numbers of nobody yet, at an American shop of which
// everything is known that federal rules ask for.
const usCommon = `
incident: {nature: [confidentiality], cause: hacking, malicious: true, possible_only: false, detected_at: 2026-03-02T20:00:00Z, aware_at: 2026-03-02T20:00:00Z}
organisation: {country: US, regions: [US-NV], sectors: [retail], roles: [controller], attributes: {critical_infrastructure: false, listed_us: false, hipaa: none, glba: false}}
people: {total: 0, by_country: {US: 0}, categories: [customers]}
data: {classes: [name, national_id], encrypted: false, key_compromised: false, hashed: none}
exposure: {recipients: unknown, exfiltrated: "yes", misuse_seen: false}
`

// usPeople are n residents of one state and nobody else.
func usPeople(state string, n int) string {
	return fmt.Sprintf(`{"people":{"total":%d,"by_country":{"US":%d},"by_region":{"US-%s":%d}}}`, n, n, state, n)
}

const (
	coveredEntity = `{"organisation":{"sectors":["health"],"attributes":{"hipaa":"covered_entity"}},"data":{"classes":["name","health"]},"people":{"categories":["patients"]}}`
	healthApp     = `{"organisation":{"sectors":["health"]},"data":{"classes":["email","health"]}}`
	lender        = `{"organisation":{"sectors":["finance"],"attributes":{"glba":true}}}`
)

func usFacts(t testing.TB, patches ...string) breach.Facts {
	t.Helper()
	f := testFacts(t, usCommon)
	for _, p := range patches {
		var err error
		f, err = breach.MergeFacts(f, []byte(p))
		require.NoError(t, err, p)
	}
	return f
}

// Every threshold: one below, at it, one above.
func TestUSThresholds(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	for _, c := range []struct {
		id, state string
		n         int // what the law names
		want      [3]breach.Verdict
		patch     string
	}{
		{"us-hipaa/authority/large", "NV", 500, [3]breach.Verdict{no, yes, yes}, coveredEntity},
		{"us-hipaa/authority/small", "NV", 500, [3]breach.Verdict{yes, no, no}, coveredEntity},
		{"us-hipaa/media/notice", "NV", 500, [3]breach.Verdict{no, no, yes}, coveredEntity},
		{"us-hipaa/individuals/notice", "NV", 1, [3]breach.Verdict{no, yes, yes}, coveredEntity},
		{"us-ftc-hbnr/authority/large", "NV", 500, [3]breach.Verdict{no, yes, yes}, healthApp},
		{"us-ftc-hbnr/authority/small", "NV", 500, [3]breach.Verdict{yes, no, no}, healthApp},
		{"us-ftc-hbnr/media/notice", "NV", 500, [3]breach.Verdict{no, yes, yes}, healthApp},
		{"us-glba-ftc/authority/report", "NV", 500, [3]breach.Verdict{no, yes, yes}, lender},
		{"us-ca/authority/ag_sample", "CA", 500, [3]breach.Verdict{no, no, yes}, `{}`},
		{"us-ca/individuals/notice", "CA", 1, [3]breach.Verdict{no, yes, yes}, `{}`},
		{"us-ny/authority/state_agencies", "NY", 1, [3]breach.Verdict{no, yes, yes}, `{}`},
		{"us-ny/individuals/notice", "NY", 1, [3]breach.Verdict{no, yes, yes}, `{}`},
		{"us-ny/other/consumer_reporting_agencies", "NY", 5000, [3]breach.Verdict{no, no, yes}, `{}`},
		{"us-tx/authority/ag_form", "TX", 250, [3]breach.Verdict{no, yes, yes}, `{}`},
		{"us-tx/individuals/notice", "TX", 1, [3]breach.Verdict{no, yes, yes}, `{}`},
		{"us-tx/other/consumer_reporting_agencies", "TX", 10_000, [3]breach.Verdict{no, no, yes}, `{}`},
		{"us-fl/authority/department", "FL", 500, [3]breach.Verdict{no, yes, yes}, `{}`},
		{"us-fl/individuals/notice", "FL", 1, [3]breach.Verdict{no, yes, yes}, `{}`},
		{"us-fl/other/consumer_reporting_agencies", "FL", 1000, [3]breach.Verdict{no, no, yes}, `{}`},
		{"us-wa/authority/ag", "WA", 500, [3]breach.Verdict{no, no, yes}, `{}`},
		{"us-wa/authority/ag_update", "WA", 500, [3]breach.Verdict{no, no, yes}, `{}`},
		{"us-wa/individuals/notice", "WA", 1, [3]breach.Verdict{no, yes, yes}, `{}`},
		{"us-co/authority/ag", "CO", 500, [3]breach.Verdict{no, yes, yes}, `{}`},
		{"us-co/individuals/notice", "CO", 1, [3]breach.Verdict{no, yes, yes}, `{}`},
		{"us-co/other/consumer_reporting_agencies", "CO", 1000, [3]breach.Verdict{no, no, yes}, `{}`},
		{"us-ma/authority/ag_and_ocabr", "MA", 1, [3]breach.Verdict{no, yes, yes}, `{}`},
		{"us-ma/individuals/notice", "MA", 1, [3]breach.Verdict{no, yes, yes}, `{}`},
		{"us-state-generic/individuals/notice", "NV", 1, [3]breach.Verdict{no, yes, yes}, `{}`},
		{"us-state-generic/authority/ag", "CT", 1, [3]breach.Verdict{no, yes, yes}, `{}`},
		{"us-state-generic/authority/ag", "OR", 250, [3]breach.Verdict{no, no, yes}, `{}`},
		{"us-state-generic/authority/ag", "ND", 250, [3]breach.Verdict{no, no, yes}, `{}`},
		{"us-state-generic/authority/ag", "SD", 250, [3]breach.Verdict{no, no, yes}, `{}`},
		{"us-state-generic/authority/ag", "DE", 500, [3]breach.Verdict{no, no, yes}, `{}`},
		{"us-state-generic/authority/ag", "RI", 500, [3]breach.Verdict{no, no, yes}, `{}`},
		{"us-state-generic/authority/ag", "IA", 500, [3]breach.Verdict{no, yes, yes}, `{}`},
		{"us-state-generic/authority/ag", "AZ", 1000, [3]breach.Verdict{no, no, yes}, `{}`},
		{"us-state-generic/authority/ag", "NV", 1, [3]breach.Verdict{no, open, open}, `{}`},
		{"us-state-generic/authority/ag_before_individuals", "NJ", 1, [3]breach.Verdict{no, yes, yes}, `{}`},
		{"us-state-generic/authority/vermont_preliminary", "VT", 1, [3]breach.Verdict{no, yes, yes}, `{}`},
		{"us-state-generic/authority/puerto_rico", "PR", 1, [3]breach.Verdict{no, yes, yes}, `{}`},
		{"us-state-generic/other/consumer_reporting_agencies", "OH", 1000, [3]breach.Verdict{no, no, yes}, `{}`},
		{"us-state-generic/other/consumer_reporting_agencies", "GA", 10_000, [3]breach.Verdict{no, no, yes}, `{}`},
		{"us-state-generic/other/consumer_reporting_agencies", "MN", 10_000, [3]breach.Verdict{no, no, no}, `{}`},
		{"us-state-generic/other/consumer_reporting_agencies_minnesota", "MN", 500, [3]breach.Verdict{no, no, yes}, `{}`},
	} {
		for i, want := range c.want {
			n := c.n - 1 + i
			o := obligation(t, judge(t, rules, usFacts(t, usPeople(c.state, n), c.patch)), c.id)
			require.Equal(t, want, o.Verdict, "%s with %d of %s: %v", c.id, n, c.state, o.Because)
		}
		// how many is not known: never no, and the missing number is named
		o := obligation(t, judge(t, rules, usFacts(t, usPeople(c.state, c.n), `{"people":{"total":null,"by_country":null,"by_region":null}}`, c.patch)), c.id)
		if slices.Contains([]string{"us-hipaa/individuals/notice"}, c.id) {
			require.Equal(t, yes, o.Verdict, "the number does not matter")
			continue
		}
		require.Equal(t, open, o.Verdict, "%s: %v", c.id, o.Because)
		require.True(t, slices.ContainsFunc(o.Missing, func(m string) bool { return strings.HasPrefix(m, "people.") }), "%s: %v", c.id, o.Missing)
		require.True(t, o.Clock.Provisional)
	}
}

// What a state's residents are owed by kind of data, by circumstances and by place. The columns are the notices
// to people of each state.
func TestUSStateVerdicts(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	const residents = `{"people":{"total":7000,"by_country":{"US":7000},"by_region":{"US-CA":1000,"US-NY":1000,"US-TX":1000,"US-FL":1000,"US-WA":1000,"US-CO":1000,"US-MA":1000}}}`
	for _, c := range []struct{ what, patch, ca, ny, tx, fl, wa, co, ma string }{
		{"social security numbers with names", `{}`, "yes", "yes", "yes", "yes", "yes", "yes", "yes"},
		{"names and e-mail addresses", `{"data":{"classes":["name","email","phone","postal_address"]}}`, "no", "no", "no", "no", "no", "no", "no"},
		{"nothing personal", `{"data":{"classes":[]}}`, "no", "no", "no", "no", "no", "no", "no"},
		{"kinds of data unknown", `{"data":{"classes":null}}`, "open", "open", "open", "open", "open", "open", "open"},
		{"names known, perhaps more", `{"data":{"classes":["name"]},"incomplete":["data.classes"]}`, "open", "open", "open", "open", "open", "open", "open"},
		{"passports", `{"data":{"classes":["name","passport"]}}`, "yes", "no", "yes", "yes", "yes", "yes", "no"},
		{"cards with their codes", `{"data":{"classes":["name","payment_card","card_security_code"]}}`, "yes", "yes", "yes", "yes", "yes", "yes", "yes"},
		{"cards, until somebody says that a code is needed", `{"data":{"classes":["name","payment_card"]}}`, "yes", "yes", "yes", "yes", "yes", "yes", "yes"},
		{"cards that need a code; Massachusetts counts them all the same", `{"data":{"classes":["name","payment_card"]},"determinations":[` + answers("code_needed", true) + `]}`, "no", "no", "no", "no", "no", "no", "yes"},
		{"diagnoses", `{"data":{"classes":["name","health"]}}`, "yes", "yes", "yes", "yes", "yes", "yes", "no"},
		{"diagnoses in New York before they counted", `{"data":{"classes":["name","health"]},"incident":{"aware_at":"2025-03-20T12:00:00Z"}}`, "no", "no", "yes", "yes", "yes", "yes", "no"},
		{"fingerprints", `{"data":{"classes":["name","biometric"]}}`, "yes", "yes", "no", "yes", "yes", "yes", "no"},
		{"full dates of birth", `{"data":{"classes":["name","birth_date"]}}`, "no", "no", "no", "no", "yes", "no", "no"},
		{"e-mail addresses with passwords", `{"data":{"classes":["email","password"]}}`, "yes", "yes", "no", "yes", "yes", "yes", "no"},
		{"user names with security answers", `{"data":{"classes":["account_id","security_answer"]}}`, "yes", "yes", "no", "yes", "yes", "yes", "no"},
		{"weak hashes", `{"data":{"classes":["email","password_hash"],"hashed":"weak"}}`, "yes", "yes", "no", "yes", "yes", "yes", "no"},
		{"strong hashes", `{"data":{"classes":["email","password_hash"],"hashed":"strong"}}`, "no", "no", "no", "no", "no", "no", "no"},
		{"hashes of unknown strength", `{"data":{"classes":["email","password_hash"],"hashed":null}}`, "open", "open", "no", "open", "open", "open", "no"},
		{"numbers without names", `{"data":{"classes":["national_id"]}}`, "open", "open", "open", "open", "open", "open", "open"},
		{"numbers linked to names elsewhere", `{"data":{"classes":["national_id"]},"determinations":[` + answers("linked", true) + `]}`, "yes", "yes", "yes", "yes", "yes", "yes", "yes"},
		{"numbers of nobody in particular", `{"data":{"classes":["national_id"]},"determinations":[` + answers("linked", false) + `]}`, "no", "no", "no", "no", "no", "no", "no"},
		{"encrypted, safe key", `{"data":{"encrypted":true}}`, "no", "no", "no", "no", "no", "no", "no"},
		{"encrypted, key taken", `{"data":{"encrypted":true,"key_compromised":true}}`, "yes", "yes", "yes", "yes", "yes", "yes", "yes"},
		{"encrypted, key unknown", `{"data":{"encrypted":true,"key_compromised":null}}`, "yes", "yes", "yes", "yes", "yes", "yes", "yes"},
		{"encryption unknown", `{"data":{"encrypted":null}}`, "yes", "yes", "yes", "yes", "yes", "yes", "yes"},
		{"nobody got it", `{"exposure":{"exfiltrated":"no","recipients":"none"}}`, "no", "no", "no", "no", "no", "no", "no"},
		{"seen, not taken: access is enough in two states", `{"exposure":{"exfiltrated":"no","recipients":"unknown"}}`, "open", "yes", "open", "yes", "open", "open", "open"},
		{"whether it left is unknown", `{"exposure":{"exfiltrated":"unknown","recipients":null}}`, "yes", "yes", "yes", "yes", "yes", "yes", "yes"},
		{"it may not have happened", `{"incident":{"possible_only":true}}`, "open", "open", "open", "open", "open", "open", "open"},
		{"locked by ransomware, nothing left", `{"incident":{"nature":["availability"],"cause":"malware"},"exposure":{"exfiltrated":"no","recipients":"none"}}`, "no", "no", "no", "no", "no", "no", "no"},
		{"locked by ransomware, outflow unknown", `{"incident":{"nature":["availability"],"cause":"malware"},"exposure":{"exfiltrated":"unknown","recipients":null}}`, "open", "open", "open", "open", "open", "open", "open"},
		{"a colleague in good faith, not yet said so", `{"incident":{"malicious":false,"cause":"error"},"exposure":{"recipients":"known_trusted"}}`, "yes", "yes", "yes", "yes", "yes", "yes", "yes"},
		{"a colleague in good faith", `{"incident":{"malicious":false,"cause":"error"},"exposure":{"recipients":"known_trusted"},"determinations":[` + answers("good_faith", true) + `]}`, "no", "no", "no", "no", "no", "no", "no"},
		{"a hacker in good faith does not exist", `{"determinations":[` + answers("good_faith", true) + `]}`, "yes", "yes", "yes", "yes", "yes", "yes", "yes"},
		{"harm is not likely", `{"determinations":[` + answers("no_harm", true) + `,` + answers("no_risk", true) + `,` + answers("no_misuse", true) + `]}`, "yes", "yes", "yes", "no", "no", "no", "yes"},
		{"kept for another", `{"organisation":{"roles":["processor"]}}`, "no", "no", "no", "no", "no", "no", "no"},
		{"role unknown", `{"organisation":{"roles":null}}`, "yes", "yes", "yes", "yes", "yes", "yes", "yes"},
		{"everybody lives in Nevada", `{"people":{"by_region":{"US-CA":0,"US-NY":0,"US-TX":0,"US-FL":0,"US-WA":0,"US-CO":0,"US-MA":0,"US-NV":7000}}}`, "no", "no", "no", "no", "no", "no", "no"},
		{"everybody lives in Nevada, states not listed", `{"people":{"by_region":null}}`, "open", "open", "open", "open", "open", "open", "open"},
		{"a Chinese company owes it, too", `{"organisation":{"country":"CN","regions":[]}}`, "yes", "yes", "yes", "yes", "yes", "yes", "yes"},
		{"California, the day before", `{"incident":{"aware_at":"2026-01-01T07:59:59Z"}}`, "no", "yes", "yes", "yes", "yes", "yes", "yes"},
		{"California, the first second", `{"incident":{"aware_at":"2026-01-01T08:00:00Z"}}`, "yes", "yes", "yes", "yes", "yes", "yes", "yes"},
		{"New York, the day before", `{"incident":{"aware_at":"2024-12-21T04:59:59Z"}}`, "no", "no", "yes", "yes", "yes", "yes", "yes"},
		{"New York, the first second", `{"incident":{"aware_at":"2024-12-21T05:00:00Z"}}`, "no", "yes", "yes", "yes", "yes", "yes", "yes"},
	} {
		j := judge(t, rules, usFacts(t, residents, c.patch))
		for state, want := range map[string]string{"ca": c.ca, "ny": c.ny, "tx": c.tx, "fl": c.fl, "wa": c.wa, "co": c.co, "ma": c.ma} {
			o := obligation(t, j, "us-"+state+"/individuals/notice")
			require.Equal(t, map[string]breach.Verdict{"yes": yes, "no": no, "open": open}[want], o.Verdict, "%s in %s: %v", c.what, state, o.Because)
			if o.Verdict == open {
				require.NotEmpty(t, append(o.Missing, o.Questions...), "%s in %s", c.what, state)
			}
		}
	}
}

// answers is one answer to the question of that name in every state's pack.
func answers(question string, answer bool) string {
	var out []string
	for _, s := range []string{"ca", "ny", "tx", "fl", "wa", "co", "ma"} {
		out = append(out, fmt.Sprintf(`{"question":"us-%s/%s","answer":%v,"reason":"looked into"}`, s, question, answer))
	}
	return strings.Join(out, ",")
}

func TestUSFederalVerdicts(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	const college = `{"organisation":{"sectors":["education"],"attributes":{"glba":true}},"people":{"categories":["students"]},"data":{"classes":["name","national_id","income"]}}`
	said := func(question string, answer bool) string {
		return fmt.Sprintf(`{"determinations":[{"question":%q,"answer":%v,"reason":"looked into"}]}`, question, answer)
	}
	for _, c := range []struct {
		what    string
		patches []string
		want    map[string]breach.Verdict
	}{
		{"a hospital", []string{coveredEntity, usPeople("NV", 600)}, map[string]breach.Verdict{"us-hipaa/authority/large": yes, "us-hipaa/individuals/notice": yes, "us-hipaa/media/notice": yes, "us-hipaa/other/controller_notice": no, "us-ftc-hbnr/individuals/notice": no, "us-glba-ftc/authority/report": no}},
		{"a hospital that may be none", []string{coveredEntity, usPeople("NV", 600), `{"organisation":{"attributes":{"hipaa":null}}}`}, map[string]breach.Verdict{"us-hipaa/authority/large": open, "us-hipaa/individuals/notice": open, "us-hipaa/authority/small": no}},
		{"no hospital", []string{usPeople("NV", 600)}, map[string]breach.Verdict{"us-hipaa/authority/large": no, "us-hipaa/individuals/notice": no, "us-hipaa/media/notice": no}},
		{"two states of 500 are no 501 of one", []string{coveredEntity, `{"people":{"total":1000,"by_country":{"US":1000},"by_region":{"US-NV":500,"US-UT":500}}}`}, map[string]breach.Verdict{"us-hipaa/authority/large": yes, "us-hipaa/media/notice": no, "us-ca/individuals/notice": no}},
		{"few people, states unknown: no media", []string{coveredEntity, `{"people":{"total":500,"by_country":{"US":500},"by_region":null}}`}, map[string]breach.Verdict{"us-hipaa/authority/large": yes, "us-hipaa/media/notice": no}},
		{"many people, states unknown", []string{coveredEntity, `{"people":{"total":501,"by_country":{"US":501},"by_region":null}}`}, map[string]breach.Verdict{"us-hipaa/authority/large": yes, "us-hipaa/media/notice": open}},
		{"a billing service", []string{coveredEntity, usPeople("NV", 600), `{"organisation":{"attributes":{"hipaa":"business_associate"}}}`}, map[string]breach.Verdict{"us-hipaa/other/controller_notice": yes, "us-hipaa/authority/large": no, "us-hipaa/individuals/notice": no, "us-hipaa/media/notice": no}},
		{"secured", []string{coveredEntity, usPeople("NV", 600), `{"data":{"encrypted":true}}`}, map[string]breach.Verdict{"us-hipaa/authority/large": no, "us-hipaa/individuals/notice": no}},
		{"four factors", []string{coveredEntity, usPeople("NV", 600), said("us-hipaa/low_probability", true)}, map[string]breach.Verdict{"us-hipaa/authority/large": no, "us-hipaa/individuals/notice": no, "us-hipaa/media/notice": no}},
		{"names of patients are health information", []string{coveredEntity, usPeople("NV", 600), `{"data":{"classes":["name"]}}`}, map[string]breach.Verdict{"us-hipaa/individuals/notice": yes}},
		{"staff of a hospital", []string{coveredEntity, usPeople("NV", 600), `{"data":{"classes":["name","national_id"]},"people":{"categories":["employees"]}}`}, map[string]breach.Verdict{"us-hipaa/individuals/notice": no, "us-state-generic/individuals/notice": yes}},
		{"a nurse opens the wrong file", []string{coveredEntity, usPeople("NV", 1), `{"incident":{"malicious":false,"cause":"error"},"exposure":{"recipients":"known_trusted"}}`}, map[string]breach.Verdict{"us-hipaa/individuals/notice": yes, "us-hipaa/authority/small": yes}},
		{"and it is found to be in good faith", []string{coveredEntity, usPeople("NV", 1), `{"incident":{"malicious":false,"cause":"error"},"exposure":{"recipients":"known_trusted"}}`, said("us-hipaa/good_faith_workforce", true)}, map[string]breach.Verdict{"us-hipaa/individuals/notice": no, "us-hipaa/authority/small": no}},
		{"ransomware is presumed to be a breach", []string{coveredEntity, usPeople("NV", 600), `{"incident":{"nature":["availability"],"cause":"malware"},"exposure":{"exfiltrated":"no","recipients":"none"}}`}, map[string]breach.Verdict{"us-hipaa/individuals/notice": yes}},
		{"a fire is none", []string{coveredEntity, usPeople("NV", 600), `{"incident":{"nature":["availability"],"cause":"environmental","malicious":false},"exposure":{"exfiltrated":"no","recipients":"none"}}`}, map[string]breach.Verdict{"us-hipaa/individuals/notice": no}},

		{"a health app", []string{healthApp, usPeople("NV", 600)}, map[string]breach.Verdict{"us-ftc-hbnr/authority/large": yes, "us-ftc-hbnr/individuals/notice": yes, "us-hipaa/individuals/notice": no}},
		{"a health app, said to be none", []string{healthApp, usPeople("NV", 600), said("us-ftc-hbnr/phr_vendor", false)}, map[string]breach.Verdict{"us-ftc-hbnr/authority/large": no}},
		{"a shop with health data", []string{usPeople("NV", 600), `{"data":{"classes":["name","health"]}}`}, map[string]breach.Verdict{"us-ftc-hbnr/authority/large": open}},
		{"a shop without", []string{usPeople("NV", 600)}, map[string]breach.Verdict{"us-ftc-hbnr/authority/large": no}},
		{"a health app before the amendment", []string{healthApp, usPeople("NV", 600), `{"incident":{"aware_at":"2024-07-28T12:00:00Z"}}`}, map[string]breach.Verdict{"us-ftc-hbnr/authority/large": no}},

		{"a lender", []string{lender, usPeople("NV", 600)}, map[string]breach.Verdict{"us-glba-ftc/authority/report": yes}},
		{"a lender, encrypted, key taken", []string{lender, usPeople("NV", 600), `{"data":{"encrypted":true,"key_compromised":true}}`}, map[string]breach.Verdict{"us-glba-ftc/authority/report": yes}},
		{"a lender, encrypted, key safe", []string{lender, usPeople("NV", 600), `{"data":{"encrypted":true}}`}, map[string]breach.Verdict{"us-glba-ftc/authority/report": no}},
		{"a lender, access alone", []string{lender, usPeople("NV", 600), `{"exposure":{"exfiltrated":"no"}}`}, map[string]breach.Verdict{"us-glba-ftc/authority/report": yes}},
		{"a lender, evidence that nobody took it", []string{lender, usPeople("NV", 600), said("us-glba-ftc/no_acquisition", true)}, map[string]breach.Verdict{"us-glba-ftc/authority/report": no}},
		{"a lender, the day before the rule", []string{lender, usPeople("NV", 600), `{"incident":{"aware_at":"2024-05-13T03:59:59Z"}}`}, map[string]breach.Verdict{"us-glba-ftc/authority/report": no}},
		{"a lender on its first day", []string{lender, usPeople("NV", 600), `{"incident":{"aware_at":"2024-05-13T04:00:00Z"}}`}, map[string]breach.Verdict{"us-glba-ftc/authority/report": yes}},
		{"perhaps a lender", []string{usPeople("NV", 600), `{"organisation":{"attributes":{"glba":null}}}`}, map[string]breach.Verdict{"us-glba-ftc/authority/report": open}},

		{"not listed", []string{}, map[string]breach.Verdict{"us-sec-8k/authority/item_1_05": no, "us-sec-8k/authority/amendment_8ka": no}},
		{"listed, nothing determined", []string{`{"organisation":{"attributes":{"listed_us":true}}}`}, map[string]breach.Verdict{"us-sec-8k/authority/item_1_05": open, "us-sec-8k/authority/amendment_8ka": open}},
		{"listed, material", []string{`{"organisation":{"attributes":{"listed_us":true}},"incident":{"material_at":"2026-03-05T15:00:00Z"}}`}, map[string]breach.Verdict{"us-sec-8k/authority/item_1_05": yes, "us-sec-8k/authority/amendment_8ka": yes}},
		{"listed, not material", []string{`{"organisation":{"attributes":{"listed_us":true}}}`, said("us-sec-8k/material", false)}, map[string]breach.Verdict{"us-sec-8k/authority/item_1_05": no, "us-sec-8k/authority/amendment_8ka": no}},
		{"a foreign private issuer", []string{`{"organisation":{"country":"CN","attributes":{"listed_us":true}},"incident":{"material_at":"2026-03-05T15:00:00Z"}}`}, map[string]breach.Verdict{"us-sec-8k/authority/item_1_05": no}},
		{"a domestic filer abroad", []string{`{"organisation":{"country":"CN","attributes":{"listed_us":true}},"incident":{"material_at":"2026-03-05T15:00:00Z"}}`, said("us-sec-8k/domestic_filer", true)}, map[string]breach.Verdict{"us-sec-8k/authority/item_1_05": yes}},

		{"a college", []string{college, usPeople("NV", 20)}, map[string]breach.Verdict{"us-fsa-title-iv/authority/report": yes, "us-ferpa/individuals/notice": no, "us-ferpa/other/access_record": yes, "us-glba-ftc/authority/report": no, "us-ny-edlaw-2d/individuals/notice": no}},
		{"a college that only suspects it", []string{college, usPeople("NV", 20), `{"incident":{"possible_only":true}}`}, map[string]breach.Verdict{"us-fsa-title-iv/authority/report": yes}},
		{"a college without federal aid", []string{college, usPeople("NV", 20), said("us-fsa-title-iv/title_iv", false)}, map[string]breach.Verdict{"us-fsa-title-iv/authority/report": no}},
		{"the staff of a college", []string{college, usPeople("NV", 20), `{"people":{"categories":["employees"]}}`}, map[string]breach.Verdict{"us-fsa-title-iv/authority/report": no, "us-ferpa/other/access_record": no}},
		{"course lists of a college", []string{college, usPeople("NV", 20), `{"data":{"classes":["name","education"]}}`}, map[string]breach.Verdict{"us-fsa-title-iv/authority/report": open, "us-ferpa/other/access_record": yes}},

		{"critical infrastructure, no rule yet", []string{`{"organisation":{"attributes":{"critical_infrastructure":true}}}`, usPeople("NV", 600), said("us-circia/covered_incident", true)}, map[string]breach.Verdict{"us-circia/authority/incident": no, "us-circia/authority/ransom_payment": no, "us-circia/authority/supplement": no}},

		{"a school in New York", []string{college, usPeople("NY", 20), `{"organisation":{"regions":["US-NY"]}}`}, map[string]breach.Verdict{"us-ny-edlaw-2d/authority/agency_to_cpo": yes, "us-ny-edlaw-2d/individuals/notice": yes, "us-ny-edlaw-2d/authority/contractor_to_agency": no}},
		{"its contractor in Nevada", []string{college, usPeople("NY", 20), `{"organisation":{"roles":["processor"]}}`, said("us-ny-edlaw-2d/educational_agency", true)}, map[string]breach.Verdict{"us-ny-edlaw-2d/authority/contractor_to_agency": yes, "us-ny-edlaw-2d/authority/agency_to_cpo": no, "us-ny-edlaw-2d/individuals/notice": no}},
		{"a university in New York", []string{college, usPeople("NY", 20), `{"organisation":{"regions":["US-NY"]}}`, said("us-ny-edlaw-2d/educational_agency", false)}, map[string]breach.Verdict{"us-ny-edlaw-2d/authority/agency_to_cpo": no, "us-ny-edlaw-2d/individuals/notice": no}},
		{"a platform abroad with learners in New York", []string{college, usPeople("NY", 20), `{"organisation":{"country":"CN","regions":["CN-ZJ"],"attributes":{"glba":false}}}`}, map[string]breach.Verdict{"us-ny-edlaw-2d/individuals/notice": no, "us-fsa-title-iv/authority/report": no, "us-ferpa/other/access_record": no, "us-ny/individuals/notice": yes}},
		{"a school that may be in New York", []string{college, usPeople("NY", 20), `{"organisation":{"regions":null}}`}, map[string]breach.Verdict{"us-ny-edlaw-2d/individuals/notice": open}},

		{"New York wants the copy of what HHS gets", []string{coveredEntity, usPeople("NY", 20)}, map[string]breach.Verdict{"us-ny/authority/hipaa_copy": yes}},
		{"no hospital, no copy", []string{usPeople("NY", 20)}, map[string]breach.Verdict{"us-ny/authority/hipaa_copy": no}},
		{"inadvertent, 501 residents: the record goes to the Attorney General", []string{usPeople("NY", 501), `{"incident":{"malicious":false},"exposure":{"recipients":"known_trusted"}}`, said("us-ny/good_faith", true)}, map[string]breach.Verdict{"us-ny/authority/inadvertent_record": yes, "us-ny/individuals/notice": no, "us-ny/authority/state_agencies": no}},
		{"inadvertent, 500 residents", []string{usPeople("NY", 500), `{"incident":{"malicious":false},"exposure":{"recipients":"known_trusted"}}`, said("us-ny/good_faith", true)}, map[string]breach.Verdict{"us-ny/authority/inadvertent_record": no, "us-ny/individuals/notice": no}},
		{"Florida gets the record that no harm is likely", []string{usPeople("FL", 20), said("us-fl/no_harm", true)}, map[string]breach.Verdict{"us-fl/authority/no_harm_record": yes, "us-fl/individuals/notice": no}},
		{"and else does not", []string{usPeople("FL", 20)}, map[string]breach.Verdict{"us-fl/authority/no_harm_record": no, "us-fl/individuals/notice": yes, "us-fl/authority/on_request": no}},
		{"Florida asks for more", []string{usPeople("FL", 20), `{"incident":{"requested_at":{"us-fl/authority/on_request":"2026-03-03T12:00:00Z"}}}`}, map[string]breach.Verdict{"us-fl/authority/on_request": yes}},
		{"who keeps data for others tells them", []string{`{"organisation":{"roles":["processor"]}}`, usPeople("CA", 600)}, map[string]breach.Verdict{"us-ca/other/controller_notice": yes, "us-ca/individuals/notice": no, "us-ca/authority/ag_sample": no}},
	} {
		j := judge(t, rules, usFacts(t, c.patches...))
		for id, want := range c.want {
			o := obligation(t, j, id)
			require.Equal(t, want, o.Verdict, "%s, %s: %v", c.what, id, o.Because)
		}
	}
}

// An incident elsewhere, of which that is known, is not flooded with American questions.
func TestUSPacksLeaveOthersAlone(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	for _, facts := range []string{
		"organisation: {country: CN, sectors: [education]}\npeople: {total: 1200, by_country: {CN: 1200}}",
		"organisation: {country: DE}\npeople: {total: 10, by_country: {DE: 6, FR: 4}}",
		"organisation: {country: CN}\npeople: {total: 3, by_region: {CN-BJ: 3}}\ndata: {classes: [name, health, national_id, password, email]}",
	} {
		for _, o := range judge(t, rules, testFacts(t, facts)).Obligations {
			if strings.HasPrefix(o.ID, "us-") {
				require.Equal(t, no, o.Verdict, "%s: %v", o.ID, o.Because)
			}
		}
	}
	// and where it is not known, most are still open
	j := judge(t, rules, testFacts(t, "organisation: {country: US}"))
	for _, id := range []string{"us-hipaa/individuals/notice", "us-glba-ftc/authority/report", "us-sec-8k/authority/item_1_05", "us-ca/individuals/notice", "us-state-generic/individuals/notice"} {
		require.Equal(t, open, obligation(t, j, id).Verdict, id)
	}
}

func TestUSDeadlines(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	const listed = `{"organisation":{"attributes":{"listed_us":true}}}`
	inc := func(s string) string { return `{"incident":{` + s + `}}` }
	for _, c := range []struct {
		what    string
		patches []string
		id, due string // in the authority's zone
		from    string
		law     bool
		open    bool // provisional
	}{
		{"60 days over the change to summer time", []string{coveredEntity, usPeople("NV", 600)}, "us-hipaa/authority/large", "2026-05-01T23:59:59-04:00", "detected_at", true, false},
		{"people", []string{coveredEntity, usPeople("NV", 600)}, "us-hipaa/individuals/notice", "2026-05-01T23:59:59-04:00", "detected_at", true, false},
		{"media", []string{coveredEntity, usPeople("NV", 600)}, "us-hipaa/media/notice", "2026-05-01T23:59:59-04:00", "detected_at", true, false},
		{"small, on New Year's Day", []string{coveredEntity, usPeople("NV", 6), inc(`"detected_at":"2027-01-01T12:00:00Z"`)}, "us-hipaa/authority/small", "2028-02-29T23:59:59-05:00", "detected_at", true, false},
		{"small, on New Year's Eve", []string{coveredEntity, usPeople("NV", 6), inc(`"detected_at":"2028-01-01T04:59:59Z"`)}, "us-hipaa/authority/small", "2028-02-29T23:59:59-05:00", "detected_at", true, false},
		{"small, a second later", []string{coveredEntity, usPeople("NV", 6), inc(`"detected_at":"2028-01-01T05:00:00Z"`)}, "us-hipaa/authority/small", "2029-03-01T23:59:59-05:00", "detected_at", true, false},
		{"small, in a common year", []string{coveredEntity, usPeople("NV", 6)}, "us-hipaa/authority/small", "2027-03-01T23:59:59-05:00", "detected_at", true, false},
		{"business associate", []string{coveredEntity, usPeople("NV", 6), `{"organisation":{"attributes":{"hipaa":"business_associate"}}}`}, "us-hipaa/other/controller_notice", "2026-05-01T23:59:59-04:00", "detected_at", true, false},
		{"discovery unknown", []string{coveredEntity, usPeople("NV", 600), inc(`"detected_at":null`)}, "us-hipaa/individuals/notice", "2026-05-01T23:59:59-04:00", "detected_at", true, true},
		{"health app", []string{healthApp, usPeople("NV", 600)}, "us-ftc-hbnr/authority/large", "2026-05-01T23:59:59-04:00", "detected_at", true, false},
		{"health app, small", []string{healthApp, usPeople("NV", 6)}, "us-ftc-hbnr/authority/small", "2027-03-01T23:59:59-05:00", "detected_at", true, false},
		{"health app, people", []string{healthApp, usPeople("NV", 6)}, "us-ftc-hbnr/individuals/notice", "2026-05-01T23:59:59-04:00", "detected_at", true, false},
		{"lender", []string{lender, usPeople("NV", 600)}, "us-glba-ftc/authority/report", "2026-04-01T23:59:59-04:00", "detected_at", true, false},
		{"four business days", []string{listed, inc(`"material_at":"2026-06-09T15:00:00Z"`)}, "us-sec-8k/authority/item_1_05", "2026-06-15T23:59:59-04:00", "material_at", true, false},
		{"material on a Saturday", []string{listed, inc(`"material_at":"2026-06-06T15:00:00Z"`)}, "us-sec-8k/authority/item_1_05", "2026-06-11T23:59:59-04:00", "material_at", true, false},
		{"Thursday before a Monday holiday", []string{listed, inc(`"material_at":"2026-05-21T15:00:00Z"`)}, "us-sec-8k/authority/item_1_05", "2026-05-28T23:59:59-04:00", "material_at", true, false},
		{"over Juneteenth and a weekend", []string{listed, inc(`"material_at":"2026-06-17T15:00:00Z"`)}, "us-sec-8k/authority/item_1_05", "2026-06-24T23:59:59-04:00", "material_at", true, false},
		{"evening in New York, the next day in London", []string{listed, inc(`"material_at":"2026-06-09T03:59:59Z"`)}, "us-sec-8k/authority/item_1_05", "2026-06-12T23:59:59-04:00", "material_at", true, false},
		{"material by a person's word, the time not yet known", []string{listed, `{"determinations":[{"question":"us-sec-8k/material","answer":true,"reason":"x"}]}`}, "us-sec-8k/authority/item_1_05", "2026-03-06T23:59:59-05:00", "material_at", true, true},
		{"the missing figure is found", []string{listed, inc(`"material_at":"2026-06-09T15:00:00Z","event_at":{"us-sec-8k/authority/amendment_8ka":"2026-06-22T15:00:00Z"}`)}, "us-sec-8k/authority/amendment_8ka", "2026-06-26T23:59:59-04:00", "event_at[us-sec-8k/authority/amendment_8ka]", true, false},
		{"student aid, the same day", []string{`{"organisation":{"sectors":["education"],"attributes":{"glba":true}},"people":{"categories":["students"]}}`, usPeople("NV", 1)}, "us-fsa-title-iv/authority/report", "2026-03-02T23:59:59-05:00", "detected_at", false, false},
		{"California, 30 days", []string{usPeople("CA", 600)}, "us-ca/individuals/notice", "2026-04-01T23:59:59-07:00", "detected_at", true, false},
		{"California, evening of the day before", []string{usPeople("CA", 600), inc(`"detected_at":"2026-03-02T07:59:59Z"`)}, "us-ca/individuals/notice", "2026-03-31T23:59:59-07:00", "detected_at", true, false},
		{"California, sample", []string{usPeople("CA", 600), inc(`"individuals_notified_at":"2026-03-20T17:00:00Z"`)}, "us-ca/authority/ag_sample", "2026-04-04T23:59:59-07:00", "individuals_notified_at", true, false},
		{"California, nobody told yet", []string{usPeople("CA", 600)}, "us-ca/authority/ag_sample", "2026-03-17T23:59:59-07:00", "individuals_notified_at", true, true},
		{"New York, people", []string{usPeople("NY", 1), inc(`"detected_at":"2026-10-15T12:00:00Z"`)}, "us-ny/individuals/notice", "2026-11-14T23:59:59-05:00", "detected_at", true, false},
		{"New York, agencies", []string{usPeople("NY", 1)}, "us-ny/authority/state_agencies", "2026-04-01T23:59:59-04:00", "detected_at", true, false},
		{"New York, copy of the report to HHS", []string{coveredEntity, usPeople("NY", 600), inc(`"filed_at":{"us-hipaa/authority/large":"2026-04-08T15:00:00Z"}`)}, "us-ny/authority/hipaa_copy", "2026-04-15T23:59:59-04:00", "filed_at[us-hipaa/authority/large]", true, false},
		{"New York, record", []string{usPeople("NY", 501), `{"incident":{"malicious":false,"determined_at":"2026-03-04T15:00:00Z"},"exposure":{"recipients":"known_trusted"},"determinations":[{"question":"us-ny/good_faith","answer":true,"reason":"x"}]}`}, "us-ny/authority/inadvertent_record", "2026-03-14T23:59:59-04:00", "determined_at", true, false},
		{"schools, contractor", []string{usPeople("NY", 1), `{"organisation":{"roles":["processor"]},"people":{"categories":["students"]},"determinations":[{"question":"us-ny-edlaw-2d/educational_agency","answer":true,"reason":"x"}]}`}, "us-ny-edlaw-2d/authority/contractor_to_agency", "2026-03-09T23:59:59-04:00", "detected_at", true, false},
		{"schools, agency", []string{usPeople("NY", 1), `{"organisation":{"sectors":["education"],"regions":["US-NY"]},"people":{"categories":["students"]}}`}, "us-ny-edlaw-2d/authority/agency_to_cpo", "2026-03-12T23:59:59-04:00", "detected_at", true, false},
		{"schools, parents", []string{usPeople("NY", 1), `{"organisation":{"sectors":["education"],"regions":["US-NY"]},"people":{"categories":["students"]}}`}, "us-ny-edlaw-2d/individuals/notice", "2026-05-01T23:59:59-04:00", "detected_at", true, false},
		{"Texas, people", []string{usPeople("TX", 600), inc(`"determined_at":"2026-03-10T15:00:00Z"`)}, "us-tx/individuals/notice", "2026-05-09T23:59:59-05:00", "determined_at", true, false},
		{"Texas, Attorney General", []string{usPeople("TX", 600), inc(`"determined_at":"2026-03-10T15:00:00Z"`)}, "us-tx/authority/ag_form", "2026-04-09T23:59:59-05:00", "determined_at", true, false},
		{"Texas, nothing determined", []string{usPeople("TX", 600)}, "us-tx/authority/ag_form", "2026-04-01T23:59:59-05:00", "determined_at", true, true},
		{"Florida, people", []string{usPeople("FL", 600), inc(`"determined_at":"2026-03-10T15:00:00Z"`)}, "us-fl/individuals/notice", "2026-04-09T23:59:59-04:00", "determined_at", true, false},
		{"Florida, Department", []string{usPeople("FL", 600), inc(`"determined_at":"2026-03-10T15:00:00Z"`)}, "us-fl/authority/department", "2026-04-09T23:59:59-04:00", "determined_at", true, false},
		{"Florida, third party", []string{usPeople("FL", 600), inc(`"determined_at":"2026-03-10T15:00:00Z"`), `{"organisation":{"roles":["processor"]}}`}, "us-fl/other/controller_notice", "2026-03-20T23:59:59-04:00", "determined_at", true, false},
		{"Florida, record", []string{usPeople("FL", 6), `{"incident":{"determined_at":"2026-03-04T15:00:00Z"},"determinations":[{"question":"us-fl/no_harm","answer":true,"reason":"x"}]}`}, "us-fl/authority/no_harm_record", "2026-04-03T23:59:59-04:00", "determined_at", true, false},
		{"Washington, people", []string{usPeople("WA", 600)}, "us-wa/individuals/notice", "2026-04-01T23:59:59-07:00", "detected_at", true, false},
		{"Washington, Attorney General", []string{usPeople("WA", 600)}, "us-wa/authority/ag", "2026-04-01T23:59:59-07:00", "detected_at", true, false},
		{"Colorado, people", []string{usPeople("CO", 600), inc(`"determined_at":"2026-03-10T15:00:00Z"`)}, "us-co/individuals/notice", "2026-04-09T23:59:59-06:00", "determined_at", true, false},
		{"Colorado, Attorney General", []string{usPeople("CO", 600), inc(`"determined_at":"2026-03-10T15:00:00Z"`)}, "us-co/authority/ag", "2026-04-09T23:59:59-06:00", "determined_at", true, false},
		{"Massachusetts, no number", []string{usPeople("MA", 1)}, "us-ma/individuals/notice", "2026-04-01T23:59:59-04:00", "detected_at", false, false},
		{"Massachusetts, authorities", []string{usPeople("MA", 1)}, "us-ma/authority/ag_and_ocabr", "2026-04-01T23:59:59-04:00", "detected_at", false, false},
		{"Maine", []string{usPeople("ME", 1)}, "us-state-generic/individuals/notice", "2026-04-01T23:59:59-04:00", "detected_at", true, false},
		{"Ohio", []string{usPeople("OH", 1)}, "us-state-generic/individuals/notice", "2026-04-16T23:59:59-04:00", "detected_at", true, false},
		{"Delaware", []string{usPeople("DE", 1)}, "us-state-generic/individuals/notice", "2026-05-01T23:59:59-04:00", "detected_at", true, false},
		{"Delaware with one of Ohio", []string{`{"people":{"total":2,"by_country":{"US":2},"by_region":{"US-DE":1,"US-OH":1}}}`}, "us-state-generic/individuals/notice", "2026-04-16T23:59:59-04:00", "detected_at", true, false},
		{"Nevada has no number", []string{usPeople("NV", 1)}, "us-state-generic/individuals/notice", "2026-04-01T23:59:59-04:00", "detected_at", false, false},
		{"Vermont, 14 business days", []string{usPeople("VT", 1), inc(`"detected_at":"2026-03-31T15:00:00Z"`)}, "us-state-generic/authority/vermont_preliminary", "2026-04-20T23:59:59-04:00", "detected_at", true, false},
		{"Puerto Rico", []string{usPeople("PR", 1)}, "us-state-generic/authority/puerto_rico", "2026-03-12T23:59:59-04:00", "detected_at", true, false},
		{"Minnesota, bureaus", []string{usPeople("MN", 501)}, "us-state-generic/other/consumer_reporting_agencies_minnesota", "2026-03-04T15:00:00-05:00", "detected_at", true, false},
	} {
		o := obligation(t, judge(t, rules, usFacts(t, c.patches...)), c.id)
		require.Equal(t, yes, o.Verdict, "%s: %v", c.what, o.Because)
		due, err := time.Parse(time.RFC3339, c.due)
		require.NoError(t, err)
		require.NotNil(t, o.DueAt, c.what)
		require.Equal(t, due.UTC(), *o.DueAt, "%s: %v", c.what, o.Because)
		require.Equal(t, c.from, o.Clock.From, c.what)
		require.Equal(t, map[bool]string{true: "law", false: "house_policy"}[c.law], o.Binding, c.what)
		require.Equal(t, c.open, o.Clock.Provisional, "%s: %v", c.what, o.Because)
	}
	o := obligation(t, judge(t, rules, usFacts(t, usPeople("WA", 501))), "us-wa/authority/ag_update")
	dueByGeneralTerm(t, o)
}

// What notices and reports must and must not hold.
func TestUSContents(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	has := func(id, patch string, want ...string) {
		o := obligation(t, judge(t, rules, usFacts(t, `{"people":{"total":7000,"by_country":{"US":7000},"by_region":{"US-CA":1000,"US-NY":1000,"US-TX":1000,"US-FL":1000,"US-WA":1000,"US-CO":1000,"US-MA":1000}}}`, patch)), id)
		require.Equal(t, yes, o.Verdict, id)
		require.ElementsMatch(t, want, o.Contents, id)
	}
	has("us-ca/individuals/notice", `{}`, "controller_id", "data_categories", "occurred_at", "notice_date", "law_enforcement", "summary", "cra_contacts", "remedies_offered")
	has("us-ca/individuals/notice", `{"data":{"classes":["name","payment_card"]}}`, "controller_id", "data_categories", "occurred_at", "notice_date", "law_enforcement", "summary")
	has("us-ca/authority/ag_sample", `{}`, "notice_copy")
	has("us-ny/individuals/notice", `{}`, "controller_id", "data_categories", "agency_contacts")
	has("us-ny/authority/state_agencies", `{}`, "occurred_at", "notice_copy", "subject_count_local")
	has("us-tx/authority/ag_form", `{}`, "summary", "subject_count_local", "notify_status", "measures_taken", "measures_planned", "law_enforcement")
	has("us-fl/individuals/notice", `{}`, "occurred_at", "data_categories", "contact_point")
	has("us-fl/authority/department", `{}`, "summary", "subject_count_local", "remedies_offered", "notice_copy", "contact_point")
	has("us-wa/individuals/notice", `{}`, "controller_id", "data_categories", "occurred_at", "detected_at", "cra_contacts")
	has("us-wa/authority/ag", `{}`, "subject_count_local", "data_categories", "occurred_at", "detected_at", "measures_taken", "notice_copy")
	has("us-co/individuals/notice", `{}`, "occurred_at", "data_categories", "contact_point", "cra_contacts", "agency_contacts", "individual_steps")
	has("us-ma/individuals/notice", `{}`, "police_report_right", "security_freeze_how_to", "freeze_is_free", "remedies_offered", "parent_company_name")
	has("us-ma/individuals/notice", `{"data":{"classes":["name","payment_card"]}}`, "police_report_right", "security_freeze_how_to", "freeze_is_free", "parent_company_name")
	has("us-ma/authority/ag_and_ocabr", `{}`, "nature", "subject_count_local", "controller_id", "reporter_id", "data_categories", "cause", "wisp_status", "measures_taken", "law_enforcement", "remedies_offered")
	has("us-hipaa/individuals/notice", coveredEntity, "summary", "occurred_at", "detected_at", "data_categories", "individual_steps", "measures_taken", "contact_point")
	has("us-glba-ftc/authority/report", lender, "controller_id", "data_categories", "occurred_at", "subject_count", "summary", "law_enforcement")

	_, ca, _, _ := rules.Find("us-ca/individuals/notice")
	require.Equal(t, "Notice of Data Breach", ca.Title)
	require.Equal(t, []string{"What Happened", "What Information Was Involved", "What We Are Doing", "What You Can Do", "For More Information"}, ca.Headings)
	require.Equal(t, 10, ca.MinFontPt)
	require.Equal(t, 12, ca.Remedies[0].Months)
	_, ma, _, _ := rules.Find("us-ma/individuals/notice")
	require.Subset(t, ma.Forbidden, []string{"nature", "subject_count_local"})
	require.Equal(t, []int{42, 18}, []int{ma.Remedies[0].Months, ma.Remedies[1].Months})
	_, ma, _, _ = rules.Find("us-ma/authority/ag_and_ocabr")
	require.Empty(t, ma.Forbidden, "the authorities are told both")
	_, sec, _, _ := rules.Find("us-sec-8k/authority/item_1_05")
	require.Equal(t, []string{"nature", "occurred_at", "consequences", "financial_impact"}, sec.Contents)
}

// Substitute notice: what proves it, to the dollar and to the person.
func TestUSSubstitutes(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	cost := func(usd string) string {
		return `{"contacts":{"missing":0,"cost_per_person":{"letter":{"USD":` + usd + `}}}}`
	}
	for _, c := range []struct {
		id, people, patch string
		which             int
		want              breach.Verdict
	}{
		{"us-ca/individuals/notice", usPeople("CA", 250_000), cost("1"), 0, no},
		{"us-ca/individuals/notice", usPeople("CA", 250_001), cost("1"), 0, yes},
		{"us-ca/individuals/notice", usPeople("CA", 500_000), cost("0"), 0, no},
		{"us-ca/individuals/notice", usPeople("CA", 500_001), cost("0"), 0, yes},
		{"us-ca/individuals/notice", usPeople("CA", 10), `{"contacts":{"missing":1}}`, 0, yes},
		{"us-ca/individuals/notice", usPeople("CA", 10), `{"contacts":{"missing":0}}`, 0, open},
		{"us-ny/individuals/notice", usPeople("NY", 500_001), cost("0"), 0, yes},
		{"us-tx/individuals/notice", usPeople("TX", 500_000), cost("0"), 0, no},
		{"us-fl/individuals/notice", usPeople("FL", 500_001), cost("0"), 0, yes},
		{"us-wa/individuals/notice", usPeople("WA", 500_000), cost("0.5"), 0, no},
		{"us-co/individuals/notice", usPeople("CO", 250_000), cost("1"), 0, no},
		{"us-co/individuals/notice", usPeople("CO", 250_001), cost("0"), 0, yes},
		{"us-ma/individuals/notice", usPeople("MA", 500_001), cost("0"), 0, yes},
		{"us-hipaa/individuals/notice", usPeople("NV", 600), `{"contacts":{"missing":9}}`, 0, yes},
		{"us-hipaa/individuals/notice", usPeople("NV", 600), `{"contacts":{"missing":9}}`, 1, no},
		{"us-hipaa/individuals/notice", usPeople("NV", 600), `{"contacts":{"missing":10}}`, 0, no},
		{"us-hipaa/individuals/notice", usPeople("NV", 600), `{"contacts":{"missing":10}}`, 1, yes},
		{"us-hipaa/individuals/notice", usPeople("NV", 600), `{"contacts":{"missing":0}}`, 0, no},
		{"us-hipaa/individuals/notice", usPeople("NV", 600), `{"contacts":{"missing":null}}`, 1, open},
	} {
		s, err := rules.Substitutes(usFacts(t, c.people, c.patch), Profile{}, c.id, testNow)
		require.NoError(t, err)
		require.Equal(t, c.want, s[c.which].Verdict, "%s %s %s: %v", c.id, c.people, c.patch, s[c.which].Because)
	}
	_, d, _, _ := rules.Find("us-hipaa/individuals/notice")
	require.Equal(t, []int{90, 90}, []int{d.Substitutes[1].DurationDays, d.Substitutes[1].CallCentreDays})
	require.False(t, d.Substitutes[1].AllForms)
	_, d, _, _ = rules.Find("us-ca/individuals/notice")
	require.Equal(t, 30, d.Substitutes[0].DurationDays)
	require.True(t, d.Substitutes[0].AllForms)
}

// Law enforcement can delay only where the rule knows it, and only what the rule says.
func TestUSHolds(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	held := map[string]bool{}
	for _, p := range rules.All() {
		for _, d := range p.Duties {
			if strings.HasPrefix(p.ID, "us-") && d.Hold.LawEnforcement {
				held[p.ID+"/"+d.Addressee] = true
			}
		}
	}
	require.Equal(t, map[string]bool{
		"us-hipaa/authority": true, "us-hipaa/individuals": true, "us-hipaa/media": true, "us-hipaa/other": true,
		"us-sec-8k/authority": true, "us-ca/individuals": true, "us-ny/individuals": true, "us-tx/individuals": true,
		"us-fl/individuals": true, "us-wa/individuals": true, "us-co/individuals": true, "us-state-generic/individuals": true,
	}, held)
	_, d, _, _ := rules.Find("us-hipaa/individuals/notice")
	require.Equal(t, []PackHoldLimit{{Form: "written"}, {Form: "oral", Days: 30}}, d.Hold.Limits)
	_, d, _, _ = rules.Find("us-sec-8k/authority/item_1_05")
	require.Equal(t, 30, d.Hold.Limits[0].Days)
	_, d, _, _ = rules.Find("us-co/individuals/notice")
	require.Equal(t, 30, d.Hold.After.Value)
	_, d, _, _ = rules.Find("us-state-generic/individuals/notice")
	require.Equal(t, []string{"us-state-generic/authority/ag_before_individuals"}, d.NotBefore)
}

// What was not read in a source says so, wherever it is used.
func TestUSPacksSayWhatTheyKnow(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	unverified := []string{}
	for _, p := range rules.All() {
		if strings.HasPrefix(p.ID, "us-") {
			require.Equal(t, "2026-11-22", p.LastChecked, p.ID)
			require.NotEmpty(t, p.Source, p.ID)
			if !p.Verified {
				unverified = append(unverified, p.ID)
			}
		}
	}
	require.Equal(t, []string{"us-circia", "us-ftc-hbnr", "us-ny-edlaw-2d", "us-state-generic"}, unverified)
	b, err := json.Marshal(obligation(t, judge(t, rules, usFacts(t, usPeople("NV", 1))), "us-state-generic/individuals/notice"))
	require.NoError(t, err)
	require.Contains(t, string(b), `"verified":false`)
	require.Contains(t, string(b), "has not been verified")
}
