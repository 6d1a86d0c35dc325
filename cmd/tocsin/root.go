package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// cli is one run of the program: where it reads and writes, and the flags that all commands share.
type cli struct {
	in      io.Reader
	out     io.Writer // the answer
	err     io.Writer // everything else for people
	env     func(string) string
	environ func() []string
	now     func() time.Time
	width   int // of the terminal, at most 80
	outTTY  bool
	errTTY  bool

	output         string
	server         string
	tokenFile      string
	allowPlaintext bool
	configPath     string
}

// execute runs one command line and gives the exit status.
func (c *cli) execute(ctx context.Context, args []string) int {
	root := c.root()
	root.SetArgs(args)
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	return c.explain(err)
}

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "tocsin",
		Short: "Carry a personal data incident through: assess, tell people, report, prove",
		Long: `Carry a personal data incident through: assess it, tell everybody who is
affected, report to the authorities, and keep proof that a stranger can check.

Commands that ask a server want its address (--server or TOCSIN_SERVER) and a
token (TOCSIN_TOKEN, or a file with --token-file).

Exit status: 0 done, 1 the answer is no, 2 wrong use, 3 the system failed.`,
		Example: `  tocsin assess -f facts.json
  tocsin incident open -f incident.json
  tocsin incident status 3f9a… --watch`,
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	c.group(root)
	root.SetUsageTemplate(strings.NewReplacer(
		".FlagUsages", ".FlagUsagesWrapped 80",
		"{{if .Runnable}}\n  {{.UseLine}}", "{{if and .Runnable (not .HasAvailableSubCommands)}}\n  {{.UseLine}}",
	).Replace(root.UsageTemplate()))
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usagef("%s", err) })
	f := root.PersistentFlags()
	f.StringVarP(&c.output, "output", "o", "text", "text or json (csv where a command says so)")
	f.StringVar(&c.server, "server", "", "address of the server (TOCSIN_SERVER, default "+defaultServer+")")
	f.StringVar(&c.tokenFile, "token-file", "", "file with the token (else TOCSIN_TOKEN or TOCSIN_TOKEN_FILE)")
	f.BoolVar(&c.allowPlaintext, "allow-plaintext", false, "send the token over plain http beyond this machine")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		csv := cmd.Annotations[takesCSV] != ""
		switch {
		case c.output == "text" || c.output == "json" || (csv && c.output == "csv"):
			return nil
		case csv:
			return usagef("-o takes text, json or csv")
		}
		return usagef("-o takes text or json")
	}
	fixed(root, "output", "text", "json")
	root.AddCommand(c.incident(), c.recipients(), c.plan(), c.send(), c.hold(), c.announce(), c.report(), c.person(), c.evidence(),
		c.detections(), c.timeline(), c.invariant(), c.assess(), c.rules(), c.templates(), c.notice(), c.letters(), c.calls(), c.config(), c.channels())
	root.AddCommand(c.roles()...)

	return root
}

// group makes a command that only holds others: without one of them it is wrong use, and a mistyped one
// is answered with what may have been meant.
func (c *cli) group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		hint := ""
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			hint = "; did you mean " + strings.Join(near, " or ") + "?"
		}
		return usagef("%q is not a command of %s%s", args[0], cmd.CommandPath(), hint)
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cmd.SetOut(c.err)
		_ = cmd.Help() // a terminal that is gone needs no help
		return errUsageShown
	}
	return cmd
}

// exactly checks the number of arguments and names those that are missing.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usagef("%s is missing: %s", strings.Join(names[len(args):], " and "), cmd.UseLine())
		case len(args) > len(names):
			return usagef("there is more than %s wants: %s", cmd.CommandPath(), cmd.UseLine())
		}
		return nil
	}
}

// required checks flags that a command cannot do without.
func required(cmd *cobra.Command, flags ...string) error {
	var missing []string
	for _, name := range flags {
		if f := cmd.Flags().Lookup(name); f != nil && f.Value.String() == "" {
			missing = append(missing, "--"+name)
		}
	}
	if len(missing) > 0 {
		return usagef("%s is missing", strings.Join(missing, " and "))
	}
	return nil
}

// fixed completes a flag with a few words.
func fixed(cmd *cobra.Command, flag string, words ...string) {
	err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic("a completion for a flag that was just made: " + err.Error())
	}
}

func (c *cli) json() bool { return c.output == "json" }

// answer writes v as JSON to stdout, or lets text write for people.
func (c *cli) answer(v any, text func(*page)) error {
	if c.json() {
		return c.writeJSON(v)
	}
	p := newPage(c.width)
	text(p)
	_, err := io.WriteString(c.out, p.String())
	return err
}

func (c *cli) writeJSON(v any) error {
	enc := json.NewEncoder(c.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// tell says something to people, beside the answer.
func (c *cli) tell(text string) {
	p := newPage(c.width)
	p.para(0, text)
	_, _ = io.WriteString(c.err, p.String()) // a terminal that is gone needs no words
}

const maxInput = 1 << 20

// read reads a small file, or stdin for "-".
func (c *cli) read(path string) ([]byte, error) { return c.readAtMost(path, maxInput) }

func (c *cli) readAtMost(path string, limit int64) ([]byte, error) {
	in := c.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fileError(err)
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, limit+1))
	if err != nil {
		return nil, fileError(err)
	}
	if int64(len(b)) > limit {
		return nil, no("%s is larger than %d MiB; is it the right file?", path, limit>>20)
	}
	return b, nil
}
