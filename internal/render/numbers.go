package render

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// numbersWords is how a language writes counts and times: words/<tag>.yaml. The forms are those of the Unicode
// CLDR; where the language is written with several, the one that the country of the template uses.
type numbersWords struct {
	Digits string `yaml:"digits"` // ten, from zero; empty for 0123456789
	Group  string `yaml:"group"`  // between thousands
	Least  int64  `yaml:"least"`  // the smallest count that is grouped, 0 for 1,000
}

// timesWords are patterns with {day}, {m} (number of the month), {month} (its name), {year}, {hour} (00 to 23),
// {twelve} (1 to 12), {minute}, {half} (of the day), {date}, {time} and {zone}.
type timesWords struct {
	Date   string   `yaml:"date"`
	Time   string   `yaml:"time"`
	Both   string   `yaml:"both"`
	First  string   `yaml:"first"` // day of the month, where the first is written in a way of its own
	Months []string `yaml:"months"`
	Halves []string `yaml:"halves"` // before and after noon
	Zone   struct {
		Place string         `yaml:"place"` // of the IANA database
		Names map[int]string `yaml:"names"` // by minutes east of UTC
		Yours string         `yaml:"yours"` // the reader's own clock, with {utc} for UTC-05:00
	} `yaml:"zone"`
}

// count writes a number as the language does: 184,000 in English.
func (l *tongue) count(n int64) string {
	s := strconv.FormatInt(n, 10)
	w := l.words.Numbers
	if n >= max(w.Least, 1000) {
		for i := len(s) - 3; i > 0; i -= 3 {
			s = s[:i] + w.Group + s[i:]
		}
	}
	return l.digits(s)
}

// digits writes digits as the language does.
func (l *tongue) digits(s string) string {
	own := []rune(l.words.Numbers.Digits)
	if len(own) != 10 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return own[r-'0']
		}
		return r
	}, s)
}

// days writes a number of days with its noun in the form that the language asks for after that number, and in
// the case that "We answer within" asks for; nothing for none.
func (l *tongue) days(n int) string {
	if n == 0 {
		return ""
	}
	return l.plural(l.words.Days, n)
}

// plural writes a number with its noun in the form that the language asks for after it.
func (l *tongue) plural(forms map[string]string, n int) string {
	word := forms[pluralForm(l.tag, n)]
	if word == "" {
		word = forms["other"]
	}
	return strings.ReplaceAll(word, "{n}", l.count(int64(n)))
}

// years writes an age, nothing for none.
func (l *tongue) years(n int) string {
	if n == 0 {
		return ""
	}
	return l.count(int64(n))
}

var pluralNames = map[plural.Form]string{plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other"}

// pluralForm is the CLDR category of a whole number.
func pluralForm(tag string, n int) string {
	return pluralNames[plural.Cardinal.MatchPlural(language.Make(tag), n%10_000_000, 0, 0, 0, 0)]
}

// instant writes a time in the language and in a zone where it is spoken, which it names.
func (l *tongue) instant(t *time.Time) string {
	return l.at(t, l.place())
}

// date writes the day of t in the zone that t is in.
func (l *tongue) date(t time.Time) string {
	w := l.words.Times
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 && w.First != "" {
		day = w.First
	}
	month := int(t.Month())
	return strings.NewReplacer("{day}", l.digits(day), "{m}", l.digits(strconv.Itoa(month)), "{month}", w.Months[month-1],
		"{year}", l.digits(strconv.Itoa(t.Year()))).Replace(w.Date)
}

func (l *tongue) clock(t time.Time) string {
	w := l.words.Times
	half := ""
	if len(w.Halves) == 2 {
		half = w.Halves[t.Hour()/12]
	}
	return strings.NewReplacer("{hour}", l.digits(t.Format("15")), "{twelve}", l.digits(t.Format("3")), "{minute}", l.digits(t.Format("04")),
		"{half}", half).Replace(w.Time)
}

// complete says what numbers and times lack, in the words of the file.
func (w wordsFile) complete() string {
	_, err := time.LoadLocation(w.Times.Zone.Place)
	switch {
	case len(w.Times.Months) != 12:
		return "times.months"
	case !strings.Contains(w.Times.Both, "{date}") || !strings.Contains(w.Times.Both, "{time}") || !strings.Contains(w.Times.Both, "{zone}"):
		return "times.both"
	case w.Times.Zone.Place == "" || err != nil:
		return "times.zone.place"
	case !strings.Contains(w.Times.Zone.Yours, "{utc}"):
		return "times.zone.yours"
	case w.Days["other"] == "":
		return "days.other"
	case w.Offer.Months["other"] == "" || w.Offer.Free == "" || !strings.Contains(w.Offer.For, "{months}"):
		return "offer"
	case w.Unknown == "":
		return "unknown"
	case w.Greeting.Plain == "":
		return "greeting.plain"
	}
	return ""
}

// direction is the value of the attribute dir.
func (l *tongue) direction() string {
	if l.words.Direction == "rtl" {
		return "rtl"
	}
	return "ltr"
}
