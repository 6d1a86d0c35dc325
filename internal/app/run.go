package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/httpapi"
)

// Listen opens the address that the API serves; a port in use is a clear error.
func Listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, breach.Errorf(breach.ErrInvalid, "cannot listen on %s: %w; is another process using it? Choose another address with --listen", address, err)
	}
	return l, nil
}

// ServeOn answers requests on l until ctx ends, then lets those under way finish.
func (p *Product) ServeOn(ctx context.Context, l net.Listener, log *slog.Logger) error {
	h, err := p.Handler()
	if err != nil {
		return err
	}
	srv := httpapi.NewServer(h)
	srv.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelWarn)
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		close(p.ending)
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err := srv.Shutdown(end)
		if errors.Is(err, context.DeadlineExceeded) {
			err = srv.Close()
		}
		return err
	}
}

// catchUpEvery is how often decisions and incidents that the workflow engine missed are passed on.
const catchUpEvery = 2 * time.Second

// Answers to keyed requests are kept for a week: nobody tries a request again for longer.
const (
	keysLast  = 7 * 24 * time.Hour
	tidyEvery = time.Hour
)

// tidy forgets the keys of requests that are too old to be tried again.
func (p *Product) tidy(ctx context.Context, log *slog.Logger) {
	switch n, err := p.Store.ForgetKeys(ctx, keysLast); {
	case err != nil && ctx.Err() == nil:
		log.Warn("old idempotency keys could not be removed; it is tried again", "code", string(breach.CodeOf(err)))
	case n > 0:
		log.Info("removed old idempotency keys", "count", n)
	}
}

// CatchUp passes on what the workflow engine missed until ctx ends, tidies up now and then, hands letters over, and has
// processors delete what they got.
func (p *Product) CatchUp(ctx context.Context, log *slog.Logger) {
	go p.post(ctx, log)
	go p.poll(ctx, log)
	go p.erase(ctx, log)
	tick := time.NewTicker(catchUpEvery)
	defer tick.Stop()
	tidied := time.Time{}
	for synced := false; ; {
		if time.Since(tidied) >= tidyEvery {
			p.tidy(ctx, log)
			tidied = time.Now()
		}
		if !synced {
			synced = p.Desk.Resync(ctx) == nil
		}
		if n, err := p.Desk.CatchUp(ctx); err != nil && ctx.Err() == nil {
			log.Warn("the workflow engine is behind; it is told again", "code", string(breach.CodeOf(err)))
		} else if n > 0 {
			log.Info("passed on to the workflow engine", "count", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
