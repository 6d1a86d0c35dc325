package policy

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// edpbEncodings are the 18 examples as other people would write them down: with fewer facts, with other
// words for the same thing. Where a fact that decides is left out, the careful answer is expected, and the
// title says which one it is.
var edpbEncodings = []edpbCase{
	{"01x", "ransomware, backup",
		`{"incident":{"nature":["availability"],"malicious":true},"people":{"total":40,"vulnerable":false},"data":{"classes":["name","email","phone","employment"],"encrypted":true,"key_compromised":false},"exposure":{"exfiltrated":"no","recipients":"none"},"availability":{"backup":true,"restored_after_hours":6,"service_impact":"limited"}}`, no, no},
	{"01y", "ransomware, backup",
		`{"incident":{"nature":["availability"],"malicious":true,"cause":"malware"},"people":{"total":36},"data":{"classes":["name","postal_address","income"],"encrypted":true,"key_compromised":false},"exposure":{"exfiltrated":"no"},"availability":{"backup":true,"restored_after_hours":4,"service_impact":"none"}}`, no, no},
	{"02x", "ransomware, rebuilt from paper",
		`{"incident":{"nature":["availability"],"malicious":true},"people":{"total":40,"vulnerable":false},"data":{"classes":["name","email","phone"],"encrypted":false},"exposure":{"exfiltrated":"no","recipients":"none"},"availability":{"backup":false,"restored_after_hours":120,"service_impact":"limited"}}`, yes, no},
	{"02y", "ransomware, rebuilt from paper",
		`{"incident":{"nature":["availability"],"malicious":true},"people":{"total":40,"vulnerable":false},"data":{"classes":["name","email","bank_account","employment"],"encrypted":false},"exposure":{"exfiltrated":"no","recipients":"unknown"},"availability":{"backup":false,"restored_after_hours":120,"service_impact":"limited"}}`, yes, no},
	{"02z", "ransomware, rebuilt from paper: nobody knows whether patients depend on it",
		`{"incident":{"nature":["availability","confidentiality"],"malicious":true},"people":{"total":40,"vulnerable":false},"data":{"classes":["name","email","phone"],"encrypted":false},"exposure":{"exfiltrated":"no","recipients":"none"},"availability":{"backup":false,"restored_after_hours":120,"service_impact":"serious"}}`, yes, breach.CannotTell},
	{"03x", "hospital ransomware, two days",
		`{"incident":{"nature":["availability"],"malicious":true},"people":{"total":5000,"vulnerable":true},"data":{"classes":["name","health"],"encrypted":false},"exposure":{"exfiltrated":"no","recipients":"none"},"availability":{"backup":true,"restored_after_hours":48,"service_impact":"serious"}}`, yes, yes},
	{"03y", "hospital ransomware, two days",
		`{"incident":{"nature":["availability"],"malicious":true,"cause":"malware"},"organisation":{"sectors":["health"]},"people":{"total":5000,"categories":["patients","employees"]},"data":{"classes":["name","birth_date","health"],"encrypted":false},"exposure":{"exfiltrated":"no"},"availability":{"backup":true,"restored_after_hours":48,"service_impact":"serious"}}`, yes, yes},
	{"03z", "hospital ransomware, two days",
		`{"incident":{"nature":["availability"],"malicious":true},"people":{"total":5000,"vulnerable":true},"data":{"classes":["name","health"],"encrypted":false},"exposure":{"exfiltrated":"no","recipients":"none"},"availability":{"backup":true,"restored_after_hours":48,"service_impact":"limited"}}`, yes, yes},
	{"03w", "hospital ransomware, two days: patients, no health class",
		`{"incident":{"nature":["availability"],"malicious":true},"organisation":{"sectors":["health"]},"people":{"total":5000,"vulnerable":true,"categories":["patients"]},"data":{"classes":["name","postal_address"],"encrypted":false},"exposure":{"exfiltrated":"no","recipients":"none"},"availability":{"backup":true,"restored_after_hours":48,"service_impact":"serious"}}`, yes, yes},
	{"04x", "ransomware, outflow",
		`{"incident":{"nature":["confidentiality","availability"],"malicious":true},"people":{"total":3000,"vulnerable":false},"data":{"classes":["name","national_id","payment_card"],"encrypted":false},"exposure":{"exfiltrated":"yes","recipients":"unknown"},"availability":{"backup":false,"service_impact":"serious"}}`, yes, yes},
	{"05x", "job applications",
		`{"incident":{"nature":["confidentiality"],"malicious":true},"people":{"total":213,"vulnerable":false},"data":{"classes":["name","email","phone","birth_date","employment"],"encrypted":false},"exposure":{"exfiltrated":"yes","recipients":"unknown"}}`, yes, yes},
	{"05y", "job applications",
		`{"incident":{"nature":["confidentiality"],"malicious":true},"people":{"total":213,"vulnerable":false},"data":{"classes":["name","email","phone","education","employment"],"encrypted":false},"exposure":{"exfiltrated":"yes","recipients":"unknown"}}`, yes, yes},
	{"05z", "job applications: integrity too",
		`{"incident":{"nature":["confidentiality","integrity"],"malicious":true},"people":{"total":213,"vulnerable":false},"data":{"classes":["name","email","phone","postal_address","education"],"encrypted":false,"volume":"profile"},"exposure":{"exfiltrated":"yes","recipients":"unknown"}}`, yes, yes},
	{"05w", "job applications: 213 unknown exfil",
		`{"incident":{"nature":["confidentiality"],"malicious":true},"people":{"total":213,"vulnerable":false},"data":{"classes":["name","email","birth_date","employment"],"encrypted":false},"exposure":{"exfiltrated":"unknown","recipients":"unknown"}}`, yes, yes},
	{"06x", "hashed passwords",
		`{"incident":{"nature":["confidentiality"],"malicious":true},"people":{"total":1200,"vulnerable":false},"data":{"classes":["account_id","password_hash"],"hashed":"strong","encrypted":false},"exposure":{"exfiltrated":"yes","recipients":"unknown"}}`, no, no},
	{"06y", "hashed passwords: as passwords",
		`{"incident":{"nature":["confidentiality"],"malicious":true},"people":{"total":1200},"data":{"classes":["password"],"hashed":"strong"},"exposure":{"exfiltrated":"yes","recipients":"unknown"}}`, no, no},
	{"06z", "hashed passwords: with preferences",
		`{"incident":{"nature":["confidentiality"],"malicious":true},"people":{"total":1200},"data":{"classes":["account_id","password_hash","preferences"],"hashed":"strong"},"exposure":{"exfiltrated":"yes","recipients":"unknown"}}`, no, no},
	{"06w", "hashed passwords: encrypted key safe",
		`{"incident":{"nature":["confidentiality"],"malicious":true},"people":{"total":1200},"data":{"classes":["account_id","password"],"encrypted":true,"key_compromised":false},"exposure":{"exfiltrated":"yes","recipients":"unknown"}}`, no, no},
	{"07x", "credential stuffing",
		`{"incident":{"nature":["confidentiality"],"malicious":true},"people":{"total":2000,"vulnerable":false},"data":{"classes":["name","birth_date","national_id","password"],"encrypted":false},"exposure":{"exfiltrated":"yes","recipients":"unknown"}}`, yes, yes},
	{"07y", "credential stuffing",
		`{"incident":{"nature":["confidentiality","integrity"],"malicious":true,"cause":"hacking"},"organisation":{"sectors":["finance"]},"people":{"total":2000,"vulnerable":false},"data":{"classes":["name","birth_date","national_id","account_id"],"encrypted":false},"exposure":{"exfiltrated":"unknown","recipients":"unknown"}}`, yes, yes},
	{"08x", "leaving employee",
		`{"incident":{"nature":["confidentiality"],"malicious":true,"cause":"misuse"},"people":{"total":500,"vulnerable":false},"data":{"classes":["name","email","phone"],"encrypted":false},"exposure":{"exfiltrated":"yes","recipients":"known"}}`, yes, no},
	{"08y", "leaving employee",
		`{"incident":{"nature":["confidentiality"],"malicious":true},"people":{"total":2000,"vulnerable":false},"data":{"classes":["name","email","phone","postal_address"],"encrypted":false},"exposure":{"exfiltrated":"yes","recipients":"known"}}`, yes, no},
	{"08z", "leaving employee: employment of contacts",
		`{"incident":{"nature":["confidentiality"],"malicious":true,"cause":"misuse"},"people":{"total":800,"vulnerable":false},"data":{"classes":["name","email","phone","employment"],"encrypted":false},"exposure":{"exfiltrated":"yes","recipients":"known"}}`, yes, no},
	{"08w", "leaving employee: customers' deals",
		`{"incident":{"nature":["confidentiality"],"malicious":true,"cause":"misuse"},"people":{"total":800,"vulnerable":false},"data":{"classes":["name","email","transactions"],"encrypted":false},"exposure":{"exfiltrated":"yes","recipients":"known","misuse_seen":true}}`, yes, no},
	{"08v", "leaving employee: not malicious",
		`{"incident":{"nature":["confidentiality"],"malicious":false,"cause":"misuse"},"people":{"total":300,"vulnerable":false},"data":{"classes":["name","email","phone"],"encrypted":false},"exposure":{"exfiltrated":"yes","recipients":"known"}}`, yes, no},
	{"08u", "leaving employee: total unknown",
		`{"incident":{"nature":["confidentiality"],"malicious":true,"cause":"misuse"},"people":{"vulnerable":false},"data":{"classes":["name","email","phone"],"encrypted":false},"exposure":{"exfiltrated":"yes","recipients":"known"}}`, yes, no},
	{"08t", "leaving employee: misuse seen",
		`{"incident":{"nature":["confidentiality"],"malicious":true,"cause":"misuse"},"people":{"total":90,"vulnerable":false},"data":{"classes":["name","email","phone"],"encrypted":false},"exposure":{"exfiltrated":"yes","recipients":"known","misuse_seen":true,"deletion_confirmed":false}}`, yes, no},
	{"09x", "trusted agent",
		`{"incident":{"nature":["confidentiality"],"malicious":false},"people":{"total":24,"vulnerable":false},"data":{"classes":["name","email","insurance"],"encrypted":false},"exposure":{"exfiltrated":"no","recipients":"known_trusted","deletion_confirmed":true}}`, no, no},
	{"09y", "trusted agent: no deletion word",
		`{"incident":{"nature":["confidentiality"],"malicious":false,"cause":"error"},"people":{"total":24,"vulnerable":false},"data":{"classes":["name","email","insurance"],"encrypted":false},"exposure":{"exfiltrated":"no","recipients":"known_trusted"}}`, no, no},
	{"09z", "trusted agent",
		`{"incident":{"nature":["confidentiality"],"cause":"error"},"people":{"total":24},"data":{"classes":["name","phone","insurance"]},"exposure":{"recipients":"known_trusted","deletion_confirmed":true}}`, no, no},
	{"10x", "encrypted tablets",
		`{"incident":{"nature":["confidentiality","availability"],"malicious":true},"people":{"total":60,"minors":60,"vulnerable":true},"data":{"classes":["name","birth_date","health"],"encrypted":true,"key_compromised":false},"exposure":{"exfiltrated":"no","recipients":"unknown"},"availability":{"backup":true,"restored_after_hours":8,"service_impact":"limited"}}`, no, no},
	{"10y", "encrypted tablets: backup soon, no service word",
		`{"incident":{"nature":["confidentiality","availability"],"malicious":true},"people":{"total":60,"minors":60,"vulnerable":true},"data":{"classes":["name","birth_date"],"encrypted":true,"key_compromised":false},"exposure":{"recipients":"unknown"},"availability":{"backup":true,"restored_after_hours":4}}`, no, no},
	{"10z", "encrypted tablets: only conf",
		`{"incident":{"nature":["confidentiality"],"malicious":true},"people":{"total":60,"vulnerable":true},"data":{"classes":["name","birth_date"],"encrypted":true,"key_compromised":false},"exposure":{"recipients":"unknown"},"availability":{"backup":true}}`, no, no},
	{"10w", "encrypted tablets: 48h",
		`{"incident":{"nature":["confidentiality","availability"],"malicious":true,"cause":"physical"},"people":{"total":60,"vulnerable":true},"data":{"classes":["name","birth_date"],"encrypted":true,"key_compromised":false},"exposure":{"recipients":"unknown","exfiltrated":"no"},"availability":{"backup":true,"service_impact":"none"}}`, no, no},
	{"11x", "open laptop",
		`{"incident":{"nature":["confidentiality"],"malicious":true},"people":{"total":100000,"vulnerable":false},"data":{"classes":["name","birth_date","postal_address"],"encrypted":false},"exposure":{"exfiltrated":"unknown","recipients":"unknown"}}`, yes, yes},
	{"11y", "open laptop",
		`{"incident":{"nature":["confidentiality"],"malicious":true},"people":{"total":100000,"vulnerable":false},"data":{"classes":["name","birth_date"],"encrypted":false},"exposure":{"exfiltrated":"yes","recipients":"unknown"},"availability":{"backup":true}}`, yes, yes},
	{"11z", "open laptop: avail",
		`{"incident":{"nature":["confidentiality","availability"],"malicious":true},"people":{"total":100001},"data":{"classes":["name","birth_date","email"],"encrypted":false},"exposure":{"recipients":"unknown"},"availability":{"backup":true}}`, yes, yes},
	{"12x", "addiction clinic",
		`{"incident":{"nature":["confidentiality","availability"],"malicious":true},"people":{"total":100,"vulnerable":true},"data":{"classes":["name","health"],"encrypted":false},"exposure":{"exfiltrated":"unknown","recipients":"unknown"},"availability":{"backup":false}}`, yes, yes},
	{"12y", "addiction clinic",
		`{"incident":{"nature":["confidentiality","availability"],"malicious":true},"people":{"vulnerable":true,"categories":["patients"]},"data":{"classes":["name","health"],"encrypted":false},"exposure":{"recipients":"unknown"},"availability":{"backup":false,"service_impact":"limited"}}`, yes, yes},
	{"13x", "shoe parcels",
		`{"incident":{"nature":["confidentiality"],"malicious":false},"people":{"total":2,"vulnerable":false},"data":{"classes":["name","postal_address","transactions"],"encrypted":false},"exposure":{"exfiltrated":"no","recipients":"known"}}`, no, no},
	{"13y", "shoe parcels",
		`{"incident":{"nature":["confidentiality"],"malicious":false,"cause":"error"},"people":{"total":2},"data":{"classes":["name","postal_address","preferences"]},"exposure":{"recipients":"known","deletion_confirmed":true}}`, no, no},
	{"13z", "shoe parcels",
		`{"incident":{"nature":["confidentiality"],"malicious":false,"cause":"error"},"people":{"total":2,"vulnerable":false},"data":{"classes":["name","postal_address"]},"exposure":{"recipients":"known"}}`, no, no},
	{"13w", "shoe parcels: avail",
		`{"incident":{"nature":["confidentiality","availability"],"malicious":false,"cause":"error"},"people":{"total":2,"vulnerable":false},"data":{"classes":["name","postal_address","transactions"]},"exposure":{"recipients":"known"}}`, no, no},
	{"13v", "shoe parcels: nobody knows whether the people are vulnerable",
		`{"incident":{"nature":["confidentiality"],"malicious":false,"cause":"error"},"people":{"total":2},"data":{"classes":["name","postal_address","transactions"],"volume":"single"},"exposure":{"recipients":"known"}}`, yes, no},
	{"14x", "job seekers",
		`{"incident":{"nature":["confidentiality"],"malicious":false},"people":{"total":60000,"vulnerable":false},"data":{"classes":["name","email","postal_address","national_id"],"encrypted":false},"exposure":{"exfiltrated":"no","recipients":"known"}}`, yes, yes},
	{"14y", "job seekers",
		`{"incident":{"nature":["confidentiality"],"malicious":false},"people":{"total":60000,"vulnerable":true},"data":{"classes":["name","email","postal_address","national_id"],"encrypted":false},"exposure":{"exfiltrated":"unknown","recipients":"unknown"}}`, yes, yes},
	{"14z", "job seekers: deletion asked",
		`{"incident":{"nature":["confidentiality"],"malicious":false},"people":{"total":60000},"data":{"classes":["name","email","postal_address","national_id"],"encrypted":false},"exposure":{"exfiltrated":"yes","recipients":"known","deletion_confirmed":false}}`, yes, yes},
	{"15x", "course list",
		`{"incident":{"nature":["confidentiality"],"malicious":false},"people":{"total":15,"vulnerable":false},"data":{"classes":["name","email","preferences"],"encrypted":false},"exposure":{"exfiltrated":"no","recipients":"known"}}`, no, no},
	{"15y", "course list: nobody knows whether a clinic sent it",
		`{"incident":{"nature":["confidentiality"],"malicious":false},"people":{"total":15,"vulnerable":false},"data":{"classes":["name","email","health"],"encrypted":false},"exposure":{"exfiltrated":"no","recipients":"known"}}`, yes, breach.CannotTell},
	{"15v", "course list: health, customers some",
		`{"incident":{"nature":["confidentiality"],"malicious":false,"cause":"error"},"organisation":{"sectors":["education"]},"people":{"total":15,"vulnerable":false,"categories":["customers"]},"data":{"classes":["name","email","health","preferences"],"encrypted":false,"volume":"some"},"exposure":{"exfiltrated":"no","recipients":"known"}}`, no, no},
	{"16x", "insurance letter",
		`{"incident":{"nature":["confidentiality"],"malicious":false},"people":{"total":2,"vulnerable":false},"data":{"classes":["name","postal_address","birth_date","insurance"],"encrypted":false},"exposure":{"exfiltrated":"no","recipients":"known"}}`, yes, no},
	{"16y", "insurance letter: no insurance class",
		`{"incident":{"nature":["confidentiality"],"malicious":false},"people":{"total":1,"vulnerable":false},"data":{"classes":["name","postal_address","birth_date"],"encrypted":false},"exposure":{"exfiltrated":"no","recipients":"known"}}`, yes, no},
	{"16z", "insurance letter: del false",
		`{"incident":{"nature":["confidentiality"],"malicious":false,"cause":"error"},"organisation":{"sectors":["insurance"]},"people":{"total":1},"data":{"classes":["name","postal_address","birth_date","insurance","account_id"],"volume":"some"},"exposure":{"recipients":"known","deletion_confirmed":false}}`, yes, no},
	{"16w", "insurance letter: no dob",
		`{"incident":{"nature":["confidentiality"],"malicious":false,"cause":"error"},"people":{"total":1,"vulnerable":false},"data":{"classes":["name","postal_address","insurance"]},"exposure":{"recipients":"known"}}`, yes, no},
	{"16v", "insurance letter: nobody knows who got it",
		`{"incident":{"nature":["confidentiality"],"malicious":false,"cause":"error"},"people":{"total":1,"vulnerable":false},"data":{"classes":["name","postal_address","birth_date","insurance"]},"exposure":{"recipients":"unknown"}}`, yes, yes},
	{"17x", "telecom identity theft",
		`{"incident":{"nature":["confidentiality"],"malicious":true},"people":{"total":1,"vulnerable":false},"data":{"classes":["name","phone","transactions","communications"],"encrypted":false},"exposure":{"exfiltrated":"yes","recipients":"unknown"}}`, yes, yes},
	{"17y", "telecom identity theft",
		`{"incident":{"nature":["confidentiality","integrity"],"malicious":true,"cause":"social"},"people":{"total":1,"vulnerable":false},"data":{"classes":["name","email","phone","transactions"],"encrypted":false},"exposure":{"exfiltrated":"yes","recipients":"unknown"}}`, yes, yes},
	{"17z", "telecom identity theft: bills only",
		`{"incident":{"nature":["confidentiality"],"malicious":true,"cause":"social"},"people":{"total":1,"vulnerable":false},"data":{"classes":["name","postal_address","communications"],"encrypted":false},"exposure":{"exfiltrated":"yes","recipients":"unknown"}}`, yes, yes},
	{"17w", "telecom identity theft: known bad",
		`{"incident":{"nature":["confidentiality"],"malicious":true,"cause":"social"},"people":{"total":1,"vulnerable":false},"data":{"classes":["name","phone","transactions","communications"],"encrypted":false},"exposure":{"exfiltrated":"yes","recipients":"known"}}`, yes, yes},
	{"17v", "telecom identity theft: no exfil word",
		`{"incident":{"nature":["confidentiality"],"malicious":true,"cause":"social"},"people":{"total":1},"data":{"classes":["name","email","postal_address","transactions","communications"]},"exposure":{"recipients":"unknown"}}`, yes, yes},
	{"18x", "payroll by forwarding rules",
		`{"incident":{"nature":["confidentiality"],"malicious":true},"people":{"total":99,"vulnerable":false},"data":{"classes":["name","income","employment"],"encrypted":false},"exposure":{"exfiltrated":"yes","recipients":"unknown"}}`, yes, yes},
	{"18y", "payroll by forwarding rules",
		`{"incident":{"nature":["confidentiality"],"malicious":true,"cause":"hacking"},"people":{"total":99,"vulnerable":false,"categories":["employees"]},"data":{"classes":["name","email","income","bank_account","communications"],"encrypted":false},"exposure":{"exfiltrated":"yes","recipients":"unknown"}}`, yes, yes},
}

