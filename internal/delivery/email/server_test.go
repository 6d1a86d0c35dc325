package email

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// server is a mail server that does exactly what a test tells it.
type server struct {
	Addr string
	// EHLO is the list of extensions; TLS ones are added when tls is set.
	ehlo []string
	tls  *tls.Config
	// implicit encrypts from the first byte.
	implicit *tls.Config
	// answer gives the reply to a command, to the content ("CONTENT"), or in the middle of it ("BODY"); ""
	// is the usual one, in the middle none. Special replies: DROP closes, HANG waits for the end; what
	// begins with SLOWLY comes byte by byte.
	answer func(n int, line string) string
	// fault is asked before answer, with the envelope sender under way.
	fault func(from, line string) string

	listener net.Listener
	mu       sync.Mutex
	conns    int
	lines    []string
	writes   int // reads that brought more than one command
	overlaps int // messages that came with the beginning of the next one
	contents []string
	accepted []string // ids of the messages that were answered with 250, or taken without one
	quits    int
	stop     chan struct{}
	handlers sync.WaitGroup
}

func startServer(t *testing.T, s *server) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.listener, s.Addr, s.stop = listener, listener.Addr().String(), make(chan struct{})
	if s.ehlo == nil {
		s.ehlo = []string{"PIPELINING", "SIZE 10240000", "8BITMIME", "ENHANCEDSTATUSCODES"}
	}
	s.handlers.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns++
			n := s.conns
			s.mu.Unlock()
			if s.implicit != nil {
				c = tls.Server(c, s.implicit)
			}
			s.handlers.Go(func() { s.serve(n, c) })
		}
	})
	t.Cleanup(func() {
		close(s.stop)
		_ = listener.Close()
		s.handlers.Wait()
	})
	return s
}

// session is one connection.
type session struct {
	*server
	n          int
	c          net.Conn
	r          *bufio.Reader
	secure     bool
	once       string // the next special reply
	mail, rcpt bool   // what was taken of the envelope
	from       string // of the envelope
	message    string // id of the message that is being answered
}

// say answers a line. code is what was said; ok that the connection goes on.
func (x *session) say(line, usual string) (code string, ok bool) {
	out := usual
	if special := x.special(line); special != "" {
		out = special
	}
	if out == "SLOWLY" {
		out += " " + usual
	}
	out, slowly := strings.CutPrefix(out, "SLOWLY ")
	if line == "CONTENT" && (strings.HasPrefix(out, "250") || out == "DROP" || out == "HANG") {
		x.mu.Lock()
		x.accepted = append(x.accepted, x.message)
		x.mu.Unlock()
	}
	switch out {
	case "DROP":
		return "", false
	case "HANG":
		<-x.stop
		return "", false
	}
	step := len(out) + 2
	if slowly {
		step = 1
	}
	var err error
	for piece := range slices.Chunk([]byte(out+"\r\n"), step) {
		if _, err = x.c.Write(piece); slowly {
			time.Sleep(1200 * time.Microsecond)
		}
	}
	code = out[:min(3, len(out))]
	return code, err == nil && code != "421"
}

func (x *session) special(line string) (special string) {
	if special, x.once = x.once, ""; special != "" {
		return special
	}
	if x.fault != nil {
		special = x.fault(x.from, line)
	}
	if special == "" && x.answer != nil {
		special = x.answer(x.n, line)
	}
	return special
}

func (s *server) serve(n int, c net.Conn) {
	defer func() { _ = c.Close() }()
	stopped := make(chan struct{})
	defer close(stopped)
	go func() {
		select {
		case <-s.stop:
			_ = c.SetDeadline(time.Unix(1, 0))
		case <-stopped:
		}
	}()
	x := &session{server: s, n: n, c: c, r: bufio.NewReader(c)}
	if _, ok := x.say("GREETING", "220 test ESMTP"); !ok {
		return
	}
	for x.step() {
	}
	if x.c != c {
		_ = x.c.Close()
	}
}

