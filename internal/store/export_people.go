package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
)

// personRecord adds to the pack's person what counting by country and channel needs. Channel is the one
// that the outcome rests on.
type personRecord struct {
	evidence.PersonRecord
	Country string         `json:"country,omitempty"`
	Locale  string         `json:"locale,omitempty"`
	Channel breach.Channel `json:"channel,omitempty"`
}

// people writes people.jsonl and then attempts.jsonl; a pack takes one file at a time, so the blocks are
// read twice rather than kept.
func (x *export) people(ctx context.Context) error {
	blocks, err := blocksOf(ctx, x.tx, x.incident, 0)
	if err != nil {
		return err
	}
	err = x.lines(evidence.PeopleFile, func(add func(any) error) error {
		for _, b := range blocks {
			if err := x.peopleOf(ctx, b, add); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.lines(evidence.AttemptsFile, func(add func(any) error) error {
		for _, b := range blocks {
			if err := x.attemptsOf(ctx, b, add); err != nil {
				return err
			}
		}
		return nil
	})
}

func (x *export) peopleOf(ctx context.Context, b breach.Block, add func(any) error) error {
	type row struct {
		ID                                    int64
		Wave                                  int
		Ref, Country, Locale, Outcome, Reason string
		At                                    *time.Time
	}
	list, err := collect(ctx, x.tx, pgx.RowToStructByPos[row], `SELECT r.id, r.wave, r.ref, r.country, r.locale, coalesce(o.outcome, 'pending'), coalesce(o.reason, ''), o.at
		FROM recipient r LEFT JOIN (SELECT DISTINCT ON (person) person, outcome, reason, at FROM person_outcome_each
			WHERE incident = $1 AND block = $4 ORDER BY person, seq DESC) o ON o.person = r.id
		WHERE r.incident = $1 AND r.id BETWEEN $2 AND $3 ORDER BY r.id`, x.incident, b.Lo, b.Hi, b.No)
	if err != nil {
		return err
	}
	states, err := x.states(ctx, b)
	if err != nil {
		return err
	}
	for _, r := range list {
		rec := personRecord{evidence.PersonRecord{
			Person: r.ID, Commitment: evidence.Commitment(r.Ref, x.box.salt), Wave: r.Wave,
			Outcome: breach.Outcome(r.Outcome), Reason: r.Reason, At: utc(r.At),
		}, r.Country, r.Locale, ""}
		if rec.Outcome == breach.Reached || rec.Outcome == breach.Attempted {
			rec.Channel = states[r.ID].channel()
		}
		if err := add(rec); err != nil {
			return err
		}
	}
	return nil
}

// states reads everybody of a block who has an outcome event or an intent.
func (x *export) states(ctx context.Context, b breach.Block) (map[int64]*personState, error) {
	ids := make([]int64, 0, b.Hi-b.Lo+1)
	for id := b.Lo; id <= b.Hi; id++ {
		ids = append(ids, id)
	}
	states, err := readStates(ctx, x.tx, x.incident, ids)
	if err != nil {
		return nil, err
	}
	return states, addIntents(ctx, x.tx, x.incident, states)
}

// channel is the one whose latest attempt came furthest.
func (p *personState) channel() (best breach.Channel) {
	rank := map[breach.AttemptState]int{breach.Delivered: 4, breach.Accepted: 3, breach.Reconciled: 2, breach.HandedOver: 2, breach.Unknown: 1}
	top := 0
	for _, t := range p.trials() {
		if r := rank[t.State]; t.eventful && r >= top && r > 0 {
			best, top = t.Channel, r
		}
	}
	return best
}

func (x *export) attemptsOf(ctx context.Context, b breach.Block, add func(any) error) error {
	states, err := x.states(ctx, b)
	if err != nil {
		return err
	}
	for id := b.Lo; id <= b.Hi; id++ {
		p := states[id]
		if p == nil {
			continue
		}
		for _, t := range p.trials() {
			err := add(evidence.AttemptRecord{
				Person: id, Addressee: t.Addressee, Channel: t.Channel, Try: t.Try, State: t.State,
				Unknown: t.unknown, Settlement: t.settled, Reason: t.Reason, Provider: t.Provider, Reference: t.providerRef, Text: t.text, IntendedAt: t.IntendedAt.UTC(), At: t.At.UTC(),
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
