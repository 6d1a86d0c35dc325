package policy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAustralia(t *testing.T) {
	t.Parallel()
	const assess, statement, people = "au-ndb/other/assessment", "au-ndb/authority/statement", "au-ndb/individuals/notice"
	const au = "organisation: {country: AU}"
	answer := func(q string) string {
		return "\ndeterminations: [{question: au-ndb/" + q + ", answer: true, reason: test}]"
	}
	checkWorld(t,
		worldCase{"suspicion starts the assessment", au, verdicts{assess: yes, statement: worldOpen, people: worldOpen}},
		worldCase{"assessed on the 30th day", au + "\nincident: {assessed_at: 2026-04-01T08:00:00Z}", verdicts{assess: no}},
		worldCase{"assessed too late", au + "\nincident: {assessed_at: 2026-04-01T08:00:01Z}", verdicts{assess: yes}},
		worldCase{"believed at once", au + "\nincident: {determined_at: 2026-03-02T10:00:00Z}", verdicts{assess: no}},
		worldCase{"remedied", au + stolenCards + answer("remedial_action"), verdicts{statement: no, people: no}},
		worldCase{"harm averted", au + stolenCards + "\nimpact: {harm_effectively_avoided: true}", verdicts{statement: no, people: no}},
		worldCase{"secrecy", au + stolenCards + answer("secrecy_law"), verdicts{statement: no, people: no}},
		worldCase{"declaration", au + stolenCards + answer("commissioner_declaration"), verdicts{statement: no, people: no}},
		worldCase{"somebody else notified", au + stolenCards + answer("another_entity_told"), verdicts{statement: no, people: no}},
		worldCase{"enforcement, but no public body", "organisation: {country: AU, sectors: [health]}" + stolenCards + answer("enforcement_prejudice"), verdicts{statement: yes, people: yes}},
		worldCase{"enforcement body", "organisation: {country: AU, sectors: [government]}" + stolenCards + answer("enforcement_prejudice"), verdicts{statement: yes, people: no}},
	)
	at := au + stolenCards + "\n---\nincident: {detected_at: 2026-03-25T09:00:00+11:00, determined_at: 2026-04-20T09:00:00+10:00"
	checkDue(t,
		worldDue{"30 days over the end of summer time", "incident: {detected_at: 2026-03-25T09:00:00+11:00}\n" + au, assess, "2026-04-24T23:59:59+10:00", "", false},
		worldDue{"a statement has no number", at + "}", statement, "2026-04-23T09:00:00+10:00", bindingHouse, false},
		worldDue{"people after the statement", at + ", filed_at: {au-ndb/authority/statement: 2026-04-21T09:00:00+10:00}}", people, "2026-04-24T09:00:00+10:00", bindingHouse, false},
	)
}

func TestNewZealand(t *testing.T) {
	t.Parallel()
	const first, more, people = "nz-privacy-2020/authority/notify", "nz-privacy-2020/authority/further", "nz-privacy-2020/individuals/notice"
	const nz = "organisation: {country: NZ}"
	checkWorld(t,
		worldCase{"cards", nz + stolenCards, verdicts{first: yes, more: yes, people: yes}},
		worldCase{"patients without a service", nz + "\nincident: {nature: [availability]}\ndata: {classes: [health]}\navailability: {service_impact: serious}", verdicts{first: yes, people: yes}},
		worldCase{"before it bound", nz + "\nincident: {detected_at: 2020-11-30T10:00:00Z, aware_at: 2020-11-30T10:59:59Z}", verdicts{first: no}},
		worldCase{"the first day, local", nz + "\nincident: {detected_at: 2020-11-30T10:00:00Z, aware_at: 2020-11-30T11:00:00Z}", verdicts{first: worldOpen}},
	)
	checkDue(t,
		worldDue{"the guideline is not law", nz + stolenCards, first, "2026-03-05T09:00:00Z", bindingHouse, false},
		worldDue{"further has no number", nz + stolenCards, more, "", bindingHouse, true},
	)
	require.False(t, packOf(t, "nz-privacy-2020").Duties[1].Hold.LawEnforcement, "a delay for security is none for the police")
}

