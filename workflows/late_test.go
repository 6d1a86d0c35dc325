package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// due tells the story what the engine finds in the ledger: somebody of the list is to be told again.
func (p *play) due(wave int) {
	p.env.SignalWorkflow(protocol.SignalPeopleDue, map[string]int{"wave": wave})
}

// A provider says days later that the message failed: the person is told by the next channel.
func TestMessageThatFailsAfterTheDeliveryIsOver(t *testing.T) {
	t.Parallel()
	somebody := activitiestest.Someone("late", 1)
	p := newPlay(t, "mooc", somebody)
	p.stage.Quick()
	p.submits(1)
	p.approves(1)
	var sent int
	p.then("told", p.stateIs(breach.IncidentMonitoring), func() {
		require.True(t, p.met(activitiestest.DutyPeople))
		sent = len(p.stage.Post.Sent())
		p.late("late", breach.Email, breach.FailedPermanent, "mailbox_unknown")
		require.Equal(t, breach.Tally{breach.Pending: 1}, p.led.Outcomes())
		p.due(1)
		p.due(1)
		p.due(7)
	})
	p.then("tried again", func() bool { return len(p.stage.Post.Sent()) > sent }, func() {
		require.NotEqual(t, []breach.Channel{breach.Email}, p.channels("late"))
	})
	p.then("told", p.stateIs(breach.IncidentMonitoring), func() { require.Zero(t, p.led.Outcomes()[breach.Pending]) })
	p.closes()
	require.NoError(t, p.run())
	require.Empty(t, p.led.Unexplained())
	require.Len(t, p.led.Plans(), 1, "the approval covers it")
}

// An authority does not wait until the people are known.
func TestReportsBeforeAnybodyIsKnown(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc")
	p.then("both wait", func() bool { return len(p.waits()) > 0 }, func() { require.ElementsMatch(t, []string{"load_people", "submit_reports"}, p.waits()) })
	var a *answer
	p.then("submit", now, func() { a = p.update(protocol.UpdateSubmit, submission(1)()) })
	p.then("submitted", func() bool { return a.over() }, func() { require.NoError(t, a.err()) })
	p.approves(1)
	p.then("filed", func() bool { return p.met(activitiestest.DutyAuthority) }, func() {
		require.Equal(t, breach.IncidentAssessing, p.status().State, "nobody is being told yet")
		require.False(t, p.met(activitiestest.DutyPeople))
		require.Equal(t, []string{"load_people"}, p.waits())
		require.Empty(t, p.led.Plans()[0].Plan.Notices)
	})
	p.asks(protocol.UpdateClose, closing(mei), func(a *answer) {
		require.Equal(t, breach.ErrConflict, codeOf(a.failed))
		require.Contains(t, a.failed.Error(), activitiestest.DutyPeople)
	})
	p.loads(crowd("some", 2)...)
	p.submits(2)
	p.approves(2)
	p.closes()
	require.NoError(t, p.run())
	p.everybodyOnce()
	require.Len(t, p.stage.Office.Filed(), 1)
}

// Closing names every duty that was not carried out, whoever is to be told and also when nobody can tell whether it
// applies; it takes a reason, and the record keeps both lists. What was stated as done is not asked for.
func TestClosingNamesEveryDutyThatIsLeft(t *testing.T) {
	t.Parallel()
	const media, bureaus, open, stated = "law/media/notice", "law/other/bureaus", "far/authority/initial", "law/other/controller"
	p := newPlay(t, "mooc", activitiestest.Someone("easy", 1))
	p.stage.Quick()
	p.stage.Judge.Laws = func(j *breach.Judgement) {
		j.Obligations = append(j.Obligations,
			breach.Obligation{ID: media, Duty: "notify_media", Verdict: breach.Applies}, breach.Obligation{ID: bureaus, Duty: "notify_other", Verdict: breach.Applies},
			breach.Obligation{ID: stated, Duty: "notify_other", Verdict: breach.Applies}, breach.Obligation{ID: open, Duty: "notify_authority", Verdict: breach.CannotTell},
			breach.Obligation{ID: "near/public/notice", Duty: "public_notice", Verdict: breach.DoesNotApply}, breach.Obligation{ID: "far/individuals/notice", Duty: "notify_individuals", Verdict: breach.CannotTell},
		)
	}
	p.submits(1)
	p.approves(1)
	p.then("told", p.stateIs(breach.IncidentMonitoring), func() {
		require.NoError(t, p.led.SaveFiling(t.Context(), breach.Filing{Obligation: stated, Route: breach.RouteByHand, Said: "told by telephone", FiledAt: p.env.Now()}))
	})
	p.asks(protocol.UpdateClose, closing(mei), func(a *answer) {
		require.Equal(t, breach.ErrConflict, codeOf(a.failed))
		require.Contains(t, a.failed.Error(), "duties that apply were not done: "+media+", "+bureaus+"; nobody can tell yet whether these duties apply: "+open+"; do them")
	})
	p.then("with a reason", now, func() { p.closeLeaving() })
	require.NoError(t, p.run())
	notes := p.led.Notes("incident.moved")
	require.JSONEq(t, `{"open_duties": ["`+media+`", "`+bureaus+`"], "untold_duties": ["`+open+`"]}`, string(notes[len(notes)-1].Data))
}

