package render

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// A law asks for the date of the notice, and nobody has to write it: each reader's message has the day on which it is
// made, in the language and by the clock of the reader. The text that is approved stays the same, to the byte.
func TestNoticesAreDatedWhenTheyAreSent(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	asks := []breach.Obligation{
		{ID: "us-ca/individuals/notice", Duty: "notify_individuals", Verdict: breach.Applies, Contents: []string{noticeDate}, Clock: &breach.Clock{From: "detected_at"}},
		{ID: "us-ca/authority/ag_sample", Duty: "notify_authority", Verdict: breach.Applies, Contents: []string{"notice_copy"}, Clock: &breach.Clock{From: "detected_at"}},
	}
	scope := sampleScope()
	scope.Channels = append(scope.Channels, breach.Letter)
	texts, problems, err := e.Texts(sampleFile(), scope, asks, []string{"en", "zh-Hans"})
	require.NoError(t, err)
	require.Empty(t, problems)
	for _, text := range texts {
		b, err := text.Open()
		require.NoError(t, err)
		if b.Kind != breach.KindReport && b.Parts["link"] == "" {
			require.Contains(t, b.Carries, noticeDate, "%s %s", b.Kind, b.Channel)
		}
		if b.Kind != breach.KindNotice {
			require.NotContains(t, string(text.Body), dateMark, "%s %s: everybody reads the same", b.Kind, b.Channel)
		}
		if b.Kind == breach.KindReport {
			require.Contains(t, b.Fields["notice_copy"], "【本通知的日期】\n\n"+blank)
		}
	}

	late := time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		locale, country, region string
		at                      time.Time
		want                    string
	}{
		"New York, still the old year":  {"en", "US", "US-NY", late, "31 December 2026"},
		"Tokyo, in English":             {"en", "JP", "", late, "1 January 2027"},
		"Tokyo, three weeks later":      {"en", "JP", "", late.AddDate(0, 0, 21), "22 January 2027"},
		"China, in Chinese":             {"zh-Hans", "CN", "", late, "2027 年 1 月 1 日"},
		"nobody knows where: the house": {"en", "", "", late, "1 January 2027"},
	} {
		e.Now = func() time.Time { return c.at }
		p := samplePerson()
		p.Country, p.Region, p.PostalAddress = c.country, c.region, "1 Example Street"
		for _, channel := range []breach.Channel{breach.Email, breach.Letter} {
			text := noticeText(t, texts, channel, c.locale, breach.ToSelf)
			m, err := written(e, text, p, breach.ToSelf, "WWWW-WWWW-WWWW-WWWW")
			require.NoError(t, err)
			require.Contains(t, m.Text, c.want, "%s, %s", name, channel)
			require.NotContains(t, m.Text+m.HTML, "{{")
			if channel == breach.Email {
				require.Contains(t, m.HTML, "<p>"+c.want+"</p>", name)
			}
			_, err = text.Open()
			require.NoError(t, err)
		}
	}
}

// Words of the organisation go before the day that is filled in.
func TestADateInWordsOfItsOwn(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	file := sampleFile()
	file.Contents = map[string]map[string]string{"en": {noticeDate: "The week of 4 May"}}
	asks := []breach.Obligation{{ID: "us-ca/individuals/notice", Duty: "notify_individuals", Verdict: breach.Applies, Contents: []string{noticeDate}, Clock: &breach.Clock{From: "detected_at"}}}
	texts, _, err := e.Texts(file, sampleScope(), asks, []string{"en"})
	require.NoError(t, err)
	for _, text := range texts {
		if b, err := text.Open(); err == nil && b.Locale == "en" && b.Parts["link"] == "" {
			require.Contains(t, b.Parts["text"], "The week of 4 May", b.Kind)
			require.Empty(t, b.Zone)
			require.NotContains(t, b.Parts["text"], dateMark)
		}
	}
}
