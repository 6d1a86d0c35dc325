package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// What is said about JSON that cannot be used. None of it repeats the input.
const (
	notUTF8  = "is not UTF-8"
	notJSON  = "is not one JSON value"
	twice    = "names a field twice"
	tooDeep  = "is nested too deeply"
	controls = "holds control characters"
)

const maxDepth = 16

// strictJSON reads a small command. Two readers must not understand it differently: fields that stand
// twice, bytes that are not UTF-8, control characters and anything after the value are refused.
func strictJSON(data []byte, v any) error {
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // some editors begin a file with it
	if !utf8.Valid(data) {
		return errors.New(notUTF8)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := checkValue(dec, 0); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New(notJSON)
	}
	if json.Unmarshal(data, v) != nil {
		return errors.New(notJSON)
	}
	return nil
}

func checkValue(dec *json.Decoder, depth int) error {
	if depth > maxDepth {
		return errors.New(tooDeep)
	}
	t, err := dec.Token()
	if err != nil {
		return errors.New(notJSON)
	}
	switch t := t.(type) {
	case json.Delim:
		return checkInside(dec, t, depth)
	case string:
		return checkText(t)
	}
	return nil
}

func checkInside(dec *json.Decoder, open json.Delim, depth int) error {
	seen := map[string]bool{}
	for dec.More() {
		if open == '{' {
			key, err := dec.Token()
			name, ok := key.(string)
			if err != nil || !ok {
				return errors.New(notJSON)
			}
			// encoding/json matches names without regard to case
			if folded := strings.ToLower(name); seen[folded] {
				return errors.New(twice)
			} else {
				seen[folded] = true
			}
		}
		if err := checkValue(dec, depth+1); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil { // the closing bracket
		return errors.New(notJSON)
	}
	return nil
}

func checkText(s string) error {
	for _, r := range s {
		if (r < ' ' && r != '\n' && r != '\t') || r == 0x7f {
			return errors.New(controls)
		}
	}
	return nil
}
