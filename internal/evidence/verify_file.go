package evidence

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
)

// file checks one file: compressed bytes, content, records; and hands its content to the story.
func (v *verifier) file(f *zip.File, e FileEntry, s *story) {
	before := len(v.report.Problems)
	if f.Method != zip.Deflate {
		v.problem(e.Name, 0, "is packed in another way than a pack is")
		return
	}
	in, err := f.Open()
	if err != nil {
		v.problem(e.Name, 0, "cannot be unpacked: the archive is damaged")
		return
	}
	defer in.Close()
	sum := sha256.New()
	counted := &counter{in: in, left: v.budget}
	content := io.TeeReader(counted, sum)
	var document []byte
	if isLines(e.Name) {
		err = v.lines(content, e, s)
	} else if s.wants(e.Name) {
		document, err = io.ReadAll(io.LimitReader(content, maxInMemory))
	}
	if err == nil {
		_, err = io.Copy(io.Discard, content)
	}
	v.budget = counted.left
	named := len(v.report.Problems) > before
	switch {
	case errors.Is(err, errTooMuch):
		v.problem(e.Name, 0, "unpacks to far more than a pack of this size can hold; it was not read further")
	case err != nil && !named:
		v.problem(e.Name, 0, "cannot be unpacked: the archive is damaged")
	case named: // a record was named already, which says more than the sums of the whole file
	case counted.read != e.Bytes || hex.EncodeToString(sum.Sum(nil)) != e.SHA256:
		v.problem(e.Name, 0, "was changed: it is not the file that was signed")
	case !v.odd && packedSum(f) != e.PackedSHA256:
		v.problem(e.Name, 0, "has the same content as the signed file, but was packed again")
	case document != nil:
		s.document(e.Name, document)
	}
}

func packedSum(f *zip.File) string {
	raw, err := f.OpenRaw()
	if err != nil {
		return ""
	}
	h := sha256.New()
	if _, err := io.Copy(h, raw); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// lines checks the rolling hash record by record and stops at the first that is not as it was signed: all
// after it hang on it.
func (v *verifier) lines(in io.Reader, e FileEntry, s *story) error {
	if e.Records == nil || *e.Records < 0 {
		v.problem(ManifestFile, 0, "does not say how many records %s holds", e.Name)
		return nil
	}
	sc := bufio.NewScanner(in)
	sc.Buffer(make([]byte, 4<<10), maxRecord+1024)
	sc.Split(wholeLines)
	var n int64
	var last string
	for sc.Scan() {
		n++
		record, hash, what := readLine(sc.Bytes(), e, n, last)
		if what != "" {
			v.problem(e.Name, n, "%s", what)
			return nil
		}
		if what := offMark(e, n, hash); what != "" {
			v.problem(e.Name, firstSuspect(e, n), "%s", what)
			return nil
		}
		last = hash
		s.record(e.Name, n, record)
		v.report.Records++
	}
	switch err := sc.Err(); {
	case errors.Is(err, bufio.ErrTooLong) || errors.Is(err, errNoNewline):
		v.problem(e.Name, n+1, "was changed: it is not a line of a pack")
	case err != nil:
		return err
	case n < *e.Records:
		v.problem(e.Name, n+1, "is missing: the signed file holds %d records, this one %d", *e.Records, n)
	case last != e.Root:
		v.problem(e.Name, firstSuspect(e, n), "was changed, or one of the records after it")
	}
	return nil
}

// readLine takes one line apart; what says why it is not record n of the signed file.
func readLine(b []byte, e FileEntry, n int64, last string) (record []byte, hash, what string) {
	var l line
	if n > *e.Records {
		return nil, "", "was added: the signed file ends before it"
	}
	if err := strict(b, &l); err != nil || len(l.Record) == 0 {
		return nil, "", "was changed: it is not a line of a pack"
	}
	if l.N != n {
		return nil, "", "is missing or out of order"
	}
	if l.Hash != rollingHash(e.Name, last, n, l.Record) {
		return nil, "", "was changed after it was signed"
	}
	return bytes.Clone(l.Record), l.Hash, ""
}

// offMark compares with the signed marks, which a forger who mends all later hashes cannot mend.
func offMark(e FileEntry, n int64, hash string) string {
	if e.Step <= 0 || n%e.Step != 0 {
		return ""
	}
	i := n/e.Step - 1
	if i < int64(len(e.Marks)) && e.Marks[i] == hash[:32] {
		return ""
	}
	if e.Step == 1 {
		return "was changed after it was signed, and the hashes after it were made to fit"
	}
	return "was changed, or one of the records up to the next mark, and the hashes after it were made to fit"
}

// firstSuspect is the first record after the last mark that still held before record n.
func firstSuspect(e FileEntry, n int64) int64 {
	if e.Step <= 0 || n == 0 {
		return n
	}
	return (n-1)/e.Step*e.Step + 1
}

var (
	errNoNewline = errors.New("no newline at the end")
	errTooMuch   = errors.New("unpacks to too much")
)

// wholeLines splits at newlines only, and a last line without one is an error: a pack never ends so.
func wholeLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, errNoNewline
	}
	return 0, nil, nil
}

// counter counts what is unpacked and stops at the pack's budget.
type counter struct {
	in   io.Reader
	read int64
	left int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.read += int64(n)
	c.left -= int64(n)
	if c.left < 0 {
		return 0, errTooMuch
	}
	return n, err
}
