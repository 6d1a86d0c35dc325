package store

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const (
	detailLimit = 200
	codeLimit   = 64
)

// Record appends attempt events and keeps person outcomes and tallies. Facts are never refused, whoever
// holds the lease by now; an event that is there already (same attempt, state and settlement) is left
// alone. An event about somebody who is on no list is an error.
func (s *Store) Record(ctx context.Context, incident string, events []breach.AttemptEvent) error {
	if len(events) == 0 {
		return nil
	}
	return s.inTx(ctx, "record what happened", func(tx pgx.Tx) error { return record(ctx, tx, incident, events) })
}

// record does it in the caller's transaction, which may hold a chunk but no block yet.
func record(ctx context.Context, tx pgx.Tx, incident string, events []breach.AttemptEvent) error {
	ids := make([]int64, len(events))
	for i, e := range events {
		if err := checkEvent(e); err != nil {
			return err
		}
		ids[i] = e.Person
	}
	l, err := lockPeople(ctx, tx, incident, ids)
	if err != nil {
		return err
	}
	rules, err := sufficiency(ctx, tx, incident)
	if err != nil {
		return err
	}
	r := newRecording(l.states, len(events))
	for _, e := range events {
		r.take(tidy(e))
	}
	out := &pgx.Batch{}
	write(out, l.moves(r.rows, r.changes(rules)))
	l.settleLater(out, r.news, rules)
	return tx.SendBatch(ctx, out).Close()
}

func checkEvent(e breach.AttemptEvent) error {
	switch {
	case e.State == breach.Intended || !slices.Contains(breach.AttemptStates, e.State):
		return breach.Errorf(breach.ErrInvalid, "an event of an attempt cannot have the state %q", printable(string(e.State)))
	case (e.State == breach.Reconciled) != (e.Settlement != ""):
		return breach.Errorf(breach.ErrInvalid, "a settlement belongs to the state reconciled, and to no other")
	case e.At.IsZero():
		return breach.Errorf(breach.ErrInvalid, "an event of an attempt needs the instant at which it happened")
	case e.Addressee != breach.ToSelf && e.Addressee != breach.ToGuardian, !slices.Contains(breach.Channels, e.Channel), e.Try < 1:
		return breach.Errorf(breach.ErrInvalid, "an event names no attempt: addressee, channel and try are needed")
	}
	return nil
}

func tidy(e breach.AttemptEvent) breach.AttemptEvent {
	e.At = instant(e.At)
	e.Reason, e.Detail = plain(e.Reason, codeLimit), plain(e.Detail, detailLimit)
	e.Provider, e.ProviderRef = plain(e.Provider, codeLimit), plain(e.ProviderRef, detailLimit)
	return e
}

type outcomeRow struct {
	breach.AttemptEvent
	from  breach.AttemptState
	moved bool // out of from; else it came too late to move anything
}

// recording gathers what one call adds.
type recording struct {
	states map[int64]*personState
	rows   []outcomeRow
	news   []news
	at     map[int64]int // in news, by person
}

// newRecording makes room for some events.
func newRecording(states map[int64]*personState, events int) recording {
	return recording{states: states, rows: make([]outcomeRow, 0, events), news: make([]news, 0, events), at: make(map[int64]int, events)}
}

// news is what is new of one person.
type news struct {
	person int64
	last   int // in rows: what happened last
	failed bool
}

func (r *recording) take(e breach.AttemptEvent) {
	p := r.states[e.Person]
	if slices.Contains(p.seen, eventKey{attemptKey{e.Addressee, e.Channel, e.Try}, e.State, e.Settlement}) {
		return
	}
	row := outcomeRow{AttemptEvent: e}
	row.from, row.moved = p.take(e)
	r.rows = append(r.rows, row)
	i, known := r.at[e.Person]
	if !known {
		i = len(r.news)
		r.at[e.Person] = i
		r.news = append(r.news, news{person: e.Person, last: len(r.rows) - 1})
	}
	n := &r.news[i]
	n.failed = n.failed || failed(e)
	if e.At.After(r.rows[n.last].At) {
		n.last = len(r.rows) - 1
	}
}

func (r *recording) changes(rules breach.Sufficiency) []change {
	out := make([]change, 0, len(r.news))
	for _, n := range r.news {
		p, last := r.states[n.person], &r.rows[n.last]
		at := p.notBefore(last.At)
		to := p.derive(rules, at)
		if to == p.outcome || (p.outcome == breach.Reached && !n.failed) {
			continue // better news (delivered after accepted) starts no new wait for somebody who was reached
		}
		out = append(out, p.move(to, string(last.Channel)+"/"+string(last.State), engineActor, at))
	}
	return out
}

func failed(e breach.AttemptEvent) bool {
	return e.State == breach.FailedPermanent || e.State == breach.FailedTemporary
}
