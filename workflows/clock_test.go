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

// ring is one alarm that went on record, in hours after awareness.
type ring struct {
	Kind  string
	Hours float64
}

func (p *play) rings(obligation string) []ring {
	var out []ring
	for _, action := range []string{"clock.reminder", "clock.overdue"} {
		for _, n := range p.led.Notes(action) {
			var data struct{ Obligation, Kind string }
			require.NoError(p.t, json.Unmarshal(n.Data, &data))
			if data.Obligation == obligation {
				out = append(out, ring{data.Kind, n.At.Sub(activitiestest.Aware).Hours()})
			}
		}
	}
	return out
}

func TestClocksRemindAndAreOverdueOnce(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc")
	p.after(100*time.Hour, "long after", func() {
		require.Len(t, p.status().Clocks, 2)
		for _, c := range p.status().Clocks {
			require.True(t, c.Overdue)
			require.False(t, c.Met)
		}
	})
	p.ends()
	require.Equal(t, []ring{{"48h_left", 24}, {"half", 36}, {"24h_left", 48}, {"four_fifths", 57.6}, {"12h_left", 60}, {"2h_left", 70}, {"overdue", 72}},
		p.rings(activitiestest.DutyAuthority))
	require.Equal(t, p.rings(activitiestest.DutyAuthority), p.rings(activitiestest.DutyPeople))
}

func TestAmendedDeadlineMovesItsAlarms(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc")
	p.after(3*time.Hour, "the authority wants it sooner", func() { p.led.Amend(malicious) })
	p.asks(protocol.UpdateAmend, amendment(2), func(a *answer) { require.NoError(t, a.err()) })
	p.after(90*time.Hour, "long after", func() {})
	p.ends()
	require.Equal(t, []ring{{"12h_left", 12}, {"four_fifths", 19.2}, {"2h_left", 22}, {"overdue", 24}}, p.rings(activitiestest.DutyAuthority))
	require.Len(t, p.rings(activitiestest.DutyPeople), 7, "the other clock is as it was")
}

func TestAwarenessThatWasEarlierIsOverdueAtOnce(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc")
	p.after(3*time.Hour, "somebody knew it long before", func() {
		p.led.Amend(func(f *breach.IncidentFile) {
			before := activitiestest.Aware.Add(-100 * time.Hour)
			f.Facts.Incident.AwareAt = &before
		})
	})
	p.asks(protocol.UpdateAmend, amendment(2), func(a *answer) { require.NoError(t, a.err()) })
	p.then("overdue", func() bool { return p.status().Clocks[0].Overdue && p.status().Clocks[1].Overdue }, func() {
		require.Less(t, p.env.Now().Sub(activitiestest.Aware), 6*time.Hour)
	})
	p.after(200*time.Hour, "long after", func() {})
	p.ends()
	require.Len(t, p.rings(activitiestest.DutyAuthority), 1, "once")
	require.Len(t, p.rings(activitiestest.DutyPeople), 1)
}

func TestMetClocksAreSilent(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", activitiestest.Someone("easy", 1))
	p.stage.Quick()
	p.submits(1)
	p.approves(1)
	p.then("all is done", p.stateIs(breach.IncidentMonitoring), func() {})
	p.after(100*time.Hour, "long after", func() {
		for _, c := range p.status().Clocks {
			require.True(t, c.Met, c.Obligation)
			require.False(t, c.Overdue)
		}
		p.led.Amend(func(f *breach.IncidentFile) { malicious(f); f.Facts.People.ByCountry = nil })
	})
	p.asks(protocol.UpdateAmend, amendment(2), func(a *answer) { require.NoError(t, a.err()) })
	p.after(100*time.Hour, "an amended deadline of a met duty does not ring either", func() {})
	p.closes()
	require.NoError(t, p.run())
	require.Empty(t, p.rings(activitiestest.DutyAuthority))
	require.Empty(t, p.rings(activitiestest.DutyPeople))
}

// A report that is being filed while facts are amended is not a report that was filed.
func TestClockOfAReportUnderWayGoesOn(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", activitiestest.Someone("easy", 1))
	p.stage.Office.Fail = func(what string) error {
		if what == "file" {
			return breach.Errorf(breach.ErrUnavailable, "the portal cannot take the report now")
		}
		return nil
	}
	p.submits(1)
	p.approves(1)
	p.then("it is under way", func() bool { return len(p.status().Reports) == 1 }, func() {
		p.led.Amend(func(f *breach.IncidentFile) { f.Contact.Phone = "+4420794600" })
	})
	p.asks(protocol.UpdateAmend, amendment(2), func(a *answer) {
		require.NoError(t, a.err())
		for _, c := range p.status().Clocks {
			require.False(t, c.Met, c.Obligation)
		}
	})
	p.ends()
}
