package smtpsim

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Sink is a mail server for throughput tests: it speaks ESMTP with PIPELINING and CHUNKING in plain text, keeps
// no message, and writes one line "recipient message-id" to its record before it says 250. A record that is
// a file opened for appending survives when the process is killed.
type Sink struct {
	record io.Writer
	mu     sync.Mutex // of record
	taken  atomic.Int64

	conns sync.WaitGroup
	state sync.Mutex
	open  map[net.Conn]struct{}
	shut  bool
}

// NewSink makes a sink that writes its record to w, one Write for each group of answers.
func NewSink(w io.Writer) *Sink { return &Sink{record: w, open: map[net.Conn]struct{}{}} }

// Taken is how many messages were answered with 250.
func (s *Sink) Taken() int64 { return s.taken.Load() }

// Serve answers connections of a listener until that is closed, then gives nil.
func (s *Sink) Serve(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if !s.track(conn) {
			return conn.Close()
		}
		go func() {
			defer s.untrack(conn)
			c := &sinkConn{sink: s, net: conn, in: bufio.NewReaderSize(conn, 64<<10)}
			c.run()
		}()
	}
}

// Close cuts the connections and waits until none is left. The caller closes the listener first.
func (s *Sink) Close() {
	s.state.Lock()
	s.shut = true
	for c := range s.open {
		_ = c.Close()
	}
	s.state.Unlock()
	s.conns.Wait()
}

func (s *Sink) track(c net.Conn) bool {
	s.state.Lock()
	defer s.state.Unlock()
	if s.shut {
		return false
	}
	s.open[c] = struct{}{}
	s.conns.Add(1)
	return true
}

func (s *Sink) untrack(c net.Conn) {
	_ = c.Close()
	s.state.Lock()
	delete(s.open, c)
	s.state.Unlock()
	s.conns.Done()
}

// sinkConn is one connection, used by one goroutine. Answers and lines of the record are gathered while
// more input is already here.
type sinkConn struct {
	sink  *Sink
	net   net.Conn
	in    *bufio.Reader
	out   []byte
	lines []byte
	count int64
	to    []byte // recipient of the open envelope; empty when there is none
	from  bool
}

func (c *sinkConn) run() {
	c.out = append(c.out, "220 sink ESMTP\r\n"...)
	for {
		line, err := c.line()
		if err != nil {
			return
		}
		verb, rest, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(" "))
		if string(bytes.ToUpper(verb)) == "QUIT" {
			c.out = append(c.out, "221 2.0.0 Bye\r\n"...)
			_ = c.flush()
			return
		}
		if err := c.command(verb, rest); err != nil {
			return
		}
	}
}

func (c *sinkConn) command(verb, rest []byte) error {
	answer := "250 2.0.0 Ok\r\n"
	switch string(bytes.ToUpper(verb)) {
	case "EHLO":
		c.reset()
		answer = "250-sink\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-SIZE 10485760\r\n250 ENHANCEDSTATUSCODES\r\n"
	case "HELO", "NOOP":
	case "RSET":
		c.reset()
	case "MAIL":
		c.reset()
		c.from = true
	case "RCPT":
		to := between(rest)
		if !c.from || len(c.to) > 0 || len(to) == 0 {
			answer = "503 5.5.1 One recipient, after MAIL\r\n"
			break
		}
		c.to = append(c.to[:0], to...)
	case "DATA":
		if len(c.to) == 0 {
			answer = "554 5.5.1 No recipient\r\n"
			break
		}
		c.out = append(c.out, "354 Go ahead\r\n"...)
		id, err := c.content()
		if err != nil {
			return err
		}
		c.took(id)
	case "BDAT":
		said, err := c.chunk(rest)
		if err != nil {
			return err
		}
		answer = said
	default:
		answer = "502 5.5.1 Not implemented\r\n"
	}
	c.out = append(c.out, answer...)
	return nil
}

// took records a message.
func (c *sinkConn) took(id []byte) {
	c.lines = append(append(append(append(c.lines, c.to...), ' '), id...), '\n')
	c.count++
	c.reset()
}

// chunk reads what BDAT announces (RFC 3030): a whole message, because clients of this sink send none in pieces.
func (c *sinkConn) chunk(arg []byte) (answer string, err error) {
	octets, last, _ := bytes.Cut(arg, []byte(" "))
	n, err := strconv.ParseUint(string(octets), 10, 31)
	if err != nil {
		return "", errors.New("smtpsim: BDAT without a size") // nobody knows where the next command begins
	}
	whole := string(bytes.ToUpper(last)) == "LAST"
	id, err := c.messageIDWithin(int(n)) // which overwrites arg
	switch {
	case err != nil:
		return "", err
	case len(c.to) == 0:
		return "554 5.5.1 No recipient\r\n", nil
	case !whole:
		return "502 5.5.1 Not implemented in pieces\r\n", nil
	}
	c.took(id)
	return "250 2.0.0 Ok\r\n", nil
}

// messageIDWithin reads the next n octets and gives the Message-ID of the message that they are.
func (c *sinkConn) messageIDWithin(n int) (id []byte, err error) {
	head := true
	for head && n > 0 {
		line, err := c.in.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) || len(line) > n {
			return nil, errors.Join(err, errors.New("smtpsim: a message ends within a line of its head"))
		}
		n -= len(line)
		head = string(line) != "\r\n"
		if len(line) > len(messageIDName) && bytes.EqualFold(line[:len(messageIDName)], messageIDName) {
			id = append(id, bytes.TrimSpace(line[len(messageIDName):])...)
		}
	}
	_, err = c.in.Discard(n)
	return id, err
}

func (c *sinkConn) reset() { c.to, c.from = c.to[:0], false }

// between takes what stands between the angle brackets.
func between(arg []byte) []byte {
	begin, end := bytes.IndexByte(arg, '<'), bytes.LastIndexByte(arg, '>')
	if begin < 0 || end < begin || bytes.ContainsAny(arg, " \t") && bytes.IndexByte(arg, ' ') < end {
		return nil
	}
	return arg[begin+1 : end]
}

var messageIDName = []byte("message-id:")

// content reads a message to its final dot and gives its Message-ID.
func (c *sinkConn) content() (id []byte, err error) {
	head, begins := true, true
	for {
		line, err := c.line()
		whole := !errors.Is(err, bufio.ErrBufferFull)
		if err != nil && whole {
			return nil, err
		}
		if begins {
			switch {
			case string(line) == ".\r\n":
				return id, nil
			case string(line) == "\r\n":
				head = false
			case head && len(line) > len(messageIDName) && bytes.EqualFold(line[:len(messageIDName)], messageIDName):
				id = append(id, bytes.TrimSpace(line[len(messageIDName):])...)
			}
		}
		begins = whole
	}
}

// line reads one line, and pays what is owed to the peer before it waits.
func (c *sinkConn) line() ([]byte, error) {
	if c.in.Buffered() == 0 {
		if err := c.flush(); err != nil {
			return nil, err
		}
	}
	return c.in.ReadSlice('\n')
}

// flush records what was taken, then answers: whoever reads 250 finds the message in the record.
func (c *sinkConn) flush() error {
	if len(c.lines) > 0 {
		c.sink.mu.Lock()
		_, err := c.sink.record.Write(c.lines)
		c.sink.mu.Unlock()
		if err != nil {
			return err
		}
		c.sink.taken.Add(c.count)
		c.lines, c.count = c.lines[:0], 0
	}
	if err := c.net.SetDeadline(time.Now().Add(idleTimeout)); err != nil {
		return err
	}
	_, err := c.net.Write(c.out)
	c.out = c.out[:0]
	return err
}
