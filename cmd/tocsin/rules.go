package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/policy"
)

func (c *cli) rules() *cobra.Command {
	cmd := c.group(&cobra.Command{Use: "rules", Short: "The rule packs: which laws, which duties, by when", Example: "  tocsin rules list\n  tocsin rules show eu-gdpr"})
	cmd.AddCommand(c.listRules(), c.showRule(), c.diffRules(), c.lintRules(), c.rulesSchema())
	return cmd
}

func (c *cli) lintRules() *cobra.Command {
	return &cobra.Command{
		Use: "lint [DIR|FILE]...", Short: "Is a rule pack sound? Every fault with its place",
		Long: `Judge rule packs and calendars (DIR/*.yaml, DIR/calendars/*.yaml) as a server
would take them: beside the built-in packs, one with the id of a built-in pack
in its place. Without a directory or file it judges the built-in packs. Exit
status 1 when one of them cannot be used; advice does not count.`,
		Example: "  tocsin rules lint my-packs/\n  tocsin rules lint my-packs/xx-law.yaml -o json",
		RunE: func(_ *cobra.Command, args []string) error {
			dirs, err := packDirs(args)
			if err != nil {
				return err
			}
			v, err := policy.LintPacks(c.now(), dirs...)
			if err != nil {
				return err
			}
			if len(v.Packs)+len(v.Faults) == 0 {
				return no("there is no rule pack there: packs are files that end in .yaml")
			}
			err = c.answer(v, func(p *page) { showLint(p, v) })
			if err == nil && len(v.Faults) > 0 {
				return errNo
			}
			return err
		},
	}
}

func showLint(p *page, v policy.PackLint) {
	show := func(list []policy.PackFault) {
		for _, f := range list {
			at := f.File
			if f.Line > 0 {
				at += ":" + count(int64(f.Line))
			}
			if f.Place != "" {
				at += "  " + f.Place
			}
			p.para(0, at)
			p.para(4, f.What)
		}
	}
	show(v.Faults)
	if len(v.Advice) > 0 {
		p.head("Advice")
		show(v.Advice)
	}
	if len(v.Faults) > 0 {
		if len(v.Faults) == 1 {
			p.line("1 fault.")
			return
		}
		p.line(count(int64(len(v.Faults))) + " faults. Mend them in this order: one fault may cause others below it.")
		return
	}
	if len(v.Packs) == 1 {
		p.line("1 pack is sound: " + v.Packs[0])
		return
	}
	p.line(count(int64(len(v.Packs))) + " packs are sound: " + strings.Join(v.Packs, ", "))
}

// rulesFlag is for commands that may use packs of the user's own.
func rulesFlag(cmd *cobra.Command, dirs *[]string) {
	cmd.Flags().StringArrayVar(dirs, "rules", nil, "packs of your own: a directory or file laid over the built-in packs (repeatable)")
}

// loadRules loads the built-in packs with those of the user over them.
func loadRules(dirs []string) (*policy.Rules, error) {
	more, err := packDirs(dirs)
	if err != nil {
		return nil, err
	}
	return policy.LoadRules(more...)
}

// packDirs opens directories of packs, and single files as directories that hold nothing else.
func packDirs(args []string) (out []fs.FS, err error) {
	for _, a := range args {
		info, err := os.Stat(a)
		switch {
		case err != nil:
			return nil, fileError(err)
		case info.IsDir():
			out = append(out, os.DirFS(a))
			continue
		case !strings.HasSuffix(a, ".yaml"):
			return nil, no("%s is no rule pack: packs are files that end in .yaml", a)
		}
		dir, name := filepath.Split(filepath.Clean(a))
		if filepath.Base(dir) == "calendars" {
			dir, name = filepath.Dir(filepath.Clean(dir)), "calendars/"+name
		}
		if dir == "" {
			dir = "."
		}
		out = append(out, oneFile{os.DirFS(dir), name})
	}
	return out, nil
}

// oneFile is a directory of which only one file is seen.
type oneFile struct {
	fs.FS
	name string
}

// Glob makes the other files invisible to whoever lists the directory.
func (f oneFile) Glob(pattern string) ([]string, error) {
	ok, err := path.Match(pattern, f.name)
	if err != nil || !ok {
		return nil, err
	}
	return []string{f.name}, nil
}

func (c *cli) rulesSchema() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "JSON Schema of rule packs (draft 2020-12)",
		Long: `Print the JSON Schema of rule packs, for editors and other tools. It is also in
docs/rules.schema.json. Whether conditions are sound, "rules lint" alone says.`,
		Example: "  tocsin rules schema > rules.schema.json", Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			b, err := policy.PackSchema()
			if err != nil {
				return err
			}
			_, err = c.out.Write(b)
			return err
		},
	}
}
