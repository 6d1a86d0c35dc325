package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/intake"
)

func (c *cli) incident() *cobra.Command {
	cmd := c.group(&cobra.Command{Use: "incident", Short: "Open, amend, watch and close incidents",
		Example: "  tocsin incident open -f incident.json\n  tocsin incident status 3f9a… --watch"})
	cmd.AddCommand(c.incidentOpen(), c.incidentAmend(), c.incidentStatus(), c.incidentList(), c.revisions(), c.answerQuestion(),
		c.incidentClose(), c.incidentNumber(),
		c.incidentVerb("reopen", "Go on with a closed incident", "The incident is open again."))
	return cmd
}

func (c *cli) incidentOpen() *cobra.Command {
	var file, from string
	cmd := &cobra.Command{
		Use: "open -f FILE [--from veris|hibp]", Short: "Open an incident from a file; its clocks run from now on",
		Long: `Open an incident from an incident file (JSON or YAML; - reads stdin), or as a
draft from a VERIS incident or a breach record of Have I Been Pwned. What is
missing is listed; it blocks approval, not opening.`,
		Example: "  tocsin incident open -f incident.json\n  tocsin incident open -f breach.json --from veris -o json",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd, "file"); err != nil {
				return err
			}
			return c.open(cmd.Context(), file, from)
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "incident file, - for stdin")
	cmd.Flags().StringVar(&from, "from", "tocsin", "form of the file: tocsin, veris or hibp")
	fixed(cmd, "from", "tocsin", "veris", "hibp")
	return cmd
}

func (c *cli) open(ctx context.Context, file, from string) error {
	body, err := c.read(file)
	if err != nil {
		return err
	}
	// Whoever wrote the file sees its own names here; the server repeats nothing.
	switch from {
	case "tocsin":
		_, err = breach.ParseNewIncident(body)
	case "veris", "hibp":
		_, _, err = intake.Read(from, body)
	default:
		return usagef("--from takes tocsin, veris or hibp")
	}
	if err != nil {
		return err
	}
	k, err := c.connect()
	if err != nil {
		return err
	}
	var opened breach.Opened
	q := call{method: http.MethodPost, path: "/v1/incidents", kind: kindOf(body, "application/json"), body: body}
	if from != "tocsin" {
		q.query = url.Values{"from": {from}}
	}
	if err := k.do(ctx, q, &opened); err != nil {
		return err
	}
	return c.answer(opened, func(p *page) {
		p.line("Opened incident " + opened.Incident + "; its clocks run.")
		if len(opened.Missing) > 0 {
			p.head("Missing before a plan can be approved")
			for _, m := range opened.Missing {
				p.para(2, m)
			}
		}
		showNotes(p, opened.Notes)
		p.head("Next")
		p.line("  tocsin recipients load " + opened.Incident + " people.csv")
		p.line("  tocsin incident status " + opened.Incident)
	})
}

// showNotes lists what a detector or an imported file says that is close to a fact and not one.
func showNotes(p *page, notes []string) {
	if len(notes) == 0 {
		return
	}
	p.head("Noted, for a person to decide")
	for _, n := range notes {
		p.para(2, n)
	}
}

// kindOf tells JSON from YAML by its first character.
func kindOf(body []byte, json string) string {
	if bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\ufeff")), " \t\r\n"), []byte("{")) {
		return json
	}
	return "application/yaml"
}

func (c *cli) incidentAmend() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "amend ID -f FILE", Short: "Change facts, texts or contact; duties and deadlines follow",
		Long: `Change an incident by a merge patch: a file with the facts that changed (null
makes a fact unknown again), or with the parts facts, narrative, contact,
contents and offers. Answers to questions (determinations) are added to those
that there are; lists are replaced. Duties and deadlines are judged anew, and
the difference is shown.`,
		Example: "  tocsin incident amend 3f9a… -f facts.json",
		Args:    exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "file"); err != nil {
				return err
			}
			return c.amend(cmd.Context(), args[0], file)
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "what changed, - for stdin")
	return cmd
}

func (c *cli) amend(ctx context.Context, id, file string) error {
	patch, err := c.read(file)
	if err != nil {
		return err
	}
	if _, err := breach.MergeFile(breach.IncidentFile{}, patch); err != nil {
		return err
	}
	k, err := c.connect()
	if err != nil {
		return err
	}
	var out breach.Amended
	q := call{method: http.MethodPatch, path: incidentPath(id), kind: kindOf(patch, "application/merge-patch+json"), body: patch}
	if err := k.do(ctx, q, &out); err != nil {
		return err
	}
	return c.answer(out, func(p *page) { c.showChanges(p, out) })
}

func (c *cli) showChanges(p *page, out breach.Amended) {
	if len(out.Changes) == 0 {
		p.line("Amended; no duty and no deadline changed.")
	} else {
		p.line("Amended. This changed:")
	}
	for _, ch := range out.Changes {
		what := verdictWords(ch.To)
		if ch.From != "" && ch.From != ch.To {
			what = verdictWords(ch.From) + " -> " + what
		}
		if ch.DueTo != nil && (ch.DueFrom == nil || !ch.DueFrom.Equal(*ch.DueTo)) {
			what += ", due " + instant(*ch.DueTo)
			if ch.DueFrom != nil {
				what += " (was " + instant(*ch.DueFrom) + ")"
			}
		}
		p.para(2, ch.Obligation)
		p.para(4, what)
		if ch.Why != "" {
			p.para(4, ch.Why)
		}
	}
	if out.Voided {
		p.para(0, "The plan that waited for approval is void: submit it again.")
	}
}

