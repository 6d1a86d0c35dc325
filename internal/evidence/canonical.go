package evidence

import (
	"bytes"
	"encoding/json"
	"sort"
)

// canonicalJSON rewrites one JSON value with sorted keys and no white space; numbers keep their digits.
// It answers false for bytes that are not one JSON value, and for objects with a repeated key, whose
// meaning depends on the reader.
func canonicalJSON(data []byte) ([]byte, bool) {
	if !json.Valid(data) {
		return nil, false
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var out bytes.Buffer
	if !canonicalValue(dec, &out) {
		return nil, false
	}
	return out.Bytes(), true
}

func canonicalValue(dec *json.Decoder, out *bytes.Buffer) bool {
	tok, err := dec.Token()
	if err != nil {
		return false
	}
	switch t := tok.(type) {
	case json.Delim:
		if t == '{' {
			return canonicalObject(dec, out)
		}
		return canonicalArray(dec, out)
	case json.Number:
		out.WriteString(t.String())
	case string:
		writeJSONString(out, t)
	case bool:
		if t {
			out.WriteString("true")
		} else {
			out.WriteString("false")
		}
	case nil:
		out.WriteString("null")
	}
	return true
}

func canonicalArray(dec *json.Decoder, out *bytes.Buffer) bool {
	out.WriteByte('[')
	for i := 0; dec.More(); i++ {
		if i > 0 {
			out.WriteByte(',')
		}
		if !canonicalValue(dec, out) {
			return false
		}
	}
	_, err := dec.Token()
	out.WriteByte(']')
	return err == nil
}

func canonicalObject(dec *json.Decoder, out *bytes.Buffer) bool {
	values := map[string][]byte{}
	var keys []string
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return false
		}
		key, _ := tok.(string)
		if _, again := values[key]; again {
			return false
		}
		var v bytes.Buffer
		if !canonicalValue(dec, &v) {
			return false
		}
		values[key] = v.Bytes()
		keys = append(keys, key)
	}
	if _, err := dec.Token(); err != nil {
		return false
	}
	sort.Strings(keys)
	out.WriteByte('{')
	for i, k := range keys {
		if i > 0 {
			out.WriteByte(',')
		}
		writeJSONString(out, k)
		out.WriteByte(':')
		out.Write(values[k])
	}
	out.WriteByte('}')
	return true
}

func writeJSONString(out *bytes.Buffer, s string) {
	b, _ := json.Marshal(s) // a string always encodes
	out.Write(b)
}
