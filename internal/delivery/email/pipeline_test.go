package email

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

func oneConnection(addr string) Config {
	c := testConfig(addr)
	c.Connections, c.AnswerTimeout = 1, 5*time.Second
	return c
}

func (s *server) counted(what *int) int { s.mu.Lock(); defer s.mu.Unlock(); return *what }

func TestEnvelopesTravelWithTheMessageBefore(t *testing.T) {
	t.Parallel()
	const n = 60
	s := startServer(t, &server{})
	said := volley(t, newSender(t, oneConnection(s.Addr)), n, 6)
	requireTruth(t, s, said)
	require.Greater(t, s.counted(&s.overlaps), n/2)
	require.Equal(t, 1, s.contacted())

	plain := startServer(t, &server{ehlo: []string{"8BITMIME"}})
	requireTruth(t, plain, volley(t, newSender(t, oneConnection(plain.Addr)), n, 6))
	require.Zero(t, plain.counted(&plain.overlaps))
	require.Zero(t, plain.counted(&plain.writes), "one command a round trip")
}

// gated is a server that holds back the answer to the content of one message until it is let go.
func gated(t *testing.T, from string) (s *server, reached, release chan struct{}) {
	reached, release = make(chan struct{}), make(chan struct{})
	var once sync.Once
	s = startServer(t, &server{fault: func(who, line string) string {
		if who == from && line == "CONTENT" {
			once.Do(func() { close(reached); <-release })
		}
		return ""
	}})
	return s, reached, release
}

func sendAsync(ctx context.Context, s *Sender, n int) chan error {
	out := make(chan error, 1)
	go func() {
		_, err := s.Send(ctx, message(n))
		out <- err
	}()
	return out
}

func TestCalledOffWhileWaiting(t *testing.T) {
	t.Parallel()
	s, reached, release := gated(t, "b-d1-1")
	sender := newSender(t, oneConnection(s.Addr))
	first := sendAsync(t.Context(), sender, 1)
	<-reached
	ctx, cancel := context.WithCancel(t.Context())
	second, third := sendAsync(ctx, sender, 2), sendAsync(t.Context(), sender, 3)
	require.Eventually(t, func() bool {
		sender.desk.mu.Lock()
		defer sender.desk.mu.Unlock()
		return sender.desk.first != sender.desk.last
	}, time.Second, time.Millisecond)
	cancel()
	require.True(t, failure(t, <-second).Retryable)
	close(release)
	require.NoError(t, <-first)
	require.NoError(t, <-third)
	require.Equal(t, []string{"<d1@bounces.academy.example>", "<d3@bounces.academy.example>"}, s.taken())
}

// The envelope of the second message is on the wire behind the first one when its Send gives up: its
// content is not written, and the next message is not hurt.
func TestCalledOffWithTheEnvelopeOnTheWire(t *testing.T) {
	t.Parallel()
	hold, reached, release := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var once, again sync.Once
	s := startServer(t, &server{fault: func(from, line string) string {
		switch {
		case from == "b-d1-1" && line == "DATA":
			once.Do(func() { <-hold }) // until the second one waits
		case from == "b-d2-1" && line == "DATA":
			again.Do(func() { close(reached); <-release })
		}
		return ""
	}})
	sender := newSender(t, oneConnection(s.Addr))
	first := sendAsync(t.Context(), sender, 1)
	require.Eventually(t, func() bool { return s.seen("DATA") == 1 }, time.Second, time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	second := sendAsync(ctx, sender, 2)
	require.Eventually(t, func() bool { sender.desk.mu.Lock(); defer sender.desk.mu.Unlock(); return sender.desk.first != nil }, time.Second, time.Millisecond)
	close(hold)
	<-reached
	require.NoError(t, <-first)
	cancel()
	f := failure(t, <-second)
	require.True(t, f.Retryable, "%+v", f)
	close(release)
	require.NoError(t, <-sendAsync(t.Context(), sender, 3))
	require.Equal(t, 1, s.counted(&s.overlaps))
	require.Equal(t, []string{"<d1@bounces.academy.example>", "<d3@bounces.academy.example>"}, s.taken())
}

func TestCloseDrains(t *testing.T) {
	t.Parallel()
	s, reached, release := gated(t, "b-d1-1")
	sender := newSender(t, oneConnection(s.Addr))
	first := sendAsync(t.Context(), sender, 1)
	<-reached
	second := sendAsync(t.Context(), sender, 2)
	require.Eventually(t, func() bool { sender.desk.mu.Lock(); defer sender.desk.mu.Unlock(); return sender.desk.first != nil }, time.Second, time.Millisecond)
	closed := make(chan struct{})
	go func() { _ = sender.Close(); close(closed) }()
	require.True(t, failure(t, <-second).Retryable, "what no connection has taken is handed back at once")
	select {
	case <-closed:
		t.Fatal("Close did not wait for the message under way")
	case <-time.After(20 * time.Millisecond):
	}
	close(release)
	require.NoError(t, <-first)
	<-closed
	require.Eventually(t, func() bool { return s.counted(&s.quits) == 1 }, time.Second, time.Millisecond)
	require.Equal(t, []string{"<d1@bounces.academy.example>"}, s.taken())
}

func TestCloseDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	s := startServer(t, &server{answer: func(_ int, line string) string {
		if line == "CONTENT" {
			return "HANG"
		}
		return ""
	}})
	c := oneConnection(s.Addr)
	c.AnswerTimeout = time.Minute
	sender := newSender(t, c)
	first := sendAsync(t.Context(), sender, 1)
	require.Eventually(t, func() bool { return len(s.taken()) == 1 }, 2*time.Second, time.Millisecond)
	require.NoError(t, sender.closeWithin(20*time.Millisecond))
	require.True(t, failure(t, <-first).Unknown)
}

