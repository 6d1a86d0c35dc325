package app

import (
	"context"
	"slices"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/config"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/worker"
)

// ListProcessors is the register of a policy, without a server; an empty name is the default policy's.
func ListProcessors(c config.Config, name string) (breach.Register, error) {
	s := Settings{Policies: &worker.Policies{}}
	if err := s.providers(c); err != nil {
		return breach.Register{}, err
	}
	if name == "" {
		name = c.Store.DefaultPolicy
	}
	p, err := s.Policies.Profile(name)
	if err != nil {
		return breach.Register{}, err
	}
	return p.Register(), nil
}

// Processors is the register of an incident's policy with who got how much of it, what was kept from whom, and what they
// have deleted.
func (d *Desk) Processors(ctx context.Context, incident string) (breach.Register, error) {
	inc, err := d.Store.Incident(ctx, incident)
	if err != nil {
		return breach.Register{}, err
	}
	p, err := d.Profiles.Profile(inc.Policy)
	if err != nil {
		return breach.Register{}, err
	}
	out := p.Register()
	got, err := d.Store.HandedTo(ctx, incident)
	if err != nil {
		return out, err
	}
	refused, err := d.Store.RefusedTo(ctx, incident)
	if err != nil {
		return out, err
	}
	told, err := d.Store.Erasures(ctx, incident)
	if err != nil {
		return out, err
	}
	for i := range out.Processors {
		v := &out.Processors[i]
		for _, h := range got {
			if h.Provider == v.Provider && h.Channel == v.Channel {
				to := breach.HandedTo{Country: h.Country, Messages: h.Messages}
				to.Exception, to.Article = p.RestsOn(v.Provider, h.Country)
				v.Handed = append(v.Handed, to)
			}
		}
		if e, there := told[v.Provider]; there {
			v.Told = &e
		}
	}
	for _, r := range refused {
		i := slices.IndexFunc(out.Processors, func(v breach.Processor) bool { return v.Provider == r.Provider })
		if i < 0 {
			out.RefusedChannels = append(out.RefusedChannels, r)
			continue
		}
		out.Processors[i].Refused = append(out.Processors[i].Refused, r)
	}
	return out, nil
}

// Erase tells the processors of a closed incident to delete what they got, before the end of its retention.
func (d *Desk) Erase(ctx context.Context, incident string, by breach.Actor) (breach.Register, error) {
	inc, err := d.Store.Incident(ctx, incident)
	if err != nil {
		return breach.Register{}, err
	}
	p, err := d.Profiles.Profile(inc.Policy)
	if err != nil {
		return breach.Register{}, err
	}
	if err := d.Store.BeginErasure(ctx, incident, d.erasureTerms(p), by.ID, d.Now().UTC()); err != nil {
		return breach.Register{}, err
	}
	return d.Processors(ctx, incident)
}

// RequestedErasure notes that a person asked a processor to delete.
func (d *Desk) RequestedErasure(ctx context.Context, incident, provider, reference string, by breach.Actor) error {
	return d.Store.RequestedErasure(ctx, incident, provider, reference, by, d.Now().UTC())
}

// erasureTerms say how each provider of a policy is told. One whose interface is not at hand here is asked by a person.
func (d *Desk) erasureTerms(p policy.Profile) []breach.ErasureTerm {
	var out []breach.ErasureTerm
	for _, v := range p.Providers {
		how := v.Deletes()
		if how == policy.DeleteThere || how == policy.RedactThere {
			if _, can := d.eraser(v.Kind, string(how)); !can {
				how = policy.RequestThere
			}
		}
		out = append(out, breach.ErasureTerm{Provider: v.ID, How: string(how)})
	}
	return out
}

// eraser is how a provider of a kind is told through its interface to delete or redact a message; false when it cannot
// be told so here.
func (d *Desk) eraser(kind, how string) (erase func(ctx context.Context, ref string) error, can bool) {
	if d.Ways == nil {
		return nil, false
	}
	sender, there := d.Ways.Sender(kind)
	if !there {
		return nil, false
	}
	if how == string(policy.RedactThere) {
		if r, can := sender.(delivery.Redactor); can {
			return r.Redact, true
		}
		return nil, false
	}
	if e, can := sender.(delivery.Eraser); can {
		return e.Erase, true
	}
	return nil, false
}
