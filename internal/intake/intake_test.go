package intake_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/intake"
)

const structured = "application/cloudevents+json; charset=UTF-8"

var received = time.Date(2026, 3, 2, 8, 30, 0, 0, time.UTC)

func shared(t *testing.T, glob string) []string {
	t.Helper()
	_, here, _, ok := runtime.Caller(0)
	require.True(t, ok)
	found, err := filepath.Glob(filepath.Join(filepath.Dir(here), "..", "..", "..", "shared", "data", glob))
	require.NoError(t, err)
	if len(found) == 0 {
		t.Skipf("SKIPPED: ../shared/data/%s is not there; the real payloads were not tested", glob)
	}
	return found
}

func slurp(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return b
}

func event(extra string) []byte {
	return []byte(`{"specversion":"1.0","type":"t.x","source":"/s","id":"1"` + extra + `}`)
}

func TestTheExamplesOfTheSpecification(t *testing.T) {
	t.Parallel()
	for _, path := range shared(t, "detectors/cloudevents_structured_*.json") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			d, err := intake.ParseCloudEvent(structured, slurp(t, path), received)
			if strings.HasSuffix(path, "_data_base64.json") {
				require.ErrorContains(t, err, "data_base64: is not Base64", "the specification's example holds a placeholder")
				return
			}
			require.NoError(t, err)
			require.Equal(t, "/mycontext", d.Source)
			require.Equal(t, "com.example.someevent", d.Type)
			require.NotNil(t, d.Facts.Incident.DetectedAt)
			want := time.Date(2018, 4, 5, 17, 31, 0, 0, time.UTC)
			if strings.Contains(path, "base64_no_contenttype") {
				want = received
				require.Contains(t, d.Notes[0], "gives no time")
			}
			require.Equal(t, want, d.At)
			detected := d.At
			require.Equal(t, breach.Facts{Incident: breach.IncidentFacts{DetectedAt: &detected}}, d.Facts, "nothing else is known")
		})
	}
}

func TestASuspectedBreach(t *testing.T) {
	t.Parallel()
	body := slurp(t, shared(t, "detectors/constructed/cloudevents_structured_breach_suspected.json")[0])
	d, err := intake.ParseCloudEvent(structured, body, received)
	require.NoError(t, err)
	at := time.Date(2025, 10, 15, 8, 1, 0, 0, time.UTC)
	title := "客户数据导出文件被公开访问"
	require.Equal(t, breach.Facts{
		Incident: breach.IncidentFacts{Title: &title, DetectedAt: &at},
		Data:     breach.DataFacts{Classes: []string{"name", "email", "phone", "birth_date"}},
	}, d.Facts)
	require.Equal(t, body, d.Raw)
	require.Equal(t, received, d.ReceivedAt)
	require.Len(t, d.Notes, 3)
	require.Contains(t, d.Notes[0], "18342: an estimate, so people.total stays unknown")
	require.Contains(t, d.Notes[1], "DE, CN, BR")
	require.Contains(t, d.Notes[2], "2025-10-14T10:00:00Z")
}

func TestOtherDetectorsAreRefusedNotMisread(t *testing.T) {
	t.Parallel()
	for _, path := range shared(t, "detectors/*.json") {
		if strings.Contains(path, "cloudevents_structured") {
			continue
		}
		_, err := intake.ParseCloudEvent(structured, slurp(t, path), received)
		require.Equal(t, breach.ErrInvalid, breach.CodeOf(err), path)
	}
}

func TestEventsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for body, what := range map[string]string{
		``:                                    "not a JSON object",
		`[]`:                                  "not a JSON object",
		`{`:                                   "not good JSON",
		`{"id":1`:                             "cut short",
		string(event(``)) + `{}`:              "something behind the event",
		string(event(`,"id":"2"`)):            "there twice",
		string(event(`,"data":1,"d":{}`)):     "neither text, number",
		string(event(`,"a_b":1`)):             "other characters than a-z and 0-9",
		string(event(`,"time":"2026-03-02"`)): "time: must be an instant",
		string(event(`,"time":"2026-03-02T08:00:00"`)):                          "time: must be an instant",
		"{\"id\":\"caf\xe9\"}":                                                  "not UTF-8",
		"\xff\xfe{\x00}\x00":                                                    "not UTF-8",
		string(event(`,"subject":""`)):                                          "subject: must not be empty",
		string(event(`,"subject":7`)):                                           "subject: must be text",
		string(event(`,"subject":"a\r\nb"`)):                                    "subject: must not hold control characters",
		string(event(`,"dataschema":"x"`)):                                      "dataschema: must be an absolute URI",
		string(event(`,"datacontenttype":"/"`)):                                 "datacontenttype: must be a media type",
		string(event(`,"data":1,"data_base64":"e30="`)):                         "data_base64: must not stand beside data",
		string(event(`,"data_base64":5`)):                                       "data_base64: must be text",
		`{"specversion":"0.3","type":"t","source":"s","id":"1"}`:                "specversion: must be 1.0",
		`{"specversion":"1.0","type":"t","source":"s","id":""}`:                 "id: must not be empty",
		`{"specversion":"1.0","type":"t","source":"%zz","id":"1"}`:              "source: must be a URI reference",
		string(event(`,"subject":"` + strings.Repeat("x", 3000) + `"`)):         "subject: is too long",
		string(event(`,"data":"` + strings.Repeat("x", intake.MaxEvent) + `"`)): "larger than 262144 bytes",
	} {
		_, err := intake.ParseCloudEvent(structured, []byte(body), received)
		require.Contains(t, []breach.Code{breach.ErrInvalid, breach.ErrTooLarge}, breach.CodeOf(err), "%.60s", body)
		require.ErrorContains(t, err, what, "%.60s", body)
	}
	_, err := intake.ParseCloudEvent(structured, []byte(`{"secret":"Wang Secret"}`), received)
	for _, name := range []string{"source", "id", "type", "specversion"} {
		require.ErrorContains(t, err, name+": is missing", "all problems at once")
	}
	require.NotContains(t, err.Error(), "Secret")
	for contentType, what := range map[string]string{
		"": "cannot be read", "text/plain": "is not taken", "application/cloudevents-batch+json": "batch",
		"application/cloudevents+json; charset=gbk": "not in UTF-8",
	} {
		_, err := intake.ParseCloudEvent(contentType, event(``), received)
		require.Equal(t, breach.ErrMediaType, breach.CodeOf(err))
		require.ErrorContains(t, err, what)
	}
}

func TestTheSameFindingHasTheSameKey(t *testing.T) {
	t.Parallel()
	key := func(source, id, more string) string {
		d, err := intake.ParseCloudEvent("application/json", []byte(`{"id":"`+id+`","source":"`+source+`","specversion":"1.0","type":"t"`+more+`}`), received)
		require.NoError(t, err)
		return d.DedupKey
	}
	require.Equal(t, key("/a", "1", ""), key("/a", "1", `,"time":"2026-01-01T00:00:00Z","data":{"title":"again"}`))
	require.NotEqual(t, key("/a", "1", ""), key("/a", "2", ""))
	require.NotEqual(t, key("/a", "b1", ""), key("/ab", "1", ""))
}

func TestWhatADetectorWritesNeverStopsTheClock(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ more, note string }{
		{`,"data":{"title":5,"data_classes":"name","estimated_people":"many","countries":{"DE":1},"first_seen":"yesterday"}`, "data.title is not a line"},
		{`,"data":{"title":"<script>alert(1)</script>"}`, "data.title is not a line"},
		{`,"data":{"title":"a\r\nBcc: x"}`, "data.title is not a line"},
		{`,"data":{"estimated_people":-1}`, "not a number"},
		{`,"data":{"data_classes":["shoe_size"]}`, "stays unknown"},
		{`,"data":{"data_classes":["shoe_size","email"]}`, "not complete"},
		{`,"time":"2027-01-01T00:00:00Z"`, "lies in the future"},
	} {
		d, err := intake.ParseCloudEvent(structured, event(c.more), received)
		require.NoError(t, err, c.more)
		require.NotNil(t, d.Facts.Incident.DetectedAt)
		require.False(t, d.Facts.Incident.DetectedAt.After(received))
		require.Nil(t, d.Facts.Incident.Title)
		require.Contains(t, strings.Join(d.Notes, "\n"), c.note)
	}
	d, err := intake.ParseCloudEvent(structured, event(`,"data":{"data_classes":[],"title":null}`), received)
	require.NoError(t, err)
	require.NotNil(t, d.Facts.Data.Classes, "an empty list is known to be empty")
	d, err = intake.ParseCloudEvent(structured, event(`,"data_base64":"eyJ0aXRsZSI6ImhlbGxvIn0="`), received)
	require.NoError(t, err)
	require.Equal(t, "hello", *d.Facts.Incident.Title)
	d, err = intake.ParseCloudEvent(structured, event(`,"datacontenttype":"text/plain","data":{"title":"hello"}`), received)
	require.NoError(t, err)
	require.Nil(t, d.Facts.Incident.Title, "data that says it is no JSON is not read as JSON")
}

