package intake

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// plainJSON takes off the mark that some editors put at the beginning of a file. It is false for bytes that
// are not UTF-8: a decoder would replace them, and two different ids would become one.
func plainJSON(b []byte) ([]byte, bool) {
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	return b, utf8.Valid(b)
}

// repeats reports whether an object in good JSON names a member twice, at any depth: two readers could take
// two different values from it.
func repeats(b []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	type level struct {
		names map[string]bool // nil in a list
		value bool            // the next token is a value
	}
	var open []level
	for {
		t, err := dec.Token()
		if err != nil {
			return false
		}
		last := len(open) - 1
		switch d, isDelim := t.(json.Delim); {
		case isDelim && (d == '{' || d == '['):
			if last >= 0 {
				open[last].value = false
			}
			next := level{}
			if d == '{' {
				next.names = map[string]bool{}
			}
			open = append(open, next)
		case isDelim:
			open = open[:last]
		case last < 0 || open[last].names == nil:
		case open[last].value:
			open[last].value = false
		default:
			name, _ := t.(string)
			if open[last].names[name] {
				return true
			}
			open[last].names[name], open[last].value = true, true
		}
	}
}
