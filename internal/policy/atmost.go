package policy

import "math"

// AtMost limits what telling people may take, over all channels. 0 and nil are no limit.
type AtMost struct {
	// Messages is how many may be begun for one addressee. A repeat of a delivery whose result was unknown, and what
	// was never begun, do not count.
	Messages int `yaml:"messages,omitempty"`
	// Cost is what the messages of one incident may cost; what would go beyond it waits until a person decides.
	Cost *Money `yaml:"cost,omitempty"`
}

func (c *complaints) atMost(p Profile) {
	m := p.AtMost
	if m == nil {
		return
	}
	c.unless(m.Messages != 0 || m.Cost != nil, "at_most", "is empty: name messages or cost, or leave it out")
	c.unless(m.Messages >= 0 && m.Messages <= mostMessages, "at_most.messages", "must be from 1 to %d", mostMessages)
	if m.Cost == nil {
		return
	}
	c.money("at_most.cost", *m.Cost)
	for i, v := range p.Providers {
		if !costs(v.Channel) || !p.uses(v.Channel) {
			continue
		}
		where, price := v.priceAt(i)
		c.unless(price != nil, where, "is missing: at_most.cost needs the price of every provider of SMS, voice and letter")
		c.unless(price == nil || price.Currency == m.Cost.Currency, where+".currency", "must be that of at_most.cost")
		c.unless(price == nil || price.Other != nil, where+".other", "is missing: at_most.cost needs a price for every country")
	}
}

// Beyond is how many whole times the limit fits into what was spent and what is due; 0 while they stay within it.
func Beyond(spent, due, limit float64) int64 {
	if due <= 0 || spent+due <= limit {
		return 0
	}
	return int64(math.Ceil((spent+due)/limit)) - 1
}

// Cents rounds an amount to two digits.
func Cents(amount float64) float64 { return math.Round(amount*100) / 100 }
