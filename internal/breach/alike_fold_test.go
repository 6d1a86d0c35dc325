package breach

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What is common is folded by a table; it says the same as the long way.
func TestLatinNamesFoldAsAllOthers(t *testing.T) {
	t.Parallel()
	letters := rapid.OneOf(rapid.RuneFrom([]rune(" ,-'.\u00a0\u0085\tıİſßŉǅAZaz")), rapid.Int32Range(0, afterLatin+20))
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(letters).Draw(t, "name"))
		require.Equal(t, foldedAny(s), folded(s))
		words := strings.FieldsFunc(foldedAny(s), func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
		slices.Sort(words)
		require.Equal(t, strings.Join(words, " "), NameKey(s))
	})
}
