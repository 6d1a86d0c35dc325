package paper

import (
	"cmp"
	"slices"
	"strings"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/bidi"
)

// em is the size at which text is shaped: what comes back is in thousandths of the em, as PDF counts.
const em = 1000

// style is how a paragraph is set.
type style struct {
	lang  string
	size  float64 // points
	width float64 // points; 0 does not break
	bold  bool
	// rtl is the direction of the paragraph, which also aligns it; auto takes it from the text and aligns left.
	rtl, auto bool
}

// line is one set line, as the operators that draw it with its left end at the origin.
type line struct {
	ops   []byte
	uses  []use
	width float64 // points
}

// use is one glyph of a font and the text that it stands for.
type use struct {
	font fontKey
	gid  font.GID
	text string
}

// face is a font in use by one typesetter.
type face struct {
	*font.Face
	key     fontKey
	name    string // in PDF files
	strings map[font.GID][]byte
}

// typesetter shapes text. It is not safe for many goroutines.
type typesetter struct {
	fonts   *Fonts
	faces   map[fontKey]*face
	byFace  map[*font.Face]*face
	shaper  shaping.HarfbuzzShaper
	split   shaping.Segmenter
	wrapper shaping.LineWrapper
	cache   map[cacheKey][]line
}

type cacheKey struct {
	style style
	text  string
}

// maxCached bounds what is kept of paragraphs: those of the text come again in every letter, names do not.
const maxCached = 4096

func newTypesetter(f *Fonts) *typesetter {
	return &typesetter{fonts: f, faces: map[fontKey]*face{}, byFace: map[*font.Face]*face{}, cache: map[cacheKey][]line{}}
}

func (t *typesetter) face(k fontKey) *face {
	if got, ok := t.faces[k]; ok {
		return got
	}
	f := t.fonts.load(k)
	if f == nil {
		t.faces[k] = nil
		return nil
	}
	got := &face{Face: font.NewFace(f), key: k, name: resourceName(k), strings: map[font.GID][]byte{}}
	t.faces[k], t.byFace[got.Face] = got, got
	return got
}

// chain resolves characters for one style: the language's own font first, so that a Han character looks as its
// readers write it, then Latin, then all others.
type chain struct {
	t     *typesetter
	style style
}

// ResolveFace implements shaping.Fontmap.
func (c chain) ResolveFace(r rune) *font.Face {
	var last *font.Face
	try := func(n int, bold bool) *font.Face {
		f := c.t.face(fontKey{n, bold})
		if f == nil {
			return nil
		}
		if _, ok := f.NominalGlyph(r); ok {
			return f.Face
		}
		if last == nil {
			last = f.Face
		}
		return nil
	}
	own := preferred(c.style.lang)
	order := []int{cutLatin, own}
	if r >= 0x2E80 || isQuote(r) && own >= cutSC {
		order[0], order[1] = own, cutLatin
	}
	for n := -len(order); n < len(cuts); n++ {
		which := n
		if n < 0 {
			which = order[n+len(order)]
		}
		if c.style.bold && cuts[which].bold != "" {
			if f := try(which, true); f != nil {
				return f
			}
		}
		if f := try(which, false); f != nil {
			return f
		}
	}
	return last
}

// isQuote says that a mark is full-width among Chinese characters and narrow in Latin text.
func isQuote(r rune) bool { return r >= 0x2018 && r <= 0x201D || r == '…' || r == '—' || r == '·' }

// NoGlyphError says that no font draws some characters.
type NoGlyphError struct{ Scripts []string }

func (e *NoGlyphError) Error() string {
	return "no font that is installed draws some characters of the script " + strings.Join(e.Scripts, ", ") +
		"; install fonts for it (Debian: fonts-noto-core, fonts-noto-cjk) or name their directory in the settings"
}

