package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func (c *cli) person() *cobra.Command {
	cmd := c.group(&cobra.Command{Use: "person", Short: "Answer a person's question", Example: "  tocsin person find 3f9a… --email -"})
	var q breach.PersonQuery
	var reason string
	find := &cobra.Command{
		Use: "find ID --email ADDRESS", Short: "Was this person told, when, and how?",
		Long: `Look one person up by exactly one of --email, --phone and --external-id. - reads
it from stdin, so that it stays out of the shell's history. Every look is put
on record with its reason. Exit status 1 when nobody is found.`,
		Example: "  tocsin person find 3f9a… --email - --reason \"asked on the hotline\"",
		Args:    exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error { return c.find(cmd.Context(), args[0], q, reason) },
	}
	find.Flags().StringVar(&q.Email, "email", "", "e-mail address, - for stdin")
	find.Flags().StringVar(&q.Phone, "phone", "", "phone number, - for stdin")
	find.Flags().StringVar(&q.ExternalID, "external-id", "", "id in your own system, - for stdin")
	find.Flags().StringVar(&reason, "reason", "an inquiry, answered on the command line", "why; it is put on record")
	cmd.AddCommand(find, c.unreached(), c.decideAbout())
	return cmd
}

// decideAbout is for people who are neither told nor covered: without a person's decision about them an
// incident cannot be closed.
func (c *cli) decideAbout() *cobra.Command {
	var people, outcome, reason string
	cmd := &cobra.Command{
		Use: "decide ID --people WHO --outcome WHAT --reason WHY", Short: "Decide about people who are neither told nor covered",
		Long: `Set everybody who is pending, unreachable or held exempt or withdrawn, with a
reason that stands on the record. Only a lead decides, and not while people are
being told.`,
		Example: "  tocsin person decide 3f9a… --people unreachable \\\n    --outcome exempt --reason \"no law asks for a notice\"",
		Args:    exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "people", "outcome", "reason"); err != nil {
				return err
			}
			k, err := c.connect()
			if err != nil {
				return err
			}
			var out struct {
				People int64 `json:"people"`
			}
			body := map[string]string{"people": people, "outcome": outcome, "reason": reason}
			if err := k.post(cmd.Context(), incidentPath(args[0], "decisions"), body, &out); err != nil {
				return err
			}
			return c.answer(out, func(p *page) { p.line(fmt.Sprintf("Decided about %d people.", out.People)) })
		},
	}
	cmd.Flags().StringVar(&people, "people", "", "pending, unreachable or held")
	cmd.Flags().StringVar(&outcome, "outcome", "", "exempt or withdrawn")
	cmd.Flags().StringVar(&reason, "reason", "", "why; it names no person")
	return cmd
}

func (c *cli) find(ctx context.Context, id string, q breach.PersonQuery, reason string) error {
	given := 0
	for _, v := range []*string{&q.Email, &q.Phone, &q.ExternalID} {
		if *v == "" {
			continue
		}
		given++
		if *v == "-" {
			b, err := io.ReadAll(io.LimitReader(c.in, 4096))
			if err != nil {
				return err
			}
			*v = strings.TrimSpace(string(b))
		}
	}
	if given != 1 {
		return usagef("give exactly one of --email, --phone and --external-id")
	}
	k, err := c.connect()
	if err != nil {
		return err
	}
	var out struct {
		Found  bool               `json:"found"`
		Person *breach.PersonView `json:"person,omitempty"`
	}
	body := struct {
		breach.PersonQuery
		Reason string `json:"reason"`
	}{q, reason}
	if err := k.post(ctx, incidentPath(id, "person"), body, &out); err != nil {
		return err
	}
	err = c.answer(out, func(p *page) {
		if out.Person == nil {
			p.line("Nobody on the lists of this incident has that contact or id.")
			return
		}
		showPerson(p, *out.Person)
	})
	if err == nil && !out.Found {
		return errNo
	}
	return err
}

func showPerson(p *page, v breach.PersonView) {
	p.line(stateWord(breach.PersonMachine, string(v.Outcome)) + ": " + breach.PersonMachine.Meaning(string(v.Outcome)))
	if v.Reason != "" {
		p.para(2, "because: "+strings.ReplaceAll(v.Reason, "_", " "))
	}
	p.line(fmt.Sprintf("reference %s, list %d, language %s, country %s", v.Reference, v.Wave, or(v.Locale, "not known"), or(v.Country, "not known")))
	p.para(0, strings.Join(v.Masked, ", "))
	if len(v.History) > 0 {
		p.head("History")
	}
	for _, m := range v.History {
		what := strings.ReplaceAll(m.What, "_", " ")
		if m.Why != "" {
			what += ": " + strings.ReplaceAll(m.Why, "_", " ")
		}
		p.para(2, instant(m.At)+"  "+what)
	}
}
