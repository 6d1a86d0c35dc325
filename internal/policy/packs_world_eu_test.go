package policy

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

type verdicts = map[string]breach.Verdict

func TestOmnibusIsAProposalAndNeverBinds(t *testing.T) {
	t.Parallel()
	checkWorld(t, worldCase{"a high risk in Germany", `
organisation: {country: DE}
determinations: [{question: eu-digital-omnibus/high_risk, answer: true, reason: test}]`,
		verdicts{"eu-digital-omnibus/authority/initial": no, "eu-gdpr/authority/initial": yes}})
	o := obligation(t, judge(t, loadTestRules(t), testFacts(t, "organisation: {country: DE}")), "eu-digital-omnibus/authority/initial")
	require.Contains(t, strings.Join(o.Because, " "), "proposal")
}

func TestNIS2(t *testing.T) {
	t.Parallel()
	const id, first, third, last = "eu-nis2/", "eu-nis2/authority/early_warning", "eu-nis2/authority/incident_notification", "eu-nis2/authority/final"
	const people, going, after = id + "individuals/notice", id + "authority/progress_if_ongoing", id + "authority/final_after_handling"
	const serious = "\navailability: {service_impact: serious}"
	checkWorld(t,
		worldCase{"essential, severe disruption", "organisation: {country: DE, attributes: {nis2_entity: essential}, sectors: [energy]}" + serious,
			verdicts{first: yes, third: yes, last: yes, people: yes, id + "authority/incident_notification_trust_services": no, id + "authority/intermediate": no, going: worldOpen}},
		worldCase{"important, severe disruption", "organisation: {country: DE, attributes: {nis2_entity: important}}" + serious, verdicts{first: yes, third: yes}},
		worldCase{"no entity", "organisation: {country: DE, attributes: {nis2_entity: none}}" + serious, verdicts{first: no, third: no, last: no, people: no}},
		worldCase{"nobody said whether it is one", "organisation: {country: DE}" + serious, verdicts{first: worldOpen, third: worldOpen, last: worldOpen}},
		worldCase{"an entity whose country nobody wrote down", "organisation: {attributes: {nis2_entity: essential}}" + serious, verdicts{first: yes}},
		worldCase{"an American company with American people", "organisation: {country: US}\npeople: {total: 5, by_country: {US: 5}}" + serious, verdicts{first: no, people: no}},
		worldCase{"limited disruption", "organisation: {country: DE, attributes: {nis2_entity: essential}}\navailability: {service_impact: limited}", verdicts{first: worldOpen, people: worldOpen}},
		worldCase{"limited disruption that a person calls significant", `
organisation: {country: DE, attributes: {nis2_entity: essential}}
availability: {service_impact: limited}
determinations: [{question: eu-nis2/significant_incident, answer: true, reason: test}]`, verdicts{first: yes, third: yes, people: worldOpen}},
		worldCase{"a person says no", "organisation: {country: DE, attributes: {nis2_entity: essential}}" + serious +
			"\ndeterminations: [{question: eu-nis2/significant_incident, answer: false, reason: test}]", verdicts{first: no, third: no, last: no}},
		worldCase{"nothing stopped and nothing left", `
organisation: {country: DE, attributes: {nis2_entity: essential}}
incident: {nature: [confidentiality]}
exposure: {recipients: none, exfiltrated: "no"}
availability: {service_impact: none}`, verdicts{first: no, people: no}},
		worldCase{"trust services", "organisation: {country: DE, attributes: {nis2_entity: essential}, sectors: [trust_services]}" + serious,
			verdicts{id + "authority/incident_notification_trust_services": yes}},
		worldCase{"asked for a report in between", "organisation: {country: DE, attributes: {nis2_entity: essential}}\nincident: {requested_at: {eu-nis2/authority/intermediate: 2026-03-04T08:00:00Z}}" + serious,
			verdicts{id + "authority/intermediate": yes}},
		worldCase{"handled in time", "incident: {handled_at: 2026-03-30T09:00:00Z}\norganisation: {country: DE, attributes: {nis2_entity: essential}}" + serious, verdicts{going: no, after: no}},
		worldCase{"handled late", "incident: {handled_at: 2026-04-05T09:00:01Z}\norganisation: {country: DE, attributes: {nis2_entity: essential}}" + serious, verdicts{going: yes, after: yes}},
		worldCase{"before it bound", "incident: {detected_at: 2024-10-17T10:00:00+02:00, aware_at: 2024-10-17T10:00:00+02:00}\norganisation: {country: DE, attributes: {nis2_entity: essential}}" + serious, verdicts{first: no}},
	)
	filed := func(at string) string {
		return "organisation: {country: DE, attributes: {nis2_entity: essential}, sectors: [energy]}" + serious +
			"\nincident: {aware_at: 2026-01-28T10:00:00+01:00, filed_at: {" + third + ": " + at + "}}"
	}
	entity := filed("2026-01-31T09:00:00+01:00")
	checkDue(t,
		worldDue{"early warning", entity, first, "2026-01-29T10:00:00+01:00", "", false},
		worldDue{"notification", entity, third, "2026-01-31T10:00:00+01:00", "", false},
		worldDue{"final, 31 January", entity, last, "2026-02-28T23:59:59+01:00", "", false},
		worldDue{"final, leap year", filed("2028-01-31T23:30:00+01:00"), last, "2028-02-29T23:59:59+01:00", "", false},
		worldDue{"final, over the clock change", filed("2026-03-15T12:00:00+01:00"), last, "2026-04-15T23:59:59+02:00", "", false},
		worldDue{"final, local day is not that of UTC", filed("2026-01-31T23:30:00Z"), last, "2026-03-01T23:59:59+01:00", "", false},
		worldDue{"after handling", strings.Replace(entity, "filed_at", "handled_at: 2026-05-31T10:00:00+02:00, filed_at", 1), after, "2026-06-30T23:59:59+02:00", "", false},
		worldDue{"over the change to summer time", "organisation: {country: DE, attributes: {nis2_entity: essential}}\nincident: {aware_at: 2026-03-28T12:00:00+01:00}" + serious, third, "2026-03-31T13:00:00+02:00", "", false},
		worldDue{"people", entity, people, "2026-01-31T10:00:00+01:00", bindingHouse, false},
	)
}

