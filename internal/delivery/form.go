package delivery

import "strings"

// Form is the words of an email that many people get, with places for what is a person's own. It never
// changes: messages with the same words point to the same form, so that an adapter can prepare it once.
type Form struct{ Text, HTML Pieces }

// Pieces are a text in its order.
type Pieces []Piece

// Piece is words that stand in every message of a form, or, with a place above 0, that of Message.Own.
type Piece struct {
	Words string
	Place int // from 1
}

// In is what stands at the piece in a message with these own values; false when it has too few.
func (p Piece) In(own []string) (string, bool) {
	switch {
	case p.Place == 0:
		return p.Words, true
	case p.Place < 0 || p.Place > len(own):
		return "", false
	}
	return own[p.Place-1], true
}

// Fill writes the text out. A place for which there is no value stays empty.
func (ps Pieces) Fill(own []string) string {
	if len(ps) == 1 {
		only, _ := ps[0].In(own)
		return only
	}
	var size int
	for _, p := range ps {
		words, _ := p.In(own)
		size += len(words)
	}
	var out strings.Builder
	out.Grow(size)
	for _, p := range ps {
		words, _ := p.In(own)
		out.WriteString(words)
	}
	return out.String()
}

// fits says that every piece can be filled.
func (ps Pieces) fits(own []string) bool {
	for _, p := range ps {
		if _, ok := p.In(own); !ok {
			return false
		}
	}
	return true
}

// Plain is the same message with its texts written out, and without a form.
func (m *Message) Plain() Message {
	plain := *m
	if m.Form != nil {
		plain.Text, plain.HTML = m.Form.Text.Fill(m.Own), m.Form.HTML.Fill(m.Own)
		plain.Form, plain.Own = nil, nil
	}
	return plain
}
