package recipients

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// checkEncoding refuses what is plainly not UTF-8 text by the beginning of the file.
func checkEncoding(head []byte) error {
	switch {
	case len(head) == 0:
		return breach.Errorf(breach.ErrInvalid, "the list is empty")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return breach.Errorf(breach.ErrInvalid, "this is a spreadsheet or ZIP file, not CSV: save it as \"CSV UTF-8\" and load that")
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")), looksUTF16(head):
		return breach.Errorf(breach.ErrInvalid, "the list is in UTF-16, not in UTF-8: save it as \"CSV UTF-8\" and load that")
	}
	line := head[:firstLine(head)]
	if !utf8.Valid(line) {
		return notUTF8(line)
	}
	return nil
}

func looksUTF16(head []byte) bool {
	head = head[:min(len(head), 64)]
	return len(head) > 3 && bytes.Count(head, []byte{0})*3 >= len(head)
}

// notUTF8 says what the file looks like, from a sample that is not valid UTF-8.
func notUTF8(sample []byte) error {
	if looksGBK(sample) {
		return breach.Errorf(breach.ErrInvalid, "the list is not UTF-8; it looks like GBK (as Chinese Excel writes CSV). Convert it, for example with: iconv -f GB18030 -t UTF-8. Nothing was loaded")
	}
	return breach.Errorf(breach.ErrInvalid, "the list is not UTF-8 and its encoding cannot be told. Save it as \"CSV UTF-8\" and load that. Nothing was loaded")
}

// looksGBK holds when the sample decodes without loss and mostly to Chinese characters.
func looksGBK(sample []byte) bool {
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(sample)
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
		return false
	}
	var han, other int
	for _, r := range string(text) {
		switch {
		case r >= 0x4e00 && r <= 0x9fff, r >= 0x3000 && r <= 0x303f, r >= 0xff00 && r <= 0xffef:
			han++
		case r >= 0x80:
			other++
		}
	}
	return han > 0 && han > 3*other
}

// mixture watches whether the file as a whole is UTF-8: a few bad rows are bad rows, mostly bad rows are
// another encoding, and reading on would load nonsense for names.
type mixture struct {
	good, bad int
	sample    []byte
}

const enoughBad = 20

func (m *mixture) add(rec record) error {
	bad, foreign := false, false
	for _, c := range rec.cells {
		if isASCII(c) {
			continue
		}
		foreign = true
		if !utf8.ValidString(c) {
			bad = true
			if len(m.sample) < 4096 {
				m.sample = append(append(m.sample, c...), ' ')
			}
		}
	}
	switch {
	case bad:
		m.bad++
	case foreign:
		m.good++
	}
	if m.bad >= enoughBad && m.bad > m.good {
		return notUTF8(m.sample)
	}
	return nil
}

// end judges a list that was too short for add.
func (m *mixture) end() error {
	if m.bad > m.good && looksGBK(m.sample) {
		return notUTF8(m.sample)
	}
	return nil
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
