package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// clock is one running deadline. met clocks stay, so that the status shows them.
type clock struct {
	activities.DutyClock
	met, overdue bool
	seen         time.Time // alarms up to this instant have rung
}

// held says that a hold stops it.
func (c *clock) held(now time.Time) bool { return c.HeldUntil.After(now) }

// assess judges a fact revision (0 is the latest), takes over its clocks, and says what changed.
func (s *story) assess(ctx workflow.Context, revision int) (breach.Amended, error) {
	out, err := judge(ctx, activities.JudgeIn{Incident: s.in.Incident, Revision: revision})
	if err != nil {
		return breach.Amended{}, err
	}
	// An approval that the ledger has and that is on its way here stands: its plan is not void.
	voided := false
	for _, w := range s.waves {
		if w.state == waveAwaiting && slices.Contains(out.Void, w.no) {
			w.state, w.since, voided = waveLoaded, workflow.Now(ctx), true
		}
	}
	s.unsaid = out.Revision
	s.revision, s.duties, s.judged, s.unjudged = out.Revision, out.Reports, workflow.Now(ctx), time.Time{}
	s.takeClocks(ctx, out.Clocks)
	s.note(ctx, "assess", "fact revision "+itoa(out.Revision)+" judged: level "+out.Level+", "+itoa(len(out.Clocks))+" clocks run, "+itoa(len(out.Changes))+" duties changed")
	return breach.Amended{Changes: out.Changes, Voided: voided}, nil
}

// judgedWith is what changed by the judgement that took a revision along with others, for whoever brought it and was
// not told yet.
func (s *story) judgedWith(revision int) breach.Amended {
	if revision <= s.unsaid {
		return breach.Amended{}
	}
	if revision == s.revision {
		s.unsaid = s.revision
	}
	return s.amended
}

func (s *story) takeClocks(ctx workflow.Context, fresh []activities.DutyClock) {
	old := s.clocks
	s.clocks = nil
	for _, f := range fresh {
		c := &clock{DutyClock: f, seen: workflow.Now(ctx)}
		for _, o := range old {
			if o.Obligation != f.Obligation {
				continue
			}
			c.met = o.met && f.Duty == dutyToPeople // of the others the facts and the reports know
			if o.DueAt.Equal(f.DueAt) && o.StartedAt.Equal(f.StartedAt) {
				c.overdue, c.seen = o.overdue, o.seen // the same deadline: what rang has rung, the rest still rings
			}
			if !o.HeldUntil.IsZero() { // what would have rung meanwhile does not
				c.seen = workflow.Now(ctx)
			}
		}
		c.met = c.met || f.Met
		for _, r := range s.reports {
			c.met = c.met || (r.obligation == f.Obligation && r.state != "")
		}
		c.met = (c.met || (f.Duty == dutyToPeople && s.told)) && !slices.Contains(s.unexplained, f.Obligation)
		s.clocks = append(s.clocks, c)
	}
	s.clocksChanged = true
}

// watchClocks rings reminders before each deadline and says once when it has passed.
func (s *story) watchClocks(ctx workflow.Context) {
	for !s.closed {
		now := workflow.Now(ctx)
		c, at, kind := s.nextAlarm(now)
		s.clocksChanged = false
		wake := func() bool { return s.clocksChanged || s.closed }
		over := !s.holdEnds.IsZero() && (c == nil || s.holdEnds.Before(at))
		if over {
			at = s.holdEnds
		} else if c == nil {
			if workflow.Await(ctx, wake) != nil {
				return
			}
			continue
		}
		if at.After(now) {
			changed, err := workflow.AwaitWithTimeout(ctx, at.Sub(now), wake)
			if err != nil {
				return
			}
			if changed {
				continue
			}
		}
		if over {
			s.holdEnds = time.Time{}
			s.holdOver(ctx)
			continue
		}
		c.seen = at
		c.overdue = c.overdue || kind == overdue
		s.note(ctx, "clock", c.Obligation+": "+kind)
		out, err := remind(ctx, activities.RemindIn{Incident: s.in.Incident, Obligation: c.Obligation, Duty: c.Duty, Kind: kind, DueAt: c.DueAt})
		if err != nil {
			s.note(ctx, "clock", "a reminder could not be recorded: "+why(err))
		}
		if out.Told { // nothing is left to do but to wait for proof
			c.overdue, c.met = false, true
		}
	}
}

const overdue = "overdue"

// nextAlarm finds the earliest alarm of all open clocks. A deadline that is past already rings at once.
func (s *story) nextAlarm(now time.Time) (next *clock, at time.Time, kind string) {
	for _, c := range s.clocks {
		if c.met || c.overdue || c.held(now) {
			continue
		}
		t, k, ok := policy.NextReminder(c.StartedAt, c.DueAt, c.seen)
		if !ok || !c.DueAt.After(now) {
			t, k = c.DueAt, overdue
		}
		if next == nil || t.Before(at) {
			next, at, kind = c, t, k
		}
	}
	return next, at, kind
}

// dutyToPeople is the duty that telling everybody fulfils.
const dutyToPeople = "notify_individuals"

// met stops the clocks of a duty (notify_individuals) or of one obligation by its id.
func (s *story) met(dutyOrID string) {
	for _, c := range s.clocks {
		if c.Duty == dutyOrID || c.Obligation == dutyOrID {
			c.met = !slices.Contains(s.unexplained, c.Obligation)
		}
	}
	s.clocksChanged = true
}
