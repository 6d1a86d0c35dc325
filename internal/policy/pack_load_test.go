package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// testPack is a small sound pack; replacements make it another one.
const testPack = `
format: tocsin-rules/1
id: xx-test
name: A test
kind: law
authority: An authority
jurisdiction: XX
time_zone: Europe/Brussels
version: "1"
binding: law
citation: Test act 1
verified: false
last_checked: 2026-11-22
source: [nowhere]
questions: {harm: "Is there harm?"}
define:
  - {name: named, when: "'name' in data.classes"}
scope: {}
duties:
  - addressee: authority
    to: the authority
    contents: [summary]
    phases:
      - id: first
        title: Tell the authority
        trigger:
          any_of:
            - {when: people.total > 500, because: More than 500 people}
          otherwise: Not more than 500 people
        clock: {from: awareness, value: 4, unit: hours}
`

func fsWith(files ...string) fs.FS {
	m := fstest.MapFS{}
	for i := 0; i+1 < len(files); i += 2 {
		m[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return m
}

// loadPack loads testPack with replacements in place of its parts.
func loadPack(t testing.TB, replace ...string) *Rules {
	t.Helper()
	return loadOnly(t, strings.NewReplacer(replace...).Replace(testPack))
}

const testCalendar = "{id: weekends, name: Weekends only, version: x, source: [x]}"

// loadOnly leaves the packs of this program out, to be quick.
func loadOnly(t testing.TB, pack string) *Rules {
	t.Helper()
	r, err := loadRules([]fs.FS{fsWith("calendars/weekends.yaml", testCalendar, "xx-test.yaml", pack)})
	require.NoError(t, err)
	return r
}

func TestPacksAreWellFormed(t *testing.T) {
	t.Parallel()
	r := loadTestRules(t)
	var ids []string
	for _, p := range r.All() {
		ids = append(ids, p.ID)
	}
	require.Subset(t, ids, []string{"cn-cac-incident-2025", "cn-pipl-57", "eu-gdpr", "policy-cn-mooc-clause"})
	require.True(t, slices.IsSorted(ids))
	packs := r.Packs()
	calendars := map[string]bool{}
	for _, p := range r.packs {
		calendars[p.calendar.sha] = true
	}
	require.Len(t, packs, len(ids)+len(calendars))
	for sha, b := range packs {
		sum := sha256.Sum256(b)
		require.Equal(t, sha, hex.EncodeToString(sum[:]))
		b[0] = 'x' // what is handed out is a copy
	}
	require.NotContains(t, r.Packs(), "x")
	for sha, b := range r.Packs() {
		sum := sha256.Sum256(b)
		require.Equal(t, sha, hex.EncodeToString(sum[:]))
	}
	j := judge(t, r, testFacts(t, cnCommon))
	require.True(t, slices.IsSortedFunc(j.Obligations, func(a, b breach.Obligation) int { return strings.Compare(a.ID, b.ID) }))
	for _, o := range j.Obligations {
		require.Contains(t, packs, o.Rules.SHA256)
		require.NotEmpty(t, o.Title)
		require.NotEmpty(t, o.Citation)
		require.NotEmpty(t, o.Addressee)
		require.True(t, o.Verified || slices.Contains(o.Because, "This rule has not been verified against its source"), o.ID)
	}
}

func TestContentsVocabularyIsThatOfTheFacts(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "facts", "regimes.yaml"))
	if err != nil {
		t.Skip("SKIPPED: the facts on regimes are not beside the module; nothing was compared")
	}
	var facts struct {
		Vocab struct {
			Field      map[string]string `yaml:"field"`
			ClockStart map[string]string `yaml:"clock_start"`
		} `yaml:"vocab"`
		Regimes []struct {
			ID string `yaml:"id"`
		} `yaml:"regimes"`
	}
	require.NoError(t, yaml.Unmarshal(b, &facts))
	for f := range facts.Vocab.Field {
		require.Contains(t, PackContents, f)
	}
	for s := range facts.Vocab.ClockStart {
		require.Contains(t, PackStarts, s)
	}
	for _, p := range loadTestRules(t).All() {
		require.True(t, slices.ContainsFunc(facts.Regimes, func(r struct {
			ID string `yaml:"id"`
		}) bool {
			return r.ID == p.ID
		}), p.ID)
	}
}

