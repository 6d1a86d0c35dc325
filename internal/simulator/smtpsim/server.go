// Package smtpsim is a mail server for tests and demonstrations: it speaks
// ESMTP with PIPELINING, STARTTLS and AUTH PLAIN, records what it takes in the
// outbox before it says 250, and fails on request for certain recipients.
//
// The protocol is written here and not taken from a library, because the
// faults need control over the wire that a handler interface does not give:
// closing after 421, closing instead of an answer, answering a pipelined group
// in one write, refusing bytes that real servers refuse (bare line feeds,
// overlong lines), cutting a plaintext command that was smuggled in front of TLS.
//
// Magic recipients, by domain (first = only on the first attempt per
// recipient, drop: per Message-ID):
//
//	bounce.simulator.test    550 5.1.1 at RCPT
//	relay.simulator.test     554 5.7.1 Relay access denied at RCPT, always: we may not send through it
//	full.simulator.test      452 4.2.2 at RCPT, always
//	greylist.simulator.test  451 4.7.1 at RCPT, first
//	busy.simulator.test      421 4.3.2 at RCPT and close, first
//	spam.simulator.test      550 5.7.1 after the content
//	drop.simulator.test      recorded, then closed without an answer, first
//	slow.simulator.test      answers the content after 2 s
//
// Others are taken, and the receiving server writes back later, to where ReturnTo says:
//
//	dsn.simulator.test        a report that it failed for good
//	expired.simulator.test    a report that servers gave up after days
//	delayed.simulator.test    a report that it is still being tried
//	confirmed.simulator.test  a report that it was delivered
//	forged.simulator.test     a report to a return path that is not the sender's
//	qmail.simulator.test      a failure in the words of qmail
//	vacation.simulator.test   an absence note
//	complaint.simulator.test  a complaint in the Abuse Reporting Format
//
// A storm (faults.Storm) fails at random, for whole connections too.
//
// Imports of ours: outbox and faults, beside it in the simulator.
package smtpsim

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// Config is what a server needs to know.
type Config struct {
	// Hostname is said in the greeting.
	Hostname string
	// TLS holds the server certificate for STARTTLS.
	TLS *tls.Config
	// Username and Password are what AUTH PLAIN must bring.
	Username, Password string
	// OpenRelay takes mail without STARTTLS and AUTH too, for throughput
	// tests. Otherwise MAIL is answered with 530 until both are done.
	OpenRelay bool
	// Envelopes records recipient, subject and Message-ID of a message and not
	// its content, where there are too many of them.
	Envelopes bool
}

const (
	maxMessage    = 10 << 20
	maxRecipients = 100
	maxErrors     = 20
	idleTimeout   = 5 * time.Minute
	slowAnswer    = 2 * time.Second
)

// Server accepts connections until Close.
type Server struct {
	config Config
	box    *outbox.Box
	panel  *faults.Panel
	taken  func(outbox.Message) error

	returns atomic.Pointer[string] // where mail that comes back goes

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	mu     sync.Mutex
	open   map[net.Conn]struct{}
	listen []net.Listener
	closed bool
}

// New makes a server. taken, which may be nil, is called with every recorded
// and taken message before the answer goes out; it must not keep the raw bytes.
// Its error becomes a 452.
func New(config Config, box *outbox.Box, panel *faults.Panel, taken func(outbox.Message) error) *Server {
	ctx, cancel := context.WithCancel(context.Background())
	if taken == nil {
		taken = func(outbox.Message) error { return nil }
	}
	return &Server{config: config, box: box, panel: panel, taken: taken, ctx: ctx, cancel: cancel, open: map[net.Conn]struct{}{}}
}

// Serve answers connections of a listener until Close, then gives nil.
func (s *Server) Serve(listener net.Listener) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return listener.Close()
	}
	s.listen = append(s.listen, listener)
	s.mu.Unlock()
	for {
		conn, err := listener.Accept()
		if err != nil {
			if s.ctx.Err() != nil {
				return nil //nolint:nilerr // a listener that Close ended is no failure
			}
			var temporary interface{ Temporary() bool }
			if errors.As(err, &temporary) && temporary.Temporary() {
				faults.Sleep(s.ctx, 5*time.Millisecond)
				continue
			}
			return err
		}
		if !s.track(conn) {
			return conn.Close()
		}
		go func() {
			defer s.untrack(conn)
			newSession(s, conn).run()
		}()
	}
}

func (s *Server) track(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.open[conn] = struct{}{}
	s.wg.Add(1)
	return true
}

func (s *Server) untrack(conn net.Conn) {
	_ = conn.Close()
	s.mu.Lock()
	delete(s.open, conn)
	s.mu.Unlock()
	s.wg.Done()
}

// Close stops listening, cuts open connections and waits until none is left.
func (s *Server) Close() error {
	s.mu.Lock()
	var errs []error
	if !s.closed {
		s.closed = true
		s.cancel()
		for _, l := range s.listen {
			errs = append(errs, l.Close())
		}
		for conn := range s.open {
			_ = conn.Close()
		}
	}
	s.mu.Unlock()
	s.wg.Wait()
	return errors.Join(errs...)
}
