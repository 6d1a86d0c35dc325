package delivery

import (
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// maxID bounds DeliveryID and AttemptID: they travel in URLs, headers and local parts.
const maxID = 128

// Check refuses what no channel may carry: line breaks and NUL where a field is one line, NUL anywhere,
// bytes that are not UTF-8, and ids that would need escaping on some wire. It looks at every field, also
// at those that the channel does not use, so that hostile input stops here and not in one of five encoders.
// The failure is permanent and names the field, never its value.
func (m *Message) Check() *Failure {
	if f := m.CheckFields(); f != nil {
		return f
	}
	if m.Form != nil && (!m.Form.Text.fits(m.Own) || !m.Form.HTML.fits(m.Own)) {
		return Refused("the form has places that the message has no values for")
	}
	plain := m.Plain()
	for _, f := range []struct{ name, value string }{{"text", plain.Text}, {"HTML", plain.HTML}} {
		if strings.ContainsRune(f.value, 0) {
			return Refused("the " + f.name + " holds NUL")
		}
		if !utf8.ValidString(f.value) {
			return Refused("the " + f.name + " is not UTF-8")
		}
	}
	return nil
}

// CheckFields is Check but for the texts, for an adapter that looks at those while it encodes them.
func (m *Message) CheckFields() *Failure {
	for _, id := range []struct{ name, value string }{{"delivery id", m.DeliveryID}, {"attempt id", m.AttemptID}} {
		if !PlainID(id.value) {
			return Refused(id.name + " must be 1 to 128 letters, digits, dashes, underscores or single dots, the first a letter or digit")
		}
	}
	if m.To == "" {
		return Refused("the contact is empty")
	}
	lines := []struct{ name, value string }{
		{"contact", m.To}, {"name", m.ToName}, {"locale", m.Locale},
		{"subject", m.Subject}, {"title", m.Title}, {"link", m.Link}, {"platform", m.Platform},
	}
	if m.Post != nil {
		lines = append(lines, struct{ name, value string }{"country", m.Post.Country}, struct{ name, value string }{"reference", m.Post.Reference})
		for _, line := range m.Post.Address {
			lines = append(lines, struct{ name, value string }{"address", line})
		}
	}
	for _, f := range lines {
		if fault := faultOfLine(f.value); fault != "" {
			return Refused("the " + f.name + " " + fault)
		}
	}
	return nil
}

// faultOfLine says what keeps a value from standing in one line; empty for most.
func faultOfLine(s string) string {
	ascii := true
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\r', c == '\n', c == 0:
			return "holds a line break or NUL"
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	if !ascii && !utf8.ValidString(s) {
		return "is not UTF-8"
	}
	return ""
}

var number = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// IsNumber says that a value is a number as E.164 has it.
func IsNumber(s string) bool { return number.MatchString(s) }

// CheckSMS is Check and what a text message needs besides: a number as E.164 has it, and words.
func (m *Message) CheckSMS() *Failure {
	if f := m.Check(); f != nil {
		return f
	}
	if !IsNumber(m.To) {
		return &Failure{Reason: ReasonNumberInvalid, Detail: "the number is not in the form +<country><number>"}
	}
	if m.Text == "" {
		return Refused("the message has no text")
	}
	return nil
}

// maxToken bounds a push token, in bytes.
const maxToken = 4096

// CheckPush is Check and what a push needs besides: a token, words, and a link that nobody can change on the way.
func (m *Message) CheckPush() *Failure {
	if f := m.Check(); f != nil {
		return f
	}
	if len(m.To) > maxToken || strings.ContainsAny(m.To, " \t") {
		return Refused("the push token is not one")
	}
	if m.Title == "" && m.Text == "" {
		return Refused("the message has no text")
	}
	if m.Link != "" {
		if u, err := url.Parse(m.Link); err != nil || u.Host == "" || u.User != nil || (u.Scheme != "https" && (u.Scheme != "http" || !Loopback(u.Hostname()))) {
			return Refused("the link must be https")
		}
	}
	return nil
}

// PlainID says whether an id can stand in a URL path, a header and a local part as it is.
func PlainID(id string) bool {
	last := byte('.')
	for i := 0; i < len(id); i++ {
		c := id[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case (c == '-' || c == '_') && i > 0:
		case c == '.' && last != '.':
		default:
			return false
		}
		last = c
	}
	return last != '.' && len(id) <= maxID
}

// Refused is the permanent failure of a message that cannot be sent as it is. why holds no personal data.
func Refused(why string) *Failure { return &Failure{Reason: ReasonBadInput, Detail: why} }

// Temporary is a failure after which the provider certainly does not have the message.
func Temporary(reason, detail string, after time.Duration) *Failure {
	return &Failure{Reason: reason, Retryable: true, Detail: detail, After: after}
}

// NoAnswer is a failure after which the provider may have the message.
func NoAnswer(detail string) *Failure {
	return &Failure{Reason: ReasonNoAnswer, Unknown: true, Detail: detail}
}
