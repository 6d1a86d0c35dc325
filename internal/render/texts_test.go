package render

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"io/fs"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/templates"
)

func problemsOf(t *testing.T, file breach.IncidentFile, s Scope, locales ...string) []string {
	t.Helper()
	_, problems, err := sampleEngine(t).Texts(file, s, sampleDuties(), locales)
	require.NoError(t, err)
	return problems
}

// An empty required section blocks approval, in each language and for each section.
func TestPromise_M02_M05_EmptySectionsAreProblems(t *testing.T) {
	t.Parallel()
	for _, locale := range []string{"en", "zh-Hans"} {
		for name, empty := range map[string]func(*breach.Narrative){
			"summary":          func(n *breach.Narrative) { n.Summary = "" },
			"consequences":     func(n *breach.Narrative) { n.Consequences = " \n\t " },
			"measures_taken":   func(n *breach.Narrative) { n.MeasuresTaken = "\u200b\u2060" },
			"measures_planned": func(n *breach.Narrative) { n.MeasuresPlanned = "" },
			"individual_steps": func(n *breach.Narrative) { n.IndividualSteps = "" },
			"remedies":         func(n *breach.Narrative) { n.Remedies = "" },
		} {
			file := sampleFile()
			n := file.Narrative[locale]
			empty(&n)
			file.Narrative[locale] = n
			problems := problemsOf(t, file, sampleScope(), "en", "zh-CN")
			require.Len(t, problems, 1, "%s %s", locale, name)
			require.True(t, strings.HasPrefix(problems[0], "narrative."+locale+"."+name+": is empty"), problems[0])
		}
	}
}

func TestProblemsNameWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		spoil func(*breach.IncidentFile, *Scope)
		want  string
	}{
		{"no contact name", func(f *breach.IncidentFile, _ *Scope) { f.Contact.Name = "" }, "contact.name: is missing"},
		{"no way to ask", func(f *breach.IncidentFile, s *Scope) {
			f.Contact.Email, f.Contact.Phone = "", " "
			s.ContactRequired = nil
		}, "contact: has neither"},
		{"policy wants email", func(f *breach.IncidentFile, _ *Scope) { f.Contact.Email = "" }, "contact.email: is missing; the policy"},
		{"no organisation", func(f *breach.IncidentFile, _ *Scope) { f.Facts.Organisation.Name = nil }, "facts.organisation.name: is missing"},
		{"no address", func(_ *breach.IncidentFile, s *Scope) { s.PublicBaseURL = "" }, "public address"},
		{"wrong address", func(_ *breach.IncidentFile, s *Scope) { s.PublicBaseURL = "ftp://x.test" }, "public address"},
		{"no narrative", func(f *breach.IncidentFile, _ *Scope) { f.Narrative = nil }, "narrative.zh-Hans: is missing; nothing"},
		{"link", func(f *breach.IncidentFile, _ *Scope) { edit(f, "en", "[x](https://x.test)") }, "narrative.en.remedies: holds a link"},
		{"HTML", func(f *breach.IncidentFile, _ *Scope) { edit(f, "en", "<b>x</b>") }, "narrative.en.remedies: holds HTML"},
		{"variable", func(f *breach.IncidentFile, _ *Scope) { edit(f, "zh-Hans", "{{name}} 您好") }, "narrative.zh-Hans.remedies: holds {{"},
		{"variable in the contact", func(f *breach.IncidentFile, _ *Scope) { f.Contact.Name = "{{reference}}" }, "contact.name: holds {{"},
		{"two narratives of one language", func(f *breach.IncidentFile, _ *Scope) { f.Narrative["en-GB"] = f.Narrative["en"] }, "second narrative in the language en"},
		{"no language", func(f *breach.IncidentFile, _ *Scope) { f.Narrative["not a language"] = f.Narrative["en"] }, "is not a language tag"},
		{"default language without templates", func(_ *breach.IncidentFile, s *Scope) { s.DefaultLocale = "nl" }, "policy.languages.default"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file, scope := sampleFile(), sampleScope()
			c.spoil(&file, &scope)
			require.Contains(t, strings.Join(problemsOf(t, file, scope, "en", "zh-CN"), "\n"), c.want)
		})
	}
}

func edit(f *breach.IncidentFile, locale, remedies string) {
	n := f.Narrative[locale]
	n.Remedies = remedies
	f.Narrative[locale] = n
}

