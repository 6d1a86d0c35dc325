package console

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Languages of the interface, as BCP 47.
const (
	english = "en"
	chinese = "zh-Hans"
)

// speech puts words, numbers, times and names of places into one of the languages. English texts are the
// keys of the word list.
type speech struct {
	lang string
	zone *time.Location
	now  time.Time
}

func langOf(r *http.Request) string {
	if c, err := r.Cookie("tocsin_lang"); err == nil && (c.Value == english || c.Value == chinese) {
		return c.Value
	}
	for _, wanted := range strings.Split(r.Header.Get("Accept-Language"), ",") {
		wanted = strings.ToLower(strings.TrimSpace(wanted))
		switch {
		case strings.HasPrefix(wanted, "zh"):
			return chinese
		case strings.HasPrefix(wanted, "en"):
			return english
		}
	}
	return english
}

// T says an English text in the reader's language, with its arguments filled in as by fmt.Sprintf.
func (l speech) T(text string, args ...any) string {
	if l.lang == chinese {
		if said, ok := inChinese[text]; ok {
			text = said
		}
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// Count says a number of things: one is the text for exactly one, many has a %s for the number.
func (l speech) Count(n int64, one, many string) string {
	if n == 1 {
		return l.T(one)
	}
	return l.T(many, l.Num(n))
}

// People says how many people.
func (l speech) People(n int64) string { return l.Count(n, "1 person", "%s people") }

// Num groups digits by three.
func (l speech) Num(n int64) string {
	s := strconv.FormatInt(n, 10)
	if n < 0 {
		return "-" + l.Num(-n)
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// moment is an instant as it is shown and as machines read it.
type moment struct{ ISO, Shown string }

// At shows a day and a time; the year only when it is another one than now's.
func (l speech) At(t time.Time) moment {
	local := t.In(l.zone)
	layout := "2 Jan 15:04"
	if l.lang == chinese {
		layout = "1月2日 15:04"
	}
	if local.Year() != l.now.In(l.zone).Year() {
		layout = map[string]string{english: "2 Jan 2006 15:04", chinese: "2006年1月2日 15:04"}[l.lang]
	}
	return moment{t.UTC().Format(time.RFC3339), local.Format(layout)}
}

// Clock shows a time of today, or a day and a time.
func (l speech) Clock(t time.Time) moment {
	local, today := t.In(l.zone), l.now.In(l.zone)
	if local.YearDay() == today.YearDay() && local.Year() == today.Year() {
		return moment{t.UTC().Format(time.RFC3339), local.Format("15:04")}
	}
	return l.At(t)
}

// Day shows a day.
func (l speech) Day(t time.Time) string {
	if l.lang == chinese {
		return t.In(l.zone).Format("1月2日")
	}
	return t.In(l.zone).Format("2 Jan")
}

// Zone names the zone that all times of a page are in.
func (l speech) Zone() string {
	name, seconds := l.now.In(l.zone).Zone()
	offset := fmt.Sprintf("UTC%+d", seconds/3600)
	if rest := seconds % 3600 / 60; rest != 0 {
		offset += fmt.Sprintf(":%02d", max(rest, -rest))
	}
	switch {
	case seconds == 0:
		return "UTC"
	case l.zone.String() != "Local" && strings.Contains(l.zone.String(), "/"):
		return strings.ReplaceAll(l.zone.String(), "_", " ") + ", " + offset
	case strings.ContainsAny(name, "+-") || name == "":
		return offset
	}
	return name + ", " + offset
}

// Span says how long: days and hours, hours and minutes, minutes, and mm:ss below five minutes. The script
// that lets clocks run says it in the same way.
func (l speech) Span(d time.Duration) string {
	d = d.Abs()
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case days >= 10:
		return l.T("%d d", days)
	case days > 0:
		return l.T("%d d %d h", days, hours)
	case hours > 0:
		return l.T("%d h %02d min", hours, minutes)
	case d >= 5*time.Minute:
		return l.T("%d min", minutes)
	}
	return fmt.Sprintf("%02d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// Country names a country by its ISO 3166 code.
func (l speech) Country(code string) string {
	if code == "" {
		return l.T("Country not known")
	}
	if code == "CN" {
		return l.T("Mainland China")
	}
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	namer := display.English.Regions()
	if l.lang == chinese {
		namer = display.Chinese.Regions()
	}
	if name := namer.Name(region); name != "" {
		return name
	}
	return code
}

// Language names a language in itself, which those who know it recognise.
func (l speech) Language(locale string) string {
	switch locale {
	case "":
		return l.T("Language not known")
	case chinese:
		return "简体中文"
	}
	tag, err := language.Parse(locale)
	if err != nil {
		return locale
	}
	if name := display.Self.Name(tag); name != "" {
		return name
	}
	return locale
}
