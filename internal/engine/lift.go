package engine

import (
	"context"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Lift lets go on what a brake holds back: one by its number, or all for 0. breach.ErrNotFound when none of that
// number holds, breach.ErrConflict after a stop. A pause stays: it is ended by Resume.
func (e *Engine) Lift(ctx context.Context, incident string, brake int64, by breach.Actor) error {
	if err := may(by, "lift brakes", breach.RoleResponder, breach.RoleLead); err != nil {
		return err
	}
	if err := e.Ledger.LiftBrakes(ctx, incident, commandID(ctx), brake, by, e.Now().UTC()); err != nil {
		return err
	}
	return e.settled(ctx, incident)
}
