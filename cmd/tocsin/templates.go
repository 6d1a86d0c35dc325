package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/render"
)

func (c *cli) templates() *cobra.Command {
	cmd := c.group(&cobra.Command{Use: "templates", Short: "The words that people get: list, check, change, sign off",
		Example: "  tocsin templates list\n  tocsin templates lint my-templates/"})
	cmd.AddCommand(c.templatesList(), c.templatesLint(), c.templatesVariables(), c.templatesExport(), c.templatesSignOff())
	return cmd
}

// dirOf is the directory that a command names, or else none: the shipped templates.
func dirOf(cmd *cobra.Command, args []string) (string, error) {
	switch len(args) {
	case 0:
		return "", nil
	case 1:
		return args[0], nil
	}
	return "", usagef("there is more than %s wants: %s", cmd.CommandPath(), cmd.UseLine())
}

func (c *cli) templatesList() *cobra.Command {
	return &cobra.Command{
		Use: "list [DIR]", Short: "Every template, who signed it off, and what was changed",
		Long: `List the templates by kind and language: whether a reviewer of the organisation
signed the words off as they are, and which files of DIR replace shipped ones.
Without DIR it lists the shipped templates, which nobody has signed off.`,
		Example: "  tocsin templates list\n  tocsin templates list my-templates/ -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			_, e, err := loadTemplates(cmd, args)
			if err != nil {
				return err
			}
			var units []listed
			for _, u := range e.Units() {
				l := listed{Unit: u}
				if r, measured := e.Reading(u.Locale); measured && strings.HasPrefix(u.Name, "notice/") {
					l.Reading = &r
				}
				units = append(units, l)
			}
			return c.answer(units, func(p *page) {
				for _, u := range units {
					state := "unreviewed"
					switch {
					case u.Review != nil:
						state = "reviewed by " + u.Review.By + ", " + instant(u.Review.At)
					case u.Stale != nil:
						state = "unreviewed: " + u.Stale.By + " signed off other words than these"
					}
					p.para(0, u.Name+"  "+state)
					if len(u.Own) > 0 {
						p.para(4, "of your own: "+strings.Join(u.Own, ", "))
					}
					if u.Reading != nil {
						p.para(4, fmt.Sprintf("reads at %.0f of 100, 60 and more is plain: %s", u.Reading.Score, u.Reading.Formula))
					}
				}
			})
		},
	}
}

// listed is a template and, for a notice in a language that has a measure, how easily its words are read.
type listed struct {
	render.Unit
	Reading *render.Reading `json:"reading,omitempty"`
}

func loadTemplates(cmd *cobra.Command, args []string) (fs.FS, *render.Engine, error) {
	dir, err := dirOf(cmd, args)
	if err != nil {
		return nil, nil, err
	}
	files, err := render.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	e, err := render.NewFrom(files)
	return files, e, err
}

// linted is what `templates lint -o json` gives.
type linted struct {
	Findings []render.Finding          `json:"findings"`
	Reading  map[string]render.Reading `json:"reading,omitempty"` // by language, where a measure exists
}

func (c *cli) templatesLint() *cobra.Command {
	return &cobra.Command{
		Use: "lint [DIR]", Short: "Can these templates be used? Every fault by file and line",
		Long: `Judge the templates of a directory, laid over the shipped ones, as a server
would take them: variables that do not exist or are empty, blocks and sections
that are missing, links, images and counters, text messages that are too long
or hold characters that make them so, subjects that are cut, words that are hard
to read (for languages that have a measure). Exit status 1 when they cannot be
used; advice does not count. Without DIR it judges the shipped ones.`,
		Example: "  tocsin templates lint my-templates/\n  tocsin templates lint my-templates/ -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := dirOf(cmd, args)
			if err != nil {
				return err
			}
			files, err := render.Open(dir)
			if err != nil {
				return err
			}
			v := linted{Findings: append([]render.Finding{}, render.Lint(files)...)}
			if e, err := render.NewFrom(files); err == nil { // else the findings say why not
				v.Reading = e.Readings()
			}
			if err := c.answer(v, func(p *page) { showFindings(p, v.Findings); showReading(p, v.Reading) }); err != nil {
				return err
			}
			if render.Broken(v.Findings) {
				return errNo
			}
			return nil
		},
	}
}

