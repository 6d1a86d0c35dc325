package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/config"
	"github.com/tocsin-engine/tocsin/internal/standalone"
	"github.com/tocsin-engine/tocsin/internal/standalone/temporalserver"
)

// partCommand runs single parts in processes of their own, so that the fault suite can end each alone. The
// other parts of such a deployment are those of `tocsin`.
func partCommand() *cobra.Command {
	c := &cobra.Command{Use: "part", Hidden: true, Short: "Run one part alone, for the fault suite"}
	var dir, clock string
	temporal := &cobra.Command{
		Use: "temporal --dir DIR", Short: "Temporal's server alone; its address is in DIR/address", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return temporalAlone(cmd.Context(), dir) },
	}
	temporal.Flags().StringVar(&dir, "dir", "", "directory of the server")
	_ = temporal.MarkFlagRequired("dir")
	worker := &cobra.Command{
		Use: "worker --clock FILE", Short: "A worker whose clock is wrong by what FILE says, such as -3h", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(os.Environ(), os.Getenv("TOCSIN_CONFIG"))
			if err != nil {
				return err
			}
			return app.WorkerBy(cmd.Context(), cfg, wrongClock(cmd.Context(), clock))
		},
	}
	worker.Flags().StringVar(&clock, "clock", "", "file that holds a duration, read again all the time")
	_ = worker.MarkFlagRequired("clock")
	c.AddCommand(temporal, worker)
	return c
}

// temporalAlone serves until ctx ends. The port stays that of the last time.
func temporalAlone(ctx context.Context, dir string) error {
	s, err := temporalserver.Start(ctx, temporalserver.Options{Dir: dir, Namespace: standalone.Namespace, UIPort: temporalserver.NoUI})
	if err != nil {
		return err
	}
	address := filepath.Join(dir, "address")
	if err := os.WriteFile(address+".new", []byte(s.HostPort()), 0o600); err != nil {
		return fmt.Errorf("say where Temporal is: %w", err)
	}
	if err := os.Rename(address+".new", address); err != nil {
		return fmt.Errorf("say where Temporal is: %w", err)
	}
	<-ctx.Done()
	return s.Stop()
}

// wrongClock follows a file. What cannot be read leaves the clock as wrong as it is.
func wrongClock(ctx context.Context, file string) func() time.Time {
	var wrong atomic.Int64
	read := func() {
		if b, err := os.ReadFile(file); err == nil {
			if d, err := time.ParseDuration(strings.TrimSpace(string(b))); err == nil {
				wrong.Store(int64(d))
			}
		}
	}
	read()
	go func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				read()
			}
		}
	}()
	// Round takes the monotonic reading away: a clock that jumps has none that could be trusted.
	return func() time.Time { return time.Now().Round(0).Add(time.Duration(wrong.Load())) }
}
