package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestHoursOpenByThePersonsClock(t *testing.T) {
	t.Parallel()
	workdays := Hours{From: "09:00", To: "20:00", Days: []string{"mon", "tue", "wed", "thu", "fri"}, Zone: "Europe/Berlin"}
	daily := Hours{From: "02:30", To: "20:00", Zone: "Europe/Berlin"}
	for name, c := range map[string]struct {
		hours     Hours
		who       breach.Person
		now, want string
	}{
		"open":                             {workdays, breach.Person{}, "2026-11-23T08:00:00Z", "2026-11-23T08:00:00Z"},
		"before":                           {workdays, breach.Person{}, "2026-11-23T07:59:59Z", "2026-11-23T08:00:00Z"},
		"closes":                           {workdays, breach.Person{}, "2026-11-23T19:00:00Z", "2026-11-24T08:00:00Z"},
		"Friday night":                     {workdays, breach.Person{}, "2026-11-27T22:30:00Z", "2026-11-30T08:00:00Z"},
		"the list's zone":                  {workdays, breach.Person{TimeZone: "Asia/Tokyo"}, "2026-11-22T23:00:00Z", "2026-11-23T00:00:00Z"},
		"Monday there, Sunday here":        {workdays, breach.Person{TimeZone: "Asia/Tokyo"}, "2026-11-23T01:00:00Z", "2026-11-23T01:00:00Z"},
		"the country's zone":               {workdays, breach.Person{Country: "JP"}, "2026-11-22T23:00:00Z", "2026-11-23T00:00:00Z"},
		"a country of many zones":          {workdays, breach.Person{Country: "US"}, "2026-11-23T14:00:00Z", "2026-11-23T19:00:00Z"}, // nine in Honolulu
		"its evening":                      {workdays, breach.Person{Country: "US"}, "2026-11-27T23:59:00Z", "2026-11-27T23:59:00Z"}, // Friday, a minute to eight in Puerto Rico
		"and its night":                    {workdays, breach.Person{Country: "US"}, "2026-11-28T00:00:00Z", "2026-11-30T19:00:00Z"},
		"an hour in all of Russia":         {workdays, breach.Person{Country: "RU"}, "2026-11-23T00:00:00Z", "2026-11-23T07:00:00Z"},
		"too short for all of it":          {Hours{From: "09:00", To: "12:00", Zone: "UTC"}, breach.Person{Country: "RU"}, "2026-11-23T12:00:00Z", "2026-11-24T07:00:00Z"}, // nine in Kaliningrad, an hour to eight in Kamchatka
		"too short for it, one day a week": {Hours{From: "18:00", To: "21:00", Days: []string{"mon"}, Zone: "UTC"}, breach.Person{Country: "RU"}, "2026-11-23T12:00:00Z", "2026-11-30T07:00:00Z"},
		"too short before winter":          {Hours{From: "09:00", To: "11:30", Zone: "UTC"}, breach.Person{Country: "AU"}, "2026-01-13T12:00:00Z", "2026-01-14T01:00:00Z"}, // nine in Perth; in winter these hours meet
		"the number's country":             {workdays, breach.Person{Phone: "+819012345678"}, "2026-11-22T23:00:00Z", "2026-11-23T00:00:00Z"},
		"a number of North America":        {workdays, breach.Person{Phone: "+12125550123"}, "2026-11-23T14:00:00Z", "2026-11-23T19:00:00Z"},
		"no number that is one":            {workdays, breach.Person{Phone: "+1"}, "2026-11-23T07:00:00Z", "2026-11-23T08:00:00Z"},
		"the clock is put forward":         {daily, breach.Person{}, "2026-03-28T23:30:00Z", "2026-03-29T01:30:00Z"},
		"the clock is put back":            {workdays, breach.Person{}, "2026-10-24T12:00:00Z", "2026-10-26T08:00:00Z"},
		"one day a week, after hours":      {Hours{From: "09:00", To: "10:00", Days: []string{"mon"}, Zone: "UTC"}, breach.Person{}, "2026-11-23T10:00:00Z", "2026-11-30T09:00:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		require.NoError(t, err)
		want, err := time.Parse(time.RFC3339, c.want)
		require.NoError(t, err)
		require.Equal(t, want, c.hours.opens(c.who, now), name)
		require.Equal(t, want, c.hours.opens(c.who, want), name+": open when it says so")
	}
}

const (
	shippedHours = `{from: "09:00", to: "20:00", zone: Asia/Shanghai}`
	weekdayHours = `{from: "09:00", to: "20:00", days: [mon, tue, wed, thu, fri], zone: Europe/Berlin}`
)

// withCalls is the policy that ships, with calls and with other hours.
func withCalls(t *testing.T, change func(string) string) (Profile, error) {
	t.Helper()
	b, err := profileFiles.ReadFile("profiles/mooc.yaml")
	require.NoError(t, err)
	text := strings.Replace(string(b), shippedHours, weekdayHours, 1)
	require.Contains(t, text, weekdayHours)
	return ParseProfile([]byte(change(text)), nil)
}

func TestACallOutsideOfHoursWaitsAndIsNotRecorded(t *testing.T) {
	t.Parallel()
	p, err := withCalls(t, func(s string) string { return s })
	require.NoError(t, err)
	require.True(t, p.Timed())
	who := breach.Subject{ID: 1, Person: breach.Person{Phone: "+4915112345678", Country: "DE", TimeZone: "Europe/Berlin"}, Outcome: breach.Pending}
	night := time.Date(2026, 11, 27, 22, 0, 0, 0, time.UTC) // a Friday
	morning := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	who.Attempts = []breach.Attempt{{Person: 1, Addressee: breach.ToSelf, Channel: breach.SMS, Try: 1, State: breach.FailedPermanent, Provider: "twilio", At: night}}
	for _, strategy := range []Strategy{Escalate, Blast} {
		p.Strategy = strategy
		require.Equal(t, []Step{{Kind: StepWait, Addressee: breach.ToSelf, Channel: breach.Voice, Until: morning, Reason: WhyHours}}, Steps(p, who, night, night), strategy)
		steps := Steps(p, who, night, morning)
		require.Len(t, steps, 1)
		require.Equal(t, StepSend, steps[0].Kind)
		require.Equal(t, "calls", steps[0].Provider)
	}
	other, err := withCalls(t, func(s string) string { return strings.Replace(s, `to: "20:00"`, `to: "21:00"`, 1) })
	require.NoError(t, err)
	p.Strategy = Escalate
	require.NotEqual(t, p.SHA256(), other.SHA256())
}

func TestHoursAreChecked(t *testing.T) {
	t.Parallel()
	for bad, where := range map[string]string{
		`{from: "9", to: "20:00", zone: UTC}`:                       "hours.from",
		`{from: "09:00", to: "25:00", zone: UTC}`:                   "hours.to",
		`{from: "20:00", to: "09:00", zone: UTC}`:                   "hours.to",
		`{from: "09:00", to: "20:00"}`:                              "hours.zone",
		`{from: "09:00", to: "20:00", zone: Mars/Olympus}`:          "hours.zone",
		`{from: "09:00", to: "20:00", zone: UTC, days: [monday]}`:   "hours.days[0]",
		`{from: "09:00", to: "20:00", zone: UTC, days: [mon, mon]}`: "hours.days[1]",
	} {
		_, err := withCalls(t, func(s string) string {
			return strings.Replace(s, weekdayHours, bad, 1)
		})
		var e *breach.Error
		require.ErrorAs(t, err, &e, bad)
		require.True(t, strings.HasSuffix(e.Fields[0].Where, where), "%s: %+v", bad, e.Fields)
	}
}

// Whoever lives somewhere in a country of several clocks is never disturbed while it is night in a part of it, whatever the
// hours are; and never outside of the hours, where these leave room for all of it.
func TestNobodyIsCalledAtNightWhereverTheyLive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := Hours{From: "09:00", To: "20:00", Zone: "Asia/Shanghai"}
		if rapid.Bool().Draw(t, "short") {
			from := rapid.IntRange(9, 19).Draw(t, "from")
			h.From, h.To = fmt.Sprintf("%02d:00", from), fmt.Sprintf("%02d:00", rapid.IntRange(from+1, 20).Draw(t, "to"))
		}
		h.Days = rapid.SampledFrom([][]string{nil, {"mon", "tue", "wed", "thu", "fri"}, {"sat"}}).Draw(t, "days")
		country := rapid.SampledFrom([]string{"US", "CA", "AU", "BR", "MX", "RU", "ID", "PT", "ES", "NZ", "UA", "JP", "CL"}).Draw(t, "country")
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(0, 366*24*60).Draw(t, "minute")) * time.Minute)
		at := h.opens(breach.Person{Country: country}, now)
		require.False(t, at.Before(now))
		require.Less(t, at.Sub(now), 9*24*time.Hour)
		require.Equal(t, at, h.opens(breach.Person{Country: country}, at), "open when it says so")
		whole := h.From == "09:00" && h.To == "20:00"
		for _, name := range breach.ZonesIn(country, "") {
			zone, err := time.LoadLocation(name)
			require.NoError(t, err)
			local := at.In(zone)
			clock := local.Format("15:04")
			require.True(t, clock >= "09:00" && clock < "20:00", "%s in %s", clock, name)
			require.True(t, !whole || clock >= h.From && clock < h.To, "%s in %s", clock, name)
			if h.Days != nil {
				require.Contains(t, h.Days, weekdays[local.Weekday()])
			}
		}
	})
}
