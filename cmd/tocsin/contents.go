package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func (c *cli) planCheck() *cobra.Command {
	var wave int
	cmd := &cobra.Command{
		Use: "check ID", Short: "What would keep a plan from being approved",
		Long: `Compose the texts of a list as they would be submitted now, and compare them
with what the regimes that apply ask of them. It changes nothing. The status is
1 while something is missing.`,
		Example: "  tocsin plan check 3f9a…\n  tocsin plan check 3f9a… --wave 2 -o json", Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error { return c.checkPlan(cmd.Context(), args[0], wave) },
	}
	cmd.Flags().IntVar(&wave, "wave", 0, "number of the list; 0 is the newest")
	return cmd
}

func (c *cli) readCheck(ctx context.Context, id string, wave int) (out breach.PlanCheck, err error) {
	k, err := c.connect()
	if err != nil {
		return out, err
	}
	query := url.Values{}
	if wave != 0 {
		query.Set("wave", strconv.Itoa(wave))
	}
	return out, k.get(ctx, incidentPath(id, "plan", "check"), query, &out)
}

func (c *cli) checkPlan(ctx context.Context, id string, wave int) error {
	out, err := c.readCheck(ctx, id, wave)
	if err != nil {
		return err
	}
	err = c.answer(out, func(p *page) {
		for _, problem := range out.Problems {
			p.para(0, "! "+problem)
		}
		showNumbers(p, out.Numbers)
		showContents(p, &out.Contents)
		if out.Ready() {
			p.line("Nothing keeps this plan from being submitted.")
		}
	})
	if err == nil && !out.Ready() {
		return no("the plan cannot be approved as it is. Missing: %d; gaps that were not let go: %d", len(out.Problems), len(out.Contents.Blocking()))
	}
	return err
}

// showContents says what the regimes ask of the texts: gaps first, then what was let go, then what is worth knowing.
func showContents(p *page, check *breach.ContentCheck) {
	if check == nil {
		return
	}
	p.head(fmt.Sprintf("Contents, compared with %d duties", len(check.Checked)))
	for _, g := range check.Gaps {
		mark := "! "
		if g.Waived != nil {
			mark = "let go: "
		}
		p.para(2, mark+g.Place())
		p.para(4, g.What())
		if len(g.Texts) > 0 {
			p.para(4, "in "+strings.Join(g.Texts, ", "))
		}
		if len(g.With) > 0 {
			p.para(4, "against "+strings.Join(g.With, ", "))
		}
		if w := g.Waived; w != nil {
			p.para(4, "by "+w.By+", "+instant(w.At)+": "+w.Reason)
		}
	}
	for _, n := range check.Notes {
		p.para(2, n.Says+" ("+strings.Join(n.Obligations, ", ")+")")
	}
	if len(check.Gaps) == 0 {
		p.para(2, "nothing is missing, and nothing is there that must not be")
	}
}

// showNumbers says on which counts facts and lists differ.
func showNumbers(p *page, list []breach.NumberCount) {
	if len(list) == 0 {
		return
	}
	p.head("Numbers")
	for _, n := range list {
		mark := ""
		if n.Open {
			mark = "! "
		}
		p.para(2, mark+n.Field+": "+n.Says)
	}
}

func (c *cli) planWaive() *cobra.Command {
	var gaps []string
	var reason string
	var all bool
	var wave int
	cmd := &cobra.Command{
		Use: "waive ID --gap DUTY:FIELD --reason TEXT", Short: "Let gaps of the texts go, by name and with a reason",
		Long: `Let go what a regime asks of the texts, each gap by the duty and field that
"tocsin plan check" names. It stands on the record, in the plan that another
person approves, and in the evidence. Name no person in the reason.`,
		Example: "  tocsin plan waive 3f9a… --gap eu-gdpr/individuals/notice:dpo \\\n    --reason \"no officer is appointed\"", Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "reason"); err != nil {
				return err
			}
			if all == (len(gaps) > 0) {
				return usagef("name gaps with --gap, or all of them with --all")
			}
			return c.waive(cmd.Context(), args[0], wave, gaps, reason)
		},
	}
	cmd.Flags().StringArrayVar(&gaps, "gap", nil, "duty and field, DUTY:FIELD; may be given again")
	cmd.Flags().BoolVar(&all, "all", false, "every gap that the check names now")
	cmd.Flags().StringVar(&reason, "reason", "", "why it is let go")
	cmd.Flags().IntVar(&wave, "wave", 0, "number of the list; 0 is the newest")
	return cmd
}

func (c *cli) waive(ctx context.Context, id string, wave int, gaps []string, reason string) error {
	type name struct {
		Obligation string `json:"obligation"`
		Field      string `json:"field"`
	}
	var names []name
	for _, g := range gaps {
		duty, field, ok := strings.Cut(strings.ReplaceAll(g, " ", ":"), ":")
		if !ok || duty == "" || field == "" {
			return usagef("--gap takes a duty and a field, such as eu-gdpr/individuals/notice:dpo")
		}
		names = append(names, name{duty, field})
	}
	if len(gaps) == 0 {
		check, err := c.readCheck(ctx, id, wave)
		if err != nil {
			return err
		}
		for _, g := range check.Contents.Blocking() {
			names = append(names, name{g.Obligation, g.Field})
		}
		if len(names) == 0 {
			return no("the check names no gap")
		}
	}
	k, err := c.connect()
	if err != nil {
		return err
	}
	var out struct {
		Waived []breach.Waiver `json:"waived"`
	}
	body := map[string]any{"wave": wave, "gaps": names, "reason": reason}
	if err := k.post(ctx, incidentPath(id, "plan", "waive"), body, &out); err != nil {
		return err
	}
	return c.answer(out, func(p *page) {
		for _, w := range out.Waived {
			p.para(0, "Let go: "+w.Obligation+" "+w.Field)
		}
		p.line("Submit the plan: whoever approves it sees this.")
	})
}

func (c *cli) incidentNumber() *cobra.Command {
	var field, reason string
	var value int64
	cmd := &cobra.Command{
		Use: "number ID --field NAME --value N --reason TEXT", Short: "Decide about a number on which facts and lists differ",
		Long: `Say which number is right where the facts and the loaded lists differ. Until
then the higher one drives the duties. The decision is a revision of the facts.`,
		Example: "  tocsin incident number 3f9a… --field people.total --value 1180 \\\n    --reason \"23 rows are test accounts\"", Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "field", "reason"); err != nil {
				return err
			}
			if !cmd.Flags().Changed("value") || value < 0 {
				return usagef("--value takes a number from 0")
			}
			k, err := c.connect()
			if err != nil {
				return err
			}
			var out breach.Amended
			body := map[string]any{"field": field, "value": value, "reason": reason}
			if err := k.post(cmd.Context(), incidentPath(args[0], "numbers"), body, &out); err != nil {
				return err
			}
			return c.answer(out, func(p *page) {
				p.line(fmt.Sprintf("Decided: %s is %s. %d duties changed.", field, count(value), len(out.Changes)))
			})
		},
	}
	cmd.Flags().StringVar(&field, "field", "", "people.total, people.by_country.CN, people.by_region.US-CA, people.minors, contacts.missing")
	cmd.Flags().Int64Var(&value, "value", 0, "what is held to be true")
	cmd.Flags().StringVar(&reason, "reason", "", "why")
	return cmd
}
