package policy

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
