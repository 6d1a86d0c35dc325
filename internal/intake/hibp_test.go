package intake_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/intake"
)

func hibpRecord(more string) []byte {
	return []byte(`{"Name":"Lantern","Title":"Lantern School","Domain":"lantern.example","BreachDate":"2026-02-01","AddedDate":"2026-03-05T10:11:12Z",
		"PwnCount":1200,"Description":"Secret words","DataClasses":["Email addresses","Passwords"],"IsVerified":true,"IsFabricated":false,
		"IsSensitive":false,"IsRetired":false,"IsSpamList":false,"IsMalware":false,"IsStealerLog":false` + more + `}`)
}

func hibpPatched(t *testing.T, patch map[string]any) []byte {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(hibpRecord(""), &m))
	maps.Copy(m, patch)
	b, err := json.Marshal(m)
	require.NoError(t, err)
	return b
}

func TestHIBPFactByFact(t *testing.T) {
	t.Parallel()
	file, notes, err := intake.FromHIBP(hibpRecord(""))
	require.NoError(t, err)
	title, no, yes, unknown := "Lantern School (Have I Been Pwned)", false, "yes", "unknown"
	require.Equal(t, breach.Facts{
		Incident:   breach.IncidentFacts{Title: &title, Nature: []string{"confidentiality"}, PossibleOnly: &no},
		Data:       breach.DataFacts{Classes: []string{"email", "password"}},
		Exposure:   breach.Exposure{Exfiltrated: &yes, Recipients: &unknown},
		Incomplete: []string{"incident.nature"},
	}, file.Facts, "nothing else is known")
	all := strings.Join(notes, "\n")
	for _, want := range []string{"accounts, not people", "2026-02-01", "no clock starts", "names a website", "hashed stays unknown"} {
		require.Contains(t, all, want)
	}
	require.NotContains(t, all, "Secret")
	require.NotContains(t, all, "lantern.example")
}

// What each flag means as Have I Been Pwned documents it, and no more.
func TestHIBPFlags(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		patch        map[string]any
		possibleOnly *bool
		note         string
	}{
		{map[string]any{"IsVerified": false}, ptr(true), "not established"},
		{map[string]any{"IsVerified": nil}, nil, ""},
		{map[string]any{"IsFabricated": true}, ptr(true), "made up"},
		{map[string]any{"IsSpamList": true}, ptr(true), "spammers"},
		{map[string]any{"IsRetired": true}, ptr(false), "withdrawn"},
		{map[string]any{"IsSensitive": true}, ptr(false), "no class of data follows"},
		{map[string]any{"IsStealerLog": true}, ptr(false), "malware took the data"},
	} {
		file, notes, err := intake.FromHIBP(hibpPatched(t, c.patch))
		require.NoError(t, err)
		f := file.Facts
		require.Equal(t, c.possibleOnly, f.Incident.PossibleOnly, "%v", c.patch)
		require.Equal(t, c.possibleOnly != nil && !*c.possibleOnly, f.Exposure.Exfiltrated != nil, "%v", c.patch)
		require.Contains(t, strings.Join(notes, "\n"), c.note)
		require.Equal(t, []string{"email", "password"}, f.Data.Classes)
		_, stolen := c.patch["IsStealerLog"]
		require.Equal(t, stolen, f.Incident.Cause != nil)
		require.Nil(t, f.People.Vulnerable)
	}
}

func ptr[T any](v T) *T { return &v }

func TestHIBPDataClasses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in         []string
		classes    []string
		incomplete bool
		note       string
	}{
		{[]string{"Names", "Genders", "IP addresses"}, []string{"name"}, false, "no class of data here: Genders, IP addresses"},
		{[]string{"Names", "Credit cards", "Credit card CVV", "Social security numbers"}, []string{"name", "payment_card", "card_security_code", "national_id"}, false, ""},
		{[]string{"Email addresses", "Recovery email addresses"}, []string{"email"}, false, ""},
		{[]string{"Names", "Partial credit card data"}, []string{"name"}, true, "payment_card was not taken"},
		{[]string{"Names", "Something new"}, []string{"name"}, true, "not one that this version knows"},
		{[]string{"Genders"}, nil, false, "stays unknown"},
		{[]string{"Bios"}, nil, false, "stays unknown"},
		{[]string{}, nil, false, "stays unknown"},
	} {
		file, notes, err := intake.FromHIBP(hibpPatched(t, map[string]any{"DataClasses": c.in}))
		require.NoError(t, err)
		require.Equal(t, c.classes, file.Facts.Data.Classes, "%v", c.in)
		require.Equal(t, c.incomplete, slices.Contains(file.Facts.Incomplete, "data.classes"), "%v", c.in)
		require.Contains(t, strings.Join(notes, "\n"), c.note)
		require.NotContains(t, strings.Join(notes, "\n"), "Something new", "no free text of the record")
	}
}