// Every entry: what is replaced, by what, the place that must be named.
func TestPacksThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string][3]string{
		"another format":       {"tocsin-rules/1", "tocsin-rules/2", "format"},
		"unknown field":        {"name: A test", "nam: A test", ""},
		"doubled field":        {"name: A test", "name: A test\nname: B", ""},
		"two documents":        {"name: A test", "name: A test\n---\nname: B", ""},
		"id":                   {"id: xx-test", "id: XX test", "id"},
		"kind":                 {"kind: law", "kind: rumour", "kind"},
		"zone":                 {"Europe/Brussels", "Europe/Bruxelles", "time_zone"},
		"local zone":           {"Europe/Brussels", "Local", "time_zone"},
		"calendar":             {"version:", "calendar: nowhere\nversion:", "calendar"},
		"binding":              {"binding: law", "binding: maybe", "binding"},
		"in force":             {"version:", "in_force: {from: soon}\nversion:", "in_force.from"},
		"pending with a day":   {"version:", "in_force: {from: 2026-01-01, pending: not yet}\nversion:", "in_force.pending"},
		"no source":            {"source: [nowhere]", "source: []", "source"},
		"last checked":         {"2026-11-22", "yesterday", "last_checked"},
		"typo in a fact":       {"people.total > 500", "people.totl > 500", "duties[0].phases[0].trigger.any_of[0].when"},
		"wrong type":           {"people.total > 500", "people.total > '500'", "duties[0].phases[0].trigger.any_of[0].when"},
		"not yes or no":        {"people.total > 500", "people.total", "duties[0].phases[0].trigger.any_of[0].when"},
		"not CEL":              {"people.total > 500", "people.total >", "duties[0].phases[0].trigger.any_of[0].when"},
		"free text":            {"people.total > 500", "incident.title == 'x'", "duties[0].phases[0].trigger.any_of[0].when"},
		"unknown becomes no":   {"people.total > 500", "proven(people.total > 500)", "duties[0].phases[0].trigger.any_of[0].when"},
		"hidden in a ternary":  {"people.total > 500", "\"proven(people.total > 500) ? true : false\"", "duties[0].phases[0].trigger.any_of[0].when"},
		"hidden in a list":     {"people.total > 500", "\"['x'].exists(c, proven(people.total > 500))\"", "duties[0].phases[0].trigger.any_of[0].when"},
		"hidden in a name":     {"'name' in data.classes", "proven('name' in data.classes)", "define[0].when"},
		"undefined name":       {"people.total > 500", "def.other", "duties[0].phases[0].trigger.any_of[0].when"},
		"unknown group":        {"people.total > 500", "organisation.country in group.asean", "duties[0].phases[0].trigger.any_of[0].when"},
		"no reason":            {"because: More than 500 people", "because: ''", "duties[0].phases[0].trigger.any_of[0].because"},
		"no word for no":       {"          otherwise: Not more than 500 people\n", "", "duties[0].phases[0].trigger.otherwise"},
		"question of nobody":   {"when: people.total > 500", "question: other", "duties[0].phases[0].trigger.any_of[0].question"},
		"neither of both":      {"when: people.total > 500, ", "", "duties[0].phases[0].trigger.any_of[0]"},
		"addressee":            {"addressee: authority", "addressee: everybody", "duties[0].addressee"},
		"content field":        {"contents: [summary]", "contents: [gossip]", "duties[0].contents[0]"},
		"phase id":             {"id: first", "id: First!", "duties[0].phases[0].id"},
		"no title":             {"title: Tell the authority", "title: ''", "duties[0].phases[0].title"},
		"clock start":          {"from: awareness", "from: breakfast", "duties[0].phases[0].clock.from"},
		"unit":                 {"unit: hours", "unit: moons", "duties[0].phases[0].clock"},
		"counting":             {"unit: hours", "unit: hours, counting: business_local", "duties[0].phases[0].clock"},
		"negative":             {"value: 4", "value: -4", "duties[0].phases[0].clock"},
		"neither number":       {"value: 4, unit: hours", "unit: hours", "duties[0].phases[0].clock"},
		"house beside law":     {"unit: hours}", "unit: hours, engine_default: {value: 1, unit: hours}}", "duties[0].phases[0].clock.engine_default"},
		"prior of nothing":     {"from: awareness", "from: prior_phase_submitted", "duties[0].phases[0].clock.prior"},
		"follows nobody":       {"title: Tell", "follows: [zeroth]\n        title: Tell", ""},
		"follows and triggers": {"title: Tell", "follows: [first]\n        title: Tell", "duties[0].phases[0]"},
		"always exempt":        {"clock:", "exemptions: [{id: x, because: x, citation: x, test: {}}]\n        clock:", "duties[0].phases[0].exemptions[0].test"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, testPack, c[0])
			_, err := loadRules([]fs.FS{fsWith("calendars/weekends.yaml", testCalendar, "xx-test.yaml", strings.Replace(testPack, c[0], c[1], 1))})
			require.Equal(t, breach.ErrInvalid, breach.CodeOf(err))
			var e *breach.Error
			require.ErrorAs(t, err, &e)
			require.True(t, strings.HasPrefix(e.Fields[0].Where, "xx-test.yaml"), e.Fields[0].Where)
			if c[2] != "" {
				require.True(t, slices.ContainsFunc(e.Fields, func(f breach.FieldError) bool { return f.Where == "xx-test.yaml: "+c[2] }), "%v", e.Fields)
			}
		})
	}
	for name, fsys := range map[string]fs.FS{
		"empty pack":         fsWith("x.yaml", ""),
		"huge pack":          fsWith("x.yaml", strings.Repeat("#", maxPackBytes+1)),
		"calendar":           fsWith("calendars/x.yaml", "id: x"),
		"day of no year":     fsWith("calendars/x.yaml", "{id: x1, name: x, version: x, source: [x], years: [2026], holidays: ['2027-01-01']}"),
		"no day to work on":  fsWith("calendars/x.yaml", "{id: x1, name: x, version: x, source: [x], weekend: [monday, tuesday, wednesday, thursday]}"),
		"a circle of phases": fsWith("x.yaml", strings.Replace(testPack[:strings.Index(testPack, "        trigger:")], "title: Tell", "follows: [first]\n        title: Tell", 1)+"        clock: {from: awareness, value: 4, unit: hours}\n"),
	} {
		_, err := LoadRules(fsys)
		require.Equal(t, breach.ErrInvalid, breach.CodeOf(err), name)
	}
}

