package announce

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

//go:embed words
var wordFiles embed.FS

// words are the site's own words in one language: words/<locale>.yaml. None of them may be left out.
type words struct {
	Locale         string                    `yaml:"-"`
	Name           string                    `yaml:"name"` // the language's own name
	Notices        string                    `yaml:"notices"`
	SecurityNotice string                    `yaml:"security_notice"`
	Published      string                    `yaml:"published"`
	Version        string                    `yaml:"version"`
	Kept           string                    `yaml:"kept"`
	Correction     string                    `yaml:"correction"`
	Older          string                    `yaml:"older"`
	NewerExists    string                    `yaml:"newer_exists"`
	Code           string                    `yaml:"code"`
	Genuine        string                    `yaml:"genuine"`
	GenuineHow     string                    `yaml:"genuine_how"`
	Data           string                    `yaml:"data"`
	Feed           string                    `yaml:"feed"`
	Skip           string                    `yaml:"skip"`
	LanguageLabel  string                    `yaml:"language_label"`
	None           string                    `yaml:"none"`
	NoneHelp       string                    `yaml:"none_help"`
	VerifyTitle    string                    `yaml:"verify_title"`
	VerifyLead     string                    `yaml:"verify_lead"`
	VerifyField    string                    `yaml:"verify_field"`
	VerifyHint     string                    `yaml:"verify_hint"`
	VerifyButton   string                    `yaml:"verify_button"`
	VerifyYes      string                    `yaml:"verify_yes"`
	VerifyYesMore  string                    `yaml:"verify_yes_more"`
	VerifyNo       string                    `yaml:"verify_no"`
	VerifyNoMore   string                    `yaml:"verify_no_more"`
	VerifyLater    string                    `yaml:"verify_later"`
	VerifySigns    string                    `yaml:"verify_signs"`
	VerifyTwice    string                    `yaml:"verify_twice"`
	VerifyFrom     string                    `yaml:"verify_from"`
	VerifyNotice   string                    `yaml:"verify_notice"`
	VerifyDate     string                    `yaml:"verify_date"`
	VerifyBy       string                    `yaml:"verify_by"`
	VerifyAsk      string                    `yaml:"verify_ask"`
	VerifyPage     string                    `yaml:"verify_page"`
	VerifyErased   string                    `yaml:"verify_erased"`
	Signs          []string                  `yaml:"signs"`
	MissingTitle   string                    `yaml:"missing_title"`
	MissingHelp    string                    `yaml:"missing_help"`
	Channels       map[breach.Channel]string `yaml:"channels"`
	Comma          string                    `yaml:"comma"`            // between the names of channels
	Instant        string                    `yaml:"instant"`          // a date and a time, as Go's package time wants its layouts
	Date           string                    `yaml:"day"`              // the same without the time
	Offset         int                       `yaml:"utc_offset_hours"` // of the zone in which times are shown
	zone           *time.Location
}

func (w words) At(t time.Time) string { return t.In(w.zone).Format(w.Instant) }

func (w words) channel(c breach.Channel) string { return cmp.Or(w.Channels[c], string(c)) }

func (w words) Day(t time.Time) string { return t.In(w.zone).Format(w.Date) }

// wordTags are the languages of the site's own words, the fall-back first.
var wordTags = []string{"en", "zh-Hans", "zh-Hant", "ja", "ko", "de", "fr", "es", "pt-BR", "ar"}

// spoken reads the words of all languages, when they are first asked for. They are part of the program and a test
// holds every one of them: without one there is no site.
var spoken = sync.OnceValue(func() []words {
	all := make([]words, len(wordTags))
	for i, tag := range wordTags {
		w, err := readWords(wordFiles, tag)
		if err != nil {
			panic(err)
		}
		all[i] = w
	}
	return all
})

// readWords takes no word that it does not know, and the zone of a file as hours from UTC: a reader in China, Japan or
// Korea finds times in the one zone of the country, everybody else in UTC.
func readWords(files fs.FS, tag string) (w words, err error) {
	name := "words/" + tag + ".yaml"
	body, err := fs.ReadFile(files, name)
	if err != nil {
		return w, err
	}
	d := yaml.NewDecoder(bytes.NewReader(body))
	d.KnownFields(true)
	if err := d.Decode(&w); err != nil {
		return w, fmt.Errorf("%s: %w", name, err)
	}
	w.Locale, w.zone = tag, time.UTC
	if w.Offset != 0 {
		w.zone = time.FixedZone(fmt.Sprintf("UTC%+d", w.Offset), w.Offset*60*60)
	}
	return w, nil
}

// wordsFor gives the site's words for a language, English for one that it does not speak.
func wordsFor(locale string) words {
	return spoken()[slices.Index(wordTags, closest(locale, wordTags))]
}

// closest picks one of have (the first is the fall-back) for a wanted tag or an Accept-Language header.
func closest(want string, have []string) string {
	if slices.Contains(have, want) {
		return want
	}
	if len(want) > 256 {
		return have[0]
	}
	tags := make([]language.Tag, len(have))
	for i, h := range have {
		tags[i] = language.Make(h)
	}
	wanted, _, err := language.ParseAcceptLanguage(strings.TrimSpace(want))
	if err != nil || len(wanted) == 0 {
		return have[0]
	}
	if _, i, confidence := language.NewMatcher(tags).Match(wanted...); confidence >= language.Low {
		return have[i]
	}
	if i := slices.IndexFunc(tags, func(t language.Tag) bool { b, _ := t.Base(); return b.String() == "en" }); i >= 0 {
		return have[i]
	}
	return have[0]
}

// sortedTags lists the languages that there are words in, English first when it is among them: it is the fall-back.
func sortedTags(by map[string]string) []string {
	return slices.SortedFunc(maps.Keys(by), func(a, b string) int {
		if (a == wordTags[0]) != (b == wordTags[0]) {
			return map[bool]int{true: -1, false: 1}[a == wordTags[0]]
		}
		return strings.Compare(a, b)
	})
}
