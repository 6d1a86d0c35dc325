package email

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

var chunking = []string{"PIPELINING", "CHUNKING", "SIZE 10240000", "8BITMIME", "ENHANCEDSTATUSCODES"}

// behindFirst has a server hold the first message until n others wait, so that they leave in one group.
func behindFirst(t *testing.T, n int, fault func(from, line string) string) (s *server, said []error) {
	t.Helper()
	waiting := make(chan struct{})
	var once sync.Once
	s = startServer(t, &server{ehlo: chunking, fault: func(from, line string) string {
		switch {
		case from == "b-d0-1" && line == "CONTENT":
			once.Do(func() { <-waiting })
		case fault != nil:
			return fault(from, line)
		}
		return ""
	}})
	sender := newSender(t, oneConnection(s.Addr))
	said = make([]error, n+1)
	var wg sync.WaitGroup
	send := func(i int) { wg.Go(func() { _, said[i] = sender.Send(t.Context(), message(i)) }) }
	send(0)
	require.Eventually(t, func() bool { return len(s.taken()) == 1 }, 2*time.Second, time.Millisecond)
	for i := range n {
		send(i + 1)
		require.Eventually(t, func() bool {
			sender.desk.mu.Lock()
			defer sender.desk.mu.Unlock()
			return sender.desk.waiting == i+1
		}, 2*time.Second, time.Millisecond)
	}
	close(waiting)
	wg.Wait()
	require.NoError(t, sender.Close())
	requireTruth(t, s, said)
	return s, said
}

// at gives one answer at one stage of one message.
func at(n int, stage, answer string) func(from, line string) string {
	var once sync.Once
	return func(from, line string) (special string) {
		if from == fmt.Sprintf("b-d%d-1", n) && strings.HasPrefix(line, stage) {
			once.Do(func() { special = answer })
		}
		return special
	}
}

func TestGroupsLeaveInOneWrite(t *testing.T) {
	t.Parallel()
	s, said := behindFirst(t, maxGroup+3, nil)
	for _, err := range said {
		require.NoError(t, err)
	}
	require.Equal(t, 1, s.contacted())
	require.Equal(t, maxGroup+3, s.seen("BDAT"))
	require.Equal(t, 2+2, s.seen("EHLO"), "two at the beginning, and one behind each group")
	require.Equal(t, 1, s.seen("DATA"), "the first one finds out whether the server is there")
}

// Whatever the way, the server gets the same message.
func TestGroupsCarryWhatDataCarries(t *testing.T) {
	t.Parallel()
	odd := func(i int) delivery.Message {
		m := message(i)
		m.Text = ".\n..\n.x\n" + strings.Repeat("长.", 40*(i%3)) + "\n.\n"
		if i%4 == 0 {
			m.Text += "\x1b" // which is left to the library, and does not travel in a group
		}
		return m
	}
	var got [2][]string
	for i, extensions := range [][]string{chunking, {"PIPELINING"}} {
		s := startServer(t, &server{ehlo: extensions})
		sender := newSender(t, oneConnection(s.Addr))
		var wg sync.WaitGroup
		for n := range 30 {
			wg.Go(func() {
				if _, err := sender.Send(t.Context(), odd(n)); err != nil {
					t.Errorf("message %d: %v", n, err)
				}
			})
		}
		wg.Wait()
		for n := range 30 {
			want := fmt.Sprintf("<d%d@bounces.academy.example>", n)
			for _, content := range s.contents {
				if messageIDOf(content) == want {
					got[i] = append(got[i], withoutWhatVaries(content))
				}
			}
		}
		require.Len(t, got[i], 30)
	}
	require.Equal(t, got[1], got[0])
}

// withoutWhatVaries leaves out the date, and the library's random boundary.
func withoutWhatVaries(content string) string {
	var out []string
	for line := range strings.SplitSeq(strings.ReplaceAll(content, "\r\n", "\n"), "\n") {
		if !strings.HasPrefix(line, "Date: ") && !strings.Contains(line, "boundary=") && !strings.HasPrefix(line, "--") && !strings.HasPrefix(line, " boundary") {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

// A message of a group that is refused hurts nobody else, and its recipient gets nobody's message.
func TestRefusedInAGroup(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{"MAIL", "RCPT", "CONTENT"} {
		for _, answer := range []string{"451 4.3.0 Later", "552 5.2.2 Full", "550 5.1.1 No such user"} {
			t.Run(stage+" "+answer[:3], func(t *testing.T) {
				t.Parallel()
				s, said := behindFirst(t, 8, at(4, stage, answer))
				for i, err := range said {
					require.Equal(t, i == 4, err != nil, "message %d: %v", i, err)
				}
				f := failure(t, said[4])
				sender := stage == "MAIL" && answer[:3] == "550" // a sender that is refused is ours to mend
				require.Equal(t, answer[0] == '4' || sender, f.Retryable)
				require.False(t, f.Unknown)
				require.Equal(t, 1, s.contacted())
			})
		}
	}
}

// A server that closes in peace: what it answered stands, what it did not look at is sent anew.
func TestServerClosesWithinAGroup(t *testing.T) {
	t.Parallel()
	for stage, said4 := range map[string]breach.AttemptState{"MAIL": breach.Accepted, "RCPT": breach.FailedTemporary, "CONTENT": breach.FailedTemporary} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			s, said := behindFirst(t, 8, at(4, stage, "421 4.7.0 Enough for now"))
			for i, err := range said {
				if i != 4 || said4 == breach.Accepted {
					require.NoError(t, err, "message %d", i)
					continue
				}
				require.Equal(t, said4, failure(t, err).State())
			}
			require.Equal(t, 2, s.contacted())
		})
	}
}

