package render

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// A text gives a field only when its template shows the block and there are words for it.
func TestTextsCarryWhatTheyReallySay(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	carries := func(file breach.IncidentFile, duties ...breach.Obligation) []string {
		texts, _, err := e.Texts(file, sampleScope(), duties, []string{"en"})
		require.NoError(t, err)
		b, err := noticeText(t, texts, breach.Email, "en", breach.ToSelf).Open()
		require.NoError(t, err)
		return b.Carries
	}
	full := carries(sampleFile())
	for _, field := range []string{"controller_id", "contact_point", "summary", "nature", "data_categories", "consequences", "measures_taken", "measures_planned", "individual_steps", "remedies_offered"} {
		require.Contains(t, full, field)
	}
	require.NotContains(t, full, "cause", "nobody asks for it, and no block shows it")
	asks := breach.Obligation{Duty: "notify_individuals", Verdict: breach.Applies, Contents: []string{"cause", "dpo"}, Clock: &breach.Clock{From: "aware_at"}}
	require.Contains(t, carries(sampleFile(), asks), "cause", "the facts say it")
	require.NotContains(t, carries(sampleFile(), asks), "dpo", "nothing says it")
	written := sampleFile()
	written.Contents = map[string]map[string]string{"en": {"dpo": "Ana Sousa, +351 210 000 000"}}
	require.Contains(t, carries(written, asks), "dpo")
	unknown := sampleFile()
	unknown.Facts.Data.Classes = nil
	require.NotContains(t, carries(unknown), "data_categories", "not yet known is no answer")
}

// Where a law prescribes title and headings, the English texts carry them, to the letter and in order; nobody else
// reads that title.
func TestPrescribedTitleAndHeadings(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	california := breach.Obligation{
		Duty: "notify_individuals", Verdict: breach.Applies, Clock: &breach.Clock{From: "detected_at"}, Heading: "Notice of Data Breach",
		Headings: []string{"What Happened", "What Information Was Involved", "What We Are Doing", "What You Can Do", "For More Information"},
	}
	maybe := california
	maybe.Verdict = breach.CannotTell
	for _, duty := range []breach.Obligation{california, maybe} {
		texts, problems, err := e.Texts(sampleFile(), sampleScope(), []breach.Obligation{duty}, []string{"en", "zh-Hans"})
		require.NoError(t, err)
		require.Empty(t, problems)
		for _, text := range texts {
			b, err := text.Open()
			require.NoError(t, err)
			for _, part := range []string{"text", "html"} {
				words := strings.ToLower(b.Parts[part])
				titled := b.Locale == "en" && b.Parts["link"] == "" && duty.Verdict == breach.Applies
				require.Equal(t, titled, strings.Contains(words, strings.ToLower(duty.Heading)), "%s %s %s", b.Channel, b.Locale, part)
				if b.Locale != "en" || b.Parts["link"] != "" {
					continue
				}
				for _, h := range duty.Headings {
					_, after, found := strings.Cut(words, strings.ToLower(h))
					require.True(t, found, "%s in %s %s %s", h, b.Channel, b.Variant, part)
					words = after
				}
			}
		}
	}
}

// A report to an authority of one state counts the people there, and holds what they get, with nobody's values in it.
func TestReportsCountTheirOwnPeopleAndHoldTheNotice(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	file := sampleFile()
	file.Facts.People.ByRegion = map[string]int64{"US-CA": 1600, "US-NY": 21}
	report := func(file breach.IncidentFile, jurisdiction string, locales ...string) breach.TextBody {
		duty := breach.Obligation{ID: "x/authority/first", Regime: "x", Duty: "notify_authority", Verdict: breach.Applies, Jurisdiction: jurisdiction,
			Contents: []string{"subject_count_local", "notice_copy"}}
		texts, _, err := e.Texts(file, sampleScope(), []breach.Obligation{duty}, locales)
		require.NoError(t, err)
		b, err := texts[len(texts)-1].Open()
		require.NoError(t, err)
		return b
	}
	for jurisdiction, want := range map[string]string{"US-CA": "1,600", "DE": "34,000", "US-*": "US-CA"} {
		file.Narrative = map[string]breach.Narrative{"en": sampleFile().Narrative["en"]}
		b := report(file, jurisdiction, "en")
		require.Contains(t, b.Fields["subject_count_local"], want, jurisdiction)
		require.Empty(t, b.Open)
		require.Contains(t, b.Fields["notice_copy"], "could be read from outside our network")
		require.NotContains(t, b.Parts["text"], "{{")
	}
	require.Equal(t, []string{"subject_count_local"}, report(file, "US-TX", "en").Open, "nobody counted them; that is not zero")
	file.Narrative = nil
	require.Contains(t, report(file, "US-CA").Open, "notice_copy", "people are told nothing yet")
}

// Whose law forbids what the others are told gets a text of their own, once there are words for it; nobody else's
// text changes.
func TestATextOfItsOwnForAPlace(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	ma := breach.Obligation{Duty: "notify_individuals", Verdict: breach.Applies, Jurisdiction: "US-MA", Clock: &breach.Clock{From: "detected_at"},
		Contents: []string{"police_report_right"}, Forbidden: []string{"nature", "subject_count"}}
	file := sampleFile()
	before, problems, err := e.Texts(file, sampleScope(), nil, []string{"en"})
	require.NoError(t, err)
	require.Empty(t, problems)
	_, problems, err = e.Texts(file, sampleScope(), []breach.Obligation{ma}, []string{"en"})
	require.NoError(t, err)
	require.Len(t, problems, 2, "in every language that people get")
	require.Contains(t, problems[1], "contents.en.summary: is missing; the people of US-MA get a text of their own, because their law forbids nature in it")

	file.Contents = map[string]map[string]string{"en": {"summary": "Your data were in an incident.", "police_report_right": "You may ask for the police report."}, "zh-Hans": {"summary": "您的信息涉及一起事件。"}}
	texts, problems, err := e.Texts(file, sampleScope(), []breach.Obligation{ma}, []string{"en"})
	require.NoError(t, err)
	require.Empty(t, problems)
	summary := oneLine(file.Narrative["en"].Summary)
	places := 0
	for _, text := range texts {
		b, err := text.Open()
		require.NoError(t, err)
		to, place := breach.ReadVariant(b.Variant)
		if place == "" {
			continue
		}
		places++
		require.Equal(t, "US-MA", place)
		require.NotContains(t, b.Carries, "nature")
		require.NotContains(t, b.Carries, "subject_count")
		for part, words := range b.Parts {
			require.NotContains(t, oneLine(words), summary[:40], part)
		}
		if b.Channel == string(breach.Email) && b.Locale == "en" {
			require.Contains(t, b.Parts["text"], "Your data were in an incident.")
			require.Contains(t, b.Parts["html"], "You may ask for the police report.")
			require.Contains(t, b.Carries, "police_report_right")
			p := samplePerson()
			p.Guardian = &breach.Guardian{Name: "Mary", Email: "mary@mail.test"}
			_, err := written(e, text, p, to, sampleReference)
			require.NoError(t, err, "it is sent like any other")
		}
	}
	require.Positive(t, places)
	require.Len(t, texts, len(before)+places)
	base, err := noticeText(t, texts, breach.Email, "en", breach.ToSelf).Open()
	require.NoError(t, err)
	require.Contains(t, oneLine(base.Parts["text"]), summary[:40], "everybody else reads what happened")
}
