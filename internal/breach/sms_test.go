package breach_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestPartsOfAnSMS(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		parts int
		ucs2  bool
	}{
		{"", 1, false},
		{strings.Repeat("a", 160), 1, false}, {strings.Repeat("a", 161), 2, false},
		{strings.Repeat("a", 306), 2, false}, {strings.Repeat("a", 307), 3, false},
		{strings.Repeat("€", 80), 1, false}, {strings.Repeat("€", 81), 2, false},
		{strings.Repeat("a", 152) + strings.Repeat("€", 77), 3, false}, // a sign of two places is not cut in two
		{strings.Repeat("äöüß", 40), 1, false},
		{strings.Repeat("李", 70), 1, true}, {strings.Repeat("李", 71), 2, true}, {strings.Repeat("李", 135), 3, true},
		{strings.Repeat("a", 70) + "’", 2, true},
		{strings.Repeat("🙂", 35), 1, true}, {strings.Repeat("🙂", 67), 3, true},
	} {
		got := breach.SizeOfSMS(c.text)
		require.Equal(t, c.parts, got.Parts, "%.20q %d", c.text, len(c.text))
		require.Equal(t, c.ucs2, got.UCS2, "%.20q", c.text)
	}
	require.Equal(t, "’ç", breach.SizeOfSMS("d’ça’ç").Odd)
}
