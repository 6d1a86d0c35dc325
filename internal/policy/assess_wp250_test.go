package policy

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// wp250Cases are the examples of Annex B of the guidelines on notification (WP250 rev.01, taken over by EDPB
// Guidelines 9/2022), as facts of our own words. Where the annex makes the answer depend on something, there is a
// case for each side of it.
var wp250Cases = []edpbCase{
	{"i", "a stolen stick with an encrypted archive, the key is safe and there is a copy", `
incident: {nature: [confidentiality, availability], cause: physical, malicious: true}
people: {total: 2000, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [name, email, postal_address], encrypted: true, key_compromised: false, hashed: none, public_before: false, volume: some}
exposure: {recipients: unknown}
availability: {backup: true, restored_after_hours: 4, service_impact: none}`, no, no},
	{"i, later", "the key of the same stick turns out to be known to others", `
incident: {nature: [confidentiality, availability], cause: physical, malicious: true}
people: {total: 2000, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [name, email, postal_address, birth_date, national_id], encrypted: true, key_compromised: true, hashed: none, public_before: false, volume: some}
exposure: {recipients: unknown}
availability: {backup: true, restored_after_hours: 4, service_impact: none}`, yes, yes},
	{"ii", "data flow out of an online service: identities", `
incident: {nature: [confidentiality], cause: hacking, malicious: true}
people: {total: 3000, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [name, email, birth_date, payment_card], encrypted: false, hashed: none, public_before: false, volume: some}
exposure: {recipients: unknown, exfiltrated: "yes"}`, yes, yes},
	{"iii", "a call centre is without power for minutes", `
incident: {nature: [availability], cause: environmental, malicious: false}
people: {total: 5000, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [name, phone, account_id], encrypted: false, hashed: none, public_before: false, volume: some}
exposure: {recipients: none, exfiltrated: "no"}
availability: {backup: true, restored_after_hours: 0.1, service_impact: limited}`, no, no},
	{"iv", "ransomware, no copy, nothing can be restored", `
incident: {nature: [availability], cause: malware, malicious: true}
people: {total: 4000, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [name, postal_address, income, health], encrypted: false, hashed: none, public_before: false, volume: profile}
exposure: {recipients: none, exfiltrated: "no"}
availability: {backup: false, service_impact: serious}`, yes, yes},
	{"iv, with a copy", "the same with a copy that is restored in time", `
incident: {nature: [availability], cause: malware, malicious: true}
people: {total: 4000, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [name, postal_address], encrypted: true, key_compromised: false, hashed: none, public_before: false, volume: some}
exposure: {recipients: none, exfiltrated: "no"}
availability: {backup: true, restored_after_hours: 4, service_impact: none}`, no, no},
	{"v", "a monthly statement went to the wrong customer, one person", `
incident: {nature: [confidentiality], cause: error, malicious: false}
organisation: {sectors: [finance]}
people: {total: 1, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [name, postal_address, transactions, balance], encrypted: false, hashed: none, public_before: false, volume: some}
exposure: {recipients: known}`, yes, no},
	{"vi", "user names, passwords and purchases of a marketplace are published", `
incident: {nature: [confidentiality], cause: hacking, malicious: true}
people: {total: 200000, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [account_id, password, transactions], encrypted: false, hashed: none, public_before: false, volume: some}
exposure: {recipients: unknown, exfiltrated: "yes"}`, yes, yes},
	{"viii", "a hospital's records are out of reach for 30 hours", `
incident: {nature: [availability], cause: hacking, malicious: true}
organisation: {sectors: [health]}
people: {total: 8000, minors: 100, vulnerable: true, categories: [patients]}
data: {classes: [name, health], encrypted: false, hashed: none, public_before: false, volume: profile}
exposure: {recipients: none, exfiltrated: "no"}
availability: {backup: true, restored_after_hours: 30, service_impact: serious}`, yes, yes},
	{"ix", "many students' data went to a list of more than a thousand", `
incident: {nature: [confidentiality], cause: error, malicious: false}
organisation: {sectors: [education]}
people: {total: 6000, minors: 0, vulnerable: false, categories: [students]}
data: {classes: [name, email, education, birth_date], encrypted: false, hashed: none, public_before: false, volume: some}
exposure: {recipients: unknown}`, yes, breach.CannotTell}, // the annex: by the kind of data and what may follow
	{"x, few", "a few recipients of an advertisement see each other's addresses", `
incident: {nature: [confidentiality], cause: error, malicious: false}
people: {total: 12, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [email], encrypted: false, hashed: none, public_before: false, volume: single}
exposure: {recipients: known}`, no, no},
	{"x, many", "the same with 1,500 addresses", `
incident: {nature: [confidentiality], cause: error, malicious: false}
people: {total: 1500, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [email], encrypted: false, hashed: none, public_before: false, volume: single}
exposure: {recipients: known}`, yes, no},
	{"x, therapist", "the same from a psychotherapist to patients", `
incident: {nature: [confidentiality], cause: error, malicious: false}
organisation: {sectors: [health]}
people: {total: 60, minors: 0, vulnerable: false, categories: [patients]}
data: {classes: [email, health], encrypted: false, hashed: none, public_before: false, volume: single}
exposure: {recipients: known}`, yes, breach.CannotTell}, // the annex: for people as in ix; that data are sensitive is its reason for the authority
	{"x, passwords", "the same, and the message holds first passwords", `
incident: {nature: [confidentiality], cause: error, malicious: false}
people: {total: 300, minors: 0, vulnerable: false, categories: [customers]}
data: {classes: [email, account_id, password], encrypted: false, hashed: none, public_before: false, volume: single}
exposure: {recipients: known}`, yes, breach.CannotTell}, // the annex: by how grave it is; it names these as a reason to report
}

