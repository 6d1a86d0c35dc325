package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

func refusedBy(reason string) activitiestest.Reply {
	return activitiestest.Reply{Failure: &delivery.Failure{Reason: reason}}
}

// decides records a decision to try people again and tells the story, as the engine does.
func (p *play) decides(id string, d breach.Retry) *answer {
	d.ID = id
	p.led.DecideAgain(d, wei)
	return p.update(protocol.UpdateAgain, protocol.Command{ID: id, Actor: wei.ID, Role: wei.Role})
}

// Whom no channel reached is tried again because a person decided so: with numbers of tries that go on, without
// reopening duties that an announcement fulfilled, once however often it is asked for.
func TestWhoFailedEverywhereIsTriedAgain(t *testing.T) {
	t.Parallel()
	failing, hidden := activitiestest.Someone("failing", 1), activitiestest.Someone("hidden", 2)
	hidden.Email, hidden.Phone = "", ""
	p := newPlay(t, "mooc", failing, hidden, activitiestest.Someone("easy", 3))
	p.stage.Quick()
	p.stage.Post.Script = activitiestest.Scripted(map[string][]activitiestest.Reply{
		failing.Email: {refusedBy(delivery.ReasonNoMailbox)}, failing.Phone: {refusedBy(delivery.ReasonNoMailbox)},
	})
	p.submits(1)
	p.approves(1)
	p.then("covered", p.stateIs(breach.IncidentMonitoring), func() {
		require.Equal(t, breach.Tally{breach.Reached: 1, breach.Covered: 2}, p.led.Outcomes())
		require.True(t, p.met(activitiestest.DutyPeople))
		for range 3 { // pressed three times
			p.decides("d1", breach.Retry{Why: "the mail server was down"})
		}
		p.due(1) // what the engine finds meanwhile
	})
	p.then("told", func() bool {
		return p.led.Named("failing").Outcome == breach.Reached && p.status().State == breach.IncidentMonitoring
	}, func() {
		require.Equal(t, breach.Covered, p.led.Named("hidden").Outcome, "who has no contact stays")
		require.True(t, p.met(activitiestest.DutyPeople), "the announcement had fulfilled it already")
		require.NotContains(t, p.led.Duty(activitiestest.DutyPeople)[1:], breach.ObligationDrafting)
	})
	p.closes()
	require.NoError(t, p.run())
	require.Equal(t, []breach.Channel{breach.Email, breach.SMS, breach.Email}, p.channels("failing"))
	sent := p.stage.Post.To(failing.Email)
	require.Len(t, sent, 1)
	require.Equal(t, sent[0].Message.DeliveryID+"-2", sent[0].Message.AttemptID, "no number of a try is used twice")
	notes := p.led.Notes("people.tried_again")
	require.Len(t, notes, 1)
	require.Contains(t, string(notes[0].Data), `"people":1`)
	require.Contains(t, string(notes[0].Data), `"no_contact":1`)
	require.Len(t, p.led.Published(), 1)
	require.Empty(t, p.led.Unexplained())
}

// Tried again in vain, they are covered again; and one channel alone leaves the others.
func TestTriedAgainInVainByOneChannel(t *testing.T) {
	t.Parallel()
	failing := activitiestest.Someone("failing", 1)
	p := newPlay(t, "mooc", failing)
	p.stage.Quick()
	no := refusedBy(delivery.ReasonNoMailbox)
	p.stage.Post.Script = activitiestest.Scripted(map[string][]activitiestest.Reply{failing.Email: {no, no}, failing.Phone: {no}})
	p.submits(1)
	p.approves(1)
	p.then("covered", p.stateIs(breach.IncidentMonitoring), func() { p.decides("d1", breach.Retry{Channel: breach.Email}) })
	p.then("covered again", func() bool {
		return len(p.channels("failing")) == 3 && p.status().State == breach.IncidentMonitoring && p.led.Named("failing").Outcome == breach.Covered
	}, func() {
		require.Equal(t, []breach.Channel{breach.Email, breach.SMS, breach.Email}, p.channels("failing"))
	})
	p.closes()
	require.NoError(t, p.run())
}