func TestDORA(t *testing.T) {
	t.Parallel()
	const first, second, last, people = "eu-dora/authority/initial", "eu-dora/authority/intermediate", "eu-dora/authority/final", "eu-dora/individuals/notice"
	const bank = "\norganisation: {country: DE, sectors: [finance], attributes: {dora_entity: true}}"
	const leak = "\ndata: {classes: [bank_account], encrypted: false}\nexposure: {recipients: unknown, exfiltrated: \"yes\"}"
	checkWorld(t,
		worldCase{"major", "incident: {classification: {dora: major}}" + bank, verdicts{first: yes, second: yes, last: yes, people: worldOpen}},
		worldCase{"major, clients' accounts leaked", "incident: {classification: {dora: major}}" + bank + leak, verdicts{people: yes}},
		worldCase{"classified, not major", "incident: {classification: {dora: minor}}" + bank + leak, verdicts{first: no, second: no, last: no, people: no}},
		worldCase{"not classified", bank, verdicts{first: worldOpen, second: worldOpen, last: worldOpen, people: worldOpen}},
		worldCase{"a person says major", bank + "\ndeterminations: [{question: eu-dora/major_incident, answer: true, reason: test}]", verdicts{first: yes}},
		worldCase{"no financial entity", "incident: {classification: {dora: major}}\norganisation: {country: DE, attributes: {dora_entity: false}}", verdicts{first: no, people: no}},
		worldCase{"nobody said whether it is one", "incident: {classification: {dora: major}}\norganisation: {country: DE}", verdicts{first: worldOpen}},
		worldCase{"a British bank with British clients", "incident: {classification: {dora: major}}\norganisation: {country: GB}\npeople: {total: 9, by_country: {GB: 9}}", verdicts{first: no}},
		worldCase{"before it bound", "incident: {detected_at: 2025-01-16T10:00:00Z, aware_at: 2025-01-16T10:00:00Z, classification: {dora: major}}" + bank, verdicts{first: no}},
	)
	// Tuesday 3 March 2026.
	major := func(more string) string {
		return "incident: {detected_at: null, aware_at: 2026-03-03T10:00:00+01:00, classification: {dora: major}" + more + "}" + bank
	}
	const filed = ", filed_at: {eu-dora/authority/initial: 2026-03-03T15:00:00+01:00, eu-dora/authority/intermediate: 2026-03-31T15:00:00+02:00}"
	checkDue(t,
		worldDue{"four hours from classification", major(", classified_at: 2026-03-03T12:00:00+01:00"), first, "2026-03-03T16:00:00+01:00", "", false},
		worldDue{"a second before the cap bites", major(", classified_at: 2026-03-04T05:59:59+01:00"), first, "2026-03-04T09:59:59+01:00", "", false},
		worldDue{"both on the same instant", major(", classified_at: 2026-03-04T06:00:00+01:00"), first, "2026-03-04T10:00:00+01:00", "", false},
		worldDue{"the cap of 24 hours", major(", classified_at: 2026-03-04T08:00:00+01:00"), first, "2026-03-04T10:00:00+01:00", "", false},
		worldDue{"classified exactly at 24 hours", major(", classified_at: 2026-03-04T10:00:00+01:00"), first, "2026-03-04T10:00:00+01:00", "", false},
		worldDue{"a second after 24 hours", major(", classified_at: 2026-03-04T10:00:01+01:00"), first, "2026-03-04T14:00:01+01:00", "", false},
		worldDue{"classified late", major(", classified_at: 2026-03-04T12:00:00+01:00"), first, "2026-03-04T16:00:00+01:00", "", false},
		worldDue{"not classified yet", major(""), first, "2026-03-04T10:00:00+01:00", "", true},
		worldDue{"intermediate, from the initial report", major(filed), second, "2026-03-06T15:00:00+01:00", "", false},
		worldDue{"final, a month from the intermediate", major(filed), last, "2026-04-30T23:59:59+02:00", "", false},
		worldDue{"people", major(filed), people, "2026-03-06T10:00:00+01:00", bindingHouse, true},
	)
}

