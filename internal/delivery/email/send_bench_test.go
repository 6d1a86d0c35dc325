package email

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

const benchConnections = 20

// BenchmarkSend: a client that does nothing but write (body of one message and envelope of the next in one
// write, no deadlines, no composing) against the sender, with one to eight times as many callers
// as connections.
func BenchmarkSend(b *testing.B) {
	sink := startSink(b)
	benchMessages()
	b.Run("raw", func(b *testing.B) { b.ReportMetric(perSecond(b.N, rawSend(b, sink, b.N)), "messages/s") })
	for _, callers := range []int{1, 2, 3, 8} {
		b.Run(fmt.Sprintf("callers=%dx", callers), func(b *testing.B) {
			b.ReportAllocs()
			b.ReportMetric(perSecond(b.N, ownSend(b, sink, b.N, callers*benchConnections)), "messages/s")
		})
	}
}

// BenchmarkSendRatio runs both by turns, because a machine's speed drifts, and gives the ratio.
func BenchmarkSendRatio(b *testing.B) {
	sink := startSink(b)
	benchMessages()
	const turn = 20000
	var raw, own, rawCPU, ownCPU time.Duration
	for b.Loop() {
		start := cpu()
		raw += rawSend(b, sink, turn)
		between := cpu()
		own += ownSend(b, sink, turn, 3*benchConnections)
		rawCPU, ownCPU = rawCPU+between-start, ownCPU+cpu()-between
	}
	b.ReportMetric(raw.Seconds()/own.Seconds(), "of-raw")
	b.ReportMetric(float64(rawCPU.Nanoseconds())/float64(b.N*turn), "raw-cpu-ns/message")
	b.ReportMetric(float64(ownCPU.Nanoseconds())/float64(b.N*turn), "cpu-ns/message")
	b.ReportMetric(perSecond(b.N*turn, raw), "raw-messages/s")
	b.ReportMetric(perSecond(b.N*turn, own), "messages/s")
}

var benchMessages = sync.OnceValue(func() []delivery.Message {
	messages := make([]delivery.Message, 16) // as warm in the cache as one that was rendered just now
	shared := form(latin)
	for i := range messages {
		messages[i] = notice(shared, i)
	}
	return messages
})

func perSecond(n int, d time.Duration) float64 { return float64(n) / d.Seconds() }

func ownSend(b *testing.B, addr string, n, callers int) time.Duration {
	c := testConfig(addr)
	c.Connections, c.AnswerTimeout = benchConnections, 10*time.Second
	s, err := New(c)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	messages := benchMessages()
	var next atomic.Int64
	var wg sync.WaitGroup
	started := time.Now()
	for range callers {
		wg.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				m := messages[i%len(messages)]
				m.AttemptID = "a" + strconv.Itoa(i)
				if _, err := s.Send(b.Context(), m); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(started)
}

func rawSend(b *testing.B, addr string, n int) time.Duration {
	m := notice(form(latin), 0)
	l, f := testComposer(b).compose(nil, &m)
	if f != nil {
		b.Fatal(f)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	started := time.Now()
	for range benchConnections {
		wg.Go(func() {
			if err := rawClient(addr, l.wire, func() (int, bool) { i := int(next.Add(1)); return i, i <= n }); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	return time.Since(started)
}

func rawClient(addr string, wire []byte, next func() (int, bool)) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	r := bufio.NewReader(c)
	expect := func(codes ...string) error {
		for _, code := range codes {
			line, err := r.ReadSlice('\n')
			if err != nil || string(line[:3]) != code {
				return errors.Join(err, fmt.Errorf("%q instead of %s", line, code))
			}
		}
		return nil
	}
	envelope := func(w []byte, i int) []byte {
		w = strconv.AppendInt(append(w, "MAIL FROM:<b-a"...), int64(i), 10)
		w = append(w, "@bounces.academy.example>\r\nRCPT TO:<d"...)
		return append(strconv.AppendInt(w, int64(i), 10), "@example.com>\r\nDATA\r\n"...)
	}
	if err := expect("220"); err != nil {
		return err
	}
	if _, err := c.Write([]byte("EHLO x\r\n")); err != nil {
		return err
	}
	if err := expect("250"); err != nil {
		return err
	}
	var w []byte
	answers := []string{"250", "250", "354"}
	for i, more := next(); more || len(w) > 0; i, more = next() {
		if w = w[:0]; len(answers) > 3 {
			w = append(w, wire...)
		}
		if more {
			w = envelope(w, i)
		} else if answers = answers[:min(1, len(answers)-3)]; len(w) == 0 {
			return nil
		}
		if _, err := c.Write(w); err != nil {
			return err
		}
		if err := expect(answers...); err != nil || !more {
			return err
		}
		answers = []string{"250", "250", "250", "354"}
	}
	return nil
}

// startSink runs a server that takes everything and keeps nothing.
func startSink(b *testing.B) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { defer func() { _ = c.Close() }(); swallow(c) })
		}
	})
	b.Cleanup(func() { _ = listener.Close(); wg.Wait() })
	return listener.Addr().String()
}

func swallow(c net.Conn) {
	buf, out := make([]byte, 0, 64<<10), []byte("220 sink\r\n")
	content := false
	for {
		if len(out) > 0 {
			if _, err := c.Write(out); err != nil {
				return
			}
			out = out[:0]
		}
		n, err := c.Read(buf[len(buf):cap(buf)])
		if err != nil {
			return
		}
		buf = buf[:len(buf)+n]
		rest := buf
		for {
			end := []byte("\r\n")
			if content {
				end = []byte("\r\n.\r\n")
			}
			i := bytes.Index(rest, end)
			if i < 0 {
				break
			}
			line := rest[:i]
			rest = rest[i+len(end):]
			switch {
			case content:
				content, out = false, append(out, "250 2.0.0 Ok: queued\r\n"...)
			case bytes.HasPrefix(line, []byte("DATA")):
				content, out = true, append(out, "354 go on\r\n"...)
			case bytes.HasPrefix(line, []byte("EHLO c")), bytes.HasPrefix(line, []byte("EHLO a")):
				out = append(out, "250-sink\r\n250 PIPELINING\r\n"...)
			case bytes.HasPrefix(line, []byte("QUIT")):
				return
			default:
				out = append(out, "250 2.1.0 Ok\r\n"...)
			}
		}
		buf = buf[:copy(buf, rest)]
	}
}
