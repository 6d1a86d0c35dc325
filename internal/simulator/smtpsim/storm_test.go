package smtpsim

import (
	"bufio"
	"errors"
	"maps"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// spoken is what an open relay answers to one pipelined message in a storm: reply codes, and how it ended. Only after as
// many codes as are wanted does a short wait count as silence, and never where the server is to hang up.
func spoken(t *testing.T, s stand, wanted int, closes bool) (codes, ending string) {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	require.NoError(t, err)
	defer conn.Close()
	go func() {
		_, _ = conn.Write([]byte("EHLO x.test\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\n" + strings.ReplaceAll(body, "\r\n.A", "\r\n..A") + strings.Repeat("x\r\n", 500) + ".\r\nNOOP\r\n"))
	}()
	var all []string
	in := bufio.NewScanner(conn)
	for {
		patience := 20 * time.Second
		if len(all) >= wanted && !closes {
			patience = 150 * time.Millisecond
		}
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if !in.Scan() {
			break
		}
		if line := in.Text(); len(line) > 3 && line[3] == ' ' {
			all = append(all, line[:3])
		}
	}
	ending = "closed"
	if wait := net.Error(nil); errors.As(in.Err(), &wait) && wait.Timeout() {
		ending = "silent"
	}
	return strings.Join(all, " "), ending
}

func TestStormStrikesWhereItSays(t *testing.T) {
	t.Parallel()
	for trouble, want := range map[faults.Trouble]struct {
		codes, ending string
		taken         int
	}{
		faults.GreetHang:    {"", "silent", 0},
		faults.GreetDrop:    {"", "closed", 0},
		faults.Greet421:     {"421", "closed", 0},
		faults.Mail421:      {"220 250 421", "closed", 0},
		faults.Mail451:      {"220 250 451 503 503", "", 0},
		faults.RcptHang:     {"220 250 250", "silent", 0},
		faults.Rcpt451:      {"220 250 250 451 554", "", 0},
		faults.Rcpt552:      {"220 250 250 552 554", "", 0},
		faults.DataDrop:     {"220 250 250 250 354", "closed", 0},
		faults.DotHang:      {"220 250 250 250 354", "silent", 0},
		faults.DotHangTaken: {"220 250 250 250 354", "silent", 1},
		faults.DotDrop:      {"220 250 250 250 354", "closed", 0},
		faults.DotDropTaken: {"220 250 250 250 354", "closed", 1},
		faults.Dot421:       {"220 250 250 250 354 421", "closed", 0},
		faults.Dot451:       {"220 250 250 250 354 451 250", "silent", 0},
		faults.Dot552:       {"220 250 250 250 354 552 250", "silent", 0},
		faults.DotTwice:     {"220 250 250 250 354 250 250 250", "silent", 1},
		"":                  {"220 250 250 250 354 250 250", "silent", 1},
	} {
		t.Run("trouble "+string(trouble), func(t *testing.T) {
			t.Parallel()
			s := start(t, true)
			if trouble != "" {
				require.NoError(t, s.panel.SetStorm(faults.Storm{Seed: 1, Shares: map[faults.Trouble]float64{trouble: 1}}))
			}
			codes, ending := spoken(t, s, len(strings.Fields(want.codes)), want.ending == "closed")
			require.True(t, strings.HasPrefix(codes, want.codes), codes)
			if want.ending != "" {
				require.Equal(t, want.codes, codes)
				require.Equal(t, want.ending, ending)
			}
			struck := map[faults.Trouble]int{}
			if trouble != "" {
				struck[trouble] = 1
			}
			taken := func() int { return s.box.List(outbox.Query{}).Total }
			require.Eventually(t, func() bool { // a silent server may still be on its way to where it strikes
				return maps.Equal(struck, s.panel.Struck()) && taken() == want.taken
			}, 20*time.Second, 5*time.Millisecond)
		})
	}
	p := faults.New(0, 0)
	require.Error(t, p.SetStorm(faults.Storm{Shares: map[faults.Trouble]float64{"rain": 0.1}}))
	require.Error(t, p.SetStorm(faults.Storm{Shares: map[faults.Trouble]float64{faults.Dot421: 1.1}}))
}
