package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// OpenChunks makes blocks leasable for one round of one channel; existing ones are left alone.
func (s *Store) OpenChunks(ctx context.Context, incident string, wave, round int, c breach.Channel, blocks []int64) error {
	return s.inTx(ctx, "open chunks", func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO chunk (incident, wave, channel, round, block)
			SELECT $1, $2, $3, $4, no FROM unnest($5::bigint[]) no ORDER BY no ON CONFLICT DO NOTHING`, incident, wave, c, round, blocks)
		if sqlState(err) == "23503" {
			return notFound("a block of list %d is not in the ledger", wave)
		}
		return err
	})
}

// reasonInterrupted is the delivery code for sending that a crash interrupted.
const reasonInterrupted = "interrupted"

// Lease takes a free or expired chunk, or nil when none is left; open is how many are not done (leased by
// others and by this call included). Lease times are by the database's clock. Intents without an outcome
// that a former owner left are recorded as unknown before it returns.
func (s *Store) Lease(ctx context.Context, incident string, wave, round int, c breach.Channel, owner string, d time.Duration) (l *breach.Lease, open int, err error) {
	err = s.inTx(ctx, "lease a chunk", func(tx pgx.Tx) error {
		l, open = nil, 0
		got := breach.Lease{Incident: incident, Wave: wave, Round: round, Channel: c, Owner: owner}
		err := tx.QueryRow(ctx, `WITH pick AS (
				SELECT block FROM chunk WHERE incident = $1 AND wave = $2 AND channel = $3 AND round = $4
				AND NOT done AND (lease_until IS NULL OR lease_until < clock_timestamp())
				ORDER BY block LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
			UPDATE chunk k SET owner = $5, epoch = epoch + 1, lease_until = clock_timestamp() + $6 * interval '1 microsecond'
			FROM pick, block b WHERE k.incident = $1 AND k.wave = $2 AND k.channel = $3 AND k.round = $4 AND k.block = pick.block
			AND b.incident = $1 AND b.no = pick.block
			RETURNING b.no, b.lo, b.hi, b.digest, k.epoch, k.lease_until`, incident, wave, c, round, owner, d.Microseconds()).
			Scan(&got.Block.No, &got.Block.Lo, &got.Block.Hi, &got.Block.Digest, &got.Epoch, &got.Until)
		if err != nil && !isNoRows(err) {
			return err
		}
		if err == nil {
			got.Until = got.Until.UTC()
			l = &got
			if got.Epoch > 1 {
				if err := recordInterrupted(ctx, tx, l); err != nil {
					return err
				}
			}
		}
		return tx.QueryRow(ctx, `SELECT count(*) FROM chunk WHERE incident = $1 AND wave = $2 AND channel = $3 AND round = $4 AND NOT done`,
			incident, wave, c, round).Scan(&open)
	})
	if err != nil {
		return nil, 0, err
	}
	if l != nil {
		s.hot.expect(blockKey{incident, l.Block.No})
	}
	return l, open, nil
}

// recordInterrupted closes what the former owner of a chunk left open: it may or may not have been sent.
func recordInterrupted(ctx context.Context, tx pgx.Tx, l *breach.Lease) error {
	open, err := openIntents(ctx, tx, l)
	if err != nil || len(open) == 0 {
		return err
	}
	var now time.Time
	if err := tx.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now); err != nil {
		return err
	}
	events := make([]breach.AttemptEvent, len(open))
	for i, in := range open {
		events[i] = breach.AttemptEvent{Person: in.Person, Addressee: in.Addressee, Channel: in.Channel, Try: in.Try,
			State: breach.Unknown, Reason: reasonInterrupted, Provider: in.Provider, Epoch: l.Epoch - 1, At: now}
	}
	return record(ctx, tx, l.Incident, events)
}

// openIntents lists what was intended under a chunk and has no outcome event.
func openIntents(ctx context.Context, tx pgx.Tx, l *breach.Lease) ([]breach.Intent, error) {
	groups, err := intents(ctx, tx, l.Incident, `block = $2 AND channel = $3 AND round = $4 AND wave = $5`, l.Block.No, l.Channel, l.Round, l.Wave)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, g := range groups {
		for _, place := range g.places {
			ids = append(ids, personAt(g.block, place))
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	// The block is locked before the events are read: what another owner records late is seen or waits.
	held, err := lockPeople(ctx, tx, l.Incident, ids)
	if err != nil {
		return nil, err
	}
	var open []breach.Intent
	for _, g := range groups {
		for _, in := range g.each() {
			if t := held.states[in.Person].attempt(attemptKey{in.Addressee, in.Channel, in.Try}); t == nil || !t.eventful {
				open = append(open, in)
			}
		}
	}
	return open, nil
}

const ownChunk = `incident = $1 AND wave = $2 AND channel = $3 AND round = $4 AND block = $5 AND owner = $6 AND epoch = $7 AND NOT done`

func own(l *breach.Lease) []any {
	return []any{l.Incident, l.Wave, l.Channel, l.Round, l.Block.No, l.Owner, l.Epoch}
}

// Renew extends a lease that is still ours and sets l.Until; false when it is lost.
func (s *Store) Renew(ctx context.Context, l *breach.Lease, d time.Duration) (bool, error) {
	err := s.pool.QueryRow(ctx, `UPDATE chunk SET lease_until = clock_timestamp() + $8 * interval '1 microsecond'
		WHERE `+ownChunk+` RETURNING lease_until`, append(own(l), d.Microseconds())...).Scan(&l.Until)
	if isNoRows(err) {
		return false, nil
	}
	l.Until = l.Until.UTC()
	return err == nil, clean("renew the lease", err)
}

// Release gives a lease back before its time; one that is lost is left alone.
func (s *Store) Release(ctx context.Context, l *breach.Lease) error {
	_, err := s.pool.Exec(ctx, `UPDATE chunk SET lease_until = NULL WHERE `+ownChunk, own(l)...)
	return clean("release the lease", err)
}

// ReleaseLeases frees the chunks of owners whose names begin with prefix, and says how many there were. Only
// who knows that all of them have ended may call it: what they left open becomes unknown with the next
// lease, as after the end of its time, only sooner.
func (s *Store) ReleaseLeases(ctx context.Context, prefix string) (int64, error) {
	if prefix == "" {
		return 0, breach.Errorf(breach.ErrInvalid, "whose leases are to be released must be said")
	}
	tag, err := s.pool.Exec(ctx, `UPDATE chunk SET lease_until = NULL WHERE NOT done AND lease_until IS NOT NULL AND starts_with(owner, $1)`, prefix)
	return tag.RowsAffected(), clean("release the leases of an earlier start", err)
}

// Rounds is the number of the last round of a wave, 0 before the first.
func (s *Store) Rounds(ctx context.Context, incident string, wave int) (n int, err error) {
	err = s.pool.QueryRow(ctx, `SELECT coalesce(max(round), 0) FROM chunk WHERE incident = $1 AND wave = $2`, incident, wave).Scan(&n)
	return n, clean("count the rounds", err)
}

// Unsettled lists attempts of a wave in state unknown with what is needed to ask a provider.
func (s *Store) Unsettled(ctx context.Context, incident string, wave int) ([]breach.UnsettledAttempt, error) {
	var out []breach.UnsettledAttempt
	err := s.inSnapshot(ctx, "list the unknown attempts", func(tx pgx.Tx) error {
		people, err := sealedPeople(ctx, tx, incident, 1, `id = ANY(ARRAY(SELECT DISTINCT u.person FROM outcome_each u, block b WHERE u.incident = $1
			AND u.state = 'unknown' AND b.incident = $1 AND b.wave = $2 AND u.block = b.no))`, wave)
		if err != nil || len(people) == 0 {
			return err
		}
		states, err := s.statesOf(ctx, tx, incident, people, anyVersion)
		if err != nil {
			return err
		}
		subjects, err := s.subjects(ctx, tx, incident, people, states)
		if err != nil {
			return err
		}
		for _, sub := range subjects {
			for _, t := range states[sub.ID].trials() {
				if t.State == breach.Unknown {
					out = append(out, breach.UnsettledAttempt{Subject: sub, Attempt: t.Attempt, AttemptID: t.attemptID, Text: t.text})
				}
			}
		}
		return nil
	})
	return out, err
}
