package email

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/email/dkim"
)

// letter is one composed message with its envelope, ready for a connection.
type letter struct {
	from string // envelope sender
	to   string // envelope recipient
	utf8 bool   // needs SMTPUTF8
	// wire is what follows DATA: headers and body with CRLF line ends, dots doubled at line starts, and the
	// final dot.
	wire  []byte
	whole bool // no dot was doubled: it may be sent by its length as well
}

// size is that of the message in octets, as the server counts it, or a little more.
func (l *letter) size() int { return len(l.wire) - len(finalDot) }

const finalDot = ".\r\n"

// composer turns messages into letters. It is safe for many goroutines.
type composer struct {
	config Config // validated, with defaults
	from   address
	now    func() time.Time
	// author and standing are the headers that no message changes, written once.
	author, standing string
	date             atomic.Pointer[dateLine]
	stencils         stencils
	signer           *dkim.Signer // nil: nothing is signed
}

type dateLine struct {
	second int64
	line   string
}

func newComposer(c Config, from address, now func() time.Time) (*composer, error) {
	standing := []byte(nil)
	if c.ReplyTo != "" {
		if a, err := parseAddress(c.ReplyTo); err == nil {
			standing = appendHeader(standing, "Reply-To", encodeMailbox("", a))
		}
	}
	standing = appendHeader(standing, "Auto-Submitted", "auto-generated")
	standing = appendHeader(standing, "Feedback-ID", c.FeedbackID)
	if c.Unsubscribe != "" {
		standing = appendHeader(standing, "List-Unsubscribe", "<"+c.Unsubscribe+">")
	}
	out := &composer{
		config: c, from: from, now: now, standing: string(standing),
		author: string(appendHeader(nil, "From", encodeMailbox(c.FromName, from))),
	}
	if len(c.DKIMKeys) > 0 {
		keys, err := dkim.Load(c.DKIMKeys)
		if err != nil {
			return nil, err
		}
		out.signer = dkim.New(c.DKIMDomain, keys)
	}
	return out, nil
}

// compose checks everything that ends up in a header or in the envelope, and writes the message into w,
// which it may outgrow. The headers are our own: the library neither folds nor keeps encoded words, takes
// its Message-ID from the host, and writes headers in random order.
func (c *composer) compose(w []byte, m *delivery.Message) (letter, *delivery.Failure) {
	if f := m.CheckFields(); f != nil { // appendBody checks the texts
		return letter{}, f
	}
	to, err := parseAddress(m.To)
	if err != nil {
		return letter{}, delivery.Refused("the address " + err.Error())
	}
	if !languageTag(m.Locale) {
		return letter{}, delivery.Refused("the locale is not a language tag")
	}
	l := letter{from: c.envelopeSender(m), to: to.String(), utf8: to.utf8}
	var s *stencil
	if m.Form != nil {
		s = c.stencils.of(m.Form)
	}
	w = w[:0]
	if c.signer != nil {
		w = c.signer.Begin(w)
	}
	w = c.appendHeaders(w, m, to, s)
	w, whole, f := appendBody(w, m, s)
	if f != nil {
		return letter{}, f
	}
	if c.signer != nil {
		if err := c.signer.Sign(w, !whole, c.now()); err != nil {
			return letter{}, delivery.Temporary(delivery.ReasonProviderDown, "the message could not be signed", 0)
		}
	}
	l.wire, l.whole = append(w, finalDot...), whole
	return l, nil
}

// appendHeaders writes every header but those of MIME, in a fixed order; none of their lines starts with a
// dot. No tracking, and no List-Unsubscribe unless the settings of a relay for advisory mail ask for it: nobody can
// unsubscribe from a notice that the law requires.
func (c *composer) appendHeaders(w []byte, m *delivery.Message, to address, s *stencil) []byte {
	w = append(w, c.author...)
	w = appendHeader(w, "To", encodeMailbox(m.ToName, to))
	w = s.appendSubject(w, m.Subject)
	w = append(w, c.dated()...)
	id := m.DeliveryID
	if c.config.Returns != nil {
		id = c.config.Returns.MessageID(id)
	}
	w = append(append(append(append(append(w, "Message-ID: <"...), id...), '@'), c.config.MessageIDDomain...), ">\r\n"...)
	w = append(w, c.standing...)
	if m.Locale != "" {
		w = appendHeader(w, "Content-Language", m.Locale)
	}
	return append(w, "MIME-Version: 1.0\r\n"...)
}

// dated is the Date header, which stays the same for a second.
func (c *composer) dated() string {
	now := c.now()
	if known := c.date.Load(); known != nil && known.second == now.Unix() {
		return known.line
	}
	line := "Date: " + now.UTC().Format(time.RFC1123Z) + "\r\n"
	c.date.Store(&dateLine{now.Unix(), line})
	return line
}

// envelopeSender names the attempt, so that a bounce finds it. An id too long for a local part leaves the
// sender's own address.
func (c *composer) envelopeSender(m *delivery.Message) string {
	switch {
	case c.config.EnvelopeDomain == "":
	case c.config.Returns != nil:
		if local, ok := c.config.Returns.Local(m.AttemptID, m.Block); ok {
			return local + "@" + c.config.EnvelopeDomain
		}
	case len("b-")+len(m.AttemptID) <= 64:
		return "b-" + m.AttemptID + "@" + c.config.EnvelopeDomain
	}
	return c.from.String()
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
