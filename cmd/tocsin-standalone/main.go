// Command tocsin-standalone runs the whole product on one machine in one process: embedded Temporal server,
// PostgreSQL child, worker, API and console; demo shows a whole incident against simulators.
//
// It is a composition root: it sees both sides.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/standalone/demo"
)

var version = "dev"

// Exit statuses, the same for all commands.
const (
	exitDone   = 0
	exitNo     = 1 // the answer is no
	exitUse    = 2 // wrong use
	exitFailed = 3 // the system failed
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	root := &cobra.Command{
		Use: "tocsin-standalone", Short: "Tocsin on one machine, all in one process", Version: version,
		SilenceUsage: true, SilenceErrors: true,
		Example: "  tocsin-standalone demo\n  tocsin-standalone demo --exit --policy chinesepod --summary summary.json\n  tocsin-standalone serve --data-dir /var/lib/tocsin",
	}
	root.AddCommand(demoCommand(), serveCommand(), simulatorsCommand())
	root.AddCommand(benchCommand(), partCommand())
	used := false
	root.PersistentPreRun = func(*cobra.Command, []string) { used = true }
	err := root.ExecuteContext(ctx)
	return status(err, used)
}

// status prints an error for people and gives the exit status.
func status(err error, used bool) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "tocsin-standalone: interrupted"+strings.TrimPrefix(err.Error(), context.Canceled.Error()))
		return exitFailed
	}
	fmt.Fprintln(os.Stderr)
	fmt.Fprintln(os.Stderr, "tocsin-standalone: "+err.Error())
	var stuck *demo.Stuck
	var known *breach.Error
	switch {
	case !used:
		fmt.Fprintln(os.Stderr, "Use --help to see what there is.")
		return exitUse
	case errors.As(err, &stuck) && stuck.Mend:
		return exitFailed
	case errors.As(err, &stuck):
		fmt.Fprintln(os.Stderr, breach.Catalogue[breach.ErrIncomplete].Do)
		return exitNo
	case errors.As(err, &known):
		entry := breach.Catalogue[known.Code]
		fmt.Fprintln(os.Stderr, entry.Do)
		return entry.Exit
	}
	return exitFailed
}
