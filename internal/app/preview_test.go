package app

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What a preview shows of a name has its length and its script, and of its letters the first alone.
func TestPromise_M18_NamesInPreviewsAreMasked(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Ana Lima": "Axx Xxxx", "李小龙": "李某某", "O'Neil-Smith Jr.": "O'Xxxx-Xxxxx Xx.", "محمد علي": "مسسس سسس", "": "", "Жанна": "Жхххх",
	} {
		require.Equal(t, want, maskName(name))
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-wA-W][b-wA-W ]{1,30}`).Draw(t, "name")
		masked := maskName(name)
		require.Equal(t, utf8.RuneCountInString(name), utf8.RuneCountInString(masked))
		for _, r := range masked[1:] {
			require.Contains(t, "xX ", string(r))
		}
	})
}
