package policy

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

type factDeadline struct {
	Value int    `yaml:"value"`
	Unit  string `yaml:"unit"`
	From  string `yaml:"from"`
}

type factPhase struct {
	ID       string       `yaml:"id"`
	From     string       `yaml:"from"`
	Deadline factDeadline `yaml:"deadline"`
	Fields   []string     `yaml:"fields"`
}

type factRegime struct {
	ID      string `yaml:"id"`
	InForce string `yaml:"in_force"`
	Kind    string `yaml:"kind"`
	Report  struct {
		Phases []factPhase `yaml:"phases"`
	} `yaml:"regulator_report"`
	Notice struct {
		Duty     string       `yaml:"duty"`
		Deadline factDeadline `yaml:"deadline"`
		Fields   []string     `yaml:"fields"`
	} `yaml:"individual_notice"`
	Confidence struct {
		Verified bool `yaml:"verified"`
	} `yaml:"confidence"`
}

// elsewise are the clocks that the packs write another way than the facts, with the reason.
var elsewise = map[string]string{
	"br-lgpd/authority/proof_of_individual_notice": "the end of the notice period is no event; both terms are counted in one from awareness",
	"au-ndb/authority/statement":                   "reasonable grounds to believe that a breach is eligible is its determination",
	"eu-nis2/authority/progress_if_ongoing":        "it takes the place of the final report, so it is due with it",
	"pci-card-brands/authority/acquirer":           "a suspicion is a detection",
}

// Every phase of the facts has its obligation, with its clock and at least its contents, and the packs say no
// more about their confidence than the facts do.
func TestWorldPacksAgainstTheFacts(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "facts", "regimes.yaml"))
	if err != nil {
		t.Skip("SKIPPED: the facts on regimes are not beside the module; nothing was compared")
	}
	var facts struct {
		Regimes []factRegime `yaml:"regimes"`
	}
	require.NoError(t, yaml.Unmarshal(b, &facts))
	seen := 0
	for _, r := range facts.Regimes {
		if !slices.Contains(worldRegimes, r.ID) {
			continue
		}
		seen++
		p := packOf(t, r.ID)
		require.Equal(t, r.Confidence.Verified, p.Verified, r.ID)
		require.Equal(t, r.Kind, p.Kind, r.ID)
		if r.InForce != "" {
			require.Equal(t, r.InForce, p.InForce.From, r.ID)
		}
		for _, want := range r.Report.Phases {
			compareClock(t, p, "authority", want)
		}
		if !slices.Contains([]string{"none", "unchanged"}, r.Notice.Duty) {
			compareClock(t, p, "individuals", factPhase{ID: "notice", From: r.Notice.Deadline.From, Deadline: r.Notice.Deadline, Fields: r.Notice.Fields})
		}
	}
	require.Equal(t, len(worldRegimes), seen)
}

func compareClock(t *testing.T, p Pack, addressee string, want factPhase) {
	t.Helper()
	id := p.ID + "/" + addressee + "/" + want.ID
	for _, d := range p.Duties {
		for _, ph := range d.Phases {
			if d.Addressee != addressee || ph.ID != want.ID {
				continue
			}
			for _, f := range want.Fields {
				require.Contains(t, slices.Concat(or(ph.Contents, d.Contents), ph.Late), f, id)
			}
			if elsewise[id] != "" {
				return
			}
			if want.From != "" {
				require.Equal(t, want.From, ph.Clock.From, id)
			}
			if want.Deadline.Value == 0 {
				require.Nil(t, ph.Clock.Value, id)
				require.NotEmpty(t, ph.Clock.Soft, id)
				return
			}
			require.NotNil(t, ph.Clock.Value, id)
			require.Equal(t, want.Deadline.Value, *ph.Clock.Value, id)
			require.Equal(t, want.Deadline.Unit, ph.Clock.Unit, id)
			return
		}
	}
	if want.ID != "" {
		require.Fail(t, "no such obligation", id)
	}
}

