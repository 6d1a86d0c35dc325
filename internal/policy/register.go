package policy

import (
	"slices"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Register is who carries messages under this policy, and where data may go, for people.
func (p Profile) Register() breach.Register {
	out := breach.Register{Policy: p.Name, SHA256: p.SHA256(), Location: p.Location, Processors: []breach.Processor{}, Transfers: []breach.TransferSaid{}}
	for _, v := range p.Providers {
		out.Processors = append(out.Processors, breach.Processor{
			Provider: v.ID, Channel: v.Channel, Kind: v.Kind, OperatedBy: v.OperatedBy, Location: v.Location, Contract: v.Contract,
			Receives: slices.Clone(v.Receives), Deletes: string(v.Deletes()),
		})
	}
	for _, t := range p.Transfers {
		said := breach.TransferSaid{PeopleIn: t.PeopleIn, OnlyIn: t.OnlyIn}
		for name, article := range t.Exceptions.all() {
			if article != "" {
				if said.Exceptions == nil {
					said.Exceptions = map[string]string{}
				}
				said.Exceptions[name] = article
			}
		}
		out.Transfers = append(out.Transfers, said)
	}
	return out
}

func (e TransferExceptions) all() map[string]string {
	return map[string]string{"law_provides": e.LawProvides, "consented": e.Consented, "cross_border_transaction": e.CrossBorderTransaction}
}

// RestsOn is the exception, with its article, that lets a provider have data of people of a country which the policy
// keeps elsewhere; empty where none is needed.
func (p Profile) RestsOn(provider, country string) (exception, article string) {
	v, known := p.Provider(provider)
	if !known {
		return "", ""
	}
	where := p.countryOf(breach.Person{Country: country})
	for _, t := range p.Transfers {
		if slices.Contains(t.PeopleIn, where) && !slices.Contains(t.OnlyIn, v.Location) {
			exception = t.Exceptions.claimed()
			article = t.Exceptions.all()[exception]
		}
	}
	return exception, article
}
