package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/simulator"
	"github.com/tocsin-engine/tocsin/internal/standalone"
	"github.com/tocsin-engine/tocsin/internal/standalone/datadir"
)

func serveCommand() *cobra.Command {
	var o standalone.Options
	c := &cobra.Command{
		Use: "serve", Short: "Run the product on this machine until Ctrl-C", Args: cobra.NoArgs,
		Example: "  tocsin-standalone serve --data-dir /var/lib/tocsin --listen 127.0.0.1:8080",
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Step = func(what string) { fmt.Fprintln(os.Stderr, what) }
			dir := o.DataDir
			if dir == "" {
				var err error
				if dir, err = datadir.Default(); err != nil {
					return err
				}
			}
			o.Configure = func(s *app.Settings) error {
				if err := addKept(s, dir); err != nil {
					return err
				}
				return app.FromEnvironment(s) // the operator's settings come last: they win
			}
			s, err := standalone.Start(cmd.Context(), o)
			if err != nil {
				return err
			}
			defer s.Stop()
			fmt.Fprintf(os.Stderr, "Console     %s/console/\nTemporal UI %s\nData        %s\n", s.BaseURL, s.Temporal.UIURL(), s.Dir.Path())
			if o.DatabaseURL == "" { // the child's address holds no secret: who may enter its directory may connect
				fmt.Fprintf(os.Stderr, "To sign in  TOCSIN_DATABASE_URL='%s' TOCSIN_KEYS_DIR='%s' tocsin token add --id YOU --role lead\n", s.Database, s.Dir.Keys())
			}
			fmt.Fprintln(os.Stderr, "Press Ctrl-C to stop.")
			select {
			case <-cmd.Context().Done():
				return nil
			case err := <-s.Failed():
				return err
			}
		},
	}
	c.Flags().StringVar(&o.DataDir, "data-dir", "", "where everything is kept (default: this user's data directory)")
	c.Flags().StringVar(&o.Listen, "listen", "127.0.0.1:8080", "address of API and console")
	c.Flags().StringVar(&o.DatabaseURL, "database-url", "", "use this PostgreSQL instead of a child process")
	return c
}

// simulatorsCommand runs the far ends of the wires in a process of their own, as witnesses of crash tests.
func simulatorsCommand() *cobra.Command {
	var o simulator.Options
	c := &cobra.Command{
		Use: "simulators", Short: "Run the providers' simulators alone until Ctrl-C", Args: cobra.NoArgs,
		Example: "  tocsin-standalone simulators --dir ./outbox --rate 500",
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := simulator.Start(cmd.Context(), o)
			if err != nil {
				return err
			}
			defer func() { _ = s.Close() }()
			fmt.Fprintln(os.Stderr, "Outbox "+s.Endpoints().OutboxURL)
			<-cmd.Context().Done()
			return nil
		},
	}
	c.Flags().StringVar(&o.Dir, "dir", "", "directory of the outbox and of endpoints.json")
	c.Flags().Float64Var(&o.Rate, "rate", 0, "emails a second that are accepted, 0 for no limit")
	c.Flags().DurationVar(&o.Latency, "latency", time.Duration(0), "wait before every reply")
	c.Flags().BoolVar(&o.Envelopes, "envelopes", false, "keep the content of emails out of the outbox")
	_ = c.MarkFlagRequired("dir")
	return c
}
