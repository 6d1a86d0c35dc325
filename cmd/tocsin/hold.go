package main

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func (c *cli) hold() *cobra.Command {
	cmd := c.group(&cobra.Command{Use: "hold", Short: "Have people told later, where a law lets somebody ask for that", Example: "  tocsin hold set 3f9a… --obligation eu-gdpr/individuals/notice …"})
	cmd.AddCommand(c.holdSet(), c.holdRelease(), c.holdList())
	return cmd
}

func (c *cli) holdSet() *cobra.Command {
	var until string
	var body struct {
		Kind        string    `json:"kind"`
		Form        string    `json:"form,omitempty"`
		AskedBy     string    `json:"asked_by"`
		Reference   string    `json:"reference"`
		Reason      string    `json:"reason"`
		Until       time.Time `json:"until"`
		Obligations []string  `json:"obligations,omitempty"`
		Channels    []string  `json:"channels,omitempty"`
	}
	cmd := &cobra.Command{
		Use: "set ID", Short: "Place a hold, which ends by itself",
		Long: "A hold of kind law_enforcement stops the clocks of the duties that are named,\n" +
			"and nobody in their jurisdictions is told by any channel. Only where the law\n" +
			"itself knows such a delay. One of kind channel keeps channels from being used.",
		Example: "  tocsin hold set 3f9a… --obligation eu-gdpr/individuals/notice \\\n" +
			"    --asked-by \"LKA Berlin\" --reference \"4 Js 118/26\" \\\n" +
			"    --until 2026-12-01T12:00:00Z --reason \"arrests are planned\"",
		Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "asked-by", "reference", "reason", "until"); err != nil {
				return err
			}
			var err error
			if body.Until, err = time.Parse(time.RFC3339, until); err != nil {
				return usagef("--until takes a time with its zone, such as 2026-12-01T12:00:00Z")
			}
			if body.Kind == string(breach.HoldChannel) && !cmd.Flags().Changed("form") {
				body.Form = ""
			}
			k, err := c.connect()
			if err != nil {
				return err
			}
			var out breach.Hold
			if err := k.post(cmd.Context(), incidentPath(args[0], "holds"), body, &out); err != nil {
				return err
			}
			return c.answer(out, func(p *page) { showHold(p, args[0], out, time.Now()) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&body.Kind, "kind", string(breach.HoldLawEnforcement), "law_enforcement or channel")
	f.StringVar(&body.Form, "form", "written", "how the office asked: written or oral")
	f.StringVar(&body.AskedBy, "asked-by", "", "the office that asked; it names no person")
	f.StringVar(&body.Reference, "reference", "", "its file number")
	f.StringVar(&body.Reason, "reason", "", "why; it names no person")
	f.StringVar(&until, "until", "", "when it ends by itself, RFC 3339")
	f.StringSliceVar(&body.Obligations, "obligation", nil, "id of a duty that waits (repeatable)")
	f.StringSliceVar(&body.Channels, "channel", nil, "of kind channel: one that is not used")
	return cmd
}

func (c *cli) holdRelease() *cobra.Command {
	var why string
	cmd := &cobra.Command{
		Use: "release ID HOLD --why WHY", Short: "End a hold before its time",
		Example: "  tocsin hold release 3f9a… 81c2… --why \"the arrests are made\"",
		Args:    exactly("ID", "HOLD"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "why"); err != nil {
				return err
			}
			k, err := c.connect()
			if err != nil {
				return err
			}
			var out map[string]bool
			if err := k.post(cmd.Context(), incidentPath(args[0], "holds", "release"), map[string]string{"hold": args[1], "why": why}, &out); err != nil {
				return err
			}
			return c.answer(out, func(p *page) { p.line("Released: who was held is told, and the clocks run on.") })
		},
	}
	cmd.Flags().StringVar(&why, "why", "", "why it ends now; it names no person")
	return cmd
}

