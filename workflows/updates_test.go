package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

func decision(by breach.Actor, hash string) func() any {
	return func() any { return protocol.Decide{Command: command(by), PlanHash: hash} }
}

func ordered(by breach.Actor) func() any { return func() any { return command(by) } }

func submission(wave int) func() any {
	return func() any { return protocol.Submit{Command: command(wei), Wave: wave} }
}

func acknowledgement(obligation string) func() any {
	return func() any { return protocol.Acknowledge{Command: command(mei), Obligation: obligation} }
}

func closing(by breach.Actor) func() any {
	return func() any { return protocol.Close{Command: command(by)} }
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", activitiestest.Someone("easy", 1))
	p.stage.Office.Number = "" // a person enters the authority's number later
	p.then("before anything", p.waveIs(1, "loaded"), func() {})
	p.refuses(protocol.UpdateApprove, decision(mei, "no such hash"), breach.ErrOldHash)
	p.refuses(protocol.UpdateReturn, decision(mei, "no such hash"), breach.ErrOldHash)
	p.refuses(protocol.UpdateSubmit, submission(0), breach.ErrInvalid)
	p.refuses(protocol.UpdateAcknowledge, acknowledgement(activitiestest.DutyAuthority), breach.ErrConflict)
	p.submits(1)
	p.refuses(protocol.UpdateApprove, decision(mei, "an old hash"), breach.ErrOldHash)
	p.refuses(protocol.UpdateApprove, func() any {
		return protocol.Decide{Command: command(breach.Actor{ID: wei.ID, Role: breach.RoleLead}), PlanHash: p.planHash(1)}
	}, breach.ErrSelfApproval)
	p.refuses(protocol.UpdateApprove, func() any {
		return protocol.Decide{Command: command(breach.Actor{ID: "li.na", Role: breach.RoleResponder}), PlanHash: p.planHash(1)}
	}, breach.ErrForbidden)
	p.then("still waiting", now, func() { require.Equal(t, "awaiting_approval", p.wave(1)) })
	p.approves(1)
	p.then("twice", p.waveIs(1, "delivering"), func() {})
	p.refuses(protocol.UpdateApprove, func() any { return decision(mei, p.planHash(1))() }, breach.ErrAlreadyDecided)
	p.refuses(protocol.UpdateSubmit, submission(1), breach.ErrAlreadyDecided)
	p.refuses(protocol.UpdateReturn, func() any { return decision(mei, p.planHash(1))() }, breach.ErrOldHash)
	p.refuses(protocol.UpdateClose, closing(mei), breach.ErrConflict)
	p.refuses(protocol.UpdateAcknowledge, acknowledgement("eu-gdpr/authority/none"), breach.ErrConflict)
	p.then("filed", func() bool {
		return len(p.status().Reports) == 1 && p.status().Reports[0].State == breach.ObligationFiled
	}, func() {
		require.Contains(t, p.waits(), "acknowledge")
	})
	p.asks(protocol.UpdateAcknowledge, acknowledgement(activitiestest.DutyAuthority), func(a *answer) {
		require.Equal(t, breach.ErrConflict, codeOf(a.failed), "no number is in the ledger: %v", a.failed)
	})
	p.then("monitoring", p.stateIs(breach.IncidentMonitoring), func() { require.ElementsMatch(t, []string{"acknowledge", "close"}, p.waits()) })
	p.then("the number comes", now, func() {
		at := p.env.Now()
		require.NoError(t, p.led.SaveFiling(t.Context(), breach.Filing{Obligation: activitiestest.DutyAuthority, Status: "acknowledged", Acknowledgement: "N-7", AcknowledgedAt: &at}))
	})
	p.asks(protocol.UpdateAcknowledge, acknowledgement(activitiestest.DutyAuthority), func(a *answer) {
		require.NoError(t, a.err())
		require.Equal(t, breach.ObligationAcknowledged, p.status().Reports[0].State)
		require.Equal(t, []string{"close"}, p.waits())
	})
	p.refuses(protocol.UpdateClose, closing(breach.Actor{ID: "li.na", Role: breach.RoleResponder}), breach.ErrForbidden)
	p.closes()
	require.NoError(t, p.run())
	require.Empty(t, p.led.Unexplained())
	require.Len(t, p.stage.Post.Sent(), 1)
}

func TestNothingIsTakenAfterClosing(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", activitiestest.Someone("easy", 1))
	p.submits(1)
	p.approves(1)
	p.then("close, and everything at once", p.stateIs(breach.IncidentMonitoring), func() {
		first := p.close()
		rest := map[string]*answer{}
		for name, arg := range map[string]any{
			protocol.UpdateAmend: protocol.Amend{Command: command(wei), FactRevision: 2}, protocol.UpdateSubmit: submission(1)(),
			protocol.UpdateApprove: decision(mei, p.planHash(1))(), protocol.UpdateReturn: decision(mei, p.planHash(1))(),
			protocol.UpdatePause: command(wei), protocol.UpdateStop: command(wei), protocol.UpdateClose: closing(mei)(),
			protocol.UpdateAcknowledge: acknowledgement(activitiestest.DutyAuthority)(),
		} {
			rest[name] = p.update(name, arg)
		}
		t.Cleanup(func() {
			require.NoError(t, first.err())
			for name, a := range rest {
				require.True(t, a.over(), name)
				if name != protocol.UpdateAmend { // the same facts again, judged before the end or refused after it
					require.Error(t, a.err(), name)
				}
			}
		})
	})
	require.NoError(t, p.run())
	require.Equal(t, 1, p.stage.Vault.Sealed())
	require.Equal(t, breach.IncidentClosed, p.led.Head().State)
}

