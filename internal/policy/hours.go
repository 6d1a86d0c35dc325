package policy

import (
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Hours are when a channel may disturb people, by the clock of each person. A message that is due at another time
// waits for the next opening: nothing is recorded of it and nothing sleeps for it, so that no crash loses it.
type Hours struct {
	From string   `yaml:"from"`           // 09:00, local time
	To   string   `yaml:"to"`             // 20:00: nothing is begun from then on
	Days []string `yaml:"days,omitempty"` // mon to sun; none means every day
	// Zone holds for people of whom neither the list nor their country or number says by which clock they live, a name
	// of the IANA database.
	Zone string `yaml:"zone"`
}

// weekdays in the order of time.Weekday.
var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

var clockPattern = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

// Timed reports whether some channel has hours, so that what is next depends on a person's clock.
func (p Profile) Timed() bool {
	return slices.ContainsFunc(p.Channels, func(r ChannelRule) bool { return r.Hours != nil })
}

// OpensAt is when a channel may be used for a person: now, or the next opening after it (UTC).
func (p Profile) OpensAt(who breach.Person, c breach.Channel, now time.Time) time.Time {
	for _, r := range p.Channels {
		if r.Channel == c && r.Hours != nil {
			return r.Hours.opens(who, now)
		}
	}
	return now
}

// opens looks for the first instant at which it is open by every clock that a person may read: whoever lives in a country
// with several, nobody knows where, is disturbed only while it is day in all of it. Hours that are too short for that are
// never open in all of it, and by any one clock it could be night for somebody: then day by all of them holds instead, of
// which the widest country has an hour.
func (h Hours) opens(who breach.Person, now time.Time) time.Time {
	clocks := h.clocks(who)
	if !h.roomFor(clocks, now) {
		h.From, h.To = "09:00", "20:00"
	}
	at := now
	for range 64 { // more than the openings of nine days by two clocks
		next := at
		for _, zone := range clocks {
			next = h.opensBy(zone, next)
		}
		if next.Equal(at) {
			return at
		}
		at = next
	}
	return at // hours with room are never reached here
}

// roomFor says that hours are open by all clocks at once every day, in summer and in winter, so that the answer is the same
// whenever it is asked.
func (h Hours) roomFor(clocks []*time.Location, now time.Time) bool {
	for _, month := range []time.Month{time.January, time.July} {
		var offsets []int
		for _, zone := range clocks {
			_, seconds := time.Date(now.Year(), month, 15, 12, 0, 0, 0, time.UTC).In(zone).Zone()
			offsets = append(offsets, seconds)
		}
		if apart := slices.Max(offsets) - slices.Min(offsets); time.Duration(apart)*time.Second >= clockOf(h.To)-clockOf(h.From) {
			return false
		}
	}
	return true
}

// opensBy is the first instant that is open by one clock.
func (h Hours) opensBy(zone *time.Location, now time.Time) time.Time {
	from, to := clockOf(h.From), clockOf(h.To)
	local := now.In(zone)
	for day := range 9 { // every day of the week, and the same one again
		date := time.Date(local.Year(), local.Month(), local.Day()+day, 0, 0, 0, 0, time.UTC)
		if len(h.Days) > 0 && !slices.Contains(h.Days, weekdays[date.Weekday()]) {
			continue
		}
		at := func(clock time.Duration) time.Time { // by the clock on the wall, also on days that have 23 or 25 hours
			return time.Date(date.Year(), date.Month(), date.Day(), int(clock/time.Hour), int(clock%time.Hour/time.Minute), 0, 0, zone)
		}
		switch {
		case !now.Before(at(to)):
		case now.Before(at(from)):
			return at(from).UTC()
		default:
			return now
		}
	}
	return now // hours that were checked are never reached here
}

// clocks are those that a person may read: their own, those of their country, else of the country of their number.
func (h Hours) clocks(who breach.Person) (out []*time.Location) {
	names := []string{who.TimeZone}
	if who.TimeZone == "" {
		country := who.Country
		if country == "" {
			country = countryOfNumber(who.Phone)
		}
		names = breach.ZonesIn(country, who.Region)
	}
	for _, name := range names {
		if zone := clockIn(name); zone != nil {
			out = append(out, zone)
		}
	}
	if len(out) > 0 {
		return out
	}
	if zone := clockIn(h.Zone); zone != nil {
		return []*time.Location{zone}
	}
	return []*time.Location{time.UTC}
}

// countryOfNumber is where a number in the form of E.164 belongs; empty where nobody knows.
func countryOfNumber(number string) string {
	n, err := phonenumbers.Parse(number, "")
	if err != nil {
		return ""
	}
	return phonenumbers.GetRegionCodeForNumber(n)
}

// clocks keeps what was read of time zones: a list has a million people and a few of these.
var clocks sync.Map

// clockIn is the time zone of a name, and nil where there is none.
func clockIn(name string) *time.Location {
	if name == "" {
		return nil
	}
	if zone, known := clocks.Load(name); known {
		return zone.(*time.Location)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	clocks.Store(name, zone)
	return zone
}

// clockOf reads 09:30 as the time since midnight.
func clockOf(s string) time.Duration {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
}

func (c *complaints) hours(where string, r ChannelRule) {
	h := r.Hours
	if h == nil {
		return
	}
	c.unless(r.Channel == breach.Voice || r.Channel == breach.SMS || r.Channel == breach.Push, where, "are for voice, sms and push: nobody is woken by email or letters")
	for _, f := range []struct{ name, value string }{{"from", h.From}, {"to", h.To}} {
		c.unless(clockPattern.MatchString(f.value), where+"."+f.name, "must be a time of day such as 09:00, in quotes")
	}
	c.unless(clockOf(h.To)-clockOf(h.From) >= time.Hour, where+".to", "must be at least an hour after from")
	for i, d := range h.Days {
		c.oneOf(fmt.Sprintf("%s.days[%d]", where, i), d, weekdays...)
		c.unless(!slices.Contains(h.Days[:i], d), fmt.Sprintf("%s.days[%d]", where, i), "is there twice")
	}
	c.unless(h.Zone != "" && breach.KnownZone(h.Zone), where+".zone", "must be a time zone such as Europe/Berlin, for people whose own is not known")
}

// inHours turns what would disturb somebody now into waiting for the next opening.
func (w *walk) inHours(s Step) Step {
	if s.Kind != StepSend {
		return s
	}
	at := w.p.OpensAt(w.s.Person, s.Channel, w.now)
	if !at.After(w.now) {
		return s
	}
	return Step{Kind: StepWait, Addressee: s.Addressee, Channel: s.Channel, Until: at.UTC(), Reason: WhyHours}
}