func (c *cli) holdList() *cobra.Command {
	return &cobra.Command{
		Use: "list ID", Short: "What keeps people from being told, and what did",
		Example: "  tocsin hold list 3f9a…", Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := c.connect()
			if err != nil {
				return err
			}
			var v breach.Overview
			if err := k.get(cmd.Context(), incidentPath(args[0]), nil, &v); err != nil {
				return err
			}
			out := struct {
				Holds breach.Holds `json:"holds"`
				Waits breach.Waits `json:"waits"`
			}{append(breach.Holds{}, v.Holds...), append(breach.Waits{}, v.Waits...)}
			return c.answer(out, func(p *page) {
				if len(out.Holds)+len(out.Waits) == 0 {
					p.line("Nothing keeps people from being told.")
				}
				for _, h := range out.Holds {
					showHold(p, args[0], h, v.At)
				}
				showOrders(p, v.Waits)
			})
		},
	}
}

func showHold(p *page, incident string, h breach.Hold, now time.Time) {
	state, is, wait, do, stops := "until "+instant(h.End()), "is", "wait", "do", "stops"
	if !h.Active(now) {
		state, is, wait, do, stops = "over since "+instant(h.End()), "was", "waited", "did", "stopped"
	}
	whom := strings.Join(h.Jurisdictions, ", ")
	switch {
	case h.Kind == breach.HoldChannel:
		whom = "nobody " + is + " told by " + joined(h.Channels)
	case whom == "":
		whom = "reports " + wait + ", people " + do + " not"
	default:
		whom = "nobody in " + whom + " " + is + " told"
	}
	p.para(0, strings.ReplaceAll(string(h.Kind), "_", " ")+", "+state+": "+whom)
	p.para(4, "asked by "+h.AskedBy+", reference "+h.Reference+", placed by "+h.By+" at "+instant(h.At))
	if len(h.Obligations) > 0 {
		p.para(4, stops+" the clocks of "+strings.Join(h.Obligations, ", "))
	}
	p.para(4, h.Reason)
	if h.ReleasedAt != nil {
		p.para(4, "released by "+h.ReleasedBy+": "+h.ReleaseReason)
	} else if h.Active(now) {
		p.exact("    tocsin hold release " + incident + " " + h.ID + " --why …\n")
	}
}

func joined[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return strings.Join(out, ", ")
}

// showOrders says which people wait because a law wants an authority told first.
func showOrders(p *page, waits breach.Waits) {
	for _, w := range waits.Of(breach.HoldOrder) {
		whom := "Everybody waits"
		if len(w.Jurisdictions) > 0 {
			whom = "People in " + strings.Join(w.Jurisdictions, ", ") + " wait"
		}
		p.para(0, "! "+whom+" until "+w.Ref+" is filed: "+w.Obligation+" may not come before it.")
	}
}

// showRunning says what holds people back, and what the newest amendment changed.
func showRunning(p *page, v breach.Overview) {
	for _, h := range v.Holds {
		switch {
		case h.Active(v.At):
			showHold(p, v.Incident.ID, h, v.At)
		case h.Alarm(v.At) && v.Incident.State != breach.IncidentClosed:
			p.para(0, "! The hold that "+h.AskedBy+" asked for (reference "+h.Reference+") ended by itself at "+instant(h.End())+": who it kept is told from now on, and its clocks run again.")
		}
	}
	showOrders(p, v.Waits)
	if a := v.Amended; a != nil && a.Revision > 1 {
		p.head("Facts no. " + strconv.Itoa(a.Revision))
		showRevision(p, *a, 6)
	}
}