func TestFurtherPacksAddAndReplace(t *testing.T) {
	t.Parallel()
	own := len(loadTestRules(t).All())
	r, err := LoadRules(fsWith("xx-test.yaml", testPack))
	require.NoError(t, err)
	require.Len(t, r.All(), own+1)
	o := obligation(t, judge(t, r, testFacts(t, "people: {total: 501}")), "xx-test/authority/first")
	require.Equal(t, yes, o.Verdict)
	require.False(t, o.Verified)
	require.Contains(t, strings.Join(o.Because, "\n"), "not been verified")

	r, err = LoadRules(fsWith("xx-test.yaml", strings.Replace(testPack, "id: xx-test", "id: eu-gdpr", 1)))
	require.NoError(t, err)
	require.Len(t, r.All(), own)
	require.Len(t, r.Packs(), len(loadTestRules(t).Packs()), "a pack that was replaced is not in force")
	require.Equal(t, "A test", r.All()[slices.IndexFunc(r.All(), func(p Pack) bool { return p.ID == "eu-gdpr" })].Name)
}

// Three-valued: what is not stated is unknown, and the verdict says what is missing.
func TestUnknownIsNotNo(t *testing.T) {
	t.Parallel()
	type row struct {
		when, facts string
		want        breach.Verdict
		missing     string
	}
	for _, c := range []row{
		{"people.total > 500", "people: {total: 500}", no, ""},
		{"people.total > 500", "people: {total: 501}", yes, ""},
		{"people.total > 500", "{}", breach.CannotTell, "people.total"},
		{"people.total > 500 || data.encrypted", "data: {encrypted: true}", yes, ""},
		{"people.total > 500 || data.encrypted", "data: {encrypted: false}", breach.CannotTell, "people.total"},
		{"people.total > 500 && data.encrypted", "data: {encrypted: false}", no, ""},
		{"people.total > 500 && data.encrypted", "{}", breach.CannotTell, "data.encrypted people.total"},
		{"!data.encrypted", "{}", breach.CannotTell, "data.encrypted"},
		{"def.named", "{}", breach.CannotTell, "data.classes"},
		{"def.named", "data: {classes: []}", no, ""},
		{"def.named", "data: {classes: [name]}", yes, ""},
		{"!def.named", "data: {classes: [email]}", yes, ""},
		{"data.classes.exists(c, c in group.special)", "{}", breach.CannotTell, "data.classes"},
		{"exposure.exfiltrated == 'yes'", "exposure: {exfiltrated: unknown}", breach.CannotTell, "exposure.exfiltrated"},
		{"exposure.exfiltrated == 'yes'", `exposure: {exfiltrated: "no"}`, no, ""},
		{"people.by_country.count('JP') > 0", "people: {total: 5, by_country: {CN: 5}}", no, ""},
		{"people.by_country.count('JP') > 0", "people: {total: 6, by_country: {CN: 5}}", breach.CannotTell, "people.by_country.JP"},
		{"people.by_country.count('JP') > 0", "people: {by_country: {CN: 5}}", breach.CannotTell, "people.by_country.JP"},
		{"people.by_country.count('JP') > 0", "people: {total: 5}", breach.CannotTell, "people.by_country"},
		{"people.by_country.count('JP') > 0", "people: {total: 0}", no, ""},
		{"people.by_country.count('JP') > 0", "people: {total: 0, by_country: {}}", no, ""},
		{"people.by_country.count('JP') > 0", "people: {total: 5, by_country: {JP: 5}}", yes, ""},
		{"people.by_region.count('US-CA') > 500", "people: {total: 5, by_country: {CN: 5}}", no, ""},
		{"people.by_region.count('US-CA') > 500", "people: {total: 900, by_country: {US: 900}, by_region: {US-NY: 900}}", no, ""},
		{"people.by_region.count('US-CA') > 500", "people: {total: 900, by_country: {US: 900}, by_region: {US-NY: 899, CA-QC: 1}}", breach.CannotTell, "people.by_region.US-CA"},
		{"people.by_region.count('US-CA') > 500", "people: {total: 900, by_country: {US: 900}}", breach.CannotTell, "people.by_region.US-CA"},
		{"people.by_region.count('US-CA') > 500", "people: {by_region: {US-CA: 501}}", yes, ""},
		{"people.by_region.count('US-CA') > 500", "{}", breach.CannotTell, "people.by_country"},
		{"group.eea.exists(c, people.by_country.count(c) > 0)", "people: {by_country: {CN: 5}}", breach.CannotTell, "people.by_country"},
		{"group.eea.exists(c, people.by_country.count(c) > 0)", "people: {by_country: {FI: 5}}", yes, ""},
		{"impact.direct_loss.amount('CNY') >= 1.0", "impact: {direct_loss: {}}", no, ""},
		{"impact.direct_loss.amount('CNY') >= 1.0", "impact: {direct_loss: {USD: 1}}", breach.CannotTell, "impact.direct_loss.CNY"},
		{"incident.classification.label('dora') == 'major'", "incident: {classification: {dora: major}}", yes, ""},
		{"incident.classification.label('dora') == 'major'", "{}", breach.CannotTell, "incident.classification.dora"},
		{"severity.at_least(3.0)", "{}", breach.CannotTell, "availability.backup availability.restored_after_hours data.classes data.encrypted data.key_compromised exposure.recipients incident.malicious incident.nature"},
		{"severity.at_least(0.25)", "{}", yes, ""},
		{"severity.at_least(6.25)", "{}", no, ""},
		{"!proven(data.encrypted)", "{}", yes, ""},
		{"!proven(data.encrypted)", "data: {encrypted: true}", no, ""},
		{"people.total > 500 && !proven(data.encrypted)", "people: {total: 501}", yes, ""},
	} {
		r := loadPack(t, "when: people.total > 500", `when: "`+c.when+`"`)
		o := obligation(t, judge(t, r, testFacts(t, c.facts)), "xx-test/authority/first")
		require.Equal(t, c.want, o.Verdict, "%s with %s: %v", c.when, c.facts, o.Because)
		missing := slices.DeleteFunc(o.Missing, func(m string) bool { return m == "incident.aware_at" })
		require.Equal(t, c.missing, strings.Join(missing, " "), "%s with %s", c.when, c.facts)
	}
}

