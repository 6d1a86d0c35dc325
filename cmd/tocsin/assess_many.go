package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/intake"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

const maxRecords = 256 << 20 // bytes of a file with many records

// limit is how large a file may be: a fact file is small, a collection of records is not.
func (a assessing) limit() int64 {
	if a.from == "tocsin" {
		return maxInput
	}
	return maxRecords
}

// record is one incident among many.
type record struct {
	file   string
	number int // in the list of its file, from 1; 0 in a file of its own
	body   []byte
}

func split(file string, bodies [][]byte) []record {
	out := make([]record, len(bodies))
	for i, b := range bodies {
		out[i] = record{file, i + 1, b}
	}
	return out
}

// manyAnswer is what assess says of many incidents.
type manyAnswer struct {
	From      string          `json:"from"`
	Incidents []assessedRow   `json:"incidents"`
	Regimes   []regimeCount   `json:"regimes"`
	Errors    []recordProblem `json:"errors"`
	Seconds   float64         `json:"seconds"`
}

// assessedRow is one incident: its severity, and the firmest verdict that each regime gives.
type assessedRow struct {
	File    string                    `json:"file"`
	Record  int                       `json:"record,omitempty"` // in a list, from 1
	Title   string                    `json:"title,omitempty"`
	Score   *float64                  `json:"score"`
	Range   []float64                 `json:"range,omitempty"`
	Level   string                    `json:"level"`
	Regimes map[string]breach.Verdict `json:"regimes"`
	Notes   []string                  `json:"notes,omitempty"`
}

// regimeCount counts incidents by the verdict of one regime.
type regimeCount struct {
	Regime       string `json:"regime"`
	Applies      int    `json:"applies"`
	CannotTell   int    `json:"cannot_tell"`
	DoesNotApply int    `json:"does_not_apply"`
}

// recordProblem is a file or record that could not be assessed.
type recordProblem struct {
	File   string `json:"file"`
	Record int    `json:"record,omitempty"`
	Error  string `json:"error"`
}

func (p recordProblem) where() string { return place(p.File, p.Record) }

func place(file string, number int) string {
	if number == 0 {
		return file
	}
	return fmt.Sprintf("%s, record %d", file, number)
}

// judgeDir takes every file of a directory and below that can hold incidents.
func (c *cli) judgeDir(ctx context.Context, a assessing) error {
	kinds := []string{".json"}
	if a.from == "tocsin" {
		kinds = []string{".json", ".yaml", ".yml"}
	}
	var records []record
	var problems []recordProblem
	err := filepath.WalkDir(a.dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && path == a.dir:
			return fileError(err)
		case err != nil:
			problems = append(problems, recordProblem{File: path, Error: oneLine(fileError(err))})
			return nil
		case d.IsDir(), !slices.Contains(kinds, strings.ToLower(filepath.Ext(path))):
			return nil
		case !ordinary(path):
			return nil
		}
		found, err := c.records(path, a)
		if err != nil {
			problems = append(problems, recordProblem{File: path, Error: oneLine(err)})
		}
		records = append(records, found...)
		return nil
	})
	if err != nil {
		return err
	}
	if len(records)+len(problems) == 0 {
		return no("%s holds no file with incidents (%s)", a.dir, strings.Join(kinds, ", "))
	}
	return c.judgeMany(ctx, a, records, problems)
}

// ordinary leaves out pipes and devices, at which reading would wait for ever. What cannot be looked at is
// read all the same, so that it is named.
func ordinary(path string) bool {
	info, err := os.Stat(path)
	return err != nil || info.Mode().IsRegular()
}

func (c *cli) records(path string, a assessing) ([]record, error) {
	b, err := c.readAtMost(path, a.limit())
	if err != nil || a.from == "tocsin" {
		return []record{{file: path, body: b}}[:btoi(err == nil)], err
	}
	bodies, isList, err := intake.Records(b)
	if err != nil {
		return nil, err
	}
	if isList {
		return split(path, bodies), nil
	}
	return []record{{file: path, body: bodies[0]}}, nil
}

// judgeMany assesses records side by side and answers in their order.
func (c *cli) judgeMany(ctx context.Context, a assessing, records []record, problems []recordProblem) error {
	began := time.Now()
	rules, err := loadRules(a.rules)
	if err != nil {
		return err
	}
	if err := knownRegimes(rules, a.regimes); err != nil {
		return err
	}
	rows, failed, err := c.assessAll(ctx, a, rules, records)
	if err != nil {
		return err
	}
	out := manyAnswer{From: a.from, Incidents: a.keep(rows), Errors: append(problems, failed...), Seconds: time.Since(began).Seconds()}
	if out.Errors == nil {
		out.Errors = []recordProblem{}
	}
	out.Regimes = countRegimes(out.Incidents)
	for _, p := range out.Errors {
		c.tell("not assessed: " + p.where() + ": " + p.Error)
	}
	if err := c.answer(out, func(p *page) { showMany(p, a, out) }); err != nil {
		return err
	}
	if len(out.Errors) > 0 {
		return errNo
	}
	return nil
}

func knownRegimes(rules *policy.Rules, regimes []string) error {
	for _, id := range regimes {
		if !slices.ContainsFunc(rules.All(), func(p policy.Pack) bool { return p.ID == id }) {
			return usagef("%s is the id of no rule pack", id)
		}
	}
	return nil
}

