package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/examples"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/internal/render"
	"github.com/tocsin-engine/tocsin/worker"
)

// addressed is somebody in each language that letters are written in.
var addressed = map[string]breach.Person{
	"en":      {Name: "Catherine O’Neill", Country: "US", PostalAddress: "4711 Sample Avenue, Apt 12\nSpringfield, IL 62701"},
	"de":      {Name: "Jürgen Groß", Country: "DE", PostalAddress: "Straße des 17. Juni 135\n10623 Berlin"},
	"fr":      {Name: "Éloïse Lefèvre", Country: "FR", PostalAddress: "12 rue de l’Exemple\n75001 Paris"},
	"es":      {Name: "Íñigo Muñoz", Country: "ES", PostalAddress: "Calle del Ejemplo 3, 2.º B\n28001 Madrid"},
	"pt-BR":   {Name: "João Conceição", Country: "BR", PostalAddress: "Rua Exemplo, 45\n01000-000 São Paulo"},
	"zh-Hans": {Name: "陈可欣", Country: "CN", PostalAddress: "610000 四川省灯火市示例路13号3单元502室"},
	"zh-Hant": {Name: "陳嘉欣", Country: "HK", PostalAddress: "香港九龍示例道88號12樓A室"},
	"ja":      {Name: "山田 太郎", Country: "JP", PostalAddress: "〒100-0001\n東京都千代田区千代田1丁目2番3号"},
	"ko":      {Name: "김민준", Country: "KR", PostalAddress: "서울특별시 종로구 세종대로 1길 23\n03154"},
	"ar":      {Name: "محمد الأحمد", Country: "AE", PostalAddress: "شارع الشيخ زايد 12\nدبي"},
}

// Every letter that ships can be printed on every paper: each character has a glyph, and six pages are enough.
func TestEveryLetterThatShipsCanBePrinted(t *testing.T) {
	t.Parallel()
	texts, words := shippedLetters(t)
	for _, name := range []string{"din5008b", "us10", "cn"} {
		sender, err := letter.New(letter.Config{Dir: t.TempDir(), Paper: name, Country: "DE", Sender: "Example Learning Ltd · PO Box 100 · 10115 Berlin"}, nil, func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) })
		require.NoError(t, err)
		b := &breach.PostBatch{ID: "letters-1", MadeAt: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
		for _, text := range texts {
			lang := text.Ref.Locale
			if lost := sender.MissingFonts(lang); len(lost) > 0 {
				t.Skipf("SKIPPED: the fonts %v are not installed (Debian: fonts-noto-core, fonts-noto-cjk)", lost)
			}
			who := addressed[lang]
			who.DataClasses = []string{"name", "email", "password_hash", "national_id", "health"}
			m, err := words.Message(text, who, breach.ToSelf, "KX7P-2MQA-9TDC-AAAA")
			require.NoError(t, err)
			m.DeliveryID, m.AttemptID = strings.ToLower(lang), strings.ToLower(lang)+"-1"
			require.NoError(t, sender.Check(m), "%s on %s", lang, name)
			body, err := sender.Item(m)
			require.NoError(t, err)
			b.Items = append(b.Items, body)
		}
		dir := t.TempDir()
		if keep := os.Getenv("TOCSIN_KEEP_LETTERS"); keep != "" {
			dir = filepath.Join(keep, name)
			require.NoError(t, os.MkdirAll(dir, 0o750))
		}
		m, _, err := sender.Print(t.Context(), b, dir)
		require.NoError(t, err)
		require.Len(t, m.Rows, 10)
	}
}

// shippedLetters are the letters of the shipped example to people themselves, in all ten languages.
func shippedLetters(t *testing.T) (letters []breach.Text, words worker.Words) {
	t.Helper()
	file, err := breach.ParseIncident(examples.Incident)
	require.NoError(t, err)
	engine, err := render.New()
	require.NoError(t, err)
	words = worker.Words{Engine: engine, PublicBaseURL: "https://denghuo.test"}
	profile, err := policy.Builtin(file.Policy)
	require.NoError(t, err)
	profile.Languages.Available = nil
	for lang := range addressed {
		profile.Languages.Available = append(profile.Languages.Available, lang)
		if _, ok := file.Narrative[lang]; !ok {
			file.Narrative[lang] = file.Narrative["en"]
		}
	}
	texts, problems, err := words.Texts(file, profile, nil, profile.Languages.Available, "REF-1")
	require.NoError(t, err)
	require.Empty(t, problems)
	for _, text := range texts {
		if text.Ref.Channel == string(breach.Letter) && text.Ref.Variant == string(breach.ToSelf) {
			letters = append(letters, text)
		}
	}
	require.Len(t, letters, len(addressed))
	return letters, words
}

// A letter that is too long keeps its plan from being submitted, and says so.
func TestLettersThatCannotBePrintedAreProblems(t *testing.T) {
	t.Parallel()
	texts, words := shippedLetters(t)
	sender, err := letter.New(letter.Config{Dir: t.TempDir(), Pages: 1}, nil, time.Now)
	require.NoError(t, err)
	if lost := sender.MissingFonts("zh-Hans"); len(lost) > 0 {
		t.Skipf("SKIPPED: the fonts %v are not installed (Debian: fonts-noto-core, fonts-noto-cjk)", lost)
	}
	words.Letters = sender.Check
	problems := words.Unprintable(texts, nil)
	require.Len(t, problems, len(texts))
	require.Contains(t, strings.Join(problems, "\n"), "pages and 1 are allowed")
	nofonts, err := letter.New(letter.Config{Dir: t.TempDir(), Fonts: t.TempDir()}, nil, time.Now)
	require.NoError(t, err)
	words.Letters = nofonts.Check
	require.Contains(t, strings.Join(words.Unprintable(texts, nil), "\n"), "no font that is installed")
}
