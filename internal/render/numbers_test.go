package render

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
	"pgregory.net/rapid"
)

// Counts are written as the CLDR tables of golang.org/x/text write them, with two differences that are newer than
// those tables: French parts thousands by a narrow space, and Spanish leaves four digits together.
func TestCountsAreWrittenAsInCLDR(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	for _, tag := range allLanguages {
		p := message.NewPrinter(language.Make(tag))
		l := e.languages[tag]
		rapid.Check(t, func(t *rapid.T) {
			n := rapid.OneOf(rapid.Int64Range(0, 12_000), rapid.Int64Range(0, 9_000_000_000)).Draw(t, "n")
			want := p.Sprint(number.Decimal(n))
			switch {
			case tag == "fr":
				want = strings.ReplaceAll(want, "\u00a0", "\u202f")
			case tag == "es" && n < 10_000:
				want = strings.ReplaceAll(want, ".", "")
			}
			require.Equal(t, want, l.count(n), "%s %d", tag, n)
		})
	}
}

func TestDaysFollowThePluralOfTheLanguage(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	for tag, days := range map[string]map[int]string{
		"ar":      {1: "يوم واحد", 2: "يومين", 3: "٣ أيام", 10: "١٠ أيام", 11: "١١ يومًا", 30: "٣٠ يومًا", 100: "١٠٠ يوم", 103: "١٠٣ أيام"},
		"de":      {1: "1 Tag", 15: "15 Tagen"},
		"en":      {1: "1 day", 15: "15 days", 1500: "1,500 days"},
		"fr":      {1: "1 jour", 2: "2 jours"},
		"es":      {1: "1 día", 30: "30 días"},
		"pt-BR":   {1: "1 dia", 30: "30 dias"},
		"ja":      {1: "1 日", 15: "15 日"},
		"ko":      {15: "15일"},
		"zh-Hans": {15: "15 天"},
		"zh-Hant": {15: "15 天"},
	} {
		require.Empty(t, e.languages[tag].days(0))
		for n, want := range days {
			require.Equal(t, want, e.languages[tag].days(n), tag)
		}
	}
}

// A time is written in the language and in a zone where it is spoken, by summer time and by winter time.
func TestTimesAreWrittenInTheLanguage(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	summer, winter := time.Date(2026, 7, 1, 20, 5, 0, 0, time.UTC), time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC)
	for tag, want := range map[string][2]string{
		"ar":      {"١ يوليو ٢٠٢٦، ١١:٠٥ م (بتوقيت مكة المكرمة)", "١ يناير ٢٠٢٧، ٢:٣٠ ص (بتوقيت مكة المكرمة)"},
		"de":      {"1. Juli 2026, 22:05 Uhr (MESZ)", "1. Januar 2027, 00:30 Uhr (MEZ)"},
		"en":      {"1 July 2026, 20:05 (UTC)", "31 December 2026, 23:30 (UTC)"},
		"es":      {"1 de julio de 2026, 22:05 (hora peninsular española, UTC+2)", "1 de enero de 2027, 00:30 (hora peninsular española, UTC+1)"},
		"fr":      {"1er juillet 2026 à 22:05 (heure de Paris, UTC+2)", "1er janvier 2027 à 00:30 (heure de Paris, UTC+1)"},
		"ja":      {"2026 年 7 月 2 日 05:05（日本時間）", "2027 年 1 月 1 日 08:30（日本時間）"},
		"ko":      {"2026년 7월 2일 오전 5:05(한국 시간)", "2027년 1월 1일 오전 8:30(한국 시간)"},
		"pt-BR":   {"1º de julho de 2026, 17:05 (horário de Brasília)", "31 de dezembro de 2026, 20:30 (horário de Brasília)"},
		"zh-Hans": {"2026 年 7 月 2 日 04:05（北京时间）", "2027 年 1 月 1 日 07:30（北京时间）"},
		"zh-Hant": {"2026 年 7 月 2 日上午 4:05（臺北與香港時間）", "2027 年 1 月 1 日上午 7:30（臺北與香港時間）"},
	} {
		require.Equal(t, want, [2]string{e.languages[tag].instant(&summer), e.languages[tag].instant(&winter)}, tag)
		require.Empty(t, e.languages[tag].instant(nil))
	}
}
