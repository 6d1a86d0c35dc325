package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// A request under a key is reserved before it is carried out. Of all servers that get it at the same moment
// one becomes the owner; it renews its lease while it works. When it dies, its lease runs out, and the next
// try takes over under the same deed. Leases are measured by PostgreSQL's clock alone.

func answerPlace(actor, key string) []byte { return []byte("tocsin|answer|" + actor + "|" + key) }

// ReserveKey makes r.Owner the one who carries the request out, or tells what became of the key. Another
// request under the same key is breach.ErrKeyUsed.
func (s *Store) ReserveKey(ctx context.Context, r breach.KeyedRequest, lease time.Duration) (breach.KeyState, error) {
	for {
		state, gone, err := s.reserveKey(ctx, r, lease)
		if !gone || err != nil {
			return state, err
		}
	}
}

func (s *Store) reserveKey(ctx context.Context, r breach.KeyedRequest, lease time.Duration) (state breach.KeyState, gone bool, err error) {
	const what = "reserve an idempotency key"
	var fresh [16]byte
	if _, err := rand.Read(fresh[:]); err != nil {
		return state, false, clean(what, err)
	}
	err = s.pool.QueryRow(ctx, `INSERT INTO idempotency (actor, key, request_hash, deed, owner, leased_until)
		VALUES ($1, $2, $3, $4, $5, clock_timestamp() + $6)
		ON CONFLICT (actor, key) DO UPDATE SET owner = excluded.owner, leased_until = excluded.leased_until
			WHERE idempotency.leased_until < clock_timestamp() AND idempotency.request_hash = excluded.request_hash
		RETURNING deed`, r.Actor, r.Key, r.RequestHash, hex.EncodeToString(fresh[:]), r.Owner, lease).Scan(&state.Deed)
	if err == nil {
		state.Yours = true
		return state, false, nil
	}
	if !isNoRows(err) {
		return state, false, clean(what, err)
	}
	var before string
	var status *int
	var sealed []byte
	err = s.pool.QueryRow(ctx, `SELECT request_hash, status, sealed FROM idempotency WHERE actor = $1 AND key = $2`,
		r.Actor, r.Key).Scan(&before, &status, &sealed)
	switch {
	case isNoRows(err): // given up in between
		return state, true, nil
	case err != nil:
		return state, false, clean("look up an earlier answer", err)
	case before != r.RequestHash:
		return state, false, breach.Errorf(breach.ErrKeyUsed, "another request was sent under this key before")
	case status == nil: // somebody else is at it
		return state, false, nil
	}
	if state.Answer, err = s.kek.Decrypt(sealed, answerPlace(r.Actor, r.Key)); err != nil {
		return state, false, breach.Errorf(breach.ErrTampered, "the stored answer to this idempotency key does not open")
	}
	state.Status = *status
	return state, false, nil
}

// RenewKey lengthens the owner's lease. It is false when somebody else took the request over.
func (s *Store) RenewKey(ctx context.Context, r breach.KeyedRequest, lease time.Duration) (bool, error) {
	tag, err := s.pool.Exec(ctx, `UPDATE idempotency SET leased_until = clock_timestamp() + $4
		WHERE actor = $1 AND key = $2 AND owner = $3 AND sealed IS NULL`, r.Actor, r.Key, r.Owner, lease)
	return tag.RowsAffected() == 1, clean("renew the lease of an idempotency key", err)
}

// SaveAnswer keeps the owner's answer, sealed because it may name people. breach.ErrConflict when somebody
// else took the request over: theirs is the answer that stands.
func (s *Store) SaveAnswer(ctx context.Context, r breach.KeyedRequest, answer []byte, status int) error {
	sealed, err := s.kek.Encrypt(answer, answerPlace(r.Actor, r.Key))
	if err != nil {
		return clean("seal the answer", err)
	}
	tag, err := s.pool.Exec(ctx, `UPDATE idempotency SET status = $4, sealed = $5, leased_until = NULL
		WHERE actor = $1 AND key = $2 AND owner = $3 AND sealed IS NULL`, r.Actor, r.Key, r.Owner, status, sealed)
	if err == nil && tag.RowsAffected() == 0 {
		return breach.Errorf(breach.ErrConflict, "another try of this request took over")
	}
	return clean("store the answer", err)
}

// GiveUpKey ends the owner's reservation without an answer. Forgotten, the key is free for any request;
// else the next try of this one goes on at once, under the same deed.
func (s *Store) GiveUpKey(ctx context.Context, r breach.KeyedRequest, forget bool) error {
	const mine = ` WHERE actor = $1 AND key = $2 AND owner = $3 AND sealed IS NULL`
	sql := `UPDATE idempotency SET leased_until = '-infinity'` + mine
	if forget {
		sql = `DELETE FROM idempotency` + mine
	}
	_, err := s.pool.Exec(ctx, sql, r.Actor, r.Key, r.Owner)
	return clean("give an idempotency key up", err)
}

// ForgetKeys removes the keys that were first used longer ago than an age and are not being carried out, and
// counts them. Whoever sends one again begins anew.
func (s *Store) ForgetKeys(ctx context.Context, age time.Duration) (int64, error) {
	tag, err := s.pool.Exec(ctx, `DELETE FROM idempotency
		WHERE at < clock_timestamp() - $1::interval AND coalesce(leased_until < clock_timestamp(), true)`, age)
	return tag.RowsAffected(), clean("forget old idempotency keys", err)
}
