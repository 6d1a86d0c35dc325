package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func (c *cli) plan() *cobra.Command {
	cmd := c.group(&cobra.Command{Use: "plan", Short: "Submit, read, approve or return what will be sent",
		Example: "  tocsin plan submit 3f9a…\n  tocsin plan show 3f9a…\n  tocsin plan approve 3f9a… --plan-hash 41cd…"})
	cmd.AddCommand(c.planSubmit(), c.planCheck(), c.planWaive(), c.planShow(), c.planApprove(), c.planReturn())
	return cmd
}

func (c *cli) planSubmit() *cobra.Command {
	var wave int
	var reports bool
	cmd := &cobra.Command{
		Use: "submit ID", Short: "Put the plan of a list up for approval by a second person",
		Long: `Put the plan of a list of people up for approval, with the reports that are owed
to authorities. Authorities do not wait until the people are known: a plan with
--reports-alone holds nothing but the reports that are owed now.`,
		Example: "  tocsin plan submit 3f9a…\n  tocsin plan submit 3f9a… --reports-alone", Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if wave < 0 {
				return usagef("--wave takes the number of a list")
			}
			if reports && wave != 0 {
				return usagef("--reports-alone is for no list: leave --wave out")
			}
			body := map[string]any{"wave": wave}
			if reports {
				body = map[string]any{"reports_alone": true}
			}
			return c.submit(cmd.Context(), args[0], body)
		},
	}
	cmd.Flags().IntVar(&wave, "wave", 0, "number of the list; 0 is the newest")
	cmd.Flags().BoolVar(&reports, "reports-alone", false, "nothing but the reports that are owed")
	return cmd
}

func (c *cli) submit(ctx context.Context, id string, body map[string]any) error {
	k, err := c.connect()
	if err != nil {
		return err
	}
	var out breach.Submitted
	if err := k.post(ctx, incidentPath(id, "plan"), body, &out); err != nil {
		return err
	}
	return c.answer(out, func(p *page) {
		p.line("Submitted. Another person with the role lead reads and approves it:")
		p.line("  tocsin plan show " + id)
		p.exact("  tocsin plan approve " + id + " --plan-hash \\\n    " + out.PlanHash + "\n")
	})
}

// planView is the server's answer; bodies stay the bytes that were hashed.
type planView struct {
	Plan  breach.PlanRecord `json:"plan"`
	Texts []struct {
		Ref  breach.NoticeRef `json:"ref"`
		Body json.RawMessage  `json:"body"`
	} `json:"texts"`
	Ways    *breach.Ways    `json:"ways,omitempty"`
	SMSCost *breach.SMSCost `json:"sms_cost,omitempty"`
}

func (c *cli) planShow() *cobra.Command {
	var wave int
	cmd := &cobra.Command{
		Use: "show ID", Short: "Read a plan: people, channels, rules, and every text",
		Long: `Read the newest plan of a list. The hash is computed again here from what the
server sent, so that what you read is what you approve.`,
		Example: "  tocsin plan show 3f9a…\n  tocsin plan show 3f9a… -o json | jq -r .plan.hash", Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error { return c.showPlan(cmd.Context(), args[0], wave) },
	}
	cmd.Flags().IntVar(&wave, "wave", 0, "number of the list; 0 is the newest")
	return cmd
}

func (c *cli) showPlan(ctx context.Context, id string, wave int) error {
	k, err := c.connect()
	if err != nil {
		return err
	}
	var v planView
	query := url.Values{}
	if wave != 0 {
		query.Set("wave", strconv.Itoa(wave))
	}
	if err := k.get(ctx, incidentPath(id, "plan"), query, &v); err != nil {
		return err
	}
	if err := v.check(); err != nil {
		return err
	}
	return c.answer(v, v.show)
}

// check computes all hashes anew.
func (v planView) check() error {
	if v.Plan.Plan.Hash() != v.Plan.Hash {
		return no("the plan that the server sent has another hash than the one that it names: do not approve it, and tell the operator")
	}
	covered := map[string]bool{}
	for _, refs := range [][]breach.NoticeRef{v.Plan.Plan.Notices, v.Plan.Plan.Announcement, v.Plan.Plan.Reports} {
		for _, r := range refs {
			covered[r.SHA256] = true
		}
	}
	for _, t := range v.Texts {
		sum := sha256.Sum256(t.Body)
		if !covered[hex.EncodeToString(sum[:])] {
			return no("a %s text for %s is not one that the plan covers: do not approve it, and tell the operator", t.Ref.Kind, t.Ref.Channel)
		}
		delete(covered, hex.EncodeToString(sum[:]))
	}
	for _, t := range v.Texts {
		delete(covered, t.Ref.SHA256) // the same text under two names
	}
	if len(covered) > 0 {
		return no("the server left out %d of the texts that the plan covers: do not approve it, and tell the operator", len(covered))
	}
	return nil
}

