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
		encoded, err := json.Marshal(script)
		if err != nil {
			return err
		}
		sealed, err := b.seal("call|"+script.Attempt, encoded)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO call (attempt, incident, script, at, by_people, locale) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
			script.Attempt, incident, sealed, at, script.To != "", plain(script.Locale, codeLimit))
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
		out, err = s.openCall(ctx, tx, incident, attempt, sealed)
		return err
	})
	return out, err
}

func (s *Store) openCall(ctx context.Context, tx pgx.Tx, incident, attempt string, sealed []byte) (out breach.CallScript, err error) {
	b, err := s.boxOf(ctx, tx, incident)
	if err != nil {
		return out, err
	}
	plain, err := b.open("call|"+attempt, sealed)
	if err != nil {
		return out, breach.Errorf(breach.ErrTampered, "call %s does not open with the incident's key", attempt)
	}
	return out, json.Unmarshal(plain, &out)
}

// TakeCallWord records news of a call. Of several words the one about the most that was heard counts: the end of a
// call in which somebody was told is no failure. breach.ErrNotFound for a call that was never placed.
func (s *Store) TakeCallWord(ctx context.Context, attempt string, w breach.CallWord, at time.Time) error {
	return s.inTx(ctx, "record a call", func(tx pgx.Tx) error { return takeCallWord(ctx, tx, attempt, w, at) })
}

func takeCallWord(ctx context.Context, tx pgx.Tx, attempt string, w breach.CallWord, at time.Time) error {
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
}

// HasCall says whether an attempt's call was ever kept.
func (s *Store) HasCall(ctx context.Context, attempt string) (found bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM call WHERE attempt = $1)`, attempt).Scan(&found)
	return found, clean("look for a call", err)
}
