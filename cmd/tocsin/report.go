package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func (c *cli) report() *cobra.Command {
	cmd := c.group(&cobra.Command{Use: "report", Short: "Reports to authorities", Example: "  tocsin report list 3f9a…"})
	list := &cobra.Command{
		Use: "list ID", Short: "Duties to report, what was filed and what was acknowledged",
		Example: "  tocsin report list 3f9a…", Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error { return c.listReports(cmd.Context(), args[0]) },
	}
	var number string
	acknowledge := &cobra.Command{
		Use: "acknowledge ID OBLIGATION --number NUMBER", Short: "Enter the number that an authority gave",
		Example: "  tocsin report acknowledge 3f9a… cn-pipl-57/authority/initial --number 2026-118",
		Args:    exactly("ID", "OBLIGATION"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "number"); err != nil {
				return err
			}
			k, err := c.connect()
			if err != nil {
				return err
			}
			var out breach.Filing
			body := map[string]string{"obligation": args[1], "number": number}
			if err := k.post(cmd.Context(), incidentPath(args[0], "acknowledgements"), body, &out); err != nil {
				return err
			}
			return c.answer(out, func(p *page) { showFiling(p, out) })
		},
	}
	acknowledge.Flags().StringVar(&number, "number", "", "the authority's number")
	file := &cobra.Command{
		Use: "file ID OBLIGATION", Short: "File a report again that was refused, after its cause was mended",
		Example: "  tocsin report file 3f9a… eu-gdpr/authority/initial",
		Args:    exactly("ID", "OBLIGATION"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := c.connect()
			if err != nil {
				return err
			}
			var out map[string]bool
			if err := k.post(cmd.Context(), incidentPath(args[0], "filings"), map[string]string{"obligation": args[1]}, &out); err != nil {
				return err
			}
			return c.answer(out, func(p *page) { p.exact("The report is being filed again:\n  tocsin report list " + args[0] + "\n") })
		},
	}
	cmd.AddCommand(list, acknowledge, file, c.dutyText(), c.done(), c.delay())
	return cmd
}

// reports is what `report list -o json` gives.
type reports struct {
	Duties  []breach.Duty   `json:"obligations"`
	Filings []breach.Filing `json:"reports"`
}

func (c *cli) listReports(ctx context.Context, id string) error {
	k, err := c.connect()
	if err != nil {
		return err
	}
	var v breach.Overview
	if err := k.get(ctx, incidentPath(id), nil, &v); err != nil {
		return err
	}
	out := reports{Duties: []breach.Duty{}, Filings: v.Filings}
	for _, d := range v.Duties {
		if d.Duty == "notify_authority" && d.Verdict != breach.DoesNotApply {
			out.Duties = append(out.Duties, d)
		}
	}
	if out.Filings == nil {
		out.Filings = []breach.Filing{}
	}
	return c.answer(out, func(p *page) {
		if len(out.Duties)+len(out.Filings) == 0 {
			p.line("No report is due as far as the facts tell.")
		}
		var rows [][]string
		for _, d := range out.Duties {
			rows = append(rows, dutyRows(d, v.At)...)
		}
		p.table(2, rows)
		if len(out.Filings) > 0 {
			p.head("Filed")
		}
		for _, f := range out.Filings {
			showFiling(p, f)
		}
	})
}
