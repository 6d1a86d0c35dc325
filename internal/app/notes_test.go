package app

import (
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func finding(id string, people int) string {
	return `{"specversion":"1.0","type":"leak","source":"urn:dlp","time":"2026-03-01T09:00:00Z","id":"` + id + `","data":{"estimated_people":` + strconv.Itoa(people) + `,"countries":["DE","FR"]}}`
}

func (h *house) detect(p *Product, body string) (d breach.Detected) {
	h.t.Helper()
	w := ask(p, http.MethodPost, "/v1/detections", detectorToken, body, "Content-Type", "application/cloudevents+json")
	require.Equal(h.t, http.StatusAccepted, w.Code, w.Body)
	require.NoError(h.t, json.Unmarshal(w.Body.Bytes(), &d))
	return d
}

func (h *house) overview(p *Product, incident string) (v breach.Overview) {
	h.t.Helper()
	w := ask(p, http.MethodGet, "/v1/incidents/"+incident, leadToken, "")
	require.Equal(h.t, http.StatusOK, w.Code, w.Body)
	require.NoError(h.t, json.Unmarshal(w.Body.Bytes(), &v))
	return v
}

func (h *house) noted(p *Product, incident string) int {
	h.t.Helper()
	list, err := p.Store.Timeline(h.t.Context(), incident, 0, 0)
	require.NoError(h.t, err)
	n := 0
	for _, e := range list {
		if e.Action == notesAction {
			n++
		}
	}
	return n
}

// What a detector says that is no fact is in its answer, on the record and in the overview; and the story
// hears of further detections, now and then.
func TestNothingThatADetectorNotesIsLost(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.server(nil)
	first := h.detect(p, finding("1", 12))
	require.True(t, first.First)
	require.Len(t, first.Notes, 2)
	require.Contains(t, first.Notes[0], "estimated_people is 12")
	require.Contains(t, first.Notes[1], "DE, FR")
	require.Empty(t, h.stories.seen())
	require.Equal(t, first.Notes, h.overview(p, first.Incident).Notes)

	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { h.detect(p, finding("1", 12)) })
	}
	wg.Wait()
	require.Equal(t, 1, h.noted(p, first.Incident), "the same notes stand on the record once")
	require.Equal(t, []string{"more-detections to incident/" + first.Incident}, h.stories.seen())

	for n := range 10 {
		wg.Go(func() { h.detect(p, finding("1", 100+n)) })
	}
	wg.Wait()
	require.Len(t, h.overview(p, first.Incident).Notes, 12)
	for n := range 100 {
		h.detect(p, finding("1", 1000+n))
	}
	all := h.overview(p, first.Incident).Notes
	require.Len(t, all, maxNotes+1)
	require.Equal(t, moreNotes, all[maxNotes])
	require.LessOrEqual(t, h.noted(p, first.Incident), maxNotes)
	_, err := p.Store.VerifyAudit(t.Context(), first.Incident)
	require.NoError(t, err)
	require.Empty(t, h.overview(p, h.detect(p, strings.Replace(finding("2", 1), `"estimated_people":1,"countries":["DE","FR"]`, "", 1)).Incident).Notes)
}

func TestNotesOfAnImportedFileAreKept(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("../../examples/incident-veris-draft.json")
	require.NoError(t, err)
	h := newHouse(t)
	p := h.server(nil)
	w := ask(p, http.MethodPost, "/v1/incidents?from=veris", leadToken, string(file), "Content-Type", "application/json")
	require.Equal(t, http.StatusCreated, w.Code, w.Body)
	var opened breach.Opened
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &opened))
	require.NotEmpty(t, opened.Notes)
	require.Equal(t, opened.Notes, h.overview(p, opened.Incident).Notes)
}
