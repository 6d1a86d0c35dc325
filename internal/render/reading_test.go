package render

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestSyllables(t *testing.T) {
	t.Parallel()
	for tag, words := range map[string]map[string]int{
		"en":    {"change": 1, "password": 2, "information": 4, "we": 1, "closed": 1, "noted": 2, "people": 2, "agree": 2, "incident": 3},
		"de":    {"passwort": 2, "ändern": 2, "behörde": 3, "unverzüglich": 4, "daten": 2, "seien": 2, "kreuz": 1},
		"fr":    {"données": 2, "mot": 1, "passe": 1, "sécurité": 4, "nous": 1, "bancaires": 2},
		"es":    {"contraseña": 4, "cuenta": 2, "día": 2, "seguridad": 4, "ciudad": 2, "aviso": 3},
		"pt-BR": {"senha": 2, "informação": 4, "você": 2, "não": 1, "conta": 2},
	} {
		for word, n := range words {
			require.Equal(t, n, formulas[tag].syllables(word), "%s %s", tag, word)
		}
	}
}

// The formula's published arithmetic, worked by hand: 36 words in 3 sentences, 36 syllables.
func TestReadingLevelIsTheFormula(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("We told you what we did and what we will do now. ", 3)
	got, ok := ReadingLevel("en", text)
	require.True(t, ok)
	require.Equal(t, 36, got.Words)
	require.InDelta(t, 206.835-1.015*12-84.6*1, got.Score, 0.001)

	same, ok := ReadingLevel("en", strings.ReplaceAll(text, "you", "you {{name}} ana@mail.test larkfield.example/verify https://x.test/y"))
	require.True(t, ok)
	require.InDelta(t, got.Score, same.Score, 0.001, "nobody reads variables and addresses as words")

	_, ok = ReadingLevel("en", "Too short to say.")
	require.False(t, ok)
	for _, tag := range []string{"ar", "ja", "ko", "zh-Hans", "zh-Hant", "", "xx"} {
		_, ok = ReadingLevel(tag, strings.Repeat("これは文です。 ", 50))
		require.False(t, ok, "no measure is agreed upon for %q", tag)
	}
}

func TestReadingOfALanguage(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	for _, tag := range allLanguages {
		level, measured := e.Reading(tag)
		require.Equal(t, formulas[tag].name != "", measured, tag)
		if measured {
			require.Greater(t, level.Score, 55.0, tag)
			require.Greater(t, level.Words, 300, tag)
		}
	}
	_, measured := e.Reading("xx")
	require.False(t, measured)
}

// How easily the shipped words are read: the words of the templates, of all advice, and not the organisation's own.
// The table is kept in testdata so that a change is seen; none may become harder than plain language.
func TestShippedWordsArePlain(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	var table strings.Builder
	for _, tag := range allLanguages {
		l := e.languages[tag]
		for _, v := range variants {
			file, scope := languageFile(t, tag)
			file.Narrative[tag] = breach.Narrative{Summary: "1", Consequences: "1", MeasuresTaken: "1", MeasuresPlanned: "1", IndividualSteps: "1", Remedies: "1"}
			body, ok := e.newDraft(file, scope).notice(l, breach.Email, v.name, "")
			require.True(t, ok)
			text := body.Parts["text"]
			for _, a := range l.advice.Advice {
				text += "\n" + a.Text
			}
			level, ok := ReadingLevel(tag, text)
			if !ok {
				fmt.Fprintf(&table, "%-8s %-9s not measured\n", tag, v.name)
				continue
			}
			fmt.Fprintf(&table, "%-8s %-9s %5.1f  %s\n", tag, v.name, level.Score, level.Formula)
			require.Greater(t, level.Score, 55.0, "%s %s", tag, v.name)
		}
	}
	golden(t, "reading.txt", table.String())
}

func FuzzReadingLevel(f *testing.F) {
	f.Add("de", "Ändern Sie Ihr Passwort. {{name}} a@b.c")
	f.Add("fr", "’’’ e es ée")
	f.Fuzz(func(t *testing.T, tag, text string) {
		level, ok := ReadingLevel(tag, text)
		require.False(t, ok && (level.Words < 30 || level.Score > 250))
	})
}