func TestCloseAsksWhetherEverybodyIsAccountedFor(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", activitiestest.Someone("easy", 1), activitiestest.Someone("held", 2))
	p.then("too early", p.waveIs(1, "loaded"), func() {})
	p.asks(protocol.UpdateClose, closing(mei), func(a *answer) {
		require.Equal(t, breach.ErrConflict, codeOf(a.failed), "%v", a.err())
		require.Contains(t, a.failed.Error(), "2 people are not accounted for")
	})
	p.then("one is held, one withdrawn", now, func() {
		require.Equal(t, breach.IncidentAssessing, p.status().State)
		p.set(t, "easy", breach.Withdrawn)
		p.set(t, "held", breach.Held)
	})
	p.asks(protocol.UpdateClose, closing(mei), func(a *answer) {
		require.Equal(t, breach.ErrConflict, codeOf(a.failed), "%v", a.err())
	})
	p.then("the hold ends", now, func() { p.set(t, "held", breach.Exempt) })
	p.asks(protocol.UpdateClose, closing(mei), func(a *answer) {
		require.Equal(t, breach.ErrConflict, codeOf(a.failed), "%v", a.err())
		require.Contains(t, a.failed.Error(), activitiestest.DutyAuthority, "the report was not filed")
	})
	p.then("close with a reason", now, func() { p.closeLeaving() })
	require.NoError(t, p.run())
	require.Empty(t, p.stage.Post.Sent())
	require.Contains(t, string(p.led.Notes("incident.moved")[0].Data), activitiestest.DutyAuthority)
}

func (p *play) set(t *testing.T, name string, to breach.Outcome) {
	t.Helper()
	who := p.led.Named(name)
	require.NoError(t, p.led.SetOutcomes(t.Context(), incident, []breach.PersonEvent{{Person: who.ID, Outcome: to, Reason: "decided", By: mei.ID, At: p.env.Now()}}))
	require.Equal(t, to, p.led.Named(name).Outcome)
}

func TestCloseWaitsForReportsThatAreBeingFiled(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", activitiestest.Someone("easy", 1))
	p.stage.Quick()
	down := true
	p.stage.Office.Fail = func(what string) error {
		if down && what == "file" {
			return breach.Errorf(breach.ErrUnavailable, "the portal cannot take the report now")
		}
		return nil
	}
	p.submits(1)
	p.approves(1)
	p.then("everybody is told, the authority is not", p.stateIs(breach.IncidentMonitoring), func() {})
	p.refuses(protocol.UpdateClose, closing(mei), breach.ErrConflict)
	p.after(20*time.Second, "the portal is back", func() { down = false })
	p.then("filed", func() bool { return p.status().Reports[0].State == breach.ObligationAcknowledged }, func() {})
	p.closes()
	require.NoError(t, p.run())
	require.Len(t, p.stage.Office.Filed(), 1)
}

func TestReturnAndSubmitAgain(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", activitiestest.Someone("easy", 1))
	var first string
	p.submits(1)
	p.then("return", now, func() {
		first = p.planHash(1)
		require.NoError(t, p.led.Decide(1, first, mei, false, p.env.Now()))
	})
	p.asks(protocol.UpdateReturn, func() any { return decision(mei, first)() }, func(a *answer) {
		require.NoError(t, a.err())
		require.Equal(t, "loaded", p.wave(1))
		require.Equal(t, []string{"submit"}, p.waits())
	})
	p.refuses(protocol.UpdateApprove, func() any { return decision(mei, first)() }, breach.ErrOldHash)
	p.submits(1)
	p.then("another plan", now, func() { require.NotEqual(t, first, p.planHash(1)) })
	p.asks(protocol.UpdateSubmit, submission(1), func(a *answer) { // the same state again is the same plan
		require.NoError(t, a.err())
		require.Len(t, p.led.Plans(), 2)
	})
	p.approves(1)
	p.closes()
	require.NoError(t, p.run())
	require.Equal(t, breach.PlanReturned, p.led.Plans()[0].State)
	require.Equal(t, breach.PlanApproved, p.led.Plans()[1].State)
}

func TestSubmitNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", activitiestest.Someone("easy", 1))
	p.led.Amend(func(f *breach.IncidentFile) { f.Narrative = nil })
	p.then("begun", p.waveIs(1, "loaded"), func() {})
	p.asks(protocol.UpdateSubmit, submission(1), func(a *answer) {
		require.NoError(t, a.err())
		require.NotEmpty(t, a.value.(breach.Submitted).Problems)
		require.Equal(t, "loaded", p.wave(1))
	})
	p.asks(protocol.UpdateSubmit, submission(7), func(a *answer) {
		require.NotEmpty(t, a.value.(breach.Submitted).Problems)
		require.Empty(t, p.wave(7), "a list that nobody loaded is no list")
	})
	p.then("end", now, func() { p.env.CancelWorkflow() })
	require.Error(t, p.run())
	require.Empty(t, p.led.Plans())
}
