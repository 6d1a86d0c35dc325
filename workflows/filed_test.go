package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

const followUp = "law/authority/final"

// filedFact is what the ledger writes by itself when a report was filed.
func (p *play) filedFact(at time.Time) {
	p.led.Amend(func(f *breach.IncidentFile) {
		f.Facts.Incident.FiledAt = map[string]time.Time{activitiestest.DutyAuthority: at}
	})
	p.stage.Judge.Laws = func(j *breach.Judgement) {
		due := at.Add(72 * time.Hour)
		j.Obligations = append(j.Obligations, breach.Obligation{
			ID: followUp, Duty: "notify_authority", Verdict: breach.Applies, Binding: "house_policy", DueAt: &due,
			Clock: &breach.Clock{From: "filed_at[" + activitiestest.DutyAuthority + "]", StartedAt: &at},
		})
		for i := range j.Obligations {
			if j.Obligations[i].ID == activitiestest.DutyAuthority {
				j.Obligations[i].MetAt = &at
			}
		}
	}
}

// A report that was filed starts the clock of what follows it: it reminds, and is overdue, although no person amended
// anything. What waits for approval keeps waiting: not a word of it changed.
func TestAFilingStartsTheClockOfItsFollowUp(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", activitiestest.Someone("easy", 1))
	p.stage.Quick()
	p.submits(1)
	p.approves(1)
	p.then("filed", func() bool { return len(p.stage.Office.Filed()) == 1 && p.stateIs(breach.IncidentMonitoring)() }, func() {
		require.False(t, p.led.ToldAt().IsZero(), "when everybody was told goes into the facts")
		p.env.SignalWorkflow(protocol.SignalPeopleLoaded, map[string]int{"wave": p.led.Load(activitiestest.Someone("other", 2))})
	})
	p.then("a further list", p.waveIs(2, "loaded"), func() {})
	p.submits(2)
	var filed time.Time
	p.then("it waits", p.waveIs(2, "awaiting_approval"), func() { filed = p.env.Now(); p.filedFact(filed) })
	p.asks(protocol.UpdateAmend, amendment(2), func(a *answer) {
		require.NoError(t, a.err())
		require.False(t, a.value.(breach.Amended).Voided)
		require.Equal(t, "awaiting_approval", p.wave(2))
	})
	p.after(100*time.Hour, "long after", func() {})
	p.ends()
	rung := p.rings(followUp)
	require.Len(t, rung, 7)
	require.Equal(t, "overdue", rung[6].Kind)
	require.InDelta(t, filed.Add(72*time.Hour).Sub(activitiestest.Aware).Hours(), rung[6].Hours, 0.01)
	require.Empty(t, p.rings(activitiestest.DutyAuthority), "what was filed is silent")
}

// A report that somebody made by hand, as the facts say, is not asked for any more and does not ring.
func TestAReportMadeByHandIsNotOwed(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc")
	p.then("it is owed", func() bool { return len(p.waits()) == 2 }, func() {
		require.Contains(t, p.waits(), "submit_reports")
		p.filedFact(p.env.Now())
	})
	p.asks(protocol.UpdateAmend, amendment(2), func(a *answer) {
		require.NoError(t, a.err())
		require.Equal(t, []string{"load_people"}, p.waits())
	})
	p.after(200*time.Hour, "long after", func() {})
	p.ends()
	require.Empty(t, p.rings(activitiestest.DutyAuthority))
	require.NotEmpty(t, p.rings(followUp))
}
