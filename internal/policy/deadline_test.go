package policy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
}

func weekends(t testing.TB) *DeadlineCalendar {
	t.Helper()
	c := &DeadlineCalendar{ID: "weekends", Name: "Weekends only"}
	require.NoError(t, c.prepare())
	return c
}

func TestDeadlines(t *testing.T) {
	t.Parallel()
	holidays := &DeadlineCalendar{ID: "x", Name: "x", Years: []int{2026}, Holidays: []string{"2026-05-25", "2026-10-01", "2026-10-02"}, Workdays: []string{"2026-10-10"}}
	require.NoError(t, holidays.prepare())
	friday := &DeadlineCalendar{ID: "f", Name: "f", Weekend: []string{"friday", "saturday"}}
	require.NoError(t, friday.prepare())
	for name, c := range map[string]struct {
		zone, start, due string
		term             DeadlineTerm
		cal              *DeadlineCalendar
	}{
		"minutes":                          {"Asia/Shanghai", "2026-03-02T09:50:00+08:00", "2026-03-02T10:20:00+08:00", DeadlineTerm{30, unitMinutes, ""}, nil},
		"hours over a weekend":             {"Europe/Brussels", "2026-03-06T17:00:00+01:00", "2026-03-09T17:00:00+01:00", DeadlineTerm{72, unitHours, countClock}, nil},
		"72 h over the hour that is lost":  {"Europe/Brussels", "2026-03-28T12:00:00+01:00", "2026-03-31T13:00:00+02:00", DeadlineTerm{72, unitHours, ""}, nil},
		"72 h over the hour that is won":   {"Europe/Brussels", "2026-10-24T12:00:00+02:00", "2026-10-27T11:00:00+01:00", DeadlineTerm{72, unitHours, ""}, nil},
		"the hour of the event left out":   {"Europe/Brussels", "2026-03-02T09:10:00+01:00", "2026-03-02T14:00:00+01:00", DeadlineTerm{4, unitHours, countExcludeHour}, nil},
		"the same in a half-hour zone":     {"Asia/Kolkata", "2026-03-02T09:10:00+05:30", "2026-03-02T14:00:00+05:30", DeadlineTerm{4, unitHours, countExcludeHour}, nil},
		"days end at local midnight":       {"Asia/Singapore", "2026-03-01T09:00:00+08:00", "2026-03-04T23:59:59+08:00", DeadlineTerm{3, unitDays, countExcludeDay}, nil},
		"the local day counts, not UTC's":  {"Asia/Shanghai", "2026-03-01T20:00:00Z", "2026-04-01T23:59:59+08:00", DeadlineTerm{30, unitDays, ""}, nil},
		"the same day":                     {"America/New_York", "2026-03-01T09:00:00-05:00", "2026-03-01T23:59:59-05:00", DeadlineTerm{0, unitDays, ""}, nil},
		"days into daylight saving":        {"America/New_York", "2026-03-07T09:00:00-05:00", "2026-03-08T23:59:59-04:00", DeadlineTerm{1, unitDays, ""}, nil},
		"the last hour of the day twice":   {"America/Santiago", "2026-04-03T09:00:00-03:00", "2026-04-04T23:59:59-04:00", DeadlineTerm{1, unitDays, ""}, nil},
		"the next day begins at one":       {"America/Santiago", "2026-09-04T09:00:00-04:00", "2026-09-05T23:59:59-04:00", DeadlineTerm{1, unitDays, ""}, nil},
		"midnight twice":                   {"America/Havana", "2026-10-30T09:00:00-04:00", "2026-10-31T23:59:59-04:00", DeadlineTerm{1, unitDays, ""}, nil},
		"60 days over a leap day":          {"America/New_York", "2027-12-31T12:00:00-05:00", "2028-02-29T23:59:59-05:00", DeadlineTerm{60, unitDays, ""}, nil},
		"a month from the 31st":            {"Europe/Brussels", "2027-01-31T10:00:00+01:00", "2027-02-28T23:59:59+01:00", DeadlineTerm{1, unitMonths, ""}, nil},
		"a month from the 31st, leap year": {"Europe/Brussels", "2028-01-31T10:00:00+01:00", "2028-02-29T23:59:59+01:00", DeadlineTerm{1, unitMonths, ""}, nil},
		"twelve months":                    {"Europe/Brussels", "2028-02-29T10:00:00+01:00", "2029-02-28T23:59:59+01:00", DeadlineTerm{12, unitMonths, ""}, nil},
		"business days":                    {"America/Sao_Paulo", "2026-03-05T10:00:00-03:00", "2026-03-10T23:59:59-03:00", DeadlineTerm{3, unitBusiness, countBusinessDays}, nil},
		"noticed on a Saturday":            {"America/Sao_Paulo", "2026-03-07T10:00:00-03:00", "2026-03-11T23:59:59-03:00", DeadlineTerm{3, unitBusiness, ""}, nil},
		"Thursday before a Monday holiday": {"America/New_York", "2026-05-21T10:00:00-04:00", "2026-05-28T23:59:59-04:00", DeadlineTerm{4, unitBusiness, ""}, holidays},
		"holidays and a made-up Saturday":  {"Asia/Shanghai", "2026-09-30T10:00:00+08:00", "2026-10-12T23:59:59+08:00", DeadlineTerm{7, unitBusiness, ""}, holidays},
		"another weekend":                  {"Asia/Riyadh", "2026-03-05T10:00:00+03:00", "2026-03-08T23:59:59+03:00", DeadlineTerm{1, unitBusiness, ""}, friday},
		"no business day at all needed":    {"America/New_York", "2026-03-07T10:00:00-05:00", "2026-03-09T23:59:59-04:00", DeadlineTerm{0, unitBusiness, ""}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, c.term.check())
			start, err := time.Parse(time.RFC3339, c.start)
			require.NoError(t, err)
			want, err := time.Parse(time.RFC3339, c.due)
			require.NoError(t, err)
			cal := c.cal
			if cal == nil {
				cal = weekends(t)
			}
			due, gap := c.term.Due(start, zone(t, c.zone), cal)
			require.Equal(t, want.UTC(), due)
			require.Equal(t, c.term.Unit == unitBusiness && cal != holidays, gap != "", "a calendar without holidays says so")
		})
	}
}

