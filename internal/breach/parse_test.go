package breach

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const wholeFacts = `{"incident": {"title": "Credentials table leaked", "nature": ["confidentiality"], "cause": "hacking", "malicious": true,
   "possible_only": false, "occurred_from": "2026-03-01T00:00:00+08:00", "detected_at": "2026-03-02T09:30:00+08:00", "aware_at": "2026-03-02T01:45:00Z",
   "determined_at": null, "classification": {"dora": "major"}, "filed_at": {"eu-nis2/authority/early_warning": "2026-03-02T10:00:00Z"}, "requested_at": {}},
 "organisation": {"name": "Example", "country": "CN", "regions": ["US-CA"], "sectors": ["education"], "roles": ["controller"],
   "attributes": {"critical_infrastructure": false, "nis2_entity": "none", "hipaa": "none", "glba": false}},
 "people": {"total": 1200, "by_country": {"CN": 1100, "NO": 100}, "by_region": {"US-CA": 0}, "minors": 0, "vulnerable": false, "categories": ["students"]},
 "data": {"classes": ["name", "email"], "encrypted": false, "hashed": "none", "volume": "some"},
 "exposure": {"recipients": "unknown", "exfiltrated": "yes"},
 "availability": {"backup": true, "restored_after_hours": 5, "service_impact": "none"},
 "impact": {"direct_loss": {"CNY": 0.5}, "outage_hours": 0},
 "contacts": {"missing": 3, "cost_per_person": {"letter": {"USD": 1.2}}},
 "law_enforcement": {"delay_requested": false},
 "determinations": [{"question": "cn-cac-incident-2025/qualitative_backstop", "answer": false, "reason": "checked", "by": "wei.lin", "at": "2026-03-02T03:00:00Z"}]}`

func TestParseFactsReadsEverything(t *testing.T) {
	t.Parallel()
	f, err := ParseFacts([]byte(wholeFacts))
	require.NoError(t, err)
	require.Equal(t, int64(1200), *f.People.Total)
	require.Equal(t, int64(100), f.People.ByCountry["NO"])
	require.Equal(t, time.Date(2026, 3, 2, 1, 30, 0, 0, time.UTC), *f.Incident.DetectedAt)
	require.Nil(t, f.Incident.DeterminedAt, "null is unknown")
	require.Nil(t, f.Data.KeyCompromised, "absent is unknown")
	require.NotNil(t, f.Incident.RequestedAt)
	require.Empty(t, f.Incident.RequestedAt)
	require.False(t, *f.People.Vulnerable)
	require.Equal(t, "wei.lin", f.Determinations[0].By)

	b, err := json.Marshal(f)
	require.NoError(t, err)
	again, err := ParseFacts(b)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(f, again), "what is written can be read again")
}

func TestParseFactsYAMLIsTheSameLanguage(t *testing.T) {
	t.Parallel()
	f, err := ParseFacts([]byte("incident:\n  aware_at: 2026-03-02T01:45:00Z\n  nature: []\norganisation: {country: NO}\npeople: {total: 7, by_country: {NO: 7}}\n"))
	require.NoError(t, err)
	require.Equal(t, "NO", *f.Organisation.Country, "Norway is not false")
	require.Equal(t, map[string]int64{"NO": 7}, f.People.ByCountry)
	require.NotNil(t, f.Incident.Nature)
	require.Empty(t, f.Incident.Nature, "an empty list is known to be empty")
	require.Nil(t, f.Data.Classes)

	b, err := json.Marshal(f)
	require.NoError(t, err)
	again, err := ParseFacts(b)
	require.NoError(t, err)
	require.NotNil(t, again.Incident.Nature, "and stays so when it is stored")
}

