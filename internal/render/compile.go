package render

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// compiled is a text cut into what is fixed and what varies. All that does not depend on the person is
// looked up here, once for each text.
type compiled struct {
	channel breach.Channel
	locale  string
	variant string // who is addressed
	parts   map[string][]segment

	// The options of all choices are numbered through; these say which ones a person's record selects.
	options                   int
	whenNamed, whenChildNamed []int
	whenClass                 map[string][]int // by kind of data, in its one spelling

	clocks []clock
	zones  memo[[]int] // options of the clock by time zone, country and region

	dated bool                 // some part says its date
	house string               // IANA name of the zone for whoever's own is not known
	days  memo[*time.Location] // by the name of a zone, where it is dated

	forms memo[*form] // by the options that fit
}

// places names the variables that a person's own value fills; all others are choices.
var places = map[string]int{"name": placeName, "child_name": placeChild, "reference": placeReference, "date": placeDate}

// segment is words, the place of a person's own value, or a choice.
type segment struct {
	words  string
	place  int
	choice *compiledChoice
}

type compiledChoice struct {
	first          bool // only the first that fits
	join, joinHTML string
	options        []compiledOption
}

type compiledOption struct {
	no           int
	everybody    bool // asks for nothing
	text, markup []segment
}

func (e *Engine) compiledText(t breach.Text) (*compiled, error) {
	if c, ok := e.compiled.get(t.Ref.SHA256); ok {
		return c, nil
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
	e.compiled.put(t.Ref.SHA256, c)
	return c, nil
}

// compile cuts a body at its variables. A variable that nothing fills, and a part that is empty, are errors.
func compile(b breach.TextBody) (*compiled, error) {
	to, _ := breach.ReadVariant(b.Variant)
	c := &compiled{channel: breach.Channel(b.Channel), locale: b.Locale, variant: string(to), parts: map[string][]segment{}, whenClass: map[string][]int{}}
	choices := make(map[string]*compiledChoice, len(b.Choices))
	for _, name := range slices.Sorted(maps.Keys(b.Choices)) {
		cc, err := c.choice(b.Choices[name])
		if err != nil {
			return nil, err
		}
		choices[name] = cc
	}
	for _, name := range slices.Sorted(maps.Keys(b.Parts)) {
		part := b.Parts[name]
		if strings.TrimSpace(part) == "" {
			return nil, errors.New("the part " + name + " is empty")
		}
		segments, err := cut(part, choices)
		if err != nil {
			return nil, err
		}
		c.parts[name] = segments
		c.dated = c.dated || slices.ContainsFunc(segments, func(s segment) bool { return s.place == placeDate })
	}
	c.house = b.Zone
	return c, nil
}

// choice cuts the wordings of a choice, which hold no further choices, and numbers them.
func (c *compiled) choice(choice breach.Choice) (*compiledChoice, error) {
	c.clockOf(choice, c.options)
	cc := &compiledChoice{first: choice.Pick == pickFirst, join: choice.Join, joinHTML: choice.JoinHTML}
	for _, o := range choice.Options {
		text, err := cut(o.Text, nil)
		if err != nil {
			return nil, err
		}
		markup, err := cut(o.HTML, nil)
		if err != nil {
			return nil, err
		}
		for _, when := range o.When {
			switch when {
			case whenNamed:
				c.whenNamed = append(c.whenNamed, c.options)
			case whenChildNamed:
				c.whenChildNamed = append(c.whenChildNamed, c.options)
			default:
				if choice.At != nil {
					continue
				}
				c.whenClass[when] = append(c.whenClass[when], c.options)
			}
		}
		cc.options = append(cc.options, compiledOption{no: c.options, everybody: len(o.When) == 0, text: text, markup: markup})
		c.options++
	}
	return cc, nil
}

// cut splits a part at {{variable}}. A person's own value goes before a choice of the same name.
func cut(part string, choices map[string]*compiledChoice) ([]segment, error) {
	var out []segment
	for {
		words, rest, found := strings.Cut(part, "{{")
		if words != "" {
			out = append(out, segment{words: words})
		}
		if !found {
			return out, nil
		}
		name, after, closed := strings.Cut(rest, "}}")
		place, choice := places[name], choices[name]
		switch {
		case closed && place > 0:
			out = append(out, segment{place: place})
		case closed && choice != nil:
			out = append(out, segment{choice: choice})
		default:
			return nil, errors.New("unknown variable " + strconv.Quote(oneLine(name[:min(len(name), 40)])))
		}
		part = after
	}
}
