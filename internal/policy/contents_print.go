package policy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// print checks the smallest print that a duty allows: of letters, and of what HTML says of its own print. Text
// messages, pushes and plain text are shown as whoever reads them has set it.
func (k *contentCheck) print(o breach.Obligation, texts []breach.TextBody) {
	if o.MinFontPt == 0 {
		return
	}
	var small []string
	for _, t := range texts {
		pt, known := smallestPrint(t.Parts["html"])
		if t.Channel == string(breach.Letter) {
			pt, known = k.LetterPt, k.LetterPt > 0
		}
		if known && pt < float64(o.MinFontPt) {
			small = append(small, textName(t)+": "+strconv.FormatFloat(pt, 'f', -1, 64)+" points")
		}
	}
	if len(small) > 0 {
		k.gap(o, breach.GapFont, "min_font_pt", once(small), nil)
	}
}

func printMeans(o breach.Obligation) string {
	return fmt.Sprintf("print of %d points at least", o.MinFontPt)
}

// Print as browsers show it: 96 CSS pixels and 72 points are an inch, and text of no size has 16 pixels.
const (
	pointsPerPixel = 72.0 / 96
	usualPixels    = 16.0
)

var (
	fontRule = regexp.MustCompile(`(?i)\bfont(-size)?\s*:\s*([^;{}"<>]+)`)
	fontSize = regexp.MustCompile(`(?i)^(\d+\.?\d*|\.\d+)(px|pt|rem|em|%|pc|in|cm|mm|q|ex|ch|vw|vh)?$`)
	smallTag = regexp.MustCompile(`(?i)<small[\s/>]|<font[^>]*\ssize\s*=`)
	fontUnit = map[string]float64{ // in points
		"px": pointsPerPixel, "pt": 1, "rem": usualPixels * pointsPerPixel, "em": usualPixels * pointsPerPixel, "%": usualPixels * pointsPerPixel / 100,
		"pc": 12, "in": 72, "cm": 72 / 2.54, "mm": 72 / 25.4, "q": 72 / 101.6, "ex": usualPixels * pointsPerPixel / 2, "ch": usualPixels * pointsPerPixel / 2,
	}
	fontWord = map[string]float64{ // in points
		"xx-small": 9 * pointsPerPixel, "x-small": 10 * pointsPerPixel, "small": 13 * pointsPerPixel, "smaller": usualPixels * pointsPerPixel / 1.2,
		"medium": usualPixels * pointsPerPixel, "large": 18 * pointsPerPixel, "x-large": 24 * pointsPerPixel, "xx-large": 32 * pointsPerPixel, "larger": usualPixels * pointsPerPixel * 1.2,
	}
)

// smallestPrint is the smallest size of print that HTML asks for, in points; false where it asks for none. A size
// that is relative to what stands around it is taken as relative to text of no size.
func smallestPrint(markup string) (pt float64, known bool) {
	least := func(size float64) {
		if !known || size < pt {
			pt, known = size, true
		}
	}
	if smallTag.MatchString(markup) {
		least(fontWord["smaller"])
	}
	for _, m := range fontRule.FindAllStringSubmatch(markup, -1) {
		short := m[1] == "" // font: style weight size/line family
		for _, token := range strings.Fields(strings.ToLower(m[2])) {
			size, isSize := sizeOf(token, short)
			if isSize {
				least(size)
				break
			}
		}
	}
	return pt, known
}

// sizeOf reads a size of CSS; in the short form of a font a bare number is its weight.
func sizeOf(token string, short bool) (pt float64, ok bool) {
	token, _, _ = strings.Cut(strings.TrimSuffix(token, "!important"), "/")
	if size, ok := fontWord[token]; ok {
		return size, true
	}
	m := fontSize.FindStringSubmatch(token)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseFloat(m[1], 64)
	unit, absolute := fontUnit[m[2]]
	switch {
	case err != nil:
		return 0, false
	case absolute:
		return n * unit, true
	case m[2] == "" && n == 0 && !short:
		return 0, true
	}
	return 0, false // relative to the window, or no size at all
}
