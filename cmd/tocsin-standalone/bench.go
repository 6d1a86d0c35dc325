package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/standalone"
	"github.com/tocsin-engine/tocsin/internal/standalone/bench"
)

func benchCommand() *cobra.Command {
	c := &cobra.Command{Use: "bench", Short: "Measure the product on this machine"}
	c.AddCommand(benchDeliverCommand(), benchAnswersCommand(), benchTableCommand(), &cobra.Command{
		Use: "role", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return bench.Role(args[0], os.Stdin, os.Stdout) },
	})
	return c
}

func benchTableCommand() *cobra.Command {
	var page string
	var runs int
	c := &cobra.Command{
		Use: "table PEOPLE...", Short: "Measure several numbers of people and write a table into a page", Args: cobra.MinimumNArgs(1),
		Example: "  tocsin-standalone bench table --into docs/PERFORMANCE.md 10000 100000",
		RunE: func(cmd *cobra.Command, args []string) error {
			sizes := make([]int, len(args))
			for i, a := range args {
				var err error
				if sizes[i], err = strconv.Atoi(a); err != nil {
					return breach.Errorf(breach.ErrInvalid, "a number of people is written in digits alone")
				}
			}
			return bench.Table(cmd.Context(), page, version, sizes, runs, os.Stderr)
		},
	}
	c.Flags().StringVar(&page, "into", "docs/PERFORMANCE.md", "page that holds the table between its two marks")
	c.Flags().IntVar(&runs, "runs", 3, "how often each is measured; the middle one stands in the table")
	return c
}

type benchFlags struct {
	bench.Options
	dataDir, output string
}

func benchDeliverCommand() *cobra.Command {
	var f benchFlags
	c := &cobra.Command{
		Use: "deliver", Short: "Send to generated people and compare with a bare mail client", Args: cobra.NoArgs,
		Long: "Runs a whole incident with generated people, p<number>@bench.test: import, plan, approval, and the\n" +
			"send with ledger, rendering and mail transport, with the worker in a process of its own. In the\n" +
			"same run a bare client sends the same bytes to the same mail server. Without --smtp that server\n" +
			"only counts, in a process of its own. Killed, it goes on when it is called again with the same\n" +
			"--data-dir.",
		Example: "  tocsin-standalone bench deliver --people 10000\n  tocsin-standalone bench deliver --people 100000 --smtp 127.0.0.1:2525 -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runBench(cmd.Context(), f, func(ctx context.Context, b *bench.Bench, s bench.Stack) (answer, error) { return b.Run(ctx, s) })
		},
	}
	c.Flags().IntVar(&f.People, "people", 10_000, "how many people")
	c.Flags().StringVar(&f.SMTP, "smtp", "", "mail server, HOST:PORT, on this machine or in a private network (default: one that only counts)")
	c.Flags().IntVar(&f.Connections, "connections", 20, "connections to the mail server")
	c.Flags().StringVar(&f.dataDir, "data-dir", "", "keep everything here, and go on with a run that was killed (default: a temporary directory)")
	c.Flags().StringVarP(&f.output, "output", "o", "text", "text or json")
	c.Flags().StringVar(&f.Profile, "profile", "", "write CPU profiles of the send into this directory")
	_ = c.Flags().MarkHidden("profile")
	return c
}

func benchAnswersCommand() *cobra.Command {
	var f benchFlags
	c := &cobra.Command{
		Use: "answers", Short: "Measure how soon detectors, the stop button and pages are answered", Args: cobra.NoArgs,
		Long: "Opens an incident with generated people, calls 200 times as a detector, presses stop in the\n" +
			"middle of the send, and looks 40 times at the incident's page. At the end it sends to 2,000\n" +
			"people with one Temporal activity each, the way that the product does not go.",
		Example: "  tocsin-standalone bench answers --people 100000 -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runBench(cmd.Context(), f, func(ctx context.Context, b *bench.Bench, s bench.Stack) (answer, error) { return b.Answers(ctx, s) })
		},
	}
	c.Flags().IntVar(&f.People, "people", 100_000, "how many people")
	c.Flags().IntVar(&f.Connections, "connections", 20, "connections to the mail server")
	c.Flags().StringVarP(&f.output, "output", "o", "text", "text or json")
	return c
}

// answer is what a benchmark found out, for people; for programs it is JSON.
type answer interface{ Text() string }

func runBench(ctx context.Context, f benchFlags, run func(context.Context, *bench.Bench, bench.Stack) (answer, error)) error {
	if f.output != "text" && f.output != "json" {
		return breach.Errorf(breach.ErrInvalid, "the output is text or json")
	}
	f.Screen = &bench.Screen{Out: os.Stderr, Terminal: term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb"}
	b, err := bench.New(f.Options)
	if err != nil {
		return err
	}
	dir := f.dataDir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "tocsin-bench-"); err != nil {
			return fmt.Errorf("make a data directory: %w", err)
		}
		defer os.RemoveAll(dir)
		if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // as root, PostgreSQL runs as another user and has to pass through
			return err
		}
	}
	defer b.Close()
	describe := func(s *standalone.Stack) bench.Stack {
		return bench.Stack{
			Desk: s.Product.Desk, Settings: s.Settings, Client: s.Client, Temporal: s.Temporal.HostPort(), Namespace: standalone.Namespace,
			BaseURL: s.BaseURL, Keys: s.Dir.Keys(), Logs: s.Dir.Logs(), Postgres: s.Dir.Postgres(), Database: s.Database, Failed: s.Failed(),
		}
	}
	stack, err := standalone.Start(ctx, standalone.Options{
		DataDir: dir, Step: f.Screen.Say,
		Configure: func(s *app.Settings) error { return b.Configure(filepath.Clean(dir), s) },
		Worker:    func(_ context.Context, s *standalone.Stack) (func(), error) { return b.StartWorker(describe(s)) },
	})
	if err != nil {
		return err
	}
	defer stack.Stop()
	r, err := run(ctx, b, describe(stack))
	if err != nil {
		return err
	}
	if f.output == "json" {
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	_, err = fmt.Print(r.Text())
	return err
}
