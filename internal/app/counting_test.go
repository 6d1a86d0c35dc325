package app

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Fifty pages that look at once cost one walk over the people, however long it takes.
func TestManyWhoLookCostOneCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c counting[counts]
		var walks atomic.Int64
		walk := func(context.Context) (counts, error) {
			time.Sleep(20 * time.Millisecond)
			return counts{people: breach.Tally{breach.Pending: walks.Add(1)}, failures: make([]breach.FailureCount, 1)}, nil
		}
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				n, err := c.get(t.Context(), "i", 7, walk)
				require.NoError(t, err)
				require.EqualValues(t, 1, n.people[breach.Pending])
				n.people[breach.Pending], n.failures[0].Reason = 9, "changed by its reader"
			})
		}
		wg.Wait()
		look := func(incident string, revision int64) counts {
			n, err := c.get(t.Context(), incident, revision, walk)
			require.NoError(t, err)
			return n
		}
		n := look("i", 6)
		require.EqualValues(t, 1, n.people[breach.Pending], "what was counted later is good enough")
		require.Empty(t, n.failures[0].Reason)
		require.EqualValues(t, 2, look("i", 8).people[breach.Pending], "the record has grown")
		require.EqualValues(t, 3, look("other", 8).people[breach.Pending])
		time.Sleep(freshFor - 21*time.Millisecond) // the other's walk took time, too
		require.EqualValues(t, 2, look("i", 8).people[breach.Pending])
		time.Sleep(time.Millisecond)
		require.EqualValues(t, 4, look("i", 8).people[breach.Pending], "a second is over")
	})
}

// A walk over very many people is not waited for twice: who looks sees the one before, and it is made anew beside.
func TestALongWalkIsMadeBesideThoseWhoLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const long = quickly + 20*time.Millisecond
		var c counting[walked]
		var walks atomic.Int64
		walk := func(context.Context) (walked, error) {
			n := walks.Add(1)
			time.Sleep(long)
			return walked{balanced: true, countries: make([]breach.CountryTally, n)}, nil
		}
		look := func(revision int64) int {
			w, err := c.glance(t.Context(), "i", revision, walk)
			require.NoError(t, err)
			synctest.Wait() // whoever walks beside has begun
			return len(w.countries)
		}
		begun := time.Now()
		require.Equal(t, 1, look(1))
		require.Equal(t, long, time.Since(begun), "the first one is waited for")
		require.Equal(t, 1, look(2), "the record has grown")
		require.EqualValues(t, 1, walks.Load(), "not again at once")
		time.Sleep(seldom*long - time.Nanosecond)
		require.Equal(t, 1, look(2))
		require.EqualValues(t, 1, walks.Load(), "a walk is seldom")
		time.Sleep(time.Nanosecond)
		begun = time.Now()
		require.Equal(t, 1, look(2))
		require.EqualValues(t, 2, walks.Load(), "made beside")
		require.Equal(t, 1, look(2))
		require.EqualValues(t, 2, walks.Load(), "one walks at a time")
		require.Zero(t, time.Since(begun), "nobody waits")
		time.Sleep(long)
		synctest.Wait()
		require.Equal(t, 2, look(2))
		require.EqualValues(t, 2, walks.Load())
	})
}

func TestACountThatFailedIsNotKept(t *testing.T) {
	t.Parallel()
	var c counting[counts]
	broken := errors.New("broken")
	_, err := c.get(t.Context(), "i", 1, func(context.Context) (counts, error) { return counts{}, broken })
	require.ErrorIs(t, err, broken)
	n, err := c.get(t.Context(), "i", 1, func(context.Context) (counts, error) { return counts{people: breach.Tally{breach.Pending: 3}}, nil })
	require.NoError(t, err)
	require.EqualValues(t, 3, n.people[breach.Pending])
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	c.entry("i").token <- struct{}{}
	_, err = c.get(gone, "i", 2, nil)
	require.ErrorIs(t, err, context.Canceled, "nobody waits for longer than they want")
}

// What somebody decided is in the very next answer, on every server.
func TestADecisionIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	here, there := h.server(nil), h.server(nil)
	opened := ask(here, http.MethodPost, "/v1/incidents", leadToken, anIncident)
	var o breach.Opened
	require.NoError(t, json.Unmarshal(opened.Body.Bytes(), &o))
	for n, list := range []string{"id,email\n1,a@mail.test\n", "id,email\n2,b@mail.test\n", "id,email\n3,c@mail.test\n"} {
		require.EqualValues(t, n, h.overview(here, o.Incident).Total)
		require.EqualValues(t, n, h.overview(there, o.Incident).Total)
		w := ask(here, http.MethodPost, "/v1/incidents/"+o.Incident+"/people?country=DE", leadToken, list, "Content-Type", "text/csv")
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		require.EqualValues(t, n+1, h.overview(here, o.Incident).Total)
		require.EqualValues(t, n+1, h.overview(there, o.Incident).Total)
	}
	w := ask(there, http.MethodPost, "/v1/incidents/"+o.Incident+"/decisions", leadToken,
		`{"people":"pending","outcome":"exempt","reason":"they were told in person"}`, "Content-Type", "application/json")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.EqualValues(t, 3, h.overview(there, o.Incident).People[breach.Exempt])
	require.EqualValues(t, 3, h.overview(here, o.Incident).People[breach.Exempt])
}
