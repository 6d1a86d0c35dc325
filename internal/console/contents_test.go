package console

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Every kind of gap and note, and every way in which a number came about, has words in both languages.
func TestContentsAndNumbersInBothLanguages(t *testing.T) {
	t.Parallel()
	seven, nine := int64(7), int64(9)
	decided := breach.NumberDecision{Field: "people.total", Value: 8, Reason: "one row is a test", By: "wei.lin", At: time.Now()}
	check := &breach.ContentCheck{Checked: []string{"a"}}
	for _, kind := range []string{breach.GapMissing, breach.GapForbidden, breach.GapConflict, breach.GapTitle, breach.GapHeadings, breach.GapPosting, breach.GapCallCentre} {
		check.Gaps = append(check.Gaps, breach.ContentGap{Obligation: "us-ma/individuals/notice", Field: kind, Kind: kind, Says: "the kind of breach", Citation: "c. 93H",
			Waived: &breach.Waiver{Reason: "settled with counsel", By: "wei.lin", At: time.Now()}})
	}
	for _, kind := range []string{breach.NoteNotKnownYet, breach.NoteMayBeRequired, breach.NoteMayBeForbidden, breach.NoteNoText, breach.NoteKeepAnswering, breach.NoteOwnText} {
		check.Notes = append(check.Notes, breach.ContentNote{Kind: kind, Field: "legal_rights", Obligations: []string{"x/individuals/notice"}})
	}
	numbers := []breach.NumberCount{
		{Field: "people.total", Estimate: &seven, List: &nine, Drives: &nine, Open: true},
		{Field: "people.minors", List: &nine, AtLeast: true, Drives: &nine},
		{Field: "people.by_country.DE", Decided: &decided, Drives: &decided.Value},
	}
	said := map[string]map[string]bool{}
	for _, lang := range []string{english, chinese} {
		l := speech{lang: lang, zone: sampleZone, now: sampleNow}
		v := l.contents(check)
		require.Len(t, v.LetGo, 7)
		for _, g := range v.LetGo {
			require.Equal(t, "settled with counsel", g.Reason)
			said[g.Kind] = map[string]bool{}
		}
		for _, n := range v.Notes {
			said[n.Text] = map[string]bool{}
		}
		lines := l.numbers(numbers)
		require.Len(t, lines, 3)
		require.Contains(t, lines[0], "9")
		require.Contains(t, lines[0], "7")
		require.Contains(t, lines[2], "one row is a test")
	}
	require.Len(t, said, 26, "each kind says something of its own, in each language")
	require.Nil(t, speech{lang: english}.contents(nil), "a plan of an earlier release")
}

// The sentences that the rules put together are Chinese throughout on a Chinese page; what is quoted stays.
func TestComposedSentencesAreChinese(t *testing.T) {
	t.Parallel()
	zh, en := speech{lang: chinese, zone: sampleZone, now: sampleNow}, speech{lang: english, zone: sampleZone, now: sampleNow}
	for text, want := range map[string]string{
		`the title "Notice of Data Breach"`:                          `标题 "Notice of Data Breach"`,
		"the headings What Happened / What Information Was Involved": "小标题 What Happened / What Information Was Involved",
		"print of 10 points at least":                                "字号不小于 10 磅",
		"how long the public notice stays up":                        "公告的展示时长",
		"a number that people can call":                              "可供拨打的电话",
		"the policy keeps it up for 30 days, the regime asks for 90": "政策规定展示 30 天，法规要求 90 天",
		"letter en: 9.5 points":                                      "letter en：9.5 磅",
		"credit monitoring at no cost to people, for 18 months at least: A social security number was exposed":                                                                                                     "免费提供信用监测，至少 18 个月：社会保障号泄露",
		"credit monitoring at no cost to people: A social security number was exposed":                                                                                                                             "免费提供信用监测：社会保障号泄露",
		"Write it as contents.<language>.lessons of the incident (tocsin incident amend), or let it go by name with a reason (tocsin plan waive)":                                                                  "请在事件中写为 contents.<language>.lessons（tocsin incident amend），或逐项说明理由予以豁免（tocsin plan waive）",
		"State contact.name with contact.email or contact.phone, or write it as contents.<language>.contact_point of the incident (tocsin incident amend), or let it go by name with a reason (tocsin plan waive)": "请填写 contact.name with contact.email or contact.phone，或在事件中写为 contents.<language>.contact_point（tocsin incident amend），或逐项说明理由予以豁免（tocsin plan waive）",
		"Raise announcement.keep_days in the policy, or let it go by name with a reason (tocsin plan waive)":                                                                                                       "请在政策中增大 announcement.keep_days，或逐项说明理由予以豁免（tocsin plan waive）",
	} {
		require.Equal(t, want, zh.composed(text))
		require.Equal(t, text, en.composed(text))
	}
}