func TestEveryVERISIncidentOpensAsADraft(t *testing.T) {
	t.Parallel()
	for _, path := range shared(t, "incidents/vcdb/*.json") {
		t.Run(filepath.Base(path)[:8], func(t *testing.T) {
			t.Parallel()
			b := slurp(t, path)
			file, notes, err := intake.FromVERIS(b)
			require.NoError(t, err)
			require.Empty(t, file.Narrative)
			require.Empty(t, file.Contact)
			require.Empty(t, file.Policy)
			f := file.Facts
			i := f.Incident
			for _, at := range []*time.Time{i.OccurredFrom, i.OccurredTo, i.DetectedAt, i.AwareAt, i.DeterminedAt, i.HandledAt, i.IndividualsNotifiedAt} {
				require.Nil(t, at, "a date is not an instant")
			}
			require.Nil(t, f.People.Total, "records are not people")
			require.Nil(t, f.People.ByCountry)

			var raw struct {
				Action    map[string]any
				Attribute map[string]any
				Summary   string
				Timeline  struct{ Incident map[string]any }
				Victim    struct {
					VictimID string `json:"victim_id"`
					Country  []string
				}
			}
			require.NoError(t, json.Unmarshal(b, &raw))
			delete(raw.Action, "unknown")
			if len(raw.Action) == 1 {
				require.Contains(t, raw.Action, *i.Cause)
			} else {
				require.Nil(t, i.Cause)
			}
			for _, n := range i.Nature {
				require.Contains(t, raw.Attribute, n)
			}
			if raw.Victim.VictimID != "" && raw.Victim.VictimID != "Unknown" {
				require.Equal(t, strings.TrimSpace(raw.Victim.VictimID), *f.Organisation.Name)
			}
			if len(raw.Victim.Country) == 1 && raw.Victim.Country[0] != "Unknown" {
				require.Equal(t, raw.Victim.Country[0], *f.Organisation.Country)
			}
			require.NotEmpty(t, notes, "the year of the incident at least is close to a fact")
			all := strings.Join(notes, "\n")
			require.Contains(t, all, "timeline.incident is ")
			if len(raw.Summary) > 40 {
				require.NotContains(t, all, raw.Summary[:40])
			}
		})
	}
}

func TestVERISFactByFact(t *testing.T) {
	t.Parallel()
	file, notes, err := intake.FromVERIS([]byte(`{"schema_version":"1.3.7","incident_id":"abc-1","security_incident":"Suspected",
		"action":{"hacking":{"result":["Exfiltrate"]},"unknown":{}},
		"actor":{"external":{"motive":["Unknown","Financial"]}},
		"attribute":{"confidentiality":{"data_disclosure":"Potentially","data_total":1200,"data_victim":["Student","Customer","Other"],
			"data":[{"variety":"Credentials"},{"variety":"Credentials"},{"variety":"Payment"},{"variety":"Personal"},{"variety":"Source code"},{"variety":"Brand new"}],
			"state":["Stored unencrypted","Printed"]},
			"availability":{"duration":{"unit":"Days","value":2}}},
		"timeline":{"incident":{"year":2026,"month":3},"discovery":{"unit":"Months","value":2}},
		"impact":{"overall_amount":5000},
		"victim":{"victim_id":"Lantern School","country":["US"],"state":"CA","industry":"611310"},
		"plus":{"attribute":{"confidentiality":{"data_abuse":"Yes"}},"timeline":{"notification":{"year":2026,"month":4,"day":10}}}}`))
	require.NoError(t, err)
	f := file.Facts
	require.Equal(t, "VERIS incident abc-1", *f.Incident.Title)
	require.Equal(t, "hacking", *f.Incident.Cause)
	require.True(t, *f.Incident.Malicious)
	require.True(t, *f.Incident.PossibleOnly)
	require.Equal(t, []string{"confidentiality", "availability"}, f.Incident.Nature)
	require.Equal(t, []string{"password", "payment_card"}, f.Data.Classes)
	require.Equal(t, []string{"data.classes"}, f.Incomplete)
	require.False(t, *f.Data.Encrypted)
	require.Nil(t, f.Data.Hashed)
	require.Equal(t, "yes", *f.Exposure.Exfiltrated)
	require.True(t, *f.Exposure.MisuseSeen)
	require.InEpsilon(t, 48, *f.Impact.OutageHours, 1e-9)
	require.Nil(t, f.Impact.DirectLoss)
	require.Equal(t, []string{"students", "customers"}, f.People.Categories)
	require.Equal(t, "Lantern School", *f.Organisation.Name)
	require.Equal(t, []string{"US-CA"}, f.Organisation.Regions)
	require.Equal(t, []string{"education"}, f.Organisation.Sectors)
	all := strings.Join(notes, "\n")
	for _, want := range []string{"timeline.incident is 2026-03:", "data_total is 1200", "span in months", "Personal does not say", "2026-04-10", "has no currency", "not one that this version knows", "data.classes is not complete"} {
		require.Contains(t, all, want)
	}

	file, _, err = intake.FromVERIS([]byte(`{"schema_version":"1.4","action":{"error":{}},"actor":{"internal":{"motive":["NA"]}},
		"attribute":{"confidentiality":{"data_disclosure":"No","state":["Stored encrypted"]},"integrity":{}},"plus":"anything","victim":{"country":["DE","FR"]}}`))
	require.NoError(t, err)
	require.False(t, *file.Facts.Incident.Malicious)
	require.Equal(t, []string{"integrity"}, file.Facts.Incident.Nature)
	require.Equal(t, "no", *file.Facts.Exposure.Exfiltrated)
	require.True(t, *file.Facts.Data.Encrypted)
	require.Nil(t, file.Facts.Organisation.Country)
	require.Nil(t, file.Facts.Incident.Title)
}

