package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/config"
)

func (c *cli) config() *cobra.Command {
	cmd := c.group(&cobra.Command{Use: "config", Short: "Settings of a server", Example: "  tocsin config check --config tocsin.yaml"})
	var all bool
	check := &cobra.Command{
		Use: "check", Short: "What is in force, with secrets hidden, and every problem at once",
		Long: `Read the settings as serve and worker do: variables TOCSIN_… (each also as
TOCSIN_…_FILE) over one YAML file with the same keys. Exit status 1 when
something is wrong.`,
		Example: "  tocsin config check\n  tocsin config check --config tocsin.yaml --all", Args: exactly(),
		RunE: func(*cobra.Command, []string) error { return c.checkConfig(all) },
	}
	c.configFlag(check)
	check.Flags().BoolVar(&all, "all", false, "list settings that are not set, too, with what they mean")
	cmd.AddCommand(check)
	return cmd
}

func (c *cli) configFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.configPath, "config", "", "settings file, YAML (TOCSIN_CONFIG)")
}

func (c *cli) loadConfig() (config.Config, error) {
	path := c.configPath
	if path == "" {
		path = c.env("TOCSIN_CONFIG")
	}
	cfg, err := config.Load(c.environ(), path)
	return cfg, errors.Join(err, cfg.Complete())
}

// loadSettings is loadConfig for a command that needs no ledger; what is wrong is listed as `config check` does.
func (c *cli) loadSettings() (config.Config, error) {
	path := c.configPath
	if path == "" {
		path = c.env("TOCSIN_CONFIG")
	}
	cfg, err := config.Load(c.environ(), path)
	if err != nil {
		return cfg, settingsError(strings.Split(err.Error(), "\n"))
	}
	return cfg, nil
}

// checked is what `config check -o json` gives.
type checked struct {
	Settings []config.Setting `json:"settings"`
	Problems []string         `json:"problems"`
}

func (c *cli) checkConfig(all bool) error {
	cfg, wrong := c.loadConfig()
	v := checked{Settings: cfg.List(), Problems: []string{}}
	wrong = errors.Join(wrong, rulesProblem(cfg.RulesDir), templatesProblem(cfg.TemplatesDir))
	if wrong != nil {
		v.Problems = strings.Split(wrong.Error(), "\n")
	}
	err := c.answer(v, func(p *page) {
		for _, s := range v.Settings {
			if s.Value == "" && !all {
				continue
			}
			value := s.Value
			if value == "" {
				value = "-"
			}
			p.para(0, s.Key+" = "+value+"  ("+s.From+")")
			if all {
				p.para(4, s.Env+": "+s.Help)
			}
		}
	})
	if err != nil || wrong == nil {
		return err
	}
	return settingsError(v.Problems)
}

func settingsError(problems []string) error {
	return &refusal{text: "the settings cannot be used", list: problems}
}

// rulesProblem names every fault of the operator's rule packs, as a server would refuse them.
func rulesProblem(dir string) error {
	if dir == "" {
		return nil
	}
	_, err := app.Rules(dir)
	var known *breach.Error
	if !errors.As(err, &known) || len(known.Fields) == 0 {
		return err
	}
	var all []error
	for _, f := range known.Fields {
		all = append(all, fmt.Errorf("rules.dir: %s: %s", f.Where, f.What))
	}
	return errors.Join(all...)
}

// templatesProblem names every fault of the operator's templates, as a server would refuse them.
func templatesProblem(dir string) error {
	if dir == "" {
		return nil
	}
	_, err := app.Templates(dir)
	var known *breach.Error
	if !errors.As(err, &known) || len(known.Fields) == 0 {
		return err
	}
	var all []error
	for _, f := range known.Fields {
		all = append(all, fmt.Errorf("templates.dir: %s: %s", f.Where, f.What))
	}
	return errors.Join(all...)
}
