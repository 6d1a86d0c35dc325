package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const tell = breach.CannotTell

// asiaCommon is small on purpose: one mistake, ten people, names and emails. XX stands for the country.
const asiaCommon = `
incident: {nature: [confidentiality], cause: error, malicious: false, possible_only: false, detected_at: 2026-10-01T01:30:00Z, aware_at: 2026-10-01T03:00:00Z}
organisation: {country: XX, sectors: [education], roles: [controller], attributes: {critical_infrastructure: false}}
people: {total: 10, by_country: {XX: 10}, minors: 0, vulnerable: false, categories: [students]}
data: {classes: [name, email], encrypted: false, key_compromised: false, hashed: none, public_before: false, volume: some}
exposure: {recipients: unknown, exfiltrated: "yes", misuse_seen: false, deletion_confirmed: false}
availability: {backup: true, restored_after_hours: 0, service_impact: none}
impact: {direct_loss: {}, outage_hours: 0, harm_effectively_avoided: false}
contacts: {missing: 0}
law_enforcement: {delay_requested: false}
`

const (
	asiaHack  = `"incident":{"cause":"hacking","malicious":true}`
	asiaSafe  = `"data":{"encrypted":true,"key_compromised":false}`
	asiaMaybe = `"incident":{"possible_only":true}`
)

func asiaVerdicts(t *testing.T, country, patch string) map[string]breach.Obligation {
	t.Helper()
	f := amended(t, strings.ReplaceAll(asiaCommon, "XX", country), patch)
	j, err := loadTestRules(t).Judge(f, Profile{}, f.Incident.DetectedAt.Add(time.Hour))
	require.NoError(t, err)
	out := map[string]breach.Obligation{}
	for _, o := range j.Obligations {
		out[o.ID] = o
	}
	return out
}

func livingIn(country string, n int) string {
	return fmt.Sprintf(`"people":{"total":%d,"by_country":{"%s":%d}}`, n, country, n)
}

// Every number of the facts file in these regimes, as N-1, N, N+1, with the operator that it has there.
func TestAsiaThresholds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		country, duty, more string
		n                   int
		want                [3]breach.Verdict
	}{
		{"JP", "jp-appi/authority/preliminary", "", 1000, [3]breach.Verdict{no, no, yes}},
		{"JP", "jp-appi/individuals/notice", "", 1000, [3]breach.Verdict{no, no, yes}},
		{"KR", "kr-pipa/authority/report", "", 1000, [3]breach.Verdict{no, yes, yes}},
		{"KR", "kr-pipa-2023/authority/report", `"incident":{"detected_at":"2026-03-01T00:00:00Z","aware_at":"2026-03-01T00:00:00Z"}`, 1000, [3]breach.Verdict{no, yes, yes}},
		{"SG", "sg-pdpa/authority/report", "", 500, [3]breach.Verdict{no, yes, yes}},
		{"SG", "sg-pdpa/individuals/notice", "", 500, [3]breach.Verdict{no, no, no}},
		{"MY", "my-pdpa/authority/report", "", 1000, [3]breach.Verdict{no, no, yes}},
		{"MY", "my-pdpa/individuals/notice", "", 1000, [3]breach.Verdict{no, no, no}},
		{"KR", "kr-pipa/individuals/notice", "", 1, [3]breach.Verdict{no, yes, yes}},
		{"IN", "in-certin/authority/report", "", 1, [3]breach.Verdict{yes, yes, yes}},
		{"CN", "cn-cac-incident-2025/authority/initial_other", `"determinations":[{"question":"cn-cac-incident-2025/qualitative_backstop","answer":false,"reason":"x"}]`, 1_000_000, [3]breach.Verdict{no, yes, yes}},
		{"CN", "cn-cac-incident-2025/authority/initial_other", "", 1_000_000, [3]breach.Verdict{tell, yes, yes}},
	} {
		for i, want := range c.want {
			patch := "{" + livingIn(c.country, c.n-1+i)
			if c.more != "" {
				patch += "," + c.more
			}
			o := asiaVerdicts(t, c.country, patch+"}")[c.duty]
			require.Equal(t, want, o.Verdict, "%s with %d people: %v", c.duty, c.n-1+i, o.Because)
		}
		if c.n < 2 {
			continue
		}
		o := asiaVerdicts(t, c.country, `{"people":{"total":null,"by_country":null}`+comma(c.more)+"}")[c.duty]
		require.NotEqual(t, yes, o.Verdict, "%s: an unknown number reaches nothing", c.duty)
		if slices.Contains(c.want[:], yes) {
			require.Equal(t, tell, o.Verdict, "%s: and is not zero", c.duty)
		}
	}
}

