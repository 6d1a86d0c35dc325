package app

import (
	"context"
	"slices"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// SMSCost is what it would cost at most to tell everybody of a plan's list by text message; nil for a plan without
// text messages.
func (d *Desk) SMSCost(ctx context.Context, incident string, rec breach.PlanRecord, texts []breach.Text) (*breach.SMSCost, error) {
	sizes := map[string]breach.SMSSize{} // by language: the longest of its wordings
	var locales []string
	for _, t := range texts {
		if t.Ref.Kind != breach.KindNotice || t.Ref.Channel != string(breach.SMS) {
			continue
		}
		size, err := d.Words.LongestSMS(t)
		if err != nil {
			return nil, err
		}
		if had, known := sizes[t.Ref.Locale]; !known || size.Parts > had.Parts {
			sizes[t.Ref.Locale] = size
		}
		if !slices.Contains(locales, t.Ref.Locale) {
			locales = append(locales, t.Ref.Locale)
		}
	}
	if len(locales) == 0 {
		return nil, nil //nolint:nilnil // there is nothing to cost, and nothing went wrong
	}
	sc, err := d.peopleScope(ctx, incident)
	if err != nil {
		return nil, err
	}
	people, err := d.Store.SMSPeople(ctx, incident, rec.Plan.Wave)
	if err != nil {
		return nil, err
	}
	out := &breach.SMSCost{Lines: []breach.SMSLine{}}
	for _, p := range people {
		l := breach.SMSLine{Locale: d.Words.Locale(p.Locale, locales), Country: p.Country, People: p.People}
		l.Parts, l.UCS2 = sizes[l.Locale].Parts, sizes[l.Locale].UCS2
		provider, currency, price, known := sc.profile.SMSPrice(breach.Person{Country: p.Country})
		if l.Provider = provider; known {
			l.Currency, l.Price = currency, &price
		}
		out.Add(l)
	}
	out.Sum()
	return out, nil
}
