package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/simulator"
	"github.com/tocsin-engine/tocsin/internal/standalone"
	"github.com/tocsin-engine/tocsin/internal/standalone/demo"
)

type demoFlags struct {
	exit                        bool
	given                       demo.Given
	summary, dataDir, endpoints string
}

func demoCommand() *cobra.Command {
	var f demoFlags
	c := &cobra.Command{
		Use: "demo", Short: "Carry one incident through its whole story and watch it", Args: cobra.NoArgs,
		Long: "Runs the whole product against simulators of mail server, Twilio, FCM, a domestic SMS gateway and a filing portal.\n" +
			"Nothing leaves this machine. Two demo people act: one writes the plan, another one approves it.\n" +
			"With an existing --data-dir it goes on with the story that runs there, else begins a new one.",
		Example: "  tocsin-standalone demo\n  tocsin-standalone demo --exit --summary summary.json --policy chinesepod",
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDemo(cmd.Context(), f) },
	}
	c.Flags().BoolVar(&f.exit, "exit", false, "end when the story has ended, instead of keeping pages open until Ctrl-C")
	c.Flags().StringVar(&f.summary, "summary", "", "write a summary in JSON to this file")
	c.Flags().StringVar(&f.given.Incident, "incident", "", "incident file instead of the shipped example")
	c.Flags().StringVar(&f.given.People, "people", "", "list of people (CSV) instead of the shipped example")
	c.Flags().StringVar(&f.given.Policy, "policy", "", "mooc, chinesepod, or a policy file (default: as the incident file says)")
	c.Flags().StringVar(&f.dataDir, "data-dir", "", "keep everything here and go on with a story that is not over (default: a new temporary directory)")
	c.Flags().StringVar(&f.endpoints, "simulators", "", "directory of simulators that run in a process of their own")
	return c
}

// runDemo starts the stack, carries the incident through, and shows what came of it.
func runDemo(ctx context.Context, f demoFlags) (err error) {
	screen := newScreen()
	if err := f.writable(); err != nil {
		return err
	}
	in, err := f.given.Read(ctx, time.Now())
	if err != nil {
		return err
	}
	defer in.Close()
	for _, n := range in.Notes {
		screen.Say(n)
	}
	dir, err := f.directory()
	if err != nil {
		return err
	}
	var at simulator.Endpoints
	closeSims := func() {}
	defer func() { closeSims() }()
	stack, err := standalone.Start(ctx, standalone.Options{DataDir: dir, Step: screen.Say, Configure: func(s *app.Settings) (err error) {
		// After the data directory is locked: a second demo on it must not disturb the first one's outbox.
		if at, closeSims, err = f.wires(ctx, dir, screen); err != nil {
			return err
		}
		s.Version = version
		demo.Wires(s, at)
		if err := demo.KeepPolicy(dir, in); err != nil {
			return err
		}
		return addKept(s, dir)
	}})
	if err != nil {
		return err
	}
	defer stack.Stop()
	if err := demo.TakeReturns(ctx, stack.Product, at); err != nil {
		return err
	}
	tokens, err := demo.Tokens(ctx, stack.Product.Store, stack.Dir.Keys())
	if err != nil {
		return err
	}
	memory := demo.Memory(filepath.Join(stack.Dir.Path(), "demo-incident"))
	story := &demo.Story{
		Desk: stack.Product.Desk, Mail: demo.NewMailbox(at.OutboxURL), File: in.File, People: in.People, Screen: screen,
		Recall: memory.Recall, Remember: memory.Remember, Now: time.Now,
	}
	if f.exit {
		story.Patience = patience(in.File.Policy, stack.Settings)
	}
	v, err := f.watch(ctx, stack, story)
	if errors.Is(err, context.Canceled) {
		err = fmt.Errorf("%w; go on from here: tocsin-standalone demo --data-dir %s", err, stack.Dir.Path())
	}
	if v.Incident.ID != "" {
		err = errors.Join(err, f.show(ctx, stack, story, v, demo.Links{
			Console: tokens.Link(stack.BaseURL, v.Incident.ID), Temporal: stack.Temporal.UIURL(), Outbox: at.OutboxURL, DataDir: stack.Dir.Path(),
		}))
	}
	if err == nil {
		err = memory.Forget()
	}
	var stuck *demo.Stuck
	if f.exit || ctx.Err() != nil || err != nil && !errors.As(err, &stuck) {
		return err
	}
	if stuck != nil {
		screen.Say(stuck.Error())
	}
	screen.Say("Pages stay open until Ctrl-C.")
	select {
	case <-ctx.Done():
		return err
	case failed := <-stack.Failed():
		return errors.Join(err, failed)
	}
}

