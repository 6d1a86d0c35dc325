package policy

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// PartPrice is what an organisation pays for one part of a text message, one call or one letter, by the country of the person. Other is for
// every other country; nil means that it is not known.
type PartPrice struct {
	Currency string             `yaml:"currency"` // ISO 4217
	By       map[string]float64 `yaml:"by,omitempty"`
	Other    *float64           `yaml:"other,omitempty"`
}

// dearest is more than any part costs in any currency: a slip of the comma is found.
const dearest = 100_000

func (c *complaints) prices(at string, v Provider) {
	c.unless(v.PricePerPart == nil || v.Channel == breach.SMS, at+".price_per_part", "is for text messages alone")
	c.price(at+".price_per_part", v.PricePerPart)
	c.unless(v.PricePerMessage == nil || v.Channel != breach.SMS, at+".price_per_message", "is not for text messages: they have a price_per_part")
	c.price(at+".price_per_message", v.PricePerMessage)
}

func (c *complaints) price(where string, given *PartPrice) {
	if given == nil {
		return
	}
	p := *given
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
	price, ok = v.PricePerPart.of(p.countryOf(who))
	if !ok {
		return r.provider, "", 0, false
	}
	return r.provider, v.PricePerPart.Currency, price, true
}

// of is the price for people of a country.
func (p *PartPrice) of(country string) (price float64, ok bool) {
	if price, ok = p.By[country]; ok || p.Other == nil {
		return price, ok
	}
	return *p.Other, true
}

// Price is what one message through a provider costs to somebody of a country ("" is unknown) if it has so many
// parts; parts count for text messages alone. It is 0 for a channel that costs nothing a message, and where the policy
// names no price; a policy that limits costs names them all.
func (p Profile) Price(provider, country string, parts int) float64 {
	v, known := p.Provider(provider)
	if !known {
		return 0
	}
	of, each := v.PricePerMessage, 1.0
	if v.Channel == breach.SMS {
		of, each = v.PricePerPart, float64(max(parts, 1))
	}
	if of == nil {
		return 0
	}
	price, _ := of.of(p.countryOf(breach.Person{Country: country}))
	return price * each
}

// costs says that a channel costs something for each message, whoever operates it.
func costs(c breach.Channel) bool { return c == breach.SMS || c == breach.Voice || c == breach.Letter }

func (p Profile) uses(c breach.Channel) bool {
	return slices.ContainsFunc(p.Channels, func(r ChannelRule) bool { return r.Channel == c })
}

// priceAt is the price that counts for a provider, and where the policy has it.
func (v Provider) priceAt(i int) (where string, price *PartPrice) {
	if v.Channel == breach.SMS {
		return fmt.Sprintf("providers[%d].price_per_part", i), v.PricePerPart
	}
	return fmt.Sprintf("providers[%d].price_per_message", i), v.PricePerMessage
}
