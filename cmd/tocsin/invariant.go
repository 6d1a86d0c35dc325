package main

import (
	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func (c *cli) invariant() *cobra.Command {
	return &cobra.Command{
		Use: "invariant ID", Short: "Do the outcomes add up to the people?",
		Long:    "Recount everybody from the rows and compare with the tallies. Exit status 1 when\nthey differ.",
		Example: "  tocsin invariant 3f9a…", Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := c.connect()
			if err != nil {
				return err
			}
			var v breach.Invariant
			if err := k.get(cmd.Context(), incidentPath(args[0], "invariant"), nil, &v); err != nil {
				return err
			}
			err = c.answer(v, func(p *page) { showInvariant(p, v) })
			if err == nil && !v.Equal {
				return errNo
			}
			return err
		},
	}
}

func showInvariant(p *page, v breach.Invariant) {
	rows := [][]string{{"outcome", "by the tally", "recounted"}}
	for _, o := range breach.Outcomes {
		rows = append(rows, []string{stateWord(breach.PersonMachine, string(o)), count(v.Tally[o]), count(v.Recount[o])})
	}
	rows = append(rows, []string{"sum", count(v.Tally.Sum()), count(v.Recount.Sum())})
	p.table(0, rows)
	if v.Equal {
		p.line("They add up to " + count(v.People) + " people, each with exactly one outcome.")
	} else {
		p.para(0, "They DO NOT add up to "+count(v.People)+" people: tell the operator.")
	}
}
