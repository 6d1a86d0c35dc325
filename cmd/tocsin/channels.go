package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/channels"
)

func (c *cli) channels() *cobra.Command {
	cmd := c.group(&cobra.Command{Use: "channels", Short: "Ways to people", Example: "  tocsin channels check --people 40000"})
	var w app.Wave
	check := &cobra.Command{
		Use: "check", Short: "What will go wrong before a wave, and what to do",
		Long: `Look at each configured mail relay as receivers will: SPF, DKIM and DMARC of the
sender, where bounces go, encryption and sign-in, what the relay offers, and how
long the policy's limits make the wave. Look at letters (the printer's directory
or SFTP server, to which a file is put and taken away again; fonts; envelope)
and at calls (account, number, hours) where they are configured. Nothing is
sent. Exit status 1 when mail would be refused, bounces lost, or letters or
calls not made.`,
		Example: "  tocsin channels check --people 40000\n  tocsin channels check --config tocsin.yaml --dns 192.0.2.53:53 -o json",
		Args:    exactly(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.checkChannels(cmd.Context(), w) },
	}
	c.configFlag(check)
	check.Flags().StringVar(&w.Policy, "policy", "", "policy whose limits hold (default policy.default)")
	check.Flags().Int64Var(&w.People, "people", 0, "how many people are going to be told")
	check.Flags().Int64Var(&w.Bytes, "bytes", 100<<10, "size of the largest email")
	check.Flags().StringVar(&w.DNS, "dns", "", "DNS server to ask, host:port (default: this machine's)")
	cmd.AddCommand(check, c.processors(), c.erase(), c.requested())
	return cmd
}

// checkTime bounds a look as a whole.
const checkTime = 2 * time.Minute

func (c *cli) checkChannels(ctx context.Context, w app.Wave) error {
	if w.People < 0 || w.Bytes < 0 {
		return usagef("--people and --bytes must not be negative")
	}
	cfg, err := c.loadSettings()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	r, err := app.CheckChannels(ctx, cfg, w)
	if err != nil {
		return err
	}
	if len(r.Providers) == 0 {
		return no("no mail relay, printer or telephone is configured: set smtp.addr and smtp.from")
	}
	if err := c.answer(r, func(p *page) { showWaysOut(p, r) }); err != nil {
		return err
	}
	if r.Errors > 0 {
		return errNo
	}
	return nil
}

func showWaysOut(p *page, r channels.Report) {
	for _, v := range r.Providers {
		p.head(v.Channel + " by " + v.Provider)
		for _, f := range v.Findings {
			mark := map[channels.Level]string{channels.OK: "  ", channels.Warning: "? ", channels.Error: "! "}[f.Level]
			p.para(0, mark+f.Check+": "+f.Found)
			if f.Means != "" {
				p.para(4, f.Means)
			}
			if f.Do != "" {
				p.para(4, "-> "+f.Do)
			}
		}
	}
	p.gap()
	p.line(fmt.Sprintf("%d will go wrong, %d may", r.Errors, r.Warnings))
}