// edpbVerdicts judges what is left of a case.
func edpbVerdicts(t *testing.T, rules *Rules, facts []byte) (sa, ds breach.Obligation) {
	t.Helper()
	f, err := breach.MergeFacts(testFacts(t, edpbCommon), facts)
	require.NoError(t, err, string(facts))
	j := judge(t, rules, f)
	return obligation(t, j, "eu-gdpr/authority/initial"), obligation(t, j, "eu-gdpr/individuals/notice")
}

func TestEDPBCasesInOtherWords(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	seen := map[string]bool{}
	for _, c := range edpbEncodings {
		sa, ds := edpbVerdicts(t, rules, []byte(c.facts))
		require.Equal(t, c.sa, sa.Verdict, "%s %s, authority: %v", c.no, c.title, sa.Because)
		require.Equal(t, c.ds, ds.Verdict, "%s %s, people: %v", c.no, c.title, ds.Because)
		seen[c.no[:2]] = true
	}
	require.Len(t, seen, 18, "every example of the guidelines")
}

// Forgetting one fact never hides a duty: what applied may become open, never absent.
func TestEDPBCasesWithOneFactForgotten(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	for _, c := range edpbEncodings {
		var parts map[string]map[string]any
		require.NoError(t, json.Unmarshal([]byte(c.facts), &parts))
		for _, part := range slices.Sorted(maps.Keys(parts)) {
			for _, fact := range slices.Sorted(maps.Keys(parts[part])) {
				var less map[string]map[string]any
				require.NoError(t, json.Unmarshal([]byte(c.facts), &less))
				delete(less[part], fact)
				b, err := json.Marshal(less)
				require.NoError(t, err)
				sa, ds := edpbVerdicts(t, rules, b)
				if c.sa == yes {
					require.NotEqual(t, no, sa.Verdict, "%s without %s.%s, authority: %v", c.no, part, fact, sa.Because)
				}
				if c.ds == yes {
					require.NotEqual(t, no, ds.Verdict, "%s without %s.%s, people: %v", c.no, part, fact, ds.Because)
				}
			}
		}
	}
}

// The examples do not hang on their exact numbers.
func TestEDPBCasesWithOtherNumbers(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	for _, c := range edpbEncodings {
		for _, by := range []float64{0.8, 1.25} {
			var parts map[string]map[string]any
			require.NoError(t, json.Unmarshal([]byte(c.facts), &parts))
			for part, fact := range map[string]string{"people": "total", "availability": "restored_after_hours"} {
				if n, ok := parts[part][fact].(float64); ok && n >= 10 {
					parts[part][fact] = float64(int(n * by))
				}
			}
			b, err := json.Marshal(parts)
			require.NoError(t, err)
			sa, ds := edpbVerdicts(t, rules, b)
			require.Equal(t, c.sa, sa.Verdict, "%s x %v, authority: %v", c.no, by, sa.Because)
			require.Equal(t, c.ds, ds.Verdict, "%s x %v, people: %v", c.no, by, ds.Because)
		}
	}
}
