package console

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// listen opens the event stream of the sample and gives its events.
func listen(t *testing.T, s *site) (<-chan change, *http.Response) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/console/incidents/"+sampleID+"/events", nil)
	require.NoError(t, err)
	resp, err := (&http.Client{Jar: s.client.Jar}).Do(r) // without the time limit of pages
	require.NoError(t, err)
	t.Cleanup(func() { resp.Body.Close() })
	out := make(chan change, 64)
	go func() {
		defer close(out)
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() {
			var c change
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && json.Unmarshal([]byte(data), &c) == nil {
				out <- c
			}
		}
	}()
	return out, resp
}

func next(t *testing.T, events <-chan change) change {
	t.Helper()
	select {
	case c, ok := <-events:
		require.True(t, ok, "the stream ended")
		return c
	case <-time.After(10 * time.Second):
		t.Fatal("no event came")
		return change{}
	}
}

func TestEventsSayWhatChanged(t *testing.T) {
	t.Parallel()
	var reads, more atomic.Int64
	d := sampleDesk()
	d.overview = func(string) (breach.Overview, error) {
		reads.Add(1)
		o := sampleOverview()
		o.People = breach.Tally{breach.Reached: 184210 - more.Load(), breach.Pending: more.Load()}
		return o, nil
	}
	s := newSite(t, d).as(reader)
	var all []<-chan change
	for range 10 {
		events, resp := listen(t, s)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
		all = append(all, events)
	}
	first := next(t, all[0])
	require.Equal(t, int64(240), first.Revision)
	require.Equal(t, "19:40", first.Clock)
	require.Len(t, first.Parts, len(partNames))
	before := reads.Load()
	began := time.Now()
	more.Store(7)
	for i, events := range all {
		c := next(t, events)
		if i > 0 && c.Parts["people"] == first.Parts["people"] {
			c = next(t, events)
		}
		require.NotEqual(t, first.Parts["people"], c.Parts["people"])
		require.Equal(t, first.Parts["duties"], c.Parts["duties"], "what did not change keeps its version")
	}
	seconds := int64(time.Since(began)/time.Second) + 2
	require.LessOrEqual(t, reads.Load()-before, seconds, "one look a second for all who watch")
}

func TestEventsHoldNoWords(t *testing.T) {
	t.Parallel()
	s := newSite(t, sampleDesk()).as(reader)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/console/incidents/"+sampleID+"/events", nil)
	require.NoError(t, err)
	resp, err := s.client.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	line := ""
	for lines := bufio.NewScanner(resp.Body); lines.Scan() && !strings.HasPrefix(line, "data: "); {
		line = lines.Text()
	}
	for _, word := range []string{"Larkfield", "Backup", "lin", "priya", "184210"} {
		require.NotContains(t, line, word)
	}
}

func TestEventsNeedASession(t *testing.T) {
	t.Parallel()
	_, resp := listen(t, newSite(t, sampleDesk()))
	require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
	s := newSite(t, sampleDesk()).as(lead)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/console/incidents/none/events", nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, s.do(r).status)
}

func TestPartsAreAskedForAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, sampleDesk()).as(lead)
	whole := s.get("/console/incidents/" + sampleID)
	for _, name := range partNames {
		on := whole.one("[data-part=" + name + "]")
		require.Equal(t, "/console/incidents/"+sampleID+"/parts/"+name, on.attr("hx-get"))
		p := s.get(on.attr("hx-get"))
		require.Equal(t, http.StatusOK, p.status, name)
		alone := p.one("[data-part=" + name + "]")
		require.Equal(t, on.attr("data-v"), alone.attr("data-v"), name)
		require.Equal(t, on.text(), alone.text(), name)
		require.Equal(t, on.Data, alone.Data)
		require.Empty(t, p.all("main"), "a part has no frame")
	}
	require.Len(t, whole.all("[data-part]"), len(partNames))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/console/incidents/"+sampleID+"/parts/people", nil)
	require.NoError(t, err)
	r.Header.Set("HX-Request", "true")
	require.Equal(t, http.StatusUnauthorized, newSite(t, sampleDesk()).do2(r, s.URL).status, "a part without a session is no sign-in page")
}

// do2 sends a request that was made for another site.
func (s *site) do2(r *http.Request, from string) *page {
	s.t.Helper()
	again, err := http.NewRequestWithContext(s.t.Context(), r.Method, s.URL+strings.TrimPrefix(r.URL.String(), from), nil)
	require.NoError(s.t, err)
	again.Header = r.Header
	return s.do(again)
}

func TestTheHubForgets(t *testing.T) {
	t.Parallel()
	var reads atomic.Int64
	h := newHub(func(context.Context, string) (breach.Overview, error) {
		reads.Add(1)
		return sampleOverview(), nil
	}, newSiteLog(), nil)
	a, leaveA, err := h.join("x")
	require.NoError(t, err)
	_, leaveB, err := h.join("x")
	require.NoError(t, err)
	<-a
	leaveA()
	leaveA()
	require.Len(t, h.watched, 1)
	leaveB()
	require.Empty(t, h.watched)
	require.Zero(t, h.watchers)

	var leaves []func()
	for range maxWatchers {
		_, leave, err := h.join("y")
		require.NoError(t, err)
		leaves = append(leaves, leave)
	}
	_, _, err = h.join("y")
	require.Equal(t, breach.ErrUnavailable, breach.CodeOf(err))
	for _, leave := range leaves {
		leave()
	}
	require.Zero(t, h.watchers)
}

func TestStreamsEndWithTheServer(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	h, err := New(Config{Desk: sampleDesk(), Log: newSiteLog(), Done: done})
	require.NoError(t, err)
	s := serve(t, h).as(lead)
	events, _ := listen(t, s)
	next(t, events)
	close(done)
	select {
	case <-time.After(5 * time.Second):
		t.Fatal("the stream goes on")
	case <-drained(events):
	}
}

func drained(events <-chan change) <-chan struct{} {
	end := make(chan struct{})
	go func() {
		for range events {
		}
		close(end)
	}()
	return end
}

func TestNewNeedsADesk(t *testing.T) {
	t.Parallel()
	_, err := New(Config{Log: newSiteLog()})
	require.ErrorContains(t, err, "Desk and Log are required")
	_, err = New(Config{Desk: sampleDesk()})
	require.Error(t, err)
}
