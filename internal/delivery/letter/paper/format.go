package paper

import "fmt"

// mm is a millimetre in points.
const mm = 72 / 25.4

// Format is paper with the place of the address on it. Lengths are points from the upper left corner.
type Format struct {
	// Name is what settings call it.
	Name          string
	width, height float64
	left, right   float64 // margins of the text
	first, next   float64 // where the text begins on the first page and on the others
	bottom        float64 // margin below the text

	window  box // what the envelope's window surely shows
	lines   int // of the address, at most
	sender  box // the sender's line; in the window where that has room for it
	info    float64
	folds   []float64 // marks at the left edge
	boxes   bool      // six boxes for a Chinese postcode
	reverse bool      // the name stands below the address, as in China
}

type box struct{ x, y, w, h float64 }

// Formats by name. din5008b: A4 for an envelope with a window as DIN 5008 form B and DIN 680 place it. us10: Letter
// for a No. 10 envelope with a left window of 1 1/8 by 4 1/2 inch, 7/8 inch from the left and 1/2 inch from the
// bottom; the block lies where the window shows it wherever the sheet slides. cn: A4 for an envelope of 220 by
// 110 mm (GB/T 1416 DL), with boxes for the postcode and the name below the address.
var Formats = map[string]Format{
	"din5008b": {
		Name: "din5008b", width: 210 * mm, height: 297 * mm, left: 25 * mm, right: 20 * mm, first: 105 * mm, next: 25 * mm, bottom: 27 * mm,
		window: box{25 * mm, 62.7 * mm, 75 * mm, 27.3 * mm}, lines: 6, sender: box{25 * mm, 57.7 * mm, 75 * mm, 5 * mm}, info: 50 * mm,
		folds: []float64{105 * mm, 148.5 * mm, 210 * mm},
	},
	"us10": {
		Name: "us10", width: 612, height: 792, left: 0.95 * 72, right: 72, first: 4 * 72, next: 72, bottom: 76,
		window: box{0.95 * 72, 2.5 * 72, 3.4 * 72, 0.667 * 72}, lines: 5, sender: box{0.95 * 72, 0.6 * 72, 3.4 * 72, 0.5 * 72}, info: 0.6 * 72,
	},
	"cn": {
		Name: "cn", width: 210 * mm, height: 297 * mm, left: 25 * mm, right: 20 * mm, first: 105 * mm, next: 25 * mm, bottom: 27 * mm,
		window: box{25 * mm, 54 * mm, 75 * mm, 36 * mm}, lines: 5, sender: box{25 * mm, 48.5 * mm, 75 * mm, 5 * mm}, info: 50 * mm,
		folds: []float64{99 * mm, 198 * mm}, boxes: true, reverse: true,
	},
}

// FormatOf finds a format by its name.
func FormatOf(name string) (Format, error) {
	f, ok := Formats[name]
	if !ok {
		return f, fmt.Errorf("there is no paper %q; known are din5008b (A4, window as DIN 5008 form B), us10 (Letter, No. 10 envelope) and cn (A4, Chinese envelope)", name)
	}
	return f, nil
}
