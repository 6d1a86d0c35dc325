package paper

import (
	"encoding/hex"
	"math"
	"strconv"

	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// drawing gathers the text operators of one line. Lengths are thousandths of the em.
type drawing struct {
	size float64
	out  []byte
	font *face
	x    float64 // where the next glyph belongs
	at   float64 // where the PDF's own pen stands, after nominal widths
	rise float64
	open bool // a TJ array is open
	hex  bool // a string in it is open
}

func units(v fixed.Int26_6) float64 { return float64(v) / 64 }

// glyph draws one glyph where shaping placed it.
func (d *drawing) glyph(f *face, g *shaping.Glyph) {
	rise := units(g.YOffset)
	if f != d.font || rise != d.rise {
		d.close()
		if !d.begun() {
			d.out = append(d.out, "BT "...)
		}
		d.out = append(append(append(append(d.out, '/'), f.name...), ' '), num(d.size)...)
		d.out = append(d.out, " Tf 1 0 0 1 "...)
		d.at = d.x + units(g.XOffset)
		d.out = append(append(append(append(d.out, num(d.at*d.size/em)...), ' '), num(rise*d.size/em)...), " Tm "...)
		d.font, d.rise = f, rise
	}
	if want := d.x + units(g.XOffset); math.Abs(want-d.at) > 0.5 {
		d.string(false)
		d.array()
		d.out = append(d.out, num(math.Round(d.at-want))...)
		d.at -= math.Round(d.at - want)
	}
	d.array()
	d.string(true)
	d.out = hex.AppendEncode(d.out, []byte{byte(g.GlyphID >> 8), byte(g.GlyphID)})
	d.at += nominal(f, g)
	d.x += units(g.Advance)
}

// nominal is the glyph's width as the PDF's table of widths has it.
func nominal(f *face, g *shaping.Glyph) float64 { return math.Round(f.width(g.GlyphID)) }

func (d *drawing) begun() bool { return len(d.out) > 0 }

func (d *drawing) array() {
	if !d.open {
		d.out, d.open = append(d.out, '['), true
	}
}

func (d *drawing) string(open bool) {
	if d.hex == open {
		return
	}
	if d.hex = open; open {
		d.out = append(d.out, '<')
	} else {
		d.out = append(d.out, '>')
	}
}

func (d *drawing) close() {
	d.string(false)
	if d.open {
		d.out, d.open = append(d.out, "] TJ "...), false
	}
}

func (d *drawing) end() []byte {
	d.close()
	if d.begun() {
		d.out = append(d.out, "ET\n"...)
	}
	return d.out
}

// num writes a number as PDF reads it, to a thousandth.
func num(v float64) []byte {
	return strconv.AppendFloat(nil, math.Round(v*1000)/1000+0, 'f', -1, 64)
}
