package main

import (
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// dutyText is `report text`.
func (c *cli) dutyText() *cobra.Command {
	return &cobra.Command{
		Use: "text ID OBLIGATION", Short: "Write the text of a duty that a person carries out",
		Long: "For what a person sends: a follow-up report, word to a controller, a credit\n" +
			"bureau or somebody else whom a law names. It holds what that law asks for, from\n" +
			"the incident as it is now. Nothing is sent; afterwards: tocsin report done.",
		Example: "  tocsin report text 3f9a… us-fl/other/consumer_reporting_agencies > notice.txt",
		Args:    exactly("ID", "OBLIGATION"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := c.connect()
			if err != nil {
				return err
			}
			var out breach.DutyText
			if err := k.get(cmd.Context(), incidentPath(args[0], "text"), url.Values{"obligation": {args[1]}}, &out); err != nil {
				return err
			}
			var said strings.Builder
			for _, field := range out.Lacking {
				said.WriteString("To be written first, as contents." + out.Locale + "." + field + " of the incident: tocsin incident amend\n")
			}
			for _, field := range out.Open {
				said.WriteString("The facts do not say it yet: " + field + "\n")
			}
			_, _ = io.WriteString(c.err, said.String()) // a terminal that is gone needs no words
			return c.answer(out, func(p *page) { p.exact(out.Text + "\n") })
		},
	}
}

// done is `report done`.
func (c *cli) done() *cobra.Command {
	var said, at string
	cmd := &cobra.Command{
		Use: "done ID OBLIGATION --said WHAT", Short: "State that a duty was carried out outside Tocsin",
		Long: "For what a person does: a follow-up report, a notice to the media, word to\n" +
			"somebody else whom a law names. When it was done enters the facts, and what\n" +
			"follows it counts from there. What was done stands on the record and in the\n" +
			"evidence.",
		Example: "  tocsin report done 3f9a… us-hipaa/media/notice \\\n    --said \"press release to all papers of Austin\"\n" +
			"  tocsin report done 3f9a… eu-gdpr/authority/final \\\n    --at 2026-03-09T10:00:00Z --said \"form on the portal, case 118\"",
		Args: exactly("ID", "OBLIGATION"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "said"); err != nil {
				return err
			}
			body := map[string]any{"obligation": args[1], "said": said}
			if at != "" {
				when, err := time.Parse(time.RFC3339, at)
				if err != nil {
					return usagef("--at is an instant like 2026-03-09T10:00:00Z")
				}
				body["done_at"] = when
			}
			k, err := c.connect()
			if err != nil {
				return err
			}
			var out breach.Filing
			if err := k.post(cmd.Context(), incidentPath(args[0], "done"), body, &out); err != nil {
				return err
			}
			return c.answer(out, func(p *page) { p.para(0, out.Obligation+": done "+instant(out.FiledAt)+"; it stands on the record") })
		},
	}
	cmd.Flags().StringVar(&said, "said", "", "what was done and how; it names no person")
	cmd.Flags().StringVar(&at, "at", "", "when it was done (default now)")
	return cmd
}

// answerQuestion is `incident answer`.
func (c *cli) answerQuestion() *cobra.Command {
	var why string
	cmd := &cobra.Command{
		Use: "answer ID QUESTION yes|no --reason WHY", Short: "Answer a question that no fact can answer",
		Long: "A duty of which nobody can tell names its questions: tocsin incident status.\n" +
			"The answer is an amendment: duties are judged anew, and what changed is shown.",
		Example: "  tocsin incident answer 3f9a… us-hipaa/low_probability no \\\n    --reason \"the data were seen on a forum\"",
		Args:    exactly("ID", "QUESTION", "yes|no"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "reason"); err != nil {
				return err
			}
			if args[2] != "yes" && args[2] != "no" {
				return usagef("the answer is yes or no")
			}
			k, err := c.connect()
			if err != nil {
				return err
			}
			var out breach.Amended
			body := map[string]any{"question": args[1], "answer": args[2] == "yes", "why": why}
			if err := k.post(cmd.Context(), incidentPath(args[0], "answers"), body, &out); err != nil {
				return err
			}
			return c.answer(out, func(p *page) { c.showChanges(p, out) })
		},
	}
	cmd.Flags().StringVar(&why, "reason", "", "why; it names no person")
	return cmd
}
