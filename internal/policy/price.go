package policy

import (
	"maps"
	"slices"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// PartPrice is what an organisation pays for one part of a text message, by the country of the person. Other is for
// every other country; nil means that it is not known.
type PartPrice struct {
	Currency string             `yaml:"currency"` // ISO 4217
	By       map[string]float64 `yaml:"by,omitempty"`
	Other    *float64           `yaml:"other,omitempty"`
}

// dearest is more than any part costs in any currency: a slip of the comma is found.
const dearest = 100_000

func (c *complaints) price(where string, v Provider) {
	if v.PricePerPart == nil {
		return
	}
	p := *v.PricePerPart
	c.unless(v.Channel == breach.SMS, where, "is for text messages alone")
	c.unless(currencyPattern.MatchString(p.Currency), where+".currency", "must be a currency in three capital letters (ISO 4217)")
	c.unless(p.Other != nil || len(p.By) > 0, where, "is empty: name the price by country or other, or leave it out")
	for _, country := range slices.Sorted(maps.Keys(p.By)) {
		c.unless(countryPattern.MatchString(country), where+".by", "must be by country in two capital letters (ISO 3166-1)")
		c.unless(p.By[country] >= 0 && p.By[country] < dearest, where+".by", "must be prices of one part")
	}
	c.unless(p.Other == nil || *p.Other >= 0 && *p.Other < dearest, where+".other", "must be the price of one part")
}

// SMSPrice is through which provider a person gets a text message, and what a part of it costs; ok is false when no
// price is known. An empty provider means that the policy permits none.
func (p Profile) SMSPrice(who breach.Person) (provider, currency string, price float64, ok bool) {
	r := p.routeFor(who, breach.SMS)
	v, known := p.Provider(r.provider)
	if !known || v.PricePerPart == nil {
		return r.provider, "", 0, false
	}
	if price, ok = v.PricePerPart.By[p.countryOf(who)]; ok {
		return r.provider, v.PricePerPart.Currency, price, true
	}
	if v.PricePerPart.Other == nil {
		return r.provider, "", 0, false
	}
	return r.provider, v.PricePerPart.Currency, *v.PricePerPart.Other, true
}