func showRevision(p *page, r breach.Revision, most int) {
	p.para(2, r.By+" at "+instant(r.At)+": "+amendedFacts(r.Facts))
	shown := 0
	for _, c := range r.Changes {
		if !c.Weighty() && len(c.ContentsAdded)+len(c.ContentsRemoved) == 0 {
			continue
		}
		if shown++; most > 0 && shown > most {
			p.para(2, "… and more: tocsin incident revisions")
			return
		}
		p.para(2, c.Says())
		p.para(6, c.Why)
		if len(c.ContentsAdded) > 0 {
			p.para(6, "must hold besides: "+strings.Join(c.ContentsAdded, ", "))
		}
		if len(c.ContentsRemoved) > 0 {
			p.para(6, "need no longer hold: "+strings.Join(c.ContentsRemoved, ", "))
		}
	}
	if shown == 0 && r.JudgedAt != nil {
		p.para(2, "no duty is another one for that")
	}
}

func amendedFacts(list []breach.FactChange) string {
	var out []string
	for _, f := range list {
		said := strings.TrimPrefix(f.Path, "facts.")
		if f.From != "" || f.To != "" {
			said += " " + or(f.To, "unknown") + " (was " + or(f.From, "unknown") + ")"
		}
		out = append(out, said)
	}
	if len(out) == 0 {
		return "opened"
	}
	return strings.Join(out, "; ")
}

func (c *cli) revisions() *cobra.Command {
	return &cobra.Command{
		Use: "revisions ID", Short: "Who amended which facts, and what that changed",
		Example: "  tocsin incident revisions 3f9a…\n  tocsin incident revisions 3f9a… -o json", Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error { return c.showRevisions(cmd.Context(), args[0]) },
	}
}

func (c *cli) showRevisions(ctx context.Context, id string) error {
	k, err := c.connect()
	if err != nil {
		return err
	}
	var out struct {
		Revisions []breach.Revision `json:"revisions"`
	}
	if err := k.do(ctx, call{method: http.MethodGet, path: incidentPath(id, "revisions")}, &out); err != nil {
		return err
	}
	return c.answer(out, func(p *page) {
		for _, r := range out.Revisions {
			p.head("Facts no. " + strconv.Itoa(r.Revision))
			showRevision(p, r, 0)
		}
	})
}

// delay puts on record why duties are late.
func (c *cli) delay() *cobra.Command {
	var why string
	var all bool
	cmd := &cobra.Command{
		Use: "delay ID [OBLIGATION...] --reason WHY", Short: "Say why duties are late: without that nothing is filed or met late",
		Long: "The reason stands on the record and in the evidence, and goes into reports whose\n" +
			"law asks for it. With --all it is the reason of every duty that waits for one.",
		Example: "  tocsin report delay 3f9a… eu-gdpr/authority/initial \\\n    --reason \"found on a holiday\"\n  tocsin report delay 3f9a… --all --reason \"found on a holiday\"",
		Args:    cobra.MinimumNArgs(1), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "reason"); err != nil {
				return err
			}
			if all == (len(args) > 1) {
				return usagef("name the duties by their ids, or give --all")
			}
			return c.sayWhyLate(cmd.Context(), args[0], args[1:], why)
		},
	}
	cmd.Flags().StringVar(&why, "reason", "", "why; it names no person")
	cmd.Flags().BoolVar(&all, "all", false, "every duty that waits for a reason")
	return cmd
}

func (c *cli) sayWhyLate(ctx context.Context, id string, obligations []string, why string) error {
	k, err := c.connect()
	if err != nil {
		return err
	}
	if len(obligations) == 0 {
		var v breach.Overview
		if err := k.get(ctx, incidentPath(id), nil, &v); err != nil {
			return err
		}
		if obligations = v.Unexplained(); len(obligations) == 0 {
			return no("no duty is late without a reason")
		}
	}
	slices.Sort(obligations)
	var out map[string]bool
	if err := k.post(ctx, incidentPath(id, "delays"), map[string]any{"obligations": obligations, "why": why}, &out); err != nil {
		return err
	}
	return c.answer(out, func(p *page) { p.para(0, "On record: why these are late: "+strings.Join(obligations, ", ")) })
}
