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

func (c *cli) notice() *cobra.Command {
	cmd := c.group(&cobra.Command{Use: "notice", Short: "Look at the notices of a plan as people will get them",
		Example: "  tocsin notice preview 3f9a… --worst\n  tocsin notice diff 3f9a… 1 2"})
	cmd.AddCommand(c.noticePreview(), c.noticeTest(), c.noticeDiff())
	return cmd
}

func (c *cli) noticePreview() *cobra.Command {
	var q breach.PreviewQuery
	var channel string
	var to previewFile
	cmd := &cobra.Command{
		Use: "preview ID --person N", Short: "The notice of one person, or the worst cases of a list",
		Long: `Show what somebody will get by the newest plan: their language, their kinds of
data, their guardian. Letters of names are replaced by others of the same
script, the code by an invented one, and contacts are masked; every look stands
on the record. --worst picks from the list who is likeliest to show a fault: the
longest name, one written from right to left, no email, no name, a child with a
guardian. A channel that the policy does not open is shown as it would be; no
plan holds it. --out writes what was looked at into a file that nobody else can
read: FILE.pdf holds letters as they are printed, FILE.html is for a browser,
FILE.txt is the text. A file that is there is left alone without --force.`,
		Example: "  tocsin notice preview 3f9a… --person 12 --channel sms\n  tocsin notice preview 3f9a… --worst --out worst.html\n  tocsin notice preview 3f9a… --person 12 --out letter.pdf", Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if q.Worst == (q.Person != 0) || q.Person < 0 || q.Wave < 0 {
				return usagef("name a person by their place in the list with --person, or ask for --worst")
			}
			q.Channel = breach.Channel(channel)
			if err := to.fits(&q); err != nil {
				return err
			}
			return c.preview(cmd.Context(), args[0], q, to)
		},
	}
	cmd.Flags().IntVar(&q.Wave, "wave", 0, "number of the list; 0 is the newest that has a plan")
	cmd.Flags().Int64Var(&q.Person, "person", 0, "place in the list, from 1")
	cmd.Flags().BoolVar(&q.Worst, "worst", false, "those whose notice is the likeliest to go wrong")
	cmd.Flags().StringVar(&channel, "channel", "", "email, sms, push, letter, voice; default: the first by which they can be reached")
	cmd.Flags().StringVar(&to.name, "out", "", "write the notices into this file: .pdf (letters), .html or .txt")
	cmd.Flags().BoolVar(&to.force, "force", false, "write over a file that is there")
	fixed(cmd, "channel", "email", "sms", "push", "letter", "voice")
	return cmd
}

func (c *cli) preview(ctx context.Context, id string, q breach.PreviewQuery, to previewFile) error {
	k, err := c.connect()
	if err != nil {
		return err
	}
	query := url.Values{}
	if q.Wave > 0 {
		query.Set("wave", strconv.Itoa(q.Wave))
	}
	if q.Person > 0 {
		query.Set("person", strconv.FormatInt(q.Person, 10))
	}
	if q.Worst {
		query.Set("worst", "true")
	}
	if q.Channel != "" {
		query.Set("channel", string(q.Channel))
	}
	if q.Paper {
		query.Set("paper", "true")
	}
	var out breach.Previews
	if err := k.get(ctx, incidentPath(id, "notices", "preview"), query, &out); err != nil {
		return err
	}
	if err := to.write(out); err != nil {
		return err
	}
	out.PDF = nil // it is in the file
	return c.answer(out, func(p *page) {
		showPreviews(p, out)
		if to.name != "" {
			p.line("")
			p.line("Written to " + to.name)
		}
	})
}

func showPreviews(p *page, out breach.Previews) {
	for _, v := range out.Previews {
		p.head(v.Why + ": no. " + count(v.Person) + " of list " + strconv.Itoa(v.Wave))
		if v.None != "" {
			p.para(2, v.None)
			continue
		}
		reads := ""
		if v.Reads != "" && v.Reads != v.Locale {
			reads = ", for a reader of " + v.Reads
		}
		p.para(2, fmt.Sprintf("%s to %s in %s%s", v.Channel, v.Addressee, v.Locale, reads))
		p.para(2, clockOf(v))
		if v.Unplanned {
			p.para(2, "The policy does not open this channel: no plan holds this text, and nobody gets it.")
		}
		if len(v.Masked) > 0 {
			p.para(2, "contacts: "+strings.Join(v.Masked, ", "))
		}
		if v.SMS != nil {
			p.para(2, smsSize(*v.SMS))
		}
		for _, s := range []string{v.Subject, v.Title, v.Text, v.Link} {
			if s != "" {
				p.para(2, s)
			}
		}
		if v.Machine != "" {
			p.para(2, "on an answering machine: "+v.Machine)
		}
	}
	if out.Looked > 0 {
		p.line("")
		p.para(0, "Picked from "+count(out.Looked)+" people.")
	}
}

// clockOf says by which clock somebody is told times, and how that is known.
func clockOf(v breach.Preview) string {
	switch v.ZoneFrom {
	case breach.ZoneOfList:
		return "times by the clock of " + v.Zone + ", as the list says"
	case breach.ZoneOfPlace:
		return "times by the clock of " + v.Zone + ", where they live"
	}
	return "times by the organisation's clock: the list names neither a time zone nor a place with one clock"
}

func smsSize(s breach.SMSSize) string {
	alphabet := "GSM 7-bit"
	if s.UCS2 {
		alphabet = "UCS-2"
	}
	if s.Parts == 1 {
		return "1 part, " + alphabet
	}
	return strconv.Itoa(s.Parts) + " parts, " + alphabet
}

func (c *cli) noticeDiff() *cobra.Command {
	var wave int
	cmd := &cobra.Command{
		Use: "diff ID V1 V2", Short: "Two versions of a plan's texts, side by side",
		Long: `Compare the texts of two versions of a plan, line by line. A version is what
"plan show" calls revision; one that was returned can be compared, too.`,
		Example: "  tocsin notice diff 3f9a… 1 2\n  tocsin notice diff 3f9a… 1 2 --wave 2", Args: exactly("ID", "V1", "V2"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			var at [2]int
			for i, a := range args[1:] {
				n, err := strconv.Atoi(a)
				if err != nil || n < 1 {
					return usagef("a version is a number from 1")
				}
				at[i] = n
			}
			return c.diffNotices(cmd.Context(), args[0], wave, at)
		},
	}
	cmd.Flags().IntVar(&wave, "wave", 0, "number of the list; 0 is the newest")
	return cmd
}

func (c *cli) diffNotices(ctx context.Context, id string, wave int, at [2]int) error {
	k, err := c.connect()
	if err != nil {
		return err
	}
	var views [2]planView
	for i, n := range at {
		query := url.Values{"revision": {strconv.Itoa(n)}}
		if wave != 0 {
			query.Set("wave", strconv.Itoa(wave))
		}
		if err := k.get(ctx, incidentPath(id, "plan"), query, &views[i]); err != nil {
			return err
		}
		if err := views[i].check(); err != nil {
			return err
		}
	}
	diffs := diffTexts(views[0], views[1])
	return c.answer(diffs, func(p *page) {
		p.line(fmt.Sprintf("Version %d (%s)  |  version %d (%s)", at[0], views[0].Plan.State, at[1], views[1].Plan.State))
		for _, d := range diffs {
			p.head(d.Text)
			p.exact(sideBySide(d.Lines, c.width))
		}
		if len(diffs) == 0 {
			p.line("The texts are the same.")
		}
	})
}