// A language that people need may fall back to the default one, but not to nothing.
func TestMissingLanguages(t *testing.T) {
	t.Parallel()
	onlyEnglish, onlyChinese := sampleFile(), sampleFile()
	delete(onlyEnglish.Narrative, "zh-Hans")
	delete(onlyChinese.Narrative, "en")

	require.Empty(t, problemsOf(t, onlyEnglish, sampleScope(), "en-US", "de-DE"), "nobody reads Chinese")
	require.Equal(t, []string{"narrative.zh-Hans: is missing, and so is the default language; there are people who read zh-Hans"}, problemsOf(t, onlyEnglish, sampleScope(), "en-US", "zh-CN"))
	require.Empty(t, problemsOf(t, onlyChinese, sampleScope(), "en-US", "zh-CN"), "the default language is there")

	file := sampleFile()
	file.Narrative["zh-CN"] = file.Narrative["zh-Hans"]
	delete(file.Narrative, "zh-Hans")
	require.Empty(t, problemsOf(t, file, sampleScope(), "zh-CN"), "zh-CN is Simplified Chinese")
}

func TestOnlyWhatTheWaveNeedsIsComposed(t *testing.T) {
	t.Parallel()
	s := sampleScope()
	s.Guardian, s.DefaultLocale, s.Channels = false, "en", []breach.Channel{breach.Email, "pigeon"}
	texts, problems, err := sampleEngine(t).Texts(sampleFile(), s, nil, []string{"en-GB"})
	require.NoError(t, err)
	require.Empty(t, problems)
	var got []string
	for _, x := range texts {
		got = append(got, strings.TrimSpace(x.Ref.Kind+" "+x.Ref.Channel+" "+x.Ref.Locale+" "+x.Ref.Variant))
	}
	require.Equal(t, []string{"notice email en self", "announcement page en", "announcement page zh-Hans"}, got)
}

// changed is the shipped templates with one file replaced.
func changed(t *testing.T, name, content string) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	require.NoError(t, fs.WalkDir(templates.FS, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			b, _ := fs.ReadFile(templates.FS, p)
			out[p] = &fstest.MapFile{Data: b}
		}
		return err
	}))
	require.Contains(t, out, name)
	out[name] = &fstest.MapFile{Data: []byte(content)}
	return out
}

func TestEditedTemplatesCannotDropOrSmuggle(t *testing.T) {
	t.Parallel()
	const mail, markup = "notice/en/email.body.txt", "notice/en/email.body.html"
	html, err := fs.ReadFile(templates.FS, markup)
	require.NoError(t, err)
	for _, c := range []struct{ name, file, content, want string }{
		{"unknown variable", "notice/en/sms.txt", "{{.Organisation}} {{.Pageee}}", "template notice/en/sms.txt: unknown variable .Pageee"},
		{"unknown variable of a person", "notice/en/push.body.txt", "{{.Person.Password}}", "template notice/en/push.body.txt: unknown variable .Person.Password"},
		{"unknown report field", "report/eu-gdpr/en.txt", "{{.F.controller_id}} {{.G}}", "template report/eu-gdpr/en.txt: unknown variable .G"},
		{"section left out", mail, "{{.Person.Greeting}} {{.Summary}}", "leaves out the section remedies"},
		{"reference left out", "notice/en/push.body.txt", "Hello", "leaves out the reference code"},
		{"pixel", markup, string(html) + `{{define "x"}}{{end}}`, ""},
		{"image", markup, strings.Replace(string(html), "<h1>", `<img src="https://evil.test/p.png"><h1>`, 1), "holds the element img"},
		{"link", markup, strings.Replace(string(html), "<h1>", `<a href="https://evil.test">x</a><h1>`, 1), "holds the element a"},
		{"variable in an attribute", markup, strings.Replace(string(html), "<h1>", `<p class="{{.Person.Greeting}}">x</p><h1>`, 1), "person's variable in the attribute class"},
		{"handler", markup, strings.Replace(string(html), "<h1>", `<h1 onclick="x()">`, 1), "holds the attribute onclick"},
		{"person on the public page", "announcement/en/title.txt", "{{.Person.Greeting}}", "announcement en title: holds a person's variable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e, err := NewFrom(changed(t, c.file, c.content))
			require.NoError(t, err)
			_, problems, err := e.Texts(sampleFile(), sampleScope(), sampleDuties(), []string{"en", "zh"})
			require.NoError(t, err)
			if c.want == "" {
				require.Empty(t, problems)
				return
			}
			require.Contains(t, strings.Join(problems, "\n"), c.want)
		})
	}
}

