package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/sms/twilio"
	"github.com/tocsin-engine/tocsin/internal/delivery/voice"
	"github.com/tocsin-engine/tocsin/internal/store"
)

const (
	pollEvery = 30 * time.Second
	// pollFor is for how long a provider is asked about a message: none keeps trying for longer.
	pollFor  = 72 * time.Hour
	pollMost = 200 // at a time
	pollAway = 5   // failures in a row
)

// poll asks providers that cannot reach us what became of messages, until ctx ends. Any number of servers may do so:
// the same word again changes nothing.
func (p *Product) poll(ctx context.Context, log *slog.Logger) {
	if p.askSMS == nil && p.askCalls == nil {
		return
	}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if err := p.lookAround(ctx); err != nil && ctx.Err() == nil {
			log.Warn("what became of messages could not be asked; it is asked again", "code", string(breach.CodeOf(err)))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// lookAround asks about some messages. One of which the provider says nothing does not stop the others; several in a
// row are a provider that is away.
func (p *Product) lookAround(ctx context.Context) error {
	list, err := p.Store.UnheardOf(ctx, time.Now().Add(-pollFor), pollMost)
	row := 0
	for _, u := range list {
		failed := p.lookAt(ctx, u)
		if failed == nil {
			row = 0
			continue
		}
		if err, row = failed, row+1; row == pollAway || ctx.Err() != nil {
			break
		}
	}
	return err
}

// lookAt asks about one message and records what is said.
func (p *Product) lookAt(ctx context.Context, u store.Unheard) error {
	var word delivery.Receipt
	var err error
	switch {
	case u.Channel == breach.SMS && u.Provider == twilio.Provider && p.askSMS != nil:
		word, err = p.askSMS.Look(ctx, u.ProviderRef)
	case u.Channel == breach.Voice && p.askCalls != nil:
		var said breach.CallWord
		said, err = p.askCalls.Look(ctx, u.ProviderRef)
		word = delivery.Receipt{State: said.State, ProviderRef: said.ProviderRef, Reason: said.Reason, Detail: said.Detail}
	}
	if err != nil || word.State == "" || word.State == breach.HandedOver {
		return err
	}
	_, err = p.Store.RecordReceipt(ctx, u.Provider, u.Attempt, store.Receipt{State: word.State, ProviderRef: word.ProviderRef, Reason: word.Reason, Detail: word.Detail}, time.Now().UTC())
	return err
}

// asked keeps the adapters whose providers must be asked.
func (p *Product) asked(s Settings, a *adapters) {
	if s.Twilio != nil && s.Twilio.Poll {
		p.askSMS = a.twilio
	}
	if s.Voice != nil && s.Voice.Poll {
		p.askCalls = a.voice
	}
}

// lookers are what asks.
type lookers struct {
	askSMS   *twilio.Sender // nil: it tells us, or is not there
	askCalls *voice.Sender
}
