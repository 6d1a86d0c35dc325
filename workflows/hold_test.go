package workflows_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// police lets the law of the duty to people know a delay, for people in Germany.
func police(j *breach.Judgement) {
	for i := range j.Obligations {
		if j.Obligations[i].ID == activitiestest.DutyPeople {
			j.Obligations[i].Jurisdiction, j.Obligations[i].Hold = "DE", &breach.HoldRule{LawEnforcement: true}
		}
	}
}

// german has somebody who lives where the law knows a delay.
func german(name string, n int) breach.Person {
	p := activitiestest.Someone(name, n)
	p.Country = "DE"
	return p
}

// holds has a lead place a hold that lasts so long, as the engine passes it on.
func (p *play) holds(id string, long time.Duration, obligations ...string) {
	var a *answer
	p.then("hold "+id, func() bool { return len(p.status().Clocks) > 0 }, func() {
		_, err := p.led.PlaceHold(breach.Hold{
			ID: id, Kind: breach.HoldLawEnforcement, Form: "written", AskedBy: "LKA Berlin", Reference: "4 Js 118/26",
			Reason: "arrests are planned", Obligations: obligations, Until: p.env.Now().Add(long),
		}, mei, p.env.Now())
		require.NoError(p.t, err)
		a = p.update(protocol.UpdateHold, command(mei))
	})
	p.then("held by "+id, func() bool { return a.over() }, func() { require.NoError(p.t, a.err()) })
}

// releases has a lead end a hold early.
func (p *play) releases(id string) {
	var a *answer
	p.then("release "+id, now, func() {
		p.led.ReleaseHold(id, p.env.Now())
		a = p.update(protocol.UpdateHold, command(mei))
	})
	p.then("released "+id, func() bool { return a.over() }, func() { require.NoError(p.t, a.err()) })
}

func (p *play) clock(obligation string) (out protocol.ClockStatus) {
	for _, c := range p.status().Clocks {
		if c.Obligation == obligation {
			out = c
		}
	}
	return out
}

func TestAHoldKeepsExactlyThosePeopleUntilItEndsByItself(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", german("held", 1), activitiestest.Someone("free", 2))
	p.stage.Quick()
	p.stage.Judge.Laws = police
	p.holds("h1", 30*time.Hour, activitiestest.DutyPeople)
	p.then("its clock stands still, the authority's runs", now, func() {
		require.True(t, p.clock(activitiestest.DutyPeople).Held)
		require.False(t, p.clock(activitiestest.DutyAuthority).Held)
	})
	p.submits(1)
	p.approves(1)
	p.then("the others are told, the report is filed", p.stateIs(breach.IncidentMonitoring), func() {
		require.Equal(t, breach.Tally{breach.Held: 1, breach.Reached: 1}, p.led.Outcomes())
		require.Equal(t, breach.Held, p.led.Named("held").Outcome)
		require.Len(t, p.stage.Office.Filed(), 1)
		require.NotContains(t, p.led.Duty(activitiestest.DutyPeople), breach.ObligationClosed)
	})
	p.then("it ends by itself", func() bool { return len(p.led.Notes("hold.expired")) == 1 }, func() {
		require.WithinDuration(t, activitiestest.Aware.Add(32*time.Hour), p.env.Now(), 20*time.Minute)
		require.WithinDuration(t, activitiestest.Aware.Add(102*time.Hour), p.clock(activitiestest.DutyPeople).DueAt, time.Minute, "as much time is left as was left before")
		require.False(t, p.clock(activitiestest.DutyPeople).Held)
	})
	p.then("the one who was held is told", func() bool { return p.led.Named("held").Outcome == breach.Reached }, func() {})
	p.closes()
	require.NoError(t, p.run())
	require.Equal(t, breach.Tally{breach.Reached: 2}, p.led.Outcomes())
	for _, who := range []string{"held", "free"} {
		require.Len(t, p.led.Named(who).Attempts, 1)
	}
	require.Contains(t, p.led.Duty(activitiestest.DutyPeople), breach.ObligationClosed)
	require.Empty(t, p.rings(activitiestest.DutyAuthority), "it was filed at once")
}

func TestAHoldThatIsLiftedEarlyGivesBackTheTimeThatItTook(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", german("held", 1))
	p.stage.Quick()
	p.stage.Judge.Laws = police
	p.holds("h1", 200*time.Hour, activitiestest.DutyPeople)
	p.submits(1)
	p.approves(1)
	p.then("nobody is told", p.stateIs(breach.IncidentMonitoring), func() {
		require.Equal(t, breach.Tally{breach.Held: 1}, p.led.Outcomes())
	})
	p.after(100*time.Hour, "no alarm while the clock stands still", func() {
		require.Empty(t, p.rings(activitiestest.DutyPeople))
	})
	var lifted time.Time
	p.then("lifted", now, func() { lifted = p.env.Now() })
	p.releases("h1")
	p.then("told", func() bool { return p.led.Named("held").Outcome == breach.Reached }, func() {
		require.WithinDuration(t, lifted, p.env.Now(), time.Hour)
		want := activitiestest.Aware.Add(72 * time.Hour).Add(lifted.Sub(activitiestest.Aware.Add(2 * time.Hour)))
		require.WithinDuration(t, want, p.clock(activitiestest.DutyPeople).DueAt, time.Minute)
	})
	p.closes()
	require.NoError(t, p.run())
	require.Empty(t, p.rings(activitiestest.DutyPeople))
	require.Empty(t, p.led.Notes("hold.expired"))
}

