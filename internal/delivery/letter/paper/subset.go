package paper

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode/utf16"

	"github.com/go-text/typesetting/font"
)

// width is a glyph's advance in thousandths of the em.
func (f *face) width(gid font.GID) float64 {
	return float64(f.HorizontalAdvance(gid)) * em / float64(f.Upem())
}

// charstring is a glyph's outline, worked out once.
func (f *face) charstring(gid font.GID) []byte {
	if got, ok := f.strings[gid]; ok {
		return got
	}
	got := outline(f.Face, gid)
	f.strings[gid] = got
	return got
}

// resourceName is what a font is called in PDF files, always the same.
func resourceName(k fontKey) string {
	if k.bold {
		return "B" + strconv.Itoa(k.cut)
	}
	return "F" + strconv.Itoa(k.cut)
}

// drawn is which glyphs of which fonts a file draws, and what text each stands for.
type drawn map[fontKey]map[font.GID]string

func (d drawn) add(uses []use) {
	for _, u := range uses {
		set := d[u.font]
		if set == nil {
			set = map[font.GID]string{}
			d[u.font] = set
		}
		if had, ok := set[u.gid]; !ok || had == "" {
			set[u.gid] = u.text
		}
	}
}

func (d drawn) keys() []fontKey {
	return slices.SortedFunc(maps.Keys(d), func(a, b fontKey) int { return cmp.Compare(resourceName(a), resourceName(b)) })
}

// embed writes one font with the glyphs that are drawn, and returns its object.
func (w *writer) embed(f *face, glyphs map[font.GID]string) int {
	cids := make([]uint16, 0, len(glyphs))
	for gid := range glyphs {
		if gid != 0 {
			cids = append(cids, uint16(gid))
		}
	}
	slices.Sort(cids)
	strs := make([][]byte, len(cids))
	widths := []byte{'['}
	for i, c := range cids {
		strs[i] = f.charstring(font.GID(c))
		widths = fmt.Appendf(widths, "%d[%d]", c, int(f.width(font.GID(c))+.5))
	}
	widths = append(widths, ']')
	name := subsetTag(cids) + "+" + postscriptName(f)
	program := w.stream("/Subtype /CIDFontType0C", cffProgram(name, cids, strs))
	var ascent, descent float64 = 900, -250
	if ext, ok := f.FontHExtents(); ok {
		ascent, descent = float64(ext.Ascender)*em/float64(f.Upem()), float64(ext.Descender)*em/float64(f.Upem())
	}
	about := w.object(fmt.Sprintf("<</Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [-1000 -1000 3000 2000] /ItalicAngle 0 /Ascent %s /Descent %s /CapHeight 700 /StemV 80 /FontFile3 %d 0 R>>",
		name, num(ascent), num(descent), program))
	down := w.object(fmt.Sprintf("<</Type /Font /Subtype /CIDFontType0 /BaseFont /%s /CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>> /FontDescriptor %d 0 R /DW 1000 /W %s>>",
		name, about, widths))
	text := w.stream("", toUnicode(cids, glyphs))
	return w.object(fmt.Sprintf("<</Type /Font /Subtype /Type0 /BaseFont /%s-Identity-H /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R>>", name, down, text))
}

// subsetTag names a subset by six letters, as PDF asks.
func subsetTag(cids []uint16) string {
	h := sha256.New()
	for _, c := range cids {
		_, _ = h.Write([]byte{byte(c >> 8), byte(c)})
	}
	sum := h.Sum(nil)
	tag := make([]byte, 6)
	for i := range tag {
		tag[i] = 'A' + sum[i]%26
	}
	return string(tag)
}

func postscriptName(f *face) string {
	var out []byte
	for _, r := range f.Describe().Family {
		if r > ' ' && r < 0x7f && !bytes.ContainsRune([]byte("()<>[]{}/%#"), r) {
			out = append(out, byte(r))
		}
	}
	if f.key.bold {
		return string(out) + "-Bold"
	}
	return string(out) + "-Regular"
}

// toUnicode is the table by which text is copied from the page and searched for.
func toUnicode(cids []uint16, glyphs map[font.GID]string) []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	for part := range slices.Chunk(cids, 100) {
		fmt.Fprintf(&b, "%d beginbfchar\n", len(part))
		for _, c := range part {
			fmt.Fprintf(&b, "<%04X> <", c)
			for _, u := range utf16.Encode([]rune(glyphs[font.GID(c)])) {
				fmt.Fprintf(&b, "%04X", u)
			}
			b.WriteString(">\n")
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return b.Bytes()
}