// decidedCases are incidents about which authorities decided, with the facts and figures of the decisions that they
// published. Where an authority said that people had to be told (the three of insurers and banks, and the hotels), the
// duty must never be silent.
var decidedCases = []edpbCase{
	{"UODO DKN.5131.28.2023", "a bank's letter with identity numbers went to another customer", `
incident: {nature: [confidentiality], cause: error, malicious: false}
organisation: {country: PL, sectors: [finance]}
people: {total: 1, minors: 0, categories: [customers]}
data: {classes: [name, postal_address, national_id, bank_account], encrypted: false}
exposure: {recipients: known}`, yes, breach.CannotTell},
	{"UODO DKN.5131.5.2020", "two people's insurance policy with identity numbers was mailed to a stranger", `
incident: {nature: [confidentiality], cause: error, malicious: false}
organisation: {country: PL, sectors: [insurance]}
people: {total: 2, minors: 0, categories: [customers]}
data: {classes: [name, postal_address, national_id, phone, email, insurance], encrypted: false}
exposure: {recipients: known}`, yes, breach.CannotTell},
	{"UODO DKN.5131.3.2021", "insurance offers with an identity number were mailed to a stranger", `
incident: {nature: [confidentiality], cause: error, malicious: false}
organisation: {country: PL, sectors: [insurance]}
people: {total: 1, categories: [customers]}
data: {classes: [name, national_id, postal_address, insurance], encrypted: false}
exposure: {recipients: known}`, yes, breach.CannotTell},
	{"UODO DKN.5131.7.2020", "an open attachment with data of several hundred people; the recipient says that it is gone", `
incident: {nature: [confidentiality], cause: error, malicious: false}
organisation: {country: PL, sectors: [energy]}
people: {total: 300}
data: {encrypted: false}
exposure: {recipients: known, deletion_confirmed: true}`, yes, breach.CannotTell},
	{"UODO DKN.5131.16.2021", "a parcel with a bank's documents was lost", `
incident: {nature: [confidentiality, availability], malicious: false}
organisation: {country: PL, sectors: [finance]}
people: {categories: [customers]}
data: {classes: [name, national_id, postal_address, bank_account, account_id], encrypted: false}
exposure: {recipients: unknown}`, yes, yes},
	{"AP 2020-12-10", "logins of 40 hotels were talked out of their staff: 4,109 bookings, 283 cards", `
incident: {nature: [confidentiality], cause: social, malicious: true}
organisation: {country: NL}
people: {total: 4109, categories: [customers]}
data: {classes: [name, postal_address, phone, preferences, payment_card, card_security_code], encrypted: false}
exposure: {recipients: unknown, exfiltrated: "yes", misuse_seen: true}`, yes, yes},
}

func TestGuidelinesAndDecisions(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	for _, c := range slices.Concat(wp250Cases, decidedCases) {
		sa, ds := edpbVerdicts(t, rules, []byte(c.facts))
		require.Equal(t, c.sa, sa.Verdict, "%s %s, authority: %v", c.no, c.title, sa.Because)
		require.Equal(t, c.ds, ds.Verdict, "%s %s, people: %v", c.no, c.title, ds.Because)
	}
}

// Where the guidelines leave it to a judgement (two examples of the annex: a list of students' data, and addresses shown
// with sensitive data or passwords), no fact decides: the verdict names the question, and each answer settles it.
func TestWhereTheGuidelinesLeaveItToAJudgement(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	var left []string
	for _, c := range wp250Cases {
		_, ds := edpbVerdicts(t, rules, []byte(c.facts))
		if ds.Verdict != breach.CannotTell {
			continue
		}
		left = append(left, c.no)
		require.NotEmpty(t, ds.Questions, c.no)
		for answer, want := range map[string]breach.Verdict{"true": breach.Applies, "false": breach.DoesNotApply} {
			_, settled := edpbVerdicts(t, rules, []byte(c.facts+"\ndeterminations: [{question: eu-gdpr/high_risk, answer: "+answer+", reason: counsel looked at it}]"))
			require.Equal(t, want, settled.Verdict, "%s answered %s: %v", c.no, answer, settled.Because)
		}
	}
	require.Equal(t, []string{"ix", "x, therapist", "x, passwords"}, left)
}