func TestEndOfYear(t *testing.T) {
	t.Parallel()
	ny := zone(t, "America/New_York")
	for _, day := range []string{"2027-01-01T00:00:00-05:00", "2027-07-04T12:00:00-04:00", "2027-12-31T23:59:59-05:00"} {
		start, err := time.Parse(time.RFC3339, day)
		require.NoError(t, err)
		due, _ := DeadlineTerm{60, unitDays, ""}.Due(endOfYear(start, ny), ny, weekends(t))
		require.Equal(t, time.Date(2028, 2, 29, 23, 59, 59, 0, ny).UTC(), due)
	}
}

func TestTermsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, term := range []DeadlineTerm{
		{1, "fortnights", ""}, {1, "", ""}, {-1, unitHours, ""}, {maxTerm + 1, unitDays, ""},
		{1, unitDays, countClock}, {1, unitHours, countBusinessDays}, {1, unitMinutes, countExcludeHour},
	} {
		require.NotEmpty(t, term.check(), "%+v", term)
	}
}

// A later event never has an earlier deadline, a longer term neither, and no deadline lies before its event.
func TestDeadlinesAreMonotone(t *testing.T) {
	t.Parallel()
	zones := []string{"UTC", "Asia/Shanghai", "Europe/Brussels", "America/New_York", "America/Santiago", "America/Havana", "Africa/Cairo", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe", "Asia/Tehran"}
	cal := &DeadlineCalendar{ID: "x", Name: "x", Years: []int{2026}, Holidays: []string{"2026-05-25", "2026-10-01"}, Workdays: []string{"2026-10-10"}}
	require.NoError(t, cal.prepare())
	rapid.Check(t, func(t *rapid.T) {
		z, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		require.NoError(t, err)
		term := DeadlineTerm{Value: rapid.IntRange(0, 90).Draw(t, "value"), Unit: rapid.SampledFrom([]string{unitMinutes, unitHours, unitDays, unitBusiness, unitMonths}).Draw(t, "unit")}
		term.Counting = rapid.SampledFrom(countings[term.Unit]).Draw(t, "counting")
		a := time.Unix(rapid.Int64Range(1_735_689_600, 1_861_920_000).Draw(t, "start"), 0)
		b := a.Add(time.Duration(rapid.Int64Range(0, 400*24*3600).Draw(t, "later")) * time.Second)
		dueA, _ := term.Due(a, z, cal)
		dueB, _ := term.Due(b, z, cal)
		require.False(t, dueB.Before(dueA), "%v: %v then %v", term, dueA, dueB)
		require.False(t, dueA.Before(a))
		term.Value++
		longer, _ := term.Due(a, z, cal)
		require.True(t, longer.After(dueA) || term.Unit == unitBusiness && longer.Equal(dueA))
	})
}
