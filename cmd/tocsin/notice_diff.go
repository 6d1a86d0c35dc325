package main

import (
	"encoding/json"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// textDiff is what changed in one part of one text.
type textDiff struct {
	Text  string     `json:"text"`
	Lines []diffLine `json:"lines"`
}

// diffLine is a line on both sides, or on one of them.
type diffLine struct {
	Mark  string `json:"mark"` // " " same, "|" changed, "<" only before, ">" only after
	Left  string `json:"left"`
	Right string `json:"right"`
}

// diffTexts lists the parts that differ, in the order of the newer plan; what is gone comes last.
func diffTexts(before, after planView) (out []textDiff) {
	old, oldOrder := partsOf(before)
	now, order := partsOf(after)
	for _, name := range oldOrder {
		if _, still := now[name]; !still {
			order = append(order, name)
		}
	}
	for _, name := range order {
		if old[name] != now[name] {
			out = append(out, textDiff{Text: name, Lines: diffLines(linesOf(old[name]), linesOf(now[name]))})
		}
	}
	if out == nil {
		out = []textDiff{}
	}
	return out
}

func linesOf(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

func partsOf(v planView) (parts map[string]string, order []string) {
	parts = map[string]string{}
	for _, t := range v.Texts {
		var b breach.TextBody
		if json.Unmarshal(t.Body, &b) != nil {
			continue
		}
		name := strings.Join(strings.Fields(strings.Join([]string{t.Ref.Kind, t.Ref.Channel, t.Ref.Variant, t.Ref.Locale}, " ")), " ")
		for _, part := range []string{"subject", "title", "text", "body", "html", "link"} {
			if s := b.Parts[part]; s != "" {
				parts[name+", "+part] = s
				order = append(order, name+", "+part)
			}
		}
	}
	return parts, order
}

// diffLines aligns two texts by their longest common lines. Texts have some hundreds of lines.
func diffLines(a, b []string) (out []diffLine) {
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var gone, come []string
	flush := func() {
		for k := range max(len(gone), len(come)) {
			switch {
			case k >= len(come):
				out = append(out, diffLine{"<", gone[k], ""})
			case k >= len(gone):
				out = append(out, diffLine{">", "", come[k]})
			default:
				out = append(out, diffLine{"|", gone[k], come[k]})
			}
		}
		gone, come = nil, nil
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			flush()
			out = append(out, diffLine{" ", a[i], b[j]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			gone, i = append(gone, a[i]), i+1
		default:
			come, j = append(come, b[j]), j+1
		}
	}
	flush()
	return out
}

// sideBySide writes two columns that fit the terminal. Of lines that are the same, those far from any change are
// left out.
func sideBySide(lines []diffLine, width int) string {
	column := (max(width, 40) - 3) / 2
	var b strings.Builder
	left := false
	for i, l := range lines {
		if !near(lines, i) {
			if !left {
				b.WriteString("...\n")
			}
			left = true
			continue
		}
		left = false
		one, other := folded(l.Left, column), folded(l.Right, column)
		for k := range max(len(one), len(other), 1) {
			var x, y string
			if k < len(one) {
				x = one[k]
			}
			if k < len(other) {
				y = other[k]
			}
			b.WriteString(strings.TrimRight(x+strings.Repeat(" ", column-cells(x))+" "+l.Mark+" "+y, " ") + "\n")
		}
	}
	return b.String()
}

// near says that a line is a change or stands next to one.
func near(lines []diffLine, i int) bool {
	for k := max(0, i-1); k <= min(len(lines)-1, i+1); k++ {
		if lines[k].Mark != " " {
			return true
		}
	}
	return false
}

// folded cuts a line into pieces of at most so many cells, at spaces where it can.
func folded(s string, width int) (out []string) {
	line, used, space := "", 0, -1
	for _, r := range s {
		w := cells(string(r))
		if used+w > width {
			if space > 0 {
				out, line = append(out, line[:space]), line[space+1:]
			} else {
				out, line = append(out, line), ""
			}
			used, space = cells(line), -1
		}
		if r == ' ' {
			space = len(line)
		}
		line, used = line+string(r), used+w
	}
	return append(out, line)
}
