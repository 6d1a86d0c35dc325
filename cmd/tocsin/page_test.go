package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestWrap(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"one two", "three"}, wrap("one two three", 8))
	require.Equal(t, []string{"abcdefgh", "ij"}, wrap("abcdefghij", 8))
	require.Equal(t, []string{"中国大学慕", "课"}, wrap("中国大学慕课", 10))
	require.Equal(t, []string{"中国大学", "慕。课"}, wrap("中国大学慕。课", 10), "no line begins with a full stop")
	require.Equal(t, []string{"用 Go 写的", "程序"}, wrap("用 Go 写的程序", 10))
	require.Equal(t, []string{""}, wrap("", 10))
	require.Equal(t, []string{"12345678", "next"}, wrap("12345678 next", 8))
}

// TestPagesFitAndLoseNothing: whatever is written, every line fits, and what was written is all there.
func TestPagesFitAndLoseNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.RuneFrom([]rune("ab  cdé中国，。\u0301😀\u202e\x1b\r-"))).Draw(t, "text")
		indent := rapid.IntRange(0, 6).Draw(t, "indent")
		width := rapid.IntRange(40, 80).Draw(t, "width")
		p := newPage(width)
		p.para(indent, s)
		p.table(indent, [][]string{{s, "x", s}, {"a", s, "b"}})
		for _, l := range strings.Split(p.String(), "\n") {
			if cells(l) > width {
				t.Fatalf("%d columns: %q", cells(l), l)
			}
			if strings.ContainsAny(l, "\x1b\r\u202e") {
				t.Fatalf("a terminal would obey %q", l)
			}
		}
		q := newPage(width)
		q.para(indent, s)
		squeeze := func(s string) string { return strings.Join(strings.Fields(clean(s)), "") }
		if squeeze(q.String()) != squeeze(s) {
			t.Fatalf("%q became %q", s, q.String())
		}
	})
}

func TestTables(t *testing.T) {
	t.Parallel()
	p := newPage(40)
	p.table(2, [][]string{{"姓名", "one"}, {"x", "two words that are too long for one line"}})
	require.Equal(t, "  姓名  one\n  x     two words that are too long for\n        one line\n", p.String())
}

func TestWordsForNumbers(t *testing.T) {
	t.Parallel()
	require.Equal(t, "1,234,567", count(1234567))
	require.Equal(t, "999", count(999))
	require.Equal(t, "####", bar(1, 2, 8))
	require.Equal(t, "#", bar(1, 1000, 8), "what is there is never drawn as nothing")
	require.Empty(t, bar(0, 10, 8))
}
