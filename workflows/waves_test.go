package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// crowd is n people with email alone.
func crowd(prefix string, n int) []breach.Person {
	var out []breach.Person
	for i := range n {
		out = append(out, breach.Person{Name: fmt.Sprintf("%s%d", prefix, i), Email: fmt.Sprintf("%s%d@mail.example", prefix, i), Locale: "en", Country: "GB"})
	}
	return out
}

// loads brings a further list while the story runs.
func (p *play) loads(people ...breach.Person) {
	p.then("a further list", now, func() {
		p.env.SignalWorkflow(protocol.SignalPeopleLoaded, map[string]int{"wave": p.led.Load(people...)})
	})
}

func (p *play) everybodyOnce() {
	p.t.Helper()
	for _, who := range p.led.People() {
		require.Len(p.t, p.stage.Post.To(who.Who.Email), 1, "messages to %s", who.Who.Name)
	}
	require.Empty(p.t, p.led.Unexplained())
}

func TestSecondWaveWhileTheFirstIsInItsQuietPeriod(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("first", 6)...)
	p.submits(1)
	p.approves(1)
	p.after(3*time.Hour, "the first list waits for bounces", func() { require.Len(t, p.stage.Post.Sent(), 6) })
	p.loads(crowd("second", 5)...)
	p.submits(2)
	p.then("an approval of its own", now, func() {
		require.NotEqual(t, p.planHash(1), p.planHash(2))
		require.Equal(t, "delivering", p.wave(1))
		require.Len(t, p.stage.Post.Sent(), 6, "nothing goes out before it is approved")
	})
	p.approves(2)
	p.then("the second list is told at once", func() bool { return len(p.stage.Post.Sent()) == 11 }, func() {
		require.Equal(t, "delivering", p.wave(1))
		require.Less(t, p.env.Now().Sub(activitiestest.Aware), 6*time.Hour)
	})
	p.then("the first is done, the second not", p.waveIs(1, "delivered"), func() {
		require.Equal(t, "delivering", p.wave(2))
		require.Equal(t, breach.IncidentNotifying, p.status().State)
		require.False(t, p.met(activitiestest.DutyPeople), "the duty is done when everybody was told")
		require.True(t, p.met(activitiestest.DutyAuthority))
	})
	p.then("all", p.stateIs(breach.IncidentMonitoring), func() { require.True(t, p.met(activitiestest.DutyPeople)) })
	p.closes()
	require.NoError(t, p.run())
	p.everybodyOnce()
	require.Equal(t, int64(11), p.led.Outcomes()[breach.Reached])
	require.Len(t, p.stage.Office.Filed(), 1, "a later list repeats the notice, not the report")
}

func (p *play) met(obligation string) bool {
	for _, c := range p.status().Clocks {
		if c.Obligation == obligation {
			return c.Met
		}
	}
	return false
}

func TestListThatWaitsKeepsTheDutyOpen(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("first", 1)...)
	p.stage.Quick()
	p.loads(crowd("second", 1)...)
	p.submits(1)
	p.approves(1)
	p.then("the first is done", p.waveIs(1, "delivered"), func() {
		require.False(t, p.met(activitiestest.DutyPeople))
		require.ElementsMatch(t, []string{"submit", "close"}, p.waits())
	})
	p.asks(protocol.UpdateClose, closing(mei), func(a *answer) { require.Equal(t, breach.ErrConflict, codeOf(a.failed)) })
	p.submits(2)
	p.approves(2)
	p.then("all", func() bool { return p.met(activitiestest.DutyPeople) }, func() {})
	p.closes()
	require.NoError(t, p.run())
	p.everybodyOnce()
}

// gated closes the ledger's gate and tells the story, in the order in which the engine does.
func (p *play) gated(name string, paused, stopped bool) {
	p.then(name, now, func() { p.led.SetGate(paused, stopped) })
	p.asks(name, func() any { return command(wei) }, func(a *answer) { require.NoError(p.t, a.err()) })
}

