package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/obs"
)

// An incident opens with what is known; what is missing is listed and blocks approval, not opening. The
// same request under the same key is the same incident.
func TestMainJob03OpeningAnIncident(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	author := w.as(w.author)
	thin := map[string]any{"facts": map[string]any{"incident": map[string]any{"title": "Something leaked"}}, "policy": "mooc"}
	var first, again breach.Opened
	author.do(t, http.MethodPost, "/v1/incidents", thin, &first, "Idempotency-Key", "open-"+t.Name())
	author.do(t, http.MethodPost, "/v1/incidents", thin, &again, "Idempotency-Key", "open-"+t.Name())
	require.Equal(t, first.Incident, again.Incident)
	require.Contains(t, first.Missing, "contact.name")
	require.Contains(t, first.Missing, "narrative: nothing is written yet")

	k := &kase{w: w, id: first.Incident, author: author, lead: w.as(w.lead)}
	v := k.until(t, "the first assessment", func(v breach.Overview) bool { return v.Assessment != nil && v.EngineAnswers })
	require.Nil(t, v.Assessment.Score, "facts that the score needs are unknown")
	require.NotEmpty(t, v.Assessment.Range)
	k.load(t, listOf(t, newCrowd().some(2)), "")
	p := k.author.try(t, http.MethodPost, k.path("/plan"), map[string]any{}, nil)
	require.Equal(t, breach.ErrIncomplete, p.code())
	require.Contains(t, fmt.Sprint(p.Fields), "contact.name")

	yaml, err := os.ReadFile("../../examples/incident-small-en.yaml")
	require.NoError(t, err)
	small := w.open(t, sent{"application/yaml", yaml})
	require.Equal(t, "chinesepod", small.overview(t).Incident.Policy)

	veris, err := os.ReadFile("../../examples/incident-veris-draft.json")
	require.NoError(t, err)
	var draft breach.Opened
	author.do(t, http.MethodPost, "/v1/incidents?from=veris", sent{"application/json", veris}, &draft)
	require.NotEmpty(t, draft.Missing)
	d := &kase{w: w, id: draft.Incident, author: author, lead: w.as(w.lead)}
	require.Equal(t, breach.IncidentDraft, d.overview(t).Incident.State)

	var list struct{ Incidents []breach.Incident }
	w.as(w.reader).do(t, http.MethodGet, "/v1/incidents", nil, &list)
	seen := map[string]bool{}
	for _, inc := range list.Incidents {
		seen[inc.ID] = true
	}
	require.True(t, seen[first.Incident] && seen[small.id] && seen[draft.Incident])
}

// event is the shared constructed example under an id of its own, or one like it where that is absent.
func event(t *testing.T, id string) []byte {
	t.Helper()
	raw, err := os.ReadFile("../../../shared/data/detectors/constructed/cloudevents_structured_breach_suspected.json")
	if err != nil {
		t.Log("the shared example is not there, an own event is used")
		raw = []byte(`{"specversion": "1.0", "type": "com.example.dlp.breach.suspected.v1", "source": "urn:example:dlp:eu-1", "id": "x",
			"time": "2025-10-15T10:01:00+02:00", "datacontenttype": "application/json", "data": {"data_classes": ["name", "email"], "estimated_people": 18342}}`)
	}
	var e map[string]any
	require.NoError(t, json.Unmarshal(raw, &e))
	e["id"] = id
	raw, err = json.Marshal(e)
	require.NoError(t, err)
	return raw
}

