// Package receipts posts a provider's word on a delivery back to the sender,
// and tries again when the sender is away for a moment.
//
// Imports of ours: faults, beside it in the simulator.
package receipts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
)

// Poster posts callbacks in the background until it is closed.
type Poster struct {
	client *http.Client
	ctx    context.Context
	cancel context.CancelFunc
	slots  chan struct{}
	mu     sync.Mutex
	closed bool
	wg     sync.WaitGroup
}

// New makes a poster. Redirects are not followed: a signature is for one URL.
func New() *Poster {
	ctx, cancel := context.WithCancel(context.Background())
	return &Poster{
		ctx: ctx, cancel: cancel, slots: make(chan struct{}, 16),
		client: &http.Client{
			Timeout:       5 * time.Second,
			Transport:     &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: 30 * time.Second},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Go runs the life of one message beside everything else. The context ends
// when the poster is closed.
func (p *Poster) Go(life func(ctx context.Context)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.wg.Go(func() { life(p.ctx) })
}

// Close stops all lives and waits for them.
func (p *Poster) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.cancel()
	p.wg.Wait()
	p.client.CloseIdleConnections()
}

// backoff is the wait after each failed try: about six seconds in all.
var backoff = []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond,
	800 * time.Millisecond, 1600 * time.Millisecond, 3200 * time.Millisecond}

// Post sends a request until the receiver answers 2xx or the tries are used
// up. build makes each try anew, because signatures may hold the time. It
// gives a short line for the record; false when no try succeeded.
func (p *Poster) Post(ctx context.Context, build func(context.Context) (*http.Request, error)) (string, bool) {
	for try := 0; ; try++ {
		status, err := p.once(ctx, build)
		if err == nil && status/100 == 2 {
			return fmt.Sprintf("HTTP %d on try %d", status, try+1), true
		}
		if try == len(backoff) || !faults.Sleep(ctx, backoff[try]) {
			if err != nil {
				return fmt.Sprintf("no answer in %d tries", try+1), false
			}
			return fmt.Sprintf("HTTP %d, given up after %d tries", status, try+1), false
		}
	}
}

func (p *Poster) once(ctx context.Context, build func(context.Context) (*http.Request, error)) (int, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	req, err := build(ctx)
	if err != nil {
		return 0, errors.New("receipts: the callback address cannot be used")
	}
	res, err := p.client.Do(req)
	if err != nil {
		return 0, errors.New("receipts: the receiver does not answer")
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	return res.StatusCode, res.Body.Close()
}
