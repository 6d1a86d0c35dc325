package render

import (
	"errors"
	"maps"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// maxCompiled bounds how many texts stay compiled; an incident has about a dozen.
const maxCompiled = 4096

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
	if !referenceCode.MatchString(reference) {
		return delivery.Message{}, breach.Errorf(breach.ErrInvalid, "a reference code must be 4 to 64 letters, digits or dashes")
	}
	m := delivery.Message{Channel: c.channel, Locale: c.locale}
	v := values{reference: reference}
	for _, c := range p.DataClasses {
		v.classes = append(v.classes, className(c))
	}
	if to == breach.ToGuardian {
		if p.Guardian == nil {
			return delivery.Message{}, delivery.Refused("guardian: there is none")
		}
		v.name, v.child = cleanName(p.Guardian.Name), cleanName(p.Name)
	} else {
		v.name = cleanName(p.Name)
	}
	if m.To, err = contact(c.channel, p, to); err != nil {
		return delivery.Message{}, err
	}
	switch c.channel {
	case breach.Email:
		m.ToName, m.Subject, m.Text, m.HTML = v.name, c.fill("subject", v, false), c.fill("text", v, false), c.fill("html", v, true)
	case breach.SMS:
		m.Text = c.fill("text", v, false)
	case breach.Push:
		m.Title, m.Text, m.Link = c.fill("title", v, false), c.fill("body", v, false), c.fill("link", v, false)
	}
	return m, nil
}

var (
	referenceCode = regexp.MustCompile(`^[A-Za-z0-9-]{4,64}$`)
	e164          = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	token         = regexp.MustCompile(`^[\x21-\x7e]+$`)
)

// contact picks and checks the addressee's contact for a channel.
func contact(c breach.Channel, p breach.Person, to breach.Addressee) (string, error) {
	who, email, phone, push := "person", p.Email, p.Phone, p.PushToken
	if to == breach.ToGuardian {
		who, email, phone, push = "guardian", p.Guardian.Email, p.Guardian.Phone, ""
	}
	switch c {
	case breach.Email:
		if a, err := mail.ParseAddress(email); err == nil && a.Name == "" && a.Address == email && len(email) <= 254 && oneLine(email) == email {
			return email, nil
		}
		return "", delivery.Refused(who + ".email: is missing or not an address")
	case breach.SMS:
		if e164.MatchString(phone) {
			return phone, nil
		}
		return "", delivery.Refused(who + ".phone: is missing or not a number with + and country code")
	default:
		if len(push) <= 4096 && token.MatchString(push) {
			return push, nil
		}
		return "", delivery.Refused(who + ".push_token: is missing or not a token")
	}
}

// compiled is a text cut into what is fixed and what varies.
type compiled struct {
	channel breach.Channel
	locale  string
	variant string
	parts   map[string][]segment
	choices map[string]compiledChoice
}

// segment is fixed bytes, or a variable when variable is set.
type segment struct{ fixed, variable string }

type compiledChoice struct {
	pick, join, joinHTML string
	options              []compiledOption
}

type compiledOption struct {
	when         []string
	text, markup []segment
}

// values are one person's, cleaned; they are escaped where they go into HTML.
type values struct {
	name, child, reference string
	classes                []string // kinds of data, in their one spelling
}

func (e *Engine) compiledText(t breach.Text) (*compiled, error) {
	if c, ok := e.compiled.Load(t.Ref.SHA256); ok {
		return c.(*compiled), nil
	}
	body, err := t.Open()
	if err != nil {
		return nil, err
	}
	if body.Kind != breach.KindNotice {
		return nil, breach.Errorf(breach.ErrInvalid, "a text of the kind %s cannot be sent to a person", body.Kind)
	}
	c, err := compile(body)
	if err != nil {
		return nil, breach.Errorf(breach.ErrIncomplete, "a %s text in %s cannot be sent: %w", body.Channel, body.Locale, err)
	}
	if e.cached.Add(1) > maxCompiled {
		e.compiled.Clear()
		e.cached.Store(1)
	}
	e.compiled.Store(t.Ref.SHA256, c)
	return c, nil
}

