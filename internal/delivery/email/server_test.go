package email

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
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
	// answer gives the reply to a command or to the content ("CONTENT"); "" is the usual one. Special
	// replies: DROP closes, HANG waits for the end.
	answer func(n int, line string) string

	listener net.Listener
	mu       sync.Mutex
	conns    int
	lines    []string
	writes   int // reads that brought more than one command
	contents []string
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

func (s *server) say(c net.Conn, n int, line, usual string) bool {
	out := usual
	if s.answer != nil {
		if special := s.answer(n, line); special != "" {
			out = special
		}
	}
	switch out {
	case "DROP":
		return false
	case "HANG":
		<-s.stop
		return false
	}
	_, err := io.WriteString(c, out+"\r\n")
	return err == nil && !strings.HasPrefix(out, "421")
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
	if !s.say(c, n, "GREETING", "220 test ESMTP") {
		return
	}
	r := bufio.NewReader(c)
	secure := false
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(line, "\r\n")
		s.mu.Lock()
		s.lines = append(s.lines, line)
		if r.Buffered() > 0 {
			s.writes++
		}
		s.mu.Unlock()
		word := strings.ToUpper(strings.SplitN(line, " ", 2)[0])
		usual := "250 2.0.0 Ok"
		switch word {
		case "EHLO":
			list := slices.Clone(s.ehlo)
			if s.tls != nil && !secure {
				list = append([]string{"STARTTLS"}, list...)
			}
			usual = "250-test"
			for i, e := range list {
				sep := "-"
				if i == len(list)-1 {
					sep = " "
				}
				usual += "\r\n250" + sep + e
			}
		case "STARTTLS":
			if !s.say(c, n, line, "220 2.0.0 Ready") {
				return
			}
			if s.tls == nil {
				continue // the answer was not what it seemed
			}
			secured := tls.Server(c, s.tls)
			if secured.Handshake() != nil {
				return
			}
			c, r, secure = secured, bufio.NewReader(secured), true
			continue
		case "DATA":
			usual = "354 Go on"
		case "QUIT":
			s.mu.Lock()
			s.quits++
			s.mu.Unlock()
			return
		}
		if !s.say(c, n, line, usual) {
			return
		}
		if word == "DATA" && s.waitsForContent(n, line) && !s.content(c, r, n) {
			return
		}
	}
}

func (s *server) waitsForContent(n int, line string) bool {
	if s.answer == nil {
		return true
	}
	special := s.answer(n, line)
	return special == "" || strings.HasPrefix(special, "354")
}

func (s *server) content(c net.Conn, r *bufio.Reader, n int) bool {
	var content strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		content.WriteString(strings.TrimPrefix(line, "."))
	}
	s.mu.Lock()
	s.contents = append(s.contents, content.String())
	s.mu.Unlock()
	return s.say(c, n, "CONTENT", "250 2.0.0 Ok: queued as ABC123")
}

var messageIDLine = regexp.MustCompile(`(?m)^Message-ID: (\S+)`)

func (s *server) taken() (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, content := range s.contents {
		if m := messageIDLine.FindStringSubmatch(content); m != nil {
			ids = append(ids, m[1])
		}
	}
	return ids
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
