package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// SetOutcomes appends person events and keeps the tallies, in the order given. A person who has that
// outcome already is left alone, and so is one whose present outcome cannot become it: something newer was
// recorded since the caller looked (a receipt came, or a person decided). Whom the attempts prove to be
// reached does not become unreachable or covered. Somebody who is set back to pending gets what their
// attempts give.
func (s *Store) SetOutcomes(ctx context.Context, incident string, events []breach.PersonEvent) error {
	if len(events) == 0 {
		return nil
	}
	ids := make([]int64, len(events))
	for i, e := range events {
		ids[i] = e.Person
	}
	return s.inTx(ctx, "set outcomes", func(tx pgx.Tx) error {
		l, err := lockPeople(ctx, tx, incident, ids)
		if err != nil {
			return err
		}
		rules, err := sufficiency(ctx, tx, incident)
		if err != nil {
			return err
		}
		var changes []change
		for _, e := range events {
			changes = append(changes, l.states[e.Person].decide(e, rules)...)
		}
		out := &pgx.Batch{}
		write(out, l.moves(nil, changes))
		return tx.SendBatch(ctx, out).Close()
	})
}

// decide lays one explicit event over a person's state.
func (p *personState) decide(e breach.PersonEvent, rules breach.Sufficiency) []change {
	now := p.notBefore(e.At)
	if e.Outcome == p.outcome || !breach.PersonMachine.Allows(string(p.outcome), string(e.Outcome)) {
		return nil
	}
	if e.Outcome == breach.Unreachable || e.Outcome == breach.Covered {
		if p.acknowledged() || breach.OutcomeOf(p.counting(nil), rules, now) == breach.Reached {
			return nil
		}
	}
	out := []change{p.move(e.Outcome, e.Reason, e.By, now)}
	if p.outcome == breach.Pending {
		if to := p.derive(rules, now); to != p.outcome {
			out = append(out, p.move(to, "attempts", engineActor, now))
		}
	}
	return out
}

// notBefore keeps a person's clock from running backwards: a late event with an old instant must not undo
// a proof that time has completed since, nor hide one that came in after that instant.
func (p *personState) notBefore(at time.Time) time.Time {
	at = instant(at)
	if at.Before(p.outcomeAt) {
		at = p.outcomeAt
	}
	for _, t := range p.attempts {
		if t.eventful && at.Before(t.At) {
			at = t.At
		}
	}
	return at
}

func (p *personState) move(to breach.Outcome, reason, by string, at time.Time) change {
	c := change{person: p.id, from: p.outcome, to: to, reason: reason, by: by, at: at}
	p.outcome, p.outcomeAt, p.reason = to, at, reason
	return c
}

// Settle re-derives the outcome of everybody of a wave who is attempted, at now, and of those who count as
// unreachable or covered although something was sent to them: proof may have completed since.
func (s *Store) Settle(ctx context.Context, incident string, wave int, now time.Time) error {
	nos, err := collect(ctx, s.pool, pgx.RowTo[int64], `SELECT no FROM block WHERE incident = $1 AND wave = $2
		AND attempted + unreachable + covered_by_announcement > 0 ORDER BY no`, incident, wave)
	if err != nil {
		return clean("settle the wave", err)
	}
	for _, no := range nos {
		if err := s.settleBlock(ctx, incident, no, now); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) settleBlock(ctx context.Context, incident string, no int64, now time.Time) error {
	return s.inTx(ctx, "settle a block", func(tx pgx.Tx) error {
		var version int64
		err := tx.QueryRow(ctx, `SELECT version FROM block WHERE incident = $1 AND no = $2 FOR NO KEY UPDATE`, incident, no).Scan(&version)
		if err != nil {
			return err
		}
		ids, err := collect(ctx, tx, pgx.RowTo[int64], `SELECT DISTINCT person FROM outcome_each WHERE incident = $1 AND block = $2`, incident, no)
		if err != nil {
			return err
		}
		states, err := readStates(ctx, tx, incident, ids)
		if err != nil {
			return err
		}
		rules, err := sufficiency(ctx, tx, incident)
		if err != nil {
			return err
		}
		var changes []change
		for _, id := range ids {
			p := states[id]
			if p == nil || p.outcome == breach.Reached || p.outcome == breach.Pending {
				continue
			}
			at := p.notBefore(now)
			if to := p.derive(rules, at); to != p.outcome {
				changes = append(changes, p.move(to, "settled", engineActor, at))
			}
		}
		out := &pgx.Batch{}
		if len(changes) > 0 {
			write(out, []move{{blockKey{incident, no}, version, nil, changes}})
		}
		return tx.SendBatch(ctx, out).Close()
	})
}
