package policy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Every counting rule where clocks go forward, where they go back, and around a leap day.
func TestDeadlinesWhereClocksChange(t *testing.T) {
	t.Parallel()
	const brussels, ny = "Europe/Brussels", "America/New_York"
	for name, c := range map[string]struct {
		zone, start, due string
		term             DeadlineTerm
	}{
		"minutes, forward":           {brussels, "2026-03-29T01:50:00+01:00", "2026-03-29T03:20:00+02:00", DeadlineTerm{30, unitMinutes, ""}},
		"minutes, back":              {brussels, "2026-10-25T02:45:00+02:00", "2026-10-25T02:15:00+01:00", DeadlineTerm{30, unitMinutes, ""}},
		"hours, half an hour back":   {"Australia/Lord_Howe", "2026-04-04T12:00:00+11:00", "2026-04-07T11:30:00+10:30", DeadlineTerm{72, unitHours, ""}},
		"event hour, forward":        {brussels, "2026-03-29T01:10:00+01:00", "2026-03-29T07:00:00+02:00", DeadlineTerm{4, unitHours, countExcludeHour}},
		"event hour, back":           {brussels, "2026-10-25T02:30:00+02:00", "2026-10-25T06:00:00+01:00", DeadlineTerm{4, unitHours, countExcludeHour}},
		"days, back":                 {brussels, "2026-10-24T09:00:00+02:00", "2026-10-25T23:59:59+01:00", DeadlineTerm{1, unitDays, ""}},
		"business days, forward":     {ny, "2026-03-06T10:00:00-05:00", "2026-03-09T23:59:59-04:00", DeadlineTerm{1, unitBusiness, ""}},
		"business days, back":        {ny, "2026-10-30T10:00:00-04:00", "2026-11-02T23:59:59-05:00", DeadlineTerm{1, unitBusiness, ""}},
		"months, forward":            {ny, "2026-02-08T10:00:00-05:00", "2026-03-08T23:59:59-04:00", DeadlineTerm{1, unitMonths, ""}},
		"months, back":               {ny, "2026-10-01T10:00:00-04:00", "2026-11-01T23:59:59-05:00", DeadlineTerm{1, unitMonths, ""}},
		"days onto a leap day":       {ny, "2028-02-28T10:00:00-05:00", "2028-02-29T23:59:59-05:00", DeadlineTerm{1, unitDays, ""}},
		"days in another year":       {ny, "2027-02-28T10:00:00-05:00", "2027-03-01T23:59:59-05:00", DeadlineTerm{1, unitDays, ""}},
		"business days, leap day":    {ny, "2028-02-28T10:00:00-05:00", "2028-02-29T23:59:59-05:00", DeadlineTerm{1, unitBusiness, ""}},
		"two months onto a leap day": {brussels, "2027-12-31T10:00:00+01:00", "2028-02-29T23:59:59+01:00", DeadlineTerm{2, unitMonths, ""}},
		"minutes onto a leap day":    {brussels, "2028-02-28T23:50:00+01:00", "2028-02-29T00:20:00+01:00", DeadlineTerm{30, unitMinutes, ""}},
		"hours over a leap day":      {brussels, "2028-02-28T10:00:00+01:00", "2028-03-02T10:00:00+01:00", DeadlineTerm{72, unitHours, ""}},
		"event hour, onto leap day":  {brussels, "2028-02-28T22:10:00+01:00", "2028-02-29T03:00:00+01:00", DeadlineTerm{4, unitHours, countExcludeHour}},
		"event hour over a weekend":  {brussels, "2026-03-06T17:10:00+01:00", "2026-03-09T18:00:00+01:00", DeadlineTerm{72, unitHours, countExcludeHour}},
		"minutes on a Sunday":        {brussels, "2026-03-08T10:00:00+01:00", "2026-03-08T10:30:00+01:00", DeadlineTerm{30, unitMinutes, ""}},
		"days that end on a Sunday":  {brussels, "2026-03-06T10:00:00+01:00", "2026-03-08T23:59:59+01:00", DeadlineTerm{2, unitDays, ""}},
		"a month ends on a Sunday":   {brussels, "2026-02-08T10:00:00+01:00", "2026-03-08T23:59:59+01:00", DeadlineTerm{1, unitMonths, ""}},
		"a day that UTC has not yet": {"Pacific/Auckland", "2026-03-01T11:30:00Z", "2026-03-03T23:59:59+13:00", DeadlineTerm{1, unitDays, ""}},
		"a day that UTC has already": {"America/Los_Angeles", "2026-03-02T05:00:00Z", "2026-03-02T23:59:59-08:00", DeadlineTerm{1, unitDays, ""}},
	} {
		start, err := time.Parse(time.RFC3339, c.start)
		require.NoError(t, err)
		want, err := time.Parse(time.RFC3339, c.due)
		require.NoError(t, err)
		due, _ := c.term.Due(start, zone(t, c.zone), weekends(t))
		require.Equal(t, want.UTC(), due, name)
	}
}