// A finding that arrives two hundred times at once is one incident with one clock; the rest is evidence.
func TestMainJob03OneFindingIsOneIncident(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	const times = 200
	body := sent{"application/cloudevents+json", event(t, "at-once-"+newCrowd().tag)}
	detector := w.as(w.detector)
	answers := make([]breach.Detected, times)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() {
			detector.do(t, http.MethodPost, "/v1/detections", body, &answers[i])
		})
	}
	wg.Wait()
	firsts := 0
	for _, a := range answers {
		require.Equal(t, answers[0].Incident, a.Incident)
		if a.First {
			firsts++
		}
	}
	require.Equal(t, 1, firsts)
	n, err := w.Product.Store.Detections(t.Context(), answers[0].Incident)
	require.NoError(t, err)
	require.EqualValues(t, times, n)

	k := &kase{w: w, id: answers[0].Incident, author: w.as(w.author), lead: w.as(w.lead)}
	v := k.until(t, "the clocks of a detection", func(v breach.Overview) bool { return v.Assessment != nil && v.EngineAnswers })
	require.Equal(t, breach.IncidentDraft, v.Incident.State, "nobody has confirmed it")
	opened := 0
	for _, e := range k.timeline(t) {
		if e.Action == "incident.detected" {
			opened++
		}
	}
	require.Equal(t, 1, opened)
	require.Equal(t, breach.ErrForbidden, detector.try(t, http.MethodGet, k.path(""), nil, nil).code(), "a detector posts and reads nothing")
	require.Equal(t, breach.ErrUnauthorized, w.as("nobody").try(t, http.MethodPost, "/v1/detections", body, nil).code())

	// A person takes the draft up by amending it.
	k.author.do(t, http.MethodPatch, k.path(""), map[string]any{"incident": map[string]any{"title": "Export was public", "aware_at": time.Now().UTC().Format(time.RFC3339)}}, nil)
	v = k.until(t, "a person's word", func(v breach.Overview) bool { return v.Incident.State == breach.IncidentAssessing })
	require.Equal(t, "Export was public", v.Incident.Title)
}

// deaf is the same product on the same ledger, with a workflow engine that does not answer.
func deaf(t *testing.T, w *world) caller {
	t.Helper()
	nowhere, err := client.NewLazyClient(client.Options{HostPort: "127.0.0.1:1", Logger: w.Settings.Log})
	require.NoError(t, err)
	t.Cleanup(nowhere.Close)
	s := w.Settings
	s.Metrics = obs.NewMetrics()
	p, err := app.Build(t.Context(), s, nowhere)
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	h, err := p.Handler()
	require.NoError(t, err)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return caller{base: server.URL, token: w.author, client: &http.Client{Timeout: 60 * time.Second}}
}

// While no workflow engine answers, incidents and detections are recorded and their clocks run; lists are
// loaded and amendments kept. All of it goes on by itself as soon as the engine is there.
func TestMainJob03AnswersWhileNothingElseRuns(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	off := deaf(t, w)
	var opened breach.Opened
	began := time.Now()
	off.do(t, http.MethodPost, "/v1/incidents", example(t), &opened)
	require.Less(t, time.Since(began), 8*time.Second)
	var v breach.Overview
	off.do(t, http.MethodGet, "/v1/incidents/"+opened.Incident, nil, &v)
	require.Equal(t, opened.Incident, v.Incident.ID)
	require.WithinDuration(t, began, v.Incident.OpenedAt, 5*time.Second, "the row is the clock")

	machine := off
	machine.token = w.detector
	body := sent{"application/cloudevents+json", event(t, "deaf-"+newCrowd().tag)}
	var found, again breach.Detected
	machine.do(t, http.MethodPost, "/v1/detections", body, &found)
	machine.do(t, http.MethodPost, "/v1/detections", body, &again)
	require.True(t, found.First)
	require.Equal(t, breach.Detected{Incident: found.Incident, Notes: found.Notes}, again)

	p := off.try(t, http.MethodPatch, "/v1/incidents/"+opened.Incident, onlyChina(), nil)
	if p != nil { // it may have begun meanwhile; this product cannot know
		require.Equal(t, breach.ErrUnavailable, p.code(), "%+v", p)
	}
	status, raw, _ := off.raw(t, http.MethodGet, "/readyz", nil)
	require.Equal(t, http.StatusServiceUnavailable, status, "%s", raw)

	k := &kase{w: w, id: opened.Incident, author: w.as(w.author), lead: w.as(w.lead)}
	k.until(t, "the amendment to be judged", func(v breach.Overview) bool {
		return v.EngineAnswers && v.Incident.FactRevision == 2 && verdict(v, "eu-gdpr/authority/initial") == breach.DoesNotApply
	})
	d := &kase{w: w, id: found.Incident, author: k.author, lead: k.lead}
	d.until(t, "the detection's clocks", func(v breach.Overview) bool { return v.Assessment != nil && v.EngineAnswers })
}

