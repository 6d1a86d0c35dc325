package outbox

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// Email is what a mail program would show of a message. It is read leniently:
// what cannot be decoded is shown as it came.
type Email struct {
	Headers []Header
	Text    string
	HTML    string
}

const maxNesting = 8

// ParseEmail reads headers and body parts out of a message as it was received.
func ParseEmail(raw []byte) Email {
	headers, body := splitHeaders(raw)
	mail := Email{Headers: headers}
	mail.take(headers, body, 0)
	for i, h := range mail.Headers {
		mail.Headers[i].Value = DecodeWords(h.Value)
	}
	return mail
}

// EnvelopeHeaders reads Subject (decoded) and Message-ID (as it stands)
// without touching the rest: it runs for every message that arrives.
func EnvelopeHeaders(raw []byte) (subject, messageID string) {
	for len(raw) > 0 {
		line, rest := cutLine(raw)
		if len(line) == 0 {
			return subject, messageID
		}
		value, isSubject := foldPrefix(line, "subject:")
		if !isSubject {
			var isID bool
			if value, isID = foldPrefix(line, "message-id:"); !isID {
				raw = rest
				continue
			}
		}
		full := string(bytes.TrimSpace(value))
		for len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\t') {
			line, rest = cutLine(rest)
			full = strings.TrimSpace(full + " " + string(bytes.TrimSpace(line)))
		}
		switch {
		case isSubject && subject == "":
			subject = DecodeWords(full)
		case !isSubject && messageID == "":
			messageID = full
		}
		raw = rest
	}
	return subject, messageID
}

func foldPrefix(line []byte, prefix string) ([]byte, bool) {
	if len(line) < len(prefix) || !strings.EqualFold(string(line[:len(prefix)]), prefix) {
		return nil, false
	}
	return line[len(prefix):], true
}

func cutLine(raw []byte) (line, rest []byte) {
	i := bytes.IndexByte(raw, '\n')
	if i < 0 {
		return raw, nil
	}
	return bytes.TrimSuffix(raw[:i], []byte("\r")), raw[i+1:]
}

func splitHeaders(raw []byte) ([]Header, []byte) {
	var headers []Header
	for len(raw) > 0 {
		var line []byte
		line, raw = cutLine(raw)
		switch {
		case len(line) == 0:
			return headers, raw
		case (line[0] == ' ' || line[0] == '\t') && len(headers) > 0:
			last := &headers[len(headers)-1]
			last.Value = strings.TrimSpace(last.Value + " " + strings.TrimSpace(string(line)))
		default:
			name, value, _ := strings.Cut(string(line), ":")
			headers = append(headers, Header{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
		}
	}
	return headers, nil
}

// take files one part: the first plain text and the first HTML are kept,
// containers are opened, attachments are left in the raw message.
func (m *Email) take(headers []Header, body []byte, depth int) {
	of := Message{Headers: headers}
	if strings.HasPrefix(strings.ToLower(of.HeaderValue("Content-Disposition")), "attachment") {
		return
	}
	kind, params, err := mime.ParseMediaType(of.HeaderValue("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		m.takeParts(body, params["boundary"], depth)
		return
	}
	if !strings.HasPrefix(kind, "text/") {
		return
	}
	text := decodeText(body, of.HeaderValue("Content-Transfer-Encoding"), params["charset"])
	switch {
	case kind == "text/html" && m.HTML == "":
		m.HTML = text
	case kind == "text/plain" && m.Text == "":
		m.Text = text
	}
}

func (m *Email) takeParts(body []byte, boundary string, depth int) {
	if boundary == "" || depth >= maxNesting {
		return
	}
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := reader.NextRawPart()
		if err != nil {
			return
		}
		var headers []Header
		for name, values := range part.Header {
			for _, value := range values {
				headers = append(headers, Header{Name: name, Value: value})
			}
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return
		}
		m.take(headers, content, depth+1)
	}
}

func decodeText(body []byte, encoding, charset string) string {
	var r io.Reader = bytes.NewReader(body)
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	}
	if converted, err := decodeCharset(charset, r); err == nil {
		r = converted
	}
	text, _ := io.ReadAll(r) // what could be decoded before an error is still shown
	return strings.ToValidUTF8(strings.ReplaceAll(string(text), "\r\n", "\n"), "\uFFFD")
}

func decodeCharset(charset string, r io.Reader) (io.Reader, error) {
	if charset == "" || strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "us-ascii") {
		return r, nil
	}
	enc, err := htmlindex.Get(charset)
	if err != nil {
		return nil, err
	}
	return enc.NewDecoder().Reader(r), nil
}

var words = mime.WordDecoder{CharsetReader: decodeCharset}

// DecodeWords turns encoded words of a header value into text; a value that
// cannot be decoded is given back as it is.
func DecodeWords(value string) string {
	if !strings.Contains(value, "=?") {
		return value
	}
	decoded, err := words.DecodeHeader(value)
	if err != nil {
		return value
	}
	return decoded
}
