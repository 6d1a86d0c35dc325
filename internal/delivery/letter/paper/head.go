package paper

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// head draws what stands above the text on page one: the sender's line, the address, date, code and QR code, and the
// marks for folding.
func (b *builder) head() error {
	p := &b.pages[0]
	if err := b.sender(p); err != nil {
		return err
	}
	if err := b.address(p); err != nil {
		return err
	}
	right := b.f.width - b.f.right
	if err := b.code(p, right, b.f.info); err != nil {
		return err
	}
	y := b.f.info + 25*mm
	for _, s := range []struct {
		text string
		bold bool
	}{{b.l.Reference, true}, {Day(b.l.Lang, b.l.Date), false}} {
		if s.text == "" {
			continue
		}
		l, err := b.s.set.paragraph(style{lang: b.l.Lang, size: sizeText, bold: s.bold, auto: true}, s.text)
		if err != nil {
			return err
		}
		y += sizeText * 1.5
		b.place(p, l[0], right-l[0].width, y)
	}
	for _, at := range b.f.folds {
		p.ops = fmt.Appendf(p.ops, "0.4 w %s %s m %s %s l S\n", num(5*mm), num(b.f.height-at), num(9*mm), num(b.f.height-at))
	}
	return nil
}

// sender draws the return address, made smaller as far as it can be read when it is long.
func (b *builder) sender(p *page) error {
	if b.s.House.Sender == "" {
		return nil
	}
	for size := float64(sizeSmall); size >= 5; size -= .5 {
		l, err := b.s.set.paragraph(style{lang: b.l.Lang, size: size, auto: true}, b.s.House.Sender)
		if err != nil {
			return err
		}
		if l[0].width > b.f.sender.w {
			continue
		}
		y := b.f.sender.y + b.f.sender.h - 4
		b.place(p, l[0], b.f.sender.x, y)
		p.ops = fmt.Appendf(p.ops, "0.3 w %s %s m %s %s l S\n", num(b.f.sender.x), num(b.f.height-y-2), num(b.f.sender.x+l[0].width), num(b.f.height-y-2))
		return nil
	}
	return fmt.Errorf("the sender's address does not fit the window of the envelope; shorten it in the settings")
}

// address draws name and address in the window: as large as they fit, and not at all when they would be too small to
// be read by a machine.
func (b *builder) address(p *page) error {
	lines, postcode := b.addressLines()
	if len(lines) == 0 {
		return ErrAddressEmpty
	}
	w := b.f.window
	if b.f.boxes && postcode != "" {
		if err := b.postcode(p, postcode); err != nil {
			return err
		}
		w.y, w.h = w.y+8.5*mm, w.h-8.5*mm
	}
	for _, try := range []struct{ from, to, lines float64 }{
		{11, 9.5, float64(len(lines))}, // a line that would be broken is rather made a little smaller
		{11, 8, float64(b.f.lines)},
	} {
		for size := try.from; size >= try.to; size -= .5 {
			set, err := b.fit(lines, size, w.w)
			if err != nil {
				return err
			}
			step := size * 1.2
			if n := float64(len(set)); n > try.lines || len(set) > b.f.lines || n*step > w.h+.5 {
				continue
			}
			for i, l := range set {
				b.place(p, l, w.x, w.y+float64(i)*step+size*.95)
			}
			return nil
		}
	}
	return ErrAddressTooLong
}

// fit breaks the lines of an address at a width.
func (b *builder) fit(lines []string, size, width float64) (out []line, err error) {
	for _, s := range lines {
		set, err := b.s.set.paragraph(style{lang: b.addressLang(), size: size, width: width, auto: true}, s)
		if err != nil {
			return nil, err
		}
		for _, l := range set {
			if l.width > width+.5 {
				return make([]line, b.f.lines+1), nil // one word that is too wide: smaller, or not at all
			}
			out = append(out, l)
		}
	}
	return out, nil
}

// addressLang is the language whose characters an address is drawn in: that of the country where it is read.
func (b *builder) addressLang() string {
	switch b.l.Country {
	case "CN", "SG":
		return "zh-Hans"
	case "TW", "HK", "MO":
		return "zh-Hant"
	case "JP":
		return "ja"
	case "KR":
		return "ko"
	}
	return b.l.Lang
}

// addressLines puts name, address and country in the order of the country: in China, Japan and Korea an address
// that is written in the own script goes from the large to the small, and the name comes last.
func (b *builder) addressLines() (lines []string, postcode string) {
	for _, s := range b.l.Address {
		if s = strings.TrimSpace(s); s != "" {
			lines = append(lines, s)
		}
	}
	if len(lines) == 0 {
		return nil, ""
	}
	name := strings.TrimSpace(b.l.Name)
	han := strings.IndexFunc(strings.Join(lines, ""), func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
	}) >= 0
	if b.f.boxes && han {
		lines, postcode = takePostcode(lines)
	}
	switch {
	case name == "":
	case han:
		lines = append(lines, name+honorific(b.addressLang()))
	default:
		lines = append([]string{name}, lines...)
	}
	if c := b.l.Country; c != "" && c != b.s.House.Country {
		if country := countryName(c); country != "" {
			lines = append(lines, country)
		}
	}
	return lines, postcode
}

// honorific is what follows a name on an envelope.
func honorific(lang string) string {
	switch {
	case strings.HasPrefix(lang, "ja"):
		return " 様"
	case strings.HasPrefix(lang, "ko"):
		return " 귀하"
	}
	return "（收）"
}

// countryName is a country as the Universal Postal Union asks for it: the last line, in capitals, in a language that
// is read everywhere.
func countryName(code string) string {
	r, err := language.ParseRegion(code)
	if err != nil {
		return ""
	}
	return strings.ToUpper(display.Regions(language.English).Name(r))
}

// takePostcode finds six digits that stand alone at the beginning or the end of an address.
func takePostcode(lines []string) (rest []string, code string) {
	for i, s := range lines {
		fields := strings.Fields(s)
		for k, f := range fields {
			if len(f) == 6 && strings.Trim(f, "0123456789") == "" && (k == 0 || k == len(fields)-1) {
				rest = append(rest, lines[:i]...)
				if left := strings.Join(append(append([]string{}, fields[:k]...), fields[k+1:]...), " "); left != "" {
					rest = append(rest, left)
				}
				return append(rest, lines[i+1:]...), f
			}
		}
	}
	return lines, ""
}

// postcode draws six boxes with a digit in each.
func (b *builder) postcode(p *page, code string) error {
	const side, gap = 6 * mm, 1.2 * mm
	for i, r := range code {
		x := b.f.window.x + float64(i)*(side+gap)
		p.ops = fmt.Appendf(p.ops, "0.6 w %s %s %s %s re S\n", num(x), num(b.f.height-b.f.window.y-side-2), num(side), num(side))
		l, err := b.s.set.paragraph(style{lang: "en", size: 12}, string(r))
		if err != nil {
			return err
		}
		b.place(p, l[0], x+(side-l[0].width)/2, b.f.window.y+side-2.4)
	}
	return nil
}

// Day writes a date as letters in a language have it.
func Day(lang string, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	base, _, _ := strings.Cut(strings.ToLower(lang), "-")
	switch base {
	case "zh", "ja":
		return at.Format("2006年1月2日")
	case "ko":
		return at.Format("2006년 1월 2일")
	case "de":
		return at.Format("02.01.2006")
	case "fr", "es", "pt":
		return at.Format("02/01/2006")
	case "en":
		return at.Format("January 2, 2006")
	}
	return at.Format(time.DateOnly)
}
