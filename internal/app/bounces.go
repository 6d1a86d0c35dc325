package app

import (
	"context"
	"log/slog"
	"net"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tocsin-engine/tocsin/internal/bounce"
	"github.com/tocsin-engine/tocsin/internal/bounce/mailbox"
	"github.com/tocsin-engine/tocsin/internal/bounce/receiver"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery/email/returnpath"
	"github.com/tocsin-engine/tocsin/internal/store"
)

// bounces is what takes mail that comes back.
type bounces struct {
	taker    *bounce.Taker
	receiver *receiver.Config
	mailbox  *mailbox.Config
	opened   chan struct{} // closed when address is known
	address  net.Addr
}

// newBounces prepares taking, and has the mail relays send with return paths of ours.
func newBounces(s *Settings, ledger *store.Store) (*bounces, error) {
	key, err := returnpath.LoadOrCreate(s.Store.KeyDir)
	if err != nil {
		return nil, breach.Errorf(breach.ErrInvalid, "%w", err)
	}
	if s.Email != nil {
		c := *s.Email
		c.Returns, s.Email = key, &c
	}
	if s.EmailBackup != nil {
		c := *s.EmailBackup
		c.Returns, s.EmailBackup = key, &c
	}
	came := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tocsin_mail_returned_total", Help: "Mail that came back, by way and by what it is; forged and unnamed are about no message of ours.",
	}, []string{"way", "kind"})
	if err := s.Metrics.Register(came); err != nil {
		return nil, err
	}
	return &bounces{
		taker: &bounce.Taker{Key: key, Ledger: ledger, Now: s.Now, Count: func(way string, kind breach.ReturnKind) {
			came.WithLabelValues(way, string(kind)).Inc()
		}},
		receiver: s.Bounces, mailbox: s.Mailbox, opened: make(chan struct{}),
	}, nil
}

// Receive takes mail that comes back, in the ways that are configured, until ctx ends. An error means that a way
// cannot be opened.
func (p *Product) Receive(ctx context.Context, log *slog.Logger) error {
	b := p.bounces
	var reading sync.WaitGroup
	defer reading.Wait()
	if b.mailbox != nil {
		reader, err := mailbox.New(*b.mailbox, b.taker, log)
		if err != nil {
			return breach.Errorf(breach.ErrInvalid, "the settings of the mailbox of bounces cannot be used: %w", err)
		}
		reading.Go(func() { reader.Run(ctx) })
	}
	if b.receiver == nil {
		return nil
	}
	server, err := receiver.New(*b.receiver, b.taker, log)
	if err != nil {
		return breach.Errorf(breach.ErrInvalid, "the settings of bounces cannot be used: %w", err)
	}
	l, err := Listen(b.receiver.Listen)
	if err != nil {
		return err
	}
	log.Info("taking bounces", "listen", l.Addr().String())
	b.address = l.Addr()
	close(b.opened)
	return server.Serve(ctx, l)
}

// BounceAddress waits until bounces are taken by SMTP and says where; empty when ctx ends before.
func (p *Product) BounceAddress(ctx context.Context) string {
	select {
	case <-p.bounces.opened:
		return p.bounces.address.String()
	case <-ctx.Done():
		return ""
	}
}
