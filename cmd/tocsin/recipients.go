package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-engine/tocsin/internal/app"
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

func (c *cli) recipientsCheck() *cobra.Command {
	var l listFlags
	var profile string
	cmd := &cobra.Command{
		Use: "check FILE", Short: "Read and judge a list without loading it",
		Long: `Read and judge a list of people without a server: CSV with any usual delimiter,
XLSX, JSON Lines, or the answer to a query of your own PostgreSQL; - reads
stdin. Format, encoding and delimiter are recognised and shown; what cannot be
told safely is refused, and can be said with flags. Nothing is changed and
nothing is sent. Exit status 1 when the list cannot be used at all or holds
nobody who could be loaded.`,
		Example: "  tocsin recipients check people.csv --country CN --errors errors.csv\n" +
			"  tocsin recipients check people.xlsx --sheet 2\n" +
			"  tocsin recipients check old.csv --no-header --map 1=name,2=email\n" +
			"  tocsin recipients check --sql @people.sql --dsn-env CRM_DSN",
		Args: l.given(),
		RunE: func(cmd *cobra.Command, args []string) error {
			age, err := childAge(profile)
			if err != nil {
				return err
			}
			how, err := l.reading()
			if err != nil {
				return err
			}
			in, err := c.from(cmd.Context(), l, strings.Join(args, ""))
			if err != nil {
				return err
			}
			defer in.close()
			s, err := c.judgeList(cmd.Context(), in, l.errors, recipients.OptionsFor(how, c.now().UTC(), age))
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
	return policy.ParseProfile(b, app.Kinds())
}

// judgeList reads a list to its end, writes the error file, and shows progress on a terminal.
func (c *cli) judgeList(ctx context.Context, l list, errorFile string, o recipients.Options) (recipients.Summary, error) {
	in, size, err := l.open(ctx)
	if err != nil {
		return recipients.Summary{}, err
	}
	defer in.Close()
	each := func(recipients.Row) error { return nil }
	finish := func() error { return nil }
	if errorFile != "" {
		f, err := os.OpenFile(errorFile, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600) // it holds personal data
		if err != nil {
			return recipients.Summary{}, fileError(err)
		}
		defer f.Close()
		out := recipients.NewErrorFile(f)
		each, finish = out.Add, func() error { return errors.Join(out.Close(), f.Close()) }
	}
	bar := c.progress("reading", size)
	defer bar.done()
	o.Progress = func(rows, bytes int64) {
		if size > 0 {
			bar.at(bytes)
		} else {
			bar.rows(rows)
		}
	}
	s, err := recipients.Read(ctx, in, o, each)
	return s, errors.Join(err, finish())
}

// fileWords say what the file was taken for, so that a person sees when that is wrong.
func fileWords(f recipients.FileInfo) string {
	words := strings.ToUpper(f.Format) + " in " + strings.ToUpper(f.Encoding)
	if f.EncodingMargin > 0 {
		words += fmt.Sprintf(" (recognised by its bytes, by a margin of %.0f)", f.EncodingMargin)
	}
	if name := map[string]string{";": "semicolons", "|": "pipes"}[f.Delimiter]; name != "" {
		words += ", with " + name
	}
	if f.Sheets > 1 {
		words += fmt.Sprintf(", sheet %d of %d", f.Sheet, f.Sheets)
	}
	return words
}

func showSummary(p *page, s recipients.Summary, errorFile string) {
	p.line(fmt.Sprintf("%s rows of %s", count(s.Rows), fileWords(s.File)))
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
	if list := unread(s.Columns); list != "" {
		p.para(0, "\nNot read: "+list+". If one of them is a field of a person, say so with --map.")
	}
	showDoubts(p, s.Doubts)
	if errorFile != "" {
		p.para(0, "\nRows to look at are in "+errorFile+"; it holds personal data.")
	}
}

// unread names the columns that nothing is read from by their numbers: their names are the list's own.
func unread(columns []recipients.Column) string {
	var numbers []string
	for _, c := range columns {
		if c.Field == "" {
			numbers = append(numbers, strconv.Itoa(c.Number))
		}
	}
	switch n := len(numbers); {
	case n == 0:
		return ""
	case n == 1:
		return "column " + numbers[0]
	case n > 12:
		return strconv.Itoa(n) + " columns"
	default:
		return "columns " + strings.Join(numbers, ", ")
	}
}

// loaded is the server's answer to a list.
type loaded struct {
	Summary       json.RawMessage `json:"summary"`
	Wave          int             `json:"wave"`
	Added         int64           `json:"added"`
	AlreadyListed int64           `json:"already_listed"`
	Corrected     int64           `json:"corrected,omitempty"`
	ToldAnew      int64           `json:"told_anew,omitempty"`
	RecognisedBy  breach.Already  `json:"recognised_by,omitzero"`
}

func (c *cli) recipientsLoad() *cobra.Command {
	var l listFlags
	cmd := &cobra.Command{
		Use: "load INCIDENT FILE", Short: "Load a list of people into an incident",
		Long: `Read and judge a list here first, then send the same file to the server: CSV,
XLSX, JSON Lines, or a query of your own PostgreSQL, whose address stays here
and whose rows are read twice from one snapshot. People who are on an earlier
list of the incident are not told twice. A list that cannot be read to its end
changes nothing. An error file is loaded like a list once its rows are
corrected: who was taken before stands as corrected, and a plan that waits has
to be submitted again. Whose list is approved is told anew by this list if their
contact is another one now. Who was not taken is added.

Somebody is on an earlier list by the same id, or by the same name with the same
e-mail address, or telephone number when one row has no address: never by a
contact alone, which families share, and never with two dates of birth.`,
		Example: `  tocsin recipients load 3f9a… people.csv --country CN --map "手机号=phone"
  tocsin recipients load 3f9a… people.xlsx --sheet 2 --errors errors.csv
  tocsin recipients load 3f9a… errors.csv`,
		Args: l.given("INCIDENT"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return []string{"csv", "tsv", "txt", "xlsx", "jsonl", "ndjson"}, cobra.ShellCompDirectiveFilterFileExt
			}
			return c.completeIncident(cmd, args, start)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.load(cmd.Context(), args[0], strings.Join(args[1:], ""), l)
		},
	}
	l.add(cmd)
	return cmd
}

func (c *cli) load(ctx context.Context, id, path string, l listFlags) error {
	if path == "-" {
		return usagef("load reads the list twice, which stdin cannot give: save it to a file first")
	}
	how, err := l.reading()
	if err != nil {
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
	in, err := c.from(ctx, l, path)
	if err != nil {
		return err
	}
	defer in.close()
	if !in.again {
		return usagef("%s is not a file that can be read twice", in.name)
	}
	s, err := c.judgeList(ctx, in, l.errors, recipients.OptionsFor(how, v.Incident.AgesOn().UTC(), age))
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
	out, err := c.upload(ctx, k, id, in, how, s.File)
	if err != nil {
		return err
	}
	var there struct {
		File   recipients.FileInfo `json:"file"`
		Doubts []breach.ListDoubt  `json:"doubts"` // with what only the server knows: the earlier list
	}
	if json.Unmarshal(out.Summary, &there) == nil && there.File.SHA256 != "" && there.File.SHA256 != s.File.SHA256 {
		return fmt.Errorf("the server took other bytes than were checked here: did %s change in between? Look at the status of the incident", in.name)
	}
	s.Doubts = there.Doubts
	return c.answer(out, func(p *page) {
		showSummary(p, s, l.errors)
		p.head("Loaded")
		p.para(2, fmt.Sprintf("list %d: %s people added, %s were on an earlier list", out.Wave, count(out.Added), count(out.AlreadyListed)))
		if out.AlreadyListed > 0 || out.RecognisedBy.IDReused > 0 {
			showRecognised(p, out.RecognisedBy)
		}
		if out.ToldAnew > 0 {
			p.para(2, count(out.ToldAnew)+" people of approved lists have another contact now: this list tells them there, and their earlier row is withdrawn")
		}
		if out.Corrected > 0 {
			p.para(2, count(out.Corrected)+" of those stand corrected; submit the plan of their list again")
		}
		for _, d := range s.Doubts {
			p.exact(fmt.Sprintf("If this is right:\n  tocsin plan waive %s --gap list-%d:%s --reason …\n", id, out.Wave, d.Name()))
		}
		p.exact("Next: tocsin plan submit " + id + "\n")
	})
}

// showRecognised says by what people were found on earlier lists.
func showRecognised(p *page, a breach.Already) {
	for _, r := range []struct {
		n    int64
		what string
	}{{a.ID, "by the same id"}, {a.NameAndEmail, "by name and e-mail address"}, {a.NameAndPhone, "by name and telephone number"},
		{a.IDReused, "were taken without their id, which is somebody else's on an earlier list"}} {
		if r.n > 0 {
			p.line(fmt.Sprintf("  %9s  %s", count(r.n), r.what))
		}
	}
}

// upload sends the list. One that is not what was checked breaks off, so that the server loads nothing.
func (c *cli) upload(ctx context.Context, k *client, id string, in list, how breach.Reading, checked recipients.FileInfo) (loaded, error) {
	f, size, err := in.open(ctx)
	if err != nil {
		return loaded{}, err
	}
	defer f.Close()
	kind := mediaTypes[checked.Format]
	if kind == "" {
		kind = "text/csv"
	}
	bar := c.progress("sending", checked.Bytes)
	defer bar.done()
	same := &unchanged{in: f, sum: sha256.New(), want: checked}
	length := size
	if length == 0 {
		length = -1 // of rows it is not known, for all that is
	}
	var out loaded
	err = k.do(ctx, call{
		method: http.MethodPost, path: incidentPath(id, "people"), query: parameters(how), kind: kind,
		stream: &counted{in: same, bar: bar}, size: length, patience: time.Hour,
	}, &out)
	if same.changed.Load() {
		return out, errOtherBytes
	}
	return out, err
}

// unchanged keeps back the end of what is not the bytes that were checked.
type unchanged struct {
	in      io.Reader
	sum     hash.Hash
	n       int64
	want    recipients.FileInfo
	changed atomic.Bool
}

func (u *unchanged) Read(b []byte) (int, error) {
	n, err := u.in.Read(b)
	u.sum.Write(b[:n])
	u.n += int64(n)
	ended := errors.Is(err, io.EOF)
	if u.n > u.want.Bytes || ended && u.n < u.want.Bytes || u.n == u.want.Bytes && hex.EncodeToString(u.sum.Sum(nil)) != u.want.SHA256 {
		u.changed.Store(true)
		return 0, errOtherBytes
	}
	return n, err
}
