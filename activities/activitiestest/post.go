package activitiestest

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Reply is how a provider treats one message. The zero value takes it: email is accepted, SMS delivered,
// push handed over.
type Reply struct {
	State   breach.AttemptState // of the receipt; empty for the channel's usual one
	Failure *delivery.Failure
	// Lost is a message that the provider takes and whose answer never arrives.
	Lost bool
	// Err is returned as it is, Panic is thrown; in both cases the provider does not have the message.
	Err   error
	Panic any
	// Wait keeps the sender busy until it is closed or the context ends; then nothing was handed over.
	Wait <-chan struct{}
}

// Reached the wire: one message as a provider got it.
type Sent struct {
	Kind    string
	Message delivery.Message
}

// Post is all providers of a test.
type Post struct {
	// Script says how the nth message (from 1) to a contact by a kind of provider is treated. Nil takes all.
	Script func(kind string, m delivery.Message, nth int) Reply
	// Deaf providers cannot be asked; Absent ones are not configured.
	Deaf, Absent map[string]bool

	mu   sync.Mutex
	sent []Sent
	seen map[string]int
}

// Scripted treats the messages to each contact as listed, one after the other, and takes all others.
func Scripted(replies map[string][]Reply) func(string, delivery.Message, int) Reply {
	return func(_ string, m delivery.Message, nth int) Reply {
		if list := replies[m.To]; nth <= len(list) {
			return list[nth-1]
		}
		return Reply{}
	}
}

// Sender answers activities.Senders.
func (p *Post) Sender(kind string) (delivery.Sender, bool) {
	if p.Absent[kind] {
		return nil, false
	}
	if kind == "twilio" || kind == "gateway" {
		return askable{wire{p, kind}}, true
	}
	return wire{p, kind}, true
}

// Sent lists what reached a provider, in order.
func (p *Post) Sent() []Sent {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.sent)
}

// To lists what reached a contact.
func (p *Post) To(contact string) []Sent {
	return slices.DeleteFunc(p.Sent(), func(s Sent) bool { return s.Message.To != contact })
}

func (p *Post) take(kind string, m delivery.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, Sent{kind, m})
}

func (p *Post) reply(kind string, m delivery.Message) Reply {
	p.mu.Lock()
	if p.seen == nil {
		p.seen = map[string]int{}
	}
	p.seen[kind+"|"+m.To]++
	n, script := p.seen[kind+"|"+m.To], p.Script
	p.mu.Unlock()
	if script == nil {
		return Reply{}
	}
	return script(kind, m, n)
}

type wire struct {
	post *Post
	kind string
}

func (w wire) Send(ctx context.Context, m delivery.Message) (delivery.Receipt, error) {
	r := w.post.reply(w.kind, m)
	if r.Wait != nil {
		select {
		case <-r.Wait:
		case <-ctx.Done():
			return delivery.Receipt{}, &delivery.Failure{Reason: delivery.ReasonCrash, Retryable: true}
		}
	}
	switch {
	case r.Panic != nil:
		panic(r.Panic)
	case r.Err != nil:
		return delivery.Receipt{}, r.Err
	case r.Failure != nil:
		return delivery.Receipt{}, r.Failure
	}
	w.post.take(w.kind, m)
	if r.Lost {
		return delivery.Receipt{}, &delivery.Failure{Reason: delivery.ReasonNoAnswer, Unknown: true}
	}
	return delivery.Receipt{State: orUsual(r.State, m.Channel), ProviderRef: "provider-" + m.AttemptID}, nil
}

func orUsual(s breach.AttemptState, c breach.Channel) breach.AttemptState {
	if s != "" {
		return s
	}
	switch c {
	case breach.Email:
		return breach.Accepted
	case breach.SMS:
		return breach.Delivered
	}
	return breach.HandedOver
}

type askable struct{ wire }

// Ask answers delivery.Asker: the provider knows exactly what reached it.
func (a askable) Ask(ctx context.Context, m delivery.Message) (delivery.Receipt, bool, error) {
	a.post.mu.Lock()
	defer a.post.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return delivery.Receipt{}, false, err
	}
	if f := m.Check(); f != nil || m.SentAfter.IsZero() {
		return delivery.Receipt{}, false, errors.New("a question needs a whole message, and since when it may be there")
	}
	if a.post.Deaf[a.kind] {
		return delivery.Receipt{}, false, errors.New("the provider cannot be asked now")
	}
	for _, s := range a.post.sent {
		if s.Kind == a.kind && s.Message.AttemptID == m.AttemptID {
			return delivery.Receipt{State: breach.Delivered, ProviderRef: "provider-" + m.AttemptID}, true, nil
		}
	}
	return delivery.Receipt{}, false, nil
}
