// Package email sends messages by email: composed once for a text and once for a person, and sent by a
// transport of its own over few, kept, pipelined and encrypted connections. jordan-wright/email is the
// reference for what is composed, and composes what is unusual.
//
// What it promises beyond delivery.Sender: text from a message can never become a header, a recipient or a
// command; TLS is required and verified unless the settings say otherwise out loud; every read and write
// has a deadline; a message is never handed over twice by one Send; a connection that breaks between the
// end of a message and its answer gives unknown for that message alone, or for the group with which it left
// (see group.go); one that breaks earlier is retryable, and is retried on a fresh connection at once when it had
// carried other messages before.
//
// A connection is only kept busy when messages wait for it: call Send from three times as many
// goroutines as there are connections.
//
// Imports of ours: breach, delivery, and dkim and returnpath below it.
package email

import (
	"context"
	"crypto/tls"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// maxSpare is the most memory for one message that is kept for the next one, bytes.
const maxSpare = 64 << 10

// Sender hands messages to one relay. It is safe for many goroutines; at most Config.Connections
// connections carry their messages, the others wait.
type Sender struct {
	config   Config
	tls      *tls.Config
	composer *composer
	gate     gate
	overlap  overlap
	desk     desk
	jobs     sync.Pool // of *job

	life, late   context.Context // end when Close begins, and when it has waited for long enough
	end, endLate context.CancelFunc
}

var _ delivery.Sender = (*Sender)(nil)

// New makes a sender; it opens no connection yet. The error lists everything that is wrong with the
// settings.
func New(c Config) (*Sender, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	for _, domain := range []*string{&c.EnvelopeDomain, &c.MessageIDDomain, &c.HeloName, &c.DKIMDomain} {
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
	composer, err := newComposer(c, from, time.Now)
	if err != nil {
		return nil, err
	}
	s := &Sender{
		config: c, tls: tlsConfig,
		composer: composer,
		gate:     gate{least: c.BackoffMin, most: c.BackoffMax},
		desk:     desk{most: c.Connections},
		jobs:     sync.Pool{New: func() any { return &job{done: make(chan struct{}, 1)} }},
	}
	s.life, s.end = context.WithCancel(context.Background())
	s.late, s.endLate = context.WithCancel(context.Background())
	return s, nil
}

// Send composes a message, waits for a connection and hands it over. Errors are *delivery.Failure. When ctx
// ends before the content is being written, the message is certainly not sent, and will not be; when it
// ends later, the answer is unknown, although the connection goes on to read it.
func (s *Sender) Send(ctx context.Context, m delivery.Message) (delivery.Receipt, error) {
	if ctx.Err() != nil {
		return delivery.Receipt{}, cancelled()
	}
	j := s.jobs.Get().(*job)
	j.message = m
	l, f := s.composer.compose(j.letter.wire, &j.message)
	if f != nil {
		s.recycle(j)
		return delivery.Receipt{}, f
	}
	j.letter = l
	if !s.desk.bring(j, s.worker) {
		s.recycle(j)
		return delivery.Receipt{}, shutDown()
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		if f := s.callOff(j); f != nil {
			return delivery.Receipt{}, f
		}
	}
	out := j.out
	s.recycle(j)
	if out.failure != nil {
		return delivery.Receipt{}, out.failure
	}
	return out.receipt, nil
}

// callOff gives a message up. It is nil when the result is there already.
func (s *Sender) callOff(j *job) *delivery.Failure {
	for { // a message that the server closed upon may go back to the desk meanwhile
		if s.desk.withdraw(j) {
			s.recycle(j)
			return cancelled()
		}
		if j.revoke() {
			return cancelled()
		}
		select {
		case <-j.done:
			return nil
		default:
		}
		if j.forsake() {
			return delivery.NoAnswer("sending was called off before the mail server answered to the whole message")
		}
	}
}

// recycle keeps a job's memory for another message.
func (s *Sender) recycle(j *job) {
	wire := j.letter.wire[:0]
	if cap(wire) > maxSpare {
		wire = nil
	}
	j.message, j.letter, j.out = delivery.Message{}, letter{wire: wire}, result{}
	j.held.Store(revocable)
	s.jobs.Put(j)
}

func (s *Sender) worker() *worker { return &worker{sender: s, wake: make(chan *job, 1)} }

// closeGrace is how long Close waits for answers.
const closeGrace = 10 * time.Second

// Close refuses further messages, hands back those that no connection has taken (they are certainly not
// sent), lets the others be answered, says QUIT on every connection and waits until all are closed. After
// 10 s it cuts connections off: what was not answered by then is unknown. It may be called twice.
func (s *Sender) Close() error { return s.closeWithin(closeGrace) }

func (s *Sender) closeWithin(grace time.Duration) error {
	s.end()
	cut := time.AfterFunc(grace, s.endLate)
	s.desk.close(shutDown())
	cut.Stop()
	s.endLate()
	return nil
}

func cancelled() *delivery.Failure {
	return delivery.Temporary(delivery.ReasonProviderDown, "sending was called off before anything was handed over", 0)
}

func shutDown() *delivery.Failure {
	return delivery.Temporary(delivery.ReasonProviderDown, "the mail sender is shut down", 0)
}