// The gate closes while the first batch is out: the batch is recorded, nobody else is told, and they count.
func TestPauseAndResumeInTheMiddleOfASend(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("some", 10)...)
	p.stage.Quick()
	p.led.Break(func(op string, wrote bool) error {
		if op == "Record" && wrote {
			p.led.SetGate(true, false) // the engine closes the gate first
		}
		return nil
	})
	p.submits(1)
	p.approves(1)
	p.then("the first batch is out", func() bool { return p.led.Calls("Record") > 0 }, func() {
		p.led.Break(nil)
		require.Equal(t, breach.Tally{breach.Reached: 4, breach.Pending: 6}, p.led.Outcomes())
	})
	p.asks(protocol.UpdatePause, ordered(wei), func(a *answer) { require.NoError(t, a.err()); require.True(t, p.status().Paused) })
	p.after(30*time.Hour, "a long pause", func() {
		require.Equal(t, breach.Tally{breach.Reached: 4, breach.Pending: 6}, p.led.Outcomes())
		require.Less(t, p.led.Calls("Gate"), 50, "a pause is waited for, not polled")
	})
	p.gated(protocol.UpdateResume, false, false)
	p.closes()
	require.NoError(t, p.run())
	p.everybodyOnce()
	require.Equal(t, breach.Tally{breach.Reached: 10}, p.led.Outcomes())
}

func TestStopInTheMiddleOfASend(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("some", 10)...)
	p.stage.Quick()
	p.led.Break(func(op string, wrote bool) error {
		if op == "Record" && wrote {
			p.led.SetGate(true, true)
		}
		return nil
	})
	p.submits(1)
	p.approves(1)
	p.then("the gate is closed", func() bool { return p.led.Calls("Record") > 0 }, func() { p.led.Break(nil) })
	p.then("it ends by itself", p.stateIs(breach.IncidentMonitoring), func() {
		require.Equal(t, "delivered", p.wave(1))
		require.False(t, p.status().Announced)
		require.False(t, p.met(activitiestest.DutyPeople), "people who were not told are not told")
		require.Equal(t, breach.Tally{breach.Reached: 4, breach.Pending: 6}, p.led.Outcomes())
	})
	p.asks(protocol.UpdateClose, closing(mei), func(a *answer) {
		require.Equal(t, breach.ErrConflict, codeOf(a.failed))
		require.Contains(t, a.failed.Error(), "6 people are not accounted for")
	})
	p.ends()
	require.Len(t, p.stage.Post.Sent(), 4, "a batch, and the one that was intended meanwhile")
}

func TestStopOfAPausedSend(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("some", 10)...)
	p.stage.Quick()
	p.submits(1)
	p.then("paused before the first message", now, func() { p.led.SetGate(true, false) })
	p.approves(1)
	p.then("a lane met the gate", func() bool { return p.led.Calls("Gate") > 1 }, func() {})
	p.asks(protocol.UpdatePause, ordered(wei), func(a *answer) { require.NoError(t, a.err()) })
	p.gated(protocol.UpdateStop, true, true)
	p.then("stopped", p.stateIs(breach.IncidentMonitoring), func() { require.True(t, p.status().Stopped) })
	p.loads(crowd("more", 1)...)
	p.refuses(protocol.UpdateSubmit, submission(2), breach.ErrConflict)
	p.ends()
	require.Empty(t, p.stage.Post.Sent())
	require.Equal(t, int64(10+1), p.led.Outcomes()[breach.Pending])
}

// A list that is approved during a pause must not start, and must not burn history while it waits.
func TestWaveApprovedDuringAPause(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("first", 3)...)
	p.submits(1)
	p.approves(1)
	p.then("sent", func() bool { return len(p.stage.Post.Sent()) == 3 }, func() {})
	p.gated(protocol.UpdatePause, true, false)
	p.loads(crowd("second", 3)...)
	p.submits(2)
	p.approves(2)
	var calls int
	p.after(time.Hour, "it waits", func() { calls = p.led.Calls("Gate") })
	p.after(24*time.Hour, "and waits", func() {
		require.Less(t, p.led.Calls("Gate")-calls, 5)
		require.Len(t, p.stage.Post.Sent(), 3)
	})
	p.gated(protocol.UpdateResume, false, false)
	p.then("sent too", func() bool { return len(p.stage.Post.Sent()) == 6 }, func() {})
	p.closes()
	require.NoError(t, p.run())
	p.everybodyOnce()
}

// A pause that the engine takes back leaves a gate that is open and no word about it.
func TestGateThatOpensWithoutAWord(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("some", 5)...)
	p.stage.Quick()
	p.then("closed", p.waveIs(1, "loaded"), func() { p.led.SetGate(true, false) })
	p.submits(1)
	p.approves(1)
	p.after(10*time.Minute, "opened", func() { require.Empty(t, p.stage.Post.Sent()); p.led.SetGate(false, false) })
	p.closes()
	require.NoError(t, p.run())
	p.everybodyOnce()
}
