package console

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Narrowest widths, in percent, at which a share above zero is drawn.
const (
	thinnest      = 0.55
	thinnestSmall = 1.2
)

// shares gives tenths of a percent that add up to 1000 exactly, by largest remainder: whoever adds up the
// column gets 100.0. All are zero when there is nothing.
func shares(counts []int64) []int {
	var total int64
	for _, n := range counts {
		total += n
	}
	out := make([]int, len(counts))
	if total <= 0 {
		return out
	}
	order, left := make([]int, len(counts)), 1000
	for i, n := range counts {
		order[i] = i
		out[i] = int(n * 1000 / total)
		left -= out[i]
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch ra, rb := counts[a]*1000%total, counts[b]*1000%total; {
		case ra > rb:
			return -1
		case ra < rb:
			return 1
		}
		return 0
	})
	for _, i := range order[:left] {
		out[i]++
	}
	return out
}

// share is how tenths of a percent are written. Few people are never shown as none.
func share(tenths int, n int64) string {
	if tenths == 0 && n > 0 {
		return "< 0.1 %"
	}
	return fmt.Sprintf("%d.%d %%", tenths/10, tenths%10)
}

// bar is a strip of people by outcome, drawn as rectangles whose places are percentages.
type bar struct {
	Label string // the same for those who do not see it
	Rects []rect
}

type rect struct{ Class, X, Width string }

// drawn widens what would not be seen and takes that from the widest.
func drawn(counts []int64, least float64) []float64 {
	var total int64
	for _, n := range counts {
		total += n
	}
	out := make([]float64, len(counts))
	if total <= 0 {
		return out
	}
	widest, extra := 0, 0.0
	for i, n := range counts {
		out[i] = float64(n) * 100 / float64(total)
		if n > 0 && out[i] < least {
			extra += least - out[i]
			out[i] = least
		}
		if counts[i] > counts[widest] {
			widest = i
		}
	}
	out[widest] -= extra
	return out
}

// outcomeClasses are the classes of the style sheet, in the order of breach.Outcomes.
var outcomeClasses = map[breach.Outcome]string{
	breach.Reached: "o-reached", breach.Attempted: "o-attempted", breach.Pending: "o-pending", breach.Held: "o-held",
	breach.Unreachable: "o-unreachable", breach.Covered: "o-covered", breach.Exempt: "o-exempt", breach.Withdrawn: "o-withdrawn",
}

func inOrder(t breach.Tally) []int64 {
	out := make([]int64, len(breach.Outcomes))
	for i, o := range breach.Outcomes {
		out[i] = t[o]
	}
	return out
}

// bar draws a tally. name says of whom, for readers who do not see the bar.
func (l speech) bar(name string, t breach.Tally, least float64) bar {
	counts := inOrder(t)
	widths, tenths := drawn(counts, least), shares(counts)
	var out bar
	var said []string
	x := 0.0
	for i, o := range breach.Outcomes {
		if counts[i] == 0 {
			continue
		}
		out.Rects = append(out.Rects, rect{outcomeClasses[o], percent(x), percent(widths[i])})
		x += widths[i]
		said = append(said, strings.ToLower(l.T(wordOf(breach.PersonMachine, string(o))))+" "+share(tenths[i], counts[i]))
	}
	out.Label = name
	if len(said) > 0 {
		out.Label += l.T(": ") + strings.Join(said, l.T(", "))
	}
	return out
}

func percent(x float64) string { return fmt.Sprintf("%.2f%%", x) }

// wordOf is the word for a state, or the state itself when the machine does not have it.
func wordOf(m breach.Machine, id string) string {
	for _, s := range m.States {
		if s.ID == id {
			return s.Word
		}
	}
	return id
}
