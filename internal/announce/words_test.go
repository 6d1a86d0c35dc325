package announce

import (
	"io/fs"
	"reflect"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// The site speaks every language that notices are written in, and each of them has every word.
func TestTheSiteSpeaksTheLanguagesOfTheNotices(t *testing.T) {
	t.Parallel()
	require.ElementsMatch(t, []string{"en", "zh-Hans", "zh-Hant", "ja", "ko", "de", "fr", "es", "pt-BR", "ar"}, wordTags)
	for _, w := range spoken() {
		v := reflect.ValueOf(w)
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.String {
				require.NotEmpty(t, f.String(), "%s %s", w.Locale, v.Type().Field(i).Name)
				if w.Locale != "en" && f.String() == reflect.ValueOf(wordsFor("en")).Field(i).String() {
					require.Contains(t, []string{"Code", "Feed", "version", "Version", "Date", ", ", "02/01/2006", "Data"}, f.String(), "%s %s is English", w.Locale, v.Type().Field(i).Name)
				}
			}
		}
		require.Len(t, w.Signs, 3, w.Locale)
		for _, c := range breach.Channels {
			require.NotEmpty(t, w.Channels[c], "%s %s", w.Locale, c)
		}
		require.NotContains(t, w.At(time.Date(2026, 11, 15, 9, 0, 0, 0, time.UTC)), "Jan", w.Locale)
	}
	files, err := wordFiles.ReadDir("words")
	require.NoError(t, err)
	require.Len(t, files, len(wordTags), "a file that nobody reads")
	require.Equal(t, "zh-Hant", wordsFor("zh-TW").Locale)
	require.Equal(t, "pt-BR", wordsFor("pt").Locale)
	require.Equal(t, "en", wordsFor("tlh").Locale)
	page := get(site(t), "/verify?lang=ar").Body.String()
	require.Contains(t, page, `<html lang="ar" dir="rtl">`)
	require.Contains(t, page, wordsFor("ar").VerifyTitle)
}

// A time says in which zone it is, and the layout of no language holds a part that stays in English.
func TestTimesOfTheSite(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 15, 9, 5, 0, 0, time.UTC)
	for tag, want := range map[string]string{
		"en": "15 November 2026, 09:05 (UTC)", "zh-Hans": "2026 年 11 月 15 日 17:05（北京时间）", "zh-Hant": "2026 年 11 月 15 日 17:05（UTC+8）",
		"ja": "2026年11月15日 18:05（日本時間）", "ko": "2026년 11월 15일 18:05 (한국 시간)", "fr": "15/11/2026, 09:05 (UTC)", "pt-BR": "15/11/2026 09:05 (UTC)",
	} {
		require.Equal(t, want, wordsFor(tag).At(at))
	}
}

func TestAFileOfWordsThatIsWrongIsRefused(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"name: a\nnotice: b": "field notice not found", "name: [a]": "cannot unmarshal", "{": "did not find", "utc_offset_hours: one": "cannot unmarshal",
	} {
		_, err := readWords(fstest.MapFS{"words/tlh.yaml": {Data: []byte(body)}}, "tlh")
		require.ErrorContains(t, err, want, body)
		require.ErrorContains(t, err, "words/tlh.yaml")
	}
	_, err := readWords(fstest.MapFS{}, "tlh")
	require.ErrorIs(t, err, fs.ErrNotExist)
}