func comma(s string) string {
	if s == "" {
		return ""
	}
	return "," + s
}

// The pending rule of Taiwan is a draft; its numbers are tested in a copy that is in force.
func TestTaiwansDraftCounts(t *testing.T) {
	t.Parallel()
	b, err := packFiles.ReadFile("packs/tw-pdpa-2025-pending.yaml")
	require.NoError(t, err)
	at, end := strings.Index(string(b), "in_force:"), strings.Index(string(b), "version:")
	r := loadOnly(t, string(b[:at])+string(b[end:]))
	for patch, want := range map[string]breach.Verdict{
		`{"people":{"total":99,"by_country":{"TW":99}}}`:                                                    tell, // how large the system is, nobody said
		`{"people":{"total":100,"by_country":{"TW":100}}}`:                                                  yes,
		`{"people":{"total":101,"by_country":{"TW":101}}}`:                                                  yes,
		`{"data":{"classes":["health"]}}`:                                                                   yes,
		`{"determinations":[{"question":"tw-pdpa-2025-pending/large_system","answer":false,"reason":"x"}]}`: no,
		`{"determinations":[{"question":"tw-pdpa-2025-pending/large_system","answer":true,"reason":"x"}]}`:  yes,
	} {
		j, err := r.Judge(amended(t, strings.ReplaceAll(asiaCommon, "XX", "TW"), patch), Profile{}, testNow)
		require.NoError(t, err)
		require.Equal(t, want, obligation(t, j, "tw-pdpa-2025-pending/authority/report").Verdict, patch)
		require.Equal(t, yes, obligation(t, j, "tw-pdpa-2025-pending/individuals/notice").Verdict, patch)
	}
	require.Equal(t, no, asiaVerdicts(t, "TW", `{`+livingIn("TW", 5000)+`}`)["tw-pdpa-2025-pending/authority/report"].Verdict)
}

// What each regime says of the small mistake, and of nobody there.
func TestAsiaScopes(t *testing.T) {
	t.Parallel()
	for id, c := range map[string]struct {
		country string
		want    breach.Verdict
	}{
		"cn-ndsr-2025/authority/report":         {"CN", yes},
		"cn-ndsr-2025/individuals/notice":       {"CN", yes},
		"cn-gbt-35273-10/authority/report":      {"CN", yes},
		"cn-gbt-35273-10/individuals/notice":    {"CN", tell},
		"cn-minors-online/authority/report":     {"CN", no},
		"cn-minors-online/individuals/notice":   {"CN", no},
		"cn-dsl-29/authority/report":            {"CN", yes},
		"cn-dsl-29/individuals/notice":          {"CN", yes},
		"hk-pdpo/authority/dbn":                 {"HK", yes},
		"hk-pdpo/individuals/notice":            {"HK", yes},
		"hk-ci-653/authority/serious":           {"HK", no},
		"hk-ci-653/authority/other":             {"HK", no},
		"hk-ci-653/authority/written_report":    {"HK", no},
		"mo-pdpa/authority/notice":              {"MO", no},
		"mo-pdpa/individuals/notice":            {"MO", no},
		"tw-pdpa-current/individuals/notice":    {"TW", yes},
		"tw-pdpa-2025-pending/authority/report": {"TW", no},
		"jp-appi/authority/preliminary":         {"JP", no},
		"kr-pipa-2023/authority/report":         {"KR", no},
		"kr-pipa/individuals/notice":            {"KR", yes},
		"sg-pdpa/authority/report":              {"SG", no},
		"in-certin/authority/report":            {"IN", yes},
		"in-dpdp/authority/first":               {"IN", no},
		"th-pdpa/authority/report":              {"TH", yes},
		"th-pdpa/individuals/notice":            {"TH", no},
		"id-pdp/authority/written_notice":       {"ID", yes},
		"id-pdp/individuals/notice":             {"ID", yes},
		"vn-pdpl/authority/report":              {"VN", tell},
		"vn-pdpl/individuals/notice":            {"VN", no},
		"my-pdpa/authority/report":              {"MY", no},
		"ph-dpa/authority/initial":              {"PH", no},
	} {
		regime, _, _ := strings.Cut(id, "/")
		o := asiaVerdicts(t, c.country, `{}`)[id]
		require.Equal(t, c.want, o.Verdict, "%s at home: %v", id, o.Because)
		for other, o := range asiaVerdicts(t, "NP", `{}`) {
			if strings.HasPrefix(other, regime+"/") {
				require.Equal(t, no, o.Verdict, "%s is not concerned with Nepal: %v", other, o.Because)
			}
		}
		if c.want != yes || regime == "cn-dsl-29" {
			continue
		}
		abroad := asiaVerdicts(t, c.country, `{"organisation":{"country":"NP"}}`)[id]
		require.Equal(t, yes, abroad.Verdict, "%s: people there are enough", id)
		nowhere := asiaVerdicts(t, "NP", `{"people":{"by_country":null}}`)[id]
		require.Equal(t, tell, nowhere.Verdict, "%s: where people live is not known", id)
		require.Contains(t, nowhere.Missing, "people.by_country")
	}
}

