package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// theCast is everybody whom the story is about.
func theCast() []breach.Person {
	child := activitiestest.Someone("child", 8)
	child.BirthDate, child.Email, child.Phone = "2018-05-01", "", ""
	child.Guardian = &breach.Guardian{Name: "guardian", Email: "guardian@mail.example"}
	orphan := breach.Person{Name: "orphan", BirthDate: "2017-05-01", Email: "orphan@mail.example", Country: "GB", Locale: "en"}
	nobody := breach.Person{Name: "nobody", Country: "GB", Locale: "en"}
	return []breach.Person{
		activitiestest.Someone("easy", 1), activitiestest.Someone("bounced", 2), activitiestest.Someone("undelivered", 3),
		activitiestest.Someone("lostmail", 4), activitiestest.Someone("lostsms", 5), activitiestest.Someone("late", 6),
		activitiestest.Someone("busy", 7), child, orphan, nobody,
	}
}

// theWeather is how the providers treat them.
func theWeather() map[string][]activitiestest.Reply {
	gone := &delivery.Failure{Reason: delivery.ReasonNoMailbox}
	return map[string][]activitiestest.Reply{
		"bounced.2@mail.example":     {{Failure: gone}},
		"undelivered.3@mail.example": {{Failure: gone}},
		"+442079460003":              {{State: breach.HandedOver}}, // and never a receipt
		"lostmail.4@mail.example":    {{Lost: true}},
		"lostsms.5@mail.example":     {{Failure: gone}},
		"+442079460005":              {{Lost: true}},
		"busy.7@mail.example":        {{Failure: &delivery.Failure{Reason: delivery.ReasonGreylisted, Retryable: true}}},
	}
}

func TestStory(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", theCast()...)
	p.stage.Post.Script = activitiestest.Scripted(theWeather())
	p.then("submit is awaited", func() bool { return len(p.waits()) == 1 }, func() {
		require.Equal(t, []string{"submit"}, p.waits())
		require.Equal(t, breach.IncidentAssessing, p.status().State)
		require.Len(t, p.status().Clocks, 2)
	})
	p.submits(1)
	p.then("approval is awaited", now, func() {
		a := p.awaited()
		require.Len(t, a, 1)
		require.Equal(t, "approve", a[0].What)
		require.Equal(t, breach.RoleLead, a[0].Role)
		require.Equal(t, wei.ID, a[0].NotBy)
		require.Equal(t, p.planHash(1), a[0].Ref)
		require.Equal(t, []breach.ObligationState{breach.ObligationAwaitingApproval}, p.led.Duty(activitiestest.DutyAuthority))
	})
	p.approves(1)
	p.then("delivering", p.waveIs(1, "delivering"), func() {
		require.Equal(t, breach.IncidentNotifying, p.status().State)
		require.Empty(t, p.waits())
	})
	p.after(6*time.Hour, "a bounce comes late", func() { p.late("late", breach.Email, breach.FailedPermanent, delivery.ReasonMailboxFull) })
	p.then("monitoring", p.stateIs(breach.IncidentMonitoring), func() {
		require.Equal(t, []string{"close"}, p.waits())
		require.True(t, p.status().Announced)
		for _, c := range p.status().Clocks {
			require.True(t, c.Met, c.Obligation)
		}
	})
	p.closes()
	require.NoError(t, p.run())

	require.Equal(t, breach.Tally{breach.Reached: 7, breach.Attempted: 1, breach.Covered: 2}, p.led.Outcomes())
	require.Empty(t, p.led.Unexplained())
	email, sms := breach.Email, breach.SMS
	require.Equal(t, []breach.Channel{email}, p.channels("easy"))
	require.Equal(t, []breach.Channel{email, sms}, p.channels("bounced"))
	require.Equal(t, []breach.Channel{email, sms}, p.channels("undelivered"))
	require.Equal(t, []breach.Channel{email, sms}, p.channels("late"))
	require.Equal(t, breach.Attempted, p.led.Named("undelivered").Outcome)
	require.Equal(t, "guardian@mail.example", p.stage.Post.To("guardian@mail.example")[0].Message.To)
	require.Equal(t, breach.Covered, p.led.Named("nobody").Outcome)
	require.Equal(t, breach.Covered, p.led.Named("orphan").Outcome, "a child is not reached by a message to the child alone")

	// A lost email answer is repeated with the same delivery id; a lost SMS answer is asked for.
	twice := p.stage.Post.To("lostmail.4@mail.example")
	require.Len(t, twice, 2)
	require.Equal(t, twice[0].Message.DeliveryID, twice[1].Message.DeliveryID)
	require.NotEqual(t, twice[0].Message.AttemptID, twice[1].Message.AttemptID)
	require.Len(t, p.stage.Post.To("+442079460005"), 1)
	require.Equal(t, breach.Reached, p.led.Named("lostsms").Outcome)
	require.Len(t, p.stage.Post.To("busy.7@mail.example"), 1, "the first try was not taken")

	require.Equal(t, []breach.ObligationState{breach.ObligationAwaitingApproval, breach.ObligationFiled, breach.ObligationAcknowledged}, p.led.Duty(activitiestest.DutyAuthority))
	require.Len(t, p.stage.Office.Filed(), 1)
	require.Len(t, p.led.Published(), 1)
	require.Equal(t, breach.IncidentClosed, p.led.Head().State)
	require.Equal(t, []breach.IncidentState{breach.IncidentAssessing, breach.IncidentNotifying, breach.IncidentMonitoring, breach.IncidentClosed}, p.led.Moves())
	require.Equal(t, 1, p.stage.Vault.Sealed())
}
