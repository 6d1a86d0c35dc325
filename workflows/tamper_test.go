package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// One changed byte of what was approved, and nothing goes out.
func TestTamperedPlanSendsNothing(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"text", "plan", "people", "list", "approval"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			p := newPlay(t, "mooc", crowd("some", 6)...)
			p.submits(1)
			p.then("changed after the approval was verified", now, func() {
				p.led.Break(func(op string, wrote bool) error {
					if op == "SetState" && wrote {
						p.led.Break(nil)
						p.led.Tamper(what)
					}
					return nil
				})
			})
			p.approves(1)
			p.then("mend", p.waveIs(1, "failed"), func() {
				require.Contains(t, p.waits(), "mend")
				require.NotContains(t, p.told(), "activity error", "in words, not in the engine's wrapping")
			})
			p.after(100*time.Hour, "and nothing goes out by itself", func() { require.Equal(t, "failed", p.wave(1)) })
			p.ends()
			require.Empty(t, p.stage.Post.Sent())
			require.Equal(t, int64(6), p.led.Outcomes()[breach.Pending])
		})
	}
}

func TestTamperedApprovalIsNotTaken(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"text", "plan", "list", "approval"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			p := newPlay(t, "mooc", crowd("some", 6)...)
			p.submits(1)
			var hash string
			p.then("changed before the story hears of the approval", now, func() {
				hash = p.planHash(1)
				require.NoError(t, p.led.Decide(1, hash, mei, true, p.env.Now()))
				p.led.Tamper(what)
			})
			p.asks(protocol.UpdateApprove, func() any { return decision(mei, hash)() }, func(a *answer) {
				require.Equal(t, breach.ErrTampered, codeOf(a.failed), "%v", a.err())
				require.Equal(t, "awaiting_approval", p.wave(1))
			})
			p.ends()
			require.Empty(t, p.stage.Post.Sent())
		})
	}
}

// A policy that changed after the approval fails the wave; submitted and approved again, it goes on.
func TestFailedListIsSubmittedAgain(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("some", 3)...)
	p.submits(1)
	var old string
	p.then("the policy changes after the approval", now, func() {
		old = p.planHash(1)
		require.NoError(t, p.approve(1).err())
		p.stage.Profiles.Change(func(q *policy.Profile) { q.Announcement.KeepDays++ })
	})
	p.then("mend", p.waveIs(1, "failed"), func() {
		require.Equal(t, []string{"mend"}, p.waits()[:1])
		require.Equal(t, "1", p.awaited()[0].Ref)
		require.Contains(t, p.told(), "differs from what was approved")
		require.Empty(t, p.stage.Post.Sent())
	})
	p.refuses(protocol.UpdateClose, closing(breach.Actor{ID: "li.na", Role: breach.RoleResponder}), breach.ErrForbidden)
	p.asks(protocol.UpdateSubmit, submission(1), func(a *answer) {
		require.NoError(t, a.err())
		require.NotEqual(t, old, p.planHash(1))
		require.Equal(t, "awaiting_approval", p.wave(1))
	})
	p.refuses(protocol.UpdateApprove, func() any { return decision(mei, old)() }, breach.ErrOldHash)
	p.approves(1)
	p.closes()
	require.NoError(t, p.run())
	p.everybodyOnce()
	require.Equal(t, breach.Tally{breach.Reached: 3}, p.led.Outcomes())
	require.Len(t, p.stage.Office.Filed(), 1)
}

// told is the whole timeline as one text.
func (p *play) told() string {
	var out strings.Builder
	for _, e := range p.timeline() {
		out.WriteString(e.Stage + ": " + e.What + "\n")
	}
	return out.String()
}

// Whoever reaches the engine and claims an approval still moves nothing.
func TestApprovalWithoutARowIsNone(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("some", 3)...)
	p.submits(1)
	p.asks(protocol.UpdateApprove, func() any { return decision(mei, p.planHash(1))() }, func(a *answer) {
		require.Equal(t, breach.ErrNoApproval, codeOf(a.failed), "%v", a.err())
		require.Equal(t, "awaiting_approval", p.wave(1))
	})
	p.approves(1)
	p.closes()
	require.NoError(t, p.run())
	p.everybodyOnce()
}

func TestReportThatIsRefusedIsMended(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "mooc", crowd("some", 1)...)
	p.stage.Quick()
	p.stage.Office.Fail = func(what string) error {
		if what == "file" {
			return breach.Errorf(breach.ErrInvalid, "the portal refused the report (status 422)")
		}
		return nil
	}
	p.submits(1)
	p.approves(1)
	p.then("people are told all the same", p.stateIs(breach.IncidentMonitoring), func() {
		require.Contains(t, p.waits(), "mend")
		require.Equal(t, activitiestest.DutyAuthority, p.awaited()[0].Ref)
		require.False(t, p.met(activitiestest.DutyAuthority))
		require.True(t, p.met(activitiestest.DutyPeople))
	})
	p.asks(protocol.UpdateClose, closing(mei), func(a *answer) {
		require.Equal(t, breach.ErrConflict, codeOf(a.failed), "%v", a.err())
	})
	p.then("close with a reason", now, func() { p.closeLeaving() })
	require.NoError(t, p.run())
}