func TestTestsWithQuestions(t *testing.T) {
	t.Parallel()
	const decides = `question: harm
          any_of:
            - {when: data.classes.size() > 2, because: Many}
          none_if:
            - {when: data.encrypted, because: Encrypted}`
	r := loadPack(t, `any_of:
            - {when: people.total > 500, because: More than 500 people}`, decides)
	const answer = `"determinations":[{"question":"xx-test/harm","reason":"x","answer":`
	for facts, want := range map[string]breach.Verdict{
		`{"data":{"classes":["name","email","phone"],"encrypted":true}}`:               yes, // proven beats what speaks against it
		`{"data":{"classes":["name"],"encrypted":true}}`:                               no,
		`{"data":{"classes":["name"],"encrypted":false}}`:                              breach.CannotTell,
		`{"data":{"classes":["name"]}}`:                                                breach.CannotTell,
		`{"data":{"encrypted":true}}`:                                                  breach.CannotTell, // there may be many
		`{"data":{"classes":["name"],"encrypted":false},` + answer + `true}]}`:         yes,
		`{"data":{"classes":["name","email","phone"]},` + answer + `false}]}`:          no, // a person decides
		`{"data":{"classes":["name"],"encrypted":true},` + answer + `true}]}`:          yes,
		`{"data":{"classes":["name"],"encrypted":false},` + answer + `false}]}`:        no,
		`{"determinations":[{"question":"xx-other/harm","reason":"x","answer":true}]}`: breach.CannotTell,
	} {
		o := obligation(t, judge(t, r, testFacts(t, facts)), "xx-test/authority/first")
		require.Equal(t, want, o.Verdict, "%s: %v", facts, o.Because)
		if want == breach.CannotTell && !strings.Contains(facts, `"encrypted":true`) {
			require.Equal(t, []string{"xx-test/harm"}, o.Questions, facts)
		}
	}
}

