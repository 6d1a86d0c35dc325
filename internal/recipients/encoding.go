package recipients

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// charset is an encoding of text. to is nil for UTF-8, which is read as it stands.
type charset struct {
	name    string
	aliases []string
	to      encoding.Encoding
}

var charsets = []charset{
	{name: "utf-8", aliases: []string{"utf8", "utf-8-bom"}},
	{name: "utf-16le", aliases: []string{"utf16le", "utf-16", "utf16"}, to: unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
	{name: "utf-16be", aliases: []string{"utf16be"}, to: unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
	{name: "gbk", aliases: []string{"gb2312", "cp936", "gb18030"}, to: simplifiedchinese.GB18030}, // of which GBK is a part
	{name: "big5", aliases: []string{"cp950", "big5-hkscs"}, to: traditionalchinese.Big5},
	{name: "shift_jis", aliases: []string{"sjis", "shift-jis", "cp932", "windows-31j"}, to: japanese.ShiftJIS},
	{name: "euc-jp", aliases: []string{"eucjp"}, to: japanese.EUCJP},
	{name: "euc-kr", aliases: []string{"euckr", "cp949"}, to: korean.EUCKR},
	{name: "windows-1252", aliases: []string{"cp1252", "latin-1", "latin1", "iso-8859-1"}, to: charmap.Windows1252},
}

// Encodings lists the names of encodings that can be forced.
func Encodings() []string {
	var names []string
	for _, c := range charsets {
		names = append(names, c.name)
	}
	return append(names, "gb18030", "latin-1")
}

func encodingNamed(name string) *charset {
	name = strings.ToLower(strings.TrimSpace(name))
	for i, c := range charsets {
		if c.name == name {
			return &charsets[i]
		}
		for _, a := range c.aliases {
			if a == name {
				return &charsets[i]
			}
		}
	}
	return nil
}

// found is the encoding of a file and how surely it was told.
type found struct {
	charset *charset
	mark    bool    // a byte order mark says so
	margin  float64 // by how much it fits better than the next one, when it was scored; see score
	wide    bool    // GB18030 beyond GBK was met
	forced  bool
}

func (e *found) describe(f *FileInfo) {
	f.Encoding, f.EncodingMargin = e.charset.name, float64(int(e.margin*10))/10
	if e.mark && e.charset.to == nil {
		f.Encoding = "utf-8-bom"
	}
	if e.wide {
		f.Encoding = "gb18030"
	}
}

var (
	utf8BOM    = []byte("\xef\xbb\xbf")
	utf16LEBOM = []byte("\xff\xfe")
	utf16BEBOM = []byte("\xfe\xff")
)

// decoded gives r as UTF-8. head is its beginning, or all of it when whole.
func decoded(r io.Reader, head []byte, whole bool, o Options) (*text, *found, error) {
	enc, err := recognise(head, whole, o)
	if err != nil {
		return nil, nil, err
	}
	skip := 0
	switch {
	case enc.charset.to == nil && bytes.HasPrefix(head, utf8BOM):
		enc.mark, skip = true, len(utf8BOM)
	case enc.charset.name == "utf-16le" && bytes.HasPrefix(head, utf16LEBOM), enc.charset.name == "utf-16be" && bytes.HasPrefix(head, utf16BEBOM):
		enc.mark, skip = true, 2
	}
	if _, err := io.CopyN(io.Discard, r, int64(skip)); err != nil {
		return nil, nil, err
	}
	if enc.charset.to != nil {
		r = newDecoder(r, enc)
	}
	t := &text{in: r}
	start, err := t.peek()
	if err != nil {
		return nil, nil, err
	}
	if onlyCR(start) {
		t.cr = true
		t.cut()
	}
	return t, enc, nil
}

// recognise tells the encoding from the beginning of the file.
func recognise(head []byte, whole bool, o Options) (*found, error) {
	if o.Encoding != "" {
		c := encodingNamed(o.Encoding)
		if c.name == "utf-16le" && bytes.HasPrefix(head, utf16BEBOM) && strings.EqualFold(strings.TrimSpace(o.Encoding), "utf-16") {
			c = encodingNamed("utf-16be")
		}
		return &found{charset: c, forced: true}, nil
	}
	if bytes.HasPrefix(head, []byte("\xff\xfe\x00\x00")) || bytes.HasPrefix(head, []byte("\x00\x00\xfe\xff")) {
		return nil, breach.Errorf(breach.ErrInvalid, "the list is in UTF-32, which no program needs: save it as \"CSV UTF-8\" and load that")
	}
	for _, known := range []struct {
		mark []byte
		name string
	}{{utf8BOM, "utf-8"}, {utf16LEBOM, "utf-16le"}, {utf16BEBOM, "utf-16be"}} {
		if bytes.HasPrefix(head, known.mark) {
			return &found{charset: encodingNamed(known.name)}, nil
		}
	}
	if name := looksUTF16(head); name != "" {
		return &found{charset: encodingNamed(name)}, nil
	}
	utf8 := &found{charset: &charsets[0]}
	if !whole {
		head = head[:bytes.LastIndexByte(head, '\n')+1]
	}
	first, bad, good := utf8Lines(head)
	if first && good >= bad {
		return utf8, nil
	}
	enc, err := score(head)
	if err != nil && first && bad < enoughBad {
		return utf8, nil // a few bad rows are bad rows
	}
	return enc, err
}

// looksUTF16 finds UTF-16 without a mark: ASCII, of which every list has some, has a zero as its other half,
// always on the same side.
func looksUTF16(head []byte) string {
	head = head[:min(len(head), 8<<10)]
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	many := len(head) / 2 / 10
	switch {
	case len(head) < 4:
		return ""
	case zeros[1] > max(many, 50*zeros[0]):
		return "utf-16le"
	case zeros[0] > max(many, 50*zeros[1]):
		return "utf-16be"
	}
	return ""
}

// utf8Lines counts lines with characters beyond ASCII by whether they are UTF-8. first is about line one.
func utf8Lines(head []byte) (first bool, bad, good int) {
	first = true
	for n := 0; len(head) > 0; n++ {
		line := head[:firstLine(head)]
		head = head[len(line):]
		switch {
		case utf8.Valid(line):
			for _, b := range line {
				if b >= utf8.RuneSelf {
					good++
					break
				}
			}
		default:
			bad++
			first = first && n > 0
		}
	}
	return first, bad, good
}

// decoder turns another encoding into UTF-8. A byte that the encoding does not have becomes the byte FF,
// which is no UTF-8 either: so the judge sees it, and the field is left out instead of shown with a hole.
type decoder struct {
	in    io.Reader
	enc   *found
	raw   []byte
	have  int
	out   []byte
	ready []byte
	tr    *encoding.Decoder
	four  fourBytes
	eof   bool
}

func newDecoder(in io.Reader, enc *found) *decoder {
	return &decoder{in: in, enc: enc, tr: enc.charset.to.NewDecoder(), raw: make([]byte, 32<<10), out: make([]byte, 128<<10)}
}

var replaced = []byte(string(utf8.RuneError))

func (d *decoder) Read(p []byte) (int, error) {
	for len(d.ready) == 0 {
		if d.eof && d.have == 0 {
			return 0, io.EOF
		}
		if !d.eof {
			n, err := d.in.Read(d.raw[d.have:])
			if d.enc.charset.name == "gbk" && !d.enc.wide {
				d.enc.wide = d.four.in(d.raw[d.have : d.have+n])
			}
			d.have += n
			if errors.Is(err, io.EOF) {
				d.eof = true
			} else if err != nil {
				return 0, err
			}
		}
		written, used, err := d.tr.Transform(d.out, d.raw[:d.have], d.eof)
		d.have = copy(d.raw, d.raw[used:d.have])
		d.ready = bytes.ReplaceAll(d.out[:written], replaced, []byte{0xff})
		if d.eof && used == 0 && written == 0 && err != nil {
			d.have, d.ready = 0, []byte{0xff} // half a character at the very end
		}
	}
	n := copy(p, d.ready)
	d.ready = d.ready[n:]
	return n, nil
}

// fourBytes looks for characters of four bytes, which GB18030 has and GBK has not.
type fourBytes struct{ lead bool }

func (f *fourBytes) in(b []byte) bool {
	for _, c := range b {
		switch {
		case !f.lead:
			f.lead = c >= 0x81 && c <= 0xfe
		case c >= '0' && c <= '9':
			return true
		default:
			f.lead = false
		}
	}
	return false
}

// text is decoded text whose beginning can be looked at. With cr, a lone carriage return ends a line.
type text struct {
	in      io.Reader
	start   []byte
	peeked  bool
	cr      bool
	pending bool // the last byte handed out was a carriage return, and it was made a line feed
}

// peek returns the beginning, 64 kB of it or all.
func (t *text) peek() ([]byte, error) {
	if t.peeked {
		return t.start, nil
	}
	t.peeked = true
	b := make([]byte, firstRead)
	n, err := fullOrEnd(t.in, b)
	if err != nil {
		return nil, err
	}
	t.start = b[:n]
	return t.start, nil
}

func (t *text) cut() { t.start = t.ends(t.start) }

func (t *text) Read(p []byte) (int, error) {
	if len(t.start) > 0 {
		n := copy(p, t.start)
		t.start = t.start[n:]
		return n, nil
	}
	n, err := t.in.Read(p)
	if t.cr {
		n = len(t.ends(p[:n]))
	}
	return n, err
}

// ends makes line feeds of carriage returns, in place; of a pair one is left.
func (t *text) ends(b []byte) []byte {
	out := b[:0]
	for _, c := range b {
		if t.pending && c == '\n' {
			t.pending = false
			continue
		}
		t.pending = c == '\r'
		if t.pending {
			c = '\n'
		}
		out = append(out, c)
	}
	return out
}

// onlyCR reports whether the first line ends with a carriage return alone, as on old systems. From then on
// every kind of line end is one.
func onlyCR(b []byte) bool {
	quoted := false
	for i, c := range b {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\n':
			return false
		case c == '\r':
			return i+1 < len(b) && b[i+1] != '\n' || i+1 == len(b)
		}
	}
	return false
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
