package evidence

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// line is how a record stands in a .jsonl file: its number from 1, the rolling hash up to it, itself.
type line struct {
	N      int64           `json:"n"`
	Hash   string          `json:"hash"`
	Record json.RawMessage `json:"record"`
}

// LineWriter writes records, one per line, each with the rolling hash of all up to it.
type LineWriter struct {
	pack  *Writer
	name  string
	out   io.Writer
	sum   hash.Hash
	bytes int64
	n     int64
	last  string
	marks marks
	buf   bytes.Buffer
}

// Add appends one record as JSON, at most 1 MiB.
func (l *LineWriter) Add(v any) error {
	w := l.pack
	if w.err != nil {
		return w.err
	}
	if w.open != l {
		return w.fail(fmt.Errorf("evidence file %s is closed", l.name))
	}
	record, err := encodeRecord(v)
	if err != nil {
		return w.fail(fmt.Errorf("record %d of %s cannot be encoded: %w", l.n+1, l.name, err))
	}
	if len(record) > maxRecord {
		return w.fail(breach.Errorf(breach.ErrInvalid, "record %d of %s is larger than 1 MiB", l.n+1, l.name))
	}
	l.n++
	l.last = rollingHash(l.name, l.last, l.n, record)
	l.marks.add(l.n, l.last)
	l.buf.Reset()
	fmt.Fprintf(&l.buf, `{"n":%d,"hash":"%s","record":`, l.n, l.last)
	l.buf.Write(record)
	l.buf.WriteString("}\n")
	l.bytes += int64(l.buf.Len())
	l.sum.Write(l.buf.Bytes())
	if _, err := l.out.Write(l.buf.Bytes()); err != nil {
		return w.fail(err)
	}
	return nil
}

// Close ends the file.
func (l *LineWriter) Close() error {
	w := l.pack
	if w.err != nil {
		return w.err
	}
	if w.open != l {
		return w.fail(fmt.Errorf("evidence file %s is closed already", l.name))
	}
	n := l.n
	return w.finish(FileEntry{
		Name: l.name, Bytes: l.bytes, SHA256: hex.EncodeToString(l.sum.Sum(nil)),
		Records: &n, Root: l.last, Step: l.marks.step, Marks: l.marks.list,
	})
}

func encodeRecord(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func isLines(name string) bool { return strings.HasSuffix(name, ".jsonl") }
