package policy

import (
	"slices"
	"time"
)

// Clock functions. Workflows may call these: they look at their arguments alone, never at the machine's
// clock, time zones or a map.

// Kinds of instants on the way to a deadline. When two fall together, the one with fewer hours left names it.
const (
	ReminderHalf       = "half"        // half of the time is gone
	ReminderFourFifths = "four_fifths" // 80 % of the time is gone
	Reminder48h        = "48h_left"
	Reminder24h        = "24h_left"
	Reminder12h        = "12h_left"
	Reminder2h         = "2h_left"
	ReminderOverdue    = "overdue" // the deadline itself
)

type reminder struct {
	at   time.Time
	kind string
}

// Reminders lists the instants between start and due (both excluded) at which those who work on a duty
// are reminded, ascending, without doubles, in UTC: at 50 % and 80 % of the time, and 48, 24, 12 and 2
// hours before the end where these lie between. Empty when due is not after start.
func Reminders(start, due time.Time) []time.Time {
	var out []time.Time
	for _, r := range reminders(start, due) {
		out = append(out, r.at)
	}
	return out
}

// NextReminder is the first instant after now on the way from start to due, with its kind; the last one is
// the deadline itself with kind "overdue". ok is false once due is reached.
func NextReminder(start, due, now time.Time) (at time.Time, kind string, ok bool) {
	if IsOverdue(due, now) {
		return time.Time{}, "", false
	}
	for _, r := range reminders(start, due) {
		if r.at.After(now) {
			return r.at, r.kind, true
		}
	}
	return OverdueAt(due), ReminderOverdue, true
}

// OverdueAt is the instant from which a duty that is still open is overdue (UTC). What is done at that very
// instant is in time.
func OverdueAt(due time.Time) time.Time { return due.UTC() }

// IsOverdue reports whether an open duty is overdue at now.
func IsOverdue(due, now time.Time) bool { return !now.Before(due) }

// DoneInTime reports whether a duty that was met at an instant was met in time.
func DoneInTime(due, met time.Time) bool { return !met.After(due) }

func reminders(start, due time.Time) []reminder {
	start, due = start.UTC(), due.UTC()
	total := due.Sub(start)
	if total <= 0 {
		return nil
	}
	all := []reminder{
		{due.Add(-2 * time.Hour), Reminder2h},
		{due.Add(-12 * time.Hour), Reminder12h},
		{due.Add(-24 * time.Hour), Reminder24h},
		{due.Add(-48 * time.Hour), Reminder48h},
		{start.Add(total - total/5), ReminderFourFifths},
		{start.Add(total / 2), ReminderHalf},
	}
	all = slices.DeleteFunc(all, func(r reminder) bool { return !r.at.After(start) || !r.at.Before(due) })
	slices.SortStableFunc(all, func(a, b reminder) int { return a.at.Compare(b.at) })
	return slices.CompactFunc(all, func(a, b reminder) bool { return a.at.Equal(b.at) })
}
