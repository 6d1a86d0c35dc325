package main

import (
	"cmp"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/breach"
)

func (c *cli) processors() *cobra.Command {
	var name, incident string
	cmd := &cobra.Command{
		Use: "list", Short: "Who carries messages: where, under which contract, what they get",
		Long: `The register of providers of a policy, and where data may go. With --incident it
is asked of the server and says who got how much, what the policy kept from
whom, on which exception a way abroad rests, and what was deleted there.`,
		Example: "  tocsin channels list --policy mooc\n  tocsin channels list --incident 3f9a… -o json", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := c.register(cmd.Context(), name, incident)
			if err != nil {
				return err
			}
			return c.answer(r, func(p *page) { showRegister(p, r) })
		},
	}
	c.configFlag(cmd)
	cmd.Flags().StringVar(&name, "policy", "", "policy (default policy.default)")
	cmd.Flags().StringVar(&incident, "incident", "", "incident whose providers are listed")
	return cmd
}

func (c *cli) register(ctx context.Context, name, incident string) (r breach.Register, err error) {
	if incident == "" {
		cfg, err := c.loadSettings()
		if err != nil {
			return r, err
		}
		return app.ListProcessors(cfg, name)
	}
	k, err := c.connect()
	if err != nil {
		return r, err
	}
	return r, k.get(ctx, incidentPath(incident, "processors"), nil, &r)
}

func (c *cli) erase() *cobra.Command {
	return &cobra.Command{
		Use: "erase ID", Short: "Tell the processors of a closed incident to delete now",
		Long: `Have every provider delete what it got for a closed incident, before the end of
the retention, when that is done by itself. It goes on until each has answered;
channels list --incident shows how far it is and what cannot be deleted.`,
		Example: "  tocsin channels erase 3f9a…", Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := c.connect()
			if err != nil {
				return err
			}
			var r breach.Register
			if err := k.post(cmd.Context(), incidentPath(args[0], "processors", "erase"), nil, &r); err != nil {
				return err
			}
			return c.answer(r, func(p *page) { showRegister(p, r) })
		},
	}
}

func (c *cli) requested() *cobra.Command {
	var provider, reference string
	cmd := &cobra.Command{
		Use: "requested ID", Short: "Note that a processor was asked to delete",
		Long:    "A provider without an interface for it is asked by its contract. Say that it was\nasked, and under which reference.",
		Example: "  tocsin channels requested 3f9a… --provider gateway --reference letter-7",
		Args:    exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if provider == "" || reference == "" {
				return usagef("--provider and --reference are needed")
			}
			k, err := c.connect()
			if err != nil {
				return err
			}
			var out map[string]bool
			body := map[string]string{"provider": provider, "reference": reference}
			if err := k.post(cmd.Context(), incidentPath(args[0], "processors", "requested"), body, &out); err != nil {
				return err
			}
			return c.answer(out, func(p *page) { p.line("Noted.") })
		},
	}
	cmd.Flags().StringVar(&provider, "provider", "", "provider, by its name in the policy")
	cmd.Flags().StringVar(&reference, "reference", "", "under which it was asked; it names no person")
	return cmd
}

func showRegister(p *page, r breach.Register) {
	p.line("Policy " + r.Policy + ", data at home in " + r.Location)
	for _, v := range r.Processors {
		p.head(v.Provider + ": " + string(v.Channel))
		p.para(2, "run by "+map[string]string{"self": "the organisation itself", "processor": "a processor"}[v.OperatedBy]+", stores in "+v.Location)
		if v.Contract != "" {
			p.para(2, "contract: "+v.Contract)
		}
		p.para(2, "gets "+strings.Join(v.Receives, ", ")+"; at the end: "+v.Deletes)
		for _, h := range v.Handed {
			line := "got " + count(h.Messages) + " messages to " + cmp.Or(h.Country, "no known country")
			if h.Exception != "" {
				line += ", under the exception " + h.Exception + ": " + h.Article
			}
			p.para(2, line)
		}
		for _, f := range v.Refused {
			p.para(2, "kept from it: "+count(f.People)+" people, "+f.Reason)
		}
		showErased(p, v.Told)
	}
	for _, f := range r.RefusedChannels {
		p.para(0, "No "+string(f.Channel)+" to "+count(f.People)+" people: "+f.Reason)
	}
	for _, t := range r.Transfers {
		p.gap()
		line := "Data of people in " + strings.Join(t.PeopleIn, ", ") + " stays in " + strings.Join(t.OnlyIn, ", ")
		for _, name := range sortedKeys(t.Exceptions) {
			line += "; exception " + name + ": " + t.Exceptions[name]
		}
		p.para(0, line)
	}
}

func showErased(p *page, e *breach.ProcessorErased) {
	switch {
	case e == nil:
	case e.How == "request" && e.RequestedAt == nil:
		p.para(2, "! ask it to delete "+count(e.Messages)+" messages, and say so with channels requested")
	case e.How == "request":
		p.para(2, "asked to delete by "+e.RequestedBy+", "+e.Reference)
	case e.How == "nothing":
		p.para(2, "keeps nothing that could be deleted")
	default:
		p.para(2, "deleted "+count(e.Deleted)+" of "+count(e.Messages)+", open "+count(e.Open)+", cannot be deleted "+count(e.Kept+e.Unnamed))
	}
}
