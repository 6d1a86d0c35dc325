package render

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"golang.org/x/net/html"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/templates"
)

var allLanguages = []string{"ar", "de", "en", "es", "fr", "ja", "ko", "pt-BR", "zh-Hans", "zh-Hant"}

// languageFile is the sample's incident told in one language alone, and the policy that offers it.
func languageFile(t testing.TB, tag string) (breach.IncidentFile, Scope) {
	t.Helper()
	file, scope := sampleFile(), sampleScope()
	n, known := file.Narrative[tag]
	if !known {
		b, err := os.ReadFile(filepath.Join("testdata", "languages", tag+".yaml"))
		require.NoError(t, err)
		var words map[string]string
		require.NoError(t, yaml.Unmarshal(b, &words))
		n = breach.Narrative{Summary: words["summary"], Consequences: words["consequences"], MeasuresTaken: words["measures_taken"],
			MeasuresPlanned: words["measures_planned"], IndividualSteps: words["individual_steps"], Remedies: words["remedies"]}
	}
	file.Narrative = map[string]breach.Narrative{tag: n}
	scope.DefaultLocale, scope.Locales = tag, []string{tag}
	return file, scope
}

func languageTexts(t testing.TB, e *Engine, tag string) []breach.Text {
	t.Helper()
	file, scope := languageFile(t, tag)
	duties := []breach.Obligation{{ID: "mooc/authority/report", Regime: "mooc", Duty: "notify_authority", Phase: "report", Verdict: breach.Applies, Title: "PIPL 57", Citation: "PIPL 57"}}
	texts, problems, err := e.Texts(file, scope, duties, []string{tag})
	require.NoError(t, err)
	require.Empty(t, problems, tag)
	require.Len(t, texts, 3*2+1+1, "every channel for the person and for a guardian, the announcement, the report")
	return texts
}

// One case in every language, to be read by people who read that language.
func TestGoldenLanguages(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	for _, tag := range allLanguages {
		if tag == "en" || tag == "zh-Hans" { // they have golden files of their own
			continue
		}
		var all strings.Builder
		for _, text := range languageTexts(t, e, tag) {
			b, err := text.Open()
			require.NoError(t, err)
			require.False(t, text.Ref.Reviewed, "a text is unreviewed until somebody of the organisation has signed it off")
			fmt.Fprintf(&all, "%s\n", strings.TrimSpace("===== "+b.Kind+" "+b.Channel+" "+b.Variant))
			if b.Kind != breach.KindNotice {
				fmt.Fprintf(&all, "# %s\n\n%s\n\n", b.Parts["title"], b.Parts["text"])
				continue
			}
			if b.Channel == string(breach.Push) {
				fmt.Fprintf(&all, "# %s\n\n%s\n\n", b.Parts["title"], b.Parts["body"])
				continue
			}
			m, err := written(e, text, samplePerson(), breach.Addressee(b.Variant), sampleReference)
			require.NoError(t, err)
			fmt.Fprintf(&all, "# %s\n\n%s\n\n", m.Subject, m.Text)
			if m.HTML != "" && b.Variant == string(breach.ToSelf) {
				golden(t, "language."+tag+".html", m.HTML+"\n")
			}
		}
		golden(t, "language."+tag+".txt", strings.TrimSpace(all.String())+"\n")
	}
}

// filesOf lists what exists for a language, by its place in English.
func filesOf(t *testing.T, tag string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, fs.WalkDir(templates.FS, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := strings.ReplaceAll(strings.ReplaceAll(p, "/"+tag+"/", "/*/"), "/"+tag+".", "/*.")
		if name != p && (!strings.HasPrefix(p, "report/") || strings.HasPrefix(p, "report/generic/") || strings.HasPrefix(p, "report/other/")) {
			b, err := fs.ReadFile(templates.FS, p)
			out[name] = string(b)
			return err
		}
		return nil
	}))
	return out
}

var (
	actions = regexp.MustCompile(`\{\{-? *(.*?) *-?\}\}`)
	marked  = regexp.MustCompile(`\.[A-Z][A-Za-z.]*|\.F\.[a-z_]+`)
)

// variablesIn are the variables of a template, without the title that only English and Chinese laws prescribe.
func variablesIn(s string) []string {
	var out []string
	for _, a := range actions.FindAllStringSubmatch(s, -1) {
		for _, v := range marked.FindAllString(regexp.MustCompile(`"[^"]*"`).ReplaceAllString(a[1], ""), -1) {
			if v != ".Title" {
				out = append(out, v)
			}
		}
	}
	slices.Sort(out)
	return out
}

// blocksIn are the elements of a text that structure it, in order.
func blocksIn(t *testing.T, s string) []string {
	t.Helper()
	var out []string
	z := html.NewTokenizer(strings.NewReader(actions.ReplaceAllString(s, "")))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return out
		case html.StartTagToken:
			if name, _ := z.TagName(); !slices.Contains([]string{"bdi", "br"}, string(name)) {
				out = append(out, string(name))
			}
		}
	}
}

