// Package email sends messages by email: composed with jordan-wright/email, sent by a transport of its own
// over few, kept, pipelined and encrypted connections.
//
// What it promises beyond delivery.Sender: text from a message can never become a header, a recipient or a
// command; TLS is required and verified unless the settings say otherwise out loud; every read and write
// has a deadline; a message is never handed over twice by one Send; a connection that breaks between the
// final dot and the answer gives unknown, one that breaks earlier is retryable.
//
// Imports of ours: breach, delivery.
package email

import (
	"context"
	"crypto/tls"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Sender hands messages to one relay. It is safe for many goroutines; at most Config.Connections of them
// send at the same time, the others wait.
type Sender struct {
	config   Config
	tls      *tls.Config
	composer composer
	gate     gate
	slots    chan struct{} // one token per connection in use

	mu     sync.Mutex
	idle   []*conn // newest last
	closed bool
	done   chan struct{}
	reaper sync.WaitGroup
}

var _ delivery.Sender = (*Sender)(nil)

// New makes a sender; it opens no connection yet. The error lists everything that is wrong with the
// settings.
func New(c Config) (*Sender, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	for _, domain := range []*string{&c.EnvelopeDomain, &c.MessageIDDomain, &c.HeloName} {
		if *domain != "" {
			wire, err := asciiDomain(*domain)
			if err != nil {
				return nil, err
			}
			*domain = wire
		}
	}
	from, err := parseAddress(c.From)
	if err != nil {
		return nil, err
	}
	tlsConfig, err := c.tlsConfig()
	if err != nil {
		return nil, err
	}
	s := &Sender{
		config: c, tls: tlsConfig,
		composer: composer{config: c, from: from, now: time.Now},
		gate:     gate{least: c.BackoffMin, most: c.BackoffMax},
		slots:    make(chan struct{}, c.Connections),
		done:     make(chan struct{}),
	}
	s.reaper.Go(s.reap)
	return s, nil
}

// Send composes a message and hands it over. Errors are *delivery.Failure.
func (s *Sender) Send(ctx context.Context, m delivery.Message) (delivery.Receipt, error) {
	if ctx.Err() != nil {
		return delivery.Receipt{}, cancelled()
	}
	l, f := s.composer.compose(m)
	if f != nil {
		return delivery.Receipt{}, f
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return delivery.Receipt{}, cancelled()
	}
	receipt, f := s.handOver(ctx, l, m)
	if f != nil {
		return delivery.Receipt{}, f
	}
	return receipt, nil
}

// handOver tries kept connections until one answers or none is left, then a fresh one. A kept connection
// that the server closed meanwhile costs nothing: it broke before the message was on its way.
func (s *Sender) handOver(ctx context.Context, l letter, m delivery.Message) (delivery.Receipt, *delivery.Failure) {
	for {
		c, f := s.acquire(ctx)
		if f != nil {
			return delivery.Receipt{}, f
		}
		out := c.transact(ctx, l, m)
		s.release(c, out.alive)
		switch {
		case out.stale && ctx.Err() == nil:
			continue
		case out.failure == nil:
			s.gate.worked()
			return out.receipt, nil
		case !out.alive && out.failure.Reason == delivery.ReasonProviderBusy:
			s.gate.refused(out.failure, false) // 421
		}
		return delivery.Receipt{}, out.failure
	}
}

// acquire takes the connection that was used last, or dials.
func (s *Sender) acquire(ctx context.Context) (*conn, *delivery.Failure) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, delivery.Temporary(delivery.ReasonProviderDown, "the mail sender is shut down", 0)
	}
	if n := len(s.idle); n > 0 {
		c := s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.mu.Unlock()
		return c, nil
	}
	s.mu.Unlock()
	probing, f := s.gate.pass(ctx)
	if f != nil {
		return nil, f
	}
	c, f := dial(ctx, &s.config, s.tls)
	switch {
	case f == nil:
		s.gate.opened()
	case ctx.Err() != nil:
		if probing {
			s.gate.leave()
		}
	default:
		s.gate.refused(f, probing)
	}
	return c, f
}

func (s *Sender) release(c *conn, alive bool) {
	if !alive {
		_ = c.net.Close()
		return
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		c.quit()
		return
	}
	c.idleSince = time.Now()
	s.idle = append(s.idle, c)
	s.mu.Unlock()
}

// reap says QUIT on connections that nobody used for the idle time. The oldest are first in the list.
func (s *Sender) reap() {
	ticker := time.NewTicker(max(s.config.IdleTimeout/2, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-s.done:
			return
		case now := <-ticker.C:
			for _, c := range s.expired(now) {
				c.quit()
			}
		}
	}
}

func (s *Sender) expired(now time.Time) (old []*conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for n < len(s.idle) && now.Sub(s.idle[n].idleSince) >= s.config.IdleTimeout {
		n++
	}
	old = append(old, s.idle[:n]...)
	s.idle = append(s.idle[:0], s.idle[n:]...)
	return old
}

// Close says QUIT on idle connections and refuses further messages. Messages that are under way are
// finished; their connections close afterwards. It may be called twice.
func (s *Sender) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	idle := s.idle
	s.idle = nil
	s.mu.Unlock()
	close(s.done)
	s.reaper.Wait()
	for _, c := range idle {
		c.quit()
	}
	return nil
}