// assessAll spreads the records over the processors.
func (c *cli) assessAll(ctx context.Context, a assessing, rules *policy.Rules, records []record) ([]assessedRow, []recordProblem, error) {
	rows, errs := make([]assessedRow, len(records)), make([]error, len(records))
	next, finished := atomic.Int64{}, make(chan struct{}, 64)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(records)) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(records)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				rows[i], errs[i] = a.assessed(rules, records[i])
				finished <- struct{}{}
			}
		})
	}
	go func() { workers.Wait(); close(finished) }()
	bar, n := c.progress("assess", int64(len(records))), int64(0)
	for range finished {
		n++
		bar.at(n)
	}
	bar.done()
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	var good []assessedRow
	var failed []recordProblem
	for i, r := range records {
		if errs[i] != nil {
			failed = append(failed, recordProblem{r.file, r.number, oneLine(errs[i])})
			continue
		}
		good = append(good, rows[i])
	}
	return good, failed, nil
}

// firm orders verdicts: one duty that applies makes the regime apply.
var firm = map[breach.Verdict]int{breach.Applies: 2, breach.CannotTell: 1, breach.DoesNotApply: 0}

func (a assessing) assessed(rules *policy.Rules, r record) (assessedRow, error) {
	facts, own, notes, err := factsFrom(r.body, a.from)
	if err != nil {
		return assessedRow{}, err
	}
	p, err := a.policyFor(own)
	if err != nil {
		return assessedRow{}, err
	}
	j, err := rules.Judge(facts, p, a.now)
	if err != nil {
		return assessedRow{}, err
	}
	row := assessedRow{
		File: r.file, Record: r.number, Score: j.Assessment.Score, Range: j.Assessment.Range, Level: j.Assessment.Level,
		Regimes: map[string]breach.Verdict{}, Notes: notes,
	}
	if t := facts.Incident.Title; t != nil {
		row.Title = *t
	}
	for _, o := range j.Obligations {
		if len(a.regimes) > 0 && !slices.Contains(a.regimes, o.Regime) {
			continue
		}
		if was, ok := row.Regimes[o.Regime]; !ok || firm[o.Verdict] > firm[was] {
			row.Regimes[o.Regime] = o.Verdict
		}
	}
	return row, nil
}

// keep leaves out the incidents of which no regime gives the verdict that was asked for.
func (a assessing) keep(rows []assessedRow) []assessedRow {
	out := make([]assessedRow, 0, len(rows))
	for _, r := range rows {
		if a.verdict == "" || slices.Contains(slices.Collect(maps.Values(r.Regimes)), breach.Verdict(a.verdict)) {
			out = append(out, r)
		}
	}
	return out
}

func countRegimes(rows []assessedRow) []regimeCount {
	by := map[string]*regimeCount{}
	for _, r := range rows {
		for id, v := range r.Regimes {
			if by[id] == nil {
				by[id] = &regimeCount{Regime: id}
			}
			switch v {
			case breach.Applies:
				by[id].Applies++
			case breach.CannotTell:
				by[id].CannotTell++
			case breach.DoesNotApply:
				by[id].DoesNotApply++
			}
		}
	}
	out := make([]regimeCount, 0, len(by))
	for _, n := range by {
		out = append(out, *n)
	}
	slices.SortFunc(out, func(a, b regimeCount) int {
		return cmp.Or(b.Applies-a.Applies, b.CannotTell-a.CannotTell, strings.Compare(a.Regime, b.Regime))
	})
	return out
}

func showMany(p *page, a assessing, m manyAnswer) {
	p.line(fmt.Sprintf("Incidents: %d, in %.1f s", len(m.Incidents), m.Seconds))
	if len(m.Errors) > 0 {
		p.line(fmt.Sprintf("Not assessed: %d", len(m.Errors)))
	}
	if len(m.Regimes) > 0 {
		p.head("Verdicts by regime")
		rows := [][]string{{"REGIME", "APPLIES", "CANNOT TELL", "DOES NOT APPLY"}}
		for _, r := range m.Regimes {
			rows = append(rows, []string{r.Regime, fmt.Sprintf("%7d", r.Applies), fmt.Sprintf("%11d", r.CannotTell), fmt.Sprintf("%14d", r.DoesNotApply)})
		}
		p.table(2, rows)
	}
	if !a.list || len(m.Incidents) == 0 {
		return
	}
	p.head("Incidents")
	rows := [][]string{{"INCIDENT", "APPLIES", "OPEN", "SEVERITY"}}
	for _, r := range m.Incidents {
		var applies, open int
		for _, v := range r.Regimes {
			applies += btoi(v == breach.Applies)
			open += btoi(v == breach.CannotTell)
		}
		name := strings.TrimSuffix(filepath.Base(r.File), filepath.Ext(r.File))
		if r.Record > 0 {
			name = cmp.Or(r.Title, fmt.Sprintf("%s, record %d", name, r.Record))
		}
		rows = append(rows, []string{name, fmt.Sprintf("%7d", applies), fmt.Sprintf("%4d", open), atMost(r)})
	}
	p.table(2, rows)
}

// atMost names the level; while facts are missing it is the worst that it can be.
func atMost(r assessedRow) string {
	if r.Score == nil {
		return "≤ " + r.Level
	}
	return r.Level
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// oneLine is an error as one line of a list.
func oneLine(err error) string {
	said := err.Error()
	var known *breach.Error
	if errors.As(err, &known) {
		said = known.Detail
		for _, f := range known.Fields {
			said += "; " + f.Where + ": " + f.What
		}
	}
	return strings.Join(strings.Fields(said), " ")
}
