package recipients

import (
	"bufio"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrorFile writes what a responder must look at: every row that was not simply accepted, with the reason
// and what to do, as CSV that a spreadsheet opens without running anything in it. It holds personal data.
type ErrorFile struct {
	buf    *bufio.Writer
	csv    *csv.Writer
	headed bool
}

// NewErrorFile starts an error file. Close must be called; it does not close w.
func NewErrorFile(w io.Writer) *ErrorFile {
	buf := bufio.NewWriter(w)
	out := csv.NewWriter(buf)
	out.UseCRLF = true
	return &ErrorFile{buf: buf, csv: out}
}

// Add writes the row, if it was not simply accepted.
func (e *ErrorFile) Add(r Row) error {
	if r.Verdict == Accepted {
		return nil
	}
	if !e.headed {
		if err := e.head(r.Header); err != nil {
			return err
		}
	}
	var what, done, do []string
	for _, p := range r.Problems {
		name := p.Code
		if p.Field != "" {
			name += " (" + p.Field + ")"
		}
		what, done, do = append(what, name), append(done, p.Done), append(do, p.Do)
	}
	line := []string{
		strconv.FormatInt(r.Record, 10), strconv.FormatInt(r.Line, 10), string(r.Verdict),
		strings.Join(what, " | "), strings.Join(done, " | "), strings.Join(do, " | "),
	}
	for _, c := range r.Raw {
		line = append(line, harmless(c))
	}
	return e.csv.Write(line)
}

func (e *ErrorFile) head(header []string) error {
	e.headed = true
	if _, err := e.buf.Write(utf8BOM); err != nil { // without it a spreadsheet reads UTF-8 as something else
		return err
	}
	line := slices.Clone(errorColumns)
	for _, h := range header {
		line = append(line, harmless(h))
	}
	return e.csv.Write(line)
}

// errorColumns stand before the columns of the list.
var errorColumns = []string{"record", "line", "verdict", "problem", "what was done", "what to do"}

// IsErrorFile reports whether a header is that of an error file: its rows were judged before, and come again corrected.
func IsErrorFile(header []string) bool {
	return len(header) > len(errorColumns) && slices.Equal(header[:len(errorColumns)], errorColumns)
}

// Close writes what is buffered. A list without any problem gives a file with the header alone.
func (e *ErrorFile) Close() error {
	if !e.headed {
		if err := e.head(nil); err != nil {
			return err
		}
	}
	e.csv.Flush()
	if err := e.csv.Error(); err != nil {
		return err
	}
	return e.buf.Flush()
}

// A spreadsheet's own limit for one cell is 32,767 characters.
const maxErrorCell = 32_000

// harmless shows a cell so that no program acts on it: no formula, no control characters.
func harmless(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case unicode.IsControl(r), r == '\u2028', r == '\u2029', r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return '\ufffd'
		}
		return r
	}, s)
	if len(s) > maxErrorCell {
		cut := maxErrorCell
		for !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	if bare := strings.TrimLeft(s, " \n\ufffd"); bare != "" && strings.ContainsRune("=+-@", rune(bare[0])) {
		return "'" + s
	}
	return s
}