// A clock that is the earlier of two, as the rules on financial incidents have it: four hours from
// classification, and 24 hours from awareness if it was classified within those.
func TestEarlierOfTwoClocks(t *testing.T) {
	t.Parallel()
	r := loadPack(t, "clock: {from: awareness, value: 4, unit: hours}", `clock:
          from: classification
          value: 4
          unit: hours
          earlier_of:
            - {when: "incident.classified_at - incident.aware_at <= duration('24h')", from: awareness, value: 24, unit: hours, because: 24 hours from awareness}`)
	for name, c := range map[string]struct {
		classified, due string
		provisional     bool
	}{
		"soon":          {`"2026-03-03T12:00:00Z"`, "2026-03-03T16:00:00Z", false},
		"at the cap":    {`"2026-03-04T08:00:00Z"`, "2026-03-04T10:00:00Z", false},
		"after the cap": {`"2026-03-04T12:00:00Z"`, "2026-03-04T16:00:00Z", false},
		"not yet":       {`null`, "2026-03-04T10:00:00Z", true},
	} {
		f := testFacts(t, `{"people":{"total":501},"incident":{"aware_at":"2026-03-03T10:00:00Z","classified_at":`+c.classified+`}}`)
		o := obligation(t, judge(t, r, f), "xx-test/authority/first")
		require.Equal(t, c.due, o.DueAt.Format(time.RFC3339), name)
		require.Equal(t, c.provisional, o.Clock.Provisional, name)
	}
}

