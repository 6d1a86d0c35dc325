// Package faults holds what a tester can turn on the simulators while they
// run: refusing or hanging providers, slow replies, a rate for email.
//
// Imports of ours: none.
package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Targets that a mode can be set for.
const (
	SMTP    = "smtp"
	Twilio  = "twilio"
	FCM     = "fcm"
	APNs    = "apns"
	WebPush = "webpush"
	Gateway = "gateway"
	Portal  = "portal"
)

// Targets lists them all.
func Targets() []string { return []string{SMTP, Twilio, FCM, APNs, WebPush, Gateway, Portal} }

// Mode is how a whole provider fails.
type Mode string

// A refusing provider says so and takes nothing (SMTP 421, HTTP 503). A
// hanging one takes the call and neither records nor answers it; calls that
// hang are cut, not served, when the mode changes.
const (
	None   Mode = "none"
	Refuse Mode = "refuse"
	Hang   Mode = "hang"
)

type target struct {
	mode    Mode
	changed chan struct{}
}

// Panel is the switchboard that all simulators of one process share.
type Panel struct {
	mu      sync.RWMutex
	targets map[string]*target
	latency time.Duration
	limit   *rate.Limiter
	storm   storm
}

// New makes a panel: perSecond emails are accepted (0 = no limit), every reply
// waits for latency.
func New(perSecond float64, latency time.Duration) *Panel {
	p := &Panel{targets: map[string]*target{}, limit: rate.NewLimiter(rate.Inf, 1)}
	for _, name := range Targets() {
		p.targets[name] = &target{mode: None, changed: make(chan struct{})}
	}
	p.SetRate(perSecond)
	p.SetLatency(latency)
	return p
}

// SetMode changes how a target behaves from now on.
func (p *Panel) SetMode(name string, mode Mode) error {
	if !slices.Contains([]Mode{None, Refuse, Hang}, mode) {
		return errors.New("faults: mode must be refuse, hang or none")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	t, ok := p.targets[name]
	if !ok {
		return fmt.Errorf("faults: there is no such provider; there are %v", Targets())
	}
	if t.mode != mode {
		t.mode = mode
		close(t.changed)
		t.changed = make(chan struct{})
	}
	return nil
}

// Mode tells the mode of a target, and gives a channel that is closed when the
// mode changes.
func (p *Panel) Mode(name string) (Mode, <-chan struct{}) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	t := p.targets[name]
	return t.mode, t.changed
}

// SetLatency changes the wait before every reply; negative counts as none.
func (p *Panel) SetLatency(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.latency = max(d, 0)
}

// Latency is the wait before every reply.
func (p *Panel) Latency() time.Duration {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.latency
}

// SetRate changes how many emails a second are accepted over all connections;
// 0 or less lifts the limit.
func (p *Panel) SetRate(perSecond float64) {
	if perSecond <= 0 {
		p.limit.SetLimit(rate.Inf)
		return
	}
	p.limit.SetLimit(rate.Limit(perSecond))
	// Timers are about a millisecond late: some burst keeps high rates true.
	p.limit.SetBurst(max(1, int(perSecond/100)))
}

// Rate is how many emails a second are accepted; 0 is no limit.
func (p *Panel) Rate() float64 {
	if limit := p.limit.Limit(); limit != rate.Inf {
		return float64(limit)
	}
	return 0
}

// AcceptEmail waits until the rate allows one more email.
func (p *Panel) AcceptEmail(ctx context.Context) error { return p.limit.Wait(ctx) }

// Delay waits for the latency, or until ctx is done.
func (p *Panel) Delay(ctx context.Context) { Sleep(ctx, p.Latency()) }

// Sleep waits for d; it gives false when ctx was done first.
func Sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// MaxBody is the most that a simulator reads of a request body.
const MaxBody = 1 << 20

// Guard puts the panel in front of a provider's HTTP handler.
func (p *Panel) Guard(name string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mode, changed := p.Mode(name)
		switch mode {
		case Refuse:
			p.Delay(r.Context())
			http.Error(w, "the simulator was told to refuse", http.StatusServiceUnavailable)
		case Hang:
			// The request is read to its end, so that the server notices when
			// the caller gives up.
			_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, MaxBody))
			select {
			case <-changed:
			case <-r.Context().Done():
			}
			panic(http.ErrAbortHandler)
		default:
			r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
			next.ServeHTTP(&slow{ResponseWriter: w, wait: func() { p.Delay(r.Context()) }}, r)
		}
	})
}

// slow delays the reply, not the work: what is recorded is recorded at once.
type slow struct {
	http.ResponseWriter
	once sync.Once
	wait func()
}

func (s *slow) WriteHeader(code int) {
	s.once.Do(s.wait)
	s.ResponseWriter.WriteHeader(code)
}

func (s *slow) Write(b []byte) (int, error) {
	s.once.Do(s.wait)
	return s.ResponseWriter.Write(b)
}

// Drop ends a request without any answer.
func Drop() { panic(http.ErrAbortHandler) }
