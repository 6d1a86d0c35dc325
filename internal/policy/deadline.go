package policy

import (
	"fmt"
	"time"
)

// The units and counting rules of deadlines.
const (
	unitMinutes  = "minutes"
	unitHours    = "hours"
	unitDays     = "calendar_days"
	unitBusiness = "business_days"
	unitMonths   = "months"

	countClock        = "clock_hours"        // elapsed time: nights, weekends and holidays count
	countExcludeHour  = "exclude_event_hour" // the hour of the event does not count
	countExcludeDay   = "exclude_event_day"  // the day of the event is day 0; the last day ends at local midnight
	countBusinessDays = "business_local"     // as exclude_event_day, weekends and official holidays left out
)

// countings lists the counting rules that a unit allows; the first is its default.
var countings = map[string][]string{
	unitMinutes: {countClock}, unitHours: {countClock, countExcludeHour}, unitDays: {countExcludeDay},
	unitBusiness: {countBusinessDays}, unitMonths: {countExcludeDay},
}

// maxTerm is far longer than any law's term; it keeps sums inside what a time can hold.
const maxTerm = 100_000

// DeadlineTerm is a length of time and how it is counted.
type DeadlineTerm struct {
	Value    int
	Unit     string
	Counting string // empty means the unit's default
}

// counting is the rule in force, with the default filled in.
func (t DeadlineTerm) counting() string {
	if t.Counting == "" && len(countings[t.Unit]) > 0 {
		return countings[t.Unit][0]
	}
	return t.Counting
}

// check reports what is wrong with a term, or "".
func (t DeadlineTerm) check() string {
	allowed, ok := countings[t.Unit]
	switch {
	case !ok:
		return "has an unknown unit"
	case t.Value < 0 || t.Value > maxTerm:
		return fmt.Sprintf("must be between 0 and %d", maxTerm)
	case t.Counting == "":
		return ""
	}
	for _, a := range allowed {
		if a == t.Counting {
			return ""
		}
	}
	return "has a counting rule that does not fit its unit"
}

// Due is the last instant (UTC) at which a duty is met in time, counted from start. Days begin and end at
// midnight in zone; terms in days end at 23:59:59 of their last day. A later start never gives an earlier
// deadline. gap says, in plain words, what the calendar does not know, or "".
func (t DeadlineTerm) Due(start time.Time, zone *time.Location, cal *DeadlineCalendar) (due time.Time, gap string) {
	switch t.Unit {
	case unitMinutes:
		return start.Add(time.Duration(t.Value) * time.Minute).UTC(), ""
	case unitHours:
		if t.counting() == countExcludeHour {
			local := start.In(zone)
			into := time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
			start = start.Add(time.Hour - into)
		}
		return start.Add(time.Duration(t.Value) * time.Hour).UTC(), ""
	case unitMonths:
		return endOfDay(addMonths(start.In(zone), t.Value), zone), ""
	case unitBusiness:
		last, gap := cal.add(start.In(zone), t.Value)
		return endOfDay(last, zone), gap
	default: // calendar days
		y, m, d := start.In(zone).Date()
		return endOfDay(time.Date(y, m, d+t.Value, 12, 0, 0, 0, zone), zone), ""
	}
}

// endOfDay is 23:59:59 of a local day, in UTC. It is counted back from the next day's midnight, so that it
// is right where a day's last hour exists twice or not at all.
func endOfDay(day time.Time, zone *time.Location) time.Time {
	y, m, d := day.Date()
	return firstInstant(y, m, d+1, zone).Add(-time.Second).UTC()
}

// firstInstant is when a local day begins. Where clocks skip midnight, that is the instant of the skip
// (time.Date may land an hour before it, on the day before); where midnight comes twice, it is the first.
func firstInstant(y int, m time.Month, d int, zone *time.Location) time.Time {
	at := time.Date(y, m, d, 0, 0, 0, 0, zone)
	want := time.Date(y, m, d, 12, 0, 0, 0, zone).Day()
	if before := at.Add(-time.Hour); before.Day() == want {
		return before
	}
	if at.Day() == want {
		return at
	}
	_, next := at.ZoneBounds()
	return next
}

// addMonths is the same day some months later, or that month's last day where it has no such day.
func addMonths(day time.Time, months int) time.Time {
	y, m, d := day.Date()
	first := time.Date(y, m+time.Month(months), 1, 12, 0, 0, 0, day.Location())
	last := time.Date(first.Year(), first.Month()+1, 0, 12, 0, 0, 0, day.Location()).Day()
	return time.Date(first.Year(), first.Month(), min(d, last), 12, 0, 0, 0, day.Location())
}

// endOfYear moves a start to the last instant of its local year: terms that run from the end of the
// calendar year count from 31 December as day 0.
func endOfYear(start time.Time, zone *time.Location) time.Time {
	return endOfDay(time.Date(start.In(zone).Year(), 12, 31, 12, 0, 0, 0, zone), zone)
}