// A hold that is placed while people are told stops those who are still to be told, and a second one takes over from
// the first.
func TestHoldsOverlapAndAStoryThatBeginsAnewKnowsThem(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", german("held", 1))
	p.stage.Quick()
	p.stage.Judge.Laws = police
	p.holds("h1", 10*time.Hour, activitiestest.DutyPeople)
	p.holds("h2", 40*time.Hour, activitiestest.DutyPeople)
	p.submits(1)
	p.approves(1)
	p.after(20*time.Hour, "the first is over", func() {
		require.Equal(t, breach.Tally{breach.Held: 1}, p.led.Outcomes())
		require.Len(t, p.led.Notes("hold.expired"), 1)
		require.True(t, p.clock(activitiestest.DutyPeople).Held)
	})
	p.ends()

	again := newPlay(t, "mooc")
	again.stage, again.led = p.stage, p.led
	again.stage.Now = again.env.Now
	again.led.SetClock(again.env.Now)
	again.env.SetStartTime(activitiestest.Aware.Add(60 * time.Hour)) // the second ended while no story ran
	again.then("told", func() bool { return again.led.Named("held").Outcome == breach.Reached }, func() {
		require.Len(t, again.led.Notes("hold.expired"), 2)
	})
	again.closes()
	require.NoError(t, again.run())
}

func TestAHoldOfAReportKeepsItBack(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", activitiestest.Someone("easy", 1))
	p.stage.Quick()
	p.stage.Judge.Laws = func(j *breach.Judgement) {
		for i := range j.Obligations {
			j.Obligations[i].Jurisdiction, j.Obligations[i].Hold = "US", &breach.HoldRule{LawEnforcement: true}
		}
	}
	p.holds("h1", 50*time.Hour, activitiestest.DutyAuthority)
	p.submits(1)
	p.approves(1)
	p.then("people are told", p.stateIs(breach.IncidentMonitoring), func() {
		require.Equal(t, breach.Tally{breach.Reached: 1}, p.led.Outcomes(), "a hold of a report keeps no people")
		require.Empty(t, p.stage.Office.Filed())
	})
	p.then("filed afterwards", func() bool { return len(p.stage.Office.Filed()) == 1 }, func() {
		require.GreaterOrEqual(t, p.env.Now().Sub(activitiestest.Aware), 52*time.Hour)
	})
	p.then("settled", func() bool { return p.led.Filings()[activitiestest.DutyAuthority].Route != "" && len(p.waits()) == 1 }, func() {
		require.Empty(t, p.led.Filings()[activitiestest.DutyAuthority].DelayReason, "it is in time: its clock stood still")
	})
	p.closes()
	require.NoError(t, p.run())
}

// The public would tell those who must not be told.
func TestThePublicIsNotToldWhileSomebodyMustNotBe(t *testing.T) {
	t.Parallel()
	hidden := activitiestest.Someone("hidden", 2)
	hidden.Email, hidden.Phone = "", ""
	p := newPlay(t, "mooc", german("held", 1), hidden)
	p.stage.Quick()
	p.stage.Judge.Laws = police
	p.holds("h1", 30*time.Hour, activitiestest.DutyPeople)
	p.submits(1)
	p.approves(1)
	p.then("nothing is published", p.stateIs(breach.IncidentMonitoring), func() {
		require.Empty(t, p.led.Published())
		require.Equal(t, breach.Tally{breach.Held: 1, breach.Unreachable: 1}, p.led.Outcomes())
	})
	p.then("published when it is over", func() bool { return len(p.led.Published()) == 1 }, func() {
		require.GreaterOrEqual(t, p.env.Now().Sub(activitiestest.Aware), 32*time.Hour)
	})
	p.closes()
	require.NoError(t, p.run())
	require.Equal(t, breach.Tally{breach.Reached: 1, breach.Covered: 1}, p.led.Outcomes())
}