func TestVariantsChainsAndRequests(t *testing.T) {
	t.Parallel()
	r := loadPack(t, "clock: {from: awareness, value: 4, unit: hours}", `clock:
          from: awareness
          value: 3
          unit: business_days
          variants:
            - {when: organisation.attributes.small_agent_br, value: 6, unit: business_days, because: small agents have six}
      - id: later
        title: Tell more
        follows: [first]
        clock: {from: prior_phase_submitted, prior: [first], value: 1, unit: months}
      - id: asked
        title: Answer
        follows: [first]
        clock: {from: request_received, value: 5, unit: calendar_days}
      - id: yearly
        title: Tell at the end of the year
        follows: [first]
        clock: {from: discovery, value: 60, unit: calendar_days, batch: end_of_year}`)
	due := func(patch, phase string) string {
		f := amended(t, `{"people":{"total":501},"incident":{"detected_at":"2027-03-01T09:00:00Z","aware_at":"2027-03-01T10:00:00Z"}}`, patch)
		o := obligation(t, judge(t, r, f), "xx-test/authority/"+phase)
		if o.DueAt == nil {
			return string(o.Verdict)
		}
		return o.DueAt.In(zone(t, "Europe/Brussels")).Format(time.RFC3339)
	}
	require.Equal(t, "2027-03-04T23:59:59+01:00", due(`{}`, "first"), "while nobody knows, the earlier one")
	require.Equal(t, "2027-03-09T23:59:59+01:00", due(`{"organisation":{"attributes":{"small_agent_br":true}}}`, "first"))
	require.Equal(t, "2027-03-04T23:59:59+01:00", due(`{"organisation":{"attributes":{"small_agent_br":false}}}`, "first"))
	require.Equal(t, "2027-04-01T23:59:59+02:00", due(`{}`, "later"), "provisional")
	require.Equal(t, "2028-02-29T23:59:59+01:00", due(`{"incident":{"filed_at":{"xx-test/authority/first":"2028-01-31T09:00:00Z"}}}`, "later"))
	require.Equal(t, "does_not_apply", due(`{}`, "asked"), "nobody asked")
	require.Equal(t, "2027-03-07T23:59:59+01:00", due(`{"incident":{"requested_at":{"xx-test/authority/asked":"2027-03-02T09:00:00Z"}}}`, "asked"))
	require.Equal(t, "does_not_apply", due(`{"people":{"total":1},"incident":{"requested_at":{"xx-test/authority/asked":"2027-03-02T09:00:00Z"}}}`, "asked"), "the first phase does not apply")
	require.Equal(t, "2028-02-29T23:59:59+01:00", due(`{}`, "yearly"))
}

func TestSubstitutes(t *testing.T) {
	t.Parallel()
	r := loadTestRules(t)
	const id = "eu-gdpr/individuals/notice"
	s, err := r.Substitutes(testFacts(t, cnCommon), Profile{}, id, testNow)
	require.NoError(t, err)
	require.Len(t, s, 1)
	require.Equal(t, breach.CannotTell, s[0].Verdict, "an announcement does not count as notice by itself")
	require.Equal(t, []string{"eu-gdpr/disproportionate_effort"}, s[0].Questions)
	s, err = r.Substitutes(amended(t, cnCommon, `{"determinations":[{"question":"eu-gdpr/disproportionate_effort","answer":true,"reason":"x"}]}`), Profile{}, id, testNow)
	require.NoError(t, err)
	require.Equal(t, yes, s[0].Verdict)
	_, err = r.Substitutes(breach.Facts{}, Profile{}, "eu-gdpr/individuals/nothing", testNow)
	require.Equal(t, breach.ErrNotFound, breach.CodeOf(err))
}

