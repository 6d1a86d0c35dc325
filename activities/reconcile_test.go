package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// A text message whose fate is unknown is asked about before it is given up, however long the product was
// away: otherwise somebody whom nobody told would count as attempted.
func TestUnknownTextIsAskedBeforeItIsGivenUp(t *testing.T) {
	t.Parallel()
	lost := activitiestest.Reply{Lost: true}
	never := activitiestest.Reply{Failure: &delivery.Failure{Reason: delivery.ReasonCrash, Unknown: true}}
	hour, days := time.Hour, 3*24*time.Hour
	for name, c := range map[string]struct {
		reply activitiestest.Reply
		deaf  bool
		away  time.Duration
		want  activities.ReconcileOut
		sent  int // messages that the provider has in the end
	}{
		"the provider has it":                 {reply: lost, away: hour, want: activities.ReconcileOut{Confirmed: 1}, sent: 1},
		"the provider has it, long after":     {reply: lost, away: days, want: activities.ReconcileOut{Confirmed: 1}, sent: 1},
		"the provider never had it":           {reply: never, away: hour, want: activities.ReconcileOut{Repeated: 1}, sent: 1},
		"the provider never had it, long ago": {reply: never, away: days, want: activities.ReconcileOut{Repeated: 1}, sent: 1},
		"it cannot be asked yet":              {reply: lost, deaf: true, away: hour, want: activities.ReconcileOut{Later: 1}, sent: 1},
		"it could not be asked in time":       {reply: lost, deaf: true, away: days, want: activities.ReconcileOut{NotKnowable: 1}, sent: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := time.Now()
			b := &bench{activitiestest.NewStage("mooc", func() time.Time { return clock }), t}
			b.Ledger.Load(breach.Person{Name: "Only Phone", Phone: "+442079460001", Locale: "en", Country: "GB"})
			plan := b.approved()
			b.Post.Script = activitiestest.Scripted(map[string][]activitiestest.Reply{"+442079460001": {c.reply}})
			b.survey(1)
			_, err := b.lane(plan, 1, breach.SMS)
			require.NoError(t, err)
			require.Equal(t, map[breach.AttemptState]int{breach.Unknown: 1}, b.states(breach.SMS))

			clock = clock.Add(c.away)
			b.Post.Deaf = map[string]bool{"twilio": c.deaf}
			require.EqualValues(t, 1, b.survey(2).Unsettled)
			out, err := run(b, b.Deliver().Reconcile, activities.ReconcileIn{Incident: incident, Wave: 1})
			require.NoError(t, err)
			require.Equal(t, c.want, out)

			b.survey(3)
			_, err = b.lane(plan, 3, breach.SMS)
			require.NoError(t, err)
			require.Len(t, b.Post.Sent(), c.sent)
		})
	}
}
