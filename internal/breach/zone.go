package breach

import (
	_ "embed"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // a small image has no database of zones of its own
)

//go:embed zones.txt
var zonesFile string

// zones are the places where everybody has one clock, and those with several (XX..).
var zones = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(zonesFile) {
		if place, zone, ok := strings.Cut(strings.TrimSpace(line), " "); ok && !strings.HasPrefix(place, "#") {
			m[place] = zone
		}
	}
	return m
})

// Where a person's time zone is known from.
const (
	ZoneOfList  = "list"  // the list names it
	ZoneOfPlace = "place" // the country or region has one clock
)

// Zone is the time zone whose clock a person reads, a name of the IANA database, and where it is known from: the list,
// or the country and region where these have one clock. Both are empty where neither says.
func (p Person) Zone() (name, from string) {
	if p.TimeZone != "" {
		return p.TimeZone, ZoneOfList
	}
	if name = ZoneIn(p.Country, p.Region); name != "" {
		return name, ZoneOfPlace
	}
	return "", ""
}

// ZoneIn is the time zone of a country (ISO 3166-1 alpha-2), or of its region (ISO 3166-2, with or without the
// country), where everybody has one clock, and empty elsewhere.
func ZoneIn(country, region string) string {
	country = strings.ToUpper(strings.TrimSpace(country))
	if zone := zones()[country]; zone != "" || country == "" {
		return zone
	}
	m := regionPattern.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(region)))
	if m == nil || m[1] != "" && m[1] != country+"-" {
		return ""
	}
	if zone := zones()[country+"-"+m[2]]; zone != "" {
		return zone
	}
	return zones()[country+"-*"]
}

// ZonesIn are the time zones between whose clocks everybody of a country, or of its region, lives: the one that they all
// read, or the first and the last of the country; none where nobody knows.
func ZonesIn(country, region string) []string {
	if zone := ZoneIn(country, region); zone != "" {
		return []string{zone}
	}
	return strings.Fields(zones()[strings.ToUpper(strings.TrimSpace(country))+".."])
}

// maxZone is longer than any name in the IANA database, in bytes.
const maxZone = 40

// KnownZone says that a name is one of the IANA database. The zone of this machine, and the copies with leap seconds
// that some systems keep beside the database, are none.
func KnownZone(name string) bool {
	top, _, _ := strings.Cut(name, "/")
	if name == "" || len(name) > maxZone || top == "Local" || top == "posix" || top == "right" {
		return false
	}
	_, err := time.LoadLocation(name) //nolint:forbidigo // asked while a list is read; no workflow asks
	return err == nil
}
