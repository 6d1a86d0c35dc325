package recipients

import (
	"bytes"
	"errors"
	"io"
)

const (
	maxRecord = 1 << 20 // bytes of one record; the longest real ones are under 100 kB
	firstRead = 64 << 10
)

// record is one record of the file. Cells are as written, quotes removed. broken says why it could not be
// taken apart; then there is one cell, the first line.
type record struct {
	line   int64
	cells  []string
	blank  bool
	quotes bool // a quote stood where CSV allows none
	broken string
	notes  []note
}

// note is what a source knows about a cell beyond its text: a problem of the catalogue.
type note struct {
	column int
	code   string
}

// scanner cuts a stream into records. encoding/csv is not used because one stray quote would make it
// swallow, or refuse, the rest of the file: here a broken record costs its own line alone.
type scanner struct {
	in       io.Reader
	buf      []byte
	at, end  int
	eof      bool
	skipping bool // inside a line that is longer than a record may be
	line     int64
	delim    byte
	cut      cutter
	format   string
	read     *intake
	enc      *found
}

// newScanner reads text that is UTF-8 by now.
func newScanner(in io.Reader, read *intake, enc *found) (*scanner, error) {
	s := &scanner{in: in, buf: make([]byte, firstRead), line: 1, read: read, enc: enc}
	for s.end < len(s.buf) && !s.eof {
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *scanner) done() int64 { return s.read.n }

func (s *scanner) describe(f *FileInfo) {
	s.read.describe(f)
	s.enc.describe(f)
	f.Format, f.Delimiter = s.format, string(s.delim)
}

func (s *scanner) fill() error {
	if s.at > 0 && s.end == len(s.buf) {
		s.end = copy(s.buf, s.buf[s.at:s.end])
		s.at = 0
	}
	if s.end == len(s.buf) {
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	n, err := s.in.Read(s.buf[s.end:])
	s.end += n
	if errors.Is(err, io.EOF) {
		s.eof = true
		return nil
	}
	return err
}

// next returns the next record, or io.EOF.
func (s *scanner) next() (record, error) {
	for {
		data := s.buf[s.at:s.end]
		if s.skipping {
			if i := bytes.IndexByte(data, '\n'); i >= 0 {
				s.take(i + 1)
				s.skipping = false
				continue
			}
			s.take(len(data))
			data = nil
		}
		if len(data) > 0 {
			full := s.eof || len(data) >= maxRecord
			if rec, n, ok := s.cut.record(data, s.delim, full); ok {
				rec.line = s.line
				s.skipping = n == len(data) && !s.eof && data[n-1] != '\n'
				s.take(n)
				return rec, nil
			}
		} else if s.eof {
			return record{}, io.EOF
		}
		if err := s.fill(); err != nil {
			return record{}, err
		}
	}
}

func (s *scanner) take(n int) {
	s.line += int64(bytes.Count(s.buf[s.at:s.at+n], []byte{'\n'}))
	s.at += n
}

// parseRecord takes one record from the front of data. full means that no more data may be waited for:
// the end of the file, or more than a record may have. ok is false when more is needed.
func parseRecord(data []byte, delim byte, full bool) (rec record, n int, ok bool) {
	var c cutter
	return c.record(data, delim, full)
}

func (c *cutter) record(data []byte, delim byte, full bool) (rec record, n int, ok bool) {
	*c = cutter{text: c.text[:0], ends: c.ends[:0]}
	for i := 0; ; {
		var more bool
		if i < len(data) && data[i] == '"' {
			i, more = c.quoted(data, i, delim, full)
		} else {
			i, more = c.plain(data, i, delim, full)
		}
		switch {
		case c.needMore:
			return record{}, 0, false
		case c.broken != "":
			return brokenRecord(data, c.broken), firstLine(data), true
		case !more:
			return record{cells: c.cells(), blank: len(c.ends) == 1 && c.ends[0] == 0, quotes: c.stray}, i, true
		}
	}
}

// cutter collects the cells of one record, one behind the other.
type cutter struct {
	text     []byte
	ends     []int
	stray    bool
	needMore bool
	broken   string
}

func (c *cutter) cell(b []byte) {
	c.text = append(c.text, b...)
	c.ends = append(c.ends, len(c.text))
}

// cells gives them as parts of one string.
func (c *cutter) cells() []string {
	whole, from := string(c.text), 0
	cells := make([]string, len(c.ends))
	for i, end := range c.ends {
		cells[i], from = whole[from:end], end
	}
	return cells
}

// plain takes an unquoted cell from i; more says that another cell follows.
func (c *cutter) plain(data []byte, i int, delim byte, full bool) (next int, more bool) {
	for j := i; j < len(data); j++ {
		switch data[j] {
		case delim:
			c.cell(data[i:j])
			return j + 1, true
		case '\n':
			c.cell(bytes.TrimSuffix(data[i:j], []byte{'\r'}))
			return j + 1, false
		case '"':
			c.stray = true
		}
	}
	if !full {
		c.needMore = true
		return i, false
	}
	if len(data) >= maxRecord {
		c.broken = "csv_record_too_long"
		return i, false
	}
	c.cell(bytes.TrimSuffix(data[i:], []byte{'\r'}))
	return len(data), false
}

// quoted takes a quoted cell. A quote that is neither doubled nor followed by the end of the cell is taken
// as a letter while the cell is on one line; over several lines it means that a closing quote is missing.
func (c *cutter) quoted(data []byte, i int, delim byte, full bool) (next int, more bool) {
	cell, lines := c.text, false
	for j := i + 1; j < len(data); j++ {
		if data[j] != '"' {
			lines = lines || data[j] == '\n'
			cell = append(cell, data[j])
			continue
		}
		rest := data[j+1:]
		if len(rest) < 2 && !full {
			break
		}
		switch {
		case len(rest) > 0 && rest[0] == '"':
			cell = append(cell, '"')
			j++
		case len(rest) == 0 || string(rest) == "\r":
			c.text, c.ends = cell, append(c.ends, len(cell))
			return len(data), false
		case rest[0] == delim:
			c.text, c.ends = cell, append(c.ends, len(cell))
			return j + 2, true
		case rest[0] == '\n':
			c.text, c.ends = cell, append(c.ends, len(cell))
			return j + 2, false
		case rest[0] == '\r' && rest[1] == '\n':
			c.text, c.ends = cell, append(c.ends, len(cell))
			return j + 3, false
		case lines:
			c.broken = "csv_unclosed_quote"
			return i, false
		default:
			c.stray = true
			cell = append(cell, '"')
		}
	}
	if !full {
		c.needMore = true
		return i, false
	}
	c.broken = "csv_unclosed_quote"
	return i, false
}

func brokenRecord(data []byte, why string) record {
	line := bytes.TrimRight(data[:firstLine(data)], "\r\n")
	return record{cells: []string{string(line[:min(len(line), maxShown)])}, broken: why}
}

// firstLine is the length of the first line with its newline, or all of data.
func firstLine(data []byte) int {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1
	}
	return len(data)
}
