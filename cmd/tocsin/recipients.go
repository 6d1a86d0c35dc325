package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/internal/recipients"
)

func (c *cli) recipients() *cobra.Command {
	cmd := c.group(&cobra.Command{Use: "recipients", Short: "Check and load lists of affected people",
		Example: "  tocsin recipients check people.csv --errors errors.csv\n  tocsin recipients load 3f9a… people.csv"})
	cmd.AddCommand(c.recipientsCheck(), c.recipientsLoad())
	return cmd
}

// listFlags say how a list is read.
type listFlags struct {
	country string
	errors  string
	columns []string
}

func (l *listFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&l.country, "country", "", "country of rows that name none, such as CN")
	cmd.Flags().StringVar(&l.errors, "errors", "", "write every row that was not simply accepted to this CSV file")
	cmd.Flags().StringArrayVar(&l.columns, "map", nil, "column=field, such as 手机号=phone; may be repeated")
}

func (l *listFlags) columnMap() (map[string]string, error) {
	m := map[string]string{}
	for _, s := range l.columns {
		at := strings.LastIndexByte(s, '=')
		if at < 1 || at == len(s)-1 {
			return nil, usagef("--map takes column=field, such as 手机号=phone; fields are %s", strings.Join(recipients.Fields, ", "))
		}
		m[s[:at]] = s[at+1:]
	}
	if l.country != "" && !breach.IsCountry(strings.ToUpper(l.country)) {
		return nil, usagef("--country takes a code of ISO 3166-1, such as CN")
	}
	return m, nil
}

func (c *cli) recipientsCheck() *cobra.Command {
	var l listFlags
	var profile string
	cmd := &cobra.Command{
		Use: "check FILE", Short: "Read and judge a list without loading it",
		Long: `Read and judge a list of people (CSV in UTF-8; - reads stdin) without a server.
Nothing is changed and nothing is sent. Exit status 1 when the list cannot be
used at all or holds nobody who could be loaded.`,
		Example: "  tocsin recipients check people.csv --country CN --errors errors.csv",
		Args:    exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			age, err := childAge(profile)
			if err != nil {
				return err
			}
			s, err := c.judgeList(cmd.Context(), args[0], l, c.now(), age)
			if err != nil {
				return err
			}
			if err := c.answer(s, func(p *page) { showSummary(p, s, l.errors) }); err != nil {
				return err
			}
			if s.Accepted+s.Repaired+s.Flagged == 0 || breach.RefuseList(s.Doubts) != nil {
				return errNo
			}
			return nil
		},
	}
	l.add(cmd)
	cmd.Flags().StringVar(&profile, "policy", "mooc", "policy whose age limit counts children: mooc, chinesepod or a file")
	return cmd
}

func childAge(name string) (int, error) {
	p, err := findPolicy(name)
	return p.Minors.Age, err
}

// findPolicy takes the name of a built-in policy or the path of a file.
func findPolicy(name string) (policy.Profile, error) {
	p, err := policy.Builtin(name)
	if err == nil {
		return p, nil
	}
	b, readErr := os.ReadFile(name)
	if readErr != nil {
		return policy.Profile{}, err
	}
	return policy.ParseProfile(b)
}

// judgeList reads a list to its end, writes the error file, and shows progress on a terminal.
func (c *cli) judgeList(ctx context.Context, path string, l listFlags, on time.Time, age int) (recipients.Summary, error) {
	columns, err := l.columnMap()
	if err != nil {
		return recipients.Summary{}, err
	}
	in, size := c.in, int64(0)
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return recipients.Summary{}, fileError(err)
		}
		defer f.Close()
		if i, err := f.Stat(); err == nil && i.Mode().IsRegular() {
			size = i.Size()
		}
		in = f
	}
	each := func(recipients.Row) error { return nil }
	finish := func() error { return nil }
	if l.errors != "" {
		f, err := os.OpenFile(l.errors, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600) // it holds personal data
		if err != nil {
			return recipients.Summary{}, fileError(err)
		}
		defer f.Close()
		out := recipients.NewErrorFile(f)
		each, finish = out.Add, func() error { return errors.Join(out.Close(), f.Close()) }
	}
	bar := c.progress("reading", size)
	defer bar.done()
	s, err := recipients.Read(ctx, in, recipients.Options{
		Country: strings.ToUpper(l.country), Map: columns, On: on.UTC(), ChildAge: age,
		Progress: func(_, bytes int64) { bar.at(bytes) },
	}, each)
	return s, errors.Join(err, finish())
}