// show writes the summary and shows how the story ended.
func (f demoFlags) show(ctx context.Context, stack *standalone.Stack, story *demo.Story, v breach.Overview, at demo.Links) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second) // also after Ctrl-C
	defer cancel()
	sum, err := demo.Summarise(ctx, stack.Product, story, v, stack.Dir.Evidence())
	if f.summary != "" {
		err = errors.Join(err, sum.Write(f.summary))
	}
	if f.exit { // the pages end with this process
		at = demo.Links{DataDir: at.DataDir}
	}
	story.Screen.Close(sum, at)
	return err
}

// patience is how long nothing may move in a demo that has to end by itself: longer than any wait of the
// policy, which the demo has compressed.
func patience(name string, s app.Settings) time.Duration {
	var longest time.Duration
	if p, err := s.Policies.Profile(name); err == nil {
		for _, c := range p.Channels {
			longest = max(longest, c.Wait, c.Quiet)
		}
	}
	return 90*time.Second + 2*longest
}

// watch runs the story and ends it when a part that must not end does.
func (f demoFlags) watch(ctx context.Context, stack *standalone.Stack, story *demo.Story) (breach.Overview, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case err := <-stack.Failed():
			cancel(err)
		case <-ctx.Done():
		}
	}()
	v, err := story.Run(ctx)
	if breach.CodeOf(err) == breach.ErrUnavailable { // a part that just ended says why a moment later
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Second):
		}
	}
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	return v, err
}

// writable finds out at once that a summary could not be written at the end.
func (f demoFlags) writable() error {
	if f.summary == "" {
		return nil
	}
	file, err := os.OpenFile(f.summary, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return breach.Errorf(breach.ErrInvalid, "the summary cannot be written: %w", err)
	}
	return file.Close()
}

func (f demoFlags) directory() (string, error) {
	if f.dataDir != "" {
		return f.dataDir, nil
	}
	dir, err := os.MkdirTemp("", "tocsin-demo-")
	if err != nil {
		return "", fmt.Errorf("make a data directory: %w", err)
	}
	return dir, os.Chmod(dir, 0o711) //nolint:gosec // as root, PostgreSQL runs as another user and has to pass through
}

// wires starts the simulators, or finds those of another process.
func (f demoFlags) wires(ctx context.Context, dir string, screen *demo.Screen) (simulator.Endpoints, func(), error) {
	if f.endpoints != "" {
		wait, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		at, err := simulator.Await(wait, f.endpoints)
		return at, func() {}, err
	}
	screen.Say("Starting the simulators")
	sims, err := simulator.Start(context.WithoutCancel(ctx), simulator.Options{Dir: filepath.Join(dir, "outbox"), Elsewhere: true})
	if err != nil {
		return simulator.Endpoints{}, func() {}, err
	}
	return sims.Endpoints(), func() { _ = sims.Close() }, nil
}

func newScreen() *demo.Screen {
	s := &demo.Screen{Out: os.Stderr, Begin: time.Now(), Now: time.Now}
	if fd := int(os.Stderr.Fd()); term.IsTerminal(fd) && os.Getenv("TERM") != "dumb" {
		s.Terminal = true
		s.Size = func() (int, int) {
			columns, rows, err := term.GetSize(fd)
			if err != nil {
				return 0, 0
			}
			return columns, rows
		}
	}
	return s
}

// addKept makes the policies known that a data directory keeps.
func addKept(s *app.Settings, dir string) error {
	kept, err := demo.KeptPolicies(dir)
	for _, p := range kept {
		s.Policies.Add(p)
	}
	return err
}
