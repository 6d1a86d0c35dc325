package recipients

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// What a spreadsheet may take. A real list of a million people with twenty columns stays below all of it.
const (
	maxBuffered  = 4 << 30  // bytes of a file that comes as a stream: it is read from its end, and waits in a vault
	maxDirectory = 1 << 20  // bytes of the ZIP directory
	maxPart      = 16 << 20 // unpacked bytes of a part that is not the sheet or its strings
	maxSheet     = 3 << 30  // unpacked bytes of the sheet, and of its texts
	maxXMLToken  = 4 << 20  // bytes of one tag or text
	maxColumnsX  = 16_384   // as the format has it
	maxRowsX     = 1_048_576
	maxRatio     = 200 // unpacked to packed, once that is more than freeRatio
	freeRatio    = 64 << 20
)

var zipMagic = []byte("PK\x03\x04")

// xlsx reads one sheet of a workbook, row by row.
type xlsx struct {
	read   *intake
	book   workbook
	texts  *sharedTexts
	file   io.ReaderAt
	number int // of the sheet, from 1
	xml    *tokens
	h      header
	first  *record // read for the header, and a person in a list without one
	row    int64   // last one given
	wait   *record // a row that stands after a gap
}

func notSpreadsheet(why string) error {
	return breach.Errorf(breach.ErrInvalid, "the spreadsheet cannot be read: %s. Save it again as XLSX, or as \"CSV UTF-8\", and load that", why)
}

// openXLSX finds the sheet. r is the file, of which head was read through in already.
func openXLSX(r io.Reader, head []byte, in *intake, o Options) (_ *xlsx, err error) {
	file, err := seekable(r, head, in)
	if err != nil {
		return nil, err
	}
	if err := checkDirectory(file, in.n); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(file, in.n)
	if err != nil {
		return nil, notSpreadsheet("it is damaged or not complete")
	}
	parts := map[string]*zip.File{}
	for _, f := range z.File {
		if _, twice := parts[strings.ToLower(f.Name)]; twice {
			return nil, notSpreadsheet("it holds two parts of one name")
		}
		parts[strings.ToLower(f.Name)] = f
	}
	x := &xlsx{read: in, texts: &sharedTexts{}, file: file}
	defer func() {
		if err != nil {
			_ = x.Close()
		}
	}()
	if x.book, err = readWorkbook(parts); err != nil {
		return nil, err
	}
	sheet, number, err := x.book.choose(o.Sheet)
	if err != nil {
		return nil, err
	}
	x.number = number
	if err = x.texts.read(parts[x.book.texts]); err != nil {
		return nil, err
	}
	part := parts[sheet.part]
	if part == nil {
		return nil, notSpreadsheet("the sheet is missing in it")
	}
	x.xml, err = openPart(part, maxSheet)
	return x, err
}

// Close gives the temporary files back.
func (x *xlsx) Close() error {
	_ = x.texts.all.Close()
	if v, ok := x.file.(*vault); ok {
		return v.Close()
	}
	return nil
}

// seekable reads all of r, for its checksum, and gives access to any place in it.
func seekable(r io.Reader, head []byte, in *intake) (io.ReaderAt, error) {
	type file interface {
		io.ReaderAt
		io.Seeker
	}
	if f, ok := r.(file); ok {
		if _, err := f.Seek(0, io.SeekCurrent); err == nil {
			if _, err := io.Copy(io.Discard, in); err != nil {
				return nil, err
			}
			end, err := f.Seek(0, io.SeekCurrent)
			return io.NewSectionReader(f, end-in.n, in.n), err
		}
	}
	all := &vault{}
	if _, err := io.Copy(all, io.MultiReader(bytes.NewReader(head), io.LimitReader(in, maxBuffered+1-int64(len(head))))); err != nil {
		_ = all.Close()
		return nil, err
	}
	if all.size > maxBuffered {
		_ = all.Close()
		return nil, breach.Errorf(breach.ErrTooLarge, "the spreadsheet is larger than %d GB: save it as \"CSV UTF-8\", which has no such limit", maxBuffered>>30)
	}
	return all, nil
}

