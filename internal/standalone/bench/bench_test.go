package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/simulator/smtpsim"
)

func TestIncidentAndPolicyAreUsable(t *testing.T) {
	t.Parallel()
	p, err := Policy()
	require.NoError(t, err)
	require.Equal(t, policyName, p.Name)
	now := time.Now()
	file, err := incident(1234, now)
	require.NoError(t, err)
	require.Empty(t, file.Missing())
	require.EqualValues(t, 1234, *file.Facts.People.Total)
	require.WithinDuration(t, now, *file.Facts.Incident.AwareAt, 10*time.Minute)
}

func TestListNamesEverybodyOnce(t *testing.T) {
	t.Parallel()
	in := list(500)
	defer in.Close()
	all, err := csv.NewReader(in).ReadAll()
	require.NoError(t, err)
	require.Len(t, all, 501)
	require.Equal(t, []string{"external_id", "name", "email", "locale", "country"}, all[0])
	require.Equal(t, "p1@bench.test", all[1][2])
	require.Equal(t, "p500@bench.test", all[500][2])
}

func TestRecordCountsPeopleAndCopies(t *testing.T) {
	t.Parallel()
	got, err := readRecord(strings.NewReader(strings.Join([]string{
		"p1@bench.test <a@x>", "p2@bench.test <b@x>", "p2@bench.test <b@x>", "p3@bench.test <c@x>", "p3@bench.test <d@x>",
		"p1@plain.test <a@x>", "p9@bench.test <e@x>", "p0@bench.test <e@x>", "postmaster@bench.test <f@x>", "p4@bench.test <cut off", "p5@bench.test <not ended@x>",
	}, "\n")), 5)
	require.NoError(t, err)
	require.Equal(t, record{Messages: 5, People: 3, Copies: 2, OtherIDs: 1}, got, "the last line has no end, so its message was not answered")
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte("p1@bench.test <a@x>\np1@bench.test <b@x>\n"))
	f.Add([]byte("p99999999999999999999@bench.test <>\n\n \x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := readRecord(bytes.NewReader(in), 10)
		if err != nil || got.People > 10 || got.People+got.Copies != got.Messages || got.OtherIDs > got.Copies {
			t.Fatal(got, err)
		}
	})
}

// The bare client must say what it says it does: the server's own count is held against its.
func TestPlainClientSendsWhatItCounts(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	sink := smtpsim.NewSink(io.Discard)
	go func() { _ = sink.Serve(l) }()
	defer sink.Close()
	defer l.Close()
	p := plain{address: l.Addr().String(), connections: 3, letter: letter{from: "a@x.test", raw: stuffed([]byte("Subject: x\r\n\r\n.dot\r\nend"))}}
	for range 2 {
		require.NoError(t, p.run(t.Context(), 500, time.Minute))
	}
	require.EqualValues(t, 1000, p.sent)
	require.EqualValues(t, 1000, sink.Taken())
	require.Positive(t, p.perSecond())
}

func TestLoadGoesToThisMachineAlone(t *testing.T) {
	t.Parallel()
	local, err := reachable("127.0.0.1:25")
	require.NoError(t, err)
	require.True(t, local)
	local, err = reachable("10.1.2.3:25")
	require.NoError(t, err)
	require.False(t, local)
	for _, bad := range []string{"192.0.2.1:25", "127.0.0.1", ""} {
		_, err = reachable(bad)
		require.Error(t, err, bad)
	}
}

func TestRolesEndWithWhoeverStartedThem(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	obeyed := func(lines string) error { return obey(bufio.NewReader(strings.NewReader(lines)), &out) }
	require.ErrorIs(t, obeyed("profile\n"), errAlone)
	require.NoError(t, obeyed("profile\nstop\n"))
	require.Equal(t, "ok\nok\n", out.String())
	require.ErrorIs(t, Role(RoleSink, strings.NewReader(""), &out), errAlone)
}

