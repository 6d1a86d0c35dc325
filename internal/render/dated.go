package render

import (
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// noticeDate is the content field that says when a notice was given. A text is approved before it is sent, so it
// holds a mark, and the day is filled in for each reader when their message is made.
const (
	noticeDate = "notice_date"
	dateMark   = "{{date}}"
)

var dated = prose{Text: dateMark, HTML: template.HTML("<p>" + dateMark + "</p>")} //nolint:gosec // the mark alone

// dateMarked says that notices in a language say their date by the mark, and not in words of the organisation.
func (d *draft) dateMarked(tag string) bool { return d.more[tag][noticeDate].Text == dateMark }

// undated takes the date out of what stands on the page: the site says beside its title when it was published.
func (d *draft) undated(l *tongue, list []extra) []extra {
	if !d.dateMarked(l.tag) {
		return list
	}
	at, _ := slices.BinarySearch(fields(d.more[l.tag]), noticeDate)
	return slices.Delete(slices.Clone(list), at, at+1)
}

// zoneOf is the zone that a text is dated in for whoever's own zone is not known; empty where it says no date.
func (d *draft) zoneOf(l *tongue, parts map[string]string) string {
	for _, part := range parts {
		if strings.Contains(part, dateMark) {
			return d.house(l).String()
		}
	}
	return ""
}

// dateFor is the day on which a message is made, in the language and by the clock of who reads it; nothing where the
// text does not say it.
func (e *Engine) dateFor(c *compiled, p *breach.Person) string {
	l := e.languages[c.locale]
	if !c.dated || l == nil {
		return ""
	}
	name, _ := p.Zone()
	if name == "" {
		name = c.house
	}
	zone, known := c.days.get(name)
	if !known {
		var err error
		if zone, err = time.LoadLocation(name); err != nil || name == "" {
			zone = l.place()
		}
		c.days.put(name, zone)
	}
	return l.date(e.Now().In(zone))
}