// checkDirectory bounds the directory of the ZIP file before it is read into memory.
func checkDirectory(file io.ReaderAt, size int64) error {
	const endSize = 22
	tail := make([]byte, min(size, 64<<10+endSize))
	if _, err := file.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return notToItsEnd(err)
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if at < 0 || at+endSize > len(tail) {
		return notSpreadsheet("it is damaged or not complete")
	}
	length, start := int64(binary.LittleEndian.Uint32(tail[at+12:])), int64(binary.LittleEndian.Uint32(tail[at+16:]))
	end := size - int64(len(tail)) + int64(at)
	if length > maxDirectory || end-start > maxDirectory || start > end {
		return notSpreadsheet("the directory in it is not that of a spreadsheet")
	}
	return nil
}

// tokens reads XML with a bound on each token and on the whole. There are no entities but XML's own five:
// a document type is refused.
type tokens struct {
	in   io.Reader
	dec  *xml.Decoder
	left int64 // for this token
	n    int64
	max  int64
	file *zip.File
}

var errBomb = errors.New("unpacks to more than a list can be")

func openPart(f *zip.File, limit int64) (*tokens, error) {
	if f.Flags&1 != 0 {
		return nil, notSpreadsheet("it is protected by a password")
	}
	in, err := f.Open()
	if err != nil {
		return nil, notSpreadsheet("a part of it is packed in an unknown way")
	}
	t := &tokens{in: in, max: limit, left: maxXMLToken, file: f}
	t.dec = xml.NewDecoder(newByteReader(t))
	return t, nil
}

func (t *tokens) Read(p []byte) (int, error) {
	if t.left <= 0 || t.n > t.max || (t.n > freeRatio && t.n > maxRatio*int64(t.file.CompressedSize64)) {
		return 0, errBomb
	}
	n, err := t.in.Read(p)
	t.left -= int64(n)
	t.n += int64(n)
	return n, err
}

// next returns the next token; at the end io.EOF.
func (t *tokens) next() (xml.Token, error) {
	t.left = maxXMLToken
	tok, err := t.dec.RawToken()
	switch {
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.Is(err, errBomb):
		return nil, notSpreadsheet("a part of it " + errBomb.Error())
	case err != nil:
		return nil, notSpreadsheet("a part of it is damaged")
	}
	if _, ok := tok.(xml.Directive); ok {
		return nil, notSpreadsheet("it declares a document type, which no spreadsheet program writes")
	}
	return tok, nil
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (x *xlsx) done() int64 {
	whole := float64(max(x.xml.file.UncompressedSize64, 1))
	return int64(float64(x.read.n) * math.Min(1, float64(x.xml.n)/whole))
}

func (x *xlsx) describe(f *FileInfo) {
	x.read.describe(f)
	f.Format, f.Encoding, f.Sheet, f.Sheets = formatXLSX, "utf-8", x.number, len(x.book.sheets)
}

// head is the first row that is not empty.
func (x *xlsx) head(o Options) (header, error) {
	rec, err := x.nextRow()
	if errors.Is(err, io.EOF) {
		return header{}, breach.Errorf(breach.ErrInvalid, "the sheet is empty: there is not even a line with the names of the columns (--sheet names another one)")
	}
	if err != nil {
		return header{}, err
	}
	x.row = rec.line
	if x.h, err = newHeader(rec.cells, o); err != nil {
		return header{}, err
	}
	if o.NoHeader {
		x.first = &rec
		return x.h, nil
	}
	return x.h, x.h.check(o.Map)
}

// next gives the next row. Empty rows between others are rows, as in CSV; those at the end are not.
func (x *xlsx) next() (record, error) {
	if x.first != nil {
		rec := *x.first
		x.first = nil
		return rec, nil
	}
	if x.wait == nil {
		rec, err := x.nextRow()
		if err != nil {
			return record{}, err
		}
		x.wait = &rec
	}
	x.row++
	if x.row < x.wait.line {
		return record{line: x.row, blank: true, cells: []string{""}}, nil
	}
	rec := *x.wait
	x.wait = nil
	for len(rec.cells) < len(x.h.cells) {
		rec.cells = append(rec.cells, "")
	}
	return rec, nil
}