func TestEPrivacy611(t *testing.T) {
	t.Parallel()
	const first, second, rest, people = "eu-eprivacy-611/authority/initial", "eu-eprivacy-611/authority/second", "eu-eprivacy-611/authority/remainder", "eu-eprivacy-611/individuals/notice"
	const provider = "\norganisation: {country: FR, sectors: [telecom]}"
	const leak = "\nincident: {nature: [confidentiality], malicious: true, cause: hacking}\nexposure: {recipients: unknown, exfiltrated: \"yes\"}"
	checkWorld(t,
		worldCase{"traffic data stolen", provider + leak + "\ndata: {classes: [communications], encrypted: false}", verdicts{first: yes, second: yes, rest: yes, people: yes}},
		worldCase{"one name, no risk at all: the authority is told", provider + "\ndata: {classes: [name]}\npeople: {total: 1}", verdicts{first: yes, people: worldOpen}},
		worldCase{"nobody's data", provider + "\npeople: {total: 0}", verdicts{first: no, second: no, people: no}},
		worldCase{"encrypted, not shown to the authority", provider + leak + "\ndata: {classes: [communications], encrypted: true, key_compromised: false}", verdicts{first: yes, people: yes}},
		worldCase{"encrypted, shown to the authority", provider + leak + "\ndata: {classes: [communications], encrypted: true, key_compromised: false}\ndeterminations: [{question: eu-eprivacy-611/unintelligible_proven, answer: true, reason: test}]", verdicts{first: yes, people: no}},
		worldCase{"shown to the authority, but the key is lost", provider + leak + "\ndata: {classes: [communications], encrypted: true, key_compromised: true}\ndeterminations: [{question: eu-eprivacy-611/unintelligible_proven, answer: true, reason: test}]", verdicts{people: yes}},
		worldCase{"a person says no adverse effect", provider + leak + "\ndata: {classes: [communications]}\ndeterminations: [{question: eu-eprivacy-611/adverse_effect, answer: false, reason: test}]", verdicts{first: yes, people: no}},
		worldCase{"only possible", provider + "\nincident: {possible_only: true}", verdicts{first: worldOpen, second: worldOpen}},
		worldCase{"a hospital", "organisation: {country: FR, sectors: [health]}" + leak, verdicts{first: no, people: no}},
		worldCase{"sector unknown", "organisation: {country: FR}" + leak, verdicts{first: worldOpen}},
		worldCase{"a Brazilian provider", "organisation: {country: BR, sectors: [telecom]}\npeople: {total: 2, by_country: {BR: 2}}" + leak, verdicts{first: no}},
	)
	filed := provider + "\nincident: {detected_at: 2026-10-24T12:00:00+02:00, filed_at: {" + first + ": 2026-10-25T09:00:00+01:00}}"
	checkDue(t,
		worldDue{"24 hours over the change to winter time", filed, first, "2026-10-25T11:00:00+01:00", "", false},
		worldDue{"three days after the first part", filed, second, "2026-10-28T23:59:59+01:00", "", false},
		worldDue{"the rest has no number", filed, rest, "", bindingHouse, true},
		worldDue{"people", filed + "\ndeterminations: [{question: eu-eprivacy-611/adverse_effect, answer: true, reason: test}]", people, "2026-10-27T11:00:00+01:00", bindingHouse, false},
	)
}

func TestAIAct(t *testing.T) {
	t.Parallel()
	const general, wide, death = "eu-ai-act-73/authority/general", "eu-ai-act-73/authority/critical_infrastructure_or_widespread", "eu-ai-act-73/authority/death"
	const answers = `
organisation: {country: IE}
determinations:
  - {question: eu-ai-act-73/high_risk_ai_provider, answer: true, reason: test}
  - {question: eu-ai-act-73/serious_incident, answer: true, reason: test}
  - {question: eu-ai-act-73/death, answer: false, reason: test}`
	checkWorld(t,
		worldCase{"not live yet", "incident: {aware_at: 2027-12-01T23:59:59+01:00}" + answers, verdicts{general: no, wide: no, death: no}},
		worldCase{"live", "incident: {aware_at: 2027-12-02T00:00:00+01:00}" + answers, verdicts{general: yes, wide: worldOpen, death: no}},
		worldCase{"live, nobody answered", "incident: {aware_at: 2027-12-02T00:00:00+01:00}\norganisation: {country: IE}", verdicts{general: worldOpen}},
	)
	checkDue(t,
		worldDue{"15 days", "incident: {aware_at: 2028-02-20T10:00:00+01:00}" + answers, general, "2028-03-06T23:59:59+01:00", "", false},
		worldDue{"2 days", "incident: {aware_at: 2028-02-27T10:00:00+01:00}" + answers, wide, "2028-02-29T23:59:59+01:00", "", true},
		worldDue{"10 days", "incident: {aware_at: 2028-02-20T10:00:00+01:00}" + strings.Replace(answers, "death, answer: false", "death, answer: true", 1), death, "2028-03-01T23:59:59+01:00", "", false},
	)
}
