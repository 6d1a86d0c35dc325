package smtpsim

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// talk feeds a sink what a peer writes, and gives what it answered and recorded.
func talk(t testing.TB, in string) (answers []string, record string) {
	t.Helper()
	var kept bytes.Buffer
	s := NewSink(&kept)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = s.Serve(l) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	var writing sync.WaitGroup
	writing.Go(func() {
		_, _ = io.WriteString(conn, in)
		_ = conn.(*net.TCPConn).CloseWrite()
	})
	out, _ := io.ReadAll(conn) // a sink that hangs up may reset
	_ = conn.Close()
	writing.Wait()
	_ = l.Close()
	s.Close()
	return strings.Split(strings.TrimSuffix(string(out), "\r\n"), "\r\n"), kept.String()
}

func TestSinkRecordsBeforeItAnswers(t *testing.T) {
	t.Parallel()
	mail := func(to, id string) string {
		return "MAIL FROM:<b-1@x.test>\r\nRCPT TO:<" + to + ">\r\nDATA\r\nSubject: x\r\nmessage-id: <" + id + ">\r\n\r\nMessage-ID: <body@x>\r\n..\r\n" +
			strings.Repeat("y", 100_000) + "\r\n.\r\n"
	}
	answers, record := talk(t, "EHLO x\r\n"+mail("p1@bench.test", "a@x")+mail("p2@bench.test", "b@x")+"QUIT\r\n")
	require.Equal(t, "p1@bench.test <a@x>\np2@bench.test <b@x>\n", record)
	require.Contains(t, answers, "250-PIPELINING")
	require.Equal(t, []string{"250 2.0.0 Ok", "250 2.0.0 Ok", "354 Go ahead", "250 2.0.0 Ok", "221 2.0.0 Bye"}, answers[len(answers)-5:])
}

func TestSinkRefusesWhatHasNoRecipient(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"no envelope":   {"DATA\r\n", "554 5.5.1 No recipient"},
		"no sender":     {"RCPT TO:<a@x.test>\r\n", "503 5.5.1 One recipient, after MAIL"},
		"no brackets":   {"MAIL FROM:<a@x>\r\nRCPT TO:a@x.test\r\n", "503 5.5.1 One recipient, after MAIL"},
		"two mailboxes": {"MAIL FROM:<a@x>\r\nRCPT TO:<a@x.test> <b@x.test>\r\n", "503 5.5.1 One recipient, after MAIL"},
		"reset":         {"MAIL FROM:<a@x>\r\nRCPT TO:<a@x.test>\r\nRSET\r\nDATA\r\n", "554 5.5.1 No recipient"},
		"unknown":       {"STARTTLS\r\n", "502 5.5.1 Not implemented"},
		"cut off":       {"MAIL FROM:<a@x>\r\nRCPT TO:<a@x.test>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n", "354 Go ahead"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers, record := talk(t, c.in)
			require.Equal(t, c.want, answers[len(answers)-1])
			require.Empty(t, record)
		})
	}
}

// FuzzSink: whatever a peer writes, the sink ends with it, and records whole lines only.
func FuzzSink(f *testing.F) {
	f.Add("EHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<p1@bench.test>\r\nDATA\r\nMessage-ID: <1@x>\r\n\r\n.\r\nQUIT\r\n")
	f.Add("MAIL\nRCPT <\nDATA\n.\n")
	f.Add("MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nBDAT 22 LAST\r\nMessage-ID: <1@x>\r\n\r\nBDAT 4\r\n")
	f.Add("\x00\r\n\r\n.\r\n" + strings.Repeat("x", 70_000))
	f.Fuzz(func(t *testing.T, in string) {
		_, record := talk(t, in)
		if record != "" && !strings.HasSuffix(record, "\n") {
			t.Fatalf("%q", record)
		}
	})
}