func showSummary(p *page, s recipients.Summary, errorFile string) {
	p.line(fmt.Sprintf("%s rows of %s in %s", count(s.Rows), strings.ToUpper(s.File.Format), strings.ToUpper(s.File.Encoding)))
	for _, r := range []struct {
		word, means string
		n           int64
	}{
		{"accepted", "as they stand", s.Accepted}, {"repaired", "written differently, meaning the same", s.Repaired},
		{"flagged", "taken, but something was left out", s.Flagged}, {"rejected", "not taken", s.Rejected},
		{"duplicates", "the same person as an earlier row", s.Duplicates}, {"skipped", "blank lines and repeated headers", s.SkippedBlank},
	} {
		if r.n > 0 {
			p.line(fmt.Sprintf("  %9s  %-10s  %s", count(r.n), r.word, r.means))
		}
	}
	if len(s.ByProblem) > 0 {
		p.head("Problems")
		for _, code := range sortedKeys(s.ByProblem) {
			p.line(fmt.Sprintf("  %9s  %s", count(s.ByProblem[code]), code))
		}
	}
	p.head("Reachable")
	r := s.Reachable
	p.line(fmt.Sprintf("  email %s, sms %s, push %s, letter %s, by nothing %s", count(r.Email), count(r.SMS), count(r.Push), count(r.Letter), count(r.None)))
	if m := s.Minors; m.WithGuardian+m.WithoutGuardian > 0 {
		p.line(fmt.Sprintf("  children: %s with a guardian's contact, %s without", count(m.WithGuardian), count(m.WithoutGuardian)))
	}
	showDoubts(p, s.Doubts)
	if errorFile != "" {
		p.para(0, "\nRows to look at are in "+errorFile+"; it holds personal data.")
	}
}

// loaded is the server's answer to a list.
type loaded struct {
	Summary       json.RawMessage `json:"summary"`
	Wave          int             `json:"wave"`
	Added         int64           `json:"added"`
	AlreadyListed int64           `json:"already_listed"`
}

func (c *cli) recipientsLoad() *cobra.Command {
	var l listFlags
	cmd := &cobra.Command{
		Use: "load INCIDENT FILE", Short: "Load a list of people into an incident",
		Long: `Read and judge a list here first, then send the same file to the server. People
who are on an earlier list of the incident are not told twice. A list that
cannot be read to its end changes nothing.`,
		Example: `  tocsin recipients load 3f9a… people.csv --country CN --map "手机号=phone"`,
		Args:    exactly("INCIDENT", "FILE"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return []string{"csv"}, cobra.ShellCompDirectiveFilterFileExt
			}
			return c.completeIncident(cmd, args, start)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.load(cmd.Context(), args[0], args[1], l) },
	}
	l.add(cmd)
	return cmd
}

func (c *cli) load(ctx context.Context, id, path string, l listFlags) error {
	if path == "-" {
		return usagef("load reads the list twice, which stdin cannot give: save it to a file first")
	}
	if _, err := l.columnMap(); err != nil {
		return err
	}
	k, err := c.connect()
	if err != nil {
		return err
	}
	var v breach.Overview
	if err := k.get(ctx, incidentPath(id), nil, &v); err != nil {
		return err
	}
	age, err := childAge(v.Incident.Policy)
	if err != nil {
		age = 0 // a policy that only the server knows; the server counts for itself
	}
	s, err := c.judgeList(ctx, path, l, v.Incident.AgesOn(), age)
	if err != nil {
		return err
	}
	if s.Accepted+s.Repaired+s.Flagged == 0 {
		p := newPage(c.width)
		showSummary(p, s, l.errors)
		_, _ = io.WriteString(c.err, p.String())
		return no("nobody on this list can be loaded; nothing was sent")
	}
	if err := breach.RefuseList(s.Doubts); err != nil {
		return err
	}
	out, err := c.upload(ctx, k, id, path, l)
	if err != nil {
		return err
	}
	var there struct {
		File   recipients.FileInfo `json:"file"`
		Doubts []breach.ListDoubt  `json:"doubts"` // with what only the server knows: the earlier list
	}
	if json.Unmarshal(out.Summary, &there) == nil && there.File.SHA256 != "" && there.File.SHA256 != s.File.SHA256 {
		return fmt.Errorf("the server took other bytes than were checked here: did %s change in between? Look at the status of the incident", path)
	}
	s.Doubts = there.Doubts
	return c.answer(out, func(p *page) {
		showSummary(p, s, l.errors)
		p.head("Loaded")
		p.para(2, fmt.Sprintf("list %d: %s people added, %s were on an earlier list", out.Wave, count(out.Added), count(out.AlreadyListed)))
		for _, d := range s.Doubts {
			p.line(fmt.Sprintf("If this is right: tocsin plan waive %s --gap list-%d:%s --reason …", id, out.Wave, d.Name()))
		}
		p.line("Next: tocsin plan submit " + id)
	})
}

func (c *cli) upload(ctx context.Context, k *client, id, path string, l listFlags) (loaded, error) {
	f, err := os.Open(path)
	if err != nil {
		return loaded{}, fileError(err)
	}
	defer f.Close()
	i, err := f.Stat()
	if err != nil {
		return loaded{}, err
	}
	if !i.Mode().IsRegular() {
		return loaded{}, usagef("%s is not a file that can be read twice", path)
	}
	bar := c.progress("sending", i.Size())
	defer bar.done()
	query := url.Values{"map": l.columns}
	if l.country != "" {
		query.Set("country", strings.ToUpper(l.country))
	}
	var out loaded
	err = k.do(ctx, call{
		method: http.MethodPost, path: incidentPath(id, "people"), query: query, kind: "text/csv",
		stream: &counted{in: f, bar: bar}, size: i.Size(), patience: time.Hour,
	}, &out)
	return out, err
}
