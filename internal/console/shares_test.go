package console

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestSharesAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.Int64Range(0, 3_000_000), len(breach.Outcomes), len(breach.Outcomes)).Draw(t, "counts")
		var total int64
		for _, n := range counts {
			total += n
		}
		sum := 0
		for i, s := range shares(counts) {
			sum += s
			require.GreaterOrEqual(t, s, 0)
			if total > 0 {
				exact := float64(counts[i]) * 1000 / float64(total)
				require.InDelta(t, exact, s, 1, "never more than a tenth of a percent off")
			}
		}
		wide := 0.0
		for i, w := range drawn(counts, thinnestSmall) {
			wide += w
			if counts[i] > 0 {
				require.GreaterOrEqual(t, w, thinnestSmall-1e-9)
			} else {
				require.Zero(t, w)
			}
		}
		if total == 0 {
			require.Zero(t, sum)
			return
		}
		require.Equal(t, 1000, sum)
		require.InDelta(t, 100, wide, 1e-6)
	})
}

// TestThePageAddsUp adds up what people read, for tallies that round badly.
func TestThePageAddsUp(t *testing.T) {
	t.Parallel()
	for _, tally := range []breach.Tally{
		sampleTally,
		{breach.Reached: 1, breach.Attempted: 1, breach.Pending: 1},
		{breach.Reached: 999999, breach.Pending: 1},
		{breach.Reached: 1, breach.Attempted: 1, breach.Pending: 1, breach.Held: 1, breach.Unreachable: 1, breach.Covered: 1, breach.Exempt: 1},
		{breach.Covered: 7},
	} {
		d := sampleDesk()
		o := sampleOverview()
		o.People, o.Total = tally, tally.Sum()
		d.overview = func(string) (breach.Overview, error) { return o, nil }
		p := newSite(t, d).as(reader).get("/console/incidents/" + sampleID)
		var people int64
		tenths := 0
		rows := p.one("#people").all("tbody tr")
		require.Len(t, rows, 8, "all eight outcomes, always")
		for _, row := range rows {
			cells := row.all("td.num")
			n := number(t, cells[0].text())
			people += n
			if cells[1].text() == "< 0.1 %" {
				require.Positive(t, n)
				continue
			}
			tenths += int(number(t, strings.ReplaceAll(strings.TrimSuffix(cells[1].text(), " %"), ".", "")))
		}
		require.Equal(t, tally.Sum(), people)
		require.Equal(t, 1000, tenths)
		foot := p.one("#people").all("tfoot td.num")
		require.Equal(t, tally.Sum(), number(t, foot[0].text()))
		require.Equal(t, "100.0 %", foot[1].text())
		require.Contains(t, p.one("#people").text(), "equal.")
	}
}

func TestARecountThatDiffersIsSaid(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	o := sampleOverview()
	o.Balanced = false
	d.overview = func(string) (breach.Overview, error) { return o, nil }
	require.Contains(t, newSite(t, d).as(lead).get("/console/incidents/"+sampleID).one("#people").text(), "The recount differs")
	o.Balanced, o.Total = true, o.Total+1
	require.Contains(t, newSite(t, d).as(lead).get("/console/incidents/"+sampleID).one("#people").text(), "The recount differs")
}

func number(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(strings.ReplaceAll(s, ",", ""), 10, 64)
	require.NoError(t, err)
	return n
}

func TestClocksStayOnTheAxis(t *testing.T) {
	t.Parallel()
	p := newSite(t, sampleDesk()).as(lead).get("/console/incidents/" + sampleID)
	rects := 0
	for _, kind := range []string{".rail rect", ".bar rect"} {
		for _, r := range p.all(kind) {
			x, w := r.attr("x"), r.attr("width")
			if !strings.HasSuffix(x, "%") {
				continue
			}
			from, err := strconv.ParseFloat(strings.TrimSuffix(x, "%"), 64)
			require.NoError(t, err)
			width, err := strconv.ParseFloat(strings.TrimSuffix(w, "%"), 64)
			require.NoError(t, err)
			require.GreaterOrEqual(t, from, 0.0)
			require.LessOrEqual(t, from+width, 100.05)
			rects++
		}
	}
	require.Greater(t, rects, 20)
}
