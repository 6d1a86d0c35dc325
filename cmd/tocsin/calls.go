package main

import (
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/app"
)

// calls are those that people make. They work on the ledger itself, with the settings of serve, because a list holds
// numbers, which no API gives out.
func (c *cli) calls() *cobra.Command {
	cmd := c.group(&cobra.Command{
		Use: "calls", Short: "The list of people to call, and what became of the calls",
		Example: "  tocsin calls list --by ada --out calls.csv --config tocsin.yaml",
	})
	cmd.AddCommand(c.callsList(), c.callsOutcomes())
	return cmd
}

func (c *cli) callsList() *cobra.Command {
	var by, file string
	var keep time.Duration
	cmd := &cobra.Command{
		Use: "list", Short: "Write the calls that wait as CSV",
		Long: "Write the calls that wait for somebody to make them as CSV: number, language,\nthe script to read out, and an empty column for the outcome. That you looked is\n" +
			"on the record of each incident. The file holds numbers: only its owner can\nread it. Nobody else is given these calls until --keep is over; calls that\nsomebody has in the console stay out.",
		Example: "  tocsin calls list --by ada --out calls.csv --config tocsin.yaml", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if keep <= 0 {
				return usagef("--keep must be longer than nothing, such as 8h")
			}
			if by == "" || file == "" {
				return usagef("--by and --out are needed: who takes the list, and into which file")
			}
			cfg, err := c.loadConfig()
			if err != nil {
				return settingsError(strings.Split(err.Error(), "\n"))
			}
			to, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return usagef("the file of --out cannot be made; it must not be there yet")
			}
			n, err := app.CallList(cmd.Context(), cfg, by, keep, to)
			if closed := to.Close(); err == nil {
				err = closed
			}
			if err != nil {
				_ = os.Remove(file) // half a list
				return err
			}
			return c.answer(map[string]int{"calls": n}, func(p *page) { p.line("Calls that wait: " + strconv.Itoa(n)) })
		},
	}
	cmd.Flags().StringVar(&by, "by", "", "who takes the list, for the record")
	cmd.Flags().DurationVar(&keep, "keep", 8*time.Hour, "for how long nobody else is given these calls")
	cmd.Flags().StringVar(&file, "out", "", "write the list into this new file")
	c.configFlag(cmd)
	return cmd
}

func (c *cli) callsOutcomes() *cobra.Command {
	var by string
	cmd := &cobra.Command{
		Use: "outcomes FILE", Short: "Take in what became of the calls",
		Long: "Take in what became of the calls: CSV with the columns call_id and outcome\n(reached, refused, wrong_number, not_in_use, no_answer, busy, machine, hung_up,\ncall_back). " +
			"Rows without an outcome were not called yet. The same file again\nchanges nothing.\n\nExit status 1 says that some lines were not taken.",
		Example: "  tocsin calls outcomes calls.csv --config tocsin.yaml", Args: exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return takeLines(cmd.Context(), c, args[0], by, app.CallOutcomes, showCalls)
		},
	}
	byFlag(cmd, &by)
	c.configFlag(cmd)
	return cmd
}

func showCalls(p *page, out app.CallsTold) {
	p.line("Lines " + strconv.Itoa(out.Lines) + ": taken " + strconv.Itoa(out.Taken) + ", call back " + strconv.Itoa(out.Later) +
		", unknown " + strconv.Itoa(len(out.Unknown)) + ", wrong " + strconv.Itoa(len(out.Wrong)))
	for _, id := range out.Unknown {
		p.para(2, "unknown: "+id+" is on no call list of this ledger")
	}
	for _, w := range out.Wrong {
		p.para(2, "line "+strconv.Itoa(w.Line)+": "+w.Why)
	}
}
