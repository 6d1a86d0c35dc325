package main

import (
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/width"
)

// page is text for people: it fits the width, and nothing in it can move the cursor or reverse what is
// shown, whatever a server or a file says.
type page struct {
	b     strings.Builder
	width int
}

func newPage(width int) *page { return &page{width: width} }

func (p *page) String() string { return p.b.String() }

// line writes one line, cut to the width.
func (p *page) line(s string) {
	p.b.WriteString(strings.TrimRight(cut(clean(s), p.width), " "))
	p.b.WriteByte('\n')
}

func (p *page) gap() { p.b.WriteByte('\n') }

// head begins a section.
func (p *page) head(s string) {
	if p.b.Len() > 0 {
		p.gap()
	}
	p.line(strings.ToUpper(s))
}

// para wraps text at spaces, or between the characters of scripts that write without them. Line breaks in
// it are kept; what is wrapped hangs a little.
func (p *page) para(indent int, s string) {
	const hang = 2
	for _, part := range strings.Split(clean(s), "\n") {
		for i, l := range wrap(part, p.width-indent-hang) {
			pad := indent
			if i > 0 {
				pad += hang
			}
			p.b.WriteString(strings.TrimRight(strings.Repeat(" ", pad)+l, " "))
			p.b.WriteByte('\n')
		}
	}
}

// exact writes text whose line breaks and width are given; only what could harm a terminal is changed.
func (p *page) exact(s string) { p.b.WriteString(clean(s)) }

// table aligns columns. The last one is wrapped, the others are cut when they leave it too little room.
func (p *page) table(indent int, rows [][]string) {
	const gap, least = 2, 16
	if len(rows) == 0 {
		return
	}
	last := len(rows[0]) - 1
	widths := make([]int, last)
	for _, r := range rows {
		for i := range last {
			widths[i] = max(widths[i], cells(clean(r[i])))
		}
	}
	room := p.width - indent - least
	for i := range widths {
		room -= gap
		widths[i] = min(widths[i], max(room, 4))
		room -= widths[i]
	}
	used := indent
	for _, w := range widths {
		used += w + gap
	}
	for _, r := range rows {
		var b strings.Builder
		b.WriteString(strings.Repeat(" ", indent))
		for i, w := range widths {
			s := cut(clean(r[i]), w)
			b.WriteString(s + strings.Repeat(" ", w-cells(s)+gap))
		}
		for i, l := range wrap(clean(r[last]), p.width-used) {
			if i > 0 {
				b.WriteString("\n" + strings.Repeat(" ", used))
			}
			b.WriteString(l)
		}
		p.b.WriteString(strings.TrimRight(b.String(), " "))
		p.b.WriteByte('\n')
	}
}

// clean replaces what a terminal would obey instead of show.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u200e', r == '\u200f':
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// cells is how many columns a terminal takes for s.
func cells(s string) int {
	n := 0
	for _, r := range s {
		n += runeCells(r)
	}
	return n
}

func runeCells(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me) || r == '\u200b' || r == '\u200d' {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// cut shortens s to at most w columns and says so.
func cut(s string, w int) string {
	if cells(s) <= w {
		return s
	}
	n := 0
	for i, r := range s {
		if n+runeCells(r) > w-1 {
			return s[:i] + "…"
		}
		n += runeCells(r)
	}
	return s
}

// closers never begin a line.
const closers = "，。、；：？！）】》」』〉”’…—"

// wrap breaks one line into lines of at most w columns: at spaces, and between ideographs.
func wrap(s string, w int) []string {
	w = max(w, 8)
	if cells(s) <= w {
		return []string{s}
	}
	var lines []string
	start, used, at := 0, 0, -1 // of the line: its first byte, its width, the last place to break it
	wide := false               // the character before
	for i, r := range s {
		n := runeCells(r)
		if i > start && (r == ' ' || ((n == 2 || wide) && !strings.ContainsRune(closers, r))) {
			at = i
		}
		if n > 0 {
			wide = n == 2
		}
		if used+n <= w {
			used += n
			continue
		}
		end := i
		if at > start {
			end = at
		}
		lines = append(lines, strings.TrimRight(s[start:end], " "))
		start = end
		for start < len(s) && s[start] == ' ' {
			start++
		}
		used, at = 0, -1
		if start <= i {
			used = cells(s[start:i]) + n
		}
	}
	if start < len(s) {
		lines = append(lines, strings.TrimRight(s[start:], " "))
	}
	return lines
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func when(t *time.Time) string {
	if t == nil {
		return ""
	}
	return instant(*t)
}
