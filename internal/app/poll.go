package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
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
	asks := false
	for _, k := range kinds {
		asks = asks || p.looker(k.name) != nil
	}
	if !asks {
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
	from := p.looker(p.Desk.kindOf(ctx, u.Incident, u.Provider))
	if from == nil {
		return nil
	}
	word, err := from.Look(ctx, u.ProviderRef)
	if err != nil || word.State == "" || word.State == breach.HandedOver {
		return err
	}
	_, err = p.Store.RecordReceipt(ctx, u.Provider, u.Attempt, store.Receipt{State: word.State, ProviderRef: word.ProviderRef, Reason: word.Reason, Detail: word.Detail}, time.Now().UTC())
	return err
}

// looker is the adapter of a kind whose provider has to be asked; nil: it tells us, or is not there.
func (p *Product) looker(kind string) delivery.Looker {
	sender, _ := p.Ports.Senders.Sender(kind)
	if l, can := sender.(delivery.Looker); can && l.MustAsk() {
		return l
	}
	return nil
}
