package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// People who are found later are a second wave of the same notice with an approval of its own; nobody is
// told twice.
func TestMainJob04ALaterListIsASecondWave(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	c := newCrowd()
	first, later := c.some(20), c.some(10)
	k := w.open(t, example(t))
	k.tell(t, first)
	k.told(t)

	out := k.load(t, listOf(t, append(append([]human{}, first[5:15]...), later...)), "")
	require.Equal(t, 2, out.Wave)
	require.EqualValues(t, 10, out.Added)
	require.EqualValues(t, 10, out.AlreadyListed)
	addsUp(t, out)
	k.until(t, "the second list's plan to be asked for", func(v breach.Overview) bool { return awaits(v, "submit") })
	for _, h := range later {
		require.Zero(t, w.taken(h.Email), "the first approval does not cover them")
	}
	hash := k.submit(t)
	v := k.overview(t)
	require.Len(t, v.Waves, 2)
	require.Equal(t, hash, v.Waves[1].Plan.Hash)
	require.EqualValues(t, 10, v.Waves[1].Plan.Plan.People.Total)
	require.Empty(t, v.Waves[1].Plan.Plan.Reports, "the report is filed once")
	k.approve(t, hash)
	v = k.until(t, "everybody to be told", func(v breach.Overview) bool { return v.People[breach.Reached] == 30 })
	require.EqualValues(t, 30, v.Total)
	for _, h := range append(first, later...) {
		require.Equal(t, 1, w.taken(h.Email), h.ExternalID)
	}
	k.told(t)
	v = k.closed(t)
	require.True(t, v.Balanced)

	// A list that turns up after the end: reopened, told, and still nobody twice.
	k.lead.do(t, http.MethodPost, k.path("/reopen"), nil, nil)
	last := c.some(3)
	k.until(t, "the story to go on", func(v breach.Overview) bool { return v.EngineAnswers && v.Incident.State != breach.IncidentClosed })
	require.EqualValues(t, 3, k.load(t, listOf(t, append(append([]human{}, later...), last...)), "").Added)
	k.approve(t, k.submit(t))
	k.until(t, "the last three to be told", func(v breach.Overview) bool { return v.People[breach.Reached] == 33 && awaits(v, "close") })
	for _, h := range append(append(first, later...), last...) {
		require.Equal(t, 1, w.taken(h.Email), h.ExternalID)
	}
	require.Len(t, k.overview(t).Filings, len(v.Filings), "reports are not filed again")
	k.closed(t)
}

// slowly are n people whose mail server takes two seconds to answer.
func slowly(c *crowd, n int) []human {
	people := c.some(n)
	for i := range people {
		people[i].Email = fmt.Sprintf("%s-slow-%d@slow.simulator.test", c.tag, i)
	}
	return people
}

// Sending pauses, goes on and stops within seconds; the ledger stays in balance, and nobody is told twice.
func TestMainJob04PauseResumeStop(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	people := slowly(newCrowd(), 240)
	sent := func() (n int) {
		for _, h := range people {
			n += w.taken(h.Email)
		}
		return n
	}
	k := w.open(t, example(t))
	require.Equal(t, breach.ErrConflict, k.eventually(t, k.author, http.MethodPost, k.path("/send/pause"), nil, nil).code(), "nothing is being sent")
	k.tell(t, people)
	k.until(t, "the first messages", func(breach.Overview) bool { return sent() > 0 })
	k.author.do(t, http.MethodPost, k.path("/send/pause"), nil, nil)
	require.True(t, k.overview(t).Paused)
	require.Equal(t, breach.ErrConflict, k.author.try(t, http.MethodPost, k.path("/send/pause"), nil, nil).code())
	require.Equal(t, breach.ErrForbidden, w.as(w.reader).try(t, http.MethodPost, k.path("/send/stop"), nil, nil).code())
	at := steady(t, sent)
	require.Less(t, at, len(people), "a pause leaves people to tell")
	require.Equal(t, breach.ErrConflict, k.lead.try(t, http.MethodPost, k.path("/close"), nil, nil).code(), "people are still being told")

	k.author.do(t, http.MethodPost, k.path("/send/resume"), nil, nil)
	k.until(t, "more messages", func(breach.Overview) bool { return sent() > at })
	k.author.do(t, http.MethodPost, k.path("/send/stop"), nil, nil)
	end := steady(t, sent)
	require.Less(t, end, len(people))
	k.until(t, "the end of delivery", func(v breach.Overview) bool { return v.Stopped && v.Incident.State == breach.IncidentMonitoring })
	time.Sleep(48 * time.Hour / pace) // until no bounce came back from who was told
	p := k.eventually(t, k.lead, http.MethodPost, k.path("/close"), nil, nil)
	require.Equal(t, breach.ErrConflict, p.code(), "somebody is not accounted for")
	v := k.overview(t)
	require.True(t, v.Balanced)
	require.EqualValues(t, end, v.People[breach.Reached], "who was told counts as told: %+v", v.People)
	require.EqualValues(t, len(people)-end, v.People[breach.Pending], "who was not told stays listed: %+v", v.People)
	require.Equal(t, breach.ErrConflict, k.author.try(t, http.MethodPost, k.path("/send/resume"), nil, nil).code(), "a stop is for good")
	require.Equal(t, end, sent())
	for _, h := range people {
		require.LessOrEqual(t, w.taken(h.Email), 1)
	}
}

// steady waits until a count has not moved for so long that no slow answer can be under way, on a busy machine either.
func steady(t *testing.T, count func() int) int {
	t.Helper()
	last, since := count(), time.Now()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if n := count(); n != last {
			last, since = n, time.Now()
		}
		if time.Since(since) > 6*time.Second {
			return last
		}
	}
	require.Fail(t, "sending does not come to rest")
	return last
}
