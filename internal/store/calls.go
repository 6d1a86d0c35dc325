package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// KeepCall stores what a call will read out, sealed with the incident's key, once per attempt; breach.ErrNotFound when
// nobody intended the call.
func (s *Store) KeepCall(ctx context.Context, script breach.CallScript, at time.Time) error {
	return s.inTx(ctx, "keep a call", func(tx pgx.Tx) error {
		incident, in, err := attemptOf(ctx, tx, script.Attempt)
		if err != nil {
			return err
		}
		if incident == "" || in.Channel != breach.Voice {
			return notFound("nobody intended this call")
		}
		b, err := s.boxOf(ctx, tx, incident)
		if err != nil {
			return err
		}
		plain, err := json.Marshal(script)
		if err != nil {
			return err
		}
		sealed, err := b.seal("call|"+script.Attempt, plain)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO call (attempt, incident, script, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			script.Attempt, incident, sealed, at)
		return err
	})
}

// CallScript reads what a call reads out; breach.ErrNotFound when it was never placed or has ended.
func (s *Store) CallScript(ctx context.Context, attempt string) (out breach.CallScript, err error) {
	err = s.inTx(ctx, "read a call", func(tx pgx.Tx) error {
		var incident string
		var sealed []byte
		err := tx.QueryRow(ctx, `SELECT incident, script FROM call WHERE attempt = $1 AND script IS NOT NULL`, attempt).Scan(&incident, &sealed)
		if isNoRows(err) {
			return notFound("there is no such call")
		}
		if err != nil {
			return err
		}
		b, err := s.boxOf(ctx, tx, incident)
		if err != nil {
			return err
		}
		plain, err := b.open("call|"+attempt, sealed)
		if err != nil {
			return breach.Errorf(breach.ErrTampered, "call %s does not open with the incident's key", attempt)
		}
		return json.Unmarshal(plain, &out)
	})
	return out, err
}

// TakeCallWord records news of a call. Of several words the one about the most that was heard counts: the end of a
// call in which somebody was told is no failure. breach.ErrNotFound for a call that was never placed.
func (s *Store) TakeCallWord(ctx context.Context, attempt string, w breach.CallWord, at time.Time) error {
	return s.inTx(ctx, "record a call", func(tx pgx.Tx) error {
		var before breach.CallHeard
		err := tx.QueryRow(ctx, `SELECT heard FROM call WHERE attempt = $1 FOR UPDATE`, attempt).Scan(&before)
		if isNoRows(err) {
			return notFound("there is no such call")
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE call SET heard = greatest(heard, $2), script = CASE WHEN $3 THEN NULL ELSE script END WHERE attempt = $1`,
			attempt, w.Heard, w.Ended); err != nil {
			return err
		}
		if w.State == "" || before > breach.HeardNothing && w.Heard <= before {
			return nil
		}
		incident, in, err := attemptOf(ctx, tx, attempt)
		if err != nil {
			return err
		}
		return takeReceipt(ctx, tx, incident, in, tidy(breach.AttemptEvent{
			State: w.State, Reason: w.Reason, Detail: w.Detail, Provider: in.Provider, ProviderRef: w.ProviderRef, At: at,
		}))
	})
}
