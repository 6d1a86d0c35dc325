package recipients

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// source gives the records of a list in order, whatever its format. What it gives is judged alike.
type source interface {
	// head names the columns; it is called once, before next.
	head(o Options) (header, error)
	// next returns the next record, or io.EOF.
	next() (record, error)
	// done is how many bytes of the file have been read, for showing progress.
	done() int64
	// describe fills in what only the source knows of the file.
	describe(f *FileInfo)
}

// The formats that can be forced; the first that fits the beginning of the file is taken otherwise.
const (
	formatCSV   = "csv"
	formatTSV   = "tsv"
	formatXLSX  = "xlsx"
	formatJSONL = "jsonl"
	// formatSQL is the answer to a query, written as CSV in UTF-8 with a header by WriteQuery.
	formatSQL = "sql"
)

// Formats lists what Options.Format may name.
var Formats = []string{formatCSV, formatTSV, formatXLSX, formatJSONL, formatSQL}

const headSize = 256 << 10 // bytes from which format and encoding are recognised

// intake counts and hashes what is read of the file.
type intake struct {
	in  io.Reader
	sum hash.Hash
	n   int64
}

func (k *intake) Read(p []byte) (int, error) {
	n, err := k.in.Read(p)
	k.sum.Write(p[:n])
	k.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = notToItsEnd(err)
	}
	return n, err
}

// notToItsEnd says that the list broke off. What a database said about its query stays as it is.
func notToItsEnd(err error) error {
	var known *breach.Error
	if errors.As(err, &known) {
		return known
	}
	return breach.Errorf(breach.ErrInvalid, "the list could not be read to its end (%w): load it again", err)
}

func (k *intake) describe(f *FileInfo) { f.SHA256, f.Bytes = hex.EncodeToString(k.sum.Sum(nil)), k.n }

// open recognises what r is, or takes what o says, and puts the fitting source in front of it.
func open(r io.Reader, o Options) (source, error) {
	if err := o.checkReading(); err != nil {
		return nil, err
	}
	in := &intake{in: r, sum: sha256.New()}
	head := make([]byte, headSize)
	n, err := fullOrEnd(in, head)
	if err != nil {
		return nil, err
	}
	whole := n < headSize
	head = head[:n]
	if err := refuseForeign(head); err != nil {
		return nil, err
	}
	if sheet := bytes.HasPrefix(head, zipMagic); sheet || o.Format == formatXLSX {
		if !sheet || (o.Format != "" && o.Format != formatXLSX) {
			return nil, breach.Errorf(breach.ErrInvalid, "the file is not in the format that was named: leave the format away and it is recognised")
		}
		return openXLSX(r, head, in, o)
	}
	text, enc, err := decoded(io.MultiReader(bytes.NewReader(head), in), head, whole, o)
	if err != nil {
		return nil, err
	}
	start, err := text.peek()
	if err != nil {
		return nil, err
	}
	if o.Format == formatJSONL || (o.Format == "" && beginsWith(start, '{')) {
		return &jsonLines{in: text, read: in, enc: enc}, nil
	}
	if o.Format == "" && beginsWith(start, '[', '{') {
		return nil, breach.Errorf(breach.ErrInvalid, "the file is one JSON array, which would have to be in memory as a whole: write one object per line, for example with jq -c '.[]'")
	}
	return newScanner(text, in, enc)
}

// checkReading refuses options that contradict each other, before anything is read.
func (o Options) checkReading() error {
	known := func(v string, all []string) bool {
		for _, a := range all {
			if v == a {
				return true
			}
		}
		return v == ""
	}
	switch {
	case !known(o.Format, Formats):
		return breach.Errorf(breach.ErrInvalid, "the format is not known: it is one of %s", strings.Join(Formats, ", "))
	case o.Encoding != "" && encodingNamed(o.Encoding) == nil:
		return breach.Errorf(breach.ErrInvalid, "the encoding is not known: it is one of %s", strings.Join(Encodings(), ", "))
	case o.Delimiter != "" && delimiterOf(o.Delimiter) == 0:
		return breach.Errorf(breach.ErrInvalid, "the delimiter is not known: it is one of comma, semicolon, tab, pipe")
	case o.NoHeader && o.Format == formatJSONL:
		return breach.Errorf(breach.ErrInvalid, "JSON Lines names its fields in every line: a list without header is CSV or a spreadsheet")
	case o.NoHeader && len(o.Map) == 0:
		return breach.Errorf(breach.ErrInvalid, "a list without header needs a mapping such as 1=name,2=email")
	}
	return nil
}

// refuseForeign refuses by its beginning what is no list at all, and says what to do.
func refuseForeign(head []byte) error {
	starts := func(s string) bool { return bytes.HasPrefix(head, []byte(s)) }
	switch {
	case len(head) == 0:
		return breach.Errorf(breach.ErrInvalid, "the list is empty")
	case starts("\xd0\xcf\x11\xe0"):
		return breach.Errorf(breach.ErrInvalid, "this is an old or password-protected spreadsheet: save it as XLSX without password, or as \"CSV UTF-8\"")
	case starts("\x1f\x8b"), starts("\xfd7zXZ"), starts("\x28\xb5\x2f\xfd"), starts("Rar!"), starts("7z\xbc\xaf"):
		return breach.Errorf(breach.ErrInvalid, "this is a compressed archive: unpack it and load the list in it")
	case starts("%PDF"):
		return breach.Errorf(breach.ErrInvalid, "this is a PDF: load the table that it was made from")
	case starts("<"), starts("\xef\xbb\xbf<"):
		return breach.Errorf(breach.ErrInvalid, "this is HTML or XML, which some programs call .xls: save it as XLSX or as \"CSV UTF-8\"")
	}
	return nil
}

// beginsWith reports whether b begins with the given characters, space before and between them set aside.
func beginsWith(b []byte, chars ...byte) bool {
	for _, c := range chars {
		b = bytes.TrimLeft(b, " \t\r\n")
		if len(b) == 0 || b[0] != c {
			return false
		}
		b = b[1:]
	}
	return true
}

// fullOrEnd fills b or reads to the end. io.ReadFull cannot be told from a file that breaks off: a reader
// says io.ErrUnexpectedEOF for that, and taking it for the end would load half a list.
func fullOrEnd(r io.Reader, b []byte) (n int, err error) {
	for n < len(b) {
		m, err := r.Read(b[n:])
		n += m
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
