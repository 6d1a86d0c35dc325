package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func (c *cli) noticeTest() *cobra.Command {
	var q breach.TestQuery
	var channel string
	cmd := &cobra.Command{
		Use: "test ID --to ADDRESS", Short: "Send a notice to yourself, marked as a test",
		Long: `Send a notice of the newest plan to your own address, number or device through
the real transport. Subject and first line say that it is a test; its code is
invented, and the person is made up, or one of the list (--person, --worst) with
the letters of their name replaced. It goes only to whom the server's setting
tests.to names (addresses, @domains, numbers, push tokens), at most thirty times
an hour for an incident; it is nobody's delivery, and stands on the record with
the address masked. The push token of a browser is its subscription as JSON.
Exit status 1 when a message could not be handed over.`,
		Example: "  tocsin notice test 3f9a… --to me@organisation.example\n  tocsin notice test 3f9a… --to +14045550143 --channel sms --worst", Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "to"); err != nil {
				return err
			}
			if q.Worst && q.Person != 0 || q.Person < 0 || q.Wave < 0 {
				return usagef("name a person by their place in the list with --person, or ask for --worst, or for neither")
			}
			q.Channel = breach.Channel(channel)
			return c.testNotice(cmd.Context(), args[0], q)
		},
	}
	cmd.Flags().StringVar(&q.To, "to", "", "your own address, number (+ and country code) or push token")
	cmd.Flags().StringVar(&channel, "channel", "email", "email, sms, push")
	cmd.Flags().StringVar(&q.Locale, "locale", "", "language, such as de; default: the person's")
	cmd.Flags().IntVar(&q.Wave, "wave", 0, "number of the list; 0 is the newest that has a plan")
	cmd.Flags().Int64Var(&q.Person, "person", 0, "place in the list, from 1; default: a person who does not exist")
	cmd.Flags().BoolVar(&q.Worst, "worst", false, "a message for each of those whose notice is the likeliest to go wrong")
	fixed(cmd, "channel", "email", "sms", "push")
	return cmd
}

func (c *cli) testNotice(ctx context.Context, id string, q breach.TestQuery) error {
	k, err := c.connect()
	if err != nil {
		return err
	}
	body := map[string]any{"to": q.To, "channel": q.Channel, "wave": q.Wave, "person": q.Person, "worst": q.Worst, "locale": q.Locale}
	var out breach.TestsSent
	if err := k.post(ctx, incidentPath(id, "notices", "test"), body, &out); err != nil {
		return err
	}
	if err := c.answer(out, func(p *page) { showTests(p, out) }); err != nil {
		return err
	}
	if slices.ContainsFunc(out.Tests, func(t breach.TestSent) bool { return !sentWell(t) }) {
		return errNo
	}
	return nil
}

func sentWell(t breach.TestSent) bool {
	return t.State == breach.HandedOver || t.State == breach.Accepted || t.State == breach.Delivered
}

func showTests(p *page, out breach.TestsSent) {
	for _, t := range out.Tests {
		line := t.Why + ": "
		switch {
		case t.None != "":
			line += "nothing was sent: " + t.None
		case sentWell(t):
			line += "sent to " + t.To + " by " + t.Provider + ", in " + t.Locale + ": " + strings.ReplaceAll(string(t.State), "_", " ")
		default:
			line += "could not be sent to " + t.To + " by " + t.Provider + ": " + strings.ReplaceAll(string(t.State)+" "+t.Reason, "_", " ")
		}
		p.para(0, line)
	}
}