func TestSouthAfricaAndTurkiyeHaveNoThreshold(t *testing.T) {
	t.Parallel()
	for _, r := range []struct{ id, first, country, question string }{{"za-popia", "report", "ZA", "grounds_to_believe"}, {"tr-kvkk", "form", "TR", "unlawfully_obtained"}} {
		first, people, controller := r.id+"/authority/"+r.first, r.id+"/individuals/notice", r.id+"/other/controller_notice"
		at := "organisation: {country: " + r.country + "}"
		processor := "organisation: {country: " + r.country + ", roles: [processor]}"
		checkWorld(t,
			worldCase{r.id + ": cards", at + stolenCards, verdicts{first: yes, people: yes, controller: no}},
			worldCase{r.id + ": encryption is no exemption", at + sealedCards, verdicts{first: yes, people: yes}},
			worldCase{r.id + ": one letter to the wrong address", at + wrongAddress, verdicts{first: yes, people: yes}},
			worldCase{r.id + ": lost, but nobody has it", at + "\nincident: {nature: [availability]}\nexposure: {recipients: none, exfiltrated: \"no\"}", verdicts{first: no, people: no}},
			worldCase{r.id + ": nothing is known", at, verdicts{first: worldOpen, people: worldOpen}},
			worldCase{r.id + ": only possible", at + stolenCards + "\n---\nincident: {possible_only: true}", verdicts{first: worldOpen}},
			worldCase{r.id + ": a person believes it", at + "\ndeterminations: [{question: " + r.id + "/" + r.question + ", answer: true, reason: test}]", verdicts{first: yes, people: yes}},
			worldCase{r.id + ": processor", processor + stolenCards, verdicts{first: no, people: no, controller: yes}},
			worldCase{r.id + ": nobody's", at + "\npeople: {total: 0}", verdicts{first: no, people: no}},
			worldCase{r.id + ": residents of a controller abroad", "organisation: {country: DE}\n---\n" + stolenCards + "\n---\npeople: {by_country: {" + r.country + ": 1, DE: 4999}}", verdicts{first: yes, people: yes}},
			worldCase{r.id + ": nobody there", "organisation: {country: DE}\n---\n" + stolenCards + "\n---\npeople: {by_country: {DE: 5000}}", verdicts{first: no, people: no}},
		)
	}
	checkWorld(t, worldCase{"za-popia: nobody can tell who they are", "organisation: {country: ZA}" + stolenCards + "\ndeterminations: [{question: za-popia/identity_unknown, answer: true, reason: test}]",
		verdicts{"za-popia/authority/report": yes, "za-popia/individuals/notice": no}})
	checkDue(t,
		worldDue{"za: no number", "organisation: {country: ZA}" + stolenCards, "za-popia/authority/report", "2026-03-05T08:00:00Z", bindingHouse, false},
		worldDue{"tr: 72 hours", "organisation: {country: TR}" + stolenCards, "tr-kvkk/authority/form", "2026-03-05T12:00:00+03:00", "", false},
		worldDue{"tr: people", "organisation: {country: TR}" + stolenCards, "tr-kvkk/individuals/notice", "2026-03-05T12:00:00+03:00", bindingHouse, false},
		worldDue{"tr: operator", "organisation: {country: TR, roles: [processor]}" + stolenCards, "tr-kvkk/other/controller_notice", "", bindingHouse, false},
	)
}

