package store

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

var roles = []breach.Role{breach.RoleResponder, breach.RoleLead, breach.RoleDetector, breach.RoleReader, breach.RoleApplication}

// PutToken lets whoever shows token act as actor. Only its SHA-256 is kept, so it must be long and random.
func (s *Store) PutToken(ctx context.Context, token string, actor breach.Actor) error {
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r < '!' || r > '~' }) {
		return breach.Errorf(breach.ErrInvalid, "a token has printable ASCII characters and no spaces")
	}
	if actor.ID == "" || plain(actor.ID, codeLimit) != actor.ID || !slices.Contains(roles, actor.Role) {
		return breach.Errorf(breach.ErrInvalid, "a token needs an actor with an id and one of the roles responder, lead, detector, reader, application")
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