func TestWhatIsNotVERIS(t *testing.T) {
	t.Parallel()
	for body, what := range map[string]string{
		``: "cannot be read", `[]`: "cannot be read", `{}`: "no schema_version",
		"{\"schema_version\":\"1.3\",\"summary\":\"caf\xe9\"}":                                                  "not UTF-8",
		`{"schema_version":"1.3","action":{"error":{"variety":["Loss"],"notes":{},"variety":["Misdelivery"]}}}`: "names a field twice",
		`{"schema_version":"1.3"}`: "neither action nor attribute",
		`{"schema_version":"1.3","action":{"hacking":{"variety":"Wang Secret"}}}`: "action.variety: is of another type",
	} {
		_, _, err := intake.FromVERIS([]byte(body))
		require.Equal(t, breach.ErrInvalid, breach.CodeOf(err))
		require.ErrorContains(t, err, what)
		require.NotContains(t, err.Error(), "Secret")
	}
	_, _, err := intake.FromVERIS(make([]byte, 5<<20))
	require.ErrorContains(t, err, "larger")
}

// Some editors begin a file with a mark; a member that stands twice in a finding is said, and stops no clock.
func TestWhatIsOddButClear(t *testing.T) {
	t.Parallel()
	d, err := intake.ParseCloudEvent(structured, append([]byte("\ufeff"), event(`,"time":"2026-03-02T08:00:00Z","data":{"title":"a","x":[{"y":1},{"y":2}],"title":"b"}`)...), received)
	require.NoError(t, err)
	require.Len(t, d.Notes, 1)
	require.Contains(t, d.Notes[0], "names a field twice")
	d, err = intake.ParseCloudEvent(structured, event(`,"time":"2026-03-02T08:00:00Z","data":{"title":"title","x":[{"title":"title"},["title","title"],{"x":{"x":1}}]}`), received)
	require.NoError(t, err)
	require.Empty(t, d.Notes)
	_, _, err = intake.FromVERIS([]byte("\ufeff" + `{"schema_version":"1.3","action":{"error":{"variety":["Loss"]}}}`))
	require.NoError(t, err)
}

func FuzzParseCloudEvent(f *testing.F) {
	f.Add(structured, event(`,"time":"2026-03-02T08:00:00Z","data":{"title":"x","data_classes":["email"],"estimated_people":3,"countries":["DE"],"first_seen":"2026-03-01T00:00:00Z"}`))
	f.Add("application/json", event(`,"data_base64":"e30=","x":true`))
	f.Add("application/cloudevents+json;charset=x", []byte(`{"id":"\ud800"}`))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		d, err := intake.ParseCloudEvent(contentType, body, received)
		if err != nil {
			if breach.CodeOf(err) == breach.ErrInternal {
				t.Fatal(err)
			}
			return
		}
		if d.Source == "" || d.EventID == "" || d.DedupKey == "" || d.At.After(received.Add(5*time.Minute)) || d.Facts.Incident.DetectedAt == nil {
			t.Fatalf("%+v", d)
		}
		if strings.ContainsAny(d.Source+d.EventID+d.Type+d.Subject, "\r\n\x00") {
			t.Fatal("a control character came through")
		}
	})
}

func FuzzFromVERIS(f *testing.F) {
	f.Add([]byte(`{"schema_version":"1.3.4","action":{"error":{"variety":["Loss"]}},"attribute":{"confidentiality":{"data":[{"variety":"Medical","amount":3}]}},"timeline":{"incident":{"year":2014}}}`))
	f.Add([]byte(`{"schema_version":"1.3.4","attribute":{"availability":{"duration":{"unit":"Hours","value":1e308}}},"victim":{"country":["US"],"state":"US-VA"}}`))
	f.Add([]byte(`{"schema_version":"1.4","attribute":{},"victim":{"country":["CB"]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, _, err := intake.FromVERIS(b)
		if err == nil && (file.Facts.People.Total != nil || file.Facts.Incident.AwareAt != nil) {
			t.Fatal("something was invented")
		}
		if err != nil {
			return
		}
		out, err := json.Marshal(file.Facts)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := breach.ParseFacts(out); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	})
}
