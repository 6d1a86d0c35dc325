package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestADiffStandsSideBySideWithinTheTerminal(t *testing.T) {
	t.Parallel()
	srv, _ := newServer(nil)
	defer srv.Close()
	out, errOut, status := onTerminal(t.Context(), t, srv.URL, "notice", "diff", "inc1", "1", "2")
	require.Equal(t, exitDone, status, errOut)
	for _, l := range strings.Split(out, "\n") {
		require.LessOrEqual(t, cells(l), 80, l)
	}
	require.Regexp(t, `(?m)^We are sorry\. {27,}We are sorry\.$`, out)
	require.Regexp(t, `(?m)^Call the hotline .* \| Call 116 117\.$`, out)
	require.Regexp(t, `(?m)> Your code: \{\{reference\}\}$`, out)
}

// Each side of a diff is the text that it was made of, and what is marked as the same is.
func TestADiffLosesNoLineProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "", "李 李"}), 0, 12)
		a, b := draw.Draw(t, "a"), draw.Draw(t, "b")
		var left, right []string
		for _, l := range diffLines(a, b) {
			if l.Mark != ">" {
				left = append(left, l.Left)
			}
			if l.Mark != "<" {
				right = append(right, l.Right)
			}
			require.Equal(t, l.Mark == " ", l.Mark != "<" && l.Mark != ">" && l.Left == l.Right)
		}
		require.Equal(t, strings.Join(a, "\n"), strings.Join(left, "\n"))
		require.Equal(t, strings.Join(b, "\n"), strings.Join(right, "\n"))
		for _, line := range strings.Split(sideBySide(diffLines(a, b), 40), "\n") {
			require.LessOrEqual(t, cells(line), 40)
		}
		s := rapid.String().Draw(t, "s")
		require.Equal(t, strings.ReplaceAll(s, " ", ""), strings.ReplaceAll(strings.Join(folded(s, 10), ""), " ", ""))
	})
}
