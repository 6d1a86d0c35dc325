package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func (c *cli) lift() *cobra.Command {
	var brake int64
	cmd := &cobra.Command{
		Use: "lift ID", Short: "Let go on what a brake holds back",
		Long: "A brake holds back what fails too often (a channel, provider or domain), or a\n" +
			"whole list until a person has looked at its sample. The status shows them with\n" +
			"their numbers, figures and likely causes.",
		Example: "  tocsin send lift 3f9a… --brake 2\n  tocsin send lift 3f9a…            # all of them",
		Args:    exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := c.connect()
			if err != nil {
				return err
			}
			var out map[string]bool
			if err := k.post(cmd.Context(), incidentPath(args[0], "send", "lift"), map[string]int64{"brake": brake}, &out); err != nil {
				return err
			}
			return c.answer(out, func(p *page) { p.line("Lifted: what was held back goes on.") })
		},
	}
	cmd.Flags().Int64Var(&brake, "brake", 0, "number of the brake (default: all)")
	return cmd
}

// showRamp says where lists stand that are told step by step, and what is held back.
func showRamp(p *page, v breach.Overview) {
	if v.Incident.State == breach.IncidentNotifying {
		for _, st := range v.Stages {
			switch st.Name {
			case "canary":
				p.para(0, "List "+strconv.Itoa(st.Wave)+": a sample of "+count(st.People)+" people goes first.")
			case "ramp":
				p.para(0, "List "+strconv.Itoa(st.Wave)+": the first "+count(st.People)+" people are told now.")
			}
		}
	}
	for _, b := range v.Brakes {
		figures := ""
		if b.Reason != breach.BrakeCost {
			figures = count(b.Failed) + " of " + count(b.Out) + " messages failed. "
		}
		switch b.Kind {
		case breach.BrakeGate:
			p.para(0, "! List "+strconv.Itoa(b.Wave)+" waits. "+b.Cause())
		case breach.BrakeStop:
			p.para(0, "! Held back, "+b.Place()+": "+figures+b.Cause())
		default:
			p.para(0, "! More fails than should, "+b.Place()+": "+figures+b.Cause())
			continue
		}
		p.exact("    tocsin send lift " + v.Incident.ID + " --brake " + strconv.FormatInt(b.ID, 10) + "\n")
	}
}