func (c *cli) incidentStatus() *cobra.Command {
	var watch bool
	var every time.Duration
	cmd := &cobra.Command{
		Use: "status ID [--watch]", Short: "Clocks, duties, people by outcome, and what waits for whom",
		Example: "  tocsin incident status 3f9a… --watch\n  tocsin incident status 3f9a… -o json",
		Args:    exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := c.connect()
			if err != nil {
				return err
			}
			if every < 100*time.Millisecond {
				return usagef("--every must be at least 100ms")
			}
			if watch {
				return c.watch(cmd.Context(), k, args[0], every)
			}
			var v breach.Overview
			if err := k.get(cmd.Context(), incidentPath(args[0]), nil, &v); err != nil {
				return err
			}
			return c.answer(v, func(p *page) { showStatus(p, v) })
		},
	}
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "show it again whenever something changes, until it is closed")
	cmd.Flags().DurationVar(&every, "every", time.Second, "how often --watch looks")
	return cmd
}

// watch redraws until the incident is closed or the user has seen enough. Without a terminal, and as JSON,
// it writes only when something changed.
func (c *cli) watch(ctx context.Context, k *client, id string, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	last := int64(-1)
	for {
		var v breach.Overview
		if err := k.get(ctx, incidentPath(id), nil, &v); err != nil {
			if ctx.Err() != nil {
				return nil // it was watched until the user had enough
			}
			return err
		}
		redraw := c.outTTY && !c.json()
		if redraw || v.Revision != last {
			if redraw {
				_, _ = fmt.Fprint(c.out, "\x1b[H\x1b[2J")
			}
			if err := c.answer(v, func(p *page) { showStatus(p, v) }); err != nil {
				return err
			}
		}
		last = v.Revision
		if v.Incident.State == breach.IncidentClosed {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (c *cli) incidentList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List all incidents", Example: "  tocsin incident list", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			k, err := c.connect()
			if err != nil {
				return err
			}
			var out struct {
				Incidents []breach.Incident `json:"incidents"`
			}
			if err := k.get(cmd.Context(), "/v1/incidents", nil, &out); err != nil {
				return err
			}
			return c.answer(out, func(p *page) {
				if len(out.Incidents) == 0 {
					p.line("There is no incident.")
				}
				for _, i := range out.Incidents {
					p.para(0, i.ID+"  "+stateWord(breach.IncidentMachine, string(i.State))+", opened "+instant(i.OpenedAt))
					p.para(2, titleOf(i)+" (policy "+i.Policy+")")
				}
			})
		},
	}
}

func titleOf(i breach.Incident) string {
	if i.Title == "" {
		return "(no title yet)"
	}
	return i.Title
}

func (c *cli) incidentClose() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "close ID", Short: "Close an incident whose people are all accounted for",
		Long: `Close an incident: everybody is accounted for, and every duty that applies is
done, to authorities, people, media, the public and others alike. Where one is
left undone, or nobody can tell whether it applies, each is named, and closing
takes a reason, which stands on the record and in the evidence; name no person
in it. What was done by hand is stated with tocsin report done, what is open is
answered with tocsin incident answer.`,
		Example: "  tocsin incident close 3f9a…\n  tocsin incident close 3f9a… --reason \"the authority said no report is needed\"",
		Args:    exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			var body any
			if cmd.Flags().Changed("reason") {
				if strings.TrimSpace(reason) == "" {
					return usagef("--reason says why duties are left undone")
				}
				body = map[string]string{"reason": reason}
			}
			k, err := c.connect()
			if err != nil {
				return err
			}
			var out map[string]bool
			if err := k.post(cmd.Context(), incidentPath(args[0], "close"), body, &out); err != nil {
				return err
			}
			return c.answer(out, func(p *page) { p.line("The incident is closed; its evidence is sealed now.") })
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why duties that apply or may apply are left undone")
	return cmd
}

func (c *cli) incidentVerb(verb, short, said string) *cobra.Command {
	return c.verb(verb, short, said, func(id string) string { return incidentPath(id, verb) }, "  tocsin incident "+verb+" 3f9a…")
}

// verb is a command that tells the server to do one thing to one incident.
func (c *cli) verb(verb, short, said string, path func(id string) string, example string) *cobra.Command {
	return &cobra.Command{
		Use: verb + " ID", Short: short, Example: example, Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := c.connect()
			if err != nil {
				return err
			}
			var out map[string]bool
			if err := k.post(cmd.Context(), path(args[0]), nil, &out); err != nil {
				return err
			}
			return c.answer(out, func(p *page) { p.line(said) })
		},
	}
}

// completeIncident offers the ids of open incidents in the shell.
func (c *cli) completeIncident(cmd *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
	const none = cobra.ShellCompDirectiveNoFileComp
	if len(args) > 0 {
		return nil, none
	}
	k, err := c.connect()
	if err != nil {
		return nil, none
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(cmd.Context()), 2*time.Second)
	defer cancel()
	var out struct {
		Incidents []breach.Incident `json:"incidents"`
	}
	if k.get(ctx, "/v1/incidents", nil, &out) != nil {
		return nil, none
	}
	var ids []string
	for _, i := range out.Incidents {
		if strings.HasPrefix(i.ID, start) {
			ids = append(ids, i.ID+"\t"+clean(titleOf(i)))
		}
	}
	return ids, none
}
