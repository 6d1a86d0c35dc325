package paper

import (
	"math"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
)

// A font goes into a PDF as a CID-keyed CFF program (Adobe Technical Notes 5176 and 5177) that is written anew from
// the outlines of the glyphs that are drawn, at 1,000 units to the em, without hints: paper needs none. So one way
// does for TrueType and PostScript outlines.

// Operators of Type 2 charstrings.
const (
	opRLineTo   = 5
	opRRCurveTo = 8
	opEndChar   = 14
	opRMoveTo   = 21
)

// outline gives a glyph's charstring with its width first.
func outline(face *font.Face, gid font.GID) []byte {
	p := pen{scale: 1000 / float64(face.Upem())}
	p.number(int(math.Round(float64(face.HorizontalAdvance(gid)) * p.scale)))
	shape, _ := face.GlyphDataOutline(gid)
	for i := range shape.Segments {
		p.segment(&shape.Segments[i])
	}
	p.out = append(p.out, opEndChar)
	return p.out
}

// pen writes a charstring. Points are rounded to whole units, so that the path closes.
type pen struct {
	out    []byte
	scale  float64
	x, y   int     // the current point
	fx, fy float64 // the same before rounding
}

func (p *pen) segment(s *opentype.Segment) {
	at := func(i int) (x, y float64) {
		return float64(s.Args[i].X) * p.scale, float64(s.Args[i].Y) * p.scale
	}
	switch s.Op {
	case opentype.SegmentOpMoveTo:
		x, y := at(0)
		p.to(x, y)
		p.out = append(p.out, opRMoveTo)
	case opentype.SegmentOpLineTo:
		x, y := at(0)
		p.to(x, y)
		p.out = append(p.out, opRLineTo)
	case opentype.SegmentOpQuadTo: // raised to a cubic
		cx, cy := at(0)
		x, y := at(1)
		fx, fy := p.fx, p.fy
		p.to(fx+(cx-fx)*2/3, fy+(cy-fy)*2/3)
		p.to(x+(cx-x)*2/3, y+(cy-y)*2/3)
		p.to(x, y)
		p.out = append(p.out, opRRCurveTo)
	case opentype.SegmentOpCubeTo:
		for i := range 3 {
			x, y := at(i)
			p.to(x, y)
		}
		p.out = append(p.out, opRRCurveTo)
	}
}

// to writes the way to a point.
func (p *pen) to(x, y float64) {
	p.fx, p.fy = x, y
	nx, ny := int(math.Round(x)), int(math.Round(y))
	p.number(nx - p.x)
	p.number(ny - p.y)
	p.x, p.y = nx, ny
}

func (p *pen) number(n int) {
	switch {
	case n >= -107 && n <= 107:
		p.out = append(p.out, byte(n+139))
	case n >= 108 && n <= 1131:
		n -= 108
		p.out = append(p.out, byte(n>>8+247), byte(n))
	case n >= -1131 && n <= -108:
		n = -n - 108
		p.out = append(p.out, byte(n>>8+251), byte(n))
	default:
		p.out = append(p.out, 28, byte(n>>8), byte(n))
	}
}

// cffProgram writes a font of the glyphs whose numbers are in cids, ascending, .notdef apart, which is empty.
func cffProgram(name string, cids []uint16, strings [][]byte) []byte {
	nameIndex := index([]byte(name))
	stringIndex := index([]byte("Adobe"), []byte("Identity"))
	noSubrs := []byte{0, 0}
	charset := []byte{0} // format 0
	for _, c := range cids {
		charset = append(charset, byte(c>>8), byte(c))
	}
	count := len(cids) + 1
	fdSelect := []byte{3, 0, 1, 0, 0, 0, byte(count >> 8), byte(count)} // one font for all glyphs
	charStrings := index(append([][]byte{{139, opEndChar}}, strings...)...)
	head := []byte{1, 0, 4, 4}
	top := func(at [4]int, fdAt int) []byte {
		d := dict(391, 392) // Adobe-Identity, supplement 0: the first two strings of our own
		d = append(append(d, 139), 12, 30)
		d = append(offset(d, count), 12, 34)
		d = append(offset(d, at[0]), 15)
		d = append(offset(d, at[1]), 12, 37)
		d = append(offset(d, at[2]), 17)
		return append(offset(d, fdAt), 12, 36)
	}
	start := len(head) + len(nameIndex) + len(index(top([4]int{}, 0))) + len(stringIndex) + len(noSubrs)
	at := [4]int{start, start + len(charset), start + len(charset) + len(fdSelect)}
	private := at[2] + len(charStrings) // empty, of no bytes
	fd := append(offset(offset(nil, 0), private), 18)
	fdArray := index(fd)
	out := append(append(append(append(append([]byte{}, head...), nameIndex...), index(top(at, private))...), stringIndex...), noSubrs...)
	out = append(append(append(out, charset...), fdSelect...), charStrings...)
	return append(out, fdArray...)
}

// dict writes the operands of a DICT.
func dict(numbers ...int) []byte {
	var p pen
	for _, n := range numbers {
		p.number(n)
	}
	return p.out
}

// offset writes a number in five bytes whatever it is, so that the place of what follows is known before it is.
func offset(to []byte, n int) []byte {
	return append(to, 29, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

// index writes an INDEX.
func index(items ...[]byte) []byte {
	out := []byte{byte(len(items) >> 8), byte(len(items)), 4}
	end := 1
	place := func() { out = append(out, byte(end>>24), byte(end>>16), byte(end>>8), byte(end)) }
	place()
	for _, it := range items {
		end += len(it)
		place()
	}
	for _, it := range items {
		out = append(out, it...)
	}
	return out
}
