package email

import (
	"bytes"
	"encoding/binary"
)

// Quoted-printable (RFC 2045 section 6.7) in one pass. A dot at the start of a line is encoded as well, so that
// it means nothing to SMTP and the text can be sent by its length or to a final dot as it stands. Other lines are
// broken exactly where the standard library's writer breaks them, so that the two can be compared byte by byte;
// it is written again because that writer goes byte by byte through an interface, and a notice to a million
// people is encoded a million times.

// quotedLine is the most characters before a soft line break, which makes 76 with its equals sign.
const quotedLine = 75

const (
	plain    = 1 << iota // stands for itself
	ordinary             // occurs in texts that people write; the rest is left to the library
)

var quotedClass = func() (class [256]uint8) {
	for c := range class {
		switch {
		case c == ' ', c == '\t', c >= '!' && c <= '~' && c != '=':
			class[c] = plain | ordinary
		case c == '=', c >= 0x80:
			class[c] = ordinary
		}
	}
	return class
}()

const hexDigits = "0123456789ABCDEF"

// appendQuoted appends text, whose lines end in LF or CRLF. It starts at the beginning of a line, and ends
// at one when text does. ok is false when the text holds a character that no ordinary text holds (a control
// character, a CR of its own); w is of no use then. Text may stand in w's own memory, before its end.
func appendQuoted(w, text []byte) (_ []byte, ok bool) {
	for len(text) > 0 {
		end := bytes.IndexByte(text, '\n')
		line, rest := text, text[len(text):]
		if end >= 0 {
			line, rest = text[:end], text[end+1:]
			if end > 0 && text[end-1] == '\r' {
				line = text[:end-1]
			}
		}
		if w, ok = appendQuotedLine(w, line); !ok {
			return nil, false
		}
		if end >= 0 {
			w = append(w, '\r', '\n')
		}
		text = rest
	}
	return w, true
}

// appendQuotedLine appends one line without its end.
func appendQuotedLine(w, line []byte) (_ []byte, ok bool) {
	trailing := len(line) // a blank at the end of a line must not stand there as it is
	if trailing > 0 && (line[trailing-1] == ' ' || line[trailing-1] == '\t') {
		trailing--
	}
	for i, column := 0, 0; i < len(line); {
		if column == 0 && line[i] == '.' {
			w = append(w, "=2E"...)
			i, column = i+1, 3
			continue
		}
		if n := plainRun(line[i:min(i+quotedLine-column, trailing)]); n > 0 {
			w = append(w, line[i:i+n]...)
			i, column = i+n, column+n
		}
		for i < len(line) && column <= quotedLine-3 {
			c := line[i]
			class := quotedClass[c]
			if class == 0 {
				return nil, false
			}
			if class&plain != 0 && i != trailing {
				break
			}
			w = append(w, '=', hexDigits[c>>4], hexDigits[c&15])
			i, column = i+1, column+3
		}
		if i < len(line) && (column == quotedLine || column > quotedLine-3 && (quotedClass[line[i]]&plain == 0 || i == trailing)) {
			w, column = append(w, "=\r\n"...), 0
		}
	}
	return w, true
}

const (
	each = 0x0101010101010101
	tops = 0x80 * each
)

// plainRun counts the characters at the start of s that stand for themselves, eight at a time.
func plainRun(s []byte) (n int) {
	for len(s)-n >= 8 {
		x := binary.LittleEndian.Uint64(s[n:])
		equals, deletes := x^('='*each), x^(0x7f*each)
		if odd := x | (x - ' '*each) | (equals-each) & ^equals | (deletes-each) & ^deletes; odd&tops != 0 {
			break
		}
		n += 8
	}
	for n < len(s) && quotedClass[s[n]]&plain != 0 {
		n++
	}
	return n
}
