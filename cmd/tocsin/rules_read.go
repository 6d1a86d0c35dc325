package main

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/policy"
)

// packLine is one pack in `rules list -o json`.
type packLine struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	Kind         string   `json:"kind"`
	Jurisdiction string   `json:"jurisdiction"`
	Authority    string   `json:"authority"`
	Force        string   `json:"in_force"` // yes, not_yet, no_longer, pending
	From         string   `json:"from,omitempty"`
	To           string   `json:"to,omitempty"`
	Binding      string   `json:"binding"`
	Verified     bool     `json:"verified"`
	Unverified   []string `json:"unverified,omitempty"`
	LastChecked  string   `json:"last_checked"`
	Version      string   `json:"version"`
	SHA256       string   `json:"sha256"`
	BuiltIn      bool     `json:"built_in"`
	Obligations  int      `json:"obligations"`
}

func (c *cli) listRules() *cobra.Command {
	var dirs []string
	var where, kind, force string
	var unverified bool
	cmd := &cobra.Command{
		Use: "list", Short: "Every regime, whether it is in force and verified",
		Long: `List the rule packs in force here: the built-in ones, and with --rules those of
your own over them. A regime that is not verified says so: nobody has checked
its trigger or its deadlines against the source.`,
		Example: "  tocsin rules list\n  tocsin rules list --where US --in-force yes\n  tocsin rules list --unverified -o json", Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			r, err := loadRules(dirs)
			if err != nil {
				return err
			}
			lines := slices.DeleteFunc(packLines(r, c.now()), func(l packLine) bool {
				place := l.Jurisdiction == where || strings.HasPrefix(l.Jurisdiction, where+"-") || slices.Contains(strings.Split(l.Jurisdiction, "/"), where)
				return where != "" && !place || kind != "" && l.Kind != kind || force != "" && l.Force != force || unverified && l.Verified
			})
			return c.answer(struct {
				Packs []packLine `json:"packs"`
			}{lines}, func(p *page) { showPacks(p, lines) })
		},
	}
	rulesFlag(cmd, &dirs)
	f := cmd.Flags()
	f.StringVar(&where, "where", "", "only this jurisdiction and its parts, such as US or US-CA")
	f.StringVar(&kind, "kind", "", "only this kind, such as law or guidance")
	f.StringVar(&force, "in-force", "", "only those that are in force today: yes, not_yet, no_longer or pending")
	f.BoolVar(&unverified, "unverified", false, "only those that are not verified")
	fixed(cmd, "in-force", "yes", "not_yet", "no_longer", "pending")
	return cmd
}

func packLines(r *policy.Rules, now time.Time) []packLine {
	out := []packLine{}
	for _, p := range r.Infos() {
		l := packLine{p.ID, p.Name, p.Kind, p.Jurisdiction, p.Authority, "yes", p.InForce.From, p.InForce.To, p.Binding,
			p.Verified, p.Unverified, p.LastChecked, p.Version, p.SHA256, p.BuiltIn, 0}
		zone, err := time.LoadLocation(p.TimeZone)
		if err != nil {
			zone = time.UTC
		}
		switch today := now.In(zone).Format(time.DateOnly); {
		case p.InForce.Pending != "":
			l.Force = "pending"
		case l.From > today:
			l.Force = "not_yet"
		case l.To != "" && l.To < today:
			l.Force = "no_longer"
		}
		for _, d := range p.Duties {
			l.Obligations += len(d.Phases)
		}
		out = append(out, l)
	}
	return out
}

func showPacks(p *page, lines []packLine) {
	var rows [][]string
	unverified, own := 0, 0
	for _, l := range lines {
		force := map[string]string{"yes": "in force", "not_yet": "from " + l.From, "no_longer": "until " + l.To, "pending": "pending"}[l.Force]
		verified := "verified " + l.LastChecked
		if !l.Verified {
			verified = "UNVERIFIED " + l.LastChecked
			unverified++
		}
		id := l.ID
		if !l.BuiltIn {
			id += " *"
			own++
		}
		rows = append(rows, []string{id, l.Jurisdiction, force, verified})
	}
	whole := newPage(p.width)
	whole.table(0, rows)
	table := strings.Split(strings.TrimSuffix(whole.String(), "\n"), "\n")
	for i, line := range table {
		p.line(line)
		if len(table) == len(lines) { // else the page is so narrow that nobody could tell the lines apart
			p.line("    " + lines[i].Name)
		}
	}
	p.gap()
	p.line(count(int64(len(lines))) + " regimes, " + count(int64(unverified)) + " of them not verified.")
	if own > 0 {
		p.line("* not built in: a pack of your own.")
	}
}