func (x *session) step() bool {
	line, err := x.r.ReadString('\n')
	if err != nil {
		return false
	}
	line = strings.TrimSuffix(line, "\r\n")
	x.mu.Lock()
	x.lines = append(x.lines, line)
	if x.r.Buffered() > 0 {
		x.writes++
	}
	x.mu.Unlock()
	usual := "250 2.0.0 Ok"
	switch word := strings.ToUpper(strings.SplitN(line, " ", 2)[0]); word {
	case "EHLO":
		usual = x.extensions()
	case "STARTTLS":
		return x.startTLS(line)
	case "MAIL":
		x.from, _, _ = strings.Cut(strings.TrimPrefix(line, "MAIL FROM:<"), "@")
		code, ok := x.say(line, usual)
		x.mail, x.rcpt = strings.HasPrefix(code, "25"), false
		return ok
	case "RCPT":
		if !x.mail {
			usual = "503 5.5.1 MAIL first"
		}
		code, ok := x.say(line, usual)
		x.rcpt = x.rcpt || strings.HasPrefix(code, "25")
		return ok
	case "DATA":
		usual = "354 Go on"
		if !x.rcpt {
			usual = "503 5.5.1 RCPT first"
		}
		code, ok := x.say(line, usual)
		return ok && (code != "354" || x.content())
	case "RSET":
		x.mail, x.rcpt = false, false
	case "BDAT":
		return x.chunk(line)
	case "QUIT":
		x.mu.Lock()
		x.quits++
		x.mu.Unlock()
		return false
	}
	_, ok := x.say(line, usual)
	return ok
}

func (x *session) extensions() string {
	list := slices.Clone(x.ehlo)
	if x.tls != nil && !x.secure {
		list = append([]string{"STARTTLS"}, list...)
	}
	usual := "250-test"
	for i, e := range list {
		sep := "-"
		if i == len(list)-1 {
			sep = " "
		}
		usual += "\r\n250" + sep + e
	}
	return usual
}

func (x *session) startTLS(line string) bool {
	if _, ok := x.say(line, "220 2.0.0 Ready"); !ok {
		return false
	}
	if x.tls == nil {
		return true // the answer was not what it seemed
	}
	secured := tls.Server(x.c, x.tls)
	if secured.Handshake() != nil {
		return false
	}
	x.c, x.r, x.secure = secured, bufio.NewReader(secured), true
	return true
}

func (x *session) content() bool {
	var content strings.Builder
	refused := false
	for middle := false; ; middle = true {
		line, err := x.r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		content.WriteString(strings.TrimPrefix(line, "."))
		if middle {
			continue
		}
		if early := x.special("BODY"); early != "" {
			x.once = early
			if _, ok := x.say("BODY", ""); !ok {
				return false
			}
			refused = true // and it says nothing more about it
		}
	}
	if refused {
		x.mail, x.rcpt = false, false
		return true
	}
	x.message = messageIDOf(content.String())
	x.mu.Lock()
	if x.r.Buffered() > 0 {
		x.overlaps++
	}
	x.contents = append(x.contents, content.String())
	x.mu.Unlock()
	_, ok := x.say("CONTENT", "250 2.0.0 Ok: queued as ABC123")
	x.mail, x.rcpt = false, false
	return ok
}

// chunk takes a whole message by its length.
func (x *session) chunk(line string) bool {
	var n int
	if _, err := fmt.Sscanf(line, "BDAT %d LAST", &n); err != nil {
		return false
	}
	content := make([]byte, n)
	if _, err := io.ReadFull(x.r, content); err != nil {
		return false
	}
	taken := x.mail && x.rcpt
	x.mail, x.rcpt = false, false
	x.mu.Lock()
	if x.r.Buffered() > 0 {
		x.overlaps++
	}
	if x.message = messageIDOf(string(content)); taken {
		x.contents = append(x.contents, string(content))
	}
	x.mu.Unlock()
	if !taken {
		_, ok := x.say("NOBODY", "503 5.5.1 RCPT first")
		return ok
	}
	_, ok := x.say("CONTENT", "250 2.0.0 Ok: queued as ABC123")
	return ok
}

var messageIDLine = regexp.MustCompile(`(?m)^Message-ID: (\S+)`)

func (s *server) taken() (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, content := range s.contents {
		if id := messageIDOf(content); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

func messageIDOf(content string) string {
	if m := messageIDLine.FindStringSubmatch(content); m != nil {
		return m[1]
	}
	return ""
}

func (s *server) contacted() int { s.mu.Lock(); defer s.mu.Unlock(); return s.conns }

func (s *server) seen(prefix string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.lines {
		if strings.HasPrefix(line, prefix) {
			n++
		}
	}
	return n
}

// certificate makes a server certificate for 127.0.0.1 and the file of its authority.
func certificate(t *testing.T) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, file
}

func testConfig(addr string) Config {
	return Config{
		Addr: addr, Encryption: Plain, From: "notice@academy.example", FromName: "Academy", EnvelopeDomain: "bounces.academy.example",
		Connections: 4, ConnectTimeout: 2 * time.Second, CommandTimeout: 2 * time.Second, AnswerTimeout: 500 * time.Millisecond,
		IdleTimeout: 10 * time.Second, BackoffMin: 5 * time.Millisecond, BackoffMax: 20 * time.Millisecond,
	}
}

func newSender(t *testing.T, c Config) *Sender {
	t.Helper()
	s, err := New(c)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}
