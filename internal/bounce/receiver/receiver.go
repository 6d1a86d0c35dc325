// Package receiver is a small mail server that takes what comes back: bounces at return paths of ours and
// complaints at one mailbox, and nothing else. It relays nothing and knows no users. A message is answered with
// 250 when its fact is in the ledger; while the ledger is away, the other server is asked to come again.
//
// Imports of ours: bounce.
package receiver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/net/idna"
	"golang.org/x/time/rate"

	"github.com/tocsin-engine/tocsin/internal/bounce"
)

// Config of a receiver. Zero values of optional fields get the defaults named here.
type Config struct {
	Listen     string // host:port, mostly port 25
	Domain     string // that bounces go to; said in the greeting
	Also       string // another one, of a second relay; may be empty
	Complaints string // local part that takes complaints, default complaints
	// CertFile and KeyFile offer STARTTLS, PEM; both or none.
	CertFile, KeyFile string

	MaxBytes    int64   // of a message, default 2 MiB; more is refused
	Connections int     // most at a time, default 50
	PerSecond   float64 // most messages a second from one address, default 20
}

func (c Config) withDefaults() Config {
	if c.Complaints == "" {
		c.Complaints = "complaints"
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 2 << 20
	}
	if c.Connections == 0 {
		c.Connections = 50
	}
	if c.PerSecond == 0 {
		c.PerSecond = 20
	}
	return c
}

// Validate lists everything that is wrong with the settings. It reads the certificate.
func (c Config) Validate() error {
	c = c.withDefaults()
	var all []error
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || port == "" {
		all = append(all, errors.New("bounces: the address to listen on must be host:port, such as 0.0.0.0:25"))
	}
	if c.Domain == "" {
		all = append(all, errors.New("bounces: the domain that bounces go to is missing (smtp.envelope_domain)"))
	}
	if _, err := onTheWire(c.Domain); err != nil {
		all = append(all, errors.New("bounces: the domain that bounces go to is none"))
	}
	if strings.ContainsAny(c.Complaints, "@ \r\n\x00") {
		all = append(all, errors.New("bounces: the mailbox of complaints is named without its domain"))
	}
	if c.MaxBytes < 16<<10 || c.MaxBytes > 64<<20 || c.Connections < 1 || c.Connections > 10_000 || c.PerSecond < 0 {
		all = append(all, errors.New("bounces: a message may have 16 KiB to 64 MiB, there may be 1 to 10000 connections, and the rate must not be negative"))
	}
	if _, err := c.certificate(); err != nil {
		all = append(all, err)
	}
	return errors.Join(all...)
}

func (c Config) certificate() (*tls.Config, error) {
	if c.CertFile == "" && c.KeyFile == "" {
		return nil, nil //nolint:nilnil // STARTTLS is not offered
	}
	pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("bounces: the certificate cannot be used: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// onTheWire is a domain as mail servers write it: a name beyond ASCII in its coded form (RFC 5891).
func onTheWire(domain string) (string, error) {
	if domain == "" {
		return "", nil
	}
	return idna.Lookup.ToASCII(domain)
}

const (
	readTimeout = time.Minute
	// takeTimeout bounds the ledger's part.
	takeTimeout   = 20 * time.Second
	maxRecipients = 10
	// strangers bounds how many addresses are remembered for their rate.
	strangers = 10_000
)

// Server takes mail until it is closed.
type Server struct {
	config Config
	taker  *bounce.Taker
	log    *slog.Logger
	smtp   *smtp.Server
	open   atomic.Int64

	mu    sync.Mutex
	rates map[string]*rate.Limiter
}

// New makes a server that listens nowhere yet.
func New(c Config, taker *bounce.Taker, l *slog.Logger) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	s := &Server{config: c.withDefaults(), taker: taker, log: l, rates: map[string]*rate.Limiter{}}
	for _, d := range []*string{&s.config.Domain, &s.config.Also} {
		if wire, err := onTheWire(*d); err == nil { // the second one is checked with its relay
			*d = wire
		}
	}
	s.smtp = smtp.NewServer(smtp.BackendFunc(s.session))
	s.smtp.Domain = s.config.Domain
	s.smtp.MaxMessageBytes = s.config.MaxBytes
	s.smtp.MaxRecipients = maxRecipients
	s.smtp.ReadTimeout, s.smtp.WriteTimeout = readTimeout, readTimeout
	s.smtp.EnableSMTPUTF8 = true
	s.smtp.ErrorLog = log.New(io.Discard, "", 0) // it quotes what strangers send
	var err error
	s.smtp.TLSConfig, err = s.config.certificate()
	return s, err
}

// Serve answers on l until ctx ends; those under way have five seconds more.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if s.smtp.Shutdown(end) != nil {
			_ = s.smtp.Close()
		}
	})
	defer stop()
	err := s.smtp.Serve(l)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

var (
	errBusy    = &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Too busy, come again"}
	errRate    = &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "Too many at once, come again"}
	errUnknown = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox; only reports about messages of ours are taken here"}
	errPerson  = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Nobody reads this mailbox, which takes reports of mail servers; please write to the address in the notice"}
	errLedger  = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Cannot be recorded now, come again"}
)

func (s *Server) session(c *smtp.Conn) (smtp.Session, error) {
	if s.open.Add(1) > int64(s.config.Connections) {
		s.open.Add(-1)
		return nil, errBusy
	}
	host, _, err := net.SplitHostPort(c.Conn().RemoteAddr().String())
	if err != nil {
		host = ""
	}
	return &session{server: s, rate: s.rateOf(host)}, nil
}

// rateOf is the rate of one address.
func (s *Server) rateOf(host string) *rate.Limiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.rates[host]; known != nil {
		return known
	}
	if len(s.rates) >= strangers {
		clear(s.rates)
	}
	made := rate.NewLimiter(rate.Limit(s.config.PerSecond), max(1, int(s.config.PerSecond*10)))
	s.rates[host] = made
	return made
}

// session is one connection.
type session struct {
	server *Server
	rate   *rate.Limiter
	null   bool // from the empty return path, which only mail servers use (RFC 5321 4.5.5)
	to     []string
	once   sync.Once
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.rate.Allow() {
		return errRate
	}
	s.null = from == ""
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	at := strings.LastIndexByte(to, '@')
	if at < 0 {
		return errUnknown
	}
	domain, err := onTheWire(to[at+1:])
	if c := s.server.config; err != nil || domain == "" || !strings.EqualFold(domain, c.Domain) && !strings.EqualFold(domain, c.Also) {
		return errUnknown
	}
	if !strings.EqualFold(to[:at], s.server.config.Complaints) && !s.server.taker.Ours(to) {
		s.server.taker.Counted(bounce.BySMTP, bounce.Forged)
		return errUnknown
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r) // bounded by the server
	if err != nil {
		return err
	}
	if s.null { // who delivers for good writes it down (RFC 5321 4.4): by it a bounce of any form is told from a person's mail
		raw = append([]byte("Return-Path: <>\r\n"), raw...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), takeTimeout)
	defer cancel()
	taken, err := s.server.taker.Take(ctx, bounce.BySMTP, raw, s.to...)
	if err != nil {
		s.server.log.Warn("a bounce could not be recorded; the mail server was asked to come again")
		return errLedger
	}
	if taken.Kind == bounce.Other { // a person, or something else that nobody here will read: who wrote it must know
		return errPerson
	}
	return nil
}

func (s *session) Reset() { s.null, s.to = false, nil }

func (s *session) Logout() error {
	s.once.Do(func() { s.server.open.Add(-1) })
	return nil
}