// paragraph sets one paragraph of text, which has no line breaks.
func (t *typesetter) paragraph(s style, text string) ([]line, error) {
	key := cacheKey{s, text}
	if got, ok := t.cache[key]; ok {
		return got, nil
	}
	runes := []rune(text)
	if len(runes) == 0 {
		return nil, nil
	}
	dir := di.DirectionLTR
	if s.rtl || s.auto && startsRTL(text) {
		dir = di.DirectionRTL
	}
	if t.face(fontKey{cut: cutLatin}) == nil {
		return nil, &NoGlyphError{Scripts: []string{"Latin"}}
	}
	in := shaping.Input{Text: runes, RunEnd: len(runes), Direction: dir, Size: fixed.I(em), Language: language.NewLanguage(s.lang)}
	var outs []shaping.Output
	for _, part := range t.split.Split(in, chain{t, s}) {
		out := t.shaper.Shape(part) // with extents: the wrapper takes what has none for white space
		if err := missing(out, runes); err != nil {
			return nil, err
		}
		outs = append(outs, out)
	}
	width := fixed.Int26_6(1 << 30)
	if s.width > 0 {
		width = fixed.Int26_6(s.width / s.size * em * 64)
	}
	wrapped, _ := t.wrapper.WrapParagraphF(shaping.WrapConfig{Direction: dir}, width, runes, shaping.NewSliceIterator(outs))
	lines := make([]line, len(wrapped))
	for i, w := range wrapped {
		lines[i] = t.draw(s, w, runes)
	}
	if len(t.cache) >= maxCached {
		clear(t.cache)
	}
	t.cache[key] = lines
	return lines, nil
}

func startsRTL(text string) bool {
	for _, r := range text {
		p, _ := bidi.LookupRune(r)
		switch p.Class() {
		case bidi.L:
			return false
		case bidi.R, bidi.AL:
			return true
		}
	}
	return false
}

// missing says of which scripts characters have no glyph.
func missing(out shaping.Output, runes []rune) error {
	var scripts []string
	for i := range out.Glyphs {
		g := &out.Glyphs[i]
		if g.GlyphID != 0 {
			continue
		}
		name := "unknown"
		if s := language.LookupScript(runes[g.TextIndex()]); s != language.Unknown && s != language.Common {
			name = s.String()
		}
		if !slices.Contains(scripts, name) {
			scripts = append(scripts, name)
		}
	}
	if len(scripts) == 0 {
		return nil
	}
	return &NoGlyphError{Scripts: scripts}
}

// draw writes the operators of one line.
func (t *typesetter) draw(s style, w shaping.Line, runes []rune) line {
	runs := slices.Clone(w)
	slices.SortStableFunc(runs, func(a, b shaping.Output) int { return cmp.Compare(a.VisualIndex, b.VisualIndex) })
	l := line{}
	d := drawing{size: s.size}
	for i := range runs {
		l.uses = t.drawRun(&d, &runs[i], runes, l.uses)
	}
	l.ops, l.width = d.end(), d.x*s.size/em
	return l
}

func (t *typesetter) drawRun(d *drawing, run *shaping.Output, runes []rune, uses []use) []use {
	f := t.byFace[run.Face]
	for i := range run.Glyphs {
		g := &run.Glyphs[i]
		d.glyph(f, g)
		uses = append(uses, use{f.key, g.GlyphID, textOf(run, i, runes)})
	}
	return uses
}

// textOf is what a glyph stands for. In a cluster of several glyphs, the one that comes first in reading order
// stands for the whole.
func textOf(run *shaping.Output, i int, runes []rune) string {
	g := &run.Glyphs[i]
	from, n := g.TextIndex(), g.RunesCount()
	same := func(k int) bool { return k >= 0 && k < len(run.Glyphs) && run.Glyphs[k].TextIndex() == from }
	first := i
	for same(first - 1) {
		first--
	}
	nth := i - first
	if run.Direction == di.DirectionRTL {
		nth = g.GlyphsCount() - 1 - nth
	}
	switch {
	case n == g.GlyphsCount():
		return string(runes[from+nth : from+nth+1])
	case nth == 0:
		return string(runes[from:min(from+n, len(runes))])
	}
	return ""
}
