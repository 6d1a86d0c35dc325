package bounce

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"strings"
)

// What comes back was written by any mail server there is, so nothing here is strict: what cannot be read is
// left out, and everything is bounded.
const (
	maxRaw     = 2 << 20  // of a message; what is beyond is not looked at
	maxHeader  = 64 << 10 // of one header block
	maxFields  = 300
	maxValue   = 4 << 10 // of a field, about
	maxDepth   = 5
	maxParts   = 40 // of a message, at all depths together
	maxDecoded = 256 << 10
	maxScanned = 64 << 10  // of a part, for ids of ours
	maxScan    = 512 << 10 // of all parts
)

// fields are header fields by their name in lower case, in their order.
type fields map[string][]string

func (f fields) get(name string) string {
	if v := f[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// part is one leaf of a message, decoded as far as that works.
type part struct {
	kind   string // media type in lower case
	params map[string]string
	body   []byte
}

// readFields takes header fields off a text, and gives what follows the empty line.
func readFields(b []byte) (fields, []byte) {
	out, last, n := fields{}, "", 0
	for start := len(b); len(b) > 0; {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		switch {
		case len(line) == 0:
			return out, rest
		case start-len(rest) > maxHeader || n > maxFields:
			return out, nil
		case line[0] == ' ' || line[0] == '\t':
			if v := out[last]; len(v) > 0 && len(v[len(v)-1]) < maxValue {
				v[len(v)-1] += " " + string(bytes.TrimSpace(line))
			}
		default:
			name, value, ok := strings.Cut(string(line), ":")
			if name = strings.ToLower(strings.TrimSpace(name)); !ok || name == "" {
				break // a line that belongs to no field
			}
			last, n = name, n+1
			out[name] = append(out[name], strings.TrimSpace(value))
		}
		b = rest
	}
	return out, nil
}

// reader walks through a message.
type reader struct {
	left  int // parts that may still be looked at
	parts []part
}

// walk gathers the leaves of a message or part.
func (r *reader) walk(head fields, body []byte, depth int) {
	if r.left--; r.left < 0 || depth > maxDepth {
		return
	}
	kind, params, err := mime.ParseMediaType(head.get("content-type"))
	if err != nil && kind == "" {
		kind = "text/plain"
	}
	if boundary := params["boundary"]; strings.HasPrefix(kind, "multipart/") && boundary != "" {
		for _, b := range split(body, boundary) {
			h, rest := readFields(b)
			r.walk(h, rest, depth+1)
		}
		return
	}
	decoded := decode(head.get("content-transfer-encoding"), body)
	r.parts = append(r.parts, part{kind, params, decoded})
	// A bounce that somebody passes on as an attachment, or that a list wraps.
	if kind == "message/rfc822" || kind == "message/global" {
		if h, rest := readFields(decoded); strings.HasPrefix(strings.ToLower(h.get("content-type")), "multipart/report") {
			r.walk(h, rest, depth+1)
		}
	}
}

// split cuts a multipart body at its boundary. A last part that is not ended is taken as far as it goes.
func split(body []byte, boundary string) (out [][]byte) {
	mark := []byte("--" + boundary)
	var from = -1
	for at := 0; at < len(body) && len(out) < maxParts; {
		end := bytes.IndexByte(body[at:], '\n')
		next := len(body)
		if end >= 0 {
			next = at + end + 1
		}
		if line := bytes.TrimRight(body[at:next], " \t\r\n"); bytes.HasPrefix(line, mark) {
			tail := line[len(mark):]
			if closing := string(tail) == "--"; closing || len(tail) == 0 {
				if from >= 0 {
					out = append(out, body[from:at])
				}
				if from = next; closing {
					return out
				}
			}
		}
		at = next
	}
	if from >= 0 && from < len(body) && len(out) < maxParts {
		out = append(out, body[from:])
	}
	return out
}

// decode undoes a transfer encoding. Where it is broken, what was decoded until then counts.
func decode(encoding string, body []byte) []byte {
	var in io.Reader
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		in = base64.NewDecoder(base64.StdEncoding, bytes.NewReader(body))
	case "quoted-printable":
		in = quotedprintable.NewReader(bytes.NewReader(body))
	default:
		return body[:min(len(body), maxDecoded)]
	}
	out, err := io.ReadAll(io.LimitReader(in, maxDecoded))
	if err != nil && len(out) == 0 {
		return body[:min(len(body), maxDecoded)]
	}
	return out
}