// What the server cannot carry is told apart before it reaches the wire, in the middle of a pipeline too.
func TestWhatCannotBeCarriedStaysOffTheWire(t *testing.T) {
	t.Parallel()
	s := startServer(t, &server{})
	sender := newSender(t, oneConnection(s.Addr))
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			m := message(i)
			if i%3 == 0 {
				m.To = "用户@example.com" // needs SMTPUTF8
			}
			_, err := sender.Send(t.Context(), m)
			if (err != nil) != (i%3 == 0) {
				t.Errorf("message %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 40-14, s.seen("MAIL"))
	require.Zero(t, s.seen("RSET"))
}

// The server takes no recipient in the middle of a pipeline: RSET, and nobody else is hurt.
func TestRefusedRecipientsInThePipeline(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"", "354 Go on"} {
		s := startServer(t, &server{fault: func(from, line string) string {
			odd := strings.HasSuffix(from, "1-1") || strings.HasSuffix(from, "6-1")
			switch {
			case odd && strings.HasPrefix(line, "RCPT"):
				return "550 5.1.1 No such user"
			case odd && line == "DATA":
				return data
			}
			return ""
		}})
		said := volley(t, newSender(t, oneConnection(s.Addr)), 40, 6)
		requireTruth(t, s, said)
		for i, err := range said {
			require.Equal(t, i%5 == 1, err != nil, "message %d: %v", i, err)
		}
		require.Equal(t, 8, s.seen("RSET"))
		require.Equal(t, 1, s.contacted())
		require.Positive(t, s.counted(&s.overlaps))
	}
}

// An empty message would reach somebody.
func TestARecipientWithoutASenderGetsNothing(t *testing.T) {
	t.Parallel()
	s := startServer(t, &server{answer: func(_ int, line string) string {
		switch {
		case strings.HasPrefix(line, "MAIL"):
			return "451 4.3.0 Later"
		case strings.HasPrefix(line, "RCPT"):
			return "250 2.1.5 Ok"
		case line == "DATA":
			return "354 Go on"
		}
		return ""
	}})
	sender := newSender(t, oneConnection(s.Addr))
	_, err := sender.Send(t.Context(), message(1))
	require.Equal(t, delivery.ReasonProviderBusy, failure(t, err).Reason)
	require.NoError(t, sender.Close())
	require.Empty(t, s.contents)
}

func TestPipelinesAreEncryptedToo(t *testing.T) {
	t.Parallel()
	serverTLS, ca := certificate(t)
	s := startServer(t, &server{tls: serverTLS})
	c := oneConnection(s.Addr)
	c.Encryption, c.CAFile = StartTLS, ca
	said := volley(t, newSender(t, c), 40, 6)
	requireTruth(t, s, said)
	for _, err := range said {
		require.NoError(t, err)
	}
	require.Greater(t, s.counted(&s.overlaps), 10)
}

// A server that closes after every message gets one message a connection, and soon no envelopes behind them.
func TestOneMessageAConnection(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	mails := map[int]int{}
	s := startServer(t, &server{answer: func(n int, line string) string {
		mu.Lock()
		defer mu.Unlock()
		if strings.HasPrefix(line, "MAIL") {
			if mails[n]++; mails[n] > 1 {
				return "421 4.7.0 One message a connection"
			}
		}
		return ""
	}})
	sender := newSender(t, oneConnection(s.Addr))
	said := volley(t, sender, 20, 6)
	requireTruth(t, s, said)
	for _, err := range said {
		require.NoError(t, err)
	}
	require.False(t, sender.overlap.good())
	require.LessOrEqual(t, s.counted(&s.overlaps), overlapMisses+1)
}

func TestOverlapForgives(t *testing.T) {
	t.Parallel()
	var o overlap
	for range 10 * overlapMisses {
		o.saw(false)
		o.saw(false)
		o.saw(true)
		require.True(t, o.good(), "now and then every server closes")
	}
	for range overlapMisses {
		o.saw(false)
	}
	require.False(t, o.good())
	o.until.Store(time.Now().Add(-time.Second).UnixNano())
	require.True(t, o.good(), "after a while it is tried again")
}

type brokenConn struct{ net.Conn }

func (brokenConn) Write([]byte) (int, error) { panic("a secret of the person's") }

func TestABrokenWorkerHurtsNobodyElse(t *testing.T) {
	t.Parallel()
	s := startServer(t, &server{})
	sender := newSender(t, oneConnection(s.Addr))
	_, err := sender.Send(t.Context(), message(1))
	require.NoError(t, err)
	sender.desk.mu.Lock()
	c := sender.desk.parked[0].conn
	c.net = brokenConn{c.net}
	sender.desk.mu.Unlock()
	_, err = sender.Send(t.Context(), message(2))
	f := failure(t, err)
	require.True(t, f.Unknown)
	require.Equal(t, delivery.ReasonNoAnswer, f.Reason)
	require.NotContains(t, f.Error(), "secret")
	_, err = sender.Send(t.Context(), message(3))
	require.NoError(t, err)
}