func TestSwitzerland(t *testing.T) {
	t.Parallel()
	const first, people, controller = "ch-fadp/authority/report", "ch-fadp/individuals/notice", "ch-fadp/other/controller_notice"
	const cyber, complete = "ch-isa/authority/initial", "ch-isa/authority/complete"
	const ch = "organisation: {country: CH}"
	const plant = "organisation: {country: CH, sectors: [energy], attributes: {critical_infrastructure: true}}"
	checkWorld(t,
		worldCase{"cards", ch + stolenCards, verdicts{first: yes, people: yes, controller: no}},
		worldCase{"health data: the Commissioner, and people if it protects them", ch + "\nincident: {nature: [confidentiality], cause: hacking, malicious: true}\ndata: {classes: [health], encrypted: false}\nexposure: {recipients: unknown, misuse_seen: false}", verdicts{first: yes, people: worldOpen}},
		worldCase{"the Commissioner asks", ch + wrongAddress + "\ndeterminations: [{question: ch-fadp/people_need_it, answer: true, reason: test}]", verdicts{first: no, people: yes}},
		worldCase{"an announcement is as good", ch + stolenCards + "\ndeterminations: [{question: ch-fadp/announced_equally, answer: true, reason: test}]", verdicts{first: yes, people: no}},
		worldCase{"impossible", ch + stolenCards + "\ndeterminations: [{question: ch-fadp/impossible, answer: true, reason: test}]", verdicts{people: no}},
		worldCase{"secrecy", ch + stolenCards + "\ndeterminations: [{question: ch-fadp/overriding_interest, answer: true, reason: test}]", verdicts{people: no}},
		worldCase{"processor", "organisation: {country: CH, roles: [processor]}" + stolenCards, verdicts{first: no, people: no, controller: yes}},
		worldCase{"before the new act", ch + stolenCards + "\n---\nincident: {detected_at: 2023-08-31T10:00:00Z, aware_at: 2023-08-31T10:00:00Z}", verdicts{first: no}},
		worldCase{"a plant is attacked", plant + stolenCards, verdicts{cyber: yes, complete: yes}},
		worldCase{"a plant errs", plant + wrongAddress, verdicts{cyber: no, complete: no}},
		worldCase{"a plant, cause unknown", plant, verdicts{cyber: worldOpen}},
		worldCase{"below the criteria", plant + stolenCards + "\ndeterminations: [{question: ch-isa/not_reportable, answer: true, reason: test}]", verdicts{cyber: no, complete: no}},
		worldCase{"a shop", "organisation: {country: CH, attributes: {critical_infrastructure: false}}" + stolenCards, verdicts{cyber: no}},
		worldCase{"critical or not is unknown", ch + stolenCards, verdicts{cyber: worldOpen}},
		worldCase{"a German plant", "organisation: {country: DE, attributes: {critical_infrastructure: true}}" + stolenCards, verdicts{cyber: no}},
	)
	filed := plant + stolenCards + "\n---\nincident: {detected_at: 2026-03-28T12:00:00+01:00, filed_at: {" + cyber + ": 2026-03-29T12:30:00+02:00}}"
	checkDue(t,
		worldDue{"as quickly as possible", ch + stolenCards, first, "2026-03-05T10:00:00+01:00", bindingHouse, false},
		worldDue{"24 hours over the clock change", filed, cyber, "2026-03-29T13:00:00+02:00", "", false},
		worldDue{"14 days", filed, complete, "2026-04-12T23:59:59+02:00", "", false},
	)
	require.False(t, obligation(t, judge(t, loadTestRules(t), worldFacts(t, filed)), cyber).Verified)
}