func TestBrokenTemplatesAreNamedAtStart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, content string }{
		{"notice/en/sms.txt", "{{.Organisation"}, {"advice/en.yaml", "data: ["}, {"words/zh-Hans.yaml", "x: y"}, {"report/eu-gdpr/en.txt", "{{end}}"},
	} {
		_, err := NewFrom(changed(t, c.file, c.content))
		require.ErrorContains(t, err, strings.TrimSuffix(c.file, ".txt"), c.file)
	}
}

// Unknown facts are said to be unknown; what only a person can write stays empty and required.
func TestReportsSayWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	file := sampleFile()
	file.Facts.People.Total, file.Facts.Incident.Cause = nil, nil
	texts, problems, err := sampleEngine(t).Texts(file, sampleScope(), sampleDuties(), nil)
	require.NoError(t, err)
	require.Empty(t, problems)
	found := map[string]breach.TextBody{}
	for _, x := range texts {
		if x.Ref.Kind == breach.KindReport {
			b, err := x.Open()
			require.NoError(t, err)
			found[x.Ref.Channel] = b
		}
	}
	require.Len(t, found, 5, "duties that do not apply, or are towards people, have no report")
	gdpr := found["eu-gdpr/authority/initial"]
	require.Equal(t, "Not known yet; will be supplied.", gdpr.Fields["subject_count"])
	require.Subset(t, gdpr.Open, []string{"cause", "dpo", "other_authorities", "subject_count"})
	require.Contains(t, gdpr.Parts["text"], "Other authorities told\nNot known yet", "what the pack asks for is there even when the template has no place for it")
	require.NotContains(t, gdpr.Parts["text"], "{{")
	require.Equal(t, "zh-Hans", found["cn-pipl-57/authority/notice"].Locale)
	summary := found["cn-cac-incident-2025/authority/summary"]
	require.Contains(t, summary.Required, "lessons")
	require.Empty(t, summary.Fields["lessons"])
	require.Empty(t, found["mooc/authority/report"].Fields["no_such"])
}

// A late report says why it is late, where its law asks for that, and its words cannot carry variables.
func TestLateReportsSayWhy(t *testing.T) {
	t.Parallel()
	duties := sampleDuties()
	for i := range duties {
		duties[i].DelayReason = "found on a holiday, {{.F}}"
		duties[i].Contents = append(slices.Clone(duties[i].Contents), "delay_reason")
	}
	texts, problems, err := sampleEngine(t).Texts(sampleFile(), sampleScope(), duties, nil)
	require.NoError(t, err)
	require.Empty(t, problems)
	n := 0
	for _, x := range texts {
		if x.Ref.Kind != breach.KindReport {
			continue
		}
		b, err := x.Open()
		require.NoError(t, err)
		require.Equal(t, "found on a holiday, { {.F} }", b.Fields["delay_reason"])
		require.Contains(t, b.Parts["text"], "found on a holiday, { {.F} }")
		n++
	}
	require.NotZero(t, n)
}

// Word to somebody beside authorities and people holds who writes and what that law asks for, in each language, and
// nothing else of the incident.
func TestWordToOthersSaysWhatItsLawAsksFor(t *testing.T) {
	t.Parallel()
	duty := breach.Obligation{
		ID: "us-fl/other/consumer_reporting_agencies", Regime: "us-fl", Phase: "consumer_reporting_agencies", Duty: "notify_other", Verdict: breach.Applies,
		Title: "Tell the consumer reporting agencies", Addressee: "the nationwide consumer\nreporting agencies {{.F}}", Citation: "Fla. Stat. 501.171(5)", Contents: []string{"notice_date", "subject_count_local", "notify_status"},
	}
	e := sampleEngine(t)
	for _, tag := range e.tags {
		file, scope := sampleFile(), sampleScope()
		file.Narrative = map[string]breach.Narrative{tag: sampleFile().Narrative["en"]}
		scope.DefaultLocale, scope.Locales = tag, []string{tag}
		texts, _, err := e.Texts(file, scope, []breach.Obligation{duty}, nil)
		require.NoError(t, err)
		require.Len(t, texts, 1, tag)
		b, err := texts[0].Open()
		require.NoError(t, err)
		require.Equal(t, tag, b.Locale)
		require.NotContains(t, b.Parts["text"], "<no value>")
		require.Contains(t, b.Parts["text"], "the nationwide consumer reporting agencies { {.F} }", tag)
		require.NotContains(t, b.Parts["text"], sampleFile().Narrative["en"].Summary, tag)
		for _, field := range append(duty.Contents, "controller_id", "contact_point") {
			require.NotEmpty(t, b.Fields[field], "%s %s", tag, field)
			require.Contains(t, b.Parts["text"], b.Fields[field], "%s %s", tag, field)
		}
	}
}

