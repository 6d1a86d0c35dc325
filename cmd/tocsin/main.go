// Command tocsin is the operator's tool, and the light roles of a server: serve, worker and migrate. It
// holds no Temporal server.
//
// Exit status: 0 done, 1 the answer is no (invalid, not verified, refused), 2 wrong use, 3 the system
// failed. With -o json, JSON goes to stdout alone; everything for people goes to stderr.
//
// It is a composition root: it sees both sides.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"
)

// version is set by the linker.
var version = "unknown"

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := &cli{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv, environ: os.Environ, now: time.Now, width: 80}
	if term.IsTerminal(int(os.Stdout.Fd())) {
		c.outTTY = os.Getenv("TERM") != "dumb"
		if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w >= 40 {
			c.width = min(w, 80)
		}
	}
	c.errTTY = term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb"
	return c.execute(ctx, os.Args[1:])
}