// fields are the variables that a person's own values fill; all others are choices.
var fields = []string{"name", "child_name", "reference"}

// compile cuts a body at its variables. A variable that nothing fills, and a part that is empty, are errors.
func compile(b breach.TextBody) (*compiled, error) {
	c := &compiled{channel: breach.Channel(b.Channel), locale: b.Locale, variant: b.Variant, parts: map[string][]segment{}, choices: map[string]compiledChoice{}}
	choices := make([]string, 0, len(b.Choices))
	for _, name := range slices.Sorted(maps.Keys(b.Choices)) {
		choice := b.Choices[name]
		choices = append(choices, name)
		cc := compiledChoice{pick: choice.Pick, join: choice.Join, joinHTML: choice.JoinHTML}
		for _, o := range choice.Options {
			text, err := cut(o.Text, fields)
			if err != nil {
				return nil, err
			}
			markup, err := cut(o.HTML, fields)
			if err != nil {
				return nil, err
			}
			cc.options = append(cc.options, compiledOption{o.When, text, markup})
		}
		c.choices[name] = cc
	}
	for _, name := range slices.Sorted(maps.Keys(b.Parts)) {
		part := b.Parts[name]
		if strings.TrimSpace(part) == "" {
			return nil, errors.New("the part " + name + " is empty")
		}
		segments, err := cut(part, append(choices, fields...))
		if err != nil {
			return nil, err
		}
		c.parts[name] = segments
	}
	return c, nil
}

// cut splits a part at {{variable}}.
func cut(part string, known []string) ([]segment, error) {
	var out []segment
	for {
		fixed, rest, found := strings.Cut(part, "{{")
		if fixed != "" {
			out = append(out, segment{fixed: fixed})
		}
		if !found {
			return out, nil
		}
		name, after, closed := strings.Cut(rest, "}}")
		if !closed || !slices.Contains(known, name) {
			return nil, errors.New("unknown variable " + strconv.Quote(oneLine(name[:min(len(name), 40)])))
		}
		out = append(out, segment{variable: name})
		part = after
	}
}

// fill writes a part for one person. Nothing that is filled in is looked at again for variables.
func (c *compiled) fill(part string, v values, markup bool) string {
	var b strings.Builder
	b.Grow(1024)
	for _, s := range c.parts[part] {
		if s.variable == "" {
			b.WriteString(s.fixed)
		} else if !v.write(&b, s.variable, markup) {
			c.choices[s.variable].write(&b, v, markup)
		}
	}
	return b.String()
}

// write fills in a person's own value; false when the variable is a choice.
func (v values) write(b *strings.Builder, variable string, markup bool) bool {
	var s string
	switch variable {
	case "name":
		s = v.name
	case "child_name":
		s = v.child
	case "reference":
		s = v.reference
	default:
		return false
	}
	if markup {
		s = escaped(s)
	}
	b.WriteString(s)
	return true
}

func (c compiledChoice) write(b *strings.Builder, v values, markup bool) {
	picked := 0
	for _, o := range c.options {
		if len(o.when) == 0 && picked > 0 || !v.fits(o.when) {
			continue
		}
		segments, join := o.text, c.join
		if markup {
			segments, join = o.markup, c.joinHTML
		}
		if picked > 0 {
			b.WriteString(join)
		}
		for _, s := range segments {
			if s.variable == "" {
				b.WriteString(s.fixed)
			} else {
				v.write(b, s.variable, markup)
			}
		}
		if picked++; c.pick == pickFirst {
			return
		}
	}
}

// fits says that an option is meant for this person; one without conditions is meant for everybody.
func (v values) fits(when []string) bool {
	for _, w := range when {
		switch w {
		case whenNamed:
			if v.name != "" {
				return true
			}
		case whenChildNamed:
			if v.child != "" {
				return true
			}
		default:
			if slices.Contains(v.classes, w) {
				return true
			}
		}
	}
	return len(when) == 0
}
