package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// remedies checks that whoever reads a text is offered what a duty wants offered, for as long as it wants. What a
// text offers is what the incident states under offers: the words alone would have to be believed.
func (k *contentCheck) remedies(o breach.Obligation, texts []breach.TextBody) {
	for _, r := range o.Remedies {
		if lacking := k.withholding(r, texts); len(lacking) > 0 {
			k.gap(o, breach.GapRemedy, r.Offer, lacking, nil)
		}
	}
}

// withholding names the texts that do not offer it.
func (k *contentCheck) withholding(r breach.Remedy, texts []breach.TextBody) (names []string) {
	for _, t := range texts {
		if !k.offers(t, r) {
			names = append(names, textName(t))
		}
	}
	return once(names)
}

func (k *contentCheck) offers(t breach.TextBody, r breach.Remedy) bool {
	given := t.Offers
	if p, ok := k.pageOf(t); ok {
		given = slices.Concat(given, p.Offers)
	}
	return slices.ContainsFunc(given, func(g breach.Offer) bool { return g.Offer == r.Offer && g.Months >= r.Months })
}

// offerMeans says what must be offered, for how long and why.
func offerMeans(o breach.Obligation, offer string) (words string, known bool) {
	i := slices.IndexFunc(o.Remedies, func(r breach.Remedy) bool { return r.Offer == offer })
	if i < 0 {
		return "", false
	}
	r := o.Remedies[i]
	words = strings.ReplaceAll(offer, "_", " ") + " at no cost to people"
	if r.Months > 0 {
		words += fmt.Sprintf(", for %d months at least", r.Months)
	}
	return words + ": " + r.Because, true
}
