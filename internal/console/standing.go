package console

import (
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Limits of the colours of time.
const (
	soonWithin = 24 * time.Hour
	nowWithin  = 4 * time.Hour
)

// badge is a sign, a word and a tint.
type badge struct{ Class, Icon, Text, Anchor string }

// clock is a deadline as people read it. ISO lets a script count on.
type clock struct {
	Left, Suffix string // "17 h 12 min", "left" or "late"
	Class        string // t-soon, t-now, t-done, t-ask or empty
	Badge        badge
	Due          moment
	Runs         bool
}

// clock counts down to due, or up from it.
func (l speech) clock(due time.Time) clock {
	left := due.Sub(l.now)
	c := clock{Left: l.Span(left), Suffix: l.T("left"), Due: l.At(due), Runs: true}
	switch {
	case left < 0:
		c.Suffix, c.Class = l.T("late"), "t-now"
		c.Badge = badge{"is-now", "warn", l.T("Overdue"), "duty-overdue"}
	case left < nowWithin:
		c.Class, c.Badge = "t-now", badge{"is-now", "clock", l.T("Under 4 hours"), ""}
	case left < soonWithin:
		c.Class, c.Badge = "t-soon", badge{"is-soon", "clock", l.T("Under 24 hours"), ""}
	default:
		c.Badge = badge{"", "clock", l.T("Running"), ""}
	}
	return c
}

// standing is where one duty stands.
type standing int

const (
	notAsked standing = iota // the law does not ask for it
	running
	unknown // nobody can tell yet whether it applies
	done
	timeless // applies, and there is no number for a deadline
)

// stand judges a duty by its verdict, its filing and the incident's state.
func stand(o breach.Overview, d breach.Duty) (standing, *breach.Filing) {
	for i := range o.Filings {
		if o.Filings[i].Obligation == d.ID {
			return done, &o.Filings[i]
		}
	}
	ended := o.Incident.State == breach.IncidentMonitoring || o.Incident.State == breach.IncidentClosed
	switch {
	case d.Verdict == breach.DoesNotApply:
		return notAsked, nil
	case d.Verdict == breach.CannotTell:
		return unknown, nil
	case d.State == breach.ObligationFiled, d.State == breach.ObligationAcknowledged, d.State == breach.ObligationClosed:
		return done, nil
	case d.Duty == "notify_individuals" && ended && o.Total > 0 && d.State != breach.ObligationDrafting:
		return done, nil
	case d.DueAt == nil:
		return timeless, nil
	}
	return running, nil
}

// firstClock finds the deadline that runs out first; earliest is true when it comes from a duty of which
// nobody can tell yet whether it applies.
func firstClock(o breach.Overview) (duty *breach.Duty, earliest bool) {
	if o.Incident.State == breach.IncidentClosed {
		return nil, false
	}
	var maybe *breach.Duty
	for i := range o.Duties {
		d := &o.Duties[i]
		if d.DueAt == nil {
			continue
		}
		switch s, _ := stand(o, *d); {
		case s == running && (duty == nil || d.DueAt.Before(*duty.DueAt)):
			duty = d
		case s == unknown && (maybe == nil || d.DueAt.Before(*maybe.DueAt)):
			maybe = d
		}
	}
	if duty == nil {
		return maybe, maybe != nil
	}
	return duty, false
}
