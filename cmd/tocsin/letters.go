package main

import (
	"cmp"
	"context"
	"os/user"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/config"
)

// letters are what goes to the printer and what comes back. They work on the ledger itself, with the settings of
// serve, because a batch holds names and addresses, which no API gives out.
func (c *cli) letters() *cobra.Command {
	cmd := c.group(&cobra.Command{
		Use: "letters", Short: "Hand letters to the printer, and take in what became of them",
		Example: "  tocsin letters batch --config tocsin.yaml",
	})
	cmd.AddCommand(c.lettersBatch(), c.lettersWords("report", "Take in the printer's report",
		"Take in the printer's report: CSV with the columns letter_id, status (printed,\nposted, failed) and date (2026-11-22). The day of posting is recorded: a letter\n"+
			"counts from it. The same file again changes nothing.",
		app.LettersReport),
		c.lettersWords("returned", "Take in letters that came back",
			"Take in letters that came back: CSV with the columns letter_id, reason and date,\nor one scanned id a line (- reads a scanner's lines from standard input).\nReasons: moved, unknown, address, refused, unclaimed, deceased, other.\n"+
				"Whoever did not get the letter goes on to the next channel.",
			app.LettersReturned))
	return cmd
}

func (c *cli) lettersBatch() *cobra.Command {
	cmd := &cobra.Command{
		Use: "batch", Short: "Hand all letters that wait to the printer",
		Long: "Make batches of all letters that wait (PDF, manifest, checksums) and hand them\nto the printer: into letters.dir, or to letters.sftp. A run that was interrupted\n" +
			"is ended first; no letter is handed over twice.",
		Example: "  tocsin letters batch --config tocsin.yaml", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.loadConfig()
			if err != nil {
				return settingsError(strings.Split(err.Error(), "\n"))
			}
			out, err := app.LettersBatch(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			return c.answer(out, func(p *page) {
				for _, b := range out.Batches {
					p.line(b.Batch + "  letters " + strconv.Itoa(b.Letters) + "  pages " + strconv.Itoa(b.Pages))
				}
				if len(out.Batches) == 0 {
					p.line("No letter waits that may go out.")
				}
				if out.Left.Held > 0 {
					p.para(0, count(out.Left.Held)+" letters stay behind, because the sending of their incident is paused or stopped.")
				}
			})
		},
	}
	c.configFlag(cmd)
	return cmd
}

func (c *cli) lettersWords(name, short, long string, take func(context.Context, config.Config, []byte, string) (app.Told, error)) *cobra.Command {
	var by string
	cmd := &cobra.Command{
		Use: name + " FILE", Short: short, Long: long + "\n\nExit status 1 says that some lines were not taken.",
		Example: "  tocsin letters " + name + " " + name + ".csv --config tocsin.yaml", Args: exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return takeLines(cmd.Context(), c, args[0], by, take, showTold)
		},
	}
	byFlag(cmd, &by)
	c.configFlag(cmd)
	return cmd
}

// takeLines takes in a file of lines, shows what became of it, and fails when some of them were refused.
func takeLines[T interface{ Refused() int }](ctx context.Context, c *cli, file, by string, take func(context.Context, config.Config, []byte, string) (T, error), show func(*page, T)) error {
	b, err := c.readAtMost(file, 64<<20)
	if err != nil {
		return err
	}
	cfg, err := c.loadConfig()
	if err != nil {
		return settingsError(strings.Split(err.Error(), "\n"))
	}
	out, err := take(ctx, cfg, b, cmp.Or(by, thisUser()))
	if err != nil {
		return err
	}
	if err := c.answer(out, func(p *page) { show(p, out) }); err != nil {
		return err
	}
	if out.Refused() > 0 {
		return errNo
	}
	return nil
}

// byFlag asks who brings a file: these commands work on the ledger itself, where nobody signs in.
func byFlag(cmd *cobra.Command, by *string) {
	cmd.Flags().StringVar(by, "by", "", "who brings the file, for the record (default: this user)")
}

func thisUser() string {
	if who, err := user.Current(); err == nil && who.Username != "" {
		return who.Username
	}
	return "command line"
}

func showTold(p *page, out app.Told) {
	p.line("Lines " + strconv.Itoa(out.Lines) + ": taken " + strconv.Itoa(out.Taken) + ", known before " + strconv.Itoa(out.Again) +
		", unknown " + strconv.Itoa(len(out.Unknown)) + ", wrong " + strconv.Itoa(len(out.Wrong)))
	for _, id := range out.Unknown {
		p.para(2, "unknown: "+id+" was never handed to a printer from this ledger")
	}
	for _, w := range out.Wrong {
		p.para(2, "line "+strconv.Itoa(w.Line)+": "+w.Why)
	}
}