// One person is in scope, nobody is not, and a table that is not complete leaves it open.
func TestWorldScopeByCountry(t *testing.T) {
	t.Parallel()
	for country, id := range map[string]string{
		"GB": "uk-gdpr/authority/initial", "CA": "ca-pipeda/authority/report", "BR": "br-lgpd/authority/notice", "AU": "au-ndb/authority/statement",
		"NZ": "nz-privacy-2020/authority/notify", "ZA": "za-popia/authority/report", "TR": "tr-kvkk/authority/form", "CH": "ch-fadp/authority/report",
		"AE": "ae-pdpl/individuals/notice", "SA": "sa-pdpl/authority/report",
	} {
		const at = "organisation: {country: CN, sectors: [education]}"
		checkWorld(t,
			worldCase{id + ": nobody", at + stolenCards + "\n---\npeople: {by_country: {CN: 5000, " + country + ": 0}}", verdicts{id: no}},
			worldCase{id + ": not listed, and the table is complete", at + stolenCards + "\n---\npeople: {by_country: {CN: 5000}}", verdicts{id: no}},
			worldCase{id + ": not listed, and the table is not complete", at + stolenCards + "\n---\npeople: {by_country: {CN: 4999}}", verdicts{id: worldOpen}},
			worldCase{id + ": one person", at + stolenCards + "\n---\npeople: {by_country: {CN: 4999, " + country + ": 1}}", verdicts{id: yes}},
			worldCase{id + ": the organisation alone", "organisation: {country: " + country + "}" + stolenCards + "\n---\npeople: {by_country: {CN: 5000}}", verdicts{id: yes}},
		)
	}
}

// The house's own limits of what few people are, as triples.
func TestWorldSmallNumbers(t *testing.T) {
	t.Parallel()
	for id, where := range map[string]string{
		"ca-pipeda/authority/report": "CA", "br-lgpd/authority/notice": "BR", "au-ndb/authority/statement": "AU", "nz-privacy-2020/authority/notify": "NZ",
	} {
		at := "organisation: {country: " + where + "}" + wrongAddress
		checkWorld(t,
			worldCase{id + ": 99", at + "\n---\npeople: {total: 99}", verdicts{id: no}},
			worldCase{id + ": 100", at + "\n---\npeople: {total: 100}", verdicts{id: no}},
			worldCase{id + ": 101", at + "\n---\npeople: {total: 101}", verdicts{id: worldOpen}},
			worldCase{id + ": nobody knows how many", at + "\n---\npeople: {total: null}", verdicts{id: worldOpen}},
		)
	}
	const gb, first, people = "organisation: {country: GB}", "uk-gdpr/authority/initial", "uk-gdpr/individuals/notice"
	const grave = "\n---\ndata: {classes: [name, national_id]}"
	checkWorld(t,
		worldCase{"uk: 100 by mistake", gb + wrongAddress + "\n---\npeople: {total: 100}", verdicts{first: no, people: no}},
		worldCase{"uk: 101 by mistake", gb + wrongAddress + "\n---\npeople: {total: 101}", verdicts{first: yes, people: no}},
		worldCase{"uk: 999 identity numbers to somebody known", gb + wrongAddress + grave + "\n---\npeople: {total: 999}", verdicts{first: yes, people: no}},
		worldCase{"uk: 1,000 identity numbers", gb + wrongAddress + grave + "\n---\npeople: {total: 1000}", verdicts{first: yes, people: yes}},
		worldCase{"uk: 9,999 people's phones", gb + copiedAddresses + "\n---\nincident: {malicious: false, cause: error}\npeople: {total: 9999}", verdicts{first: yes, people: worldOpen}},
		worldCase{"uk: 10,000 people's phones", gb + copiedAddresses + "\n---\nincident: {malicious: false, cause: error}\npeople: {total: 10000}", verdicts{first: yes, people: yes}},
	)
}

