package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/intake"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// assessing is what one call of assess asks for.
type assessing struct {
	file, dir, from, profile string
	all, list                bool
	regimes                  []string
	rules                    []string // packs of the user's own
	verdict                  string
	now                      time.Time
}

func (c *cli) assess() *cobra.Command {
	var a assessing
	var at string
	cmd := &cobra.Command{
		Use: "assess (-f FILE | --dir DIR)", Short: "Severity, duties and deadlines from facts, offline",
		Long: `Assess facts (a fact file or an incident file, JSON or YAML; - reads stdin)
without a server. Absent and null mean unknown, never no or zero: what cannot
be told yet says what is missing. Exit status 1 when the facts cannot be used.

--from veris and --from hibp read incidents in VERIS and breach records of Have
I Been Pwned; what they do not say is unknown. A directory (*.json, those below
it too), or a file with a list of records, gives a table of verdicts by regime:
for each incident the firmest verdict among the duties of the regime. What
cannot be read is named and does not stop the rest; the exit status is 1 then.`,
		Example: "  tocsin assess -f facts.json --policy mooc\n  tocsin assess -f breach.json --from veris --all -o json\n" +
			"  tocsin assess --from veris --dir vcdb --list\n  tocsin assess --from hibp -f breaches.json --regime eu-gdpr --verdict applies",
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			a.now = c.now().UTC()
			if at != "" {
				t, err := time.Parse(time.RFC3339, at)
				if err != nil {
					return usagef("--at takes a time such as 2026-03-01T09:30:00+08:00")
				}
				a.now = t.UTC()
			}
			return c.judge(cmd.Context(), a)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&a.file, "file", "f", "", "facts, - for stdin")
	f.StringVar(&a.dir, "dir", "", "assess every file of this directory")
	f.StringVar(&a.from, "from", "tocsin", "form of the files: tocsin, veris or hibp")
	f.StringVar(&a.profile, "policy", "", "what the organisation promised: mooc, chinesepod or a file; default: that of an incident file")
	f.StringVar(&at, "at", "", "assess as of this time (RFC 3339); default: now")
	f.BoolVar(&a.all, "all", false, "show regimes that do not apply, too, with the reason")
	f.BoolVar(&a.list, "list", false, "of many: also one line for each incident")
	rulesFlag(cmd, &a.rules)
	f.StringSliceVar(&a.regimes, "regime", nil, "of many: only these regimes (repeatable, or with commas)")
	f.StringVar(&a.verdict, "verdict", "", "of many: only incidents of which a regime shown gives this verdict (applies, cannot_tell, does_not_apply)")
	fixed(cmd, "from", "tocsin", "veris", "hibp")
	fixed(cmd, "policy", policy.BuiltinProfiles...)
	fixed(cmd, "verdict", string(breach.Applies), string(breach.CannotTell), string(breach.DoesNotApply))
	return cmd
}

func (c *cli) judge(ctx context.Context, a assessing) error {
	if (a.file == "") == (a.dir == "") {
		return usagef("give either --file or --dir")
	}
	if a.from != "tocsin" && sourceOf(a.from) == nil {
		return usagef("--from takes tocsin, veris or hibp")
	}
	if a.verdict != "" && !slices.Contains([]breach.Verdict{breach.Applies, breach.CannotTell, breach.DoesNotApply}, breach.Verdict(a.verdict)) {
		return usagef("--verdict takes applies, cannot_tell or does_not_apply")
	}
	if a.dir != "" {
		return c.judgeDir(ctx, a)
	}
	body, err := c.readAtMost(a.file, a.limit())
	if err != nil {
		return err
	}
	if a.from != "tocsin" {
		records, isList, err := intake.Records(body)
		if err != nil {
			return err
		}
		if isList {
			return c.judgeMany(ctx, a, split(a.file, records), nil)
		}
		body = records[0]
	}
	if a.list || a.verdict != "" || len(a.regimes) > 0 {
		return usagef("--list, --regime and --verdict are for many incidents: a directory, or a file with a list")
	}
	return c.judgeOne(a, body)
}

func (c *cli) judgeOne(a assessing, body []byte) error {
	facts, own, notes, err := factsFrom(body, a.from)
	if err != nil {
		return err
	}
	p, err := a.policyFor(own)
	if err != nil {
		return err
	}
	rules, err := loadRules(a.rules)
	if err != nil {
		return err
	}
	j, err := rules.Judge(facts, p, a.now)
	if err != nil {
		return err
	}
	if !a.all {
		j = policy.Relevant(j)
	}
	j.Assessment = j.Assessment.WithOverrides(facts)
	for _, n := range notes {
		c.tell("note: " + n)
	}
	return c.answer(j, func(p *page) { showJudgement(p, j, a.now) })
}

// policyFor is the policy that was asked for, else the incident's own; the zero one means no promises.
func (a assessing) policyFor(own string) (policy.Profile, error) {
	if a.profile != "" {
		own = a.profile
	}
	if own == "" {
		return policy.Profile{}, nil
	}
	return findPolicy(own)
}

func sourceOf(name string) *intake.Source {
	for i := range intake.Sources {
		if intake.Sources[i].Name == name {
			return &intake.Sources[i]
		}
	}
	return nil
}

// factsFrom reads a fact file, an incident file, or a record of an outside source.
func factsFrom(body []byte, from string) (f breach.Facts, profile string, notes []string, err error) {
	if s := sourceOf(from); s != nil {
		file, notes, err := s.Read(body)
		return file.Facts, "", notes, err
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
	for i, w := range j.Assessment.Why {
		p.para(2, w)
		if o := j.Assessment.Cells[i].Override; o != nil {
			p.para(4, "by "+cmp.Or(o.By, "nobody named")+": "+o.Reason)
		}
	}
	if len(j.Assessment.Flags) > 0 {
		for _, f := range j.Assessment.Flags {
			p.para(2, "beside the score: "+cmp.Or(flagWords[f], f))
		}
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
	if len(j.LeftOut) > 0 {
		p.head("Left out by the policy: rules that nobody has verified")
		for _, id := range j.LeftOut {
			p.para(2, id)
		}
	}
	if len(j.Obligations) == 0 {
		p.head("No duty applies")
		p.line("  --all shows what was looked at and why it does not apply.")
	}
}

// flagWords say the flags of a score.
var flagWords = map[string]string{
	policy.FlagCount:          "more than 100 people are affected (" + policy.FlagCount + ")",
	policy.FlagUnintelligible: "nobody can read the data, because of good encryption or a good hash (" + policy.FlagUnintelligible + ")",
}

func showObligation(p *page, o breach.Obligation, now time.Time) {
	title := o.Title
	if title == "" {
		title = strings.ReplaceAll(o.Duty, "_", " ")
	}
	p.para(2, title)
	p.para(4, o.ID+" ("+o.Citation+")")
	if !o.Verified {
		p.para(4, "NOT VERIFIED: nobody has checked this rule against its source")
	}
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
		p.para(4, "- "+asksFor(o)+q)
	}
	p.gap()
}

// asksFor says what an answer is for: a duty that applies stands without one, and an answer can only take it away.
func asksFor(o breach.Obligation) string {
	if o.Verdict == breach.Applies {
		return "applies unless a person answers: "
	}
	return "a person must answer: "
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
