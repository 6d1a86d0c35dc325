package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
)

func (c *cli) send() *cobra.Command {
	cmd := c.group(&cobra.Command{Use: "send", Short: "Pause, resume, stop a delivery; let go on what is held back", Example: "  tocsin send pause 3f9a…"})
	path := func(verb string) func(string) string {
		return func(id string) string { return incidentPath(id, "send", verb) }
	}
	cmd.AddCommand(
		c.verb("pause", "Hand over nothing more until it is resumed", "Paused: nothing more is handed over.", path("pause"), "  tocsin send pause 3f9a…"),
		c.verb("resume", "Go on with what is missing", "Resumed.", path("resume"), "  tocsin send resume 3f9a…"),
		c.lift(),
		c.tryAgain(),
		c.verb("stop", "End a delivery for good", "Stopped for good. Who was not told is listed in the status.", path("stop"), "  tocsin send stop 3f9a…"),
	)
	return cmd
}

func (c *cli) report() *cobra.Command {
	cmd := c.group(&cobra.Command{Use: "report", Short: "Reports to authorities", Example: "  tocsin report list 3f9a…"})
	list := &cobra.Command{
		Use: "list ID", Short: "Duties to report, what was filed and what was acknowledged",
		Example: "  tocsin report list 3f9a…", Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error { return c.listReports(cmd.Context(), args[0]) },
	}
	var number string
	acknowledge := &cobra.Command{
		Use: "acknowledge ID OBLIGATION --number NUMBER", Short: "Enter the number that an authority gave",
		Example: "  tocsin report acknowledge 3f9a… cn-pipl-57/authority/initial --number 2026-118",
		Args:    exactly("ID", "OBLIGATION"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "number"); err != nil {
				return err
			}
			k, err := c.connect()
			if err != nil {
				return err
			}
			var out breach.Filing
			body := map[string]string{"obligation": args[1], "number": number}
			if err := k.post(cmd.Context(), incidentPath(args[0], "acknowledgements"), body, &out); err != nil {
				return err
			}
			return c.answer(out, func(p *page) { showFiling(p, out) })
		},
	}
	acknowledge.Flags().StringVar(&number, "number", "", "the authority's number")
	file := &cobra.Command{
		Use: "file ID OBLIGATION", Short: "File a report again that was refused, after its cause was mended",
		Example: "  tocsin report file 3f9a… eu-gdpr/authority/initial",
		Args:    exactly("ID", "OBLIGATION"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := c.connect()
			if err != nil {
				return err
			}
			var out map[string]bool
			if err := k.post(cmd.Context(), incidentPath(args[0], "filings"), map[string]string{"obligation": args[1]}, &out); err != nil {
				return err
			}
			return c.answer(out, func(p *page) { p.line("The report is being filed again: tocsin report list " + args[0]) })
		},
	}
	cmd.AddCommand(list, acknowledge, file, c.dutyText(), c.done(), c.delay())
	return cmd
}

// reports is what `report list -o json` gives.
type reports struct {
	Duties  []breach.Duty   `json:"obligations"`
	Filings []breach.Filing `json:"reports"`
}

func (c *cli) listReports(ctx context.Context, id string) error {
	k, err := c.connect()
	if err != nil {
		return err
	}
	var v breach.Overview
	if err := k.get(ctx, incidentPath(id), nil, &v); err != nil {
		return err
	}
	out := reports{Duties: []breach.Duty{}, Filings: v.Filings}
	for _, d := range v.Duties {
		if d.Duty == "notify_authority" && d.Verdict != breach.DoesNotApply {
			out.Duties = append(out.Duties, d)
		}
	}
	if out.Filings == nil {
		out.Filings = []breach.Filing{}
	}
	return c.answer(out, func(p *page) {
		if len(out.Duties)+len(out.Filings) == 0 {
			p.line("No report is due as far as the facts tell.")
		}
		var rows [][]string
		for _, d := range out.Duties {
			rows = append(rows, dutyRows(d, v.At)...)
		}
		p.table(2, rows)
		if len(out.Filings) > 0 {
			p.head("Filed")
		}
		for _, f := range out.Filings {
			showFiling(p, f)
		}
	})
}

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

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func when(t *time.Time) string {
	if t == nil {
		return ""
	}
	return instant(*t)
}