func TestGulfStates(t *testing.T) {
	t.Parallel()
	const uae, uaePeople, saudi, saudiPeople = "ae-pdpl/authority/report", "ae-pdpl/individuals/notice", "sa-pdpl/authority/report", "sa-pdpl/individuals/notice"
	const ae, sa = "organisation: {country: AE}", "organisation: {country: SA}"
	answer := func(q string) string {
		return "\ndeterminations: [{question: ae-pdpl/" + q + ", answer: true, reason: test}]"
	}
	checkWorld(t,
		worldCase{"ae: nobody knows whether the regulations are issued", ae + copiedAddresses, verdicts{uae: worldOpen, uaePeople: yes}},
		worldCase{"ae: issued", ae + copiedAddresses + answer("regulations_issued"), verdicts{uae: yes, uaePeople: yes}},
		worldCase{"ae: not issued", ae + copiedAddresses + "\ndeterminations: [{question: ae-pdpl/regulations_issued, answer: false, reason: test}]", verdicts{uae: no}},
		worldCase{"ae: sealed", ae + sealedCards, verdicts{uae: no, uaePeople: no}},
		worldCase{"ae: a ministry", "organisation: {country: AE, sectors: [government]}" + copiedAddresses, verdicts{uae: no, uaePeople: no}},
		worldCase{"ae: free zone", ae + copiedAddresses + answer("free_zone"), verdicts{uae: no, uaePeople: no}},
		worldCase{"ae: cards of a bank", ae + stolenCards + answer("own_law"), verdicts{uaePeople: no}},
		worldCase{"ae: addresses have no law of their own", ae + copiedAddresses + answer("own_law"), verdicts{uaePeople: yes}},
		worldCase{"sa: addresses", sa + copiedAddresses, verdicts{saudi: yes, saudiPeople: yes}},
		worldCase{"sa: sealed", sa + sealedCards, verdicts{saudi: no, saudiPeople: no}},
		worldCase{"sa: a letter", sa + wrongAddress, verdicts{saudi: yes, saudiPeople: yes}},
		worldCase{"sa: lost for good", sa + "\nincident: {nature: [availability]}\navailability: {backup: false}", verdicts{saudi: yes}},
		worldCase{"sa: nothing is known", sa, verdicts{saudi: worldOpen, saudiPeople: worldOpen}},
		worldCase{"sa: a person sees no harm", sa + copiedAddresses + "\ndeterminations: [{question: sa-pdpl/may_harm, answer: false, reason: test}]", verdicts{saudi: no, saudiPeople: no}},
		worldCase{"sa: processor", "organisation: {country: SA, roles: [processor]}" + copiedAddresses, verdicts{saudi: no}},
	)
	checkDue(t,
		worldDue{"ae: no number", ae + copiedAddresses + answer("regulations_issued"), uae, "2026-03-05T13:00:00+04:00", bindingHouse, false},
		worldDue{"sa: 72 hours", sa + copiedAddresses, saudi, "2026-03-05T12:00:00+03:00", "", false},
		worldDue{"sa: people", sa + copiedAddresses, saudiPeople, "2026-03-05T12:00:00+03:00", bindingHouse, false},
	)
}

func TestCardBrands(t *testing.T) {
	t.Parallel()
	const acquirer, visa = "pci-card-brands/authority/acquirer", "pci-card-brands/authority/visa_initial_report"
	checkWorld(t,
		worldCase{"cards", stolenCards, verdicts{acquirer: yes, visa: yes}},
		worldCase{"encrypted cards are suspected, too", sealedCards, verdicts{acquirer: yes}},
		worldCase{"security codes", "data: {classes: [card_security_code]}", verdicts{acquirer: yes}},
		worldCase{"no card", copiedAddresses, verdicts{acquirer: no, visa: no}},
		worldCase{"what data is unknown", "", verdicts{acquirer: worldOpen, visa: worldOpen}},
		worldCase{"cards that stayed in the house", "incident: {nature: [availability]}\ndata: {classes: [payment_card]}\nexposure: {recipients: none, exfiltrated: \"no\"}", verdicts{acquirer: no, visa: no}},
	)
	checkDue(t,
		worldDue{"immediately has no number", stolenCards, acquirer, "2026-03-03T08:00:00Z", bindingHouse, false},
		worldDue{"a contract is no law", stolenCards, visa, "2026-03-05T23:59:59Z", bindingHouse, false},
	)
}

func packOf(t *testing.T, id string) Pack {
	t.Helper()
	for _, p := range loadTestRules(t).All() {
		if p.ID == id {
			return p
		}
	}
	t.Fatalf("no pack %s", id)
	return Pack{}
}