// Without a word, or with answers that do not add up, nobody knows what became of a group.
func TestGroupsThatAreNotConfirmedAreUnknown(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"DROP", "250 2.0.0 Ok\r\n250 2.0.0 Ok", "354 Go on", "25", "250-a\r\n251 b", "\x00\xff"} {
		for _, stage := range []string{"RSET", "MAIL", "RCPT", "CONTENT"} {
			t.Run(fmt.Sprintf("%s %.12q", stage, answer), func(t *testing.T) {
				t.Parallel()
				_, said := behindFirst(t, 8, at(4, stage, answer))
				require.NoError(t, said[0])
				for i, err := range said[1:] {
					require.True(t, failure(t, err).Unknown, "message %d: %v", i+1, err)
				}
			})
		}
	}
}

// The answers of a server that says yes once too often would make the refused message an accepted one.
func TestDoubledAnswerBeforeARefusal(t *testing.T) {
	t.Parallel()
	double, refuse := at(2, "MAIL", "250 2.0.0 Ok\r\n250 2.0.0 Ok"), at(5, "CONTENT", "554 5.7.1 Policy")
	s, said := behindFirst(t, 8, func(from, line string) string { return double(from, line) + refuse(from, line) })
	require.True(t, failure(t, said[5]).Unknown)
	require.Len(t, s.accepted, 8)
}

// A server that wants no second EHLO gets no groups.
func TestNoGroupsWithoutASecondGreeting(t *testing.T) {
	t.Parallel()
	greeted := 0
	s := startServer(t, &server{ehlo: chunking, answer: func(_ int, line string) string {
		if strings.HasPrefix(line, "EHLO") {
			if greeted++; greeted > 1 {
				return "503 5.0.0 Duplicate EHLO"
			}
		}
		return ""
	}})
	said := volley(t, newSender(t, oneConnection(s.Addr)), 30, 6)
	requireTruth(t, s, said)
	for _, err := range said {
		require.NoError(t, err)
	}
	require.Zero(t, s.seen("BDAT"))
	require.Positive(t, s.counted(&s.overlaps))
}

// A connection that was idle is not trusted with a content before it has answered.
func TestIdleConnectionsAreAskedFirst(t *testing.T) {
	t.Parallel()
	s := startServer(t, &server{ehlo: chunking})
	sender := newSender(t, oneConnection(s.Addr))
	for i := range 3 {
		if i == 2 {
			sender.desk.mu.Lock()
			sender.desk.parked[0].conn.answeredAt = time.Now().Add(-liveFor)
			sender.desk.mu.Unlock()
		}
		_, err := sender.Send(t.Context(), message(i))
		require.NoError(t, err)
	}
	require.Equal(t, 2, s.seen("DATA"))
	require.Equal(t, 1, s.seen("BDAT"))
}

// A message that was given up while its group was on the wire is not sent anew when the server closes upon it.
func TestCalledOffWithinAGroup(t *testing.T) {
	t.Parallel()
	reached, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s := startServer(t, &server{ehlo: chunking, fault: func(from, line string) (special string) {
		if from == "b-d1-1" && strings.HasPrefix(line, "MAIL") {
			once.Do(func() { close(reached); <-release; special = "421 4.7.0 Enough for now" })
		}
		return special
	}})
	sender := newSender(t, oneConnection(s.Addr))
	_, err := sender.Send(t.Context(), message(0))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	given := sendAsync(ctx, sender, 1)
	<-reached
	cancel()
	require.True(t, failure(t, <-given).Unknown)
	close(release)
	require.NoError(t, <-sendAsync(t.Context(), sender, 2))
	require.Equal(t, []string{"<d0@bounces.academy.example>", "<d2@bounces.academy.example>"}, s.taken())
}

// mailbox is a backend for a server that we did not write.
type mailbox struct {
	mu    sync.Mutex
	taken []string
}

func (m *mailbox) NewSession(*gosmtp.Conn) (gosmtp.Session, error) { return &visit{box: m}, nil }

type visit struct {
	box *mailbox
	to  string
}

func (v *visit) Reset()                                 { v.to = "" }
func (v *visit) Logout() error                          { return nil }
func (v *visit) Mail(string, *gosmtp.MailOptions) error { return nil }
func (v *visit) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	if strings.HasPrefix(to, "p7@") || strings.HasPrefix(to, "p30@") {
		return &gosmtp.SMTPError{Code: 550, EnhancedCode: gosmtp.EnhancedCode{5, 1, 1}, Message: "No such user"}
	}
	v.to = to
	return nil
}

func (v *visit) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	v.box.mu.Lock()
	defer v.box.mu.Unlock()
	v.box.taken = append(v.box.taken, v.to+" "+messageIDOf(strings.ReplaceAll(string(content), "\r\n", "\n")))
	return nil
}

func TestGroupsToAnotherServer(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	there := gosmtp.NewServer(box)
	there.Domain, there.AllowInsecureAuth = "localhost", true
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = there.Serve(l) }()
	t.Cleanup(func() { _ = there.Close() })
	const n = 120
	sender := newSender(t, oneConnection(l.Addr().String()))
	said := volley(t, sender, n, 24)
	require.True(t, sender.overlap.good())
	var want []string
	for i, err := range said {
		if i == 7 || i == 30 {
			require.Equal(t, delivery.ReasonNoMailbox, failure(t, err).Reason)
			continue
		}
		require.NoError(t, err)
		want = append(want, fmt.Sprintf("p%d@example.com <d%d@bounces.academy.example>", i, i))
	}
	require.ElementsMatch(t, want, box.taken)
	sender.desk.mu.Lock()
	require.True(t, sender.desk.parked[0].conn.chunking)
	sender.desk.mu.Unlock()
}