// A number reached only with people elsewhere asks instead of guessing.
func TestAsiaCountsPeopleElsewhere(t *testing.T) {
	t.Parallel()
	for id, country := range map[string]string{"jp-appi/authority/preliminary": "JP", "kr-pipa/authority/report": "KR", "sg-pdpa/authority/report": "SG", "my-pdpa/authority/report": "MY"} {
		regime, _, _ := strings.Cut(id, "/")
		abroad := `{"organisation":{"country":"NP"},"people":{"total":5000,"by_country":{"` + country + `":100,"NP":4900}}}`
		o := asiaVerdicts(t, country, abroad)[id]
		require.Equal(t, tell, o.Verdict, "%s: %v", id, o.Because)
		require.Contains(t, o.Questions, regime+"/others_covered")
		home := asiaVerdicts(t, country, `{"people":{"total":5000,"by_country":{"`+country+`":100,"NP":4900}}}`)[id]
		require.Equal(t, yes, home.Verdict, "%s binds an organisation at home for everybody", id)
	}
}

// When the regimes begin and end, to the second of the authority's zone.
func TestAsiaInForce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		country, id, at string
		want            breach.Verdict
	}{
		{"CN", "cn-ndsr-2025/authority/report", "2024-12-31T23:59:59+08:00", no},
		{"CN", "cn-ndsr-2025/authority/report", "2025-01-01T00:00:00+08:00", yes},
		{"CN", "cn-dsl-29/authority/report", "2021-08-31T23:59:59+08:00", no},
		{"CN", "cn-dsl-29/authority/report", "2021-09-01T00:00:00+08:00", yes},
		{"CN", "cn-gbt-35273-10/authority/report", "2020-09-30T23:59:59+08:00", no},
		{"CN", "cn-gbt-35273-10/authority/report", "2020-10-01T00:00:00+08:00", yes},
		{"KR", "kr-pipa-2023/individuals/notice", "2023-09-14T23:59:59+09:00", no},
		{"KR", "kr-pipa-2023/individuals/notice", "2023-09-15T00:00:00+09:00", yes},
		{"KR", "kr-pipa-2023/individuals/notice", "2026-09-10T23:59:59+09:00", yes},
		{"KR", "kr-pipa-2023/individuals/notice", "2026-09-11T00:00:00+09:00", no},
		{"KR", "kr-pipa/individuals/notice", "2026-09-10T23:59:59+09:00", no},
		{"KR", "kr-pipa/individuals/notice", "2026-09-11T00:00:00+09:00", yes},
		{"IN", "in-certin/authority/report", "2022-06-26T23:59:59+05:30", no},
		{"IN", "in-certin/authority/report", "2022-06-27T00:00:00+05:30", yes},
		{"IN", "in-dpdp/individuals/notice", "2027-05-12T23:59:59+05:30", no},
		{"IN", "in-dpdp/individuals/notice", "2027-05-13T00:00:00+05:30", yes},
		{"ID", "id-pdp/individuals/notice", "2024-10-16T23:59:59+07:00", no},
		{"ID", "id-pdp/individuals/notice", "2024-10-17T00:00:00+07:00", yes},
		{"VN", "vn-pdpl/authority/report", "2025-12-31T23:59:59+07:00", no},
		{"VN", "vn-pdpl/authority/report", "2026-01-01T00:00:00+07:00", tell},
		{"MY", "my-pdpa/authority/report", "2025-05-31T23:59:59+08:00", no},
		{"MY", "my-pdpa/authority/report", "2025-06-01T00:00:00+08:00", yes},
	} {
		o := asiaVerdicts(t, c.country, `{"incident":{"aware_at":"`+c.at+`"},`+livingIn(c.country, 2000)+`}`)[c.id]
		require.Equal(t, c.want, o.Verdict, "%s at %s: %v", c.id, c.at, o.Because)
	}
	minors := `{"people":{"minors":1},"incident":{"aware_at":"%s"}}`
	require.Equal(t, no, asiaVerdicts(t, "CN", fmt.Sprintf(minors, "2023-12-31T23:59:59+08:00"))["cn-minors-online/authority/report"].Verdict)
	require.Equal(t, yes, asiaVerdicts(t, "CN", fmt.Sprintf(minors, "2024-01-01T00:00:00+08:00"))["cn-minors-online/authority/report"].Verdict)
	infrastructure := `{"organisation":{"attributes":{"critical_infrastructure":true}},` + `"incident":{"cause":"hacking","aware_at":"%s"}}`
	require.Equal(t, no, asiaVerdicts(t, "HK", fmt.Sprintf(infrastructure, "2025-12-31T23:59:59+08:00"))["hk-ci-653/authority/other"].Verdict)
	require.Equal(t, yes, asiaVerdicts(t, "HK", fmt.Sprintf(infrastructure, "2026-01-01T00:00:00+08:00"))["hk-ci-653/authority/other"].Verdict)
}

