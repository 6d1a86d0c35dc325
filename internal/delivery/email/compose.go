package email

import (
	"bytes"
	"errors"
	"net/textproto"
	"strings"
	"time"

	library "github.com/jordan-wright/email"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// letter is one composed message with its envelope, ready for a connection.
type letter struct {
	from string // envelope sender
	to   string // envelope recipient
	utf8 bool   // needs SMTPUTF8
	raw  []byte // headers and body with CRLF line ends, ending in CRLF, not yet dot-stuffed
}

// composer turns messages into letters. It is where pre-encoded segments will take the library's place
// for the common case; both must decode to the same message.
type composer struct {
	config Config // validated, with defaults
	from   address
	now    func() time.Time
}

// compose checks everything that ends up in a header or in the envelope, lets the library write the MIME
// body, and writes the headers itself: the library neither folds nor keeps encoded words, takes its
// Message-ID from the host, and writes headers in random order.
func (c *composer) compose(m delivery.Message) (letter, *delivery.Failure) {
	if f := m.Check(); f != nil {
		return letter{}, f
	}
	to, err := parseAddress(m.To)
	if err != nil {
		return letter{}, delivery.Refused("the address " + err.Error())
	}
	if m.Text == "" && m.HTML == "" {
		return letter{}, delivery.Refused("the message has no text")
	}
	if !languageTag(m.Locale) {
		return letter{}, delivery.Refused("the locale is not a language tag")
	}
	mime, body, err := mimeBody(m)
	if err != nil {
		return letter{}, delivery.Refused("the text cannot be encoded")
	}
	raw := make([]byte, 0, len(body)+1024)
	for _, h := range c.headers(m, to) {
		raw = appendHeader(raw, h.name, h.value)
	}
	raw = append(append(append(raw, mime...), "\r\n"...), body...)
	return letter{from: c.envelopeSender(m), to: to.String(), utf8: to.utf8, raw: raw}, nil
}

type header struct{ name, value string }

// headers lists every header but those of MIME, in a fixed order. No tracking, and no List-Unsubscribe:
// nobody can unsubscribe from a notice that the law requires.
func (c *composer) headers(m delivery.Message, to address) []header {
	hs := []header{
		{"From", encodeMailbox(c.config.FromName, c.from)},
		{"To", encodeMailbox(m.ToName, to)},
		{"Subject", encodeText(m.Subject)},
		{"Date", c.now().UTC().Format(time.RFC1123Z)},
		{"Message-ID", messageID(m, c.config.MessageIDDomain)},
	}
	if c.config.ReplyTo != "" {
		if a, err := parseAddress(c.config.ReplyTo); err == nil {
			hs = append(hs, header{"Reply-To", encodeMailbox("", a)})
		}
	}
	hs = append(hs, header{"Auto-Submitted", "auto-generated"}, header{"Feedback-ID", c.config.FeedbackID})
	if m.Locale != "" {
		hs = append(hs, header{"Content-Language", m.Locale})
	}
	return append(hs, header{"MIME-Version", "1.0"})
}

// messageID depends on the delivery and not on the try, so that a message that was sent twice shows as one.
func messageID(m delivery.Message, domain string) string {
	return "<" + m.DeliveryID + "@" + domain + ">"
}

// envelopeSender names the attempt, so that a bounce finds it. An id too long for a local part leaves the
// sender's own address.
func (c *composer) envelopeSender(m delivery.Message) string {
	if local := "b-" + m.AttemptID; c.config.EnvelopeDomain != "" && len(local) <= 64 {
		return local + "@" + c.config.EnvelopeDomain
	}
	return c.from.String()
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
	if !bytes.HasSuffix(body, []byte("\r\n")) {
		// A soft line break: the line end that SMTP needs does not become part of the text.
		body = append(body, "=\r\n"...)
	}
	return mime, body, nil
}

// languageTag accepts the alphabet of BCP 47; which languages there are is decided elsewhere.
func languageTag(s string) bool {
	if len(s) > 35 || strings.HasPrefix(s, "-") || strings.HasSuffix(s, "-") {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
