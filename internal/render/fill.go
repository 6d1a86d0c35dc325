package render

import (
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Message fills one person's values into an approved text. Errors about the person's contact are a
// *delivery.Failure (permanent, naming the field and never the value); a text that is not what its hash
// names is breach.ErrTampered; a text of another kind or variant than asked for is breach.ErrInvalid.
// DeliveryID, AttemptID and SentAfter are left to the caller.
func (e *Engine) Message(text breach.Text, p breach.Person, to breach.Addressee, reference string) (delivery.Message, error) {
	c, err := e.compiledText(text)
	if err != nil {
		return delivery.Message{}, err
	}
	if c.variant != string(to) {
		return delivery.Message{}, breach.Errorf(breach.ErrInvalid, "a text for %s cannot be sent to %s", c.variant, to)
	}
	if !isReference(reference) {
		return delivery.Message{}, breach.Errorf(breach.ErrInvalid, "a reference code must be 4 to 64 letters, digits or dashes")
	}
	m := delivery.Message{Channel: c.channel, Locale: c.locale}
	var name, child string
	if to == breach.ToGuardian {
		if p.Guardian == nil {
			return delivery.Message{}, delivery.Refused("guardian: there is none")
		}
		name, child = cleanName(p.Guardian.Name), cleanName(p.Name)
	} else {
		name = cleanName(p.Name)
	}
	if m.To, err = contact(c.channel, p, to); err != nil {
		return delivery.Message{}, err
	}
	mine := own{fieldName: name, fieldChild: child, fieldReference: reference}
	var room [128]bool // the shipped texts have about 100 options; more takes its own room
	fits := c.fitting(room[:], p.DataClasses, name, child)
	switch c.channel {
	case breach.Email:
		m.ToName, m.Subject, m.Text, m.HTML = name, c.fill("subject", mine, fits, false), c.fill("text", mine, fits, false), c.fill("html", mine.escaped(), fits, true)
	case breach.SMS:
		m.Text = c.fill("text", mine, fits, false)
	case breach.Push:
		m.Title, m.Text, m.Link = c.fill("title", mine, fits, false), c.fill("body", mine, fits, false), c.fill("link", mine, fits, false)
	}
	return m, nil
}

// own are a person's own values by field, cleaned; for markup they are escaped as well.
type own [fieldsEnd]string

func (o own) escaped() own {
	for i, s := range o {
		o[i] = escaped(s)
	}
	return o
}

// fitting marks the options that are meant for a person: any one of what an option asks for is enough.
// Being named is what we know of the name, and never what a list calls a kind of data.
func (c *compiled) fitting(room []bool, classes []string, name, child string) []bool {
	if c.options > len(room) {
		room = make([]bool, c.options)
	}
	fits := room[:c.options]
	mark := func(options []int) {
		for _, i := range options {
			fits[i] = true
		}
	}
	if name != "" {
		mark(c.whenNamed)
	}
	if child != "" {
		mark(c.whenChildNamed)
	}
	for _, class := range classes {
		mark(c.whenClass[className(class)])
	}
	return fits
}

// fill writes a part for one person. Nothing that is filled in is looked at again for variables, and every
// byte is copied once.
func (c *compiled) fill(part string, mine own, fits []bool, markup bool) string {
	var room [96]string // the pieces of the longest text shipped; a longer one takes its own room
	pieces := room[:0]
	for _, s := range c.parts[part] {
		if s.choice == nil {
			pieces = append(pieces, s.piece(&mine))
			continue
		}
		pieces = s.choice.pick(pieces, fits, &mine, markup)
	}
	return strings.Join(pieces, "")
}

// piece is what stands in the place of a segment that is no choice.
func (s *segment) piece(mine *own) string {
	if s.field == fixed {
		return s.words
	}
	return mine[s.field]
}

// pick adds the wordings that fit; one that is meant for everybody only when none before it did.
func (c *compiledChoice) pick(pieces []string, fits []bool, mine *own, markup bool) []string {
	picked := 0
	for i := range c.options {
		option := &c.options[i]
		if option.everybody && picked > 0 || !option.everybody && !fits[option.no] {
			continue
		}
		segments, join := option.text, c.join
		if markup {
			segments, join = option.markup, c.joinHTML
		}
		if picked > 0 {
			pieces = append(pieces, join)
		}
		for j := range segments {
			pieces = append(pieces, segments[j].piece(mine))
		}
		if picked++; c.first {
			break
		}
	}
	return pieces
}
