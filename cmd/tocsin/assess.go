package main

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/intake"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

func (c *cli) assess() *cobra.Command {
	var file, from, profile, at string
	var all bool
	cmd := &cobra.Command{
		Use: "assess -f FILE", Short: "Severity, duties and deadlines from facts, offline",
		Long: `Assess facts (a fact file or an incident file, JSON or YAML; - reads stdin)
without a server. Absent and null mean unknown, never no or zero: what cannot
be told yet says what is missing. Exit status 1 when the facts cannot be used.`,
		Example: "  tocsin assess -f facts.json --policy mooc\n  tocsin assess -f breach.json --from veris --all -o json",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd, "file"); err != nil {
				return err
			}
			now := c.now()
			if at != "" {
				var err error
				if now, err = time.Parse(time.RFC3339, at); err != nil {
					return usagef("--at takes a time such as 2026-03-01T09:30:00+08:00")
				}
			}
			return c.judge(file, from, profile, now.UTC(), all)
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "facts, - for stdin")
	cmd.Flags().StringVar(&from, "from", "tocsin", "form of the file: tocsin or veris")
	cmd.Flags().StringVar(&profile, "policy", "", "what the organisation promised: mooc, chinesepod or a file; default: that of an incident file")
	cmd.Flags().StringVar(&at, "at", "", "assess as of this time (RFC 3339); default: now")
	cmd.Flags().BoolVar(&all, "all", false, "show regimes that do not apply, too, with the reason")
	fixed(cmd, "from", "tocsin", "veris")
	fixed(cmd, "policy", policy.BuiltinProfiles...)
	return cmd
}

func (c *cli) judge(file, from, profile string, now time.Time, all bool) error {
	body, err := c.read(file)
	if err != nil {
		return err
	}
	facts, own, notes, err := factsFrom(body, from)
	if err != nil {
		return err
	}
	if profile == "" {
		profile = own
	}
	var p policy.Profile // none: no promises of the organisation's own
	if profile != "" {
		if p, err = findPolicy(profile); err != nil {
			return err
		}
	}
	rules, err := policy.LoadRules()
	if err != nil {
		return err
	}
	j, err := rules.Judge(facts, p, now)
	if err != nil {
		return err
	}
	if !all {
		j = policy.Relevant(j)
	}
	for _, n := range notes {
		c.tell("note: " + n)
	}
	return c.answer(j, func(p *page) { showJudgement(p, j, now) })
}

// factsFrom reads a fact file, an incident file, or a VERIS incident.
func factsFrom(body []byte, from string) (f breach.Facts, profile string, notes []string, err error) {
	switch from {
	case "veris":
		file, notes, err := intake.FromVERIS(body)
		return file.Facts, "", notes, err
	case "tocsin":
	default:
		return f, "", nil, usagef("--from takes tocsin or veris")
	}
	if f, err = breach.ParseFacts(body); err == nil {
		return f, "", nil, nil
	}
	var e *breach.Error
	if !errors.As(err, &e) || len(e.Fields) > 0 {
		return f, "", nil, err
	}
	// Without a complaint about a field it is no fact file at all; it may be an incident file.
	file, other := breach.ParseIncident(body)
	if other == nil {
		return file.Facts, file.Policy, nil, nil
	}
	var o *breach.Error
	if errors.As(other, &o) && len(o.Fields) > 0 && o.Fields[0].Where != "facts" {
		return f, "", nil, other
	}
	return f, "", nil, err
}

func showJudgement(p *page, j breach.Judgement, now time.Time) {
	p.line("Severity " + severity(j.Assessment))
	for _, w := range j.Assessment.Why {
		p.para(2, w)
	}
	if len(j.Assessment.Missing) > 0 {
		p.para(2, "missing: "+strings.Join(j.Assessment.Missing, ", "))
	}
	for _, group := range []struct {
		verdict breach.Verdict
		title   string
	}{{breach.Applies, "Applies"}, {breach.CannotTell, "Cannot tell yet"}, {breach.DoesNotApply, "Does not apply"}} {
		first := true
		for _, o := range j.Obligations {
			if o.Verdict != group.verdict {
				continue
			}
			if first {
				p.head(group.title)
				first = false
			}
			showObligation(p, o, now)
		}
	}
	if len(j.Obligations) == 0 {
		p.head("No duty applies")
		p.line("  --all shows what was looked at and why it does not apply.")
	}
}

func showObligation(p *page, o breach.Obligation, now time.Time) {
	title := o.Title
	if title == "" {
		title = strings.ReplaceAll(o.Duty, "_", " ")
	}
	p.para(2, title)
	p.para(4, o.ID+" ("+o.Citation+")")
	if o.Verdict != breach.DoesNotApply {
		if due := deadline(o, now); due != "" {
			p.para(4, due)
		}
	}
	for _, b := range o.Because {
		p.para(4, "- "+b)
	}
	if len(o.Missing) > 0 {
		p.para(4, "- missing: "+strings.Join(o.Missing, ", "))
	}
	for _, q := range o.Questions {
		p.para(4, "- a person must answer: "+q)
	}
	p.gap()
}

func deadline(o breach.Obligation, now time.Time) string {
	var s string
	switch {
	case o.DueAt != nil && o.Overdue:
		s = "OVERDUE since " + instant(*o.DueAt)
	case o.DueAt != nil:
		s = "due " + instant(*o.DueAt) + ", " + span(o.DueAt.Sub(now)) + " left"
	case o.Clock != nil && o.Clock.Soft != "":
		return "when: " + o.Clock.Soft
	default:
		return ""
	}
	if o.Clock != nil {
		s += ", counted from " + o.Clock.From
		if o.Clock.Provisional {
			s += " (provisional: the start is not known)"
		}
	}
	return s
}