func FuzzLoadRules(f *testing.F) {
	f.Add([]byte(testPack))
	f.Add([]byte("format: tocsin-rules/1\nduties: [{phases: [{clock: {from: x}}]}]\n"))
	facts := breach.Facts{}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := loadRules([]fs.FS{fsWith("calendars/weekends.yaml", testCalendar, "x.yaml", string(b))})
		if err != nil {
			if breach.CodeOf(err) != breach.ErrInvalid {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		if _, err := r.Judge(facts, Profile{}, testNow); err != nil && breach.CodeOf(err) != breach.ErrInternal {
			t.Fatal(err)
		}
	})
}

func TestAPendingRegimeIsNotInForce(t *testing.T) {
	t.Parallel()
	r := loadPack(t, "version:", "in_force: {pending: the government decides}\nversion:")
	j, err := r.Judge(breach.Facts{}, Profile{}, testNow)
	require.NoError(t, err)
	for _, o := range j.Obligations {
		require.Equal(t, breach.DoesNotApply, o.Verdict)
		require.Equal(t, "Not in force yet, and no day is set: the government decides", o.Because[0])
	}
}

// One answer decides the shared test, never the criteria beside it.
func TestSharedTests(t *testing.T) {
	t.Parallel()
	r := loadPack(t, "scope: {}", `tests:
  harm: {question: harm, any_of: [{when: data.encrypted, because: Sealed}], none_if: [{when: data.public_before, because: All was public}], otherwise: No harm}
scope: {}`, "          otherwise: Not", "            - {test: harm, because: Harm is likely}\n          otherwise: Not")
	verdict := func(facts, answer string) breach.Obligation {
		if answer != "" {
			facts += "\ndeterminations: [{question: xx-test/harm, answer: " + answer + ", reason: x}]"
		}
		return obligation(t, judge(t, r, testFacts(t, facts)), "xx-test/authority/first")
	}
	for facts, want := range map[string]breach.Verdict{
		"people: {total: 501}":                                                yes,
		"people: {total: 500}":                                                breach.CannotTell,
		"people: {total: 500}\ndata: {public_before: true}":                   breach.CannotTell,
		"data: {public_before: true, encrypted: false}":                       breach.CannotTell,
		"people: {total: 5}\ndata: {encrypted: true}":                         yes,
		"people: {total: 500}\ndata: {encrypted: false, public_before: true}": no,
	} {
		o := verdict(facts, "")
		require.Equal(t, want, o.Verdict, facts)
		if want == no {
			require.Contains(t, strings.Join(o.Because, "; "), "All was public")
		}
	}
	require.Equal(t, no, verdict("people: {total: 500}\ndata: {encrypted: true}", "false").Verdict)
	require.Equal(t, yes, verdict("people: {total: 500}", "true").Verdict)
	require.Equal(t, yes, verdict("people: {total: 501}", "false").Verdict)
	for _, bad := range []string{"{test: nothing, because: x}", "{because: x}"} {
		_, err := loadRules([]fs.FS{fsWith("calendars/weekends.yaml", testCalendar, "xx-test.yaml", strings.Replace(testPack, "          otherwise: Not", "            - "+bad+"\n          otherwise: Not", 1))})
		require.Equal(t, breach.ErrInvalid, breach.CodeOf(err))
	}
}

// A file that is no pack is told so by line and field, and in no word of Go.
func TestFaultsOfYAMLNameNoTypes(t *testing.T) {
	t.Parallel()
	err := decodeStrict([]byte("format: tocsin-rules/1\nnonsense: 1\nduties: many\nverified: [\"yes\"]\n"), new(Pack))
	require.EqualError(t, err, "line 2: nonsense is not a field that is known here; line 3: holds another kind of value than belongs there; line 4: holds another kind of value than belongs there")
	require.ErrorContains(t, decodeStrict([]byte("format: [\n"), new(Pack)), "line 1")
}

func TestOneOfAUnitIsNotSeveral(t *testing.T) {
	t.Parallel()
	require.Equal(t, "1 month from incident.aware_at (exclude_event_day)", DeadlineTerm{1, "months", "exclude_event_day"}.from("aware_at"))
	require.Equal(t, "2 business days from incident.aware_at (business_local)", DeadlineTerm{2, "business_days", "business_local"}.from("aware_at"))
}