// A decision that no story took is carried out by the next one; after a stop nobody is tried again.
func TestADecisionThatTheStoryDidNotHear(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", activitiestest.Someone("easy", 1))
	p.stage.Quick()
	p.led.DecideAgain(breach.Retry{ID: "early"}, wei)
	p.submits(1)
	p.approves(1)
	p.then("done", p.stateIs(breach.IncidentMonitoring), func() {
		require.Len(t, p.led.Notes("people.tried_again"), 1)
		p.led.SetGate(true, true)
		p.update(protocol.UpdateStop, command(wei))
		p.decides("late", breach.Retry{})
	})
	p.then("noted", func() bool { return len(p.led.Notes("people.tried_again")) == 2 }, func() {})
	p.closes()
	require.NoError(t, p.run())
	require.Len(t, p.stage.Post.Sent(), 1)
}

// lateStart begins when the deadline for telling people has passed.
func (p *play) lateStart() {
	p.env.SetStartTime(activitiestest.Aware.Add(80 * time.Hour))
	p.then("why it is late is on record", p.waveIs(1, "loaded"), p.led.ExplainAll)
}

// When people cannot be told in time, the public is told while they go on being told: nobody's own message is
// taken away, and nobody is covered who gets one.
func TestThePublicIsToldEarlyWhenTheDeadlineCannotBeMet(t *testing.T) {
	t.Parallel()
	slow, hidden := activitiestest.Someone("slow", 1), activitiestest.Someone("hidden", 2)
	hidden.Email, hidden.Phone = "", ""
	p := newPlay(t, "mooc", slow, hidden)
	p.lateStart()
	p.stage.Quick()
	p.stage.Post.Script = func(_ string, m delivery.Message, nth int) activitiestest.Reply {
		if m.To == slow.Email && nth == 1 {
			return activitiestest.Reply{Failure: &delivery.Failure{Reason: delivery.ReasonGreylisted, Retryable: true}}
		}
		return activitiestest.Reply{}
	}
	p.submits(1)
	p.approves(1)
	p.then("published early", func() bool { return p.status().Announced }, func() {
		require.Equal(t, "delivering", p.wave(1))
		require.Equal(t, breach.Tally{breach.Pending: 1, breach.Unreachable: 1}, p.led.Outcomes(), "nobody is covered yet")
		require.Len(t, p.led.Published(), 1)
		require.Equal(t, policy.UncoveredTooLate, p.led.Published()[0].Reason)
		require.Contains(t, p.led.Because()[1], "The deadline of 2026-03-05 08:00 UTC (the house's own deadline for a duty of the law, which names no number) has passed with 1 person still to be told.")
	})
	p.closes()
	require.NoError(t, p.run())
	require.Equal(t, breach.Tally{breach.Reached: 1, breach.Covered: 1}, p.led.Outcomes())
	require.Len(t, p.stage.Post.To(slow.Email), 1)
	require.Len(t, p.led.Published(), 1, "one reference, whoever publishes")
	require.Len(t, p.led.Notes("announce.early"), 1)
	require.Equal(t, policy.UncoveredTooLate, p.led.Published()[0].Reason, "why it was published stays")
}

