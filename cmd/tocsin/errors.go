package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const (
	exitDone   = 0
	exitNo     = 1
	exitUsage  = 2
	exitFailed = 3
)

// usageError is a command line that cannot be carried out.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// refusal is an answer of no, with its reason, or several.
type refusal struct {
	text string
	list []string
}

func (e *refusal) Error() string { return e.text }

func no(format string, args ...any) error { return &refusal{text: fmt.Sprintf(format, args...)} }

// The answer has been printed already; only the exit status is left.
var (
	errNo         = errors.New("the answer is no")
	errUsageShown = errors.New("wrong use")
)

// fileError is a file that cannot be read or written: what is named wrongly is a no, what the disk does is
// the system's failure.
func fileError(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return no("there is no file %s", p.Path)
		case errors.Is(err, fs.ErrPermission):
			return no("the file %s may not be read or written by you", p.Path)
		case errors.Is(err, fs.ErrExist):
			return no("the file %s exists already", p.Path)
		}
	}
	return err
}

// explain prints what happened, why, what to do, and the reference number last. It gives the exit status.
func (c *cli) explain(err error) int {
	p := newPage(c.width)
	status := c.describe(p, err)
	_, _ = io.WriteString(c.err, p.String()) // a terminal that is gone needs no words
	return status
}

func (c *cli) describe(p *page, err error) int {
	var usage *usageError
	var refused *refusal
	var problem *problemError
	var known *breach.Error
	switch {
	case errors.Is(err, errNo):
		return exitNo
	case errors.Is(err, errUsageShown):
		return exitUsage
	case errors.As(err, &usage):
		p.para(0, "tocsin: "+usage.text)
		p.line("See tocsin --help, or --help of the command.")
		return exitUsage
	case errors.As(err, &refused):
		p.para(0, "tocsin: "+refused.text)
		for _, reason := range refused.list {
			p.para(2, reason)
		}
		return exitNo
	case errors.As(err, &problem):
		return describeProblem(p, problem)
	case errors.As(err, &known):
		entry := breach.Catalogue[known.Code]
		describeFields(p, entry.Title, known.Detail, known.Fields, entry.Do)
		return entry.Exit
	case errors.Is(err, context.Canceled):
		p.line("tocsin: interrupted")
		return exitFailed
	}
	p.para(0, "tocsin: "+err.Error())
	return exitFailed
}

func describeFields(p *page, title, detail string, fields []breach.FieldError, do string) {
	p.para(0, "tocsin: "+title)
	if detail != "" {
		p.para(2, detail)
	}
	describeEach(p, fields)
	if do != "" {
		p.para(2, "What to do: "+do)
	}
}

// many is from how many places on the same is said once for all of them.
const many = 3

func describeEach(p *page, fields []breach.FieldError) {
	places := map[string][]string{}
	for _, f := range fields {
		places[f.What] = append(places[f.What], f.Where)
	}
	for _, f := range fields {
		switch at := places[f.What]; {
		case len(at) >= many:
			p.para(4, f.What+":")
			p.para(6, strings.Join(at, ", "))
			delete(places, f.What)
		case len(at) > 0:
			p.para(4, f.Where+": "+f.What)
		}
	}
}

func describeProblem(p *page, e *problemError) int {
	describeFields(p, e.Title, e.Detail, e.Fields, e.Do)
	if e.Instance != "" {
		p.para(2, "Reference: "+e.Instance)
	}
	if entry, ok := breach.Catalogue[e.code()]; ok {
		return entry.Exit
	}
	if e.Status >= 500 {
		return exitFailed
	}
	return exitNo
}