// onlyChina is the amendment of the shipped example that puts everybody into mainland China.
func onlyChina() map[string]any {
	places := map[string]any{"CN": 1000}
	for _, c := range []string{"US", "HK", "GB", "TW", "SG", "DE", "FR", "BR", "JP", "KR", "IN", "AU"} {
		places[c] = nil
	}
	return map[string]any{"people": map[string]any{"by_country": places, "by_region": nil}}
}

func verdict(v breach.Overview, obligation string) breach.Verdict {
	for _, d := range v.Duties {
		if d.ID == obligation {
			return d.Verdict
		}
	}
	return ""
}

// Lists stream in; every row is accounted for, whatever is wrong with it.
func TestMainJob03ListsAddUp(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	c := newCrowd()
	own := strings.Join([]string{
		"external_id,name,email,phone,country,locale",
		c.tag + "-a,Ann Doe," + c.email("mail.test") + ",,GB,en-GB",
		c.tag + "-b,Bo Doe,not-an-address,,GB,en-GB",  // left without contact
		c.tag + "-c,Cy Doe,,+44 7400 123456,GB,en-GB", // rewritten
		c.tag + "-d,Di Doe," + c.email("mail.test"),   // cells are missing
		",,,,GB,en-GB", // nobody is meant
		"",             // blank
		c.tag + "-a,Ann Doe," + fmt.Sprintf("%s-1@mail.test", c.tag) + ",,GB,en-GB", // again
		c.tag + "-e,Ed Doe," + c.email("mail.test") + ",,Atlantis,xx-nowhere-really-not",
		`"` + c.tag + `-f","an ""unclosed" quote,x@mail.test,,GB,en-GB`,
		"external_id,name,email,phone,country,locale", // the header again
	}, "\n") + "\n"
	k := w.open(t, example(t))
	out := k.load(t, []byte(own), "")
	addsUp(t, out)
	require.Positive(t, out.Summary.Rejected)
	require.Positive(t, out.Summary.Duplicates)
	require.Positive(t, out.Summary.Flagged)
	require.Equal(t, out.Added, k.overview(t).Total)

	for _, name := range []string{"recipients_1k.csv", "recipients_1k_dirty.csv"} {
		list, err := os.ReadFile(shared(t, "data", "recipients", name))
		require.NoError(t, err)
		k := w.open(t, example(t))
		out := k.load(t, list, "")
		addsUp(t, out)
		inv := breach.Invariant{}
		k.lead.do(t, http.MethodGet, k.path("/invariant"), nil, &inv)
		require.True(t, inv.Equal)
		require.Equal(t, out.Added, inv.People)
		require.Equal(t, out.Added, inv.Recount[breach.Pending])
		if name == "recipients_1k.csv" {
			require.EqualValues(t, 1000, out.Summary.Rows)
			require.EqualValues(t, 1000, out.Added)
		}
		again := k.load(t, list, "")
		require.Zero(t, again.Added, "a list that is loaded again adds nobody")
		require.Equal(t, out.Added, again.AlreadyListed)
	}
}

func addsUp(t *testing.T, l loaded) {
	t.Helper()
	s := l.Summary
	require.Equal(t, s.Rows, s.Accepted+s.Repaired+s.Flagged+s.Rejected+s.Duplicates+s.SkippedBlank, "%+v", s)
	require.Equal(t, s.Accepted+s.Repaired+s.Flagged, l.Added+l.AlreadyListed, "who was read is listed now or was before: %+v", l)
}

// Columns may be named by the caller, and a country for rows that have none.
func TestMainJob03ColumnsByName(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	k := w.open(t, example(t))
	list := "编号,Wie heisst er,Handynummer\n" + newCrowd().tag + "-x,小明,13912345678\n"
	out := k.load(t, []byte(list), "?country=CN&map=Wie+heisst+er%3Dname&map=Handynummer%3Dphone")
	require.EqualValues(t, 1, out.Added)
	addsUp(t, out)
	plan := k.submit(t)
	require.NotEmpty(t, plan)
	v := k.overview(t)
	require.EqualValues(t, 1, v.Waves[0].Plan.Plan.People.Reachable[breach.SMS])
	p := k.author.try(t, http.MethodPost, k.path("/people?country=Atlantis"), sent{"text/csv", []byte(list)}, nil)
	require.Equal(t, breach.ErrInvalid, p.code())
}
