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

	// A provider that reports by itself is asked, too, about messages of which it said nothing for a while: what it says
	// while we are away it says once or twice, and never again. Each is asked about once in an hour.
	missedAfter = 10 * time.Minute
	missedFor   = 14 * time.Hour // longer than any provider tries
	missedEvery = time.Hour
)

// poll asks providers that cannot reach us what became of messages, and the others about what they may have said in vain,
// until ctx ends. Any number of servers may do so: the same word again changes nothing.
func (p *Product) poll(ctx context.Context, log *slog.Logger) {
	asks := false
	for _, k := range kinds {
		asks = asks || p.looker(k.name, true) != nil || p.looker(k.name, false) != nil
	}
	if !asks {
		return
	}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := p.lookAround(ctx, true, unheard(time.Now()))
		if err == nil {
			err = p.lookAround(ctx, false, missed(time.Now()))
		}
		if err != nil && ctx.Err() == nil {
			log.Warn("what became of messages could not be asked; it is asked again", "code", string(breach.CodeOf(err)))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// unheard are messages whose provider cannot tell us what became of them.
func unheard(now time.Time) store.UnheardQuery {
	return store.UnheardQuery{Since: now.Add(-pollFor), Most: pollMost}
}

// missed are messages whose turn it is to be asked about although their provider tells us.
func missed(now time.Time) store.UnheardQuery {
	turns := int(missedEvery / pollEvery)
	return store.UnheardQuery{
		Since: now.Add(-missedFor), Until: now.Add(-missedAfter), Turn: int(now.Unix()/int64(pollEvery/time.Second)) % turns, Turns: turns, Most: pollMost,
	}
}

// lookAround asks about some messages of providers that must be asked, or of the others. One of which the provider says
// nothing does not stop the others; several in a row are a provider that is away.
func (p *Product) lookAround(ctx context.Context, must bool, q store.UnheardQuery) error {
	list, err := p.Store.UnheardOf(ctx, q)
	row := 0
	for _, u := range list {
		failed := p.lookAt(ctx, must, u)
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
func (p *Product) lookAt(ctx context.Context, must bool, u store.Unheard) error {
	from := p.looker(p.Desk.kindOf(ctx, u.Incident, u.Provider), must)
	if from == nil {
		return nil
	}
	word, err := from.Look(ctx, u.ProviderRef)
	if err != nil || word.State == "" || word.State == breach.HandedOver {
		return err
	}
	if u.Call {
		return p.Store.TakeCallWord(ctx, u.Attempt, endOf(word), time.Now().UTC())
	}
	_, err = p.Store.RecordReceipt(ctx, u.Provider, u.Attempt, store.Receipt{State: word.State, ProviderRef: word.ProviderRef, Reason: word.Reason, Detail: word.Detail}, time.Now().UTC())
	return err
}

// endOf is the end of a call in which so much was heard.
func endOf(r delivery.Receipt) breach.CallWord {
	w := breach.CallWord{Ended: true, State: r.State, Reason: r.Reason, Detail: r.Detail, ProviderRef: r.ProviderRef}
	switch {
	case r.State == breach.Delivered:
		w.Heard = breach.HeardKey
	case r.State == breach.Accepted:
		w.Heard = breach.HeardThrough
	case r.Reason == delivery.ReasonMachine:
		w.Heard = breach.HeardMachine
	}
	return w
}

// looker is the adapter of a kind whose provider has to be asked, or tells us by itself; nil: it is another one, cannot be
// asked, or is not there.
func (p *Product) looker(kind string, must bool) delivery.Looker {
	sender, _ := p.Ports.Senders.Sender(kind)
	if l, can := sender.(delivery.Looker); can && l.MustAsk() == must {
		return l
	}
	return nil
}
