package policy

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// embedded reads a calendar of this program.
func embedded(t testing.TB, id string) *DeadlineCalendar {
	t.Helper()
	b, err := packFiles.ReadFile("packs/calendars/" + id + ".yaml")
	require.NoError(t, err)
	var c DeadlineCalendar
	require.NoError(t, decodeStrict(b, &c))
	require.Equal(t, id, c.ID)
	require.NoError(t, c.prepare())
	return &c
}

// usHolidays are the legal public holidays of a year by 5 USC 6103, on the days on which they are observed.
func usHolidays(year int) (out []string) {
	nth := func(m time.Month, w time.Weekday, n int) time.Time {
		first := time.Date(year, m, 1, 0, 0, 0, 0, time.UTC)
		return first.AddDate(0, 0, (int(w)-int(first.Weekday())+7)%7+7*(n-1))
	}
	last := func(m time.Month, w time.Weekday) time.Time {
		end := time.Date(year, m+1, 0, 0, 0, 0, 0, time.UTC)
		return end.AddDate(0, 0, -((int(end.Weekday()) - int(w) + 7) % 7))
	}
	days := []time.Time{
		nth(time.January, time.Monday, 3), nth(time.February, time.Monday, 3), last(time.May, time.Monday),
		nth(time.September, time.Monday, 1), nth(time.October, time.Monday, 2), nth(time.November, time.Thursday, 4),
	}
	fixed := [][2]int{{1, 1}, {6, 19}, {7, 4}, {11, 11}, {12, 25}, {13, 1}} // 13: the next New Year's Day may fall into this year
	for _, f := range fixed {
		d := time.Date(year, time.Month(f[0]), f[1], 0, 0, 0, 0, time.UTC)
		switch d.Weekday() {
		case time.Saturday:
			d = d.AddDate(0, 0, -1)
		case time.Sunday:
			d = d.AddDate(0, 0, 1)
		}
		if d.Year() == year {
			days = append(days, d)
		}
	}
	for _, d := range days {
		out = append(out, d.Format(dayFormat))
	}
	slices.Sort(out)
	return out
}

func TestTheFederalCalendarFollowsTheStatute(t *testing.T) {
	t.Parallel()
	c := embedded(t, "us")
	var want []string
	for _, y := range c.Years {
		want = append(want, usHolidays(y)...)
	}
	require.Equal(t, want, c.Holidays)
	require.Empty(t, c.Workdays)
}

// The notices say how many days off a year has, and on which weekday each day falls: both are checked here.
func TestTheChineseCalendarAddsUp(t *testing.T) {
	t.Parallel()
	c := embedded(t, "cn")
	off := map[string]int{}
	made := map[string]int{}
	for _, d := range c.Holidays {
		off[d[:4]]++
	}
	for _, d := range c.Workdays {
		made[d[:4]]++
		day, err := time.Parse(dayFormat, d)
		require.NoError(t, err)
		require.True(t, c.weekend[day.Weekday()], "%s: work is made up on a weekend", d)
		require.False(t, c.holidays[d], d)
	}
	require.Equal(t, map[string]int{"2025": 1 + 8 + 3 + 5 + 3 + 8, "2026": 3 + 9 + 3 + 5 + 3 + 3 + 7}, off)
	require.Equal(t, map[string]int{"2025": 5, "2026": 6}, made)
	require.Equal(t, []int{2025, 2026}, c.Years)
}