// Whatever is measured ends when the worker or a part that is needed does, and says which.
func TestMeasuringEndsWithThePartsThatItNeeds(t *testing.T) {
	t.Parallel()
	failed, lives, over := make(chan error, 1), make(chan struct{}), make(chan struct{})
	failed <- errors.New("PostgreSQL ended")
	close(over)
	for want, on := range map[string]struct {
		worker chan struct{}
		stack  Stack
	}{"the worker ended": {over, Stack{}}, "PostgreSQL ended": {lives, Stack{Failed: failed}}} {
		b := &Bench{worker: &child{over: on.worker}}
		_, err := watched(t.Context(), b, on.stack, func(ctx context.Context, _ Stack) (Answers, error) {
			<-ctx.Done()
			return Answers{}, ctx.Err()
		})
		require.ErrorContains(t, err, want)
	}
	n, err := watched(t.Context(), &Bench{worker: &child{over: lives}}, Stack{}, func(context.Context, Stack) (int, error) { return 7, nil })
	require.NoError(t, err)
	require.Equal(t, 7, n)
}

func TestTableReplacesTheOneBefore(t *testing.T) {
	t.Parallel()
	page := []byte("# Page\n" + tableBegin + "\nold\n" + tableEnd + "\nmore\n")
	rows := table([][]Result{{
		{People: 1000, Seconds: 0.4, PerSecond: 2500, Ratio: 0.9, WorkerPeakRSSBytes: 50e6, Lost: 1},
		{People: 1000, Seconds: 0.6, PerSecond: 1600, Ratio: 0.5, WorkerPeakRSSBytes: 60e6, TemporalHistoryEvents: 130},
		{People: 1000, Seconds: 0.5, PerSecond: 2000, Ratio: 0.7, WorkerPeakRSSBytes: 40e6, TemporalHistoryEvents: 120},
	}, {{People: 2000}}})
	require.Contains(t, rows, "| 1000 | 0.5 | 2000 | 0 | 0.70 | 0.90 0.50 0.70 | 60 MB | 0, 0, 0 | 130 | 0 | 1 |", "the middle run, and the worst of what must hold in each")
	require.Contains(t, rows, "| 2000 | ")
	for range 2 {
		var err error
		page, err = insert(page, rows)
		require.NoError(t, err)
	}
	require.Equal(t, "# Page\n"+tableBegin+"\n"+rows+tableEnd+"\nmore\n", string(page))
	_, err := insert([]byte("# Page\n"), rows)
	require.Error(t, err)
}

func TestLinesFitTheScreen(t *testing.T) {
	t.Parallel()
	m := (&Screen{Out: io.Discard}).meter("Sending", 10_000_000, 0)
	m.done = 9_999_999
	require.LessOrEqual(t, len(m.line(100*time.Hour)), 70)
	m.done = 1_234_567
	require.LessOrEqual(t, len(m.line(10*time.Minute)), 70)
	text := Result{People: 10_000_000, Seconds: 12345.67, PerSecond: 123456, BaselinePerSecond: 123456, MessageBytes: 12345, Connections: 1000,
		Unknown: 1000, Repeated: 1000, CPUMicrosPerMessage: 1234.5, PostgresCPU: 1234.5, RestCPU: 1234.5, Activities: map[string]float64{"deliver.reconcile": 12345.67}}.Text()
	for line := range strings.Lines(text) {
		require.LessOrEqual(t, len(strings.TrimSuffix(line, "\n")), 80, line)
	}
}

func TestUsageOfThisProcess(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("this system has no /proc: memory and processor time of processes are not measured")
	}
	require.Greater(t, peakMemory(os.Getpid()), int64(1<<20))
	for begin := time.Now(); cpuOf(os.Getpid()) == 0; {
		require.Less(t, time.Since(begin), 10*time.Second)
	}
	require.Zero(t, peakMemory(-1))
	require.Zero(t, cpuOf(-1))
	require.Zero(t, cpuOfPostgres(t.TempDir()))
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	var values []float64
	for i := 100; i > 0; i-- {
		values = append(values, float64(i))
	}
	require.InDelta(t, 95, percentile(values, 95), 0)
	require.InDelta(t, 50, percentile(values, 50), 0)
	require.InDelta(t, 7, percentile([]float64{7}, 95), 0)
	require.InDelta(t, 0, percentile(nil, 95), 0)
	require.InDelta(t, 100, values[0], 0, "the order of the measurements stays")
}