// A duty to report that appears after the people were told gets a plan of its own, and is filed.
func TestReportThatBecomesDueLater(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("some", 2)...)
	p.stage.Quick()
	p.submits(1)
	p.approves(1)
	p.then("told", p.stateIs(breach.IncidentMonitoring), func() { p.led.Amend(malicious) })
	p.asks(protocol.UpdateAmend, amendment(2), func(a *answer) {
		require.NoError(t, a.err())
		require.Contains(t, p.waits(), "submit_reports")
	})
	p.asks(protocol.UpdateClose, closing(mei), func(a *answer) { require.Equal(t, breach.ErrConflict, codeOf(a.failed)) })
	var a *answer
	p.then("submit", now, func() { a = p.update(protocol.UpdateSubmit, submission(2)()) })
	p.then("submitted", func() bool { return a.over() }, func() { require.NoError(t, a.err()) })
	p.approves(2)
	p.then("filed", func() bool { return len(p.stage.Office.Filed()) == 2 }, func() {})
	p.then("close", func() bool { return len(p.status().Reports) == 2 && p.status().Reports[1].State != "" }, func() { p.close() })
	require.NoError(t, p.run())
	p.everybodyOnce()
}

// Whoever is found later was not told: the duty is open again until they are.
func TestListThatComesAfterEverybodyWasTold(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("first", 2)...)
	p.stage.Quick()
	p.submits(1)
	p.approves(1)
	p.then("told", func() bool { return p.met(activitiestest.DutyPeople) }, func() {})
	p.loads(crowd("second", 2)...)
	p.then("open again", func() bool { return !p.met(activitiestest.DutyPeople) }, func() {})
	p.submits(2)
	p.approves(2)
	p.then("told too", func() bool { return p.met(activitiestest.DutyPeople) }, func() {
		states := p.led.Duty(activitiestest.DutyPeople)
		require.Equal(t, []breach.ObligationState{
			breach.ObligationAwaitingApproval, breach.ObligationClosed, breach.ObligationDrafting, breach.ObligationAwaitingApproval, breach.ObligationClosed,
		}, states)
	})
	p.closes()
	require.NoError(t, p.run())
	p.everybodyOnce()
}

// An authority that cannot take the report now gets it later, and the record says meanwhile what is away.
func TestAuthorityThatIsAwayForHours(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("some", 1)...)
	p.stage.Quick()
	back := activitiestest.Aware.Add(9 * time.Hour)
	p.stage.Office.Fail = func(what string) error {
		if what == "file" && p.env.Now().Before(back) {
			return breach.Errorf(breach.ErrUnavailable, "the portal cannot take the report now (status 503)")
		}
		return nil
	}
	p.submits(1)
	p.approves(1)
	p.after(3*time.Hour, "the record says why", func() {
		said := p.led.Notes("case.trouble")
		require.Len(t, said, 1, "once, not with every try")
		require.Contains(t, string(said[0].Data), "status 503")
		require.False(t, p.met(activitiestest.DutyAuthority))
	})
	p.then("it is back", func() bool { return p.met(activitiestest.DutyAuthority) }, func() {
		require.True(t, p.env.Now().After(back))
		require.Less(t, p.env.Now().Sub(back), time.Hour)
	})
	p.closes()
	require.NoError(t, p.run())
	require.Len(t, p.stage.Office.Filed(), 1)
}

