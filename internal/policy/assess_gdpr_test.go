package policy

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// edpbCase is one example of EDPB Guidelines 01/2021 (v2.0), as facts of our own words: whether the
// authority (sa) and the people (ds) had to be told.
type edpbCase struct {
	no, title, facts string
	sa, ds           breach.Verdict
}

const yes, no = breach.Applies, breach.DoesNotApply

// edpbCommon is what all of them share.
const edpbCommon = `
organisation: {country: DE, roles: [controller]}
incident: {possible_only: false, aware_at: 2026-03-02T09:00:00Z}
`

var edpbCases = []edpbCase{
	{"01", "ransomware, backup, no outflow", `
incident: {nature: [availability], cause: malware, malicious: true}
organisation: {sectors: [manufacturing]}
people: {total: 40, minors: 0, vulnerable: false, categories: [employees, customers]}
data: {classes: [name, email, phone, postal_address], encrypted: true, key_compromised: false, hashed: none, public_before: false, volume: some}
exposure: {recipients: none, exfiltrated: "no", misuse_seen: false}
availability: {backup: true, restored_after_hours: 5, service_impact: limited}`, no, no},
	{"02", "ransomware, no proper backup", `
incident: {nature: [availability], cause: malware, malicious: true}
organisation: {sectors: [agriculture]}
people: {total: 40, minors: 0, vulnerable: false, categories: [employees, customers]}
data: {classes: [name, email, phone, postal_address], encrypted: false, hashed: none, public_before: false, volume: some}
exposure: {recipients: none, exfiltrated: "no", misuse_seen: false}
availability: {backup: false, restored_after_hours: 120, service_impact: limited}`, yes, no},
	{"04", "ransomware, no backup, outflow", `
incident: {nature: [confidentiality, availability], cause: malware, malicious: true}
organisation: {sectors: [transport]}
people: {total: 4000, minors: 0, vulnerable: false, categories: [customers, employees]}
data: {classes: [name, national_id, payment_card], encrypted: false, hashed: none, public_before: false, volume: some}
exposure: {recipients: unknown, exfiltrated: "yes"}
availability: {backup: false, service_impact: limited}`, yes, yes},
	{"05", "job applications taken from a website", `
incident: {nature: [confidentiality], cause: malware, malicious: true}
people: {total: 213, minors: 0, vulnerable: false, categories: [applicants]}
data: {classes: [name, email, phone, birth_date, employment, education], encrypted: false, hashed: none, public_before: false, volume: profile}
exposure: {recipients: unknown, exfiltrated: "yes"}`, yes, yes},
	{"06", "strongly hashed passwords of pseudonymous users", `
incident: {nature: [confidentiality], cause: hacking, malicious: true}
people: {total: 1200, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [account_id, password_hash], encrypted: false, hashed: strong, public_before: false, volume: single}
exposure: {recipients: unknown, exfiltrated: "yes"}`, no, no},
	{"07", "credential stuffing on a bank's site", `
incident: {nature: [confidentiality], cause: hacking, malicious: true}
organisation: {sectors: [finance]}
people: {total: 2000, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [name, birth_date, national_id, account_id, password], encrypted: false, hashed: none, public_before: false, volume: some}
exposure: {recipients: unknown, exfiltrated: "yes"}`, yes, yes},
	{"10", "stolen encrypted tablets of a day-care centre", `
incident: {nature: [confidentiality, availability], cause: physical, malicious: true}
people: {total: 60, minors: 60, vulnerable: true}
data: {classes: [name, birth_date, health], encrypted: true, key_compromised: false, hashed: none, public_before: false, volume: some}
exposure: {recipients: unknown}
availability: {backup: true}`, no, no},
	{"11", "stolen laptop, not encrypted", `
incident: {nature: [confidentiality], cause: physical, malicious: true}
people: {total: 100500, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [name, postal_address, birth_date], encrypted: false, hashed: none, public_before: false, volume: some}
exposure: {recipients: unknown}`, yes, yes},
	{"12", "stolen log book of an addiction clinic", `
incident: {nature: [confidentiality, availability], cause: physical, malicious: true}
organisation: {sectors: [health]}
people: {total: 90, minors: 0, vulnerable: true, categories: [patients]}
data: {classes: [name, health], encrypted: false, hashed: none, public_before: false, volume: some}
exposure: {recipients: unknown}
availability: {backup: false}`, yes, yes},
	{"14", "60,000 job seekers' data mailed to others", `
incident: {nature: [confidentiality], cause: error, malicious: false}
people: {total: 60000, minors: 0, vulnerable: false, categories: [applicants]}
data: {classes: [name, email, postal_address, national_id], encrypted: false, hashed: none, public_before: false, volume: some}
exposure: {recipients: known, deletion_confirmed: false}`, yes, yes},
	{"15", "list of a course mailed to 15 former participants", `
incident: {nature: [confidentiality], cause: error, malicious: false}
people: {total: 15, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [name, email, preferences], encrypted: false, hashed: none, public_before: false, volume: single}
exposure: {recipients: known}`, no, no},
	{"18", "payroll taken by forwarding rules in the mail", `
incident: {nature: [confidentiality], cause: hacking, malicious: true}
organisation: {sectors: [retail]}
people: {total: 99, minors: 0, vulnerable: false, categories: [employees]}
data: {classes: [name, income, bank_account], encrypted: false, hashed: none, public_before: false, volume: profile}
exposure: {recipients: unknown, exfiltrated: "yes"}`, yes, yes},
	// Neighbours of the examples: what must change when one fact does.
	{"01a", "the same ransomware, but the key was on the server and nobody knows of an outflow", `
incident: {nature: [confidentiality, availability], cause: malware, malicious: true}
people: {total: 40, minors: 0, vulnerable: false}
data: {classes: [name, email, phone, postal_address], encrypted: true, key_compromised: true, hashed: none, public_before: false, volume: some}
availability: {backup: true, restored_after_hours: 5, service_impact: limited}`, yes, breach.CannotTell},
	{"01b", "a hospital: backup and no outflow, but two days without its service", `
incident: {nature: [availability], cause: malware, malicious: true}
organisation: {sectors: [health]}
people: {total: 5000, minors: 100, vulnerable: true, categories: [patients]}
data: {classes: [name, health], encrypted: false, hashed: none, public_before: false, volume: profile}
exposure: {recipients: none, exfiltrated: "no"}
availability: {backup: true, restored_after_hours: 48, service_impact: serious}`, yes, yes},
	{"06a", "the same hashes, but weak", `
incident: {nature: [confidentiality], cause: hacking, malicious: true}
people: {total: 1200, minors: 0, vulnerable: false}
data: {classes: [account_id, password_hash], encrypted: false, hashed: weak, public_before: false, volume: single}
exposure: {recipients: unknown, exfiltrated: "yes"}`, yes, yes},
	{"08a", "a leaving employee takes the customers' contact data along", `
incident: {nature: [confidentiality], cause: misuse, malicious: true}
people: {total: 500, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [name, email, phone], encrypted: false, hashed: none, public_before: false, volume: some}
exposure: {recipients: known, exfiltrated: "yes"}`, yes, no},
	{"09a", "a trusted partner got a list by mistake and deleted it", `
incident: {nature: [confidentiality], cause: error, malicious: false}
people: {total: 24, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [name, insurance], encrypted: false, hashed: none, public_before: false, volume: some}
exposure: {recipients: known_trusted, deletion_confirmed: true}`, no, no},
	{"10a", "the same tablets without a word about the key", `
incident: {nature: [confidentiality, availability], cause: physical, malicious: true}
people: {total: 60, minors: 60, vulnerable: true}
data: {classes: [name, birth_date, health], encrypted: true, hashed: none, public_before: false, volume: some}
exposure: {recipients: unknown}
availability: {backup: true}`, yes, yes},
	{"13a", "two parcels with each other's packing list", `
incident: {nature: [confidentiality], cause: error, malicious: false}
people: {total: 2, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [name, postal_address, transactions], encrypted: false, hashed: none, public_before: false, volume: single}
exposure: {recipients: known}`, no, no},
	{"15a", "the same list, and two participants' intolerances in it", `
incident: {nature: [confidentiality], cause: error, malicious: false}
organisation: {sectors: [education]}
people: {total: 15, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [name, email, health], encrypted: false, hashed: none, public_before: false, volume: single}
exposure: {recipients: known}`, no, no},
	{"15b", "one patient's findings mailed by a clinic to the wrong known person", `
incident: {nature: [confidentiality], cause: error, malicious: false}
organisation: {sectors: [health]}
people: {total: 1, minors: 0, vulnerable: false, categories: [patients]}
data: {classes: [name, health], encrypted: false, hashed: none, public_before: false, volume: single}
exposure: {recipients: known}`, yes, breach.CannotTell},
	{"16a", "an insurance letter in the wrong envelope", `
incident: {nature: [confidentiality], cause: error, malicious: false}
people: {total: 1, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [name, postal_address, birth_date, insurance], encrypted: false, hashed: none, public_before: false, volume: single}
exposure: {recipients: known}`, yes, no},
	{"17a", "a caller talked a call centre into sending a customer's bills elsewhere", `
incident: {nature: [confidentiality], cause: social, malicious: true}
organisation: {sectors: [telecom]}
people: {total: 1, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [name, phone, transactions, communications], encrypted: false, hashed: none, public_before: false, volume: some}
exposure: {recipients: unknown, exfiltrated: "yes"}`, yes, yes},
}

func TestEDPBCases(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	for _, c := range edpbCases {
		t.Run(c.no+" "+c.title, func(t *testing.T) {
			t.Parallel()
			f := testFacts(t, edpbCommon)
			f, err := breach.MergeFacts(f, []byte(c.facts))
			require.NoError(t, err)
			j := judge(t, rules, f)
			sa, ds := obligation(t, j, "eu-gdpr/authority/initial"), obligation(t, j, "eu-gdpr/individuals/notice")
			require.Equal(t, c.sa, sa.Verdict, "authority: %v", sa.Because)
			require.Equal(t, c.ds, ds.Verdict, "people: %v\nscore %v", ds.Because, j.Assessment)
			require.NotEmpty(t, sa.Because)
			require.NotEmpty(t, ds.Because)
		})
	}
}
