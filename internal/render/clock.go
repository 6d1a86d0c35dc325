package render

import (
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// moments are the instants of the incident that notices tell, by the name of the variable that stands for each.
func (d *draft) moments() map[string]*time.Time {
	in := d.facts.Incident
	return map[string]*time.Time{"occurred_from": in.OccurredFrom, "occurred_to": in.OccurredTo, "detected_at": in.DetectedAt, "aware_at": in.AwareAt}
}

// momentsOf are the moments that answer a content field.
var momentsOf = map[string][]string{"occurred_at": {"occurred_from", "occurred_to"}, "detected_at": {"detected_at"}, "aware_at": {"aware_at"}}

// marked is a field that is a time, with marks where each reader's own clock goes; false for any other field.
func (d *draft) marked(field string) (prose, bool) {
	text, known := "", d.moments()
	for _, name := range momentsOf[field] {
		if known[name] != nil {
			text = joined(" – ", text, "{{"+name+"}}")
		}
	}
	return prose{Text: text, HTML: template.HTML("<p>" + text + "</p>")}, text != "" //nolint:gosec // marks alone
}

// byTheHouse fills the marks of moments with the clock of the organisation, for what everybody reads alike. The date
// of a notice stays blank in what is no notice of somebody.
func (d *draft) byTheHouse(l *tongue, list []extra) []extra {
	plain, markup := []string{dateMark, blank}, []string{dateMark, blank}
	for name, t := range d.moments() {
		said := l.at(t, d.house(l))
		plain, markup = append(plain, "{{"+name+"}}", said), append(markup, "{{"+name+"}}", escaped(said))
	}
	out := slices.Clone(list)
	for i := range out {
		switch words := out[i].Text.(type) {
		case template.HTML:
			out[i].Text = template.HTML(strings.NewReplacer(markup...).Replace(string(words))) //nolint:gosec // what is filled in is escaped
		case string:
			out[i].Text = strings.NewReplacer(plain...).Replace(words)
		}
	}
	return out
}

// house is the zone of the organisation, or a zone where the language is spoken when it has more than one clock.
func (d *draft) house(l *tongue) *time.Location {
	country, region := deref(d.facts.Organisation.Country), ""
	if regions := d.facts.Organisation.Regions; len(regions) == 1 {
		region = regions[0]
	}
	name := breach.ZoneIn(country, region)
	if zone, err := time.LoadLocation(name); err == nil && name != "" {
		return zone
	}
	return l.place()
}

// clocks adds the approved wordings of every moment that the parts tell: one for each clock of the world at that
// instant, and the organisation's for whose clock is not known.
func (d *draft) clocks(l *tongue, choices map[string]breach.Choice, parts map[string]string) {
	for name, t := range d.moments() {
		told := t != nil && slices.ContainsFunc([]string{"text", "html", "body"}, func(part string) bool { return strings.Contains(parts[part], "{{"+name+"}}") })
		if !told {
			continue
		}
		at := t.UTC()
		c := breach.Choice{Pick: pickFirst, At: &at}
		for _, offset := range offsetsAt(at) {
			text := l.by(at, offset)
			c.Options = append(c.Options, breach.Option{When: []string{clockName(offset)}, Text: text, HTML: escaped(text)})
		}
		text := l.at(&at, d.house(l))
		c.Options = append(c.Options, breach.Option{Text: text, HTML: escaped(text)})
		choices[name] = c
	}
}

// clockName is how an option names its clock: UTC+08:00.
func clockName(offset int) string {
	return "UTC" + time.Unix(0, 0).In(time.FixedZone("", offset)).Format("-07:00")
}

// offsetsAt are the offsets from UTC, in seconds, that any place of the world has at an instant: every whole hour, and
// what the few places with another part of an hour have.
func offsetsAt(at time.Time) []int {
	var out []int
	for hours := -12; hours <= 14; hours++ {
		out = append(out, hours*3600)
	}
	for _, name := range oddZones {
		if zone, err := time.LoadLocation(name); err == nil {
			if _, offset := at.In(zone).Zone(); !slices.Contains(out, offset) {
				out = append(out, offset)
			}
		}
	}
	slices.Sort(out)
	return out
}

// oddZones are those that are not whole hours from UTC.
var oddZones = []string{
	"Pacific/Marquesas", "America/St_Johns", "Asia/Tehran", "Asia/Kabul", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Yangon",
	"Australia/Eucla", "Australia/Darwin", "Australia/Adelaide", "Australia/Lord_Howe", "Pacific/Chatham",
}

// by writes an instant by a clock that is its reader's own. Where the language's own place has that clock then, its
// name is what people know.
func (l *tongue) by(at time.Time, offset int) string {
	zone := time.FixedZone("", offset)
	if _, there := at.In(l.place()).Zone(); there == offset && l.words.Times.Zone.Names[offset/60] != "" {
		return l.at(&at, l.place())
	}
	return l.written(at.In(zone), strings.ReplaceAll(l.words.Times.Zone.Yours, "{utc}", l.utc(at.In(zone))))
}

// at writes an instant in a zone, which it names; nothing for none.
func (l *tongue) at(t *time.Time, zone *time.Location) string {
	if t == nil {
		return ""
	}
	here := t.In(zone)
	_, offset := here.Zone()
	if _, there := t.In(l.place()).Zone(); there == offset && l.words.Times.Zone.Names[offset/60] != "" {
		return l.written(here, l.words.Times.Zone.Names[offset/60])
	}
	return l.written(here, l.utc(here))
}

func (l *tongue) written(t time.Time, zone string) string {
	return strings.NewReplacer("{date}", l.date(t), "{time}", l.clock(t), "{zone}", zone).Replace(l.words.Times.Both)
}

func (l *tongue) utc(t time.Time) string {
	if _, offset := t.Zone(); offset == 0 {
		return "UTC"
	}
	return l.digits("UTC" + t.Format("-07:00"))
}

// place is the zone that the language is spoken in; loading has refused one that is not known.
func (l *tongue) place() *time.Location {
	zone, err := time.LoadLocation(l.words.Times.Zone.Place)
	if err != nil {
		return time.UTC
	}
	return zone
}

// clock is a compiled choice of clocks: the options by seconds from UTC at its instant.
type clock struct {
	at      time.Time
	options map[int]int
}

// clockOf notes a choice of clocks.
func (c *compiled) clockOf(choice breach.Choice, first int) {
	if choice.At == nil {
		return
	}
	k := clock{at: *choice.At, options: map[int]int{}}
	for i, o := range choice.Options {
		for _, when := range o.When {
			if t, err := time.Parse("UTC-07:00", when); err == nil {
				_, offset := t.Zone()
				k.options[offset] = first + i
			}
		}
	}
	c.clocks = append(c.clocks, k)
}

// clocksOf are the options of the clock that a person reads. It is worked out once for each zone, country and region.
func (c *compiled) clocksOf(p *breach.Person) []int {
	if len(c.clocks) == 0 {
		return nil
	}
	var room [128]byte
	key := append(append(append(append(append(room[:0], p.TimeZone...), '\n'), p.Country...), '\n'), p.Region...)
	if known, ok := c.zones.find(key); ok {
		return known
	}
	var nos []int
	if name, _ := p.Zone(); name != "" {
		if zone, err := time.LoadLocation(name); err == nil {
			for _, k := range c.clocks {
				_, offset := k.at.In(zone).Zone()
				if no, ok := k.options[offset]; ok {
					nos = append(nos, no)
				}
			}
		}
	}
	c.zones.put(string(key), nos)
	return nos
}
