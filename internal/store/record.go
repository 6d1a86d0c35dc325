package store

import (
	"context"
	"slices"
	"time"

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
	states, err := lockPeople(ctx, tx, incident, ids)
	if err != nil {
		return err
	}
	rules, err := sufficiency(ctx, tx, incident)
	if err != nil {
		return err
	}
	r := recording{states: states, fresh: map[int64][]breach.AttemptEvent{}}
	for _, e := range events {
		r.take(tidy(e))
	}
	for i := range r.rows {
		r.rows[i].incident = incident
	}
	out := &pgx.Batch{}
	appendOutcomes(out, r.rows)
	moves := inBlocks(incident, r.changes(rules))
	for _, no := range blocksOfPeople(ids) { // a block whose people did not move has news all the same
		if k := (blockKey{incident, no}); len(r.rows) > 0 && !slices.ContainsFunc(moves, func(m move) bool { return m.block == k }) {
			moves = append(moves, move{block: k})
		}
	}
	write(out, moves)
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
	incident string
	from     *string
}

// recording gathers what one call adds.
type recording struct {
	states map[int64]*personState
	rows   []outcomeRow
	fresh  map[int64][]breach.AttemptEvent
	order  []int64
}

func (r *recording) take(e breach.AttemptEvent) {
	p := r.states[e.Person]
	if slices.Contains(p.seen, eventKey{attemptKey{e.Addressee, e.Channel, e.Try}, e.State, e.Settlement}) {
		return
	}
	row := outcomeRow{AttemptEvent: e}
	if from, moved := p.take(e); moved {
		f := string(from)
		row.from = &f
	}
	r.rows = append(r.rows, row)
	if len(r.fresh[e.Person]) == 0 {
		r.order = append(r.order, e.Person)
	}
	r.fresh[e.Person] = append(r.fresh[e.Person], e)
}

// appendOutcomes adds the rows in their order.
func appendOutcomes(out *pgx.Batch, rows []outcomeRow) {
	if len(rows) == 0 {
		return
	}
	n := len(rows)
	incidents, persons, addressees, channels, tries := make([]string, n), make([]int64, n), make([]string, n), make([]string, n), make([]int32, n)
	states, settlements, from, reasons, details := make([]string, n), make([]string, n), make([]*string, n), make([]string, n), make([]string, n)
	providers, refs, epochs, ats := make([]string, n), make([]string, n), make([]int32, n), make([]time.Time, n)
	for i := range rows {
		e := &rows[i]
		incidents[i], persons[i], addressees[i], channels[i], tries[i] = e.incident, e.Person, string(e.Addressee), string(e.Channel), int32(e.Try)
		states[i], settlements[i], from[i], reasons[i], details[i] = string(e.State), string(e.Settlement), e.from, e.Reason, e.Detail
		providers[i], refs[i], epochs[i], ats[i] = e.Provider, e.ProviderRef, int32(e.Epoch), e.At
	}
	out.Queue(`INSERT INTO outcome (incident, person, addressee, channel, try, state, settlement, moved_from, reason, detail, provider, provider_ref, epoch, at)
		SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::int[], $6::text[], $7::text[], $8::text[], $9::text[],
			$10::text[], $11::text[], $12::text[], $13::int[], $14::timestamptz[])`,
		incidents, persons, addressees, channels, tries, states, settlements, from, reasons, details, providers, refs, epochs, ats)
}

func (r *recording) changes(rules breach.Sufficiency) []change {
	var out []change
	for _, id := range r.order {
		p, events := r.states[id], r.fresh[id]
		last := slices.MaxFunc(events, func(a, b breach.AttemptEvent) int { return a.At.Compare(b.At) })
		at := p.notBefore(last.At)
		to := p.derive(rules, at)
		if to == p.outcome || (p.outcome == breach.Reached && !slices.ContainsFunc(events, failed)) {
			continue // better news (delivered after accepted) starts no new wait for somebody who was reached
		}
		out = append(out, p.move(to, string(last.Channel)+"/"+string(last.State), engineActor, at))
	}
	return out
}

func failed(e breach.AttemptEvent) bool {
	return e.State == breach.FailedPermanent || e.State == breach.FailedTemporary
}