func showFindings(p *page, list []render.Finding) {
	faults := 0
	for _, f := range list {
		at := f.File
		if f.Line > 0 {
			at += ":" + count(int64(f.Line))
		}
		if f.Advice {
			at += "  (advice)"
		} else {
			faults++
		}
		p.para(0, at)
		p.para(4, f.What)
	}
	if faults > 0 {
		p.line(count(int64(faults)) + " faults: a server would not start with these templates.")
		return
	}
	p.line("The templates can be used.")
}

// showReading says how easily the words of each language are read.
func showReading(p *page, all map[string]render.Reading) {
	for _, tag := range sortedKeys(all) {
		p.para(0, fmt.Sprintf("%s reads at %.0f of 100, 60 and more is plain: %s", tag, all[tag].Score, all[tag].Formula))
	}
}

func (c *cli) templatesVariables() *cobra.Command {
	return &cobra.Command{
		Use: "variables", Short: "What templates may show: types and examples",
		Example: "  tocsin templates variables\n  tocsin templates variables -o json", Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			all := render.Variables()
			return c.answer(all, func(p *page) {
				for _, v := range all {
					p.para(0, fmt.Sprintf("{{%s}}  %s, in: %s", v.Name, v.Type, v.Where))
					p.para(4, "such as: "+v.Example)
					if v.May != "" {
						p.para(4, "may be empty ("+v.May+"): ask first")
					}
				}
			})
		},
	}
}

func (c *cli) templatesExport() *cobra.Command {
	return &cobra.Command{
		Use: "export DIR", Short: "Write the shipped templates into a directory, to begin with",
		Long: `Write the shipped templates into a directory that is new or empty. Change what
you want, delete what you leave as it is, and name the directory in the setting
templates.dir.`,
		Example: "  tocsin templates export my-templates/", Args: exactly("DIR"),
		RunE: func(_ *cobra.Command, args []string) error {
			if there, err := os.ReadDir(args[0]); err == nil && len(there) > 0 {
				return no("the directory is not empty: name a new one")
			}
			if err := os.CopyFS(args[0], render.Shipped()); err != nil {
				return fileError(err)
			}
			return c.answer(map[string]string{"dir": args[0]}, func(p *page) {
				p.line("Written. Change the words, then: tocsin templates lint " + args[0])
			})
		},
	}
}

func (c *cli) templatesSignOff() *cobra.Command {
	var unit, by string
	cmd := &cobra.Command{
		Use: "sign-off DIR --template NAME --by WHO", Short: "Say that a reviewer of the organisation read these words",
		Long: `Write into DIR/reviewed.yaml that somebody of the organisation read a template
(see "templates list") as it is now. One changed word, and it is unreviewed
again. A server takes it in at its next start; texts of templates that nobody
signed off are named before a plan is approved.`,
		Example: "  tocsin templates sign-off my-templates/ --template notice/de \\\n    --by \"M. Weber, legal\"", Args: exactly("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "template", "by"); err != nil {
				return err
			}
			files, e, err := loadTemplates(cmd, args)
			if err != nil {
				return err
			}
			b, err := e.SignOff(files, unit, by, c.now())
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(args[0], "reviewed.yaml"), b, 0o644); err != nil {
				return fileError(err)
			}
			return c.answer(map[string]string{"template": unit, "by": by}, func(p *page) { p.line("Signed off: " + unit) })
		},
	}
	cmd.Flags().StringVar(&unit, "template", "", "notice/de, announcement/en, report/eu-gdpr/en")
	cmd.Flags().StringVar(&by, "by", "", "who read it")
	return cmd
}
