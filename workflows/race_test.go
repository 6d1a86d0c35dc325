package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// Updates and signals that arrive with the very first task of the story find it, wait until it is ready, and
// are carried out in turn.
func TestDecisionsBeforeTheStoryIsReady(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("some", 3)...)
	var early, wrong, late *answer
	p.env.RegisterDelayedCallback(func() {
		early = p.update(protocol.UpdateSubmit, submission(1)())
		wrong = p.update(protocol.UpdateAcknowledge, acknowledgement(activitiestest.DutyAuthority)())
		p.env.SignalWorkflow(protocol.SignalPeopleLoaded, map[string]int{"wave": 1})
		p.env.SignalWorkflow(protocol.SignalPeopleLoaded, map[string]int{"wave": p.led.Load(crowd("more", 2)...)})
		late = p.update(protocol.UpdateSubmit, submission(2)())
	}, 0)
	p.then("all answered", func() bool { return early != nil && early.over() && wrong.over() && late.over() }, func() {
		require.NoError(t, early.err())
		require.NoError(t, late.err())
		require.Equal(t, breach.ErrConflict, codeOf(wrong.err()), "%v", wrong.err())
		require.Len(t, p.status().Waves, 2)
		require.Equal(t, "awaiting_approval", p.wave(1))
		require.Equal(t, "awaiting_approval", p.wave(2))
	})
	p.approves(1)
	p.approves(2)
	p.closes()
	require.NoError(t, p.run())
	p.everybodyOnce()
}

// Two people decide in the same instant: one decision counts, the other is told so.
func TestTwoDecisionsAtOnce(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("some", 3)...)
	var both []*answer
	bothOver := func() bool { return both[0].over() && both[1].over() }
	p.then("submit twice", p.waveIs(1, "loaded"), func() {
		both = []*answer{p.update(protocol.UpdateSubmit, submission(1)()), p.update(protocol.UpdateSubmit, submission(1)())}
	})
	p.then("one plan", func() bool { return bothOver() }, func() {
		require.NoError(t, both[0].err())
		require.NoError(t, both[1].err())
		require.Len(t, p.led.Plans(), 1)
	})
	p.then("amend to two revisions, the newer first", now, func() {
		p.led.Amend(func(f *breach.IncidentFile) { f.Contact.Phone = "+4420794600" })
		p.led.Amend(malicious)
		both = []*answer{p.update(protocol.UpdateAmend, amendment(3)()), p.update(protocol.UpdateAmend, amendment(2)())}
	})
	p.then("the newest facts stand", func() bool { return bothOver() }, func() {
		require.NoError(t, both[0].err())
		require.NoError(t, both[1].err())
		require.Equal(t, 3, p.status().FactRevision)
		require.Len(t, p.status().Clocks, 3)
	})
	p.submits(1)
	p.then("approve twice", now, func() {
		hash := p.planHash(1)
		require.NoError(t, p.led.Decide(1, hash, mei, true, p.env.Now()))
		both = []*answer{p.update(protocol.UpdateApprove, decision(mei, hash)()), p.update(protocol.UpdateApprove, decision(mei, hash)())}
	})
	p.then("one approval", func() bool { return bothOver() }, func() {
		require.NoError(t, both[0].err())
		require.Equal(t, breach.ErrAlreadyDecided, codeOf(both[1].err()), "%v", both[1].err())
	})
	p.then("pause and resume at once, as the ledger took them", p.waveIs(1, "delivering"), func() {
		p.led.SetGate(false, false)
		both = []*answer{p.update(protocol.UpdatePause, command(wei)), p.update(protocol.UpdateResume, command(mei))}
	})
	p.then("the last one counts", func() bool { return bothOver() }, func() {
		require.NoError(t, both[0].err())
		require.NoError(t, both[1].err())
		require.False(t, p.status().Paused)
	})
	p.then("close twice", p.stateIs(breach.IncidentMonitoring), func() {
		both = []*answer{p.close(), p.close()}
	})
	require.NoError(t, p.run())
	require.NoError(t, both[0].err())
	require.Equal(t, breach.ErrConflict, codeOf(both[1].err()))
	require.Equal(t, 1, p.stage.Vault.Sealed())
	p.everybodyOnce()
}

// An approval that is on record and an amendment reach the story in one instant, in either order.
func TestApprovalAgainstAmendment(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]bool{"approval first": true, "amendment first": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlay(t, "mooc", crowd("some", 3)...)
			p.submits(1)
			var approve, amend *answer
			p.then("both", now, func() {
				hash := p.planHash(1)
				require.NoError(t, p.led.Decide(1, hash, mei, true, p.env.Now()))
				p.led.Amend(malicious)
				if first {
					approve = p.update(protocol.UpdateApprove, decision(mei, hash)())
				}
				amend = p.update(protocol.UpdateAmend, amendment(2)())
				if !first {
					approve = p.update(protocol.UpdateApprove, decision(mei, hash)())
				}
			})
			p.then("both answered", func() bool { return approve.over() && amend.over() }, func() {
				require.NoError(t, amend.err())
				require.Len(t, p.status().Clocks, 3)
			})
			p.then("close, leaving the report that became due", p.stateIs(breach.IncidentMonitoring), func() {
				require.Contains(t, p.waits(), "submit_reports")
				p.closeLeaving()
			})
			require.NoError(t, p.run())
			p.everybodyOnce()
			require.NoError(t, approve.err(), "what the ledger has approved stands")
			require.Len(t, p.led.Plans(), 1)
		})
	}
}

// Updates while lists are being sent: facts, further lists and acknowledgements disturb nobody.
func TestUpdatesDuringNotify(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("some", 9)...)
	p.stage.Office.Number = ""
	p.submits(1)
	p.approves(1)
	var all []*answer
	p.then("everything at once", p.waveIs(1, "delivering"), func() {
		p.led.Amend(malicious)
		wave := p.led.Load(activitiestest.Someone("late", 1))
		p.env.SignalWorkflow(protocol.SignalPeopleLoaded, map[string]int{"wave": wave})
		all = []*answer{
			p.update(protocol.UpdateAmend, amendment(2)()), p.update(protocol.UpdateSubmit, submission(wave)()),
			p.update(protocol.UpdateClose, closing(mei)()),
		}
	})
	p.then("answered", func() bool { return all[0].over() && all[1].over() && all[2].over() }, func() {
		require.NoError(t, all[0].err())
		require.NoError(t, all[1].err())
		require.Equal(t, breach.ErrConflict, codeOf(all[2].err()))
	})
	p.approves(2)
	p.then("filed", func() bool { return p.met(activitiestest.DutyAuthority) }, func() {})
	p.closes()
	require.NoError(t, p.run())
	p.everybodyOnce()
	require.Len(t, p.stage.Post.Sent(), 10)
}