func TestBusinessDaysOfAuthorities(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		calendar, zone, start string
		days                  int
		due                   string
		known                 bool
	}{
		"Chinese New Year with both days of work before and after": {"cn", "Asia/Shanghai", "2026-02-12T10:00:00+08:00", 4, "2026-02-25T23:59:59+08:00", true},
		"National Day 2026, noticed on the eve":                    {"cn", "Asia/Shanghai", "2026-09-30T23:30:00+08:00", 3, "2026-10-10T23:59:59+08:00", true},
		"Mid-Autumn 2025 is within National Day":                   {"cn", "Asia/Shanghai", "2025-09-30T09:00:00+08:00", 1, "2025-10-09T23:59:59+08:00", true},
		"over the end of the years that are known":                 {"cn", "Asia/Shanghai", "2026-12-31T09:00:00+08:00", 1, "2027-01-01T23:59:59+08:00", false},
		"8-K over Thanksgiving":                                    {"us", "America/New_York", "2026-11-24T16:00:00-05:00", 4, "2026-12-01T23:59:59-05:00", true},
		"8-K over Independence Day on a Saturday":                  {"us", "America/New_York", "2026-07-01T16:00:00-04:00", 4, "2026-07-08T23:59:59-04:00", true},
		"8-K over two New Year's Days that are observed early":     {"us", "America/New_York", "2027-12-23T16:00:00-05:00", 4, "2027-12-30T23:59:59-05:00", true},
		"Brazil over Tiradentes":                                   {"br", "America/Sao_Paulo", "2026-04-17T10:00:00-03:00", 3, "2026-04-23T23:59:59-03:00", true},
		"Brazil, Carnival is no national holiday":                  {"br", "America/Sao_Paulo", "2026-02-13T10:00:00-03:00", 3, "2026-02-18T23:59:59-03:00", true},
		"Brazil over Good Friday":                                  {"br", "America/Sao_Paulo", "2026-04-02T10:00:00-03:00", 3, "2026-04-08T23:59:59-03:00", true},
	} {
		start, err := time.Parse(time.RFC3339, c.start)
		require.NoError(t, err)
		due, gap := DeadlineTerm{c.days, unitBusiness, ""}.Due(start, zone(t, c.zone), embedded(t, c.calendar))
		want, err := time.Parse(time.RFC3339, c.due)
		require.NoError(t, err)
		require.Equal(t, want.UTC(), due, name)
		require.Equal(t, c.known, gap == "", name)
	}
}

// A pack that counts business days names a calendar, so that it never counts weekends alone by oversight.
func TestPacksThatCountBusinessDaysNameACalendar(t *testing.T) {
	t.Parallel()
	for _, p := range loadTestRules(t).All() {
		counts := false
		for _, d := range p.Duties {
			for _, ph := range d.Phases {
				k := ph.Clock
				counts = counts || k.Unit == unitBusiness
				for _, v := range k.Variants {
					counts = counts || v.Unit == unitBusiness
				}
			}
		}
		require.True(t, !counts || p.Calendar != "", p.ID)
	}
}

// What business days were counted by is pinned with the verdict: a calendar of somebody's own is another one.
func TestADutyNamesTheCalendarThatItWasCountedBy(t *testing.T) {
	t.Parallel()
	const brazil = "br-lgpd/authority/notice"
	f := testFacts(t, "incident: {aware_at: 2026-11-18T12:00:00Z}")
	of := func(r *Rules) (breach.Obligation, breach.Judgement) {
		j := judge(t, r, f)
		for _, o := range j.Obligations {
			if o.Clock == nil || o.Clock.Counting != countBusinessDays {
				require.Empty(t, o.Rules.Calendar, o.ID)
				continue
			}
			require.NotEmpty(t, r.Packs()[o.Rules.Calendar], o.ID)
		}
		return obligation(t, j, brazil), j
	}
	plain := loadTestRules(t)
	before, was := of(plain)
	require.Contains(t, string(plain.Packs()[before.Rules.Calendar]), "id: br\n")
	require.Equal(t, before.Rules.SHA256, plain.packs[slices.IndexFunc(plain.packs, func(p *compiledPack) bool { return p.ID == "br-lgpd" })].sha)

	const own = "{id: br, name: Brazil with one day more, version: '2', source: [x], years: [2026], holidays: ['2026-11-19', '2026-11-20']}\n"
	changed, err := LoadRules(fsWith("calendars/br.yaml", own))
	require.NoError(t, err)
	after, is := of(changed)
	require.Equal(t, own, string(changed.Packs()[after.Rules.Calendar]))
	require.NotContains(t, changed.Packs(), before.Rules.Calendar, "a calendar that was replaced is not in force")
	require.Equal(t, before.Rules.SHA256, after.Rules.SHA256)
	require.True(t, after.DueAt.After(*before.DueAt))
	says := map[string]string{}
	for _, c := range breach.DiffJudgements(was, is) {
		says[c.Obligation] = c.Why
	}
	require.Equal(t, "The calendar of holidays is another version", says[brazil])
}
