package paper

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"rsc.io/qr"
)

// Letter is what one person gets. Address and Name are personal data; Text is paragraphs with an empty line between
// them, where a line that stands alone after two empty lines is a heading.
type Letter struct {
	ID        string // opaque; on page one as a QR code, and in print on every page
	Lang      string // BCP 47
	Name      string
	Address   []string // without the name, as the list has it
	Country   string   // ISO 3166-1 alpha-2; printed when it is not the sender's
	Reference string   // the person's code
	Subject   string
	Text      string
	Date      time.Time // the day in its own zone
}

// House is what all letters of a sender share.
type House struct {
	Format  Format
	Sender  string // the return address, on one line
	Country string // from which letters are posted
	Pages   int    // at most so many; 0 is no limit
}

// Errors that a person's letter can have besides NoGlyphError. They hold nothing personal.
var (
	ErrAddressTooLong = errors.New("the address does not fit the window of the envelope")
	ErrAddressEmpty   = errors.New("the address is empty")
)

// TooLongError says that a letter has more pages than are allowed.
type TooLongError struct{ Pages, Limit int }

func (e *TooLongError) Error() string {
	return fmt.Sprintf("the letter has %d pages and %d are allowed; shorten the text or allow more", e.Pages, e.Limit)
}

// Setter sets letters. It is not safe for many goroutines; what it learnt of one letter makes the next one fast.
type Setter struct {
	House House
	set   *typesetter
}

// NewSetter sets letters with these fonts.
func NewSetter(f *Fonts, h House) *Setter { return &Setter{House: h, set: newTypesetter(f)} }

// Sheets are the set pages of one letter, ready to be added to documents.
type Sheets struct {
	format Format
	lang   string
	pages  []page
}

// Pages is how many there are.
func (s *Sheets) Pages() int { return len(s.pages) }

// New begins a file.
func (s *Setter) New(to io.Writer, lang string) *Document {
	d := &Document{w: newWriter(to), set: s.set, drawn: drawn{}, lang: lang}
	d.root, d.fonts = d.w.reserve(), d.w.reserve()
	return d
}

// Add puts a letter's pages at the end of a file.
func (d *Document) Add(s *Sheets) {
	for i := range s.pages {
		d.add(s.format, s.pages[i].ops, s.pages[i].uses)
	}
}

// Set lays a letter out. Nothing is ever cut: what does not fit is an error.
func (s *Setter) Set(l Letter) (*Sheets, error) {
	f := s.House.Format
	b := &builder{s: s, l: l, f: f, rtl: preferred(l.Lang) == cutArabic}
	b.page()
	if err := b.head(); err != nil {
		return nil, err
	}
	b.y = f.first
	if err := b.body(); err != nil {
		return nil, err
	}
	if s.House.Pages > 0 && len(b.pages) > s.House.Pages {
		return nil, &TooLongError{Pages: len(b.pages), Limit: s.House.Pages}
	}
	if err := b.feet(); err != nil {
		return nil, err
	}
	return &Sheets{format: f, lang: l.Lang, pages: b.pages}, nil
}

type page struct {
	ops  []byte
	uses []use
}

// builder lays out one letter.
type builder struct {
	s     *Setter
	l     Letter
	f     Format
	rtl   bool
	pages []page
	y     float64 // from the top, of the next line's upper edge
}

func (b *builder) page() {
	b.pages = append(b.pages, page{})
	b.y = b.f.next
}

// place draws a line with its left end at x and its baseline at y from the top.
func (b *builder) place(p *page, l line, x, y float64) {
	p.ops = append(append(append(append(append(p.ops, "q 1 0 0 1 "...), num(x)...), ' '), num(b.f.height-y)...), " cm "...)
	p.ops = append(append(p.ops, l.ops...), "Q\n"...)
	p.uses = append(p.uses, l.uses...)
}

// TextPt is the smallest print of what a letter says, in points. Page numbers and what is for the post are smaller.
const TextPt = sizeText

// Sizes of print in points.
const (
	sizeText    = 10.5
	sizeSubject = 12.5
	sizeSmall   = 7
	sizeFoot    = 8
)

// leading is how far lines are apart, as a share of the size: scripts with tall or dense characters need more.
func (b *builder) leading() float64 {
	if preferred(b.l.Lang) != cutLatin {
		return 1.55
	}
	return 1.36
}