func TestGenericReportsFollowTheNarrative(t *testing.T) {
	t.Parallel()
	file := sampleFile()
	delete(file.Narrative, "zh-Hans")
	texts, _, err := sampleEngine(t).Texts(file, sampleScope(), sampleDuties(), []string{"en"})
	require.NoError(t, err)
	for _, x := range texts {
		if x.Ref.Channel == "mooc/authority/report" {
			require.Equal(t, "en", x.Ref.Locale)
			return
		}
	}
	t.Fatal("there is no report")
}

func TestReportTimesAreInTheAuthoritysZone(t *testing.T) {
	t.Parallel()
	l := sampleEngine(t).languages["zh-Hans"]
	require.Equal(t, "2026 年 11 月 16 日 04:20（北京时间）", l.instant(ptr(time.Date(2026, 11, 15, 20, 20, 0, 0, time.UTC))))
}

func TestLocale(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	have := []string{"zh-Hans", "en"}
	for want, expect := range map[string]string{
		"zh-CN": "zh-Hans", "zh": "zh-Hans", "zh-Hans-SG": "zh-Hans", "zh-TW": "zh-Hans", "zh-HK": "zh-Hans", "en": "en", "en-GB": "en", "de-DE": "en", "ja-JP": "en", "pt-BR": "en",
		"ar-EG": "en", "": "zh-Hans", "not a tag": "zh-Hans", "und": "zh-Hans", "\x00": "zh-Hans",
	} {
		require.Equal(t, expect, e.Locale(want, have), "%q", want)
	}
	require.Equal(t, "zh-Hans", e.Locale("de", []string{"zh-Hans"}))
	require.Empty(t, e.Locale("de", nil))
}

// A person who asks for a variant gets the closest language that the policy offers; what nobody understands
// gets the policy's default.
func TestLocaleFallsBackStepByStep(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	all := []string{"de", "ar", "en", "es", "fr", "ja", "ko", "pt-BR", "zh-Hans", "zh-Hant"}
	for want, expect := range map[string]string{
		"zh-TW": "zh-Hant", "zh-HK": "zh-Hant", "zh-MO": "zh-Hant", "zh-Hant-HK": "zh-Hant", "zh_TW": "zh-Hant", "yue-HK": "zh-Hant",
		"zh-CN": "zh-Hans", "zh-SG": "zh-Hans", "zh": "zh-Hans", "zh-Hans-HK": "zh-Hans",
		"pt": "pt-BR", "pt-PT": "pt-BR", "pt-AO": "pt-BR", "pt_br": "pt-BR", "ar-EG": "ar", "ar-MA": "ar", "AR": "ar",
		"es-MX": "es", "es-419": "es", "fr-CA": "fr", "de-AT": "de", "de-CH": "de", "ja-JP": "ja", "ko-KR": "ko", "en-IN": "en", "en-GB": "en",
		"nl-NL": "en", "sw": "en", "": "de", "und": "de", "klingon of sorts": "de", "\x00": "de", "zz-ZZ": "de",
	} {
		require.Equal(t, expect, e.Locale(want, all), "%q", want)
	}
	for want, expect := range map[string]string{"zh-TW": "zh-Hans", "pt": "es", "nl": "es"} {
		require.Equal(t, expect, e.Locale(want, []string{"es", "zh-Hans"}), "without English: %q", want)
	}
	for tag, expect := range map[string]string{"zh-TW": "zh-Hant", "zh-HK": "zh-Hant", "zh-SG": "zh-Hans", "pt": "pt-BR", "pt-PT": "pt-BR", "ar-EG": "ar", "de-AT": "de", "es-419": "es", "nl": "", "sr-Latn": ""} {
		have, ok := e.canonical(tag)
		require.True(t, ok)
		require.Equal(t, expect, have, "words that an organisation writes in %s", tag)
	}
}

func FuzzLocale(f *testing.F) {
	for _, s := range []string{"zh-CN", "en", "x-y-z", "", "und", "i-klingon", strings.Repeat("a-", 500)} {
		f.Add(s)
	}
	e, err := New()
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, s string) {
		require.Contains(t, []string{"zh-Hans", "en"}, e.Locale(s, []string{"zh-Hans", "en"}))
	})
}

func BenchmarkLocale(b *testing.B) {
	e := sampleEngine(b)
	for b.Loop() {
		e.Locale("de-DE", []string{"zh-Hans", "en"})
	}
}

// Starting reads every language, which is some 25 ms and 2 MB; what a text shows is looked at when it is first used.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, err := New()
		require.NoError(b, err)
	}
}