func TestWhatIsNoHIBPRecord(t *testing.T) {
	t.Parallel()
	for body, what := range map[string]string{
		``: "cannot be read", `[]`: "is not a breach record", `{}`: "is missing", `{"Name":"x","PwnCount":1}`: "DataClasses is missing",
		`{"Name":"x","PwnCount":"Wang Secret","DataClasses":[]}`: "PwnCount: is of another type",
		`{"Name":"x","Name":"y","PwnCount":1,"DataClasses":[]}`:  "names a field twice",
		"{\"Name\":\"caf\xe9\"}":                                 "not UTF-8",
	} {
		_, _, err := intake.FromHIBP([]byte(body))
		require.Equal(t, breach.ErrInvalid, breach.CodeOf(err), body)
		require.ErrorContains(t, err, what)
		require.NotContains(t, err.Error(), "Secret")
	}
	_, _, err := intake.FromHIBP(make([]byte, 2<<20))
	require.ErrorContains(t, err, "larger")
}

// Every real record converts, every data class in them is known here, and nothing is invented.
func TestEveryHIBPRecordConverts(t *testing.T) {
	t.Parallel()
	records, list, err := intake.Records(slurp(t, shared(t, "incidents/hibp/breaches.json")[0]))
	require.NoError(t, err)
	require.True(t, list)
	require.Greater(t, len(records), 800)
	seen := map[string]bool{}
	for _, r := range records {
		file, notes, err := intake.FromHIBP(r)
		require.NoError(t, err)
		all := strings.Join(notes, "\n")
		require.NotContains(t, all, "not one that this version knows", string(r))
		f := file.Facts
		require.Nil(t, f.People.Total)
		require.Nil(t, f.People.ByCountry)
		require.Equal(t, breach.Organisation{}, f.Organisation)
		require.Equal(t, breach.IncidentFacts{Title: f.Incident.Title, Nature: f.Incident.Nature, Cause: f.Incident.Cause,
			Malicious: f.Incident.Malicious, PossibleOnly: f.Incident.PossibleOnly}, f.Incident, "no time is known")
		b, err := json.Marshal(f)
		require.NoError(t, err)
		_, err = breach.ParseFacts(b)
		require.NoError(t, err, "what is converted is a fact file: %s", b)
		var raw struct{ DataClasses []string }
		require.NoError(t, json.Unmarshal(r, &raw))
		for _, c := range raw.DataClasses {
			seen[c] = true
		}
	}
	require.Len(t, seen, 146)
}

func TestASourceByItsName(t *testing.T) {
	t.Parallel()
	file, _, err := intake.Read("hibp", hibpRecord(""))
	require.NoError(t, err)
	require.Equal(t, []string{"email", "password"}, file.Facts.Data.Classes)
	_, _, err = intake.Read("hearsay", hibpRecord(""))
	require.Equal(t, breach.ErrInvalid, breach.CodeOf(err))
}

func TestRecordsOfAFile(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]struct {
		n    int
		list bool
	}{`{"a":1}`: {1, false}, "\ufeff [{},{},3]": {3, true}, `[]`: {0, true}, ``: {1, false}} {
		got, list, err := intake.Records([]byte(in))
		require.NoError(t, err)
		require.Len(t, got, want.n)
		require.Equal(t, want.list, list)
	}
	for _, in := range []string{`[{}`, "[\xff]"} {
		_, _, err := intake.Records([]byte(in))
		require.Equal(t, breach.ErrInvalid, breach.CodeOf(err))
	}
}

func FuzzFromHIBP(f *testing.F) {
	f.Add(hibpRecord(""))
	f.Add(hibpRecord(`,"IsMalware":null`))
	f.Add([]byte(`{"Name":"\u202ex","Title":"\r\n","PwnCount":-1,"DataClasses":["Names",""],"BreachDate":"0000-00-00"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, notes, err := intake.FromHIBP(b)
		if err != nil {
			if breach.CodeOf(err) == breach.ErrInternal {
				t.Fatal(err)
			}
			return
		}
		if file.Facts.People.Total != nil || file.Facts.Incident.AwareAt != nil || file.Facts.Organisation.Country != nil {
			t.Fatal("something was invented")
		}
		out, err := json.Marshal(file.Facts)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := breach.ParseFacts(out); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if strings.ContainsAny(strings.Join(notes, ""), "\r\n\x00") {
			t.Fatal("a control character came through")
		}
	})
}