func (b *builder) body() error {
	if b.l.Subject != "" {
		if err := b.paragraph(b.l.Subject, sizeSubject, true); err != nil {
			return err
		}
		b.y += sizeText
	}
	for _, p := range paragraphs(b.l.Text) {
		if p.heading && b.y+4*sizeText*b.leading() > b.f.height-b.f.bottom { // never alone at the foot of a page
			b.page()
		}
		if p.heading {
			b.y += sizeText * .6
		}
		for _, text := range p.lines {
			if err := b.paragraph(text, sizeText, p.heading); err != nil {
				return err
			}
		}
		if b.y += sizeText * .7; p.heading {
			b.y -= sizeText * .45
		}
	}
	return nil
}

// paragraph sets one paragraph in the column, on as many pages as it takes.
func (b *builder) paragraph(text string, size float64, bold bool) error {
	width := b.f.width - b.f.left - b.f.right
	lines, err := b.s.set.paragraph(style{lang: b.l.Lang, size: size, width: width, bold: bold, rtl: b.rtl}, text)
	if err != nil {
		return err
	}
	step := size * b.leading()
	for i, l := range lines {
		if b.y+step > b.f.height-b.f.bottom || i == 0 && len(lines) > 2 && b.y+2*step > b.f.height-b.f.bottom {
			b.page()
		}
		x := b.f.left
		if b.rtl {
			x += width - l.width
		}
		b.place(&b.pages[len(b.pages)-1], l, x, b.y+step-size*.3)
		b.y += step
	}
	return nil
}

// part is a paragraph with its forced lines.
type part struct {
	lines   []string
	heading bool
}

// paragraphs reads the structure of a plain text.
func paragraphs(text string) (out []part) {
	empty := 2
	for raw := range strings.Lines(text) {
		s := strings.TrimRight(raw, " \t\r\n")
		switch {
		case s == "":
			if empty == 0 && len(out) > 0 {
				last := &out[len(out)-1]
				last.heading = last.heading && len(last.lines) == 1
			}
			empty++
		case empty == 0:
			last := &out[len(out)-1]
			last.lines = append(last.lines, strings.TrimLeft(s, " \t"))
		default:
			out = append(out, part{lines: []string{s}, heading: empty >= 2 && len(out) > 0})
			empty = 0
		}
	}
	if n := len(out) - 1; n >= 0 {
		out[n].heading = false
	}
	for i := range out { // lines of dashes part a signature off
		out[i].lines = slices.DeleteFunc(out[i].lines, func(s string) bool { return strings.Trim(s, "-=_") == "" })
		out[i].heading = out[i].heading && len(out[i].lines) == 1
	}
	return slices.DeleteFunc(out, func(p part) bool { return len(p.lines) == 0 })
}

// feet writes the number of the page and the letter's id below each page.
func (b *builder) feet() error {
	st := style{lang: "en", size: sizeFoot}
	for i := range b.pages {
		p := &b.pages[i]
		count, err := b.s.set.paragraph(st, fmt.Sprintf("%d / %d", i+1, len(b.pages)))
		if err != nil {
			return err
		}
		id, err := b.s.set.paragraph(st, b.l.ID)
		if err != nil {
			return err
		}
		y := b.f.height - 15*mm
		b.place(p, id[0], b.f.left, y)
		b.place(p, count[0], b.f.width-b.f.right-count[0].width, y)
	}
	return nil
}

// code draws the letter's id as a QR code with its upper right corner at x, y.
func (b *builder) code(p *page, x, y float64) error {
	c, err := qr.Encode(b.l.ID, qr.M)
	if err != nil {
		return fmt.Errorf("the letter's id cannot be drawn: %w", err)
	}
	const dot = 0.6 * mm
	x -= float64(c.Size) * dot
	for row := range c.Size {
		for col := 0; col < c.Size; col++ {
			n := 0
			for col+n < c.Size && c.Black(col+n, row) {
				n++
			}
			if n == 0 {
				continue
			}
			p.ops = fmt.Appendf(p.ops, "%s %s %s %s re\n", num(x+float64(col)*dot), num(b.f.height-y-float64(row+1)*dot), num(float64(n)*dot), num(dot))
			col += n
		}
	}
	p.ops = append(p.ops, "f\n"...)
	return nil
}
