package letter

import (
	"context"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// probeFile is put at the printer's door for a moment. It is no batch: those have directories and markers.
const probeFile = "tocsin-check.tmp"

// Probe looks whether batches can be handed over: the directory can be written to, or the server shows the pinned host
// key, takes our sign-in and lets us write. What it leaves behind it takes away again.
func (s *Sender) Probe(ctx context.Context) error {
	door, err := s.door(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = door.close() }()
	if err := door.write(probeFile, []byte("looked at "+s.now().UTC().Format(time.RFC3339)+"\n")); err != nil {
		return breach.Errorf(breach.ErrUnavailable, "the place where the printer takes batches cannot be written to: %w", err)
	}
	if err := door.remove(probeFile); err != nil {
		return breach.Errorf(breach.ErrUnavailable, "the place where the printer takes batches lets nothing be removed: %w", err)
	}
	return nil
}
