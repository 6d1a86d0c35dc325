package console

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

type processorsView struct {
	ID, Base, Title, CSRF string
	Providers             []providerCard
	Transfers, Channels   []string
	MayErase, MayRequest  bool
}

type providerCard struct {
	ID, Name, By, Contract, Gets, End string
	Handed, Kept                      []string
	Told                              string
	Ask                               bool // a person has to ask it
}

// processorsPage shows who carried messages of an incident, and what became of what they got.
func (s *server) processorsPage(v *visit) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	o, err := s.Desk.Overview(v.r.Context(), id)
	if err != nil {
		return err
	}
	r, err := s.Desk.Processors(v.r.Context(), id)
	if err != nil {
		return err
	}
	closed := o.Incident.State == breach.IncidentClosed
	view := processorsView{
		ID: id, Base: base + "incidents/" + id, Title: v.l.incidentTitle(o.Incident), CSRF: v.session.csrf,
		MayErase: closed && may(v.actor, breach.RoleLead), MayRequest: may(v.actor, breach.RoleResponder),
	}
	for _, p := range r.Processors {
		view.Providers = append(view.Providers, v.l.processor(p))
		view.MayErase = view.MayErase && p.Told == nil
	}
	for _, t := range r.Transfers {
		line := v.l.T("Data of people in %s stays in %s.", strings.Join(t.PeopleIn, v.l.T(", ")), strings.Join(t.OnlyIn, v.l.T(", ")))
		for _, name := range slices.Sorted(maps.Keys(t.Exceptions)) {
			line += " " + v.l.T("An exception is claimed (%s): %s.", name, t.Exceptions[name])
		}
		view.Transfers = append(view.Transfers, line)
	}
	for _, f := range r.RefusedChannels {
		view.Channels = append(view.Channels, v.l.T("%s was not used for %s: %s.", v.l.channel(string(f.Channel)), v.l.People(f.People), f.Reason))
	}
	return v.show(http.StatusOK, "processors", frame{Title: v.l.T("Who carried messages, incident %s", id), Here: "incidents", HoldsFigures: true, Main: view})
}

func (l speech) processor(p breach.Processor) providerCard {
	c := providerCard{ID: p.Provider, Name: l.T("%s through %s", l.channel(string(p.Channel)), p.Provider), Contract: p.Contract, Gets: strings.Join(p.Receives, l.T(", ")), End: p.Deletes}
	c.By = l.T("A processor, stores in %s", p.Location)
	if p.OperatedBy == "self" {
		c.By = l.T("The organisation itself, stores in %s", p.Location)
	}
	for _, h := range p.Handed {
		where := h.Country
		if where == "" {
			where = l.T("no known country")
		}
		line := l.T("%s messages to %s", l.Num(h.Messages), where)
		if h.Exception != "" {
			line += " " + l.T("(exception %s: %s)", h.Exception, h.Article)
		}
		c.Handed = append(c.Handed, line)
	}
	for _, f := range p.Refused {
		c.Kept = append(c.Kept, l.T("%s: %s", l.People(f.People), f.Reason))
	}
	switch e := p.Told; {
	case e == nil:
	case e.How == "request" && e.RequestedAt == nil:
		c.Ask, c.Told = true, l.T("It has to be asked to delete %s messages.", l.Num(e.Messages))
	case e.How == "request":
		c.Told = l.T("%s asked it to delete, reference %s.", e.RequestedBy, e.Reference)
	case e.How == "nothing":
		c.Told = l.T("It keeps nothing that could be deleted.")
	default:
		c.Told = l.T("Deleted %s of %s messages; open %s, cannot be deleted %s.", l.Num(e.Deleted), l.Num(e.Messages), l.Num(e.Open), l.Num(e.Kept+e.Unnamed))
	}
	return c
}

func (s *server) eraseThere(v *visit) error {
	return s.act(v, func(ctx context.Context, id string, by breach.Actor) error {
		_, err := s.Desk.Erase(ctx, id, by)
		return err
	}, "Those who carried messages are told to delete what they got.")
}

func (s *server) requestedThere(v *visit) error {
	provider, reference := v.r.PostFormValue("provider"), strings.TrimSpace(v.r.PostFormValue("reference"))
	if reference == "" || len(reference) > 200 {
		return breach.Errorf(breach.ErrInvalid, "under which reference it was asked must be said, in at most 200 characters")
	}
	return s.act(v, func(ctx context.Context, id string, by breach.Actor) error {
		return s.Desk.RequestedErasure(ctx, id, provider, reference, by)
	}, "It is on record that it was asked.")
}
