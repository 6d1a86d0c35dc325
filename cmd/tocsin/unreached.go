package main

import (
	"context"
	"encoding/csv"
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
)

// takesCSV marks commands that can answer with -o csv.
const takesCSV = "csv"

func (c *cli) unreached() *cobra.Command {
	var q breach.UnreachedQuery
	var outcome string
	cmd := &cobra.Command{
		Use: "unreached ID", Short: "Everybody who is not reached, and why",
		Long: `List everybody who is not reached: reference code, outcome, why, the channels
that were tried and when. -o csv gives a file for a spreadsheet. No contact is
shown; --contacts shows which ones there are, masked, and is put on record.`,
		Example: "  tocsin person unreached 3f9a…\n  tocsin person unreached 3f9a… --reason failed_everywhere -o csv",
		Args:    exactly("ID"), ValidArgsFunction: c.completeIncident, Annotations: map[string]string{takesCSV: "yes"},
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Outcome = breach.Outcome(outcome)
			return c.listUnreached(cmd.Context(), args[0], q)
		},
	}
	cmd.Flags().StringVar(&outcome, "outcome", "", "only people of this outcome")
	cmd.Flags().StringVar(&q.Reason, "reason", "", "only people with this reason")
	cmd.Flags().BoolVar(&q.Contacts, "contacts", false, "show which contacts they have, masked")
	var words []string
	for _, o := range breach.Outcomes[1:] {
		words = append(words, string(o))
	}
	fixed(cmd, "outcome", words...)
	return cmd
}

// listUnreached writes page after page as it comes, so that a list of millions takes no memory.
func (c *cli) listUnreached(ctx context.Context, id string, q breach.UnreachedQuery) error {
	k, err := c.connect()
	if err != nil {
		return err
	}
	query := url.Values{"limit": {strconv.Itoa(breach.MostUnreached)}}
	for name, v := range map[string]string{"outcome": string(q.Outcome), "reason": q.Reason} {
		if v != "" {
			query.Set(name, v)
		}
	}
	if q.Contacts {
		query.Set("contacts", "true")
	}
	w := c.unreachedWriter()
	for first := true; ; first = false {
		var page breach.UnreachedPage
		if err := k.do(ctx, call{method: http.MethodGet, path: incidentPath(id, "unreached"), query: query, patience: 5 * time.Minute}, &page); err != nil {
			return err
		}
		if first {
			if err := w.begin(page.Counts); err != nil {
				return err
			}
		}
		for _, u := range page.People {
			if err := w.add(u); err != nil {
				return err
			}
		}
		if page.Next == "" {
			return w.end()
		}
		query.Set("after", page.Next)
	}
}

// unreachedWriter writes the list in one form, piece by piece.
type unreachedWriter interface {
	begin(counts []breach.UnreachedCount) error
	add(u breach.Unreached) error
	end() error
}

func (c *cli) unreachedWriter() unreachedWriter {
	switch c.output {
	case "json":
		return &unreachedJSON{out: c.out}
	case "csv":
		return &unreachedCSV{out: csv.NewWriter(c.out)}
	}
	return &unreachedText{out: c.out, width: c.width}
}

type unreachedJSON struct {
	out io.Writer
	n   int
}

func (w *unreachedJSON) begin(counts []breach.UnreachedCount) error {
	if counts == nil {
		counts = []breach.UnreachedCount{}
	}
	b, err := json.Marshal(counts)
	if err == nil {
		_, err = fmt.Fprintf(w.out, "{\"counts\": %s,\n\"people\": [", b)
	}
	return err
}

func (w *unreachedJSON) add(u breach.Unreached) error {
	b, err := json.Marshal(u)
	if err != nil {
		return err
	}
	before := ",\n"
	if w.n == 0 {
		before = "\n"
	}
	w.n++
	_, err = fmt.Fprintf(w.out, "%s%s", before, b)
	return err
}

func (w *unreachedJSON) end() error {
	_, err := io.WriteString(w.out, "\n]}\n")
	return err
}

type unreachedCSV struct{ out *csv.Writer }

func (w *unreachedCSV) begin([]breach.UnreachedCount) error {
	return w.out.Write([]string{"reference", "list", "outcome", "reason", "why", "until", "last_attempt", "tried", "contacts"})
}

func (w *unreachedCSV) add(u breach.Unreached) error {
	return w.out.Write([]string{
		u.Reference, strconv.Itoa(u.Wave), string(u.Outcome), u.Reason, u.Why, stamp(u.Until), stamp(u.LastAttempt), triedWords(u.Tried), strings.Join(u.Masked, "; "),
	})
}

func (w *unreachedCSV) end() error {
	w.out.Flush()
	return w.out.Error()
}

type unreachedText struct {
	out   io.Writer
	width int
	n     int
}

func (w *unreachedText) begin(counts []breach.UnreachedCount) error {
	p := newPage(w.width)
	var all int64
	for _, n := range counts {
		all += n.People
	}
	p.line("Not reached: " + count(all))
	for _, n := range counts {
		word := stateWord(breach.PersonMachine, string(n.Outcome))
		if n.Reason != "" {
			word += ", " + strings.ReplaceAll(n.Reason, "_", " ")
		}
		p.line(fmt.Sprintf("  %9s  %s", count(n.People), bar(n.People, all, 20)))
		p.para(13, word)
	}
	_, err := io.WriteString(w.out, p.String())
	return err
}

