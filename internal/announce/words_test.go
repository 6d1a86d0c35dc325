package announce

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// The site speaks every language that notices are written in, and each of them has every word.
func TestTheSiteSpeaksTheLanguagesOfTheNotices(t *testing.T) {
	t.Parallel()
	require.ElementsMatch(t, []string{"en", "zh-Hans", "zh-Hant", "ja", "ko", "de", "fr", "es", "pt-BR", "ar"}, spokenTags())
	for _, w := range spoken {
		v := reflect.ValueOf(w)
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.String {
				require.NotEmpty(t, f.String(), "%s %s", w.Locale, v.Type().Field(i).Name)
				if w.Locale != "en" && f.String() == reflect.ValueOf(english).Field(i).String() {
					require.Contains(t, []string{"Code", "Feed", "version", "Version", "Date", ", ", "02/01/2006", "Data"}, f.String(), "%s %s is English", w.Locale, v.Type().Field(i).Name)
				}
			}
		}
		require.Len(t, w.Signs, 3, w.Locale)
		for _, c := range breach.Channels {
			require.NotEmpty(t, w.channels[c], "%s %s", w.Locale, c)
		}
		require.NotContains(t, w.At(time.Date(2026, 11, 15, 9, 0, 0, 0, time.UTC)), "Jan", w.Locale)
	}
	require.Equal(t, "zh-Hant", wordsFor("zh-TW").Locale)
	require.Equal(t, "pt-BR", wordsFor("pt").Locale)
	require.Equal(t, "en", wordsFor("tlh").Locale)
	page := get(site(t), "/verify?lang=ar").Body.String()
	require.Contains(t, page, `<html lang="ar" dir="rtl">`)
	require.Contains(t, page, arabic.VerifyTitle)
}
