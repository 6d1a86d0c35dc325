package console

import (
	"math"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

var token2 = regexp.MustCompile(`--([a-z0-9-]+):\s*light-dark\(#([0-9a-f]{6}),\s*#([0-9a-f]{6})\)`)

// luminance is that of WCAG 2.2.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(hex, 16, 32)
	require.NoError(t, err)
	part := func(c uint64) float64 {
		v := float64(c&0xff) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*part(n>>16) + 0.7152*part(n>>8) + 0.0722*part(n)
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// TestContrastOfTheTokens recomputes from the style sheet what the design promises, in both themes.
func TestContrastOfTheTokens(t *testing.T) {
	t.Parallel()
	css, err := web.ReadFile("web/static/console.css")
	require.NoError(t, err)
	tokens := map[string][2]string{}
	for _, m := range token2.FindAllStringSubmatch(string(css), -1) {
		tokens[m[1]] = [2]string{m[2], m[3]}
	}
	require.Greater(t, len(tokens), 30)
	check := func(least float64, pairs [][2]string) {
		for _, p := range pairs {
			for theme, name := range []string{"light", "dark"} {
				a, ok := tokens[p[0]]
				require.True(t, ok, p[0])
				b, ok := tokens[p[1]]
				require.True(t, ok, p[1])
				require.GreaterOrEqual(t, contrast(t, a[theme], b[theme]), least, "%s on %s, %s", p[0], p[1], name)
			}
		}
	}
	check(6.5, [][2]string{
		{"ink", "paper"}, {"ink", "card"}, {"ink", "sunk"}, {"ink-2", "paper"}, {"ink-2", "card"}, {"ink-2", "sunk"}, {"ink-2", "calm-bg"}, {"link", "paper"}, {"link", "card"}, {"on-act", "act"},
		{"soon", "soon-bg"}, {"soon", "card"}, {"now", "now-bg"}, {"now", "card"}, {"done", "done-bg"}, {"done", "card"}, {"ask", "ask-bg"}, {"ask", "card"},
	})
	check(3.5, [][2]string{
		{"edge", "paper"}, {"edge", "card"}, {"focus", "paper"}, {"focus", "card"}, {"o-reached", "card"}, {"o-unreachable", "card"}, {"o-exempt", "card"}, {"o-attempted-2", "o-attempted"},
		{"o-pending-2", "o-pending"}, {"o-held-2", "o-held"}, {"o-covered-2", "o-covered"}, {"o-withdrawn-2", "o-withdrawn"},
	})
}
