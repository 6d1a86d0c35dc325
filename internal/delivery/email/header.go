package email

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// maxLine is where header lines are folded; RFC 5322 asks for 78 and forbids more than 998.
const maxLine = 76

// plainWord bounds a word that may stand in a header as it is, so that every line can be folded.
const plainWord = 60

// encodedBytes is how much text fits into one encoded word of at most 75 characters: 45 bytes are 60
// characters of base64, the frame =?UTF-8?B??= has 12.
const encodedBytes = 45

// encodeText gives the form of free text in a header (RFC 2047). Text that a reader would change (other
// scripts, controls, outer or double spaces, words too long to fold, what looks like an encoded word) is
// encoded as a whole.
func encodeText(s string) string {
	if plainText(s) {
		return s
	}
	return encodeWords(s)
}

func plainText(s string) bool {
	if strings.Contains(s, "=?") {
		return false
	}
	for word := range strings.SplitSeq(s, " ") {
		if word == "" || len(word) > plainWord {
			return s == ""
		}
		for i := 0; i < len(word); i++ {
			if word[i] <= ' ' || word[i] > '~' {
				return false
			}
		}
	}
	return true
}

// encodeWords writes base64 words joined by single spaces, which readers drop. No character is split.
func encodeWords(s string) string {
	var out strings.Builder
	for len(s) > 0 {
		n := min(encodedBytes, len(s))
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		if out.Len() > 0 {
			out.WriteByte(' ')
		}
		out.WriteString("=?UTF-8?B?")
		out.WriteString(base64.StdEncoding.EncodeToString([]byte(s[:n])))
		out.WriteString("?=")
		s = s[n:]
	}
	return out.String()
}

// encodeMailbox gives name and address as one mailbox. A name of letters, digits, spaces and a few marks
// stays readable (quoted when it holds a dot); any other is encoded, because quoted strings are decoded
// differently by different readers.
func encodeMailbox(name string, a address) string {
	if name == "" {
		return "<" + a.String() + ">"
	}
	encoded, quote := name, false
	if !plainText(name) {
		encoded = encodeWords(name)
	} else {
		for i := 0; i < len(name); i++ {
			c := name[i]
			switch {
			case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == ' ', c == '-', c == '\'':
			case c == '.', c == ',', c == '(', c == ')', c == '&':
				quote = true
			default:
				encoded = ""
			}
		}
		switch {
		case encoded == "":
			encoded = encodeWords(name)
		case quote:
			encoded = `"` + name + `"`
		}
	}
	return encoded + " <" + a.String() + ">"
}

// appendHeader writes one header, folded before spaces. Values hold no line breaks.
func appendHeader(w []byte, name, value string) []byte {
	w = append(append(w, name...), ':')
	column := len(name) + 1
	for word := range strings.SplitSeq(value, " ") {
		if column > len(name)+1 && column+1+len(word) > maxLine {
			w = append(w, "\r\n"...)
			column = 0
		}
		w = append(append(w, ' '), word...)
		column += 1 + len(word)
	}
	return append(w, "\r\n"...)
}
