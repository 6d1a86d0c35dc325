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
