package render

import (
	"maps"
	"slices"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// LongestSMS is the size of the longest message that a text for SMS comes to, over all kinds of data that it has
// wordings for. Codes are all of one length, and names are in no text message of the shipped templates.
func (e *Engine) LongestSMS(text breach.Text) (longest breach.SMSSize, err error) {
	c, err := e.compiledText(text)
	if err != nil {
		return longest, err
	}
	p := Invented()
	for _, class := range append([]string{""}, slices.Sorted(maps.Keys(c.whenClass))...) {
		p.DataClasses = []string{class}
		m, err := e.Message(text, p, breach.Addressee(c.variant), InventedReference)
		if err != nil {
			return longest, err
		}
		if size := breach.SizeOfSMS(m.Text); size.Parts > longest.Parts {
			longest = size
		}
	}
	return longest, nil
}
