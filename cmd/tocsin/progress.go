package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// progress draws one line on stderr, when that is a terminal.
type progress struct {
	out   io.Writer // nil: draws nothing
	what  string
	total int64 // 0: not known
	now   func() time.Time
	drawn time.Time
	seen  bool
}

func (c *cli) progress(what string, total int64) *progress {
	p := &progress{what: what, total: total, now: c.now}
	if c.errTTY {
		p.out = c.err
	}
	return p
}

const drawEvery = 100 * time.Millisecond

// at draws how far it is, not too often.
func (p *progress) at(n int64) {
	if p.out == nil || p.total <= 0 || (n < p.total && p.now().Sub(p.drawn) < drawEvery) {
		return
	}
	p.drawn, p.seen = p.now(), true
	const width = 40
	full := int(min(n, p.total) * width / p.total)
	_, _ = fmt.Fprintf(p.out, "\r%-8s [%s%s] %3d%%", p.what, strings.Repeat("#", full), strings.Repeat(" ", width-full), min(n, p.total)*100/p.total)
}

// rows draws how many rows there were so far, where nobody knows how many there will be.
func (p *progress) rows(n int64) {
	if p.out == nil || p.now().Sub(p.drawn) < drawEvery {
		return
	}
	p.drawn, p.seen = p.now(), true
	_, _ = fmt.Fprintf(p.out, "\r%-8s %s rows", p.what, count(n))
}

// done takes the line away.
func (p *progress) done() {
	if p.seen {
		_, _ = fmt.Fprint(p.out, "\r\x1b[K")
	}
}

// counted reports what is read through it.
type counted struct {
	in  io.Reader
	n   int64
	bar *progress
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.in.Read(b)
	c.n += int64(n)
	c.bar.at(c.n)
	return n, err
}
