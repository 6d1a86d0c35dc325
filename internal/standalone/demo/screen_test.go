package demo

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/width"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// columns is how many columns a terminal needs for a line.
func columns(line string) (n int) {
	for _, r := range colours.ReplaceAllString(line, "") {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

func busy() breach.Overview {
	v := breach.Overview{Total: 1_000_000, Balanced: true, At: time.Unix(0, 0), People: breach.Tally{breach.Reached: 999_999, breach.Unreachable: 1},
		Incident: breach.Incident{State: breach.IncidentNotifying, Title: "一张很长很长的学员登录信息表被人从测试服务器上复制走了 and so on"}}
	v.Channels = map[breach.Channel]breach.ChannelCounts{}
	for _, c := range breach.Channels {
		v.Channels[c] = breach.ChannelCounts{"accepted": 900_000, "delivered": 900_000, "failed_permanent": 900_000, "failed_temporary": 900_000}
	}
	for range 9 {
		due := time.Unix(3600, 0)
		v.Duties = append(v.Duties, breach.Duty{Obligation: breach.Obligation{Verdict: breach.Applies, DueAt: &due, Title: strings.Repeat("告知 ", 30)}})
	}
	return v
}

func TestTheLiveBlockFitsEveryTerminal(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{200, 60}, {80, 24}, {59, 24}, {48, 20}, {40, 10}, {20, 5}, {8, 3}, {0, 0}} {
		var out bytes.Buffer
		s := &Screen{Out: &out, Terminal: true, Now: time.Now, Begin: time.Now(), Size: func() (int, int) { return size[0], size[1] }}
		s.Show(busy(), nil)
		wide, high := s.size()
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		require.Len(t, lines, s.drawn, "%v: what is drawn is what is erased", size)
		require.Less(t, len(lines), high, "%v", size)
		for _, l := range lines {
			require.Less(t, columns(l), wide, "%v: %q", size, l)
		}
		if wide >= 48 && high >= 20 {
			require.Contains(t, out.String(), "999,999", "%v", size)
			require.Contains(t, out.String(), "100.0 %", "%v", size)
		}
		out.Reset()
		s.Say("one line")
		require.True(t, strings.HasPrefix(out.String(), "\x1b["), "the block is taken away first")
	}
}

func TestWithoutATerminalNothingMovesTheCursor(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := &Screen{Out: &out, Now: time.Now, Begin: time.Now()}
	s.Say("one")
	s.Show(busy(), []breach.AuditEntry{trouble("list 1", "why")})
	s.Done()
	require.NotContains(t, out.String(), "\x1b")
	require.NotContains(t, out.String(), "\r")
	require.Contains(t, out.String(), "reached 999999")
}

func TestAListWithManyKindsOfProblemsIsToldInShort(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := &Screen{Out: &out, Now: time.Now, Begin: time.Now()}
	problems := map[string]int64{"email_malformed": 900, "no_contact": 7}
	for i := range 20 {
		problems["rare_"+string(rune('a'+i))] = 1
	}
	s.List(map[string]any{"rows": 1000, "rejected": 900, "by_problem": problems})
	require.Contains(t, out.String(), "email malformed: 900")
	require.Contains(t, out.String(), "and 14 more kinds")
	require.Equal(t, 10, strings.Count(out.String(), "\n"))
	require.Less(t, strings.Index(out.String(), "email malformed"), strings.Index(out.String(), "no contact"))
}

// Eighteen authorities that answer at once are eighteen lines, not thirty-six.
func TestAReportThatIsAnsweredAtOnceIsOneLine(t *testing.T) {
	t.Parallel()
	entry := func(action, obligation string) breach.AuditEntry {
		return breach.AuditEntry{Action: action, Data: []byte(`{"obligation":"` + obligation + `"}`)}
	}
	require.Equal(t, []string{"Report: a/authority/x filed and acknowledged", "Report: b/authority/y filed", "Report: c/authority/z acknowledged"}, sentences([]breach.AuditEntry{
		entry("report.filed", "a/authority/x"), entry("duty.moved", "a/authority/x"), entry("report.filed", "b/authority/y"),
		entry("report.acknowledged", "a/authority/x"), entry("report.acknowledged", "c/authority/z"),
	}))
}