func (v planView) show(p *page) {
	plan := v.Plan.Plan
	p.line(fmt.Sprintf("Plan of list %d, revision %d: %s", plan.Wave, plan.Revision, strings.ReplaceAll(string(v.Plan.State), "_", " ")))
	p.exact("hash " + v.Plan.Hash + "\n")
	p.line("written by " + v.Plan.Author + ", " + instant(v.Plan.CreatedAt))
	if v.Plan.DecidedBy != "" {
		p.para(0, strings.ReplaceAll(string(v.Plan.State), "_", " ")+" by "+v.Plan.DecidedBy+", "+when(v.Plan.DecidedAt)+" "+v.Plan.Comment)
	}
	if len(v.Plan.Accepted) > 0 {
		p.para(0, "accepted though nobody had signed them off: "+strings.Join(v.Plan.Accepted, ", "))
	}
	showPlanPeople(p, plan)
	showWays(p, v.Ways, plan.Channels.AtOnce)
	showSMSCost(p, v.SMSCost)
	p.head("Rules")
	p.para(2, fmt.Sprintf("policy %s, judged from facts no. %d", plan.Channels.Policy, plan.Rules.FactRevision))
	showNumbers(p, plan.Numbers)
	showContents(p, plan.Contents)
	for _, t := range v.Texts {
		showText(p, t.Ref, t.Body)
	}
}

// showPlanPeople says who is told, and by what.
func showPlanPeople(p *page, plan breach.Plan) {
	p.head(fmt.Sprintf("People %s", count(plan.People.Total)))
	if plan.People.Total == 0 {
		p.para(2, "0 people: reports to authorities only, filed as they stand below")
		return
	}
	var parts []string
	for _, ch := range breach.Channels {
		if n := plan.People.Reachable[ch]; n > 0 {
			parts = append(parts, string(ch)+" "+count(n))
		}
	}
	p.para(2, "reachable by "+strings.Join(parts, ", ")+"; by nothing "+count(plan.People.None))
	p.para(2, "children whose guardian is addressed: "+count(plan.People.Guardian))
	parts = parts[:0]
	for _, l := range sortedKeys(plan.People.ByLocale) {
		parts = append(parts, l+" "+count(plan.People.ByLocale[l]))
	}
	p.para(2, "languages: "+strings.Join(parts, ", "))
	order := make([]string, len(plan.Channels.Order))
	for i, ch := range plan.Channels.Order {
		order[i] = string(ch)
	}
	if plan.Channels.AtOnce {
		p.para(2, "channels: "+strings.Join(order, ", ")+", all at once")
		return
	}
	p.para(2, "channels: "+strings.Join(order, ", then "))
}

// showWays says by which channels the policy begins, and through whom.
func showWays(p *page, w *breach.Ways, atOnce bool) {
	if w == nil {
		return
	}
	said := "told first by: "
	if atOnce {
		said = "told by: "
	}
	var parts []string
	for _, f := range w.First {
		part := string(f.Channel)
		if f.Provider != "" {
			part += " through " + f.Provider
		}
		parts = append(parts, part+" "+count(f.People))
	}
	if len(parts) > 0 {
		p.para(2, said+strings.Join(parts, ", "))
	}
	if w.Nobody > 0 {
		p.para(2, "! "+count(w.Nobody)+" have contacts, none of which the policy lets anybody use")
	}
}

// showSMSCost says what telling everybody by text message would cost at most.
func showSMSCost(p *page, c *breach.SMSCost) {
	if c == nil || c.People == 0 {
		return
	}
	p.head("Text messages, at most")
	p.para(2, "if all of the "+count(c.People)+" people with a number get one: "+count(c.Parts)+" parts")
	for _, l := range c.Lines {
		line := l.Locale + " to " + cmp.Or(l.Country, "no known country") + " by " + cmp.Or(l.Provider, "nobody: the policy permits no provider") + ": " +
			count(l.People) + " people x " + smsSize(breach.SMSSize{Parts: l.Parts, UCS2: l.UCS2})
		if l.Cost == nil {
			line += " x unknown price = unknown"
		} else {
			line += fmt.Sprintf(" x %s %s = %.2f %s", strconv.FormatFloat(*l.Price, 'f', -1, 64), l.Currency, *l.Cost, l.Currency)
		}
		p.para(4, line)
	}
	for _, currency := range sortedKeys(c.Totals) {
		p.para(2, fmt.Sprintf("together %.2f %s", c.Totals[currency], currency))
	}
	if c.Unpriced > 0 {
		p.para(2, "and an unknown amount for "+count(c.Unpriced)+" people: the policy gives no price_per_part for them")
	}
}

