package render

import (
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Message fills one person's values into an approved text. An email is given as a form, which is the same
// for everybody who is told the same. Errors about the person's contact are a *delivery.Failure (permanent,
// naming the field and never the value); a text that is not what its hash names is breach.ErrTampered; a
// text of another kind or variant than asked for is breach.ErrInvalid. DeliveryID, AttemptID and SentAfter
// are left to the caller.
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
	date := e.dateFor(c, &p)
	form, own := c.formFor(&p, name, child), []string{name, child, reference, date, escaped(name), escaped(child), reference, escaped(date)}
	switch c.channel {
	case breach.Email:
		m.ToName, m.Subject, m.Form, m.Own = name, form.parts["subject"].Fill(own), form.email, own
	case breach.Letter:
		m.ToName, m.Subject, m.Text = name, form.parts["subject"].Fill(own), form.parts["text"].Fill(own)
		m.Post = &delivery.Post{Address: postal(p), Country: p.Country, Reference: reference}
	case breach.Voice:
		own[placeReference-1] = spelled(reference, "")
		m.Text, m.Machine = form.parts["text"].Fill(own), form.parts["machine"].Fill(own)
	case breach.SMS:
		m.Text = form.parts["text"].Fill(own)
	case breach.Push:
		m.Platform = p.PushPlatform
		m.Title, m.Text, m.Link = form.parts["title"].Fill(own), form.parts["body"].Fill(own), form.parts["link"].Fill(own)
	}
	return m, nil
}

// Places of a person's own values as Message lists them; what is escaped for HTML stands escapedBy further on.
const (
	placeName = 1 + iota
	placeChild
	placeReference
	placeDate // on which it is sent, by the reader's clock

	escapedBy = placeDate
)

// form is a text for everybody whom the same options fit: what is left open is a person's own values.
type form struct {
	parts map[string]delivery.Pieces
	email *delivery.Form // its text and HTML, for an email
}

// formFor finds the form for a person, of which an incident has a handful: one for each set of kinds of data,
// with a name and without, and where times are told for each clock.
func (c *compiled) formFor(p *breach.Person, name, child string) *form {
	var room [48]byte // the shipped texts have about 100 options, and 40 for each time that is told; more takes its own room
	fits := c.fitting(room[:], p, name, child)
	if f, ok := c.forms.find(fits); ok {
		return f
	}
	f := &form{parts: make(map[string]delivery.Pieces, len(c.parts))}
	for part, segments := range c.parts {
		f.parts[part] = pieces(segments, fits, part == "html")
	}
	if c.channel == breach.Email {
		f.email = &delivery.Form{Text: f.parts["text"], HTML: f.parts["html"]}
	}
	c.forms.put(string(fits), f)
	return f
}

// options is a set of options, one bit for each.
type options []byte

func (o options) add(no int)      { o[no/8] |= 1 << (no % 8) }
func (o options) has(no int) bool { return o[no/8]&(1<<(no%8)) != 0 }

// fitting gives the options that are meant for a person: any one of what an option asks for is enough.
// Being named is what we know of the name, and never what a list calls a kind of data.
func (c *compiled) fitting(room []byte, p *breach.Person, name, child string) options {
	if c.options > 8*len(room) {
		room = make([]byte, (c.options+7)/8)
	}
	fits := options(room[:(c.options+7)/8])
	mark := func(nos []int) {
		for _, no := range nos {
			fits.add(no)
		}
	}
	if name != "" {
		mark(c.whenNamed)
	}
	if child != "" {
		mark(c.whenChildNamed)
	}
	for _, class := range p.DataClasses {
		mark(c.whenClass[className(class)])
	}
	mark(c.clocksOf(p))
	return fits
}

// pieces decides every choice of a part. Nothing that is filled in is looked at again for variables.
func pieces(segments []segment, fits options, markup bool) (out delivery.Pieces) {
	for i := range segments {
		if s := &segments[i]; s.choice == nil {
			out = append(out, s.piece(markup))
		} else {
			out = s.choice.pick(out, fits, markup)
		}
	}
	return out
}

// piece is what stands in the place of a segment that is no choice.
func (s *segment) piece(markup bool) delivery.Piece {
	if markup && s.place > 0 {
		return delivery.Piece{Place: s.place + escapedBy}
	}
	return delivery.Piece{Words: s.words, Place: s.place}
}

// pick adds the wordings that fit; one that is meant for everybody only when none before it did.
func (c *compiledChoice) pick(out delivery.Pieces, fits options, markup bool) delivery.Pieces {
	picked := 0
	for i := range c.options {
		option := &c.options[i]
		if option.everybody && picked > 0 || !option.everybody && !fits.has(option.no) {
			continue
		}
		segments, join := option.text, c.join
		if markup {
			segments, join = option.markup, c.joinHTML
		}
		if picked > 0 {
			out = append(out, delivery.Piece{Words: join})
		}
		for j := range segments {
			out = append(out, segments[j].piece(markup))
		}
		if picked++; c.first {
			break
		}
	}
	return out
}