// Every language has every text that English has, with the same variables in the same blocks.
func TestEveryLanguageHasEveryText(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	require.Equal(t, allLanguages, e.tags)
	english := filesOf(t, "en")
	require.Greater(t, len(english), 17)
	for _, tag := range allLanguages {
		have := filesOf(t, tag)
		require.Equal(t, slices.Sorted(maps.Keys(english)), slices.Sorted(maps.Keys(have)), tag)
		for name, text := range have {
			require.NotEmpty(t, strings.TrimSpace(text), "%s %s", tag, name)
			switch {
			case strings.HasSuffix(name, ".yaml"):
				continue
			case strings.HasSuffix(name, ".html"):
				require.Equal(t, blocksIn(t, english[name]), blocksIn(t, text), "%s %s", tag, name)
			}
			require.Equal(t, variablesIn(english[name]), variablesIn(text), "%s %s", tag, name)
		}
		for _, v := range variants {
			for place, want := range map[executable]executable{e.languages["en"].notice[string(v.name)].body: e.languages[tag].notice[string(v.name)].body,
				e.languages["en"].notice[string(v.name)].html: e.languages[tag].notice[string(v.name)].html} {
				require.Equal(t, e.showing(place), e.showing(want), "%s %s gives what regimes ask for as English does", tag, want.Name())
			}
		}
	}
}

// sameKeys compares two files as trees: the same keys, lists as long, and no word that is empty.
func sameKeys(t *testing.T, where string, want, got any) {
	t.Helper()
	switch w := want.(type) {
	case map[string]any:
		g, is := got.(map[string]any)
		require.True(t, is, where)
		for k := range w {
			if !slices.Contains([]string{"words.numbers", "words.days", "words.offer.months", "words.times", "words.times.zone", "words.times.zone.names"}, where) {
				require.Contains(t, g, k, where)
			}
			if inner, there := g[k]; there {
				sameKeys(t, where+"."+k, w[k], inner)
			}
		}
	case []any:
		require.Len(t, got, len(w), where)
		for i := range w {
			sameKeys(t, fmt.Sprintf("%s[%d]", where, i), w[i], got.([]any)[i])
		}
	case string:
		require.NotEmpty(t, got, where)
		if strings.Contains(where, ".classes") {
			require.Equal(t, w, got, where)
		}
		require.Equal(t, strings.Count(w, "{{"), strings.Count(got.(string), "{{"), where)
	}
}

func TestEveryLanguageHasEveryWord(t *testing.T) {
	t.Parallel()
	read := func(name string) (out map[string]any) {
		b, err := fs.ReadFile(templates.FS, name)
		require.NoError(t, err)
		require.NoError(t, yaml.Unmarshal(b, &out), name)
		return out
	}
	for _, tag := range allLanguages {
		for _, kind := range []string{"words", "advice"} {
			sameKeys(t, kind, read(kind+"/en.yaml"), read(kind+"/"+tag+".yaml"))
		}
	}
}

// foreign are wordings that are the same as in English because the language uses the word.
var foreign = map[string]bool{"Controller": true, "Cause": true, "Notification": true, "Ransom": true, "Organisation": true, "Questions": true}

// What stands in a text of another language is not English: no line of it is a line of English, and the letters
// are those of its script.
func TestNoEnglishIsLeft(t *testing.T) {
	t.Parallel()
	scripts := map[string]*unicode.RangeTable{"ar": unicode.Arabic, "ja": unicode.Hiragana, "ko": unicode.Hangul, "zh-Hans": unicode.Han, "zh-Hant": unicode.Han}
	plainWords := func(s string) []string {
		s = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(actions.ReplaceAllString(s, "\n"), "\n")
		return strings.FieldsFunc(s, func(r rune) bool {
			return r == '\n' || r == '.' || r == ':' || r == ',' || r == '|' || r == '\'' || r == '}'
		})
	}
	english := filesOf(t, "en")
	for _, tag := range allLanguages {
		if tag == "en" {
			continue
		}
		for name, text := range filesOf(t, tag) {
			if strings.HasSuffix(name, ".yaml") {
				continue // keys are English; TestEveryWordIsTranslated looks at the values
			}
			known := map[string]bool{}
			for _, w := range plainWords(english[name]) {
				known[strings.ToLower(strings.TrimSpace(w))] = len([]rune(strings.TrimSpace(w))) > 5
			}
			for _, w := range plainWords(text) {
				require.False(t, known[strings.ToLower(strings.TrimSpace(w))] && !foreign[strings.TrimSpace(w)], "%s %s still says %q", tag, name, w)
			}
			if table := scripts[tag]; table != nil {
				seen := strings.IndexFunc(text, func(r rune) bool { return unicode.Is(table, r) })
				require.True(t, seen >= 0 || strings.HasSuffix(name, "title.txt"), "%s %s", tag, name)
				for _, w := range regexp.MustCompile(`[A-Za-z]{3,}( [A-Za-z]{2,})+`).FindAllString(strings.Join(plainWords(text), "\n"), -1) {
					t.Errorf("%s %s holds Latin words: %q", tag, name, w)
				}
			}
		}
	}
}

