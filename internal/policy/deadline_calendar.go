package policy

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const dayFormat = "2006-01-02"

// DeadlineCalendar says which days are business days of an authority. It is versioned data with a source:
// a year that it does not list counts weekends only, and says so.
type DeadlineCalendar struct {
	ID       string   `yaml:"id"`
	Name     string   `yaml:"name"`
	Version  string   `yaml:"version"`
	Source   []string `yaml:"source"`
	Weekend  []string `yaml:"weekend,omitempty"` // saturday, sunday by default
	Years    []int    `yaml:"years,omitempty"`   // whose holidays are complete below
	Holidays []string `yaml:"holidays,omitempty"`
	Workdays []string `yaml:"workdays,omitempty"` // weekend days on which work is made up

	raw      []byte
	sha      string
	weekend  map[time.Weekday]bool
	holidays map[string]bool
	workdays map[string]bool
}

// prepare checks the calendar and indexes its days.
func (c *DeadlineCalendar) prepare() error {
	c.weekend, c.holidays, c.workdays = map[time.Weekday]bool{}, map[string]bool{}, map[string]bool{}
	names := map[string]time.Weekday{"sunday": 0, "monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5, "saturday": 6}
	if c.Weekend == nil {
		c.Weekend = []string{"saturday", "sunday"}
	}
	for _, w := range c.Weekend {
		d, ok := names[w]
		if !ok {
			return fmt.Errorf("weekend: %q is not a day of the week", w)
		}
		c.weekend[d] = true
	}
	if len(c.weekend) > 3 {
		return fmt.Errorf("weekend: leaves too few days to work on")
	}
	for days, index := range map[*[]string]map[string]bool{&c.Holidays: c.holidays, &c.Workdays: c.workdays} {
		for _, d := range *days {
			at, err := time.Parse(dayFormat, d)
			if err != nil || !slices.Contains(c.Years, at.Year()) {
				return fmt.Errorf("%q is not a day of a year that is listed in years", d)
			}
			index[d] = true
		}
	}
	return nil
}

// business reports whether a local day is one on which authorities work.
func (c *DeadlineCalendar) business(day time.Time) bool {
	key := day.Format(dayFormat)
	return c.workdays[key] || !c.weekend[day.Weekday()] && !c.holidays[key]
}

// forHolds is what a term after a hold needs of it: such a term is counted when the hold ends, long after the duty
// was judged, and by the same days.
func (c *DeadlineCalendar) forHolds() *breach.HoldCalendar {
	return &breach.HoldCalendar{
		ID: c.ID, SHA256: c.sha, Weekend: slices.Sorted(maps.Keys(c.weekend)), Holidays: c.Holidays, Workdays: c.Workdays,
	}
}

// add counts n business days after the day of start; day 0 is the day of the event, whatever day that is.
// With n = 0 it is that day, or the next business day.
func (c *DeadlineCalendar) add(start time.Time, n int) (last time.Time, gap string) {
	y, m, d := start.Date()
	day := time.Date(y, m, d, 12, 0, 0, 0, start.Location())
	unknown := !slices.Contains(c.Years, day.Year())
	for left := n; left > 0 || n == 0 && !c.business(day); {
		day = time.Date(day.Year(), day.Month(), day.Day()+1, 12, 0, 0, 0, start.Location())
		unknown = unknown || !slices.Contains(c.Years, day.Year())
		if c.business(day) {
			left--
		}
	}
	if unknown {
		gap = fmt.Sprintf("calendar without holidays: %s knows only the weekends here, so the real deadline may be later", c.Name)
	}
	return day, gap
}
