package breach

import "slices"

// SMSPeople are people of a list with a usable number, by what they read and where they are.
type SMSPeople struct {
	Locale  string // as the list has it; may be empty
	Country string // ISO 3166-1 alpha-2; may be empty
	People  int64
}

// SMSCost is what it would cost at most to tell everybody of a list by text message who has a number for it: parts of
// the longest wording times people times the price of a part that the policy's register gives. What has no price is
// unknown, never nothing.
type SMSCost struct {
	People int64     `json:"people"` // with a usable number
	Parts  int64     `json:"parts"`  // at most, all together
	Lines  []SMSLine `json:"lines"`
	// Totals are by currency, of the lines that have a price.
	Totals map[string]float64 `json:"totals"`
	// Unpriced counts people for whose provider no price is known.
	Unpriced int64 `json:"unpriced"`
}

// SMSLine is the same text to people of one country through one provider.
type SMSLine struct {
	Locale   string `json:"locale"` // of the text
	Country  string `json:"country,omitempty"`
	Provider string `json:"provider,omitempty"` // empty: the policy permits none
	People   int64  `json:"people"`
	Parts    int    `json:"parts"` // of one message, at most
	UCS2     bool   `json:"ucs2"`
	// Price of a part and Cost of the line; nil where no price is known.
	Currency string   `json:"currency,omitempty"`
	Price    *float64 `json:"price,omitempty"`
	Cost     *float64 `json:"cost,omitempty"`
}

// Handed counts messages that were handed over, or are about to be, by what their price hangs on.
type Handed struct {
	Channel  Channel
	Provider string
	Country  string // of the person, ISO 3166-1 alpha-2; may be empty
	Messages int64
}

// Add puts a line to the others: into one with which it has all but people in common, if there is one.
func (c *SMSCost) Add(l SMSLine) {
	same := func(o SMSLine) bool {
		return o.Locale == l.Locale && o.Country == l.Country && o.Provider == l.Provider
	}
	if i := slices.IndexFunc(c.Lines, same); i >= 0 {
		c.Lines[i].People += l.People
	} else {
		c.Lines = append(c.Lines, l)
	}
	c.People += l.People
	c.Parts += l.People * int64(l.Parts)
}

// Sum works out what the lines cost.
func (c *SMSCost) Sum() {
	c.Totals, c.Unpriced = map[string]float64{}, 0
	for i := range c.Lines {
		l := &c.Lines[i]
		if l.Price == nil {
			c.Unpriced += l.People
			continue
		}
		cost := float64(l.People) * float64(l.Parts) * *l.Price
		l.Cost = &cost
		c.Totals[l.Currency] += cost
	}
}
