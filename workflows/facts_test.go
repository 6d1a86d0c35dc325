package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

func amendment(revision int) func() any {
	return func() any { return protocol.Amend{Command: command(wei), FactRevision: revision} }
}

// ends cancels a story whose rest a test does not need.
func (p *play) ends() {
	p.then("end", now, func() { p.env.CancelWorkflow() })
	require.Error(p.t, p.run())
}

func malicious(f *breach.IncidentFile) {
	yes := true
	f.Facts.Incident.Malicious = &yes
	f.Facts.People.ByCountry = map[string]int64{"DE": 3}
}

func TestAmendShowsWhatChangedAndVoidsWhatWaits(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", activitiestest.Someone("easy", 1))
	p.submits(1)
	var old string
	p.then("facts are amended", now, func() { old = p.planHash(1); require.Equal(t, 2, p.led.Amend(malicious)) })
	p.asks(protocol.UpdateAmend, amendment(2), func(a *answer) {
		require.NoError(t, a.err())
		out := a.value.(breach.Amended)
		require.True(t, out.Voided)
		require.Len(t, out.Changes, 2)
		byID := map[string]breach.DutyChange{}
		for _, c := range out.Changes {
			byID[c.Obligation] = c
		}
		due := activitiestest.Aware
		require.Equal(t, due.Add(72*time.Hour), *byID[activitiestest.DutyAuthority].DueFrom)
		require.Equal(t, due.Add(24*time.Hour), *byID[activitiestest.DutyAuthority].DueTo)
		require.Equal(t, breach.Applies, byID[activitiestest.DutySecond].To)
		st := p.status()
		require.Equal(t, 2, st.FactRevision)
		require.Len(t, st.Clocks, 3)
		require.Equal(t, "loaded", p.wave(1))
		require.Equal(t, breach.PlanVoid, p.led.Plans()[0].State)
		require.Equal(t, []string{"submit"}, p.waits())
	})
	p.refuses(protocol.UpdateApprove, func() any { return decision(mei, old)() }, breach.ErrOldHash)
	p.asks(protocol.UpdateAmend, amendment(2), func(a *answer) { // told twice: judged once
		require.NoError(t, a.err())
		require.Empty(t, a.value.(breach.Amended).Changes)
	})
	p.refuses(protocol.UpdateAmend, amendment(0), breach.ErrInvalid)
	p.submits(1)
	p.approves(1)
	p.closes()
	require.NoError(t, p.run())
	require.Len(t, p.stage.Office.Filed(), 2, "both authorities")
	require.Equal(t, 2, p.led.Plans()[1].Plan.Rules.FactRevision)
}

// An amendment that no worker has judged yet must not slip into a plan whose duties are those of older facts.
func TestPlanIsMadeOfJudgedFacts(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", activitiestest.Someone("easy", 1))
	p.then("begun", p.waveIs(1, "loaded"), func() { p.led.Amend(malicious) })
	p.submits(1)
	p.then("the plan is of revision 1", now, func() { require.Equal(t, 1, p.led.Plans()[0].Plan.Rules.FactRevision) })
	p.asks(protocol.UpdateAmend, amendment(2), func(a *answer) {
		require.True(t, a.value.(breach.Amended).Voided)
		require.Equal(t, "loaded", p.wave(1))
	})
	p.ends()
}

func TestFactsThatCannotBeJudgedAreMended(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", activitiestest.Someone("easy", 1))
	p.stage.Judge.Err = breach.Errorf(breach.ErrInvalid, "these facts contradict each other")
	p.then("the story lives", func() bool { return len(p.waits()) > 0 }, func() {
		require.Equal(t, []string{"mend", "submit"}, p.waits())
		require.Equal(t, "facts", p.awaited()[0].Ref)
		require.Equal(t, breach.IncidentAssessing, p.status().State)
		p.stage.Judge.Err = nil
		p.led.Amend(malicious)
	})
	p.asks(protocol.UpdateAmend, amendment(2), func(a *answer) {
		require.NoError(t, a.err())
		require.Equal(t, []string{"submit"}, p.waits())
		require.Len(t, p.status().Clocks, 3)
	})
	p.ends()
}

func TestDraftStaysADraftUntilAPersonTakesItUp(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc")
	p.led.Put(breach.IncidentDraft)
	p.then("clocks run", func() bool { return len(p.status().Clocks) == 2 }, func() {
		require.Equal(t, breach.IncidentDraft, p.status().State)
		require.Equal(t, []string{"load_people", "submit_reports"}, p.waits())
		p.led.Amend(malicious)
	})
	p.asks(protocol.UpdateAmend, amendment(2), func(a *answer) {
		require.NoError(t, a.err())
		require.Equal(t, breach.IncidentAssessing, p.status().State)
	})
	p.then("a list comes", now, func() {
		wave := p.led.Load(activitiestest.Someone("easy", 1))
		p.env.SignalWorkflow(protocol.SignalPeopleLoaded, map[string]int{"wave": wave})
		p.env.SignalWorkflow(protocol.SignalPeopleLoaded, map[string]int{"wave": wave})
		p.env.SignalWorkflow(protocol.SignalMoreDetections, nil)
	})
	p.then("and is known once", p.waveIs(1, "loaded"), func() { require.Len(t, p.status().Waves, 1) })
	p.ends()
}

// Revisions that come in together are judged together: one look takes the newest, and who brought one of them hears once
// what changed.
func TestRevisionsThatComeTogetherAreJudgedOnce(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", activitiestest.Someone("easy", 1))
	p.submits(1)
	p.then("facts are amended three times", now, func() {
		require.Equal(t, 2, p.led.Amend(malicious))
		require.Equal(t, 3, p.led.Amend(func(f *breach.IncidentFile) { f.Facts.People.ByCountry["US"] = 1 }))
		require.Equal(t, 4, p.led.Amend(func(f *breach.IncidentFile) { f.Facts.People.ByCountry["FR"] = 1 }))
	})
	for _, revision := range []int{2, 3, 4} {
		p.asks(protocol.UpdateAmend, amendment(revision), func(a *answer) {
			require.NoError(t, a.err())
			out := a.value.(breach.Amended)
			require.True(t, out.Voided, "%d", revision)
			require.NotEmpty(t, out.Changes, "%d", revision)
			require.Equal(t, 4, p.status().FactRevision)
		})
	}
	p.asks(protocol.UpdateAmend, amendment(4), func(a *answer) {
		require.Equal(t, breach.Amended{}, a.value.(breach.Amended), "it was said")
	})
	p.ends()
	require.Len(t, p.led.Notes("assess.judged"), 2)
}
