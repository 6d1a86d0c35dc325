package render

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestNamesStayThemselves(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Ana Brook", "O'Brien", "Anne-Marie d'Été", "李小龙", "محمد العربي", "שלום", "कविता पटेल", "Nguyễn Thị Ánh", "ʻOkina", "Günther", "Łukasz", "이예준", "D’Angelo", "க்ஷ", "می\u200cخواهم"} {
		require.Equal(t, name, cleanName(name))
	}
}

func TestNamesAreMadeInert(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"J.R.R. Tolkien":         "J. R. R. Tolkien",
		"www.evil.test":          "www. evil. test",
		"http://evil.test/a":     "http: / / evil. test/ a",
		"a@evil.test":            "a@ evil. test",
		"evil．com":               "evil． com",
		"Ana\r\nBcc: x":          "Ana Bcc: x",
		"a\u202eb\u200bc\u200dd": "abcd",
		"{{name}}":               "{ {name} }",
		"\u3164\u2800 \t":        "",
		"  Ana   Brook ":         "Ana Brook",
		"\u0301Ana":              "Ana",
	} {
		require.Equal(t, want, cleanName(in), "%q", in)
	}
	require.Equal(t, maxName, utf8.RuneCountInString(cleanName(strings.Repeat("A", 500))))
}

func TestCleaningTwiceChangesNothingMore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.SampledFrom(nasty), rapid.SampledFrom([]string{".", " ", "\u0301", "\u200d", "क", "\u094d", "{", "@"})), 1, 8).Draw(t, "name"), "")
		once := cleanName(s)
		require.Equal(t, once, cleanName(once))
		require.LessOrEqual(t, utf8.RuneCountInString(once), maxName)
		require.True(t, utf8.ValidString(once))
	})
}
