package store

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

var roles = []breach.Role{breach.RoleResponder, breach.RoleLead, breach.RoleDetector, breach.RoleReader}

// PutToken lets whoever shows token act as actor. Only its SHA-256 is kept, so it must be long and random.
func (s *Store) PutToken(ctx context.Context, token string, actor breach.Actor) error {
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r < '!' || r > '~' }) {
		return breach.Errorf(breach.ErrInvalid, "a token has printable ASCII characters and no spaces")
	}
	if actor.ID == "" || plain(actor.ID, codeLimit) != actor.ID || !slices.Contains(roles, actor.Role) {
		return breach.Errorf(breach.ErrInvalid, "a token needs an actor with an id and one of the roles responder, lead, detector, reader")
	}
	sum := sha256.Sum256([]byte(token))
	_, err := s.pool.Exec(ctx, `INSERT INTO token (hash, actor, name, role) VALUES ($1, $2, $3, $4)
		ON CONFLICT (hash) DO UPDATE SET actor = excluded.actor, name = excluded.name, role = excluded.role`,
		sum[:], actor.ID, plain(actor.Name, 120), actor.Role)
	return clean("store the token", err)
}

// Authenticate finds who a token belongs to; breach.ErrUnauthorized.
func (s *Store) Authenticate(ctx context.Context, token string) (breach.Actor, error) {
	sum := sha256.Sum256([]byte(token))
	var a breach.Actor
	err := s.pool.QueryRow(ctx, `SELECT actor, name, role FROM token WHERE hash = $1`, sum[:]).Scan(&a.ID, &a.Name, &a.Role)
	if isNoRows(err) {
		return a, breach.Errorf(breach.ErrUnauthorized, "this token is not known")
	}
	return a, clean("look up the token", err)
}

func answerPlace(actor, key string) []byte { return []byte("tocsin|answer|" + actor + "|" + key) }

// Idempotent returns the answer that was given for this key and actor before. The same key with another
// request is breach.ErrConflict.
func (s *Store) Idempotent(ctx context.Context, key, actor, requestHash string) (answer []byte, status int, found bool, err error) {
	var before string
	var sealed []byte
	err = s.pool.QueryRow(ctx, `SELECT request_hash, status, sealed FROM idempotency WHERE actor = $1 AND key = $2`, actor, key).Scan(&before, &status, &sealed)
	switch {
	case isNoRows(err):
		return nil, 0, false, nil
	case err != nil:
		return nil, 0, false, clean("look up an earlier answer", err)
	case before != requestHash:
		return nil, 0, false, otherRequest()
	}
	if answer, err = s.kek.Decrypt(sealed, answerPlace(actor, key)); err != nil {
		return nil, 0, false, breach.Errorf(breach.ErrTampered, "the stored answer to this idempotency key does not open")
	}
	return answer, status, true, nil
}

func otherRequest() error {
	return breach.Errorf(breach.ErrConflict, "this idempotency key was used for another request: use a new key")
}

// SaveAnswer keeps an answer for Idempotent, sealed because it may name people. The first one stands; the
// same key with another request is breach.ErrConflict.
func (s *Store) SaveAnswer(ctx context.Context, key, actor, requestHash string, answer []byte, status int) error {
	sealed, err := s.kek.Encrypt(answer, answerPlace(actor, key))
	if err != nil {
		return clean("seal the answer", err)
	}
	var before string
	err = s.pool.QueryRow(ctx, `WITH new AS (
			INSERT INTO idempotency (actor, key, request_hash, status, sealed) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT DO NOTHING RETURNING request_hash)
		SELECT request_hash FROM new UNION ALL SELECT request_hash FROM idempotency WHERE actor = $1 AND key = $2 LIMIT 1`,
		actor, key, requestHash, status, sealed).Scan(&before)
	if err == nil && before != requestHash {
		return otherRequest()
	}
	if isNoRows(err) { // somebody inserted it while we looked; theirs stands
		_, _, _, err := s.Idempotent(ctx, key, actor, requestHash)
		return err
	}
	return clean("store the answer", err)
}