// drawAsia draws facts in which one of these places takes that of Germany.
func drawAsia(t *rapid.T) breach.Facts {
	f := drawFacts(t)
	place := rapid.SampledFrom([]string{"HK", "MO", "TW", "JP", "KR", "SG", "IN", "TH", "ID", "VN", "MY", "PH"}).Draw(t, "place")
	if f.Organisation.Country != nil && *f.Organisation.Country == "DE" {
		f.Organisation.Country = &place
	}
	if n, ok := f.People.ByCountry["DE"]; ok {
		f.People.ByCountry = maps.Clone(f.People.ByCountry)
		delete(f.People.ByCountry, "DE")
		f.People.ByCountry[place] = n
	}
	return f
}

func TestAsiaUnknownNeverHidesADuty(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	rapid.Check(t, func(t *rapid.T) {
		f, now := drawAsia(t), testNow
		if rapid.Bool().Draw(t, "after the amendments") {
			now = now.AddDate(2, 0, 0)
			for _, at := range []**time.Time{&f.Incident.DetectedAt, &f.Incident.AwareAt, &f.Incident.HandledAt} {
				if *at != nil {
					later := (*at).AddDate(2, 0, 0)
					*at = &later
				}
			}
		}
		less := forget(t, f, rapid.SliceOfDistinct(rapid.SampledFrom(forgettable), rapid.ID).Draw(t, "forget"))
		a, err := rules.Judge(f, Profile{}, now)
		require.NoError(t, err)
		b, err := rules.Judge(less, Profile{}, now)
		require.NoError(t, err)
		for i, o := range b.Obligations {
			require.NotEmpty(t, o.Because, o.ID)
			if o.Verdict == no {
				require.Equal(t, no, a.Obligations[i].Verdict, "%s\nfewer facts: %v\nmore facts: %v", o.ID, o.Because, a.Obligations[i].Because)
			}
			if o.Verdict == tell {
				require.NotEmpty(t, append(o.Missing, o.Questions...), "%s says what is missing", o.ID)
			}
		}
	})
}