func showText(p *page, ref breach.NoticeRef, body []byte) {
	name := ref.Kind + " by " + ref.Channel
	if ref.Kind != breach.KindNotice {
		name = ref.Kind + " " + ref.Channel
	}
	if ref.Variant != "" {
		name += " to " + ref.Variant
	}
	p.head(name + ", " + ref.Locale)
	if !ref.Reviewed {
		p.line("  (nobody who speaks this language has reviewed the template)")
	}
	var t breach.TextBody
	if json.Unmarshal(body, &t) != nil {
		p.line("  (cannot be shown; use -o json)")
		return
	}
	for _, part := range []string{"subject", "title", "text", "body", "link"} {
		if s := t.Parts[part]; s != "" {
			if part == "text" && ref.Channel == string(breach.SMS) {
				p.para(2, "before names and codes are filled in: "+smsSize(breach.SizeOfSMS(s)))
			}
			if part == "subject" || part == "title" {
				s = part + ": " + s
			}
			p.para(2, s)
		}
	}
	if t.Parts["html"] != "" {
		p.line("  (has an HTML version too; -o json shows it)")
	}
}

func (c *cli) planApprove() *cobra.Command {
	var hash string
	var accept bool
	cmd := &cobra.Command{
		Use: "approve ID --plan-hash SHA", Short: "Approve exactly this plan; people are told right after",
		Long: `Approve the plan with this hash and no other. Whoever wrote it cannot approve
it. Sending begins right after. While a text is of a template that nobody of the
organisation signed off ("tocsin templates sign-off"), it asks for
--accept-unreviewed; the approval, the record and the evidence say which texts
were accepted so, and by whom.`,
		Example: "  tocsin plan approve 3f9a… --plan-hash 41cd…", Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "plan-hash"); err != nil {
				return err
			}
			if !accept {
				if err := c.askUnreviewed(cmd.Context(), args[0], hash); err != nil {
					return err
				}
			}
			return c.decide(cmd.Context(), incidentPath(args[0], "plan", "approve"), map[string]any{"plan_hash": hash, "accept_unreviewed": accept},
				func(rec breach.PlanRecord) string {
					what := "Approved. People are being told:"
					if rec.Plan.People.Total == 0 {
						what = "Approved. The reports are being filed:"
					}
					return what + "\n  tocsin incident status " + args[0] + " --watch"
				})
		},
	}
	cmd.Flags().StringVar(&hash, "plan-hash", "", "hash of the plan that you read")
	cmd.Flags().BoolVar(&accept, "accept-unreviewed", false, "send texts that no reviewer of the organisation signed off")
	return cmd
}

// askUnreviewed refuses to approve a plan with texts that nobody signed off, and names them. A plan with another hash
// is the server's to refuse.
func (c *cli) askUnreviewed(ctx context.Context, id, hash string) error {
	k, err := c.connect()
	if err != nil {
		return err
	}
	var v planView
	if err := k.get(ctx, incidentPath(id, "plan"), nil, &v); err != nil {
		return err
	}
	if v.Plan.Hash != hash {
		return nil
	}
	names := v.Plan.Plan.Unreviewed()
	if len(names) == 0 {
		return nil
	}
	return no("nobody of the organisation has signed off: %s; have them read (tocsin templates sign-off), or say --accept-unreviewed", strings.Join(names, ", "))
}

func (c *cli) planReturn() *cobra.Command {
	var hash, comment string
	cmd := &cobra.Command{
		Use: "return ID --comment TEXT", Short: "Give a plan back to its author with what must change",
		Example: `  tocsin plan return 3f9a… --comment "name the hotline"`, Args: exactly("ID"), ValidArgsFunction: c.completeIncident,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "comment"); err != nil {
				return err
			}
			if hash == "" {
				k, err := c.connect()
				if err != nil {
					return err
				}
				var v planView
				if err := k.get(cmd.Context(), incidentPath(args[0], "plan"), nil, &v); err != nil {
					return err
				}
				hash = v.Plan.Hash
			}
			return c.decide(cmd.Context(), incidentPath(args[0], "plan", "return"), map[string]any{"plan_hash": hash, "comment": comment},
				func(breach.PlanRecord) string { return "Returned to its author." })
		},
	}
	cmd.Flags().StringVar(&comment, "comment", "", "what must change")
	cmd.Flags().StringVar(&hash, "plan-hash", "", "hash of the plan; default: the newest")
	return cmd
}

func (c *cli) decide(ctx context.Context, path string, body map[string]any, said func(breach.PlanRecord) string) error {
	k, err := c.connect()
	if err != nil {
		return err
	}
	var out breach.PlanRecord
	if err := k.post(ctx, path, body, &out); err != nil {
		return err
	}
	return c.answer(out, func(p *page) { p.exact(said(out) + "\n") })
}