// Every entry: input, the place that must be named, a string that must not be repeated.
func TestParseFactsRefuses(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"incident":`, 40) + "1" + strings.Repeat("}", 40)
	for name, c := range map[string][3]string{
		"empty":                 {"", "", ""},
		"white space":           {" \n\t", "", ""},
		"null":                  {"null", "file", ""},
		"a list":                {"[]", "file", ""},
		"not JSON":              {`{"people": {`, "", ""},
		"two documents":         {`{} {}`, "", ""},
		"two YAML documents":    {"people: {}\n---\npeople: {}\n", "", ""},
		"not UTF-8":             {"people: \xff\xfe", "", ""},
		"huge":                  {strings.Repeat(" ", 1<<20+1), "", ""},
		"deep":                  {deep, "", ""},
		"duplicate JSON key":    {`{"people":{"total":1,"total":2}}`, "people.total", ""},
		"duplicate YAML key":    {"people: {total: 1, total: 2}", "", ""},
		"alias":                 {"people: &a {total: 1}\nincident: *a\n", "people", ""},
		"bomb":                  {"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]", "a", ""},
		"merge key":             {"people:\n  <<: {total: 1}\n", "people", ""},
		"tag":                   {"people: {total: !!binary aGFsbG8=}", "people.total", "aGFsbG8"},
		"unknown field":         {`{"people":{"totl":1}}`, "people.totl", ""},
		"contact as a field":    {`{"wei.lin@example.com":1}`, "key 1", "wei.lin"},
		"type":                  {`{"people":{"total":"Wei Lin"}}`, "people.total", "Wei"},
		"bool as word":          {"incident: {malicious: yes}", "incident.malicious", ""},
		"bool as number":        {`{"incident":{"malicious":1}}`, "incident.malicious", ""},
		"fraction of a person":  {`{"people":{"total":1.5}}`, "people.total", "1.5"},
		"negative":              {`{"people":{"total":-1}}`, "people.total", ""},
		"negative in a map":     {`{"people":{"by_country":{"CN":-1}}}`, "people.by_country.CN", ""},
		"more than the total":   {`{"people":{"total":10,"by_country":{"CN":8,"NO":3}}}`, "people.by_country", ""},
		"more than none":        {`{"people":{"total":0,"by_country":{"CN":1}}}`, "people.by_country", ""},
		"a sum that overflows":  {`{"people":{"total":10,"by_country":{"CN":9007199254740991,"NO":9007199254740991}}}`, "people.by_country", ""},
		"more of a region":      {`{"people":{"by_country":{"US":5},"by_region":{"US-CA":3,"US-NY":3}}}`, "people.by_region", ""},
		"too large":             {`{"people":{"total":1e300}}`, "people.total", ""},
		"overflow":              {`{"impact":{"outage_hours":1e999}}`, "impact.outage_hours", ""},
		"infinite":              {"impact: {outage_hours: .inf}", "impact.outage_hours", ""},
		"not a number":          {"impact: {outage_hours: .nan}", "impact.outage_hours", ""},
		"hexadecimal":           {"people: {total: 0x10}", "people.total", ""},
		"octal":                 {"people: {total: 010}", "people.total", ""},
		"time without zone":     {`{"incident":{"aware_at":"2026-03-02T01:45:00"}}`, "incident.aware_at", ""},
		"time as YAML date":     {"incident: {aware_at: 2026-03-02}", "incident.aware_at", ""},
		"time as number":        {`{"incident":{"aware_at":1700000000}}`, "incident.aware_at", ""},
		"impossible day":        {`{"incident":{"aware_at":"2026-02-30T01:45:00Z"}}`, "incident.aware_at", ""},
		"ends before it begins": {`{"incident":{"occurred_from":"2026-03-02T01:45:00Z","occurred_to":"2026-03-01T01:45:00Z"}}`, "incident.occurred_to", ""},
		"class":                 {`{"data":{"classes":["name","shoe_size"]}}`, "data.classes[1]", "shoe"},
		"class twice":           {`{"data":{"classes":["name","name"]}}`, "data.classes[1]", ""},
		"null in a list":        {`{"data":{"classes":[null]}}`, "data.classes[0]", ""},
		"enum":                  {`{"exposure":{"recipients":"Wei"}}`, "exposure.recipients", "Wei"},
		"country":               {`{"organisation":{"country":"UK"}}`, "organisation.country", "UK"},
		"country in small":      {`{"people":{"by_country":{"cn":1}}}`, "people.by_country", ""},
		"region":                {`{"people":{"by_region":{"California":1}}}`, "people.by_region", "Calif"},
		"currency":              {`{"impact":{"direct_loss":{"yuan":1}}}`, "impact.direct_loss", ""},
		"channel":               {`{"contacts":{"cost_per_person":{"pigeon":{"USD":1}}}}`, "contacts.cost_per_person", ""},
		"filed for nothing":     {`{"incident":{"filed_at":{"gdpr":"2026-03-02T01:45:00Z"}}}`, "incident.filed_at", ""},
		"answer missing":        {`{"determinations":[{"question":"eu-gdpr/high_risk","reason":"x"}]}`, "determinations[0].answer", ""},
		"reason missing":        {`{"determinations":[{"question":"eu-gdpr/high_risk","answer":true}]}`, "determinations[0].reason", ""},
		"line break in title":   {`{"incident":{"title":"a\r\nBcc: x@example.com"}}`, "incident.title", "Bcc"},
		"NUL in title":          {`{"incident":{"title":"a\u0000"}}`, "incident.title", ""},
		"incident file":         {`{"facts":{}}`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseFacts([]byte(c[0]))
			require.Equal(t, ErrInvalid, CodeOf(err))
			var e *Error
			require.ErrorAs(t, err, &e)
			if c[1] != "" {
				require.True(t, slices.ContainsFunc(e.Fields, func(f FieldError) bool { return f.Where == c[1] }), "fields: %v", e.Fields)
			}
			if c[2] != "" {
				require.NotContains(t, err.Error(), c[2])
			}
		})
	}
}

func TestParseIncidentBlocksApprovalNotOpening(t *testing.T) {
	t.Parallel()
	f, err := ParseIncident([]byte(`{"facts": ` + wholeFacts + `, "policy": "mooc",
		"narrative": {"en": {"summary": "What happened.\r\nMore."}, "zh-Hans": {}}, "contact": {"email": "privacy@example.com"}}`))
	require.NoError(t, err)
	require.Equal(t, "What happened.\nMore.", f.Narrative["en"].Summary)
	require.Contains(t, f.Narrative, "zh-Hans")
	f, err = ParseIncident([]byte(`{"facts": {}}`))
	require.NoError(t, err)
	require.Nil(t, f.Facts.People.Total)

	for name, c := range map[string][2]string{
		"no facts":          {`{"policy":"mooc"}`, "facts"},
		"facts are null":    {`{"facts":null}`, "facts"},
		"bad fact":          {`{"facts":{"people":{"total":-1}}}`, "facts.people.total"},
		"unknown fact":      {`{"facts":{"peple":{}}}`, "facts.peple"},
		"unknown section":   {`{"facts":{},"narrative":{"en":{"sumary":"x"}}}`, "narrative.en.sumary"},
		"not a language":    {`{"facts":{},"narrative":{"English!":{}}}`, "narrative"},
		"header in contact": {`{"facts":{},"contact":{"email":"a@b.c\r\nBcc: d@e.f"}}`, "contact.email"},
		"NUL in narrative":  {`{"facts":{},"narrative":{"en":{"summary":"a\u0000"}}}`, "narrative.en.summary"},
	} {
		_, err := ParseIncident([]byte(c[0]))
		var e *Error
		require.ErrorAs(t, err, &e, name)
		require.Equal(t, ErrInvalid, e.Code, name)
		require.Equal(t, c[1], e.Fields[0].Where, name)
	}
}

func TestMergeFacts(t *testing.T) {
	t.Parallel()
	base, err := ParseFacts([]byte(wholeFacts))
	require.NoError(t, err)
	before, err := json.Marshal(base)
	require.NoError(t, err)

	got, err := MergeFacts(base, []byte(`{"people": {"total": 1300, "minors": null, "by_country": {"NO": null, "DE": 200}}, "data": {"classes": ["health"]}, "incident": {"handled_at": "2026-03-05T00:00:00Z"}}`))
	require.NoError(t, err)
	require.Equal(t, int64(1300), *got.People.Total)
	require.Nil(t, got.People.Minors, "null makes it unknown again")
	require.Equal(t, map[string]int64{"CN": 1100, "DE": 200}, got.People.ByCountry)
	require.Equal(t, []string{"health"}, got.Data.Classes, "a list is replaced")
	require.NotNil(t, got.Incident.HandledAt)
	require.Equal(t, base.Exposure, got.Exposure, "the rest stays")
	after, err := json.Marshal(base)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after), "base is not changed")

	same, err := MergeFacts(base, []byte(`{}`))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(base, same))

	for name, patch := range map[string]string{
		"unknown field, even to remove it": `{"people":{"totl":null}}`, "type": `{"people":{"total":"1"}}`, "list": `[]`, "null": `null`,
		"the merged facts": `{"incident":{"occurred_to":"2020-01-01T00:00:00Z"}}`,
	} {
		_, err := MergeFacts(base, []byte(patch))
		require.Equal(t, ErrInvalid, CodeOf(err), name)
	}
}

func TestMergeNullIsUnknownForEveryField(t *testing.T) {
	t.Parallel()
	base, err := ParseFacts([]byte(wholeFacts))
	require.NoError(t, err)
	var whole map[string]any
	require.NoError(t, json.Unmarshal([]byte(wholeFacts), &whole))
	for part, fields := range whole {
		object, ok := fields.(map[string]any)
		if !ok {
			continue // determinations
		}
		for field := range object {
			patch, err := json.Marshal(map[string]any{part: map[string]any{field: nil}})
			require.NoError(t, err)
			got, err := MergeFacts(base, patch)
			require.NoError(t, err)
			b, err := json.Marshal(got)
			require.NoError(t, err)
			var out map[string]any
			require.NoError(t, json.Unmarshal(b, &out))
			left := out[part].(map[string]any)[field]
			if field == "attributes" { // an object that always stands there
				require.Empty(t, left)
				continue
			}
			require.Nil(t, left, "%s.%s", part, field)
		}
	}
}

// A map that names a part of the people, and one beside an unknown total, contradict nothing.
func TestPartsOfThePeopleAreNoContradiction(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		`{"people":{"total":10,"by_country":{"CN":8,"NO":2}}}`,
		`{"people":{"total":10,"by_country":{"CN":3}}}`,
		`{"people":{"by_country":{"CN":8,"NO":3},"minors":20}}`,
		`{"people":{"total":10}}`,
		`{"people":{"total":0,"by_country":{},"minors":0}}`,
		`{"people":{"total":10,"minors":10,"by_country":{"US":5},"by_region":{"US-CA":2,"CA-ON":3}}}`,
	} {
		_, err := ParseFacts([]byte(file))
		require.NoError(t, err, file)
	}
	base, err := ParseFacts([]byte(`{"people":{"total":10,"by_country":{"CN":8}}}`))
	require.NoError(t, err)
	_, err = MergeFacts(base, []byte(`{"people":{"total":7}}`))
	require.Equal(t, ErrInvalid, CodeOf(err), "a change is checked with what it changes")
	require.ErrorContains(t, err, "people.by_country")
	_, err = MergeFacts(base, []byte(`{"people":{"total":null,"by_country":{"NO":30}}}`))
	require.NoError(t, err)
}

func TestParsedFactsSurviveStorage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := Facts{}
		f.Data.Classes = rapid.SampledFrom([][]string{nil, {}, {"name"}}).Draw(t, "classes")
		f.People.ByCountry = rapid.SampledFrom([]map[string]int64{nil, {}, {"CN": 1}}).Draw(t, "countries")
		n := rapid.Int64Range(1, 1<<40).Draw(t, "n")
		f.People.Total = rapid.SampledFrom([]*int64{nil, &n}).Draw(t, "total")
		b, err := json.Marshal(f)
		require.NoError(t, err)
		got, err := ParseFacts(b)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(f, got), "unknown and empty stay apart")
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(wholeFacts))
	f.Add([]byte(`{"facts":{"people":{"total":1}},"policy":"mooc","narrative":{"en":{"summary":"x"}}}`))
	f.Add([]byte("people:\n  total: 3\n  by_country: {CN: 3}\n"))
	f.Add([]byte("a: &a [x]\nb: *a\n"))
	f.Add([]byte(`{"facts":{"numbers":[{"field":"people.by_region.US-CA","value":501,"reason":"counted by hand","by":"wei.lin","at":"2026-03-12T10:05:00Z"}]}}`))
	f.Add([]byte(`{"contents":{"en":{"dpo":"Ana Sousa, +351 210 000 000"}},"facts":{"list":{"loaded_at":"2026-03-12T10:05:00Z","lists":1,"total":2,"by_country":{"CN":2}}}}`))
	f.Add([]byte("list: {}"))
	f.Add([]byte("list: {total: 2}\nnumbers: [{field: people.total, value: -1}]\n"))
	base, err := ParseFacts([]byte(wholeFacts))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, err := range []error{parseBoth(t, b), second(MergeFacts(base, b)), second(ParseIncident(b))} {
			if err != nil && CodeOf(err) != ErrInvalid {
				t.Fatalf("error of another kind: %v", CodeOf(err))
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

// parseBoth checks that what was accepted can be stored and read again as the same.
func parseBoth(t *testing.T, b []byte) error {
	facts, err := ParseFacts(b)
	if err != nil {
		return err
	}
	out, err := json.Marshal(facts)
	if err != nil {
		t.Fatalf("accepted, but cannot be written: %v", err)
	}
	again, err := ParseFacts(out)
	if err != nil {
		t.Fatalf("accepted, but cannot be read again: %v", err)
	}
	if d := cmp.Diff(facts, again); d != "" {
		t.Fatalf("changed by storing:\n%s", d)
	}
	return nil
}

func TestRealIncidentsAreNotFacts(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("../../../shared/data/incidents/vcdb/*.json")
	if len(files) == 0 {
		t.Skip("SKIPPED: no VERIS incidents beside the module; nothing was tested")
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		_, err = ParseFacts(b)
		require.Equal(t, ErrInvalid, CodeOf(err), "another format is refused, not half read")
	}
}
