package email

import (
	"bytes"
	"errors"
	"net/textproto"

	library "github.com/jordan-wright/email"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// boundary cannot occur in what is quoted-printable, where every equals sign is followed by a hexadecimal
// digit or a line end. So it needs not be random, and no text can end a part early.
const boundary = "=_part"

const (
	typeBoth = "Content-Type: multipart/alternative; boundary=\"" + boundary + "\"\r\n\r\n"
	typeText = "Content-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n"
	typeHTML = "Content-Transfer-Encoding: quoted-printable\r\nContent-Type: text/html; charset=UTF-8\r\n\r\n"
)

// appendBody writes the Content headers and the body, ready for DATA; whole says that no dot had to be doubled
// for it. What an ordinary text consists of is encoded here; anything else is left to the library, which is also what the tests
// measure this encoding against. Texts that no channel may carry are refused. A message with a form that
// cannot be used as it is, or with values of which this is true, is written out first.
func appendBody(w []byte, m *delivery.Message, s *stencil) (_ []byte, whole bool, _ *delivery.Failure) {
	if s != nil && s.usable {
		if all, ok := appendParts(w, s.text, s.html, m.Own); ok {
			return all, true, nil
		}
	}
	if f := m.Check(); f != nil {
		return nil, false, f
	}
	plain := m.Plain()
	if plain.Text == "" && plain.HTML == "" {
		return nil, false, delivery.Refused("the message has no text")
	}
	if all, ok := appendParts(w, written(plain.Text), written(plain.HTML), nil); ok {
		return all, true, nil
	}
	mime, body, err := mimeBody(plain)
	if err != nil {
		return nil, false, delivery.Refused("the text cannot be encoded")
	}
	return appendStuffed(append(append(w, mime...), "\r\n"...), body), false, nil
}

// appendParts writes what appendBody does, when all of it is ordinary.
func appendParts(w []byte, text, html []stretch, own []string) (_ []byte, ok bool) {
	both := len(text) > 0 && len(html) > 0
	if both {
		w = append(append(w, typeBoth...), "--"+boundary+"\r\n"...)
	}
	if len(text) > 0 {
		if w, ok = appendStretches(append(w, typeText...), text, own); !ok {
			return nil, false
		}
	}
	if both {
		w = append(w, "\r\n--"+boundary+"\r\n"...)
	}
	if len(html) > 0 {
		if w, ok = appendStretches(append(w, typeHTML...), html, own); !ok {
			return nil, false
		}
	}
	if both {
		return append(w, "\r\n--"+boundary+"--\r\n"...), true
	}
	return endLine(w), ok
}

// endLine adds the line end that SMTP needs as a soft line break, which does not become part of the text.
func endLine(w []byte) []byte {
	if bytes.HasSuffix(w, []byte("\r\n")) {
		return w
	}
	return append(w, "=\r\n"...)
}

// mimeBody has the library encode the texts. It gives the lines of the Content headers and the body.
func mimeBody(m delivery.Message) (mime, body []byte, err error) {
	e := library.Email{
		Headers: textproto.MIMEHeader{"Message-Id": {"-"}, "Date": {"-"}, "From": {"-"}},
		Text:    []byte(m.Text),
		HTML:    []byte(m.HTML),
	}
	raw, err := e.Bytes()
	if err != nil {
		return nil, nil, err
	}
	head, body, found := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !found {
		return nil, nil, errors.New("the library wrote no header block")
	}
	keep := false
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if len(line) > 0 && line[0] != ' ' && line[0] != '\t' {
			keep = bytes.HasPrefix(line, []byte("Content-"))
		}
		if keep {
			mime = append(append(mime, line...), "\r\n"...)
		}
	}
	return mime, endLine(body), nil
}

// appendStuffed appends a message with its dots doubled at line starts. raw has CRLF line ends and ends in
// one.
func appendStuffed(w, raw []byte) []byte {
	if len(raw) > 0 && raw[0] == '.' {
		w = append(w, '.')
	}
	for {
		i := bytes.Index(raw, []byte("\n."))
		if i < 0 {
			break
		}
		w = append(append(w, raw[:i+2]...), '.')
		raw = raw[i+2:]
	}
	return append(w, raw...)
}