func (c *cli) invariant() *cobra.Command {
	return &cobra.Command{
		Use: "invariant ID", Short: "Do the outcomes add up to the people?",
		Long:    "Recount everybody from the rows and compare with the tallies. Exit status 1 when\nthey differ.",
		Example: "  tocsin invariant 3f9a…", Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := c.connect()
			if err != nil {
				return err
			}
			var v breach.Invariant
			if err := k.get(cmd.Context(), incidentPath(args[0], "invariant"), nil, &v); err != nil {
				return err
			}
			err = c.answer(v, func(p *page) { showInvariant(p, v) })
			if err == nil && !v.Equal {
				return errNo
			}
			return err
		},
	}
}

func showInvariant(p *page, v breach.Invariant) {
	rows := [][]string{{"outcome", "by the tally", "recounted"}}
	for _, o := range breach.Outcomes {
		rows = append(rows, []string{stateWord(breach.PersonMachine, string(o)), count(v.Tally[o]), count(v.Recount[o])})
	}
	rows = append(rows, []string{"sum", count(v.Tally.Sum()), count(v.Recount.Sum())})
	p.table(0, rows)
	if v.Equal {
		p.line("They add up to " + count(v.People) + " people, each with exactly one outcome.")
	} else {
		p.para(0, "They DO NOT add up to "+count(v.People)+" people: tell the operator.")
	}
}

const timelinePage = 500

// brief shows what an entry of the record says: its plain values, long hashes by their first digits.
func brief(data json.RawMessage) string {
	var values map[string]any
	if json.Unmarshal(data, &values) != nil {
		return ""
	}
	var parts []string
	for _, k := range sortedKeys(values) {
		switch v := values[k].(type) {
		case string:
			if len(v) == 64 {
				v = v[:12] + "…"
			}
			if v != "" {
				parts = append(parts, k+" "+v)
			}
		case float64, bool:
			parts = append(parts, fmt.Sprintf("%s %v", k, v))
		case []any:
			var words []string
			for _, w := range v {
				words = append(words, fmt.Sprint(w))
			}
			if len(words) > 0 {
				parts = append(parts, strings.ReplaceAll(k, "_", " ")+": "+strings.Join(words, "; "))
			}
		}
	}
	return strings.Join(parts, ", ")
}

func (c *cli) timeline() *cobra.Command {
	var after int64
	cmd := &cobra.Command{
		Use: "timeline ID", Short: "Everything that happened, with its hashes checked here",
		Example: "  tocsin timeline 3f9a…\n  tocsin timeline 3f9a… --after 120 -o json", Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if after < 0 {
				return usagef("--after takes the number of an entry")
			}
			return c.showTimeline(cmd.Context(), args[0], after)
		},
	}
	cmd.Flags().Int64Var(&after, "after", 0, "only entries after this number")
	return cmd
}

func (c *cli) showTimeline(ctx context.Context, id string, after int64) error {
	k, err := c.connect()
	if err != nil {
		return err
	}
	all := struct {
		Entries []breach.AuditEntry `json:"entries"`
	}{[]breach.AuditEntry{}}
	for at := after; ; {
		var some struct {
			Entries []breach.AuditEntry `json:"entries"`
		}
		query := url.Values{"after": {strconv.FormatInt(at, 10)}, "limit": {strconv.Itoa(timelinePage)}}
		if err := k.do(ctx, call{method: http.MethodGet, path: incidentPath(id, "timeline"), query: query}, &some); err != nil {
			return err
		}
		all.Entries = append(all.Entries, some.Entries...)
		if len(some.Entries) < timelinePage {
			break
		}
		at = some.Entries[len(some.Entries)-1].Seq
	}
	err = c.answer(all, func(p *page) {
		for _, e := range all.Entries {
			p.para(0, fmt.Sprintf("%5d  %s  %s, %s", e.Seq, e.At.UTC().Format("2006-01-02 15:04:05"), e.Action, e.Actor))
			if data := brief(e.Data); data != "" {
				p.para(7, data)
			}
		}
	})
	if err != nil || after > 0 {
		return err // the chain is checked from its beginning
	}
	if bad, err := evidence.VerifyChain(all.Entries); err != nil {
		return no("the chain is broken at entry %d: somebody changed the record", bad)
	}
	c.tell(fmt.Sprintf("%d entries, and every hash fits the one before it.", len(all.Entries)))
	return nil
}