// sameEverywhere are words that other languages have taken over, or that are spelt alike.
var sameEverywhere = []string{"name", "photo", "cause", "notification", "patients", "controller", "ransom"}

func TestEveryWordIsTranslated(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	english := wordsOf(e.languages["en"])
	for _, tag := range allLanguages {
		if tag == "en" {
			continue
		}
		for place, word := range wordsOf(e.languages[tag]) {
			if slices.Contains(sameEverywhere, strings.ToLower(word)) {
				continue
			}
			require.NotEqual(t, strings.ToLower(english[place]), strings.ToLower(word), "%s %s", tag, place)
		}
	}
}

func wordsOf(l *tongue) map[string]string {
	out := map[string]string{"unknown": l.words.Unknown, "data_unknown": l.advice.DataUnknown, "general": l.advice.General.Text, "general short": l.advice.General.Short}
	for name, m := range map[string]map[string]string{"affirmed": l.words.Affirmed, "nature": l.words.Nature, "cause": l.words.Cause, "categories": l.words.Categories, "labels": l.words.Labels} {
		for k, v := range m {
			out[name+"."+k] = v
		}
	}
	for i, a := range l.advice.Advice {
		out[fmt.Sprintf("advice %d", i)], out[fmt.Sprintf("short %d", i)] = a.Text, a.Short
	}
	for i, d := range l.advice.Data {
		out[fmt.Sprintf("data %d", i)] = d.Word
	}
	return out
}

// gsm is the GSM 7-bit alphabet of 3GPP TS 23.038 as far as our texts use it.
const gsm = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:;/+-?!'()äöüßÄÖÜéèàùìòñÑÇÉ¿¡"

// A text message costs three parts at most; in Arabic, where no short alphabet exists and words are long, four.
func TestSMSIsShortInEveryLanguage(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	for _, tag := range allLanguages {
		for _, text := range languageTexts(t, e, tag) {
			if text.Ref.Channel != string(breach.SMS) {
				continue
			}
			for _, class := range append(e.classesOf(tag), "none") {
				p := samplePerson()
				p.DataClasses = []string{class}
				m, err := written(e, text, p, breach.Addressee(text.Ref.Variant), "WWWW-WWWW-WWWW-WWWW")
				require.NoError(t, err)
				most := 3 * 67
				switch tag {
				case "de", "en", "es", "fr", "pt-BR":
					most = 3 * 153
					require.Empty(t, strings.Trim(m.Text, gsm), "%s: only the GSM alphabet: %s", tag, m.Text)
				case "ar":
					most = 4 * 67
				}
				if n := len(utf16.Encode([]rune(m.Text))); n > most {
					t.Errorf("%s %s: %d of %d characters: %s", tag, class, n, most, m.Text)
				}
			}
		}
	}
}

// In a text from right to left, everything that may be Latin is set apart, and every isolate is closed.
func TestWhatIsLatinIsSetApartInArabic(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	for _, text := range languageTexts(t, e, "ar") {
		b, err := text.Open()
		require.NoError(t, err)
		if b.Kind == breach.KindReport {
			continue
		}
		if b.Kind == breach.KindNotice && b.Channel == string(breach.Email) {
			require.Contains(t, b.Parts["html"], `<html lang="ar" dir="rtl">`)
		}
		for name, part := range b.Parts {
			if name == "link" {
				continue
			}
			if name == "html" {
				require.Contains(t, part, `<bdi dir="ltr">`)
				for _, value := range []string{"Privacy desk", "privacy@larkfield.example", "+86 400 000 0000", "8 Lark Road, Hangzhou"} {
					require.Regexp(t, `<bdi[^>]*>`+regexp.QuoteMeta(html.EscapeString(value))+`</bdi>`, strings.ReplaceAll(part, "&#43;", "+"))
				}
				continue
			}
			// what the organisation wrote, and marks of what is set apart or Arabic itself
			part = strings.ReplaceAll(actions.ReplaceAllString(part, ""), "Larkfield.", "")
			depth := 0
			for _, r := range part {
				switch {
				case r == '\u2066' || r == '\u2067' || r == '\u2068':
					depth++
				case r == '\u2069':
					depth--
				case unicode.Is(unicode.Latin, r) && depth == 0:
					require.Fail(t, "Latin outside an isolate", "%s %s: %q", b.Channel, name, part)
				}
				require.GreaterOrEqual(t, depth, 0)
			}
			require.Zero(t, depth, "%s %s", b.Channel, name)
		}
	}
}
