package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/config"
)

// roles are the long-running parts of a server, and the migration that they wait for.
func (c *cli) roles() []*cobra.Command {
	var listen string
	serve := c.role("serve", "Serve the API, the console and the public pages", func(ctx context.Context, cfg config.Config) error {
		return app.Serve(ctx, cfg, version)
	}, func(cfg *config.Config) {
		if listen != "" {
			cfg.Listen = listen
		}
	})
	serve.Flags().StringVar(&listen, "listen", "", "address to listen on, instead of the setting")
	return []*cobra.Command{
		serve,
		c.role("worker", "Carry incidents out: assess, deliver, announce, report, seal", app.Worker, nil),
		c.role("migrate", "Bring the database to this release's schema", app.Migrate, nil),
		c.tokens(),
	}
}

// granted is what `token add -o json` gives.
type granted struct {
	ID    string      `json:"id"`
	Role  breach.Role `json:"role"`
	Token string      `json:"token"`
}

var roleNames = []string{string(breach.RoleResponder), string(breach.RoleLead), string(breach.RoleDetector), string(breach.RoleReader), string(breach.RoleApplication)}

func (c *cli) tokens() *cobra.Command {
	cmd := c.group(&cobra.Command{Use: "token", Short: "People and machines that may sign in", Example: "  tocsin token add --id wei.lin --role responder"})
	var id, name, role string
	add := &cobra.Command{
		Use: "add --id ID --role ROLE", Short: "Make a person or machine known, and print its token once",
		Long: `Make a person or machine known to the ledger and print the token that it signs
in with, once: the ledger keeps a hash of it. It works on the database itself,
with the settings of serve.`,
		Example: "  tocsin token add --id wei.lin --name \"Wei Lin\" --role responder", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd, "id", "role"); err != nil {
				return err
			}
			if !slices.Contains(roleNames, role) {
				return usagef("--role takes %s", strings.Join(roleNames, ", "))
			}
			cfg, err := c.loadConfig()
			if err != nil {
				return settingsError(strings.Split(err.Error(), "\n"))
			}
			token, err := app.AddToken(cmd.Context(), cfg, breach.Actor{ID: id, Name: or(name, id), Role: breach.Role(role)})
			if err != nil {
				return err
			}
			c.tell("Keep it safe; it is not shown again.")
			return c.answer(granted{id, breach.Role(role), token}, func(p *page) { p.exact(token + "\n") })
		},
	}
	add.Flags().StringVar(&id, "id", "", "stable id, such as wei.lin")
	add.Flags().StringVar(&name, "name", "", "name that is shown; default: the id")
	add.Flags().StringVar(&role, "role", "", strings.Join(roleNames, ", "))
	fixed(add, "role", roleNames...)
	c.configFlag(add)
	cmd.AddCommand(add)
	return cmd
}

func (c *cli) role(name, short string, start func(context.Context, config.Config) error, change func(*config.Config)) *cobra.Command {
	cmd := &cobra.Command{
		Use: name, Short: short, Example: "  tocsin " + name + " --config tocsin.yaml", Args: exactly(),
		Long: short + ".\n\nSettings: variables TOCSIN_… over a YAML file (tocsin config check lists them),\nand TEMPORAL_… for the workflow engine.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.loadConfig()
			if err != nil {
				return settingsError(strings.Split(err.Error(), "\n"))
			}
			if change != nil {
				change(&cfg)
			}
			return start(cmd.Context(), cfg)
		},
	}
	c.configFlag(cmd)
	return cmd
}