func (c *cli) showRule() *cobra.Command {
	var dirs []string
	cmd := &cobra.Command{
		Use: "show ID", Short: "One regime in words: whom it binds, what it asks, by when",
		Long: `Show a rule pack (or one obligation of it): scope, duties, deadlines, contents,
exemptions, questions and sources. Conditions stand in braces, as the engine
evaluates them. -o json gives the pack itself.`,
		Example: "  tocsin rules show eu-gdpr\n  tocsin rules show us-ca/individuals/notice", Args: exactly("ID"),
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := loadRules(dirs)
			if err != nil {
				return err
			}
			id, _, _ := strings.Cut(args[0], "/")
			for _, p := range r.Infos() {
				if p.ID == id {
					return c.showPack(p, args[0])
				}
			}
			return no("there is no rule pack %s; \"tocsin rules list\" lists them", args[0])
		},
	}
	rulesFlag(cmd, &dirs)
	return cmd
}

func (c *cli) showPack(info policy.PackInfo, of string) error {
	plain, err := info.Plain()
	if err != nil {
		return err
	}
	plain["sha256"] = info.SHA256
	aspects := info.Aspects()
	if of != info.ID {
		duty := of[:max(strings.LastIndex(of, "/"), 0)]
		aspects = slices.DeleteFunc(aspects, func(a policy.Aspect) bool { return a.Of != of && a.Of != duty })
		if !slices.ContainsFunc(aspects, func(a policy.Aspect) bool { return a.Of == of }) {
			return no("%s has no obligation %s; \"tocsin rules show %s\" shows those it has", info.ID, of, info.ID)
		}
	}
	return c.answer(plain, func(p *page) {
		last := ""
		p.line(info.ID)
		for _, a := range aspects {
			if a.Of != last {
				p.gap()
				p.line(a.Of)
				last = a.Of
			}
			p.para(2, a.Name+": "+a.Says[0])
			for _, s := range a.Says[1:] {
				p.para(4, "- "+s)
			}
		}
		p.gap()
		p.line("version " + info.Version + ", SHA-256 " + info.SHA256)
	})
}

const builtIn = "built-in"

func (c *cli) diffRules() *cobra.Command {
	return &cobra.Command{
		Use: "diff OLD NEW", Short: "What changed between two sets of packs, in words",
		Long: `Say which regimes, duties, deadlines and conditions differ. OLD and NEW are each
a directory, a file, or the word built-in; a directory or file is laid over the
built-in packs, as a server would take it.`,
		Example: "  tocsin rules diff built-in my-packs/\n  tocsin rules diff last-year/ this-year/ -o json", Args: exactly("OLD", "NEW"),
		RunE: func(_ *cobra.Command, args []string) error {
			var sides [2]*policy.Rules
			for i, a := range args {
				var dirs []string
				if a != builtIn {
					dirs = []string{a}
				}
				var err error
				if sides[i], err = loadRules(dirs); err != nil {
					return err
				}
			}
			changes := policy.DiffRules(sides[0], sides[1])
			return c.answer(struct {
				Changes []policy.PackChange `json:"changes"`
			}{changes}, func(p *page) { showChanges(p, changes) })
		},
	}
}

func showChanges(p *page, changes []policy.PackChange) {
	if len(changes) == 0 {
		p.line("Nothing differs in what the packs say.")
	}
	pack := ""
	for _, ch := range changes {
		if ch.Pack != pack {
			p.head(ch.Pack)
			pack = ch.Pack
		}
		title := strings.TrimPrefix(strings.TrimPrefix(ch.Of, ch.Pack), "/")
		if title == "" {
			title = "the regime"
		}
		if ch.Aspect == "" {
			ch.Aspect = map[bool]string{true: "is new", false: "is gone"}[len(ch.After) > 0]
		}
		p.para(2, title+": "+ch.Aspect)
		for _, s := range ch.Before {
			p.para(4, "- "+s)
		}
		for _, s := range ch.After {
			p.para(4, "+ "+s)
		}
	}
}
