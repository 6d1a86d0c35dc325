package recipients

import (
	"archive/zip"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
)

// sharedTexts are the texts that cells name by number: each with its length before it, and the place of every few.
type sharedTexts struct {
	all    vault
	places []int64 // of the first text of each group
	n      int
	err    error
	room   []byte
}

const (
	textGroup = 32
	mostTexts = 1 << 26
)

// add appends a text.
func (s *sharedTexts) add(text []byte) error {
	if s.n%textGroup == 0 {
		s.places = append(s.places, s.all.size)
	}
	var length [binary.MaxVarintLen64]byte
	if _, err := s.all.Write(length[:binary.PutUvarint(length[:], uint64(len(text)))]); err != nil {
		return err
	}
	s.n++
	_, err := s.all.Write(text)
	return err
}

// at is a text by its number, from 0. What kept it from being read is in err.
func (s *sharedTexts) at(n int) (string, bool) {
	if n < 0 || n >= s.n {
		return "", false
	}
	at := s.places[n/textGroup]
	for range n % textGroup {
		length, after := s.length(at)
		at = after + length
	}
	length, at := s.length(at)
	if s.err != nil || length > maxRecord {
		return "", false
	}
	if int64(cap(s.room)) < length {
		s.room = make([]byte, length)
	}
	text := s.room[:length]
	if _, err := s.all.ReadAt(text, at); err != nil {
		s.err = err
		return "", false
	}
	return string(text), true
}

// length is how long the text is that begins at a place with its length, and where its own bytes begin.
func (s *sharedTexts) length(at int64) (length, after int64) {
	var b [binary.MaxVarintLen64]byte
	n, err := s.all.ReadAt(b[:], at)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
		return 0, at
	}
	l, size := binary.Uvarint(b[:n])
	return int64(l), at + int64(size)
}

// read takes the texts of a part; a book may have none.
func (s *sharedTexts) read(f *zip.File) error {
	if f == nil {
		return nil
	}
	t, err := openPart(f, maxSheet)
	if err != nil {
		return err
	}
	var text []byte
	for {
		tok, err := t.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "si" {
			if text, err = t.appendText(text[:0], "si"); err != nil {
				return err
			}
			if err := s.add(text); err != nil {
				return err
			}
			if s.n > mostTexts {
				return notSpreadsheet("it has more texts than a list can have")
			}
		}
	}
}