// An approval that the ledger took before the story noted the plan is carried out all the same.
func TestApprovalThatOvertakesTheSubmission(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("some", 2)...)
	p.stage.Quick()
	var hash string
	p.led.Break(when("SavePlan", func() error {
		return breach.Errorf(breach.ErrInvalid, "the step after it failed")
	}))
	p.asks(protocol.UpdateSubmit, submission(1), func(a *answer) {
		p.led.Break(nil)
		require.Error(t, a.err(), "the plan is in the ledger, and the story has not heard of it")
		require.Equal(t, "loaded", p.wave(1))
		hash = p.led.Plans()[0].Hash
		require.NoError(t, p.led.Decide(1, hash, mei, true, p.env.Now()))
	})
	p.asks(protocol.UpdateApprove, func() any { return protocol.Decide{Command: command(mei), Wave: 1, PlanHash: hash} }, func(a *answer) {
		require.NoError(t, a.err())
	})
	p.closes()
	require.NoError(t, p.run())
	p.everybodyOnce()
}

// when fails a write of the ledger after it was done.
func when(op string, do func() error) activitiestest.Fault {
	return func(o string, wrote bool) error {
		if o == op && wrote {
			return do()
		}
		return nil
	}
}

// A list that broke off goes on with rounds that no lane worked on, and with a stop it can still be closed.
func TestListThatBrokeOffCanBeMendedOrClosed(t *testing.T) {
	t.Parallel()
	for name, mended := range map[string]bool{"mended": true, "stopped": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlay(t, "mooc", crowd("some", 6)...)
			p.stage.Quick()
			p.led.Break(func(op string, wrote bool) error {
				if op == "Record" && wrote {
					return breach.Errorf(breach.ErrTampered, "the policy profile differs from the one that was approved")
				}
				return nil
			})
			p.submits(1)
			p.approves(1)
			p.then("it broke off", p.waveIs(1, "failed"), func() { p.led.Break(nil) })
			p.then("nobody is being told", p.stateIs(breach.IncidentMonitoring), func() {
				require.Contains(t, p.waits(), "mend")
			})
			if mended {
				p.then("submit again", now, func() { p.update(protocol.UpdateSubmit, submission(1)()) })
				p.approves(1)
				p.then("told", func() bool { return p.met(activitiestest.DutyPeople) }, func() {})
				p.closes()
				require.NoError(t, p.run())
				require.Equal(t, int64(6), p.led.Outcomes()[breach.Reached])
				return
			}
			p.gated(protocol.UpdateStop, true, true)
			p.then("a lead decides about the rest", now, func() {
				for _, who := range p.led.People() {
					if who.Outcome == breach.Pending {
						p.set(t, who.Who.Name, breach.Exempt)
					}
				}
			})
			p.then("closed", now, func() { p.closeLeaving() })
			require.NoError(t, p.run())
			require.Equal(t, breach.IncidentClosed, p.led.Head().State)
		})
	}
}

// A plan of reports alone that still waits does not keep the duty to people open.
func TestReportsThatWaitKeepNoDutyToPeopleOpen(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("some", 2)...)
	p.submits(1)
	p.approves(1)
	p.then("being told", p.waveIs(1, "delivering"), func() { p.led.Amend(malicious) })
	p.asks(protocol.UpdateAmend, amendment(2), func(a *answer) { require.NoError(t, a.err()) })
	p.asks(protocol.UpdateSubmit, submission(2), func(a *answer) { require.NoError(t, a.err()) })
	p.then("told", p.stateIs(breach.IncidentMonitoring), func() {
		require.True(t, p.met(activitiestest.DutyPeople))
		require.Equal(t, "awaiting_approval", p.wave(2))
	})
	p.approves(2)
	p.then("filed", func() bool { return len(p.stage.Office.Filed()) == 2 }, func() {})
	p.then("close", func() bool { return len(p.status().Reports) == 2 && p.status().Reports[1].State != "" }, func() { p.close() })
	require.NoError(t, p.run())
}
