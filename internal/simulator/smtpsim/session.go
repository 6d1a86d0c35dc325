package smtpsim

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
)

// errClose ends a session after what was written; errDrop ends it at once,
// with nothing more on the wire.
var (
	errClose = errors.New("smtpsim: close")
	errDrop  = errors.New("smtpsim: drop")
)

// session is one connection. It is used by one goroutine.
type session struct {
	server *Server
	conn   net.Conn
	in     *bufio.Reader
	out    *bufio.Writer
	secure bool
	signed bool
	hello  bool
	errors int
	mail   envelope
	body   []byte
	pieces bool // BDAT has begun a message that is not complete
}

// envelope is one mail transaction.
type envelope struct {
	open bool
	from string
	utf8 bool
	to   []string
}

func newSession(server *Server, conn net.Conn) *session {
	s := &session{server: server}
	s.use(conn)
	return s
}

func (s *session) use(conn net.Conn) {
	s.conn = conn
	s.in = bufio.NewReaderSize(conn, 64<<10)
	s.out = bufio.NewWriterSize(conn, 4<<10)
}

func (s *session) run() {
	err := s.failing()
	if err == nil {
		err = s.greeting()
	}
	if err == nil {
		s.reply("220 " + s.server.config.Hostname + " ESMTP simulator")
	}
	for err == nil {
		err = s.step()
	}
	// Even a connection that is dropped pays what it owes for earlier commands.
	if errors.Is(err, errClose) || errors.Is(err, errDrop) || errors.Is(err, errHang) {
		_ = s.flush()
	}
	switch {
	case errors.Is(err, errClose):
		s.lingerClose()
	case errors.Is(err, errHang):
		s.hangOn()
	}
}

// lingerClose lets the peer read the last reply: closing with unread input
// would send a reset that can overtake it.
func (s *session) lingerClose() {
	half, ok := s.conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || s.conn.SetReadDeadline(time.Now().Add(200*time.Millisecond)) != nil {
		return
	}
	_, _ = io.Copy(io.Discard, s.in)
}

// step answers one command. Replies are gathered while more input is already
// here, so a pipelined group is answered in one write.
func (s *session) step() error {
	line, err := s.line()
	if err != nil {
		return err
	}
	if err := s.failing(); err != nil {
		return err
	}
	verb, arg, _ := strings.Cut(line, " ")
	return s.command(strings.ToUpper(verb), strings.TrimSpace(arg))
}

// failing carries out a mode that a tester has set for the whole server.
func (s *session) failing() error {
	mode, changed := s.server.panel.Mode(faults.SMTP)
	switch mode {
	case faults.Refuse:
		s.reply("421 4.3.2 The simulator was told to refuse")
		return errClose
	case faults.Hang:
		if err := s.flush(); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-s.server.ctx.Done():
		}
		return errDrop
	}
	return nil
}

const maxLine = 2048

// line reads one command line, flushing what is owed to the peer before it
// waits. Bare line feeds do not end a command.
func (s *session) line() (string, error) {
	if s.in.Buffered() == 0 {
		if err := s.flush(); err != nil {
			return "", err
		}
	}
	if err := s.conn.SetReadDeadline(time.Now().Add(idleTimeout)); err != nil {
		return "", err
	}
	line, err := s.in.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull) || len(line) > maxLine:
		s.reply("500 5.5.6 Line too long")
		return "", errClose
	case err != nil:
		return "", err
	}
	text := string(line)
	if !strings.HasSuffix(text, "\r\n") || strings.ContainsAny(text[:len(text)-2], "\r\x00") {
		s.reply("521 5.5.2 Bare CR, LF or NUL in a command")
		return "", errClose
	}
	return text[:len(text)-2], nil
}

func (s *session) reply(text string) {
	_, _ = s.out.WriteString(text)
	_, _ = s.out.WriteString("\r\n")
}

// flush sends the gathered replies after the latency that is set: one wait for
// each round trip, as a distant server has.
func (s *session) flush() error {
	if s.out.Buffered() == 0 {
		return nil
	}
	s.server.panel.Delay(s.server.ctx)
	if err := s.conn.SetWriteDeadline(time.Now().Add(idleTimeout)); err != nil {
		return err
	}
	return s.out.Flush()
}

// fail answers a command that was wrong; a client that is wrong all the time
// is sent away.
func (s *session) fail(text string) error {
	s.reply(text)
	if s.errors++; s.errors >= maxErrors {
		s.reply("421 4.7.0 Too many errors")
		return errClose
	}
	return nil
}

func (s *session) command(verb, arg string) error {
	switch verb {
	case "EHLO", "HELO":
		return s.greet(verb, arg)
	case "STARTTLS":
		return s.startTLS(arg)
	case "AUTH":
		return s.auth(arg)
	case "MAIL":
		return s.mailFrom(arg)
	case "RCPT":
		return s.rcptTo(arg)
	case "DATA":
		return s.data(arg)
	case "RSET":
		s.mail, s.pieces = envelope{}, false
		s.reply("250 2.0.0 Flushed")
	case "NOOP":
		s.reply("250 2.0.0 Ok")
	case "VRFY":
		s.reply("252 2.5.2 Send it and see")
	case "HELP":
		s.reply("214 2.0.0 RFC 5321")
	case "QUIT":
		s.reply("221 2.0.0 Bye")
		return errClose
	case "BDAT":
		return s.chunk(arg)
	case "EXPN", "ETRN", "TURN", "SEND", "SOML", "SAML":
		return s.fail("502 5.5.1 Not implemented")
	default:
		return s.fail("500 5.5.2 Unknown command")
	}
	return nil
}

func (s *session) greet(verb, arg string) error {
	if arg == "" {
		return s.fail("501 5.5.4 " + verb + " needs a name")
	}
	s.hello, s.mail, s.pieces = true, envelope{}, false
	if verb == "HELO" {
		s.reply("250 " + s.server.config.Hostname)
		return nil
	}
	s.reply("250-" + s.server.config.Hostname)
	for _, extension := range []string{"PIPELINING", "CHUNKING", "8BITMIME", "SMTPUTF8", "SIZE 10485760"} {
		s.reply("250-" + extension)
	}
	if s.secure {
		s.reply("250-AUTH PLAIN")
	} else if s.server.config.TLS != nil {
		s.reply("250-STARTTLS")
	}
	s.reply("250 ENHANCEDSTATUSCODES")
	return nil
}

func (s *session) startTLS(arg string) error {
	switch {
	case arg != "":
		return s.fail("501 5.5.4 STARTTLS takes no parameter")
	case s.secure:
		return s.fail("503 5.5.1 TLS is on already")
	case s.server.config.TLS == nil:
		return s.fail("502 5.5.1 No TLS here")
	case s.in.Buffered() > 0:
		// Whatever follows in plain text would be taken for the client's own
		// words after the handshake.
		s.reply("554 5.5.1 Commands after STARTTLS; nothing may follow it")
		return errClose
	}
	s.reply("220 2.0.0 Go ahead")
	if err := s.flush(); err != nil {
		return err
	}
	conn := tls.Server(s.conn, s.server.config.TLS)
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	if err := conn.HandshakeContext(s.server.ctx); err != nil {
		return err
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return err
	}
	s.use(conn)
	s.secure, s.signed, s.hello, s.mail = true, false, false, envelope{}
	return nil
}
