package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

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
		var due time.Time
		for _, id := range ids {
			p := states[id]
			if p == nil || p.outcome == breach.Reached || p.outcome == breach.Pending {
				continue
			}
			at := p.notBefore(now)
			if to := p.derive(rules, at); to != p.outcome {
				changes = append(changes, p.move(to, "settled", engineActor, at))
			}
			due = sooner(due, p.proofDue(rules))
		}
		out := &pgx.Batch{}
		if len(changes) > 0 {
			write(out, []move{{blockKey{incident, no}, version, nil, changes}})
		}
		if due.IsZero() {
			out.Queue(`DELETE FROM settle_due WHERE incident = $1 AND block = $2`, incident, no)
		} else {
			out.Queue(`INSERT INTO settle_due AS d (incident, block, at) VALUES ($1, $2, $3)
				ON CONFLICT (incident, block) DO UPDATE SET at = excluded.at WHERE d.at <> excluded.at`, incident, no, due)
		}
		return tx.SendBatch(ctx, out).Close()
	})
}

// SettleDue settles the blocks in which a proof has completed since they were looked at last, and says how many. It is for
// lists that no delivery looks after any more: a delivery was stopped, or a receipt came in after it had ended.
func (s *Store) SettleDue(ctx context.Context, now time.Time) (int, error) {
	due, err := collect(ctx, s.pool, func(row pgx.CollectableRow) (b blockKey, err error) { return b, row.Scan(&b.incident, &b.no) }, `SELECT d.incident, d.block FROM settle_due d
		JOIN incident i ON i.id = d.incident AND i.state <> 'closed' WHERE d.at <= $1 ORDER BY d.incident, d.block LIMIT 1000`, now)
	if err != nil {
		return 0, clean("list whose proof is complete", err)
	}
	for n, b := range due {
		if err := s.settleBlock(ctx, b.incident, b.no, now); err != nil {
			return n, err
		}
	}
	return len(due), nil
}

// proofDue is when the first of somebody's attempts becomes proof if nothing else happens; zero when none does, or when it
// would change nothing.
func (p *personState) proofDue(rules breach.Sufficiency) (first time.Time) {
	switch p.outcome {
	case breach.Attempted, breach.Unreachable, breach.Covered:
		for _, a := range p.counting(nil) {
			if at, can := breach.ProofAt(a, rules); can {
				first = sooner(first, at)
			}
		}
	}
	return first
}

// settleLater notes when the proof is complete of people of whom something was told.
func (l *lockedPeople) settleLater(out *pgx.Batch, told []news, rules breach.Sufficiency) {
	first := map[int64]time.Time{}
	for _, n := range told {
		if at := l.states[n.person].proofDue(rules); !at.IsZero() {
			no := blockOf(n.person)
			first[no] = sooner(first[no], at)
		}
	}
	for _, no := range slices.Sorted(maps.Keys(first)) {
		out.Queue(`INSERT INTO settle_due AS d (incident, block, at) VALUES ($1, $2, $3)
			ON CONFLICT (incident, block) DO UPDATE SET at = excluded.at WHERE d.at > excluded.at`, l.incident, no, first[no])
	}
}

// sooner is the earlier one of two instants, of which the zero one counts for nothing.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