func TestWorldSubstitutesAndHolds(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	for id, want := range map[string]struct {
		missing int
		verdict breach.Verdict
		form    string
		days    int
		all     bool
	}{
		"br-lgpd/individuals/notice":         {1, yes, "website", 90, false},
		"tr-kvkk/individuals/notice":         {1, yes, "own_website_or_other_suitable", 0, false},
		"ca-pipeda/individuals/notice":       {1, yes, "public_communication_likely_to_reach", 0, false},
		"ca-qc-law25/individuals/notice":     {1, yes, "public_notice", 0, false},
		"au-ndb/individuals/notice":          {1, worldOpen, "publish_statement_on_website", 0, true},
		"nz-privacy-2020/individuals/notice": {1, worldOpen, "public_notice_not_identifying_people", 0, false},
		"uk-gdpr/individuals/notice":         {1, worldOpen, "public_communication_equally_effective", 0, false},
		"eu-eprivacy-611/individuals/notice": {1, worldOpen, "major_national_or_regional_media", 0, false},
		"ch-fadp/individuals/notice":         {1, worldOpen, "public_announcement", 0, false},
	} {
		for n, verdict := range map[int64]breach.Verdict{int64(want.missing): want.verdict, 0: ""} {
			f := worldFacts(t, "organisation: {country: BR}")
			f.Contacts.Missing = &n
			got, err := rules.Substitutes(f, testProfile(t, "mooc"), id, testNow)
			require.NoError(t, err)
			require.Len(t, got, 1, id)
			require.Contains(t, got[0].Form, want.form)
			require.Equal(t, want.days, got[0].DurationDays, id)
			require.Equal(t, want.all, got[0].AllForms, id)
			if verdict != "" {
				require.Equal(t, verdict, got[0].Verdict, id)
			} else {
				require.NotEqual(t, yes, got[0].Verdict, "everybody can be reached: %s", id)
			}
		}
	}
	knows := []string{"eu-eprivacy-611", "ca-qc-law25", "za-popia"}
	for _, id := range worldRegimes {
		for _, d := range packOf(t, id).Duties {
			require.Equal(t, slices.Contains(knows, id) && d.Addressee == "individuals", d.Hold.LawEnforcement, "%s: a delay for law enforcement", id)
		}
	}
}

// What does not apply on fewer facts does not apply on more, wherever in the world the organisation is.
func TestWorldUnknownNeverHidesADuty(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	forget := func(rt *rapid.T, f breach.Facts) breach.Facts {
		if rapid.Bool().Draw(rt, "forget the country") {
			f.Organisation.Country = nil
		}
		if rapid.Bool().Draw(rt, "forget the attributes") {
			f.Organisation.Attributes = breach.Attributes{}
		}
		if rapid.Bool().Draw(rt, "forget the sectors") {
			f.Organisation.Sectors = nil
		}
		if rapid.Bool().Draw(rt, "forget the grade") {
			f.Incident.Classification = nil
		}
		return f
	}
	rapid.Check(t, func(rt *rapid.T) {
		f := drawFacts(rt)
		pick := func(name string, all ...string) *string {
			v := rapid.SampledFrom(all).Draw(rt, name)
			return &v
		}
		flag := func(name string) *bool {
			v := rapid.Bool().Draw(rt, name)
			return &v
		}
		f.Organisation.Country = pick("country", "DE", "GB", "CA", "BR", "AU", "NZ", "ZA", "TR", "CH", "AE", "SA", "US")
		f.Organisation.Regions = []string{"CA-QC"}
		f.Organisation.Sectors = []string{*pick("sector", "telecom", "finance", "government", "trust_services")}
		f.Organisation.Attributes.NIS2Entity = pick("nis2", breach.NIS2Entities...)
		f.Organisation.Attributes.DORAEntity = flag("dora")
		f.Organisation.Attributes.SmallAgentBR = flag("small")
		f.Incident.Classification = map[string]string{"dora": *pick("grade", "major", "minor")}
		less := forget(rt, f)
		a, err := rules.Judge(f, Profile{}, testNow)
		require.NoError(t, err)
		b, err := rules.Judge(less, Profile{}, testNow)
		require.NoError(t, err)
		for i, o := range b.Obligations {
			if o.Verdict == no {
				require.Equal(t, no, a.Obligations[i].Verdict, "%s\nfewer facts: %v\nmore facts: %v", o.ID, o.Because, a.Obligations[i].Because)
			}
		}
	})
}
