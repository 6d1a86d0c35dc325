package breach

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEveryPlaceWithOneClockHasAZoneThatExists(t *testing.T) {
	t.Parallel()
	require.Greater(t, len(zones()), 300)
	for place, zone := range zones() {
		if country, many := strings.CutSuffix(place, ".."); many {
			between := strings.Fields(zone)
			require.Len(t, between, 2, place)
			require.True(t, KnownZone(between[0]) && KnownZone(between[1]), place)
			require.Empty(t, zones()[country], "%s has one clock, and several", country)
			require.Equal(t, between, ZonesIn(country, ""), place)
			continue
		}
		require.True(t, KnownZone(zone), place)
		country, _, _ := strings.Cut(place, "-")
		require.True(t, KnownJurisdiction(strings.ReplaceAll(place, "*", "X")), place)
		if country != place {
			require.Empty(t, zones()[country], "%s has one clock, and a region with another", country)
		}
	}
}

// Between the first and the last clock of a country lie those of all its regions, in summer and in winter.
func TestEveryRegionLiesBetweenTheClocksOfItsCountry(t *testing.T) {
	t.Parallel()
	offset := func(zone string, at time.Time) int {
		l, err := time.LoadLocation(zone)
		require.NoError(t, err)
		_, seconds := at.In(l).Zone()
		return seconds
	}
	for place, zone := range zones() {
		country, _, region := strings.Cut(place, "-")
		between := strings.Fields(zones()[country+".."])
		if !region || len(between) == 0 || slices.Contains([]string{"US-AS", "US-GU", "US-MP"}, place) { // half a day away, with codes of their own
			continue
		}
		for month := range 12 {
			at := time.Date(2026, time.Month(month+1), 15, 12, 0, 0, 0, time.UTC)
			require.LessOrEqual(t, offset(zone, at), offset(between[0], at), place)
			require.GreaterOrEqual(t, offset(zone, at), offset(between[1], at), place)
		}
	}
	require.Equal(t, []string{"America/Los_Angeles"}, ZonesIn("US", "CA"))
	require.Equal(t, []string{"America/Puerto_Rico", "Pacific/Honolulu"}, ZonesIn("us", "TX"))
	require.Empty(t, ZonesIn("", ""))
	require.Empty(t, ZonesIn("XX", ""))
}

func TestThePersonsZoneIsTheListsElseThePlaces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p          Person
		name, from string
	}{
		{Person{TimeZone: "Asia/Urumqi", Country: "CN"}, "Asia/Urumqi", ZoneOfList},
		{Person{Country: "CN"}, "Asia/Shanghai", ZoneOfPlace},
		{Person{Country: "CN", Region: "新疆"}, "Asia/Shanghai", ZoneOfPlace},
		{Person{Country: "DE", Region: "BY"}, "Europe/Berlin", ZoneOfPlace},
		{Person{Country: "US", Region: "CA"}, "America/Los_Angeles", ZoneOfPlace},
		{Person{Country: "US", Region: "us-ny"}, "America/New_York", ZoneOfPlace},
		{Person{Country: "US", Region: "TX"}, "", ""}, // El Paso
		{Person{Country: "US", Region: "CA-ON"}, "", ""},
		{Person{Country: "US"}, "", ""},
		{Person{Country: "BR", Region: "SP"}, "America/Sao_Paulo", ZoneOfPlace},
		{Person{Country: "AU", Region: "NSW"}, "", ""}, // Broken Hill
		{Person{Country: "ES", Region: "GC"}, "Atlantic/Canary", ZoneOfPlace},
		{Person{Country: "ES", Region: "MD"}, "Europe/Madrid", ZoneOfPlace},
		{Person{Country: "ES"}, "", ""},
		{Person{Region: "CA"}, "", ""},
		{Person{}, "", ""},
	} {
		name, from := c.p.Zone()
		require.Equal(t, []string{c.name, c.from}, []string{name, from}, "%+v", c.p)
	}
}

func TestOnlyNamesOfTheDatabaseAreZones(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Asia/Shanghai", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Europe/Kyiv"} {
		require.True(t, KnownZone(name), name)
	}
	for _, name := range []string{"", "Local", "China Standard Time", "UTC+8", "+08:00", "../etc/passwd", "/etc/localtime", "right/UTC", "posix/UTC",
		"Asia/Shanghai\x00", "Asia\\Shanghai", "Asia", strings.Repeat("A", 1<<16), "tzdata.zi", "Mars/Olympus"} {
		require.False(t, KnownZone(name), name)
	}
}

// A place is listed only while all of it has one clock; this is a check on slips of the pen.
func TestZonesOfPlacesHaveTheClockOfTheirPlace(t *testing.T) {
	t.Parallel()
	summer := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for place, want := range map[string]int{"CN": 8, "IN": 5, "JP": 9, "DE": 2, "GB": 1, "US-CA": -7, "US-HI": -10, "US-IL": -5, "BR-AC": -5, "MX-SON": -7, "RU-MOW": 3, "ID-JK": 7} {
		zone, err := time.LoadLocation(zones()[place])
		require.NoError(t, err)
		_, seconds := summer.In(zone).Zone()
		require.Equal(t, want, seconds/3600, place)
	}
}