func (w *unreachedText) add(u breach.Unreached) error {
	p := newPage(w.width)
	if w.n == 0 {
		p.head("People")
	}
	w.n++
	p.para(0, u.Reference+"  "+stateWord(breach.PersonMachine, string(u.Outcome))+", list "+strconv.Itoa(u.Wave))
	why := u.Why
	if u.Until != nil {
		why += " Until " + instant(*u.Until) + "."
	}
	p.para(4, why)
	if len(u.Tried) > 0 {
		p.para(4, "tried: "+triedWords(u.Tried)+"; last "+instant(*u.LastAttempt))
	}
	if len(u.Masked) > 0 {
		p.para(4, "contacts: "+strings.Join(u.Masked, ", "))
	}
	_, err := io.WriteString(w.out, p.String())
	return err
}

func (w *unreachedText) end() error { return nil }

func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func triedWords(tried []breach.Tried) string {
	out := make([]string, len(tried))
	for i, t := range tried {
		out[i] = string(t.Channel)
		if t.Addressee == breach.ToGuardian {
			out[i] += " to the guardian"
		}
		if t.Tries > 1 {
			out[i] += " " + strconv.Itoa(t.Tries) + " times"
		}
		out[i] += " " + strings.ReplaceAll(strings.TrimSpace(string(t.State)+" "+t.Reason), "_", " ")
	}
	return strings.Join(out, "; ")
}

func (c *cli) tryAgain() *cobra.Command {
	var r breach.Retry
	var channel string
	var dry bool
	cmd := &cobra.Command{
		Use: "again ID --why WHY", Short: "Try those again whom no channel reached",
		Long: `Give those whom no channel reached a new set of tries, also where an
announcement covers them. Whom a message may have reached is not sent another
one, and who has no contact or is not allowed stays; the answer counts them.
--dry-run only says what would happen.`,
		Example: "  tocsin send again 3f9a… --dry-run\n  tocsin send again 3f9a… --reason failed_everywhere \\\n    --channel email --why \"the mail server was down\"",
		Args:    exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Channel = breach.Channel(channel)
			if dry {
				return c.wouldTryAgain(cmd.Context(), args[0], r)
			}
			if err := required(cmd, "why"); err != nil {
				return err
			}
			k, err := c.connect()
			if err != nil {
				return err
			}
			var out breach.Retried
			asked := map[string]string{"why": r.Why}
			if r.Reason != "" {
				asked["reason"] = r.Reason
			}
			if channel != "" {
				asked["channel"] = channel
			}
			body, err := json.Marshal(asked)
			if err != nil {
				return err
			}
			q := call{method: http.MethodPost, path: incidentPath(args[0], "send", "again"), body: body, kind: "application/json", patience: 5 * time.Minute}
			if err := k.do(cmd.Context(), q, &out); err != nil {
				return err
			}
			return c.answer(out, func(p *page) { showRetried(p, "are tried again", out) })
		},
	}
	cmd.Flags().StringVar(&r.Reason, "reason", "", "only people with this reason, such as failed_everywhere")
	cmd.Flags().StringVar(&channel, "channel", "", "only by this channel")
	cmd.Flags().StringVar(&r.Why, "why", "", "why; it stands on the record and names no person")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would happen, and change nothing")
	fixed(cmd, "channel", "email", "sms", "push")
	return cmd
}

func (c *cli) wouldTryAgain(ctx context.Context, id string, r breach.Retry) error {
	k, err := c.connect()
	if err != nil {
		return err
	}
	query := url.Values{}
	if r.Reason != "" {
		query.Set("reason", r.Reason)
	}
	if r.Channel != "" {
		query.Set("channel", string(r.Channel))
	}
	var out breach.Retried
	if err := k.do(ctx, call{method: http.MethodGet, path: incidentPath(id, "send", "again"), query: query, patience: 5 * time.Minute}, &out); err != nil {
		return err
	}
	return c.answer(out, func(p *page) { showRetried(p, "would be tried again", out) })
}

func showRetried(p *page, what string, out breach.Retried) {
	p.line(count(out.People) + " people " + what + ".")
	if out.Covered > 0 {
		p.para(2, count(out.Covered)+" of them are covered by the announcement; until the new tries are over they count as not told.")
	}
	for _, why := range sortedKeys(out.Stays) {
		p.para(2, count(out.Stays[why])+" stay as they are: "+strings.ReplaceAll(why, "_", " "))
	}
}

func (c *cli) announce() *cobra.Command {
	cmd := c.group(&cobra.Command{Use: "announce", Short: "Tell the public", Example: "  tocsin announce now 3f9a… --why \"…\""})
	var why string
	now := &cobra.Command{
		Use: "now ID --why WHY", Short: "Publish the approved announcement now",
		Long: `Publish the announcement of the newest approved plan now, while people go on
being told one by one: nobody's own message is taken away. Only a lead decides.`,
		Example: "  tocsin announce now 3f9a… --why \"the relay is too slow\"",
		Args:    exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "why"); err != nil {
				return err
			}
			k, err := c.connect()
			if err != nil {
				return err
			}
			var out breach.AnnounceNow
			if err := k.post(cmd.Context(), incidentPath(args[0], "announce"), map[string]string{"why": why}, &out); err != nil {
				return err
			}
			return c.answer(out, func(p *page) {
				p.exact("It is being published:\n  tocsin incident status " + args[0] + "\n")
			})
		},
	}
	now.Flags().StringVar(&why, "why", "", "why; it stands on the record and names no person")
	cmd.AddCommand(now)
	return cmd
}