// A policy that lets an announcement count for nobody who is told late publishes nothing by itself.
func TestNothingIsPublishedEarlyWhereThePolicyDoesNotSaySo(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", activitiestest.Someone("slow", 1))
	p.lateStart()
	p.stage.Quick()
	p.stage.Profiles.Change(func(q *policy.Profile) {
		q.Announcement.Covers = []string{policy.UncoveredNoContact}
		q.Channels = append([]policy.ChannelRule(nil), q.Channels...)
		for i := range q.Channels {
			q.Channels[i].Quiet = 0
		}
	})
	p.stage.Post.Script = func(_ string, _ delivery.Message, nth int) activitiestest.Reply {
		if nth == 1 {
			return activitiestest.Reply{Failure: &delivery.Failure{Reason: delivery.ReasonGreylisted, Retryable: true}}
		}
		return activitiestest.Reply{}
	}
	p.submits(1)
	p.approves(1)
	p.closes()
	require.NoError(t, p.run())
	require.Empty(t, p.led.Published())
}

// A lead decides that the public is told now; those whom no channel reached are covered when their list is done,
// also when it was done before.
func TestALeadHasThePublicToldNow(t *testing.T) {
	t.Parallel()
	hidden := activitiestest.Someone("hidden", 2)
	hidden.Email, hidden.Phone = "", ""
	p := newPlay(t, "mooc", activitiestest.Someone("easy", 1), hidden)
	p.stage.Profiles.Change(func(q *policy.Profile) { q.Announcement.MinUncovered = policy.MinUncovered{Count: 5} })
	p.submits(1)
	p.approves(1)
	p.then("done, with one whom a person must decide about", p.stateIs(breach.IncidentMonitoring), func() {
		require.Equal(t, breach.Tally{breach.Reached: 1, breach.Unreachable: 1}, p.led.Outcomes())
		require.False(t, p.met(activitiestest.DutyPeople))
		now := breach.AnnounceNow{Wave: 1, PlanHash: p.planHash(1), By: mei.ID}
		p.led.AskAnnouncement(now)
		for range 2 {
			p.update(protocol.UpdateAnnounce, protocol.Announce{Command: command(mei), Wave: now.Wave, PlanHash: now.PlanHash})
		}
	})
	p.then("published", func() bool { return p.status().Announced && p.met(activitiestest.DutyPeople) }, func() {
		require.Equal(t, breach.Tally{breach.Reached: 1, breach.Covered: 1}, p.led.Outcomes())
	})
	p.closes()
	require.NoError(t, p.run())
	require.Equal(t, policy.AnnouncementDecided, p.led.Published()[0].Reason)
	early := p.led.Notes("announce.early")
	require.Len(t, early, 1)
	require.Equal(t, mei.ID, early[0].Actor)
}

// However long a delivery lasts, looking ahead keeps its history short.
func TestLookingAheadGrowsRare(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", activitiestest.Someone("silent", 1))
	stop := make(chan struct{})
	defer close(stop)
	p.stage.Profiles.Change(func(q *policy.Profile) {
		q.Channels = append([]policy.ChannelRule(nil), q.Channels...)
		for i := range q.Channels {
			q.Channels[i].Retry.Tries, q.Channels[i].Retry.Backoff = 3, []time.Duration{6 * 24 * time.Hour}
		}
		q.Announcement.Covers = []string{policy.UncoveredNoContact, policy.UncoveredTooLate}
		q.Announcement.MinUncovered = policy.MinUncovered{Count: 100}
	})
	p.stage.Post.Script = func(string, delivery.Message, int) activitiestest.Reply {
		return activitiestest.Reply{Failure: &delivery.Failure{Reason: delivery.ReasonGreylisted, Retryable: true}}
	}
	p.submits(1)
	p.approves(1)
	p.then("told", p.waveIs(1, "delivering"), func() {})
	p.then("given up", p.stateIs(breach.IncidentMonitoring), func() {
		require.NoError(t, p.led.SetOutcomes(t.Context(), incident, []breach.PersonEvent{{Person: 1, Outcome: breach.Exempt, Reason: "x", By: mei.ID, At: p.env.Now()}}))
	})
	p.closes()
	require.NoError(t, p.run())
	looks := p.led.Calls("Pace")
	require.Greater(t, looks, 20)
	require.Less(t, looks, 150, "a look is about ten events of the history")
}
