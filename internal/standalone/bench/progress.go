package bench

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Screen shows progress to a person: on a terminal one line that is redrawn, else a line now and then.
type Screen struct {
	Out      io.Writer
	Terminal bool
	begin    time.Time
	drawn    bool
	last     time.Time
}

// Say prints a line.
func (s *Screen) Say(text string) {
	if s.begin.IsZero() {
		s.begin = time.Now()
	}
	s.clear()
	fmt.Fprintf(s.Out, "%7.1fs  %s\n", time.Since(s.begin).Seconds(), text)
}

func (s *Screen) clear() {
	if s.drawn {
		fmt.Fprint(s.Out, "\r\x1b[K")
		s.drawn = false
	}
}

// meter follows one piece of work.
type meter struct {
	screen      *Screen
	what        string
	total       int64
	begin       time.Time
	first, done int64
}

func (s *Screen) meter(what string, total, done int64) *meter {
	return &meter{screen: s, what: what, total: total, begin: time.Now(), first: done, done: done}
}

// show draws how far the work is; the rate is that of this start.
func (m *meter) show(done int64) {
	m.done = done
	every := 2 * time.Second
	if m.screen.Terminal {
		every = 200 * time.Millisecond
	}
	if time.Since(m.screen.last) < every {
		return
	}
	m.screen.last = time.Now()
	line := m.line(time.Since(m.begin))
	if !m.screen.Terminal {
		m.screen.Say(line)
		return
	}
	fmt.Fprintf(m.screen.Out, "\r\x1b[K%s", line)
	m.screen.drawn = true
}

// line leaves room for the time that Say puts before it, within 80 columns.
func (m *meter) line(since time.Duration) string {
	const width = 14
	share := min(1, float64(m.done)/float64(max(1, m.total)))
	full := int(share * width)
	rate := float64(m.done-m.first) / max(since.Seconds(), 0.001)
	left := ""
	if rate > 0 && m.done < m.total {
		left = time.Duration(float64(m.total-m.done)/rate*float64(time.Second)).Round(time.Second).String() + " left"
	}
	return fmt.Sprintf("%-8s [%s%s] %9d/%d %7.0f/s %s", m.what, strings.Repeat("#", full), strings.Repeat(".", width-full), m.done, m.total, rate, left)
}