// Where a law wants the authority told first, its people wait for the filing, and nobody else does.
func TestPeopleWaitForTheAuthorityWhereALawSaysSo(t *testing.T) {
	t.Parallel()
	singapore := activitiestest.Someone("singapore", 1)
	singapore.Country = "SG"
	p := newPlay(t, "mooc", singapore, activitiestest.Someone("elsewhere", 2))
	p.stage.Quick()
	p.stage.Judge.Laws = func(j *breach.Judgement) {
		j.Obligations[0].Jurisdiction, j.Obligations[0].NotBefore = "SG", []string{activitiestest.DutyAuthority}
	}
	down := true
	p.stage.Office.Fail = func(what string) error {
		if what == "file" && down {
			return breach.Errorf(breach.ErrUnavailable, "the portal cannot take the report now")
		}
		return nil
	}
	p.submits(1)
	p.approves(1)
	p.then("others are told", func() bool { return p.led.Named("elsewhere").Outcome == breach.Reached }, func() {})
	p.after(2*time.Hour, "not the first", func() {
		require.Equal(t, breach.Pending, p.led.Named("singapore").Outcome)
		require.Empty(t, p.led.Named("singapore").Attempts)
		down = false
	})
	p.closes()
	require.NoError(t, p.run())
	filed := p.led.Filings()[activitiestest.DutyAuthority].FiledAt
	require.False(t, p.led.Named("singapore").Attempts[0].IntendedAt.Before(filed), "never before the authority")
	require.WithinDuration(t, filed, p.led.Named("singapore").Attempts[0].IntendedAt, time.Minute, "and right after it")
}

func TestNothingLateIsPlannedFiledOrMetWithoutAReason(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", activitiestest.Someone("easy", 1))
	p.stage.Quick()
	down := true
	p.stage.Office.Fail = func(what string) error {
		if what == "file" && down {
			return breach.Errorf(breach.ErrUnavailable, "the portal cannot take the report now")
		}
		return nil
	}
	p.submits(1)
	p.approves(1)
	p.after(80*time.Hour, "the deadline has passed, and the portal works again", func() {
		require.Contains(t, p.waits(), "explain_delay")
		down = false
	})
	p.after(2*time.Hour, "nothing is filed without a reason", func() {
		require.Empty(t, p.stage.Office.Filed())
		require.Equal(t, activitiestest.DutyAuthority, p.awaited()[0].Ref)
	})
	p.refuses(protocol.UpdateClose, func() any { return protocol.Close{Command: command(wei)} }, breach.ErrForbidden)
	p.then("somebody says why", now, func() {
		p.led.ExplainDelay(breach.Delay{Obligation: activitiestest.DutyAuthority, Reason: "the portal was down for three days"})
	})
	p.asks(protocol.UpdateExplain, func() any {
		return protocol.Explain{Command: command(wei), Obligations: []string{activitiestest.DutyAuthority}}
	}, func(a *answer) { require.NoError(t, a.err()) })
	p.then("filed", func() bool { return len(p.waits()) == 1 && p.waits()[0] == "close" }, func() {
		require.Equal(t, "the portal was down for three days", p.led.Filings()[activitiestest.DutyAuthority].DelayReason)
	})
	p.closes()
	require.NoError(t, p.run())
}

func TestAPlanThatIsLateSaysWhy(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", activitiestest.Someone("easy", 1))
	p.env.SetStartTime(activitiestest.Aware.Add(80 * time.Hour))
	p.stage.Quick()
	p.then("loaded", p.waveIs(1, "loaded"), func() {})
	p.asks(protocol.UpdateSubmit, func() any { return protocol.Submit{Command: command(wei), Wave: 1} }, func(a *answer) {
		require.NoError(t, a.err())
		problems := a.value.(breach.Submitted).Problems
		require.Len(t, problems, 2)
		require.Contains(t, problems[0], activitiestest.DutyAuthority+": its deadline has passed")
		require.Equal(t, []string{"submit", "explain_delay", "explain_delay"}, p.waits())
		p.led.ExplainAll()
	})
	p.asks(protocol.UpdateExplain, func() any {
		return protocol.Explain{Command: command(wei), Obligations: []string{activitiestest.DutyAuthority, activitiestest.DutyPeople}}
	}, func(a *answer) { require.NoError(t, a.err()); require.Equal(t, []string{"submit"}, p.waits()) })
	p.submits(1)
	p.approves(1)
	p.closes()
	require.NoError(t, p.run())
	require.NotEmpty(t, p.led.Filings()[activitiestest.DutyAuthority].DelayReason)
}

func TestRemindersOfAHeldClockDoNotRingAllAtOnceAfterwards(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc")
	p.stage.Judge.Laws = police
	p.holds("h1", 60*time.Hour, activitiestest.DutyPeople)
	p.after(200*time.Hour, "long after", func() {})
	p.ends()
	var kinds []string
	for _, n := range p.led.Notes("clock.reminder") {
		var data struct{ Obligation, Kind string }
		require.NoError(t, json.Unmarshal(n.Data, &data))
		if data.Obligation == activitiestest.DutyPeople {
			require.False(t, n.At.Before(activitiestest.Aware.Add(62*time.Hour)), data.Kind)
			kinds = append(kinds, data.Kind)
		}
	}
	require.Equal(t, []string{"half", "48h_left", "four_fifths", "24h_left", "12h_left", "2h_left"}, kinds)
	last := p.rings(activitiestest.DutyPeople)[6:]
	require.Len(t, last, 1)
	require.Equal(t, "overdue", last[0].Kind)
	require.InDelta(t, 132, last[0].Hours, 0.01)
}
